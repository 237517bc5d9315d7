"""A time that meets a session of one's own: left out of what is offered, and never kept behind a refusal."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from portal.appointments.models import Appointment, Status
from portal.clinic.models import Service
from tests import make
from tests.web.public.held import shown_by

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
ELEVEN = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)  # Tuesday, 11 am there
TIMES, CONFIRM = "/book/session/", "/book/session/confirm/"
WEEK = {"week": "2026-11-30", "day": "2026-12-01", "psychologist": "mai", "mode": "in_person"}
PRESS = {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"}


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def user(db):
    make.clinic()
    make.week(psychologist=make.psychologist(slug="mai"), location=make.location(slug="brunswick"))
    make.service(slug="session", name="Session", minutes=50)
    user = make.user()
    make.patient(user=user, legal_first_name="Noor")
    return user


@pytest.fixture
def own(user):
    """Tuesday at half past eleven, with somebody else."""
    return make.appointment(patient=user.patient, starts_at=ELEVEN + timedelta(minutes=30), minutes=50)


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def link_to(session):
    return f'href="/my/appointments/{session.code}/"'


def offered(page):
    return {free.starts_at for free in page.context["week"].times}


def test_what_meets_a_session_of_their_own_is_left_out_and_said(user, own):
    everybody, theirs = offered(Client().get(TIMES, WEEK)), make.client_for(user).get(TIMES, WEEK)
    gone = everybody - offered(theirs)
    assert gone == {at for at in everybody if at < own.ends_at and at + timedelta(minutes=50) > own.starts_at}
    assert ELEVEN in gone
    assert "Left out, for you have a session then:" in words(theirs)
    assert link_to(own) in theirs.content.decode()
    other_week = make.client_for(user).get(TIMES, WEEK | {"week": "2026-12-07", "day": "2026-12-08"})
    assert "Left out" not in words(other_week)


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.DECLINED, Status.NO_SHOW])
def test_what_does_not_take_place_leaves_nothing_out(user, own, status):
    own.delete()
    make.appointment(patient=user.patient, starts_at=ELEVEN, status=status)
    assert offered(make.client_for(user).get(TIMES, WEEK)) == offered(Client().get(TIMES, WEEK))


def test_what_is_asked_for_counts_too(user, own):
    own.delete()
    make.appointment(patient=user.patient, starts_at=ELEVEN, status=Status.REQUESTED)
    assert ELEVEN not in offered(make.client_for(user).get(TIMES, WEEK))


def test_a_time_that_suits_somebody_else_of_the_account_stays(user, own):
    child = make.carer(user=user).patient
    client = make.client_for(user)
    assert ELEVEN in offered(client.get(TIMES, WEEK))
    # It is kept while they say for whom it is.
    client.post(TIMES, PRESS)
    page = client.get(CONFIRM)
    assert "There is already a session at that time." in words(page)
    assert "We hold this time for you no longer." not in words(page)
    assert client.post(CONFIRM, shown_by(page) | {"who": str(child.code)} | agreed()).status_code == 302
    assert Appointment.objects.get(starts_at=ELEVEN).patient == child
    assert ELEVEN not in offered(client.get(TIMES, WEEK))


def agreed():
    return dict.fromkeys(("agree_privacy", "agree_fees"), "on")


def test_the_refusal_names_the_session_and_keeps_the_time_from_nobody(user, own):
    client = Client()
    client.post(TIMES, PRESS)
    client.force_login(user)
    page = client.get(CONFIRM)
    assert "There is already a session at that time." in words(page)
    assert "We hold this time for you no longer." in words(page)
    assert link_to(own) in page.content.decode()
    assert not Appointment.objects.holds().exists()
    assert 'class="hold"' not in client.get("/").content.decode()
    # Sent all the same it is refused again, and again nothing stays held.
    answer = client.post(CONFIRM, shown_by(page) | {"who": str(user.patient.code)} | agreed())
    assert answer.status_code == 409
    assert link_to(own) in answer.content.decode()
    assert list(Appointment.objects.all()) == [own]
    assert client.get(CONFIRM)["Location"] == TIMES


def test_whoever_has_as_many_as_may_be_booked_reads_it_before_they_choose_a_time(user, own):
    make.clinic(max_open_bookings=2, phone="+61390101234")
    client = make.client_for(user)
    assert client.get(TIMES, WEEK).context["full"] == ""
    make.appointment(patient=user.patient, starts_at=ELEVEN + timedelta(days=7), status=Status.REQUESTED)
    page = client.get(TIMES, WEEK)
    assert "You have as many sessions booked as can be booked online. Please phone us for more." in words(page)
    box = page.content.decode().split('id="full"')[1].split("</div>")[0]
    assert 'href="/my/appointments/"' in box
    assert 'href="tel:+61390101234"' in box
    assert Client().get(TIMES, WEEK).context["full"] == ""
    # Somebody else for whom they book has room.
    make.carer(user=user)
    assert client.get(TIMES, WEEK).context["full"] == ""


def test_only_as_many_of_one_service_may_be_booked(user, own):
    Service.objects.filter(slug="session").update(max_open_bookings=1)
    client = make.client_for(user)
    assert client.get(TIMES, WEEK).context["full"] == ""
    own.service = Service.objects.get(slug="session")
    own.save()
    of_these = "You have as many of these sessions booked as can be booked online. Please phone us for more."
    assert of_these in words(client.get(TIMES, WEEK))
    # What was called off leaves room again.
    own.delete()
    make.appointment(patient=user.patient, service=own.service, starts_at=ELEVEN, status=Status.CANCELLED)
    assert client.get(TIMES, WEEK).context["full"] == ""


def test_somebody_new_whom_they_care_for_still_has_it(user, own):
    client = Client()
    client.post(TIMES, PRESS)
    client.force_login(user)
    child = {"who": "other", "relationship": "parent", "legal_first_name": "Teo", "date_of_birth": "23/4/2015"}
    sent = shown_by(client.get(CONFIRM)) | child | {"phone": "0491 570 006"} | agreed()
    assert client.post(CONFIRM, sent).status_code == 302
    assert Appointment.objects.get(starts_at=ELEVEN).patient.legal_first_name == "Teo"


# ---- Moving ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def moving(user, own):
    mai = type(own.psychologist).objects.get(slug="mai")
    return make.appointment(
        patient=user.patient,
        psychologist=mai,
        location=mai.hours.first().location,
        starts_at=ELEVEN + timedelta(days=1),
        minutes=50,
    )


def test_moving_leaves_out_the_other_session_and_not_the_one_that_moves(user, own, moving):
    page = make.client_for(user).get(f"/my/appointments/{moving.code}/reschedule/", {"week": "2026-11-30"})
    free = offered(page)
    assert ELEVEN not in free
    # Half an hour later overlaps where it stands now.
    assert moving.starts_at + timedelta(minutes=30) in free
    assert link_to(own) in page.content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_moving_onto_the_other_session_says_which_it_is(user, own, moving, method):
    client, page = make.client_for(user), f"/my/appointments/{moving.code}/reschedule/"
    answer = getattr(client, method)(page, {"time": PRESS["time"], "seen": moving.seen_as})
    assert answer.status_code == 409
    assert "There is already a session at that time." in words(answer)
    assert "That time was just taken" not in words(answer)
    assert link_to(own) in answer.content.decode()
    moving.refresh_from_db()
    assert moving.starts_at == ELEVEN + timedelta(days=1)
