"""A session that ends in the middle of the last step of booking: what was typed, and the time, are there again."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.kept_forms.marks import FIELD
from portal.appointments.models import Appointment, Status
from tests import make
from tests.web.public.held import shown_by

pytestmark = pytest.mark.django_db

TEO = {"who": "other", "relationship": "guardian", "legal_first_name": "Teo", "date_of_birth": "23/4/2015"}
TEO["phone"] = "0491 570 006"


@pytest.fixture(autouse=True)
def _clinic(db):
    make.clinic(hold_minutes=10)
    make.service(slug="session")
    make.week(psychologist=make.psychologist(slug="kim"), weekdays=(0, 1, 2, 3, 4, 5, 6))


@pytest.fixture
def confirm():
    return reverse("public:confirm", args=["session"])


def hold(client, nth=1):
    monday = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())
    times = reverse("public:times", args=["session"])
    page = client.get(times, {"psychologist": "kim", "week": monday.isoformat()}).content.decode()
    value = page.split('name="time" value="')[nth].split('"')[0]
    return client.post(times, {"psychologist": "kim", "mode": "in_person", "time": value})


def filled_in(client, confirm):
    page = client.get(confirm)
    mark = re.search(rf'name="{FIELD}" value="([^"]+)"', page.content.decode())[1]
    return shown_by(page) | TEO | {FIELD: mark}


def lost(how, client):
    """Their browser after they were signed out in another tab, or after its cookies were cleared."""
    if how == "another tab":
        client.post(reverse("account_logout"))
        return client
    return Client(enforce_csrf_checks=True, headers={"Origin": "http://testserver"})


def sign_in(client, user, answer):
    door = client.get(answer.url)
    assert "You were signed out before this was sent" in door.content.decode()
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', door.content.decode())[1]
    fields = {"login": user.email, "password": make.PASSWORD, "csrfmiddlewaretoken": token}
    next_page = re.search(r'name="next" value="([^"]+)"', door.content.decode())[1]
    return client.post(reverse("account_login"), fields | {"next": next_page}, follow=True)


@pytest.mark.parametrize("how", ["another tab", "cookies cleared"])
@pytest.mark.parametrize("is_over", [False, True], ids=["still held", "ran out"])
def test_the_time_and_what_was_typed_are_there_after_signing_in(how, is_over, confirm):
    user = make.user()
    client = make.client_for(user)
    hold(client)
    held = Appointment.objects.get()
    typed = filled_in(client, confirm)
    client = lost(how, client)
    answer = client.post(confirm, typed)
    assert answer.url == f"{reverse('account_login')}?next={confirm}"
    if is_over:
        Appointment.objects.update(held_until=timezone.now())
    page = sign_in(client, user, answer)
    assert page.redirect_chain[-1][0] == confirm
    html = page.content.decode()
    assert "We kept what you typed." in html
    assert 'value="Teo"' in html
    assert re.search(r'<option value="guardian"[^>]*selected', html)
    # The very time, as a hold of its own.
    again = Appointment.objects.filter(status=Status.HELD, held_until__gt=timezone.now()).get()
    assert (again.starts_at, again.psychologist) == (held.starts_at, held.psychologist)
    assert (again.pk == held.pk) is not is_over
    token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', html)[1]
    sent = TEO | shown_by(page) | {"csrfmiddlewaretoken": token}
    assert client.post(confirm, sent).status_code == 302
    booked = Appointment.objects.get(status=Status.BOOKED)
    assert (booked.starts_at, booked.patient.legal_first_name) == (held.starts_at, "Teo")


def test_where_somebody_else_took_it_meanwhile_the_nearest_times_are_offered(confirm):
    user = make.user()
    client = make.client_for(user)
    hold(client)
    typed = filled_in(client, confirm)
    answer = lost("another tab", client).post(confirm, typed)
    Appointment.objects.update(held_until=timezone.now())
    hold(Client())
    page = sign_in(client, user, answer)
    html = page.content.decode()
    assert (page.status_code, 'id="ran-out"' in html, 'value="Teo"' in html) == (409, True, True)
    assert 'name="again"' in html


def test_nobody_else_gets_the_time_or_the_words(confirm):
    client = make.client_for(make.user())
    hold(client)
    typed = filled_in(client, confirm)
    answer = lost("another tab", client).post(confirm, typed)
    page = sign_in(client, make.user(), answer)
    assert page.redirect_chain[-1][0] == reverse("public:times", args=["session"])
    assert "Teo" not in page.content.decode()
