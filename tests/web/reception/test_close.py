"""The desk closes the day of a place."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions, charges
from portal.billing.models import DayClose, Purpose
from portal.clinic.models import ClinicSettings
from portal.reports.closing import read_close
from tests import make
from tests.web.reception.conftest import NOW

D = Decimal
URL = "/reception/close/"
BY = make.actor


def lines(sheet, n):
    return [line["title"] for line in sheet["lists"][n]["lines"]]


def bill(session, *, by, now=NOW):
    charge = charges.for_session(session, item=None)
    return actions.bill(appointment=session, purpose=Purpose.SESSION, charges=[charge], by=by, now=now)


def pay(invoice, amount, *, by, method="cash", now=NOW, **fields):
    return actions.record_payment(
        invoice=invoice, amount=D(amount), method=method, key=uuid.uuid4().hex, by=by, now=now, **fields
    )


@pytest.fixture
def by(clinic):
    return make.actor(role=Role.RECEPTION)


def test_the_page_says_what_is_left_to_do(desk, place, by):
    attended = place.session(hours=-2, status=Status.COMPLETED)
    left = place.session(hours=-4)
    billed = place.session(hours=-6, status=Status.COMPLETED)
    invoice = bill(billed, by=by)
    pay(invoice, "20.00", by=by)
    new = place.session(hours=22, patient=make.patient(phone=""))
    response = desk.get(URL)
    sheet = response.context["sheet"]
    assert lines(sheet, 0) == [attended.patient.name]
    assert lines(sheet, 1) == [left.patient.name]
    assert lines(sheet, 2) == [billed.patient.name]
    assert (sheet["sessions"], sheet["unsigned"], sheet["total"]) == (2, 2, "20.00")
    assert new.patient.name in response.content.decode()
    assert "no phone" in response.content.decode()


def test_what_a_plan_manager_is_billed_needs_no_referral(desk, place, by):
    own = place.session(hours=-2, status=Status.COMPLETED, patient=make.patient())
    others = place.session(hours=-4, status=Status.COMPLETED, patient=make.patient())
    actions.bill(
        appointment=others,
        purpose=Purpose.SESSION,
        charges=[charges.for_session(others, item=None)],
        bill_to=actions.BillTo(make.payer(kind="plan_manager")),
        by=by,
        now=NOW,
    )
    assert lines(desk.get(URL).context["sheet"], 4) == [own.patient.name]


def test_it_is_closed_and_stays_as_it_was(desk, place, by):
    invoice = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    pay(invoice, "20.00", by=by)
    data = {"opening": "100", "counted": "115", "kept": "100", "seen": desk.get(URL).context["form"]["seen"].value()}
    refused = desk.post(URL, data)
    assert refused.status_code == 422
    assert "this is $5.00 less" in refused.content.decode()
    assert not DayClose.objects.exists()
    said = desk.post(URL, data | {"explanation": "Wrong change"}, follow=True)
    close = DayClose.objects.get()
    assert (close.difference, close.kept, close.explanation) == (D("-5.00"), D("100.00"), "Wrong change")
    assert "closed by" in said.content.decode()
    assert "$5.00 short" in said.content.decode()
    pay(invoice, "50.00", by=by)
    assert desk.get(URL).context["sheet"]["total"] == "20.00"
    again = desk.post(URL, data, follow=True)
    assert "Nothing was done twice" in again.content.decode()
    assert DayClose.objects.count() == 1


def test_an_old_page_closes_nothing(desk, place, by):
    invoice = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    seen = desk.get(URL).context["form"]["seen"].value()
    pay(invoice, "20.00", by=by)
    data = {"opening": "0", "counted": "20", "kept": "0", "seen": seen}
    refused = desk.post(URL, data)
    assert refused.status_code == 409
    assert "Money was entered since the page was opened" in refused.content.decode()
    data["seen"] = refused.context["form"]["seen"].value()
    assert desk.post(URL, data).status_code == 302


def test_whoever_is_still_here_or_to_come_is_named_and_asked_about(desk, place, by):
    here = place.session(hours=-1, status=Status.ARRIVED)
    later = place.session(hours=3)
    page = desk.get(URL)
    assert "1 person is still here, 1 session is still to come: close it all the same" in page.content.decode()
    assert set(lines(page.context["sheet"], 1)) == {here.patient.name, later.patient.name}
    assert "still here" in page.content.decode()
    assert "still to come" in page.content.decode()
    data = {"opening": "0", "counted": "0", "kept": "0", "seen": page.context["form"]["seen"].value()}
    asked = desk.post(URL, data | {"counted": "5"})
    assert asked.status_code == 422
    # All that is missing is asked for at one time.
    assert "this is $5.00 more" in asked.content.decode()
    said = "1 person is still here, 1 session is still to come"
    assert f"{said}. Close the day all the same?" in asked.content.decode()
    assert f'value="{said}"' in asked.content.decode()
    assert not DayClose.objects.exists()
    assert desk.post(URL, data | {"anyway": "2 people are still here"}).status_code == 422
    assert desk.post(URL, data | {"anyway": said}).status_code == 302
    assert DayClose.objects.exists()


def test_what_earlier_days_left_open_is_listed(desk, place):
    left = place.session(hours=-50)
    sheet = desk.get(URL).context["sheet"]
    assert lines(sheet, 2) == [left.patient.name]
    assert sheet["lists"][2]["title"] == "Still open from earlier days"


def test_a_refund_is_no_payment(desk, place, by):
    invoice = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    pay(invoice, "20.00", by=by)
    payment = pay(invoice, "30.00", by=by)
    actions.refund_payment(
        payment=payment, invoice=invoice, amount=D("30.00"), reason="Paid twice", key="r", by=by, now=NOW
    )
    page = desk.get(URL)
    assert page.context["sheet"]["methods"][0]["moved"] == "2 payments, 1 refund of $30.00"
    assert "2 payments, 1 refund of $30.00" in page.content.decode()


def test_the_bank_gets_what_does_not_stay(desk, place, by):
    seen = desk.get(URL).context["form"]["seen"].value()
    desk.post(URL, {"opening": "200", "counted": "200", "kept": "150", "seen": seen})
    page = desk.get(URL).content.decode()
    assert "To the bank or the safe" in page
    assert "$50.00" in page


def test_a_morning_that_differs_from_the_last_close_is_asked_about(desk, place, by):
    sent = {"opening": "200", "counted": "200", "kept": "150", "seen": desk.get(URL).context["form"]["seen"].value()}
    desk.post(URL, sent)
    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        browser = make.client_for(make.staff())
        seen = browser.get(URL).context["form"]["seen"].value()
        sent = {"opening": "102.50", "counted": "102.50", "kept": "0", "seen": seen}
        refused = browser.post(URL, sent)
        assert refused.status_code == 422
        assert "The last close left $150.00 in it: this is $47.50 less." in refused.content.decode()
        closed = browser.post(URL, sent | {"explanation": "Stamps"}, follow=True).content.decode()
        assert "$47.50 less than the last close left in it" in closed
        assert browser.get("/reception/close/pdf/").status_code == 200


def test_cash_of_a_closed_day_is_expected_in_the_drawer(desk, place, by):
    invoice = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    seen = desk.get(URL).context["form"]["seen"].value()
    desk.post(URL, {"opening": "0", "counted": "5", "kept": "5", "seen": seen, "explanation": "A tip"})
    later = NOW + timedelta(days=1)
    pay(invoice, "20.00", by=by, now=later, received_on=NOW.date())
    with time_machine.travel(later + timedelta(hours=1), tick=False):
        browser = make.client_for(make.staff())
        page = browser.get(URL)
        assert "Of the cash, $20.00 is dated before today" in page.content.decode()
        assert "The last close was $5.00 over." in page.content.decode()
        seen = page.context["form"]["seen"].value()
        closed = browser.post(URL, {"opening": "5", "counted": "25", "kept": "0", "seen": seen}, follow=True)
        assert "$20.00 of it dated before this day" in closed.content.decode()
    assert DayClose.objects.latest("day").difference == 0


def test_a_closed_day_says_what_was_changed_since(desk, place, by):
    invoice = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    seen = desk.get(URL).context["form"]["seen"].value()
    desk.post(URL, {"opening": "0", "counted": "0", "kept": "0", "seen": seen})
    assert "Changed since it was closed" not in desk.get(URL).content.decode()
    later = NOW + timedelta(days=1)
    pay(invoice, "20.00", by=by, now=later, received_on=NOW.date())
    with time_machine.travel(later + timedelta(hours=1), tick=False):
        page = make.client_for(make.staff()).get(f"{URL}?day={NOW:%Y-%m-%d}")
    assert [line.number for line in page.context["changed"]] == [invoice.number]
    assert "Changed since it was closed" in page.content.decode()


def test_what_changes_after_it_stands_on_the_next(desk, place, by):
    first = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    second = bill(place.session(hours=-3, status=Status.COMPLETED), by=by)
    third = bill(place.session(hours=-4, status=Status.COMPLETED), by=by)
    seen = desk.get(URL).context["form"]["seen"].value()
    desk.post(URL, {"opening": "0", "counted": "0", "kept": "0", "seen": seen})
    later = NOW + timedelta(days=1)
    actions.void_invoice(invoice=first, reason="Billed twice", by=by, now=later)
    pay(second, "20.00", by=by, now=later, received_on=NOW.date())
    actions.credit_line(line=third.lines.get(), amount=D("10.00"), reason="Too much", key="c", by=by, now=later)
    with time_machine.travel(later + timedelta(hours=1), tick=False):
        browser = make.client_for(make.staff())
        page = browser.get(URL).content.decode()
    assert "entered after that day was closed" in page
    assert "was voided: Billed twice" in page
    assert "was taken off" in page


@pytest.mark.parametrize(
    ("at", "zone", "day"),
    [
        (datetime(2026, 11, 24, 12, 50, tzinfo=UTC), "Australia/Melbourne", "2026-11-24"),
        (datetime(2026, 11, 24, 13, 10, tzinfo=UTC), "Australia/Melbourne", "2026-11-24"),
        (datetime(2026, 11, 24, 18, 10, tzinfo=UTC), "Australia/Melbourne", "2026-11-25"),
        (datetime(2026, 11, 24, 18, 10, tzinfo=UTC), "Australia/Perth", "2026-11-24"),
    ],
)
def test_past_midnight_it_asks_about_the_evening(clinic, at, zone, day):
    make.location(name="Here", time_zone=zone)
    with time_machine.travel(at, tick=False):
        assert make.signed_in_client(role=Role.RECEPTION).get(URL).context["day"].isoformat() == day


def test_a_day_before_the_last_close_is_not_closed_any_more(desk, place):
    make.day_close(location=place.location)
    response = desk.get(f"{URL}?day=2026-11-22")
    assert response.context["too_late"]
    posted = desk.post(f"{URL}?day=2026-11-22", {"opening": "0", "counted": "0", "kept": "0", "seen": "x"}, follow=True)
    assert "an earlier day" in posted.content.decode()


@pytest.mark.parametrize("query", ["?day=2030-01-01", "?day=rubbish", "?day=0001-01-01", ""])
def test_odd_days_are_read(desk, place, query):
    assert desk.get(URL + query).status_code == 200


def test_no_place_by_that_name(desk, place):
    assert desk.get(f"{URL}?at=nowhere").status_code == 404


@pytest.mark.parametrize("role", [Role.PATIENT, Role.PSYCHOLOGIST])
def test_it_is_the_desks(clinic, place, role):
    assert make.signed_in_client(role=role).get(URL).status_code == 403


def test_the_paper_is_drawn(desk, place, by):
    invoice = bill(place.session(hours=-2, status=Status.COMPLETED), by=by)
    pay(invoice, "20.00", by=by)
    assert desk.get(reverse("reception:close_pdf")).content.startswith(b"%PDF")


def test_it_asks_the_database_as_often_however_much_happened(place, by, django_assert_max_num_queries):
    def asked():
        with django_assert_max_num_queries(40) as counted:
            read_close(by, place.location, NOW.date(), clinic=ClinicSettings.current(), now=NOW)
        return len(counted)

    pay(bill(place.session(hours=-2, status=Status.COMPLETED), by=by), "20.00", by=by)
    place.session(hours=22)
    asked()
    few = asked()
    for n in range(3, 8):
        pay(bill(place.session(hours=-n, status=Status.COMPLETED), by=by), "20.00", by=by)
        place.session(hours=22 - n)
    assert asked() == few
