"""Makes the one row that says whether what processes keep still stands (portal/common/kept).

No model, as the cache's table is none: only triggers write to it, and `flush` leaves it alone.
"""

import secrets
from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "portal_stamp"


def make_table(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(f"CREATE TABLE {TABLE} (id smallint PRIMARY KEY CHECK (id = 1), stamp varchar(32) NOT NULL)")
    schema_editor.execute(f"INSERT INTO {TABLE} (id, stamp) VALUES (1, %s)", [secrets.token_hex(16)])  # noqa: S608


def drop_table(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(f"DROP TABLE {TABLE}")


class Migration(migrations.Migration):
    dependencies = [("common", "0001_cache_table")]

    operations = [migrations.RunPython(make_table, drop_table)]
