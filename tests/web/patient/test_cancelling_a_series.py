"""Several sessions of a series called off together: which are ticked, what each costs, and what stays."""

import html
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import Appointment, Status
from portal.appointments.recurrence import Every, Pattern
from portal.clinic.models import Mode
from portal.journeys.repeating.cancelling import cancel_sessions
from portal.notifications.models import Notice
from portal.patients.models import Patient
from portal.worklist.models import ToDo
from tests import make
from tests.pages import form_with

pytestmark = pytest.mark.django_db

# Monday at nine in Melbourne is twelve hours away.
NOW = datetime(2026, 6, 7, 11, 0, tzinfo=UTC)
MONDAY_NINE = NOW + timedelta(hours=12)
WEEK = timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def booked():
    """Four Mondays; the first is inside the day in which cancelling costs half the fee."""
    make.clinic(cancel_hours=24, late_fee_percent=50, grace_minutes=0)
    place, service = make.location(), make.service()
    psychologist = make.psychologist()
    make.week(psychologist=psychologist, location=place)
    terms = Terms(psychologist, make.patient(user=make.user()), service, Mode.IN_PERSON, place)
    times = [MONDAY_NINE + n * WEEK for n in range(4)]
    return book_series(
        terms=terms,
        pattern=Pattern(Every.WEEKS, 1, place.day_of(times[0]), count=4),
        wishes=[Wish(at, at) for at in times],
        by=make.actor(),
        now=NOW - timedelta(days=30),
    )


def page_of(session, role="patient"):
    return reverse(f"{role}:cancel_series", args=[session.code])


def ticked(response):
    return [value.split()[0] for value in form_with(response, "session").get("session", [])]


def codes(rows):
    return [str(row.code) for row in rows]


def statuses():
    return list(Appointment.objects.order_by("position").values_list("status", flat=True))


def test_this_one_and_those_after_it_or_all(booked):
    client = make.client_for(booked[0].patient.user)
    page = client.get(page_of(booked[1]))
    assert ticked(page) == codes(booked[1:])
    assert ticked(client.get(page_of(booked[1]), {"which": "all"})) == codes(booked)
    assert client.post(page_of(booked[1]), form_with(page, "session")).status_code == 302
    assert statuses() == [Status.BOOKED, *[Status.CANCELLED] * 3]
    [notice] = Notice.objects.all()
    assert (notice.template, "4 of 4" in notice.text, "1 of 4" in notice.text) == ("series_cancelled", True, False)


def test_each_is_late_by_its_own_terms_and_says_so(booked):
    client = make.client_for(booked[0].patient.user)
    page = client.get(page_of(booked[0]))
    assert html.unescape(page.content.decode()).count("cancelling it costs $110.00") == 1
    client.post(page_of(booked[0]), form_with(page, "session"))
    assert list(Appointment.objects.order_by("position").values_list("late", flat=True)) == [True, False, False, False]
    assert ToDo.objects.filter(kind="fee_undecided").count() == 1
    assert Notice.objects.get().text.count("a fee of $110.00 may apply") == 1


def test_what_was_moved_alone_or_is_held_stays(booked):
    moved = booked[2]
    apart(moved, revision=1)
    Appointment.objects.filter(pk=booked[3].pk).update(status=Status.CANCELLED, cancelled_at=NOW, cancel_reason="other")
    client = make.client_for(booked[0].patient.user)
    assert ticked(client.get(page_of(booked[0]))) == codes(booked[:2])
    # Asked about by itself it is meant.
    assert ticked(client.get(page_of(moved))) == codes([moved])


def apart(row, **more):
    held = ("starts_at", "ends_at", "occupied_from", "occupied_until")
    at = {name: getattr(row, name) + timedelta(hours=2) for name in held}
    Appointment.objects.filter(pk=row.pk).update(**at | more)


def test_all_to_come_is_all_also_what_stands_at_another_time(booked):
    apart(booked[1], revision=1)
    apart(booked[3])
    client = make.client_for(booked[0].patient.user)
    page = client.get(page_of(booked[0]), {"which": "all"})
    assert ticked(page) == codes(booked)
    text = html.unescape(page.content.decode())
    assert (text.count("moved alone"), text.count("at another time than the others")) == (1, 1)
    # Whoever calls off from here on means what was booked with them, and not what somebody moved since.
    assert ticked(client.get(page_of(booked[0]))) == codes([booked[0], *booked[2:]])


