from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0006_secrets_in_doubt_erased"),
    ]

    operations = [
        migrations.AddField(
            model_name="notice",
            name="about_before",
            field=models.JSONField(blank=True, null=True),
        ),
    ]
