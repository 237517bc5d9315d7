"""A psychologist's outside calendars on their own pages, and what reception is told of them."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, OutsideBusy, OutsideCalendar
from portal.appointments.outside import fetching, reading
from portal.web.psychologist.outside import PROBLEMS
from tests import make
from tests.pages import form_with

pytestmark = pytest.mark.django_db

PAGE, ADD = "/practice/hours/elsewhere/", "/practice/hours/elsewhere/add/"
ADDRESS = "https://calendar.example/private-0123456789/basic.ics"


@pytest.fixture
def anna():
    make.clinic()
    return make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Anna"))


@pytest.fixture
def client(anna):
    return make.client_for(anna.user)


def kept(psychologist, **fields):
    now = timezone.now()
    row = OutsideCalendar(psychologist=psychologist, **{"added_at": now, "next_try_at": now} | fields)
    row.address = ADDRESS
    row.save()
    return row


def words(response):
    return " ".join(response.content.decode().split())


def test_an_address_is_added_shown_masked_and_removed(client):
    page = client.post(ADD, form_with(client.get(PAGE), "address") | {"address": ADDRESS}, follow=True)
    assert "calendar.example/…" in words(page)
    assert "Is read within a minute." in words(page)
    for address in (PAGE, "/practice/hours/"):
        assert "0123456789" not in words(client.get(address))
        assert "calendar.example/…" in words(client.get(address))
    there = reverse("psychologist:remove_outside", args=[OutsideCalendar.objects.get().code])
    client.post(there)
    assert not OutsideCalendar.objects.exists()
    assert "not there any more" in words(client.post(there, follow=True))


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("", "Fill this in."),
        ("http://calendar.example/a.ics", "begins with https://"),
        ("nonsense", "begins with https://"),
        ("https://", "Copy the whole address"),
        (ADDRESS, "is read already"),
    ],
)
def test_what_is_not_taken_is_said_and_still_stands_there(client, anna, address, said):
    kept(anna)
    answer = client.post(ADD, {"address": address})
    assert answer.status_code == 422
    assert said in words(answer)
    assert OutsideCalendar.objects.count() == 1


def test_an_address_of_the_portal_itself_is_not_read(client, settings):
    settings.PORTAL_BASE_URL = "https://portal.example"
    answer = client.post(ADD, {"address": "https://portal.example/calendar/abc.ics"})
    assert "an address of this portal" in words(answer)


def test_what_is_old_is_called_so(client, anna):
    now = timezone.now()
    row = kept(anna, read_at=now - timedelta(days=3), tried_at=now, problem="sign_in", failures=9)
    page = words(client.get("/practice/hours/"))
    assert "Out of date" in page
    assert "It asks to sign in." in page
    assert "What was read before still closes its times." in page
    OutsideCalendar.objects.filter(pk=row.pk).update(read_at=now - timedelta(days=61))
    assert "Counts no longer" in words(client.get(PAGE))


def test_an_address_that_opens_no_more_breaks_no_page(client, anna):
    row = kept(anna, problem="key", failures=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE appointments_outsidecalendar SET address = 'v1:gone:AAAA' WHERE id = %s", [row.pk])
    for address in (PAGE, "/practice/hours/"):
        assert client.get(address).status_code == 200
    client.post(reverse("psychologist:remove_outside", args=[row.code]))
    assert not OutsideCalendar.objects.exists()


def test_nobody_sees_or_removes_a_colleagues(client, anna):
    row = kept(make.psychologist())
    assert "calendar.example" not in words(client.get(PAGE))
    assert client.post(reverse("psychologist:remove_outside", args=[row.code])).status_code == 404
    assert OutsideCalendar.objects.count() == 1


def test_every_problem_has_words():
    source = "".join(Path(module.__file__).read_text() for module in (fetching, reading))
    raised = set(re.findall(r'(?:FetchFailed|Unreadable)\("(\w+)"', source)) | {"own", "refused", "calendar", "key"}
    assert raised <= set(PROBLEMS)


def test_reception_is_warned_and_books_it_all_the_same(anna):
    place, service = make.location(), make.service()
    make.week(psychologist=anna, location=place, weekdays=tuple(range(7)))
    start = (timezone.now() + timedelta(days=7)).replace(hour=1, minute=0, second=0, microsecond=0)
    row = kept(anna, read_at=timezone.now())
    OutsideBusy.objects.create(calendar=row, psychologist=anna, starts_at=start, ends_at=start + timedelta(hours=1))
    desk, patient = make.signed_in_client(role=Role.RECEPTION), make.patient()
    page = reverse("reception:book", args=[patient.code])
    local = start.astimezone(place.zone)
    typed = {
        **form_with(desk.get(page), "day"),
        "service": service.slug,
        "day": f"{local:%d/%m/%Y}",
        "at": f"{local:%H:%M}",
        "with_whom": anna.slug,
        "location": place.slug,
    }
    asked = desk.post(page, typed)
    assert asked.status_code == 422
    assert "Busy elsewhere then" in words(asked)
    assert f"{anna.name} has something else on" in words(asked)
    assert not Appointment.objects.exists()
    desk.post(page, typed | {"outside": "yes"})
    assert Appointment.objects.get().starts_at == start


def test_a_calendar_that_can_not_be_read_for_a_day_is_named_to_its_owner_and_the_desk(client, anna):
    desk, now = make.signed_in_client(role=Role.RECEPTION), timezone.now()
    row = kept(anna, read_at=now - timedelta(hours=23), problem="slow", failures=3)
    owners, desks = "could not be read for a day", f"What {anna.name} has on"
    assert owners not in words(client.get("/practice/to-do/"))
    assert desks not in words(desk.get("/reception/to-do/"))
    OutsideCalendar.objects.filter(pk=row.pk).update(read_at=now - timedelta(hours=25))
    assert (owners in words(client.get("/practice/to-do/")), PAGE in words(client.get("/practice/to-do/"))) == (
        True,
        True,
    )
    shown = words(desk.get("/reception/to-do/"))
    assert (desks in shown, f"psychologist={anna.slug}" in shown) == (True, True)
    assert "0123456789" not in shown
    # Somebody else's is nobody else's.
    other = make.client_for(make.psychologist(user=make.user(role=Role.PSYCHOLOGIST)).user)
    assert owners not in words(other.get("/practice/to-do/"))
