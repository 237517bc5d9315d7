"""Every rule of booking at the doors that people use: refused in their own language, with a way on."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.appointments.models import Appointment, Status
from portal.clinic.models import WhoBooks
from portal.common.languages.offered import path_in
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 22, 0, tzinfo=UTC)  # Monday, 9 am in Melbourne
TIMES, HELD = "/book/session/", "/book/session/confirm/"
TIME = {"time": "2026-12-01T00:00Z brunswick", "psychologist": "mai", "mode": "in_person"}
LANGUAGES = ["en-au", "zh-hans", "vi", "ar"]
FULL = "You have as many sessions booked as can be booked online. Please phone us for more."
FULL_OF_IT = "You have as many of these sessions booked as can be booked online. Please phone us for more."
NOT_KNOWN = "This is for people who have been here before. Somebody new begins with a first visit."
AS_AGREED = "This is booked online only by people with whom we have agreed it. Please phone us to ask for it."


@pytest.fixture(autouse=True)
def _monday_morning():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def service():
    make.clinic(phone="+61390101234", max_open_bookings=8, notice_hours=12, horizon_days=84, hold_minutes=10)
    make.week(psychologist=make.psychologist(slug="mai"), location=make.location(slug="brunswick"))
    return make.service(slug="session", name="Session")


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def told(page):
    """What the box of the refusal says."""
    source = page.content.decode()
    start = source.index('id="refused"')
    return source[start : source.index("</div>", start)]


def someone(*, seen=False, booked=0, approved=False, service=None):
    """Somebody with an account and a record, who was here, has sessions ahead or is approved."""
    patient = make.patient(user=make.user())
    if seen:
        make.appointment(patient=patient, starts_at=NOW - timedelta(days=7), status=Status.COMPLETED)
    for n in range(booked):
        fields = {"service": service} if service else {}
        make.appointment(patient=patient, starts_at=NOW + timedelta(days=20 + n), **fields)
    if approved:
        patient.approved_at, patient.approved_by = NOW, make.staff()
        patient.save()
    return patient


def confirm(client, patient, *, language="en-au", meanwhile=lambda: None):
    """Chooses the time and presses Confirm, in a language; `meanwhile` happens while the time is held."""
    held = path_in(HELD, language)
    assert client.post(path_in(TIMES, language), TIME).url == held
    source = client.get(held).content.decode()
    form = {name: re.search(f'name="{name}" value="([^"]*)"', source)[1] for name in ("hold", "chosen", "shown")}
    meanwhile()
    return client.post(held, form | {"who": str(patient.code)})


def setting(service, **fields):
    def change():
        for name, value in fields.items():
            setattr(service, name, value)
        service.save()

    return change


CASES = {
    "as many as the clinic lets them": (FULL, {"booked": 8}, {}),
    "as many of this service": (FULL_OF_IT, {"booked": 2, "of_it": True}, {"max_open_bookings": 2}),
    "new, where it is for people known here": (NOT_KNOWN, {}, {"who_books": WhoBooks.KNOWN}),
    "known, where it is for approved people": (AS_AGREED, {"seen": True}, {"who_books": WhoBooks.APPROVED}),
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_refused_in_their_language_with_a_way_on(service, case, language):
    said, who, rule = CASES[case]
    of_it = who.get("of_it") and service
    patient = someone(**{name: value for name, value in who.items() if name != "of_it"}, service=of_it or None)
    before = Appointment.objects.without_holds().count()
    client = make.client_for(patient.user)
    page = confirm(client, patient, language=language, meanwhile=setting(service, **rule))
    assert page.status_code == 409
    box = told(page)
    assert (said in html.unescape(box)) is (language == "en-au")
    assert 'href="tel:+61390101234"' in box
    assert ("/my/appointments/" in box) is (said in {FULL, FULL_OF_IT})
    assert Appointment.objects.without_holds().count() == before


@pytest.mark.parametrize(
    ("who", "rule", "may"),
    [
        ({"booked": 7}, {}, True),
        ({"booked": 1, "of_it": True}, {"max_open_bookings": 2}, True),
        ({}, {"who_books": WhoBooks.ANYONE}, True),
        ({"seen": True}, {"who_books": WhoBooks.KNOWN}, True),
        ({"approved": True}, {"who_books": WhoBooks.KNOWN}, True),
        ({"approved": True}, {"who_books": WhoBooks.APPROVED}, True),
    ],
)
def test_whoever_may_books(service, who, rule, may):
    setting(service, **rule)()
    of_it = who.get("of_it") and service
    patient = someone(**{name: value for name, value in who.items() if name != "of_it"}, service=of_it or None)
    confirm(make.client_for(patient.user), patient)
    assert (
        Appointment.objects.filter(
            patient=patient, status=Status.BOOKED, starts_at__lt=NOW + timedelta(days=9)
        ).exists()
        is may
    )


@pytest.mark.parametrize(
    ("rule", "is_offered"),
    [
        # It begins in 8 days and 2 hours.
        ({"notice_hours": 24 * 8}, True),
        ({"horizon_days": 8}, False),
        ({"notice_hours": 24 * 9}, False),
        ({"horizon_days": 9}, True),
    ],
)
def test_notice_and_horizon_bound_what_a_visitor_chooses(service, rule, is_offered):
    setting(service, **rule)()
    client = make.client_for(someone().user)
    answer = client.post(TIMES, TIME)
    assert answer.status_code == (302 if is_offered else 409)
    assert Appointment.objects.holds().exists() is is_offered
    if not is_offered:
        assert "That time was just taken" in words(answer)


@pytest.mark.parametrize("minutes", [3, 25])
def test_a_time_is_held_for_the_services_minutes_and_then_anybodys(service, minutes):
    setting(service, hold_minutes=minutes)()
    patient = someone()
    client = make.client_for(patient.user)
    client.post(TIMES, TIME)
    assert Appointment.objects.get().held_until == NOW + timedelta(minutes=minutes)
    source = client.get(HELD).content.decode()
    form = {name: re.search(f'name="{name}" value="([^"]*)"', source)[1] for name in ("hold", "chosen", "shown")}
    other = make.client_for(someone().user)
    assert other.post(TIMES, TIME).status_code == 409
    with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
        assert other.post(TIMES, TIME).status_code == 302
        late = client.post(HELD, form | {"who": str(patient.code)})
    assert late.status_code == 409
    assert not Appointment.objects.filter(status=Status.BOOKED).exists()
