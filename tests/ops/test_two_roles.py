"""The user that the portal runs as writes rows, and drops no guard: the documented set-up, tried on a real server."""

import secrets

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, transaction

from portal.accounts.roles import Role
from portal.audit import trail
from portal.audit.models import Entry
from portal.ops import health
from tests import make

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif("postgres" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has no users"),
]


@pytest.fixture
def as_the_portal(db):
    """From here on this connection is the run-time user's, as docs/operations.md makes it."""
    name = f"portal_run_{secrets.token_hex(4)}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE ROLE {name}")
        cursor.execute(
            f"GRANT TEMPORARY ON DATABASE {connection.ops.quote_name(connection.settings_dict['NAME'])} TO {name}"
        )
        cursor.execute(f"GRANT USAGE ON SCHEMA public TO {name}")
        cursor.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}")
        cursor.execute(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}")
        cursor.execute(f"SET LOCAL ROLE {name}")


@pytest.mark.usefixtures("as_the_portal")
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TABLE records_progressnote",
        "TRUNCATE audit_entry",
        "DROP TRIGGER {trigger} ON audit_entry",
        "CREATE TABLE mine (id int)",
        "SET session_replication_role = replica",
    ],
)
def test_no_guard_is_dropped(statement):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'audit_entry'::regclass AND NOT tgisinternal LIMIT 1"
        )
        trigger = cursor.fetchone()[0]
        with pytest.raises(ProgrammingError), transaction.atomic():
            cursor.execute(statement.format(trigger=trigger))


@pytest.mark.usefixtures("as_the_portal")
def test_the_portal_does_its_work_and_doctor_is_content():
    make.clinic()
    trail.record("patient.registered", target=make.patient(), by=make.actor(role=Role.RECEPTION))
    assert Entry.objects.exists()
    assert [finding.state for finding in health.who_guards()] == [health.State.WELL]
    assert health.State.WRONG not in {finding.state for finding in health.database_guards()}


def test_doctor_minds_a_user_who_owns_the_tables():
    assert [finding.state for finding in health.who_guards()] == [health.State.MIND]
