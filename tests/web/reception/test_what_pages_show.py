"""What a page of the desk shows, leaves out and begins with."""

from datetime import date

import pytest
from django.urls import reverse

from portal.appointments.models import Status
from portal.journeys.booking import free_until
from tests import make
from tests.web.reception.conftest import NOW
from tests.web.reception.test_booking import typed


def test_other_days_lead_one_day_on_and_carry_no_to_do(desk, place):
    here = desk.get(reverse("reception:today"))
    assert (here.context["before"], here.context["after"]) == (date(2026, 11, 23), date(2026, 11, 25))
    assert "to_do" in here.context
    tomorrow = desk.get(reverse("reception:today") + "?day=2026-11-25")
    assert (tomorrow.context["before"], tomorrow.context["after"]) == (date(2026, 11, 24), date(2026, 11, 26))
    assert "to_do" not in tomorrow.context


def test_a_clinic_of_one_place_is_not_asked_where(desk, place):
    assert "Everywhere" not in desk.get(reverse("reception:today")).content.decode()
    make.location(slug="far", name="Far away")
    assert "Everywhere" in desk.get(reverse("reception:today")).content.decode()


def test_a_move_opens_on_the_week_of_the_session(desk, place):
    session = place.session(hours=14 * 24)
    page = desk.get(reverse("reception:reschedule", args=[session.code]))
    assert page.context["week"].monday == date(2026, 12, 7)


@pytest.mark.parametrize(("asked", "own"), [("", True), ("?psychologist=any", False), ("?psychologist=nobody", True)])
def test_a_move_looks_at_the_session_s_own_psychologist_unless_at_all(desk, place, asked, own):
    make.week(psychologist=make.psychologist(slug="tom"), location=place.location)
    session = place.session(hours=24)
    page = desk.get(reverse("reception:reschedule", args=[session.code]) + asked)
    assert page.context["psychologist"] == (place.psychologist if own else None)


def test_nobody_is_booked_with_who_does_not_offer_the_service(desk, place):
    """Who offers nothing in particular offers everything."""
    other = make.psychologist(slug="tom", services=(make.service(name="Something else", slug="else"),))
    make.week(psychologist=other, location=place.location)
    url = reverse("reception:book", args=[make.patient().code])
    page = desk.post(url, typed(place, with_whom="tom", at="10:00"))
    assert page.status_code == 422
    assert "with_whom" in page.context["any_time"].errors


def test_an_item_that_fits_is_not_warned_of(desk, place):
    make.mbs_items()
    session = place.session(hours=-1, status=Status.ARRIVED)
    make.referral(patient=session.patient)
    page = desk.get(reverse("reception:check_out", args=[session.code]))
    assert page.context["item"].item == "80010"
    assert page.context["item_warning"] == ""


def test_a_cancellation_in_the_last_free_moment_is_not_late(desk, place, clinic):
    last = free_until(place.session(hours=24 * 7), clinic=clinic) - NOW
    in_time = place.session(hours=24 * 7 - last.total_seconds() / 3600)
    late = place.session(hours=24 * 7 - last.total_seconds() / 3600 - 1)
    shown = [desk.get(reverse("reception:cancel", args=[one.code])).context["is_late"] for one in (in_time, late)]
    assert shown == [False, True]
