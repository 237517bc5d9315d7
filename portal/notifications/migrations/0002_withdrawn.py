from django.db import migrations, models


class Migration(migrations.Migration):
    """Notices can be withdrawn, with when and why; the rules follow in 0004, once the rows of before keep to them."""

    dependencies = [("notifications", "0001_outbox")]

    operations = [
        migrations.CreateModel(
            name="ChannelPause",
            fields=[
                ("channel", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("until", models.DateTimeField()),
                ("error", models.CharField(blank=True, max_length=100)),
            ],
        ),
        migrations.RemoveConstraint(model_name="notice", name="notice_state_is_known"),
        migrations.RemoveConstraint(model_name="notice", name="notice_words_erased_only_when_secret_and_over"),
        migrations.RemoveIndex(model_name="notice", name="notice_needing_eyes"),
        migrations.AddField(
            model_name="notice", name="withdrawn_at", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="notice", name="withdrawn_why", field=models.CharField(blank=True, max_length=40)
        ),
        migrations.AddField(
            model_name="notice", name="about_revision", field=models.PositiveIntegerField(blank=True, null=True)
        ),
        migrations.AlterField(
            model_name="notice",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Waiting"),
                    ("sending", "Being sent"),
                    ("sent", "Sent"),
                    ("failed", "Not sent"),
                    ("unknown", "Perhaps sent"),
                    ("withdrawn", "Withdrawn"),
                ],
                default="pending",
                max_length=10,
            ),
        ),
    ]
