"""What the database itself refuses: live appointments of one psychologist, one patient or one room never overlap.

Nor do one psychologist's working hours, on days on which both are valid. PostgreSQL holds it by constraints, SQLite by
triggers that refuse with the same names. SQLite compares times as text, so there every time must be exactly what Django
writes for a whole minute in UTC: a `T`, a zone, a fraction or a date such as 31 February would sort wrongly and slip
past.
"""

# ruff: noqa: S608 - every word of this SQL is our own

from __future__ import annotations

from collections.abc import Iterator

from portal.common import kept
from portal.common.guards import REFUSE, Constraint, Function, Guard, Trigger, raises, refuses, runs
from portal.common.guards.parts import Part

APPOINTMENT, HOURS, CLOSURES = "appointments_appointment", "appointments_workinghours", "appointments_closure"
LIVE = "('held', 'requested', 'booked', 'arrived')"
# Constraint, whose time it is, and the two ends of the time that is theirs alone.
APART = [
    ("appointment_psychologist_no_overlap", "psychologist_id", "occupied_from", "occupied_until"),
    ("appointment_patient_no_overlap", "patient_id", "starts_at", "ends_at"),
    ("appointment_room_no_overlap", "room_id", "occupied_from", "occupied_until"),
]
VALID = ("valid_from", "valid_until")
TIMES = ("starts_at", "ends_at", "occupied_from", "occupied_until")


def _both(name: str, table: str, columns: tuple[str, ...], condition: str) -> Iterator[Trigger]:
    """One refusal, of new rows and of changes of these columns."""
    for event in ("INSERT", "UPDATE"):
        of = f" OF {', '.join(columns)}" if event == "UPDATE" else ""
        itself = " AND other.id <> OLD.id" if event == "UPDATE" else ""
        yield Trigger(
            f"{name}_{event.lower()}",
            refuses(f"BEFORE {event}{of}", table, condition.replace("/* but itself */", itself), name),
        )


def _sqlite() -> Iterator[Trigger]:
    for name, whose, start, end in APART:
        # The day's bound is what keeps the search short: nothing live is longer, see appointment_within_a_day.
        overlapping = (
            f"SELECT 1 FROM {APPOINTMENT} AS other WHERE other.{whose} = NEW.{whose} "
            f"AND other.{start} < NEW.{end} AND other.{start} > datetime(NEW.{start}, '-1 day') "
            f"AND other.{end} > NEW.{start} AND other.status IN {LIVE}/* but itself */"
        )
        yield from _both(
            name, APPOINTMENT, (whose, start, end, "status"), f"NEW.status IN {LIVE} AND EXISTS ({overlapping})"
        )
    # Adding nothing makes SQLite work the date out; without it, 31 February comes back as it went in.
    yield from _both(
        "appointment_on_whole_minutes",
        APPOINTMENT,
        TIMES,
        " OR ".join(f"NEW.{time} IS NOT strftime('%Y-%m-%d %H:%M:00', NEW.{time}, '+0 days')" for time in TIMES),
    )
    yield from _both(
        "appointment_within_a_day",
        APPOINTMENT,
        TIMES,
        "strftime('%s', NEW.occupied_until) - strftime('%s', NEW.occupied_from) > 24 * 60 * 60",
    )
    yield from _both(
        "hours_no_overlap",
        HOURS,
        ("psychologist_id", "weekday", "starts", "ends", "valid_from", "valid_until"),
        f"EXISTS (SELECT 1 FROM {HOURS} AS other WHERE other.psychologist_id = NEW.psychologist_id "
        "AND other.weekday = NEW.weekday AND (other.starts < NEW.ends OR NEW.ends = '00:00:00') "
        "AND (other.ends > NEW.starts OR other.ends = '00:00:00') "
        "AND (other.valid_from IS NULL OR NEW.valid_until IS NULL OR other.valid_from <= NEW.valid_until) "
        "AND (other.valid_until IS NULL OR NEW.valid_from IS NULL OR other.valid_until >= NEW.valid_from)"
        "/* but itself */)",
    )
    # No day is none; what is none of the calendar's would sort wrongly.
    yield from _both(
        "hours_valid_on_days",
        HOURS,
        ("valid_from", "valid_until"),
        " OR ".join(f"NEW.{day} IS NOT strftime('%Y-%m-%d', NEW.{day}, '+0 days')" for day in VALID),
    )
    yield from _both(
        "hours_on_whole_minutes",
        HOURS,
        ("starts", "ends"),
        " OR ".join(f"NEW.{time} IS NOT strftime('%H:%M:00', NEW.{time}, '+0 days')" for time in ("starts", "ends")),
    )