def test_the_answer_says_what_stays_booked(booked):
    client = make.client_for(booked[0].patient.user)
    page = client.get(page_of(booked[2]))
    answer = client.post(page_of(booked[2]), form_with(page, "session"), follow=True)
    said = "Of this series still booked: Mon 8 Jun, 9:00 am, Mon 15 Jun, 9:00 am"
    assert said in html.unescape(answer.content.decode())
    page = client.get(page_of(booked[0]))
    answer = client.post(page_of(booked[0]), form_with(page, "session"), follow=True)
    assert "still booked" not in html.unescape(answer.content.decode())


def test_the_desk_reads_beforehand_whether_an_e_mail_tells(booked):
    desk = make.signed_in_client(role=Role.RECEPTION)
    assert "One e-mail tells of all of them." in desk.get(page_of(booked[0], "reception")).text
    Patient.objects.update(email="", user=None)
    page = desk.get(page_of(booked[0], "reception")).text
    assert "One e-mail tells" not in page
    assert "nobody is told by e-mail: please tell them." in page


def test_an_old_page_cancels_nothing(booked):
    client = make.client_for(booked[0].patient.user)
    old = form_with(client.get(page_of(booked[1])), "session")
    Appointment.objects.filter(pk=booked[3].pk).update(revision=1)
    answer = client.post(page_of(booked[1]), old)
    assert answer.status_code == 422
    assert "changed meanwhile" in html.unescape(answer.content.decode())
    assert statuses() == [Status.BOOKED] * 4
    # The free time of the second is over by now: the page said nothing of a fee.
    old = form_with(client.get(page_of(booked[1])), "session")
    Appointment.objects.filter(pk=booked[1].pk).update(cancel_hours=240)
    assert client.post(page_of(booked[1]), old).status_code == 422
    assert statuses() == [Status.BOOKED] * 4


def test_nothing_ticked_is_said(booked):
    client = make.client_for(booked[0].patient.user)
    answer = client.post(page_of(booked[0]), {})
    assert (answer.status_code, "Tick at least one session." in html.unescape(answer.content.decode())) == (422, True)


def test_the_desk_calls_off_for_the_clinic_and_nothing_is_late(booked):
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(page_of(booked[0], "reception"))
    answer = desk.post(page_of(booked[0], "reception"), form_with(page, "session") | {"reason": "clinic"})
    assert answer.status_code == 302
    assert statuses() == [Status.CANCELLED] * 4
    assert not Appointment.objects.filter(late=True).exists()


def test_the_desk_is_told_which_are_late(booked):
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(page_of(booked[0], "reception"))
    sent = form_with(page, "session") | {"reason": "patient"}
    said = html.unescape(desk.post(page_of(booked[0], "reception"), sent, follow=True).content.decode())
    assert "4 sessions are cancelled." in said
    assert "1 of them is cancelled late" in said


def test_somebody_elses_series_is_not_there(booked):
    others = make.client_for(make.patient(user=make.user()).user)
    assert others.get(page_of(booked[0])).status_code == 404
    alone = make.appointment(patient=booked[0].patient)
    assert make.client_for(booked[0].patient.user).get(page_of(alone)).status_code == 404


def test_two_pages_from_before_that_call_off_the_same_never_count_none(booked, monkeypatch):
    client = make.client_for(booked[0].patient.user)
    fields = form_with(client.get(page_of(booked[1])), "session")
    del fields["once"]

    def beaten(asked, **how):
        """Another sending of the page is through first."""
        assert len(cancel_sessions(asked, **how | {"now": NOW - timedelta(seconds=1)})) == 3
        return cancel_sessions(asked, **how)

    monkeypatch.setattr("portal.web.series.cancelling.cancel_sessions", beaten)
    answer = client.post(page_of(booked[1]), fields, follow=True)
    text = html.unescape(answer.content.decode())
    assert "These sessions are already cancelled. There is nothing more to do." in text
    assert "0 sessions" not in text
    assert Notice.objects.count() == 1
