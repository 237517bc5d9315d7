"""A session that is booked on request, from the page that says so to the answer that everybody reads."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.appointments.models import Appointment, Status
from portal.clinic.models import HowBooked
from portal.journeys.to_do import tasks
from portal.notifications.models import Notice
from portal.worklist.models import ToDo
from tests import make

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
BY = "Tuesday 24 November 2026, 9:00 am (Melbourne time)"


@pytest.fixture(autouse=True)
def _monday_morning(db):
    make.clinic(answer_hours=24)
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mai():
    mai = make.psychologist(slug="mai")
    make.week(psychologist=mai, location=make.location(slug="brunswick"))
    make.service(slug="session", name="Session", minutes=50, how_booked=HowBooked.ON_REQUEST)
    return mai


@pytest.fixture
def patient(mai):
    return make.patient(user=make.user())


@pytest.fixture
def asked(patient):
    """What the patient asked for at the doors that people use."""
    client = make.client_for(patient.user)
    client.post("/book/session/", {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"})
    page = client.get("/book/session/confirm/")
    assert f"we look at it and answer by {BY}" in words(page)
    assert "Send the request" in words(page)
    source = page.content.decode()
    form = {name: re.search(f'name="{name}" value="([^"]*)"', source)[1] for name in ("hold", "chosen", "shown")}
    answer = client.post("/book/session/confirm/", form | {"who": str(patient.code)}, follow=True)
    assert "Your request is sent: " in words(answer)
    return Appointment.objects.get()


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def main_of(page):
    """The page without what stands on every page."""
    source = page.content.decode()
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", source[source.index("<main") :])).split())


def mails():
    return [(notice.template, notice.subject) for notice in Notice.objects.order_by("pk")]


def answered(client, asked, room="reception/appointments", **form):
    seen = {"seen": form.pop("seen", f"{asked.status}.{asked.revision}")}
    return client.post(f"/{room}/{asked.code}/answer/", seen | form, follow=True)


def test_it_is_said_to_be_asked_for_and_never_to_be_booked(asked, patient):
    client = make.client_for(patient.user)
    for page in ("/my/", "/my/appointments/", f"/my/appointments/{asked.code}/"):
        told = main_of(client.get(page))
        assert "nswer by Tuesday 24 November" in told
        assert "Booked" not in told
        assert "Confirmed" not in told
    notice = Notice.objects.get()
    assert notice.subject.startswith("Asked for, not booked yet: your appointment at")
    assert f"We answer by {BY}" in notice.text
    assert not notice.attachments
    assert client.get(f"/my/appointments/{asked.code}/appointment.ics").status_code == 404


def test_the_desk_confirms_it_and_its_patient_reads_a_confirmation(asked, patient):
    desk = make.client_for(make.staff())
    assert f"/reception/appointments/{asked.code}/answer/" in desk.get("/reception/to-do/").content.decode()
    page = words(desk.get(f"/reception/appointments/{asked.code}/answer/"))
    assert f"told that we answer by {BY}" in page
    assert "The session is confirmed." in words(answered(desk, asked, approve="1"))
    asked.refresh_from_db()
    assert asked.status == Status.BOOKED
    assert not ToDo.objects.still_open().exists()
    template, subject = mails()[-1]
    assert (template, "Asked for" in subject) == ("appointment_booked", False)
    assert Notice.objects.get(template="appointment_booked").attachments
    # Pressed twice, or from an old page.
    assert "Already confirmed" in words(answered(desk, asked, approve="1", seen="requested.0"))
    assert "Already confirmed" in words(desk.get(f"/reception/appointments/{asked.code}/answer/", follow=True))


def test_declined_its_patient_reads_why_in_neutral_words(asked, patient):
    desk = make.client_for(make.staff())
    assert "Choose what the patient reads." in words(answered(desk, asked))
    assert Appointment.objects.get().status == Status.REQUESTED
    assert "The request is declined" in words(answered(desk, asked, reason="talk"))
    assert Appointment.objects.get().status == Status.DECLINED
    said = "We would like to speak with you first. Please phone us."
    assert said in words(make.client_for(patient.user).get(f"/my/appointments/{asked.code}/"))
    notice = Notice.objects.get(template="request_ended")
    assert said in notice.text
    assert not notice.attachments
    assert not ToDo.objects.still_open().exists()


@pytest.mark.parametrize("language", ["zh-hans", "vi", "ar"])
def test_its_patient_reads_the_answer_in_their_language(asked, patient, language):
    patient.language = language
    patient.save()
    answered(make.client_for(make.staff()), asked, reason="time")
    assert "This time is not possible" not in Notice.objects.get(template="request_ended").text


def test_its_psychologist_answers_and_a_colleague_does_not(asked, mai):
    colleague = make.client_for(make.psychologist().user)
    assert answered(colleague, asked, "practice/sessions", approve="1").status_code == 404
    own = make.client_for(mai.user)
    assert f"/practice/sessions/{asked.code}/answer/" in own.get("/practice/to-do/").content.decode()
    assert "The session is confirmed." in words(answered(own, asked, "practice/sessions", approve="1"))


@pytest.mark.parametrize("room", ["desk", "psychologist"])
def test_the_day_leads_to_the_answer_and_forgets_what_is_declined(asked, mai, room):
    """It is on the day's list with the way to its answer, and nothing is to collect for what nobody booked."""
    list_of_the_day, calendar, answer = {
        "desk": ("/reception/", "/reception/calendar/", f"/reception/appointments/{asked.code}/answer/"),
        "psychologist": ("/practice/", "/practice/calendar/", f"/practice/sessions/{asked.code}/answer/"),
    }[room]
    on_the_day = datetime(2026, 11, 30, 22, 0, tzinfo=UTC)
    with time_machine.travel(on_the_day, tick=False):
        client = make.client_for(make.staff() if room == "desk" else mai.user)
        day = client.get(list_of_the_day)
        assert f'href="{answer}"' in day.content.decode()
        assert f"Answer the request {asked.patient.name}" in main_of(day)
        assert room == "psychologist" or day.context["listed"].to_collect == 0
        assert asked.patient.name in main_of(client.get(f"{calendar}?day=2026-12-01"))
    answered(make.client_for(make.staff()), asked, reason="time")
    with time_machine.travel(on_the_day, tick=False):
        for address in (list_of_the_day, f"{calendar}?day=2026-12-01"):
            assert asked.patient.name not in main_of(client.get(address))