def _postgresql() -> Iterator[Constraint]:
    for name, whose, start, end in APART:
        yield Constraint(
            name,
            APPOINTMENT,
            f"EXCLUDE USING gist ({whose} WITH =, tstzrange({start}, {end}) WITH &&) WHERE (status IN {LIVE})",
        )
    whole = " AND ".join(f"extract(second FROM {time} AT TIME ZONE 'UTC') = 0" for time in TIMES)
    yield Constraint("appointment_on_whole_minutes", APPOINTMENT, f"CHECK ({whole})")
    yield Constraint(
        "appointment_within_a_day",
        APPOINTMENT,
        "CHECK (occupied_until AT TIME ZONE 'UTC' <= occupied_from AT TIME ZONE 'UTC' + interval '1 day')",
    )
    # Hours that end at 00:00 end with their day.
    ends = "COALESCE(NULLIF((extract(epoch FROM ends) / 60)::integer, 0), 1440)"
    minutes = f"int4range((extract(epoch FROM starts) / 60)::integer, {ends})"
    yield Constraint(
        "hours_no_overlap",
        HOURS,
        f"EXCLUDE USING gist (psychologist_id WITH =, weekday WITH =, {minutes} WITH &&, "
        "daterange(valid_from, valid_until, '[]') WITH &&)",
    )
    yield Constraint(
        "hours_on_whole_minutes", HOURS, "CHECK (extract(second FROM starts) = 0 AND extract(second FROM ends) = 0)"
    )


NO_OVERLAP = Guard("the diary", sqlite=list(_sqlite()), postgresql=list(_postgresql()))

# ---- Series ----------------------------------------------------------------------------------------------------------

SERIES = "appointments_series"
_IN_SERIES = ("series_id", "position", "patient_id")
# A position past the number of its sessions would be "9 of 8"; another patient's session would be told to both.
_NOT_OF_SERIES = (
    f"NEW.series_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {SERIES} AS own WHERE own.id = NEW.series_id "
    "AND own.patient_id = NEW.patient_id AND NEW.position <= own.sessions)"
)
_OTHER_SERIES = "NEW.patient_id <> OLD.patient_id OR NEW.sessions < OLD.sessions"
_CHECK_SERIES = Function(
    "appointment_of_its_series",
    f" BEGIN IF {_NOT_OF_SERIES} THEN {raises('appointment_of_its_series')} END IF; RETURN NEW; END ",
)
_KEEP_SERIES = Function(
    "series_stays_whole",
    f" BEGIN IF {_OTHER_SERIES} THEN {raises('series_stays_whole')} END IF; RETURN NEW; END ",
)

OF_ONE_SERIES = Guard(
    "the series",
    sqlite=[
        *_both("appointment_of_its_series", APPOINTMENT, _IN_SERIES, _NOT_OF_SERIES),
        Trigger(
            "series_stays_whole",
            refuses("BEFORE UPDATE OF patient_id, sessions", SERIES, _OTHER_SERIES, "series_stays_whole"),
        ),
    ],
    postgresql=[
        _CHECK_SERIES,
        _KEEP_SERIES,
        Trigger(
            "appointment_of_its_series",
            runs(f"BEFORE INSERT OR UPDATE OF {', '.join(_IN_SERIES)}", APPOINTMENT, "", _CHECK_SERIES),
        ),
        Trigger("series_stays_whole", runs("BEFORE UPDATE OF patient_id, sessions", SERIES, "", _KEEP_SERIES)),
    ],
)
# ---- The waitlist ----------------------------------------------------------------------------------------------------

# What came of an offer, of a time that was offered on and of somebody's waiting is never rewritten.
_ENDED = [
    ("offer_stays_as_it_ended", "appointments_offer", "outcome"),
    ("vacancy_stays_closed", "appointments_vacancy", "closed_why"),
    ("waitlist_entry_stays_ended", "appointments_waitlistentry", "ended_why"),
]
_OVER = "What came of it never changes."


def _stays_ended() -> Guard:
    on_postgresql: list[Part] = [
        REFUSE,
        *(
            Trigger(name, runs("BEFORE UPDATE", table, f"OLD.{end} <> ''", REFUSE, _OVER))
            for name, table, end in _ENDED
        ),
    ]
    on_sqlite = [
        Trigger(name, refuses("BEFORE UPDATE", table, f"OLD.{end} <> ''", _OVER)) for name, table, end in _ENDED
    ]
    return Guard("the waitlist", sqlite=on_sqlite, postgresql=on_postgresql)


WAITLIST = _stays_ended()

KEPT = kept.watched("what is kept of the hours", HOURS, CLOSURES)
