"""Repeating a session at the desk: times proposed, clashes settled one by one, and all of it booked or nothing."""

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from icalendar import Calendar

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment, CancelReason, Series
from portal.common.languages.times import when, when_short
from portal.notifications.models import Notice
from portal.notifications.outbox import attachments_of
from tests import make
from tests.pages import decided, form_with

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2026, 9, 7, 2, 0, tzinfo=UTC)
# A Tuesday at five in the afternoon; the clocks go forward on 4 October.
TUESDAY_FIVE = datetime(2026, 9, 15, 17, 0, tzinfo=MELBOURNE).astimezone(UTC)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def session():
    make.clinic(slot_step_minutes=30)
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, starts="09:00", ends="19:00")
    return make.appointment(
        psychologist=psychologist, service=service, location=place, starts_at=TUESDAY_FIVE, patient=make.patient()
    )


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def page_of(session):
    return reverse("reception:repeat", args=[session.code])


def proposed(desk, session, **query):
    return desk.get(page_of(session), {"repeat": "weekly", "count": "5"} | query)


def sent(response, **says):
    """What the form that books sends, as the page stands."""
    return form_with(response, "once") | says


def words(response):
    return html.unescape(response.content.decode())


def five_oclock(n):
    return (TUESDAY_FIVE.astimezone(MELBOURNE) + n * WEEK).astimezone(UTC)


def test_a_weekly_series_stays_at_five_when_the_clocks_change(desk, session):
    page = proposed(desk, session)
    assert page.status_code == 200
    answer = desk.post(page_of(session), sent(page))
    assert answer.status_code == 302, html.unescape(answer.content.decode())
    rows = list(Appointment.objects.order_by("position"))
    assert [row.starts_at for row in rows] == [five_oclock(n) for n in range(5)]
    assert {row.local_start.hour for row in rows} == {17}
    assert len({row.starts_at.hour for row in rows}) == 2
    assert [row.of_series for row in Appointment.objects.for_lists().order_by("position")] == [
        f"{n} of 5" for n in range(1, 6)
    ]


def test_a_series_is_carried_on_after_the_last_that_takes_place(desk, session):
    """Else each time that is proposed would be one that the series has already."""
    desk.post(page_of(session), sent(proposed(desk, session)))
    rows = list(Appointment.objects.order_by("starts_at"))
    actions.cancel(appointment=rows[4], reason=CancelReason.CLINIC, by=make.actor(), now=NOW)
    assert desk.get(page_of(rows[0])).url == page_of(rows[3])
    assert desk.get(page_of(rows[3])).status_code == 200
    psychologist = make.client_for(session.psychologist.user)
    answer = psychologist.get(reverse("psychologist:repeat", args=[rows[1].code]))
    assert answer.url == reverse("psychologist:repeat", args=[rows[3].code])


def test_one_notice_with_an_entry_for_each(desk, session):
    desk.post(page_of(session), sent(proposed(desk, session)))
    notice = Notice.objects.get()
    assert (notice.template, notice.to) == ("series_booked", session.patient.email)
    [(name, kind, entries)] = attachments_of(notice)
    assert (name, kind) == ("appointments.ics", "text/calendar; method=PUBLISH")
    events = Calendar.from_ical(entries).walk("VEVENT")
    booked = list(Appointment.objects.exclude(pk=session.pk).order_by("position"))
    assert [str(event["uid"]).split("@")[0] for event in events] == [str(row.code) for row in booked]
    assert [event["dtstart"].dt for event in events] == [row.starts_at for row in booked]
    assert "2 of 5: Tuesday 22 September 2026, 5:00 pm" in notice.text.replace("\u202f", " ")


def test_a_clash_is_named_with_the_nearest_free_time_and_somebody_decides(desk, session):
    taken = five_oclock(2)
    make.appointment(psychologist=session.psychologist, service=session.service, starts_at=taken)
    page = proposed(desk, session)
    text = html.unescape(page.content.decode())
    assert f"{session.psychologist.name} has another session at this time." in text
    # It asks; sent without an answer, nothing is booked.
    undecided = desk.post(page_of(session), sent(page))
    assert undecided.status_code == 409
    # Which one it is about is said, and no other.
    said = f"Nothing was booked. Not decided yet: {when_short(taken, MELBOURNE)}. Choose what happens then.</p>"
    assert said in words(undecided)
    told = desk.post(page_of(session), sent(page, **decided(page)), follow=True)
    row = Appointment.objects.get(position=3)
    assert row.starts_at == taken - timedelta(hours=1)
    assert f"Not at the usual time: {when(row.starts_at, row.zone)}." in html.unescape(told.content.decode())
    assert (row.planned_at, row.is_moved_alone) == (taken, True)


