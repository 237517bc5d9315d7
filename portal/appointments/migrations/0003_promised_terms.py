from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0002_no_overlap"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="cancel_hours",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="appointment",
            name="late_fee_percent",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
