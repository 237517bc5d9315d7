from __future__ import annotations

from django.db import migrations

from portal.records import guards


def put_up(apps, schema_editor):
    # On SQLite they go up when all migrations are done (portal/records/apps.py): the next one may rebuild a table.
    if schema_editor.connection.vendor == "postgresql":
        guards.put_up(schema_editor.connection)


def take_down(apps, schema_editor):
    guards.take_down(schema_editor.connection)


class Migration(migrations.Migration):
    """Signed records never change: the database itself refuses."""

    dependencies = [("records", "0001_notes"), ("appointments", "0001_initial")]

    operations = [migrations.RunPython(put_up, take_down, elidable=False)]
