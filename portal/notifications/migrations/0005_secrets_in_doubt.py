from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    """The words of a secret may be gone while nobody knows whether it arrived."""

    dependencies = [("notifications", "0004_withdrawn_rules")]

    operations = [
        migrations.RemoveConstraint(model_name="notice", name="notice_words_erased_only_when_secret_and_over"),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                name="notice_words_erased_only_when_secret_and_over",
                condition=Q(text__isnull=False) | Q(secret=True, state__in=["sent", "failed", "unknown", "withdrawn"]),
            ),
        ),
    ]
