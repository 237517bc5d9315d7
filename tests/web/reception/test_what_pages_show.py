"""What a page of the desk shows, leaves out and begins with."""

from datetime import date

import pytest
from django.urls import reverse

from portal.appointments.models import Status
from portal.journeys.booking import free_until
from tests import make
from tests.web.reception.conftest import NOW
from tests.web.reception.test_booking import typed
from tests.web.reception.test_invoices import issue, pay, void


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


def test_the_only_psychologist_is_proposed_for_any_time_and_of_two_nobody(desk, place):
    url = reverse("reception:book", args=[make.patient().code])
    assert desk.get(url).context["any_time"].initial["with_whom"] == place.psychologist.slug
    make.week(psychologist=make.psychologist(slug="tom"), location=place.location)
    assert desk.get(url, {"psychologist": "any"}).context["any_time"].initial["with_whom"] is None


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
    assert "80010" in page.content.decode()
    found = page.context["check"]
    assert not [one.words for one in (*found.red, *found.amber) if "80010" in str(one.words)]


def test_a_cancellation_in_the_last_free_moment_is_not_late(desk, place, clinic):
    last = free_until(place.session(hours=24 * 7), clinic=clinic) - NOW
    in_time = place.session(hours=24 * 7 - last.total_seconds() / 3600)
    late = place.session(hours=24 * 7 - last.total_seconds() / 3600 - 1)
    shown = [desk.get(reverse("reception:cancel", args=[one.code])).context["is_late"] for one in (in_time, late)]
    assert shown == [False, True]


# ---- One person's, and nobody else's --------------------------------------------------------------------------------


def test_a_patient_s_page_holds_their_own_sessions_and_invoices_only(desk, place):
    own, others = (place.session(hours=hours) for hours in (24, 25))
    past, others_past = (place.session(hours=hours, status=Status.COMPLETED) for hours in (-24, -25))
    past.patient = own.patient
    past.save()
    page = desk.get(reverse("reception:patient", args=[own.patient.code]))
    assert [session.pk for session, _steps, _why in page.context["upcoming"]] == [own.pk]
    assert [session.pk for session, _steps in page.context["past"]] == [past.pk]
    body = page.content.decode()
    assert others.patient.name not in body
    assert others_past.patient.name not in body


def test_a_session_s_pages_are_those_of_the_one_asked_for(desk, place):
    make.mbs_items()
    sessions = [place.session(hours=-hours, status=Status.ARRIVED) for hours in (1, 2)]
    for session in sessions:
        page = desk.get(reverse("reception:check_out", args=[session.code]))
        assert page.context["session"] == session
        assert session.patient.name in page.content.decode()


# ---- An invoice's page ----------------------------------------------------------------------------------------------


def test_an_invoice_takes_money_until_it_is_paid_and_is_voided_only_unpaid(desk, place):
    invoice = issue()
    url = reverse("reception:invoice", args=[invoice.number])
    open_ = desk.get(url).context
    assert (open_["form"] is not None, open_["can_credit"], open_["can_void"]) == (True, True, True)
    pay(invoice, "220.00")
    paid = desk.get(url).context
    assert (paid["form"], paid["can_credit"], paid["can_void"]) == (None, False, False)
    other = void(issue())
    voided = desk.get(reverse("reception:invoice", args=[other.number])).context
    assert (voided["form"], voided["can_credit"], voided["can_void"]) == (None, False, False)


# ---- The calendar ---------------------------------------------------------------------------------------------------


def test_who_is_booked_on_a_day_off_has_a_column_that_says_so(desk, place):
    other = make.psychologist(slug="tom", user=make.user(first_name="Tom", last_name="Ashby"))
    place.session(hours=1, psychologist=other)
    columns = {column.title: column for column in desk.get(reverse("reception:calendar")).context["grid"].columns}
    assert len(columns) == 2
    assert columns["Dr Tom Ashby"].subtitle == "Outside the usual hours"
    assert columns["Dr Mai Nguyễn"].subtitle == "Brunswick"


def test_a_session_by_phone_says_how_where_another_names_its_room(desk, place):
    room = make.room(location=place.location, name="Fern room")
    place.session(hours=1, room=room)
    place.session(hours=3, mode="phone", status=Status.ARRIVED)
    place.session(hours=5, mode="video", status=Status.COMPLETED)
    (column,) = desk.get(reverse("reception:calendar")).context["grid"].columns
    shown = [(block.kind, block.detail) for block in column.blocks if block.kind not in {"off", "free"}]
    assert shown == [
        ("booked", "Fern room · Standard session"),
        ("arrived", "Phone, we ring · Standard session"),
        ("completed", "Video · Standard session"),
    ]