def test_its_patient_takes_it_back_for_nothing(asked, patient):
    client = make.client_for(patient.user)
    page = f"/my/appointments/{asked.code}/"
    seen = {"seen": f"requested.{asked.revision}"}
    assert make.client_for(make.patient(user=make.user()).user).post(f"{page}withdraw/", seen).status_code == 404
    assert "Withdrawing costs nothing." in words(client.get(page))
    assert "It costs nothing." in words(client.post(f"{page}withdraw/", seen, follow=True))
    asked.refresh_from_db()
    assert (asked.status, asked.late) == (Status.DECLINED, False)
    assert "nothing was done" in words(client.post(f"{page}withdraw/", seen, follow=True))
    assert not ToDo.objects.still_open().exists()


def test_unanswered_it_ends_and_its_patient_is_told(asked):
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        assert tasks.look_at_requests() == {"ended": 1}
        assert tasks.look_at_requests() == {"ended": 0}
    notice = Notice.objects.get(template="request_ended")
    assert "We could not answer in time." in notice.text
    # What had not gone out yet of the request is no longer sent.
    assert not ToDo.objects.still_open().exists()


def test_confirming_too_late_or_over_something_else_is_said_in_words(asked, mai):
    desk = make.client_for(make.staff())
    make.time_slot(psychologist=mai, starts_at=asked.starts_at)
    assert "doesn't work at that time any more" in words(answered(desk, asked, approve="1"))
    with time_machine.travel(NOW + timedelta(hours=24), tick=False):
        assert "The time for an answer is over" in words(answered(make.client_for(make.staff()), asked, approve="1"))
    assert Appointment.objects.get().status == Status.REQUESTED


def test_the_rule_changed_while_the_page_was_open(patient):
    client = make.client_for(patient.user)
    client.post("/book/session/", {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"})
    source = client.get("/book/session/confirm/").content.decode()
    form = {name: re.search(f'name="{name}" value="([^"]*)"', source)[1] for name in ("hold", "chosen", "shown")}
    service = Appointment.objects.get().service
    service.how_booked = HowBooked.AT_ONCE
    service.save()
    assert client.post("/book/session/confirm/", form | {"who": str(patient.code)}).status_code == 409
    assert Appointment.objects.get().status == Status.HELD
