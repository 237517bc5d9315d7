"""A psychologist moves or calls off several sessions of a series with their own patient."""

import html
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.models import User
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import Appointment, CancelReason
from portal.appointments.recurrence import Every, Pattern
from portal.clinic.models import Mode
from portal.notifications.models import Notice
from tests import make
from tests.pages import form_with, forms_in, sent_by

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
NOW = datetime(2026, 9, 7, 2, 0, tzinfo=UTC)
# Tuesdays at five; the clocks go forward on 4 October, between the third and the fourth.
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
    make.clinic(slot_step_minutes=30)
    place, service = make.location(), make.service(minutes=50, buffer_after=10)
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place, starts="09:00", ends="19:00")
    return book_series(
        terms=Terms(psychologist, make.patient(), service, Mode.IN_PERSON, place),
        pattern=Pattern(Every.WEEKS, 1, FIRST.date(), count=5),
        wishes=[Wish(tuesday(n), tuesday(n)) for n in range(5)],
        by=make.actor(),
        now=NOW,
    )


@pytest.fixture
def own(booked):
    return make.client_for(User.objects.get(pk=booked[0].psychologist.user_id))


def page_of(session, what="move"):
    return reverse(f"psychologist:{what}_series", args=[session.code])


def sent(page):
    (form,) = [one for one in forms_in(page) if any(name.endswith("-take") for name in one.fields)]
    return sent_by(form)


def starts():
    own = Appointment.objects.filter(series__isnull=False)
    return list(own.order_by("position").values_list("starts_at", flat=True))


def test_their_page_leads_to_it_and_it_moves_over_the_change_of_clocks(own, booked):
    patient = reverse("psychologist:patient", args=[booked[0].patient.code])
    assert page_of(booked[2]) in own.get(patient).content.decode()
    page = own.get(page_of(booked[2]), {"day": "30/09/2026", "at": "10:00 am", "which": "following"})
    answer = own.post(page_of(booked[2]), sent(page))
    assert (answer.status_code, answer.url) == (302, patient)
    wednesday = [tuesday(n, 10) + timedelta(days=1) for n in range(5)]
    assert starts() == [tuesday(0), tuesday(1), *wednesday[2:]]
    assert {row.local_start.hour for row in Appointment.objects.filter(position__gte=3)} == {10}
    assert [notice.template for notice in Notice.objects.all()] == ["series_moved"]


def test_by_video_from_now_on(own, booked):
    page = own.get(page_of(booked[1]), {"day": "22/09/2026", "at": "5:00 pm", "which": "following", "mode": "video"})
    assert own.post(page_of(booked[1]), sent(page)).status_code == 302
    rows = Appointment.objects.order_by("position")
    assert [row.mode for row in rows] == ["in_person", *["video"] * 4]
    assert starts() == [tuesday(n) for n in range(5)]
    assert [row.revision for row in rows] == [0, 1, 1, 1, 1]


def test_they_call_several_off_and_it_is_never_late(booked):
    with time_machine.travel(tuesday(0) - timedelta(hours=1), tick=False):
        own = make.client_for(User.objects.get(pk=booked[0].psychologist.user_id))
        page = own.get(page_of(booked[0], "cancel"), {"which": "all"})
        says = form_with(page, "session") | {"reason": CancelReason.PSYCHOLOGIST}
        answer = own.post(page_of(booked[0], "cancel"), says)
    assert answer.status_code == 302, html.unescape(answer.content.decode())
    assert set(Appointment.objects.values_list("status", "late")) == {("cancelled", False)}


def test_nobody_elses_series_and_no_other_diary(own, booked):
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=booked[0].location)
    stranger = make.client_for(colleague.user)
    for what in ("move", "cancel"):
        assert stranger.get(page_of(booked[0], what)).status_code == 404
        assert make.client_for(make.user()).get(page_of(booked[0], what)).status_code == 403
    says = {"day": "22/09/2026", "at": "10:00 am", "which": "following", "psychologist": colleague.slug}
    page = own.get(page_of(booked[1]), says)
    assert own.post(page_of(booked[1]), sent(page) | {"psychologist": colleague.slug}).status_code == 302
    assert set(Appointment.objects.values_list("psychologist", flat=True)) == {booked[0].psychologist.pk}


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_of_another_age_is_refused_in_words(own, booked, day):
    said = {"day": day, "at": "12:00", "which": "following"}
    for answer in (own.get(page_of(booked[1]), said), own.post(page_of(booked[1]), said)):
        assert answer.status_code == 422
        assert "Check the year." in html.unescape(answer.content.decode())
