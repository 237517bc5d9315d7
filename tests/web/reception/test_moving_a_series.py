"""Several sessions of a series moved together: all or none, over each other's times, with what was moved alone left."""

import html
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse
from icalendar import Calendar

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Every, Pattern
from portal.appointments.series_forms import stamp
from portal.audit.models import Entry
from portal.clinic.models import Location, Mode
from portal.notifications.models import Notice
from portal.notifications.outbox import attachments_of
from portal.web.calendars.refused import why_not
from tests import make
from tests.pages import decided, forms_in, sent_by

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2026, 9, 7, 2, 0, tzinfo=UTC)
WEEK, HOUR = timedelta(weeks=1), timedelta(hours=1)
# Tuesdays at five in the afternoon; the clocks go forward on 4 October.
FIRST = datetime(2026, 9, 15, 17, 0, tzinfo=MELBOURNE)


def tuesday(n, hour=17):
    return (FIRST.replace(hour=hour) + n * WEEK).astimezone(UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def booked():
    make.clinic(slot_step_minutes=30)
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, starts="09:00", ends="19:00")
    terms = Terms(psychologist, make.patient(), service, Mode.IN_PERSON, place)
    pattern = Pattern(Every.WEEKS, 1, FIRST.date(), count=5)
    wishes = [Wish(tuesday(n), tuesday(n)) for n in range(5)]
    return book_series(terms=terms, pattern=pattern, wishes=wishes, by=make.actor(), now=NOW)


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def page_of(session):
    return reverse("reception:move_series", args=[session.code])


def proposed(desk, session, *, day, at, which="following"):
    return desk.get(page_of(session), {"day": day, "at": at, "which": which})


def starts():
    own = Appointment.objects.filter(series__isnull=False)
    return list(own.order_by("position").values_list("starts_at", flat=True))


def test_this_and_the_following_go_to_another_time_on_the_wall_clock(desk, booked):
    page = proposed(desk, booked[1], day="22/09/2026", at="3:00 pm")
    answer = desk.post(page_of(booked[1]), sent(page))
    assert answer.status_code == 302
    assert starts() == [tuesday(0), *(tuesday(n, hour=15) for n in range(1, 5))]
    rows = list(Appointment.objects.order_by("position"))
    assert [row.is_moved_alone for row in rows] == [False] * 5
    assert [row.revision for row in rows] == [0, 1, 1, 1, 1]
    assert [notice.template for notice in Notice.objects.all()] == ["series_moved"]
    [(_name, _kind, entries)] = attachments_of(Notice.objects.get())
    events = Calendar.from_ical(entries).walk("VEVENT")
    assert {str(event["uid"]).split("@")[0]: event["sequence"] for event in events} == {
        str(row.code): 1 for row in rows[1:]
    }
    assert Entry.objects.filter(verb="appointment.rescheduled").count() == 4


def sent(page):
    """What the form that moves sends."""
    (form,) = [one for one in forms_in(page) if any(name.endswith("-take") for name in one.fields)]
    return sent_by(form)


