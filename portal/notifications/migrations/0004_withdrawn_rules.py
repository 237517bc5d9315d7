from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("notifications", "0003_carry_over_notices")]

    operations = [
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(
                fields=["created_at"],
                name="notice_needing_eyes",
                condition=Q(state__in=["failed", "unknown"], settled_at__isnull=True, withdrawn_at__isnull=True),
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                name="notice_state_is_known",
                condition=Q(state__in=["pending", "sending", "sent", "failed", "unknown", "withdrawn"]),
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                name="notice_words_erased_only_when_secret_and_over",
                condition=Q(text__isnull=False) | Q(secret=True, state__in=["sent", "failed", "withdrawn"]),
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                name="notice_withdrawn_with_when_and_why",
                condition=(Q(withdrawn_at__isnull=True, withdrawn_why="") & ~Q(state="withdrawn"))
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why="")),
            ),
        ),
    ]
