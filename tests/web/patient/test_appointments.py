from __future__ import annotations

import html
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from icalendar import Calendar

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.billing import actions as billing
from portal.billing.charges import Charge
from portal.notifications.models import Notice
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
STARTS = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)
DECIDES = "The clinic decides whether to charge it. If so, an invoice comes by e-mail and stands under Invoices in "
DECIDES += "your pages."


@pytest.fixture(autouse=True)
def _monday_morning(db):
    make.clinic(cancel_hours=48, late_fee_percent=50)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def owner():
    return make.user()


@pytest.fixture
def appointment(owner):
    return bookable(make.patient(user=owner))


def bookable(patient):
    place = make.location(slug="brunswick")
    mai = make.psychologist()
    make.week(psychologist=mai, location=place)
    return make.appointment(patient=patient, psychologist=mai, location=place, starts_at=STARTS)


def addresses():
    return [notice.to for notice in Notice.objects.order_by("pk")]


def person(who: str, appointment):
    match who:
        case "owner":
            return appointment.patient.user
        case "carer":
            return make.carer(patient=appointment.patient).user
        case "former carer":
            return make.carer(patient=appointment.patient, ended_at=NOW).user
        case "other patient":
            return make.patient(user=make.user()).user
        case "psychologist":
            return appointment.psychologist.user
        case "reception":
            return make.user(role=Role.RECEPTION)
    return None


PAGES = ["appointment", "calendar_entry", "cancel", "reschedule"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("owner", 200),
        ("carer", 200),
        ("former carer", 404),
        ("other patient", 404),
        ("psychologist", 404),
        ("reception", 404),
        ("nobody", 302),
    ],
)
def test_access(appointment, name, who, status):
    client = make.client_for(person(who, appointment))
    assert client.get(reverse(f"patient:{name}", args=[appointment.code])).status_code == status


@pytest.mark.parametrize("who", ["former carer", "other patient", "reception", "nobody"])
@pytest.mark.parametrize("name", ["cancel", "reschedule"])
def test_nobody_else_changes_it(appointment, name, who):
    client = make.client_for(person(who, appointment))
    client.post(
        reverse(f"patient:{name}", args=[appointment.code]),
        {"time": "2026-12-02T00:00Z brunswick", "reason": "x", "seen": appointment.seen_as},
    )
    appointment.refresh_from_db()
    assert (appointment.status, appointment.starts_at) == (Status.BOOKED, STARTS)


@pytest.mark.parametrize("name", ["cancel", "reschedule"])
def test_what_is_cancelled_already_sends_nobody_to_the_phone(appointment, owner, name):
    client, url = make.client_for(owner), reverse(f"patient:{name}", args=[appointment.code])
    shown = hidden(client.get(url))
    carer, cancelling = (
        make.client_for(person("carer", appointment)),
        reverse("patient:cancel", args=[appointment.code]),
    )
    carer.post(cancelling, hidden(carer.get(cancelling)))
    answer = client.post(url, {"time": "2026-12-02T00:00Z brunswick"} | shown, follow=True)
    assert "This session is already cancelled." in text(answer)
    assert "Please phone us" not in text(answer).split("This session is already cancelled.")[0]


@pytest.mark.parametrize("path", ["/my/", "/my/appointments/", "/my/details/"])
def test_nothing_of_anybody_else_is_shown(appointment, path):
    appointment.patient.legal_last_name = "Unmistakable"
    appointment.patient.save(update_fields=["legal_last_name"])
    make.appointment(patient=appointment.patient, starts_at=STARTS + timedelta(days=1))
    response = make.client_for(make.patient(user=make.user()).user).get(path)
    assert response.status_code == 200
    assert b"Unmistakable" not in response.content
    assert str(appointment.code).encode() not in response.content