def test_a_time_may_be_skipped_or_another_typed(desk, session):
    page = proposed(desk, session)
    second, third = (f"{five_oclock(n).astimezone(MELBOURNE):%Y-%m-%d}" for n in (1, 2))
    says = {f"{second}-take": "skip", f"{third}-take": "other", f"{third}-day": "30/09/2026", f"{third}-at": "10:00 am"}
    answer = desk.post(page_of(session), sent(page, **says))
    assert answer.status_code == 302
    rows = list(Appointment.objects.order_by("position"))
    assert [row.position for row in rows] == [1, 2, 3, 4]
    assert rows[1].local_start == datetime(2026, 9, 30, 10, 0, tzinfo=MELBOURNE)
    assert Series.objects.get().sessions == 4


def test_what_was_taken_meanwhile_leaves_nothing_booked_and_is_said(desk, session):
    page = proposed(desk, session)
    make.appointment(psychologist=session.psychologist, service=session.service, starts_at=five_oclock(3))
    answer = desk.post(page_of(session), sent(page))
    assert answer.status_code == 409
    assert "Nothing was booked" in html.unescape(answer.content.decode())
    assert not Series.objects.exists()
    # What the page offers now can be booked.
    assert desk.post(page_of(session), sent(answer, **decided(answer))).status_code == 302
    assert Series.objects.get().sessions == 5


@pytest.mark.parametrize(
    "says",
    [
        {"take": "other"},
        {"take": "other", "day": "30/09/2026"},
        {"take": "other", "day": "4/10/2026", "at": "2:30 am"},
        {"take": "rubbish"},
        {"take": "2026-13-45T00:00Z"},
    ],
)
def test_what_is_missing_is_asked_and_nothing_booked(desk, session, says):
    page = proposed(desk, session)
    key = f"{five_oclock(1).astimezone(MELBOURNE):%Y-%m-%d}"
    answer = desk.post(page_of(session), sent(page, **{f"{key}-{name}": value for name, value in says.items()}))
    assert answer.status_code == 422
    assert Appointment.objects.count() == 1


def test_outside_the_hours_is_booked_only_when_somebody_says_so(desk, session):
    make.time_slot(psychologist=session.psychologist, starts_at=five_oclock(1), minutes=60)
    early = session.starts_at - timedelta(hours=9)
    Appointment.objects.filter(pk=session.pk).update(
        starts_at=early,
        ends_at=early + timedelta(minutes=50),
        occupied_from=early,
        occupied_until=early + timedelta(hours=1),
    )
    page = proposed(desk, session, count="2")
    assert "Nothing is offered at this time on that day." in html.unescape(page.content.decode())
    key = re.search(r'name="([\d-]+)-take"', page.content.decode())[1]
    assert desk.post(page_of(session), sent(page, **{f"{key}-take": "planned"})).status_code == 409
    assert desk.post(page_of(session), sent(page, **{f"{key}-take": "all_the_same"})).status_code == 302
    assert Appointment.objects.get(position=2).local_start.hour == 8


def test_months_without_the_day_are_said(desk, session):
    at = datetime(2026, 10, 30, 17, 0, tzinfo=MELBOURNE).astimezone(UTC)
    Appointment.objects.filter(pk=session.pk).update(
        starts_at=at,
        ends_at=at + timedelta(minutes=50),
        occupied_from=at,
        occupied_until=at + timedelta(hours=1),
    )
    page = proposed(desk, session, repeat="month_date", count="6")
    text = html.unescape(page.content.decode())
    assert "These months have no such day, and so no session: February 2027" in text


@pytest.mark.parametrize(
    "query",
    [{"repeat": "daily"}, {"count": "1"}, {"count": "53"}, {"until": "1/1/2020"}, {"repeat": "weeks", "weeks": ""}],
)
def test_a_pattern_that_says_nothing_proposes_nothing(desk, session, query):
    page = proposed(desk, session, **query)
    assert page.status_code == 422
    assert "Book these sessions" not in page.content.decode()


def test_a_cancelled_session_is_not_repeated(desk, session):
    cancelled = make.appointment(status="cancelled")
    answer = desk.get(page_of(cancelled))
    assert (answer.status_code, answer.url) == (302, reverse("reception:appointment", args=[cancelled.code]))