@pytest.mark.parametrize("days", [7, -7, 14])
def test_all_by_whole_weeks_over_each_others_times(desk, booked, days):
    day = (FIRST + timedelta(days=days)).date()
    page = proposed(desk, booked[0], day=f"{day:%d/%m/%Y}", at="5:00 pm", which="all")
    assert desk.post(page_of(booked[0]), sent(page)).status_code == 302
    assert starts() == [tuesday(n + days // 7) for n in range(5)]


def test_what_was_moved_alone_stays(desk, booked):
    actions.reschedule(appointment=booked[2], starts_at=tuesday(2, hour=10), by=make.actor(), now=NOW)
    page = proposed(desk, booked[0], day="16/09/2026", at="5:00 pm", which="all")
    text = html.unescape(page.content.decode())
    assert "These stay as they are" in text
    desk.post(page_of(booked[0]), sent(page))
    wednesday = [tuesday(n) + timedelta(days=1) for n in range(5)]
    assert starts() == [*wednesday[:2], tuesday(2, hour=10), *wednesday[3:]]


def test_a_clash_takes_the_nearest_or_is_left_where_it_is(desk, booked):
    taken = [tuesday(n, hour=15) for n in (2, 3)]
    for at in taken:
        make.appointment(psychologist=booked[0].psychologist, service=booked[0].service, starts_at=at)
    page = proposed(desk, booked[1], day="22/09/2026", at="3:00 pm")
    form = sent(page) | decided(page) | {"s4-take": "skip"}
    assert desk.post(page_of(booked[1]), form).status_code == 302
    assert starts() == [tuesday(0), tuesday(1, 15), tuesday(2, 14), tuesday(3), tuesday(4, 15)]
    third, fourth = Appointment.objects.filter(position__in=(3, 4)).order_by("position")
    assert (third.planned_at, third.is_moved_alone) == (taken[0], True)
    assert (fourth.revision, fourth.is_moved_alone) == (0, False)


def test_after_another_time_was_taken_the_others_keep_their_own_week(desk, booked):
    """Its plan is a Friday that was not free, it stands on a Wednesday, and the others are still on Tuesdays."""
    friday, wednesday = (tuesday(0) + timedelta(days=days) for days in (3, 1))
    Appointment.objects.filter(pk=booked[0].pk).update(starts_at=wednesday, planned_at=friday, **whole(wednesday))
    page = proposed(desk, booked[0], day="17/09/2026", at="5:00 pm", which="all")
    assert desk.post(page_of(booked[0]), sent(page)).status_code == 302
    assert starts() == [tuesday(n) + timedelta(days=2) for n in range(5)]


def whole(starts_at):
    ends_at = starts_at + timedelta(minutes=50)
    return {"ends_at": ends_at, "occupied_from": starts_at, "occupied_until": ends_at + timedelta(minutes=10)}


def test_what_is_there_already_stays_and_is_not_told_of(desk, booked):
    """The first comes back to the Tuesday of its week, where the others are."""
    actions.reschedule(appointment=booked[0], starts_at=tuesday(0) + timedelta(days=1), by=make.actor(), now=NOW)
    page = proposed(desk, booked[0], day="15/09/2026", at="5:00 pm", which="all")
    assert "These stay as they are" in html.unescape(page.content.decode())
    answer = desk.post(page_of(booked[0]), sent(page), follow=True)
    assert "1 session is moved." in html.unescape(answer.content.decode())
    assert starts() == [tuesday(n) for n in range(5)]
    assert list(Appointment.objects.order_by("position").values_list("revision", flat=True)) == [2, 0, 0, 0, 0]


def test_the_time_that_it_has_is_not_proposed(desk, booked):
    """Half past five is taken, and five is the nearest: it is there."""
    taken = tuesday(4, hour=18)
    make.appointment(psychologist=booked[4].psychologist, service=booked[4].service, starts_at=taken)
    page = proposed(desk, booked[4], day="13/10/2026", at="5:30 pm")
    assert decided(page)["s5-take"] == stamp(tuesday(4, hour=16) + HOUR / 2)


def test_what_was_taken_meanwhile_moves_nothing(desk, booked):
    page = proposed(desk, booked[1], day="22/09/2026", at="3:00 pm")
    make.appointment(psychologist=booked[0].psychologist, service=booked[0].service, starts_at=tuesday(4, hour=15))
    answer = desk.post(page_of(booked[1]), sent(page))
    assert (answer.status_code, starts()) == (409, [tuesday(n) for n in range(5)])


def test_an_old_page_moves_nothing(desk, booked):
    page = proposed(desk, booked[1], day="22/09/2026", at="3:00 pm")
    actions.reschedule(appointment=booked[4], starts_at=tuesday(4, hour=12), by=make.actor(), now=NOW)
    Appointment.objects.filter(pk=booked[3].pk).update(revision=3)
    answer = desk.post(page_of(booked[1]), sent(page))
    assert (answer.status_code, answer.url) == (302, page_of(booked[1]))
    assert starts() == [*(tuesday(n) for n in range(4)), tuesday(4, hour=12)]


def test_a_day_or_time_that_is_none_is_asked_again(desk, booked):
    assert proposed(desk, booked[1], day="31/02/2026", at="3:00 pm").status_code == 422
    alone = make.appointment(patient=booked[0].patient)
    assert desk.get(page_of(alone)).status_code == 404


def test_somebody_else_takes_the_rest_of_the_series(desk, booked):
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=booked[0].location, starts="09:00", ends="19:00")
    says = {"day": "29/09/2026", "at": "5:00 pm", "which": "following", "psychologist": colleague.slug}
    make.appointment(psychologist=colleague, service=booked[0].service, starts_at=tuesday(3))
    page = desk.get(page_of(booked[2]), says)
    assert f"{colleague.name} has another session at this time." in html.unescape(page.content.decode())
    assert desk.post(page_of(booked[2]), sent(page) | decided(page)).status_code == 302
    rows = list(Appointment.objects.filter(series__isnull=False).order_by("position"))
    assert [row.psychologist for row in rows] == [booked[0].psychologist] * 2 + [colleague] * 3
    assert [row.is_moved_alone for row in rows] == [False, False, False, True, False]
    [notice] = Notice.objects.all()
    assert colleague.name in notice.text
    assert booked[0].psychologist.name not in notice.text


def test_a_way_that_is_not_given_is_refused_in_words(desk, booked):
    colleague = make.psychologist(video=False)
    make.week(psychologist=colleague, location=booked[0].location, starts="09:00", ends="19:00")
    says = {"day": "29/09/2026", "at": "5:00 pm", "which": "all", "psychologist": colleague.slug, "mode": "video"}
    page = desk.get(page_of(booked[2]), says)
    assert page.status_code == 409
    assert why_not("mode") in html.unescape(page.content.decode())
    assert not [one for one in forms_in(page) if any(name.endswith("-take") for name in one.fields)]
    answer = desk.post(page_of(booked[2]), says | {"s3-take": "all_the_same"})
    assert answer.status_code == 409
    assert set(Appointment.objects.values_list("mode", flat=True)) == {"in_person"}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_of_another_age_is_refused_in_words(desk, booked, day):
    said = {"day": day, "at": "12:00", "which": "following"}
    for answer in (desk.get(page_of(booked[1]), said), desk.post(page_of(booked[1]), said)):
        assert answer.status_code == 422
        assert "Check the year." in html.unescape(answer.content.decode())


def test_each_reason_why_a_time_is_not_free_is_named(desk, booked):
    # The eve of the Grand Final is a public holiday, and at eight in the evening nobody works.
    Location.objects.update(works_on_holidays=False)
    text = html.unescape(proposed(desk, booked[2], day="25/09/2026", at="8:00 pm").content.decode())
    holiday, hours = "That day is a public holiday.", "Nothing is offered at this time on that day."
    assert 0 < text.index(holiday) < text.index(hours)
    # Each can be overruled, and so both together.
    assert "Move it there all the same" in text


def monthly(first, count=5):
    """Sessions of one patient on the same weekday of each month, from this day on at five."""
    make.clinic(slot_step_minutes=30)
    place, service = make.location(works_on_holidays=True), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, starts="09:00", ends="19:00")
    pattern = Pattern(Every.MONTH_WEEKDAY, 1, first.date(), count=count)
    times = [first.replace(month=day.month, day=day.day).astimezone(UTC) for day in pattern.days()]
    return book_series(
        terms=Terms(psychologist, make.patient(), service, Mode.IN_PERSON, place),
        pattern=pattern,
        wishes=[Wish(time, time) for time in times],
        by=make.actor(),
        now=NOW,
    )


