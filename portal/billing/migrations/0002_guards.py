"""The books balance whoever writes to them: portal/billing/guards.py says how, and puts SQLite's triggers up itself."""

from django.db import migrations


def put_up(apps, schema_editor):
    from portal.billing import guards

    if schema_editor.connection.vendor == "postgresql":
        guards.put_up(schema_editor.connection)


def take_down(apps, schema_editor):
    from portal.billing import guards

    guards.take_down(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]
    operations = [migrations.RunPython(put_up, take_down, elidable=False)]
