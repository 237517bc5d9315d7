"""The desk's day says what was cancelled, missed and refilled, and what the policy says of each."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.appointments.models import Appointment, Status
from portal.journeys import paying
from tests import make
from tests.web.reception.conftest import NOW
from tests.web.reception.test_polling import first_of, known_of

TODAY = "/reception/"


def cancelled(place, *, hours, reason="patient", late=False, **fields):
    return place.session(
        hours=hours,
        status=Status.CANCELLED,
        cancelled_at=NOW - timedelta(hours=1),
        cancel_reason=reason,
        late=late,
        fee=Decimal("200.00"),
        **fields,
    )


def lost(client):
    """What each line says, by the session's page."""
    drawn = client.get(TODAY).context["lost"]
    lines = [" ".join(re.sub(r"<[^>]+>", " ", line).split()) for line in drawn.split("</li>") if line.strip()]
    return dict(zip(re.findall(r'id="lost-([^"]+)"', drawn), lines, strict=True))


@pytest.mark.parametrize(
    ("reason", "late", "percent", "says", "has_fee"),
    [
        ("patient", False, 50, "In good time: no fee", False),
        ("patient", True, 50, "Late: the fee is $100.00", True),
        ("patient", True, 0, "Late: no fee was agreed", False),
        ("clinic", False, 50, "By the clinic: no fee", False),
        ("psychologist", False, 50, "By the clinic: no fee", False),
    ],
)
def test_what_the_policy_says_of_a_cancellation(desk, place, reason, late, percent, says, has_fee):
    session = cancelled(place, hours=2, reason=reason, late=late, late_fee_percent=percent)
    (line,) = lost(desk).values()
    assert says in line
    assert "called off Tue 24 Nov, 10:00 am" in line
    assert (f"/reception/appointments/{session.code}/fee/" in desk.get(TODAY).context["lost"]) is has_fee


@pytest.mark.parametrize(("percent", "says"), [(100, "Missed: the fee is $200.00"), (0, "Missed: no fee was agreed")])
def test_what_it_says_of_who_did_not_come(desk, place, percent, says):
    place.session(hours=-2, status=Status.NO_SHOW, no_show_percent=percent, fee=Decimal("200.00"))
    (line,) = lost(desk).values()
    assert says in line
    assert "did not come" in line


def test_a_time_that_is_filled_again_names_who_has_it(desk, place):
    first = cancelled(place, hours=2, late=True, late_fee_percent=50)
    other = cancelled(place, hours=4)
    refill = place.session(hours=2)
    found = lost(desk)
    assert f"Refilled {refill.patient.name} at 1:00 pm" in found[str(first.code)]
    assert "Refilled" not in found[str(other.code)]
    Appointment.objects.filter(pk=refill.pk).update(status=Status.CANCELLED, cancelled_at=NOW, cancel_reason="clinic")
    assert "Refilled" not in lost(desk)[str(first.code)]


def test_it_says_what_the_desk_did_about_a_fee_and_a_poll_hears_of_it(desk, place):
    waived = cancelled(place, hours=2, late=True, late_fee_percent=50)
    billed = cancelled(place, hours=4, late=True, late_fee_percent=50)
    undecided = cancelled(place, hours=6, late=True, late_fee_percent=50)
    by = make.actor()

    def poll():
        return known_of(first_of(desk))

    known = [poll()]
    paying.waive_fee(appointment=waived, reason="Was in hospital", by=by, now=NOW)
    known.append(poll())
    paying.bill_fee(appointment=billed, by=by, now=NOW)
    known.append(poll())
    assert len(set(known)) == 3
    found = lost(desk)
    assert "Late: the fee of $100.00 is waived" in found[str(waived.code)]
    assert "Late: the fee of $100.00 is invoiced" in found[str(billed.code)]
    assert "Late: the fee is $100.00" in found[str(undecided.code)]


def test_a_day_without_any_says_nothing(desk, place):
    place.session(hours=2)
    assert "Cancelled, missed and refilled" not in desk.get(TODAY).text


def test_thirty_cost_as_many_queries_as_one(desk, place):
    def count():
        desk.get(TODAY)
        with CaptureQueriesContext(connection) as run:
            desk.get(TODAY)
        return len(run)

    cancelled(place, hours=1, late=True, late_fee_percent=50)
    place.session(hours=1)
    one = count()
    for n in range(29):
        psychologist = make.psychologist()
        cancelled(place, hours=1 + n % 5, psychologist=psychologist, late=True, late_fee_percent=50)
        place.session(hours=1 + n % 5, psychologist=psychologist)
    assert count() == one