def test_second_tuesdays_become_second_wednesdays_on_the_wall_clock(desk):
    """Two days before the clocks go forward, and after."""
    booked = monthly(datetime(2026, 9, 8, 17, 0, tzinfo=MELBOURNE), count=4)
    page = proposed(desk, booked[1], day="14/10/2026", at="3:00 pm", which="all")
    words = html.unescape(page.content.decode())
    assert "The others go to the second Wednesday of their month too, at the same time of day." in words
    assert desk.post(page_of(booked[1]), sent(page)).status_code == 302
    there = [(9, 9), (10, 14), (11, 11), (12, 9)]
    assert starts() == [datetime(2026, *day, 15, 0, tzinfo=MELBOURNE).astimezone(UTC) for day in there]
    assert not any(row.is_moved_alone for row in Appointment.objects.all())


def test_the_page_says_from_where_they_are_counted_after_one_was_moved_alone(desk, booked):
    actions.reschedule(appointment=booked[1], starts_at=tuesday(1) + timedelta(days=2), by=make.actor(), now=NOW)
    page = proposed(desk, booked[1], day="23/09/2026", at="5:00 pm")
    words = html.unescape(page.content.decode())
    assert "The others are counted from the day on which it is now." in words
    assert "The others go to a Wednesday too, at the same time of day, as many weeks apart as now." in words
    assert desk.post(page_of(booked[1]), sent(page)).status_code == 302
    assert starts() == [tuesday(0), *(tuesday(n) + timedelta(days=1) for n in range(1, 5))]


