"""What cancelling costs by how long before it is done, and the one fee of a year that the clinic does without."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from portal.appointments import terms
from portal.appointments.models import Status
from portal.billing import actions, charges
from portal.billing.models import Purpose
from portal.billing.refusals import WaivedThisYear
from portal.clinic.models import ClinicSettings
from portal.journeys import changing
from portal.policies.models import PolicySettings
from tests import make

pytestmark = pytest.mark.django_db

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
# Two days to think, half the price then, three quarters on the last day, all of it for not coming.
TIERS = {"cancel_hours": 48, "late_fee_percent": 50, "near_hours": 24, "near_fee_percent": 75, "no_show_percent": 100}
# Noon in Perth, where the clocks never change; in Melbourne on the days after they went back and forward.
PERTH = ("Australia/Perth", datetime(2027, 3, 10, 4, tzinfo=UTC))
BACK = ("Australia/Melbourne", datetime(2027, 4, 4, 2, tzinfo=UTC))
FORWARD = ("Australia/Melbourne", datetime(2026, 10, 4, 1, tzinfo=UTC))


def session(where=PERTH, **fields):
    zone, starts_at = where
    said = {"status": Status.BOOKED, "fee": "200.00", "grace_minutes": 0} | TIERS | fields
    return make.appointment(starts_at=starts_at, location=make.location(time_zone=zone), **said)


def costs(booked, before):
    """Dollars for cancelling so long before it, as the patient is told, and as it is asked for afterwards."""
    clinic, at = make.clinic(), booked.starts_at - before
    booked.cancelled_at, booked.late = at, at > terms.free_until(booked, clinic=clinic)
    told = charges.late_fee(booked, clinic=clinic, at=at).amounts.total if booked.late else 0
    booked.status = Status.CANCELLED
    due = charges.fee_due(booked, clinic=clinic, policy=PolicySettings.current())
    assert told == (due.amounts.total if due else 0)
    return told


@pytest.mark.parametrize("where", [PERTH, BACK, FORWARD], ids=["perth", "back", "forward"])
@pytest.mark.parametrize(
    ("before", "dollars"),
    [
        (72 * HOUR, 0),
        (48 * HOUR, 0),
        (48 * HOUR - SECOND, 100),
        (24 * HOUR, 100),
        (24 * HOUR - SECOND, 150),
        (SECOND, 150),
        (timedelta(0), 150),
    ],
)
def test_the_fee_goes_by_the_hours_that_are_left(where, before, dollars):
    """Hours that pass, also over a change of the clocks; the very moment still belongs to the lower fee."""
    assert costs(session(where), before) == dollars


def test_not_coming_costs_what_was_promised():
    missed = session(status=Status.NO_SHOW)
    assert charges.fee_due(missed, clinic=make.clinic(), policy=PolicySettings.current()).amounts.total == 200


def test_what_was_promised_stays_whatever_the_clinic_asks_by_now():
    make.clinic(cancel_hours=72, late_fee_percent=90, near_hours=48, near_fee_percent=100)
    assert costs(session(), 20 * HOUR) == 150
    assert costs(session(near_hours=None, near_fee_percent=None), 20 * HOUR) == 100


def test_what_is_promised_is_the_services_own_or_else_the_clinics():
    make.clinic(cancel_hours=48, late_fee_percent=50, near_hours=24, near_fee_percent=75)
    keep = ("late_fee_percent", "near_hours", "near_fee_percent", "no_show_percent")

    def promised(**own):
        found = terms.promised_now(make.service(**own), clinic=ClinicSettings.current())
        return tuple(found[name] for name in keep)

    assert promised() == (50, 24, 75, 75)
    assert promised(late_fee_percent=100, no_show_percent=40) == (100, None, None, 40)
    assert promised(near_hours=12, near_fee_percent=80) == (50, 12, 80, 80)
    assert promised(near_hours=0) == (50, None, None, 50)
    # Never free so late that the second comes first.
    assert promised(cancel_hours=24) == (50, None, None, 50)


@pytest.mark.parametrize(
    ("before", "first", "second"),
    [(60 * HOUR, 100, 150), (30 * HOUR, 100, 150), (24 * HOUR, 100, 150), (24 * HOUR - SECOND, 150, None)],
)
def test_pages_and_mails_say_what_holds_and_what_comes(before, first, second):
    booked = session()
    said = changing.terms_of(booked, now=booked.starts_at - before, clinic=make.clinic())
    assert (said.late_fee, said.near_fee if said.near_from else None, said.missed_fee) == (first, second, 200)
    assert said.near_from in (None, booked.starts_at - 24 * HOUR)


def test_a_free_time_that_ends_within_the_last_hours_is_followed_by_the_second_fee():
    """As where the clinic moved it, and keeps it free longer than the rule."""
    booked = session(cancel_hours=6)
    said = changing.terms_of(booked, now=booked.starts_at - 30 * HOUR, clinic=make.clinic())
    assert (said.late_fee, said.near_from) == (150, None)
    assert costs(booked, 5 * HOUR) == 150


@pytest.mark.parametrize(
    "fields",
    [
        {"near_hours": 24},
        {"near_fee_percent": 75},
        {"near_hours": 48, "near_fee_percent": 75},
        {"near_hours": 24, "near_fee_percent": 40},
        {"near_hours": 0, "near_fee_percent": 75},
    ],
)
def test_a_second_fee_is_whole_nearer_and_no_lower(fields):
    make.clinic(cancel_hours=48, late_fee_percent=50)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClinicSettings.objects.update(**fields)


# ---- The first of a year ---------------------------------------------------------------------------------------------


def lost(patient, starts_at, **fields):
    said = {"status": Status.NO_SHOW, "fee": "200.00", "patient": patient} | TIERS | fields
    return make.appointment(starts_at=starts_at, **said)


def waive(books, session, *, of_year=True):
    return actions.waive_fee(appointment=session, reason="By rule", of_year=of_year, by=books.by, now=books.now)


def test_one_fee_of_a_year_is_waived_by_the_rule(books):
    patient = make.patient()
    perth = make.location(time_zone="Australia/Perth")
    # In Perth it is still the old year; in Melbourne it would be the new one.
    old = lost(patient, datetime(2025, 12, 31, 14, 30, tzinfo=UTC), location=perth)
    first = lost(patient, datetime(2026, 2, 3, 1, tzinfo=UTC))
    second = lost(patient, datetime(2026, 5, 3, 1, tzinfo=UTC))
    assert (waive(books, old).year, waive(books, first).year) == (2025, 2026)
    with pytest.raises(WaivedThisYear):
        waive(books, second)
    assert waive(books, second, of_year=False).year is None
    assert waive(books, lost(make.patient(), second.starts_at)).year == 2026


def test_the_database_holds_one_of_a_year(books):
    patient = make.patient()
    made = [lost(patient, datetime(2026, month, 3, 1, tzinfo=UTC)) for month in (2, 5)]
    said = {"purpose": Purpose.NO_SHOW, "patient": patient, "year": 2026}
    make.waiver(appointment=made[0], **said)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.waiver(appointment=made[1], **said)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.waiver(appointment=made[1], **said | {"year": None})


def test_amounts_are_decimals():
    assert isinstance(costs(session(), HOUR), Decimal)
