"""One database is migrated for a whole run, and each of its workers begins with a copy of that.

`python -m tests.template make <file>` leaves it on the engine that DATABASE_URL names, and its name in the file;
`drop` takes it away.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# Names the database to begin with a copy of; without it every worker migrates its own.
TEMPLATE = "PORTAL_TEST_TEMPLATE"


def make() -> str:
    """Migrates the template; returns its name, for TEMPLATE."""
    from django.db import connection
    from django.test.utils import setup_databases, setup_test_environment

    setup_test_environment()
    connection.settings_dict["TEST"]["NAME"] = _name()
    setup_databases(verbosity=0, interactive=False)
    # PostgreSQL copies no database that somebody is connected to, and SQLite's file is whole once it is closed.
    connection.close()
    return str(connection.settings_dict["NAME"])


def drop() -> None:
    from django.db import connection

    connection.settings_dict["TEST"]["NAME"] = _name()
    connection.creation._destroy_test_db(_name(), verbosity=0)


def _name() -> str:
    from django.db import connection

    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "postgresql":
        return f"template_{name}"
    return str(Path(name).with_name("template.sqlite3"))


def begin_with_a_copy() -> None:
    """Has Django make this process's test database as a copy of the template, if there is one: nothing to migrate."""
    from django.db import connection

    if not (template := os.environ.get(TEMPLATE)):
        return
    wanted = connection.settings_dict["TEST"]
    wanted["MIGRATE"] = False
    if connection.vendor == "postgresql":
        wanted["TEMPLATE"] = template
        return
    create = connection.creation._create_test_db

    def create_as_copy(*arguments: object, **options: object) -> str:
        name: str = create(*arguments, **options)
        shutil.copyfile(template, name)
        return name

    connection.creation._create_test_db = create_as_copy


if __name__ == "__main__":
    import django

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    match sys.argv[1:]:
        case ["make", file]:
            Path(file).write_text(make())
        case ["drop"]:
            drop()
        case _:
            sys.exit(__doc__)
