"""A patient moves several sessions of a series: in good time, to times that are offered, all of them or none."""

import html
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Every, Pattern
from portal.clinic.models import Mode
from portal.notifications.models import Notice
from tests import make
from tests.pages import forms_in, sent_by

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
# The first is inside the day in which it can't be moved online any more.
NOW = datetime(2026, 9, 14, 22, 0, tzinfo=UTC)
FIRST = datetime(2026, 9, 15, 17, 0, tzinfo=MELBOURNE)
WEEK = timedelta(weeks=1)


def tuesday(n, hour=17):
    return (FIRST.replace(hour=hour) + n * WEEK).astimezone(UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def booked():
    make.clinic(slot_step_minutes=30, cancel_hours=24, grace_minutes=0, horizon_days=84)
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, starts="09:00", ends="19:00")
    return book_series(
        terms=Terms(psychologist, make.patient(user=make.user()), service, Mode.IN_PERSON, place),
        pattern=Pattern(Every.WEEKS, 1, FIRST.date(), count=5),
        wishes=[Wish(tuesday(n), tuesday(n)) for n in range(5)],
        by=make.actor(),
        now=NOW - timedelta(days=30),
    )


@pytest.fixture
def client(booked):
    return make.client_for(booked[0].patient.user)


def page_of(session):
    return reverse("patient:move_series", args=[session.code])


def proposed(client, session, *, day, at="3:00 pm", which="following"):
    return client.get(page_of(session), {"day": day, "at": at, "which": which})


def sent(page):
    (form,) = [one for one in forms_in(page) if any(name.endswith("-take") for name in one.fields)]
    return sent_by(form)


def starts():
    return list(
        Appointment.objects.filter(series__isnull=False).order_by("position").values_list("starts_at", flat=True)
    )


def words(response):
    return html.unescape(response.content.decode())


def test_those_in_good_time_move_and_one_that_is_too_near_stays(client, booked):
    assert page_of(booked[1]) in words(client.get(reverse("patient:appointment", args=[booked[1].code])))
    page = proposed(client, booked[1], day="22/09/2026", which="all")
    assert "too late to move here" in words(page)
    answer = client.post(page_of(booked[1]), sent(page))
    assert (answer.status_code, answer.url) == (302, reverse("patient:appointments"))
    assert starts() == [tuesday(0), *(tuesday(n, 15) for n in range(1, 5))]
    assert [notice.template for notice in Notice.objects.all()] == ["series_moved"]
    assert "4 sessions are moved." in words(client.get(answer.url))


def test_what_is_too_near_leads_back_with_words(client, booked):
    answer = client.get(page_of(booked[0]), follow=True)
    assert answer.redirect_chain == [(reverse("patient:appointment", args=[booked[0].code]), 302)]
    assert "This session can no longer be moved here. Please phone us." in words(answer)


def test_a_time_that_is_not_offered_is_never_taken(client, booked):
    page = proposed(client, booked[1], day="22/09/2026", at="7:00 am")
    assert "Nothing is offered at this time on that day." in words(page)
    assert "Move it there all the same" not in words(page)
    says = {key: "all_the_same" if key.endswith("-take") else value for key, value in sent(page).items()}
    answer = client.post(page_of(booked[1]), says)
    assert answer.status_code in {409, 422}
    assert starts() == [tuesday(n) for n in range(5)]


def test_what_was_taken_meanwhile_moves_nothing(client, booked):
    page = proposed(client, booked[1], day="22/09/2026")
    make.appointment(psychologist=booked[0].psychologist, service=booked[0].service, starts_at=tuesday(4, 15))
    answer = client.post(page_of(booked[1]), sent(page))
    assert (answer.status_code, starts()) == (409, [tuesday(n) for n in range(5)])


def test_an_old_page_moves_nothing(client, booked):
    page = proposed(client, booked[1], day="22/09/2026")
    Appointment.objects.filter(pk=booked[3].pk).update(revision=7)
    answer = client.post(page_of(booked[1]), sent(page))
    assert (answer.status_code, answer.url) == (302, page_of(booked[1]))
    assert starts() == [tuesday(n) for n in range(5)]


def test_nobody_moves_what_is_not_theirs(booked):
    others = make.client_for(make.patient(user=make.user()).user)
    assert others.get(page_of(booked[1])).status_code == 404
    assert make.signed_in_client(role="reception").get(page_of(booked[1])).status_code in {403, 404}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1999-12-31", "2101-01-01"])
def test_a_day_of_another_age_is_refused_in_words(client, booked, day):
    answer = proposed(client, booked[1], day=day)
    assert answer.status_code == 422
    assert "Check the year." in words(answer)
    sent_so = {"day": day, "at": "12:00", "which": "following"}
    assert client.post(page_of(booked[1]), sent_so).status_code == 422


@pytest.mark.parametrize(
    "chosen",
    [
        {"take": "0001-01-01T00:00Z"},
        {"take": "9999-12-31T23:59Z"},
        {"take": "other", "day": "9999-12-31", "at": "12:00"},
    ],
)
def test_so_is_one_for_a_single_session_of_it(client, booked, chosen):
    fields = sent(proposed(client, booked[1], day="22/09/2026"))
    key = next(name for name in fields if name.endswith("-take")).removesuffix("take")
    answer = client.post(page_of(booked[1]), fields | {f"{key}{name}": value for name, value in chosen.items()})
    assert answer.status_code == 422
    assert starts() == [tuesday(n) for n in range(5)]
