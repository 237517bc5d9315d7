"""Makes the table of forms that made something, and where each led (portal/common/web/once.py).

No model, as the cache's table is none: a row says nothing of anybody, and is swept away a day later.
"""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

TABLE = "portal_presses"


def make_table(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(
        f"CREATE TABLE {TABLE} (digest varchar(64) PRIMARY KEY, pressed_at bigint NOT NULL, led_to text NOT NULL)"
    )
    schema_editor.execute(f"CREATE INDEX {TABLE}_pressed_at ON {TABLE} (pressed_at)")


def drop_table(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    schema_editor.execute(f"DROP TABLE {TABLE}")


class Migration(migrations.Migration):
    dependencies = [("common", "0002_stamp_of_what_is_kept")]

    operations = [migrations.RunPython(make_table, drop_table)]