def test_one_that_has_another_hour_on_its_own_day_needs_no_words(desk, booked):
    actions.reschedule(appointment=booked[1], starts_at=tuesday(1, hour=10), by=make.actor(), now=NOW)
    words = html.unescape(proposed(desk, booked[1], day="23/09/2026", at="5:00 pm").content.decode())
    assert "The others go to a Wednesday too" in words
    assert "not on its own day" not in words


def test_where_two_would_meet_the_page_counts_from_the_day_in_the_series(desk, booked):
    actions.reschedule(appointment=booked[1], starts_at=tuesday(2) - timedelta(days=1), by=make.actor(), now=NOW)
    page = proposed(desk, booked[1], day="30/09/2026", at="5:00 pm")
    words = html.unescape(page.content.decode())
    assert "This one is not on its own day in the series, Tuesday 22 September." in words
    assert desk.post(page_of(booked[1]), sent(page)).status_code == 302
    # Each is a week and a day later, at five on the clock: the last three after the clocks went forward.
    wednesdays = [(FIRST + n * WEEK + timedelta(days=8)).astimezone(UTC) for n in range(1, 5)]
    assert starts() == [tuesday(0), *wednesdays]


def test_one_that_goes_alone_says_nothing_of_others(desk, booked):
    page = proposed(desk, booked[4], day="14/10/2026", at="5:00 pm")
    assert "The others go" not in html.unescape(page.content.decode())


@pytest.mark.parametrize(
    ("own", "agreed", "said"),
    [
        ("220.00", ["220.00"], "The fee of each stays $220.00, as agreed with the patient. It is {}'s own fee too."),
        ("250.00", ["220.00"], "The fee of each stays $220.00, as agreed with the patient. {}'s own fee is $250.00."),
        (
            "250.00",
            ["250.00", "180.00"],
            "Each keeps the fee that was agreed with the patient, from $180.00 to $250.00. {}'s own fee is $250.00.",
        ),
    ],
)
def test_which_fee_holds_with_somebody_else_is_said_before_they_move(desk, booked, own, agreed, said):
    colleague = make.psychologist()
    make.own_fee(colleague, booked[0].service, own)
    make.week(psychologist=colleague, location=booked[0].location, starts="09:00", ends="19:00")
    for n, session in enumerate(booked):
        Appointment.objects.filter(pk=session.pk).update(fee=Decimal(agreed[n % len(agreed)]))
    says = {"day": "15/09/2026", "at": "5:00 pm", "which": "all"}
    page = desk.get(page_of(booked[0]), says | {"psychologist": colleague.slug})
    assert said.format(colleague.name) in html.unescape(page.content.decode())
    before = {row.pk: row.fee for row in Appointment.objects.all()}
    assert desk.post(page_of(booked[0]), sent(page)).status_code == 302
    assert {row.pk: row.fee for row in Appointment.objects.filter(psychologist=colleague)} == before
    # Among their own times nothing is said of fees.
    assert "as agreed with the patient" not in html.unescape(desk.get(page_of(booked[0]), says).content.decode())


@pytest.mark.parametrize(
    "typed",
    [{"at": "4:00 pm"}, {"day": "23/09/2026"}, {"which": "all"}, {"mode": "video"}],
    ids=lambda t: next(iter(t)),
)
def test_nothing_is_moved_to_where_the_list_did_not_show(desk, booked, typed):
    """Somebody types another time and presses at once: nothing moves, neither there nor where the list had it."""
    stood = starts()
    page = proposed(desk, booked[1], day="22/09/2026", at="3:00 pm")
    answer = desk.post(page_of(booked[1]), sent(page) | typed)
    assert (answer.status_code, starts()) == (409, stood)
    assert "Nothing is moved yet: what is chosen above was changed." in html.unescape(answer.content.decode())
    shown = sent(answer)
    assert {name: shown[name] for name in typed} == {name: [value] for name, value in typed.items()}
    assert desk.post(page_of(booked[1]), shown).status_code == 302
    assert starts() != stood


def test_the_times_are_shown_without_script_from_the_form_that_moves_them(desk, booked):
    page = proposed(desk, booked[1], day="22/09/2026", at="3:00 pm")
    answer = desk.post(page_of(booked[1]), sent(page) | {"at": "4:00 pm", "show": "yes"})
    assert answer.status_code == 302
    assert sent(desk.get(answer.url))["at"] == ["4:00 pm"]
    assert starts() == [tuesday(n) for n in range(5)]