def test_cancelling_in_time_is_free(appointment, owner):
    client = make.client_for(owner)
    url = reverse("patient:cancel", args=[appointment.code])
    assert b"free of charge" in client.get(url).content
    client.post(url, {"seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert (appointment.status, appointment.late, appointment.cancelled_by) == (Status.CANCELLED, False, owner)


OWN, ON_RECORD = (
    "We have sent you a message about it.",
    "We have sent a message about it to the address or number on the record.",
)


@pytest.mark.parametrize(
    ("step", "done"),
    [
        ("cancel", "Your session is cancelled: Tuesday 1 December 2026, 11:00 am."),
        (
            "reschedule",
            "Your session is moved from Tuesday 1 December 2026, 11:00 am to Wednesday 2 December 2026, 12:00 pm.",
        ),
    ],
)
@pytest.mark.parametrize(
    ("on_record", "sent"), [("their account", ON_RECORD), ("another", ON_RECORD), ("", OWN), ("the carer's", OWN)]
)
def test_who_cares_for_them_is_told_what_was_really_sent(step, done, on_record, sent):
    carer = make.user(email="parent@example.com")
    address = {"their account": "", "the carer's": carer.email, "another": "kim@example.com"}.get(on_record, "")
    account = make.user(email="kim@example.com") if on_record == "their account" else None
    patient = make.patient(user=account) if account else make.patient(email=address)
    make.carer(patient=patient, user=carer)
    session = bookable(patient)
    message = told(make.client_for(carer), step, session)
    assert message == f"{done} {sent}"
    assert [to == carer.email for to in addresses()] == [sent == OWN]


@pytest.mark.parametrize("step", ["cancel", "reschedule"])
def test_a_patient_is_told_that_an_e_mail_is_theirs(appointment, owner, step):
    assert told(make.client_for(owner), step, appointment).endswith(OWN)
    assert addresses() == [owner.email]


def told(client, step, session):
    said = {"time": "2026-12-02T01:00Z brunswick", "seen": session.seen_as}
    answer = client.post(reverse(f"patient:{step}", args=[session.code]), said, follow=True)
    [message] = answer.context["messages"]
    return str(message)


def test_no_page_promises_a_free_time_that_has_passed(appointment, owner):
    url = reverse("patient:appointment", args=[appointment.code])
    assert b"free of charge until" in make.client_for(owner).get(url).content
    with time_machine.travel(STARTS - timedelta(hours=47), tick=False):
        page = text(make.client_for(owner).get(url))
    assert "free of charge until" not in page
    assert "can't be moved online, and cancelling costs $110.00" in page


def billed(session, *, paid):
    """Its session is over, was completed, billed, and paid in part."""
    by, later = make.actor(), STARTS + timedelta(hours=2)
    Appointment.objects.filter(pk=session.pk).update(status=Status.COMPLETED, completed_at=later)
    session.refresh_from_db()
    draft = billing.draft_invoice(
        patient=session.patient,
        psychologist=session.psychologist,
        location=session.location,
        appointment=session,
        charges=[Charge(description="First visit", unit_price=Decimal(220), benefit=Decimal("149.05"))],
        by=by,
        now=later,
    )
    invoice = billing.issue_invoice(invoice=draft, by=by, now=later)
    billing.record_payment(invoice=invoice, amount=Decimal(paid), method="card", key="k", by=by, now=later)
    return invoice


def test_a_session_that_is_over_speaks_of_its_invoice_and_no_more_of_cancelling(appointment, owner):
    url = reverse("patient:appointment", args=[appointment.code])
    with time_machine.travel(STARTS + timedelta(hours=1), tick=False):
        unbilled = text(make.client_for(owner).get(url))
    assert "What it costs" in unbilled
    assert "If your plans change" not in unbilled
    invoice = billed(appointment, paid=70)
    with time_machine.travel(STARTS + timedelta(days=1), tick=False):
        page = make.client_for(owner).get(url)
    assert reverse("patient:invoice", args=[invoice.number]) in page.content.decode()
    words = text(page)
    assert f"{invoice.number} First visit Part paid $220.00 Paid -$70.00 To pay $150.00" in words
    assert "What it costs" not in words
    assert "Left for you to pay" not in words


@pytest.mark.parametrize(
    ("waived", "said"),
    [(False, f"This session was missed. A fee of $110.00 may apply. {DECIDES} Book"), (True, "was missed. Book")],
)
def test_a_missed_session_says_what_may_be_asked_unless_it_was_waived(appointment, owner, waived, said):
    Appointment.objects.update(status=Status.NO_SHOW)
    if waived:
        make.waiver(appointment=appointment, purpose="no_show")
    with time_machine.travel(STARTS + timedelta(days=1), tick=False):
        page = text(make.client_for(owner).get(reverse("patient:appointment", args=[appointment.code])))
    assert said in page
    assert ("may apply" in page) is not waived
    assert "What it costs" not in page


@pytest.mark.parametrize(
    ("hours", "link"),
    [(72, "Details, move or cancel"), (47, "Details or cancel"), (-0.5, "See the session")],
)
def test_the_home_page_offers_what_may_still_be_done(appointment, owner, hours, link):
    with time_machine.travel(STARTS - timedelta(hours=hours), tick=False):
        page = text(make.client_for(owner).get(reverse("patient:home")))
    offered = [each for each in ("Details, move or cancel", "Details or cancel", "See the session") if each in page]
    assert offered == [link]


def test_cancelling_late_says_the_fee_first(appointment, owner):
    client = make.client_for(owner)
    url = reverse("patient:cancel", args=[appointment.code])
    with time_machine.travel(STARTS - timedelta(hours=5), tick=False):
        client = make.client_for(owner)
        page = client.get(url)
        assert b"$110.00" in page.content
        client.post(url, hidden(page))
    appointment.refresh_from_db()
    assert (appointment.status, appointment.late) == (Status.CANCELLED, True)


def test_moving_in_time_works_and_late_does_not(appointment, owner):
    client = make.client_for(owner)
    url = reverse("patient:reschedule", args=[appointment.code])
    client.post(url, {"time": "2026-12-02T01:00Z brunswick", "seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
    with time_machine.travel(appointment.starts_at - timedelta(hours=47), tick=False):
        make.client_for(owner).post(url, {"time": "2026-12-03T01:00Z brunswick", "seen": appointment.seen_as})
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)


def test_a_session_whose_week_has_no_time_left_is_moved_from_the_first_week_that_has_one(appointment, owner):
    away = datetime(2026, 11, 29, 13, 0, tzinfo=UTC)  # Sunday midnight, for a week
    make.time_slot(psychologist=appointment.psychologist, starts_at=away, minutes=7 * 24 * 60)
    page = make.client_for(owner).get(reverse("patient:reschedule", args=[appointment.code]))
    assert (page.context["week"].monday, page.context["week"].is_empty) == (date(2026, 11, 23), False)
    assert "There are no free times before this week." in page.content.decode()


def text(response):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def hidden(response):
    """What the page's own form sends; the header's forms have no such fields."""
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', response.content.decode()))
    return {name: fields[name] for name in ("seen", "time", "fee") if name in fields}


def test_pressing_a_time_asks_from_where_to_where_and_moves_nothing(appointment, owner):
    client, url = make.client_for(owner), reverse("patient:reschedule", args=[appointment.code])
    week = client.get(url).content.decode()
    assert '<form id="times" method="get"' in week
    asked = client.get(url, {"time": "2026-12-02T01:00Z brunswick"})
    appointment.refresh_from_db()
    assert appointment.starts_at == STARTS
    words, name, place = text(asked), appointment.psychologist.name, appointment.location.name
    assert f"{name} · {appointment.service.name} · 50 minutes · for {appointment.patient.name}" in words
    was = f"The time now When Tuesday 1 December 2026 11:00 am – 11:50 am (Melbourne time) How In person {place}"
    to = f"The new time When Wednesday 2 December 2026 12:00 pm – 12:50 pm (Melbourne time) How In person {place}"
    assert was in words
    assert to in words
    assert "The fee stays as it was agreed: $220.00." in words
    assert "free of charge until Monday 30 November 2026, 12:00 pm (Melbourne time)." in words
    assert "After that it can't be moved online, and cancelling costs $110.00. Not coming costs the same." in words
    assert client.post(url, hidden(asked)).status_code == 302
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)


def test_moving_to_soon_says_that_it_can_not_be_undone_for_nothing(appointment, owner):
    Appointment.objects.update(booked_at=NOW - timedelta(days=3))
    asked = make.client_for(owner).get(
        reverse("patient:reschedule", args=[appointment.code]), {"time": "2026-11-24T01:00Z brunswick"}
    )
    assert "so soon that it can't be moved online, and cancelling costs $110.00." in text(asked)
    assert "free of charge until" not in text(asked)


def test_the_present_time_is_never_offered_as_a_move(appointment, owner):
    client, url = make.client_for(owner), reverse("patient:reschedule", args=[appointment.code])
    present = "2026-12-01T00:00Z brunswick"
    page = client.get(url)
    times = re.findall(r'name="time" value="([^"]+)"', page.content.decode())
    assert present not in times
    # What only overlaps it is a move like any other.
    assert "2026-12-01T00:30Z brunswick" in times
    answer = client.get(url, {"time": present})
    assert answer["Location"] == url
    assert "Your session is at this time already." in text(client.get(url))


def test_a_week_with_nothing_but_the_present_time_has_no_time(appointment, owner):
    mai = appointment.psychologist
    monday = datetime(2026, 11, 29, 13, 0, tzinfo=UTC)
    make.time_slot(psychologist=mai, starts_at=monday, minutes=int((STARTS - monday).total_seconds()) // 60)
    end = STARTS + timedelta(minutes=50)
    make.time_slot(psychologist=mai, starts_at=end, minutes=6 * 24 * 60)
    week = make.client_for(owner).get(reverse("patient:reschedule", args=[appointment.code])).context["week"]
    assert (week.monday, week.is_empty) == (date(2026, 11, 23), False)


def test_two_tabs_that_move_are_shown_to_each_other(appointment, owner):
    client, url = make.client_for(owner), reverse("patient:reschedule", args=[appointment.code])
    first = hidden(client.get(url, {"time": "2026-12-02T01:00Z brunswick"}))
    second = hidden(client.get(url, {"time": "2026-12-03T01:00Z brunswick"}))
    client.post(url, second)
    refused = client.post(url, first, follow=True)
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 3, 1, 0, tzinfo=UTC)
    # The way on: from where it is now, to what this tab wanted, in one press.
    words = text(refused)
    assert "This session was changed meanwhile, and nothing was done." in words
    assert "The time now When Thursday 3 December 2026 12:00 pm" in words
    assert "The new time When Wednesday 2 December 2026 12:00 pm" in words
    client.post(url, hidden(refused))
    appointment.refresh_from_db()
    assert appointment.starts_at == datetime(2026, 12, 2, 1, 0, tzinfo=UTC)


def test_pressing_move_twice_moves_once(appointment, owner, django_capture_on_commit_callbacks):
    client, url = make.client_for(owner), reverse("patient:reschedule", args=[appointment.code])
    sent = hidden(client.get(url, {"time": "2026-12-02T01:00Z brunswick"}))
    answers = [client.post(url, sent)["Location"] for _ in range(2)]
    assert answers == [reverse("patient:appointment", args=[appointment.code])] * 2
    appointment.refresh_from_db()
    assert appointment.revision == 1


def test_moving_onto_ones_own_other_session_is_said_to_be_that(appointment, owner):
    other = STARTS + timedelta(days=1)
    make.appointment(patient=appointment.patient, starts_at=other)
    client, url = make.client_for(owner), reverse("patient:reschedule", args=[appointment.code])
    answer = client.post(url, {"time": f"{other:%Y-%m-%dT%H:%MZ} brunswick", "seen": appointment.seen_as}, follow=True)
    assert "There is already a session at that time." in text(answer)
    assert "Somebody else" not in text(answer)


def test_a_page_from_the_free_time_does_not_cancel_at_a_fee(appointment, owner):
    client, url = make.client_for(owner), reverse("patient:cancel", args=[appointment.code])
    with time_machine.travel(STARTS - timedelta(hours=48), tick=False):
        client = make.client_for(owner)
        shown = client.get(url)
    assert "Cancelling now is free of charge." in text(shown)
    with time_machine.travel(STARTS - timedelta(hours=48) + timedelta(seconds=1), tick=False):
        refused = client.post(url, hidden(shown), follow=True)
        appointment.refresh_from_db()
        assert appointment.status == Status.BOOKED
        assert "The free time is over by now, so nothing was cancelled." in text(refused)
        assert "The fee is now $110.00" in text(refused)
        client.post(url, hidden(refused))
    appointment.refresh_from_db()
    assert (appointment.status, appointment.late) == (Status.CANCELLED, True)


def test_who_booked_late_reads_until_when_it_is_free_all_the_same(appointment, owner):
    booked_at = STARTS - timedelta(hours=20)
    Appointment.objects.update(booked_at=booked_at, cancel_hours=48, grace_minutes=15)
    detail, cancel = (reverse(f"patient:{name}", args=[appointment.code]) for name in ("appointment", "cancel"))
    with time_machine.travel(booked_at + timedelta(minutes=15), tick=False):
        client = make.client_for(owner)
        assert "move the session free of charge until Monday 30 November 2026, 3:15 pm (Melbourne time)." in text(
            client.get(detail)
        )
        shown = client.get(cancel)
        assert "is free of charge. After Monday 30 November 2026, 3:15 pm (Melbourne time) the fee is $110.00." in text(
            shown
        )
    with time_machine.travel(booked_at + timedelta(minutes=15, seconds=1), tick=False):
        assert "The fee is now $110.00" in text(client.post(cancel, hidden(shown), follow=True))
        assert "can't be moved online, and cancelling costs $110.00" in text(client.get(detail))


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true", "HX-Target": "times"}], ids=["page", "fragment"])
def test_moving_to_a_taken_time_says_so_and_keeps_the_old_one(appointment, owner, headers):
    taken = STARTS + timedelta(hours=2)
    make.appointment(psychologist=appointment.psychologist, location=appointment.location, starts_at=taken)
    response = make.client_for(owner).post(
        reverse("patient:reschedule", args=[appointment.code]),
        {"time": f"{taken:%Y-%m-%dT%H:%MZ} brunswick", "seen": appointment.seen_as},
        headers=headers,
    )
    assert response.status_code == 409
    assert b"just taken" in response.content
    assert (b"<html" in response.content) is (not headers)
    assert len(response.context["taken"]["nearest"]) == 3
    appointment.refresh_from_db()
    assert appointment.starts_at == STARTS


def test_the_calendar_entry_says_when_and_nothing_clinical(appointment, owner):
    appointment.service.name = "Trauma-focused therapy"
    appointment.service.save(update_fields=["name"])
    response = make.client_for(owner).get(reverse("patient:calendar_entry", args=[appointment.code]))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    assert event["DTSTART"].dt == STARTS
    assert b"Trauma" not in response.content


@pytest.mark.parametrize("path", ["/my/", "/my/appointments/"])
def test_lists_take_the_same_queries_for_1_and_for_30(owner, path):
    patient, counts = make.patient(user=owner), []
    for number in (1, 29):
        for n in range(number):
            days = timedelta(days=n + number)
            make.appointment(patient=patient, starts_at=STARTS + days)
            make.appointment(patient=patient, starts_at=NOW - days, status=Status.COMPLETED)
        client = make.client_for(owner)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_details_are_kept_right_by_the_patient(owner):
    patient = make.patient(user=owner)
    client = make.client_for(owner)
    url = reverse("patient:edit_details", args=[patient.code])
    bad = client.send(url, {"phone": "12", "suburb": "Coburg", "email": "not an address"})
    assert bad.status_code == 422
    assert b'value="Coburg"' in bad.content
    good = client.send(url, {"phone": "(03) 7010 1234", "suburb": "Coburg", "email": "new@example.com"})
    assert good.status_code == 302
    patient.refresh_from_db()
    # The address they sign in with stays until they have opened the link at the new one.
    assert (patient.phone.as_e164, patient.suburb, patient.email) == ("+61370101234", "Coburg", owner.email)
    assert Notice.objects.get(template="account/confirm_address").to == "new@example.com"


def test_a_carers_page_of_a_childs_details_speaks_of_the_child(owner):
    make.clinic(phone="+61390000000")
    child = make.patient(legal_first_name="Teo", legal_last_name="Nguyễn", date_of_birth=date(2015, 4, 23))
    make.carer(patient=child, user=owner)
    page = make.client_for(owner).get(reverse("patient:edit_details", args=[child.code])).content.decode()
    form = page.split('<form method="post" class="form card"')[1].split("</form>")[0]
    assert not re.search(r"\byour?\b", re.sub(r"<[^>]*>", " ", form), re.IGNORECASE)
    # What only the desk corrects is shown, and who corrects it.
    for words in ("Teo Nguyễn", "23 Apr 2015", "our front desk corrects it", "tel:+61390000000"):
        assert words in form


def test_details_of_somebody_else_are_not_found(owner):
    stranger = make.patient(user=make.user())
    assert make.client_for(owner).get(reverse("patient:edit_details", args=[stranger.code])).status_code == 404


@pytest.mark.parametrize(
    ("language", "named"),
    [
        ("en-au", "(Melbourne time)"),
        ("zh-hans", "（墨尔本时间）"),
        ("vi", "(giờ Melbourne)"),
        ("ar", "(بتوقيت ملبورن)"),
    ],
)
def test_what_costs_money_after_a_time_says_by_whose_clock(appointment, owner, language, named):
    """On the pages and in the mails: as the session's own time, and beside each deadline once more."""
    spoken = "" if language == "en-au" else language
    type(owner).objects.update(language=spoken)
    type(appointment.patient).objects.update(language=spoken)
    with translation.override(language):
        detail, cancel = (reverse(f"patient:{name}", args=[appointment.code]) for name in ("appointment", "cancel"))
    client = make.client_for(owner)
    for path in (detail, cancel):
        assert text(client.get(path)).count(named) == 2, path
    with time_machine.travel(STARTS - timedelta(hours=10), tick=False):
        client = make.client_for(owner)
        late = client.get(cancel)
        assert text(late).count(named) == 2
        client.post(cancel, hidden(late))
    body = Notice.objects.get(template="appointment_cancelled").text
    assert body.count(named) == 2
    assert [line for line in body.splitlines() if "110" in line and named in line]


def test_a_late_cancel_says_who_decides_on_its_fee_and_where_one_will_see_it(appointment, owner):
    url = reverse("patient:cancel", args=[appointment.code])
    with time_machine.travel(STARTS - timedelta(hours=10), tick=False):
        client = make.client_for(owner)
        client.post(url, hidden(client.get(url)))
        page = client.get(reverse("patient:appointment", args=[appointment.code]))
    assert f"so a fee of $110.00 may apply. {DECIDES}" in text(page)
    notice = Notice.objects.get(template="appointment_cancelled")
    assert f"A fee of $110.00 may apply. {DECIDES}" in " ".join(notice.text.split())
    assert DECIDES in notice.html


def test_who_cares_for_several_sees_whose_each_session_is(appointment, owner):
    client = make.client_for(owner)
    later = make.appointment(
        patient=appointment.patient,
        psychologist=appointment.psychologist,
        location=appointment.location,
        starts_at=STARTS + timedelta(days=7),
    )
    assert f"for {later.patient.name}" not in text(client.get("/my/"))
    child = make.carer(user=owner).patient
    Appointment.objects.filter(pk=later.pk).update(patient=child)
    after = text(client.get("/my/")).partition("After that")[2]
    assert f"{appointment.psychologist.name} · for {child.name} " in after


def test_a_session_to_come_that_is_cancelled_stands_under_a_heading_that_says_so(appointment, owner):
    client, url = make.client_for(owner), reverse("patient:cancel", args=[appointment.code])
    client.post(url, hidden(client.get(url)))
    before, _heading, after = text(client.get("/my/appointments/")).partition("Past and cancelled")
    assert "Cancelled" not in before
    assert "1 Dec 2026" in after
    assert "Cancelled" in after


@pytest.mark.parametrize(("postcode", "odd"), [("9999", True), ("3056", False)])
def test_a_postcode_of_another_state_is_saved_and_said(owner, postcode, odd):
    patient = make.patient(user=owner)
    client, url = make.client_for(owner), reverse("patient:edit_details", args=[patient.code])
    sent = {"suburb": "Brunswick", "state": "VIC", "postcode": postcode}
    page = text(client.send(url, sent, follow=True))
    assert "Your changes are saved." in page
    assert ("Postcode: This postcode is usually in another state. Check it" in page) is odd
    patient.refresh_from_db()
    assert patient.postcode == postcode
