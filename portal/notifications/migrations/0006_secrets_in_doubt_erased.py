from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def erase(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    in_doubt = apps.get_model("notifications", "Notice").objects.filter(secret=True, state="unknown")
    in_doubt.update(text=None, html=None, attachments=None)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_secrets_in_doubt")]

    operations = [migrations.RunPython(erase, migrations.RunPython.noop)]
