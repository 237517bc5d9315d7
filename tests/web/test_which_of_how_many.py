"""Wherever a session of a series is listed, it says which of how many it is."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse
from django.utils.translation import override

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish, book_series
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Every, Pattern
from portal.billing import actions as billing
from portal.billing.charges import Charge
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.notifications.models import Notice
from portal.reports.sheets import day_on_paper
from portal.web.calendars.sheets import _printed
from tests import make

pytestmark = pytest.mark.django_db

# Monday, 9 am in Melbourne; the first is an hour later.
NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)
FIRST, WEEK = NOW + timedelta(hours=1), timedelta(weeks=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def booked():
    make.clinic()
    place, psychologist = make.location(), make.psychologist()
    make.week(psychologist=psychologist, location=place)
    times = [FIRST + n * WEEK for n in range(3)]
    return book_series(
        terms=Terms(psychologist, make.patient(user=make.user()), make.service(minutes=50), Mode.IN_PERSON, place),
        pattern=Pattern(Every.WEEKS, 1, place.day_of(FIRST), count=3),
        wishes=[Wish(at, at) for at in times],
        by=make.actor(),
        now=NOW - timedelta(days=3),
    )


def told(client, name, *args):
    page = client.get(reverse(name, args=args)).content.decode()
    return [n for n in (1, 2, 3) if f"{n} of 3" in page]


def test_a_patients_own_pages(booked):
    client = make.client_for(booked[0].patient.user)
    assert told(client, "patient:home") == [1, 2, 3]
    assert told(client, "patient:appointments") == [1, 2, 3]
    assert told(client, "patient:appointment", booked[1].code) == [2]


def test_the_desks_lists(booked):
    desk = make.signed_in_client(role=Role.RECEPTION)
    assert told(desk, "reception:today") == [1]
    assert told(desk, "reception:patient", booked[0].patient.code) == [1, 2, 3]
    assert told(desk, "reception:calendar") == [1]


def test_a_psychologists_lists(booked):
    own = make.client_for(User.objects.get(pk=booked[0].psychologist.user_id))
    assert told(own, "psychologist:today") == [1]
    assert told(own, "psychologist:patient", booked[0].patient.code) == [1, 2, 3]


def test_the_sheet_of_a_day(booked):
    zone = booked[0].zone
    desk = Actor(make.staff(), Role.RECEPTION)
    [column] = day_on_paper(desk, [booked[0].psychologist], booked[0].local_start.date(), zone=zone, now=NOW)
    assert [row["service"] for row in _printed(column, zone)["rows"]] == [f"{booked[0].service.name} · 1 of 3"]


def test_an_invoice_for_one_of_them(booked):
    session, by = booked[1], make.actor()
    charge = Charge(
        description="Session",
        unit_price=Decimal("220.00"),
        service_date=session.local_start.date(),
        starts_at=session.starts_at,
        minutes=50,
        mode="in_person",
    )
    draft = billing.draft_invoice(
        patient=session.patient,
        psychologist=session.psychologist,
        location=session.location,
        charges=[charge],
        appointment=session,
        by=by,
        now=NOW,
    )
    invoice = billing.issue_invoice(invoice=draft, by=by, now=NOW)
    client = make.client_for(session.patient.user)
    assert told(client, "patient:invoices") == [2]
    assert told(client, "patient:invoice", invoice.number) == [2]
    assert told(make.signed_in_client(role=Role.RECEPTION), "reception:invoice", invoice.number) == [2]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_a_mail_about_one_of_them(booked, language):
    booked[0].patient.language = language
    booked[0].patient.save(update_fields=["language"])
    session = Appointment.objects.get(pk=booked[1].pk)
    to = session.starts_at + timedelta(hours=1)
    booking.reschedule_session(appointment=session, starts_at=to, by=make.actor(), now=NOW)
    notice = Notice.objects.get(template="appointment_moved")
    with override(language):
        which = session.of_series
    assert which in notice.text
    assert which in notice.html