HTMX = {"HX-Request": "true", "HX-Target": "series-times"}


def test_what_is_changed_in_the_form_brings_the_times_without_the_form(desk, session):
    answer = desk.get(page_of(session), {"repeat": "weekly", "count": "3"}, headers=HTMX)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert text.strip().startswith('<div id="series-times" data-keeps>')
    assert (text.count("drawn_for"), text.count("<form"), text.count('-take"')) == (1, 0, 2 * 3)
    assert "HX-Retarget" not in answer
    assert "HX-Target" in answer["Vary"]


def test_a_form_that_is_wrong_comes_with_what_is_wrong(desk, session):
    answer = desk.get(page_of(session), {"repeat": "weekly", "count": "1"}, headers=HTMX)
    text = answer.content.decode()
    assert (answer.status_code, answer["HX-Retarget"]) == (422, "#series")
    assert text.strip().startswith('<div id="series">')
    # Put right, it is drawn anew once more, without what was wrong.
    assert 'data-hx-target="#series"' in text
    assert 'data-hx-target="#series-times"' in desk.get(page_of(session)).content.decode()


OTHER = [
    {"count": "2"},
    {"until": "2026-09-23"},
    {"repeat": "fortnightly"},
    {"repeat": "weeks", "weeks": "4"},
    {"drawn_for": "weekly"},
]


@pytest.mark.parametrize("typed", OTHER, ids=lambda typed: next(iter(typed)))
def test_what_is_typed_over_the_list_is_shown_before_it_is_booked(desk, session, typed):
    """Somebody types another number and presses at once: what they have not seen is not booked."""
    page = desk.get(page_of(session), {"repeat": "weekly", "count": "6"})
    answer = desk.post(page_of(session), form_with(page, "once") | typed)
    assert (answer.status_code, Series.objects.count()) == (409, 0)
    assert "Nothing is booked yet: what is chosen above was changed." in answer.content.decode()
    kept = {name: value for name, value in typed.items() if name != "drawn_for"}
    now_asked = {"repeat": "weekly", "count": "6"} | kept
    shown = form_with(answer, "once")
    assert {name: shown[name][0] for name in now_asked} == now_asked
    listed = len([name for name in shown if name.endswith("-take")])
    assert desk.post(page_of(session), shown).status_code == 302
    assert Appointment.objects.filter(series__isnull=False).count() == listed + 1


def test_the_times_are_shown_without_script_from_the_form_that_books_them(desk, session):
    page = desk.get(page_of(session))
    answer = desk.post(page_of(session), form_with(page, "once") | {"count": "3", "show": "yes"})
    assert answer.status_code == 302
    assert (answer.url.count("count=3"), answer.url.count("once="), Series.objects.count()) == (1, 0, 0)
    shown = form_with(desk.get(answer.url), "once")
    assert len([name for name in shown if name.endswith("-take")]) == 2


def test_from_which_session_on_the_referral_is_used_up_is_said_before_any_is_booked(desk, session):
    """By the ledger: what is booked already, this session and those that are proposed, at one count of statements."""
    make.mbs_items()
    make.referral(patient=session.patient, services=6, written_on=TUESDAY_FIVE.date() - 5 * WEEK)
    make.appointment(
        psychologist=session.psychologist,
        service=session.service,
        patient=session.patient,
        starts_at=TUESDAY_FIVE - timedelta(days=1),
    )
    assert "Medicare: all of these fall within the referral" in words(proposed(desk, session, count="5"))
    with CaptureQueriesContext(connection) as few:
        proposed(desk, session, count="2")
    with CaptureQueriesContext(connection) as many:
        page = proposed(desk, session, count="26")
    assert len(many) == len(few)
    # Two are booked, so four of those that are proposed are paid for: of the series, the second to the fifth.
    assert "Medicare: from session 6 on (20 Oct 2026), the referral on file is used up." in words(page)
    # With another letter the year ends it; the next year's are paid for again, as far as the letters go.
    make.referral(patient=session.patient, services=6, written_on=TUESDAY_FIVE.date() - 4 * WEEK)
    said = words(proposed(desk, session, count="26"))
    assert "from session 10 on (17 Nov 2026), the year's 10 services are used. It pays again" in said
    assert "from session 19 on (19 Jan 2027), the referral on file is used up." in said
    # What an insurer pays takes nothing of it.
    make.patient_payer(patient=session.patient, payer=make.payer(kind="insurer"))
    assert "Medicare:" not in words(proposed(desk, session))
