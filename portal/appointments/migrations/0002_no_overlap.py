"""Live appointments of one psychologist, one patient or one room never overlap, whoever writes and however.

PostgreSQL holds it by exclusion constraints, SQLite by triggers that refuse with the same names. SQLite compares times
as text, so there every time must be exactly what Django writes for a whole minute in UTC: a `T`, a zone, a fraction or
a date such as 31 February would sort wrongly and slip past. Held, booked and arrived are live; the words are spelled
out because a migration does not follow the code.

On SQLite a later migration that rebuilds one of these tables drops its triggers: it must run `hold_apart` again.
tests/appointments/test_no_overlap.py fails until it does.
"""

# ruff: noqa: S608 - every word of this SQL is our own

from __future__ import annotations

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

APPOINTMENT, HOURS = "appointments_appointment", "appointments_workinghours"
LIVE = "('held', 'booked', 'arrived')"
# Constraint, whose time it is, and the two ends of the time that is theirs alone.
APART = [
    ("appointment_psychologist_no_overlap", "psychologist_id", "occupied_from", "occupied_until"),
    ("appointment_patient_no_overlap", "patient_id", "starts_at", "ends_at"),
    ("appointment_room_no_overlap", "room_id", "occupied_from", "occupied_until"),
]
TIMES = ("starts_at", "ends_at", "occupied_from", "occupied_until")


def _sqlite_trigger(name: str, event: str, table: str, columns: tuple[str, ...], wrong: str) -> str:
    of = f" OF {', '.join(columns)}" if event == "UPDATE" else ""
    return (
        f"CREATE TRIGGER {name}_{event.lower()} BEFORE {event}{of} ON {table} WHEN {wrong} "
        f"BEGIN SELECT RAISE(ABORT, '{name}'); END"
    )


def sqlite() -> dict[str, str]:
    """Every trigger by its name."""
    made = {}

    def refuse(name: str, table: str, columns: tuple[str, ...], wrong: str) -> None:
        for event in ("INSERT", "UPDATE"):
            itself = "" if event == "INSERT" else " AND other.id <> OLD.id"
            made[f"{name}_{event.lower()}"] = _sqlite_trigger(
                name, event, table, columns, wrong.replace("/* but itself */", itself)
            )

    for name, whose, start, end in APART:
        # The day's bound is what keeps the search short: nothing live is longer, see appointment_within_a_day.
        overlapping = (
            f"SELECT 1 FROM {APPOINTMENT} AS other WHERE other.{whose} = NEW.{whose} "
            f"AND other.{start} < NEW.{end} AND other.{start} > datetime(NEW.{start}, '-1 day') "
            f"AND other.{end} > NEW.{start} AND other.status IN {LIVE}/* but itself */"
        )
        refuse(name, APPOINTMENT, (whose, start, end, "status"), f"NEW.status IN {LIVE} AND EXISTS ({overlapping})")
    # Adding nothing makes SQLite work the date out; without it, 31 February comes back as it went in.
    refuse(
        "appointment_on_whole_minutes",
        APPOINTMENT,
        TIMES,
        " OR ".join(f"NEW.{time} IS NOT strftime('%Y-%m-%d %H:%M:00', NEW.{time}, '+0 days')" for time in TIMES),
    )
    refuse(
        "appointment_within_a_day",
        APPOINTMENT,
        TIMES,
        "strftime('%s', NEW.occupied_until) - strftime('%s', NEW.occupied_from) > 24 * 60 * 60",
    )
    refuse(
        "hours_no_overlap",
        HOURS,
        ("psychologist_id", "weekday", "starts", "ends"),
        f"EXISTS (SELECT 1 FROM {HOURS} AS other WHERE other.psychologist_id = NEW.psychologist_id "
        "AND other.weekday = NEW.weekday AND other.starts < NEW.ends AND other.ends > NEW.starts/* but itself */)",
    )
    refuse(
        "hours_on_whole_minutes",
        HOURS,
        ("starts", "ends"),
        " OR ".join(f"NEW.{time} IS NOT strftime('%H:%M:00', NEW.{time}, '+0 days')" for time in ("starts", "ends")),
    )
    return made


def postgresql() -> dict[str, tuple[str, str]]:
    """Every constraint by its name, with its table and definition."""
    made = {
        name: (
            APPOINTMENT,
            f"EXCLUDE USING gist ({whose} WITH =, tstzrange({start}, {end}) WITH &&) WHERE (status IN {LIVE})",
        )
        for name, whose, start, end in APART
    }
    whole = " AND ".join(f"extract(second FROM {time} AT TIME ZONE 'UTC') = 0" for time in TIMES)
    made["appointment_on_whole_minutes"] = (APPOINTMENT, f"CHECK ({whole})")
    made["appointment_within_a_day"] = (
        APPOINTMENT,
        "CHECK (occupied_until AT TIME ZONE 'UTC' <= occupied_from AT TIME ZONE 'UTC' + interval '1 day')",
    )
    minutes = "int4range((extract(epoch FROM starts) / 60)::integer, (extract(epoch FROM ends) / 60)::integer)"
    made["hours_no_overlap"] = (
        HOURS,
        f"EXCLUDE USING gist (psychologist_id WITH =, weekday WITH =, {minutes} WITH &&)",
    )
    made["hours_on_whole_minutes"] = (
        HOURS,
        "CHECK (extract(second FROM starts) = 0 AND extract(second FROM ends) = 0)",
    )
    return made


def hold_apart(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name, statement in sqlite().items():
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}", params=None)
            schema_editor.execute(statement, params=None)
    else:
        for name, (table, definition) in postgresql().items():
            schema_editor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}", params=None)


def let_overlap(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for name in sqlite():
            schema_editor.execute(f"DROP TRIGGER {name}", params=None)
    else:
        for name, (table, _) in postgresql().items():
            schema_editor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial")]

    operations = [BtreeGistExtension(), migrations.RunPython(hold_apart, let_overlap)]
