from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("clinic", "0012_one_fee_becomes_one_a_service")]
    operations = [
        migrations.RemoveConstraint(model_name="psychologist", name="psychologist_fee_not_negative"),
        migrations.RemoveField(model_name="psychologist", name="fee"),
    ]
