"""A time is held in one press from pages that carry no token, and from nobody else's pages."""

import html5lib
import pytest
from django.core.cache import caches
from django.test import Client

from portal.appointments.models import Appointment, Status
from portal.clinic.models import Registration
from tests import make


@pytest.fixture(autouse=True)
def _clinic(db, settings):
    settings.CACHES = {
        **settings.CACHES,
        "readers": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "one press"},
    }
    caches["readers"].clear()
    make.clinic()
    place = make.location()
    make.week(psychologist=make.psychologist(slug="mai", registration=Registration.GENERAL), location=place)
    make.service(slug="session")
    yield
    caches["readers"].clear()


def form_on(path):
    """The address and fields of a page's form for free times, as a browser that runs no script would send them."""
    answer = Client().get(path)
    assert answer["Cache-Control"].startswith("public, ")
    page = html5lib.parse(answer.content.decode(), namespaceHTMLElements=False)
    form = next(one for one in page.iter("form") if one.get("action") == "/book/session/")
    fields = {one.get("name"): one.get("value") for one in form.iter("input")}
    button = next(one for one in form.iter("button") if one.get("name") == "time")
    return form.get("action"), fields | {"time": button.get("value")}


@pytest.mark.parametrize("path", ["/", "/psychologists/mai/"])
@pytest.mark.parametrize("said", [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://testserver"}])
def test_a_page_that_was_kept_holds_a_time_in_one_press(path, said):
    Client().get(path)  # kept for all
    action, fields = form_on(path)
    assert "csrfmiddlewaretoken" not in fields
    visitor = Client(enforce_csrf_checks=True)
    answer = visitor.post(action, fields, headers=said)
    assert (answer.status_code, answer["Location"]) == (302, "/book/session/confirm/")
    assert Appointment.objects.get().status == Status.HELD
    assert visitor.get("/book/session/confirm/")["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    "said", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {}]
)
def test_another_site_holds_nothing_and_leaves_the_session_alone(said):
    action, fields = form_on("/")
    answer = Client(enforce_csrf_checks=True).post(action, fields, headers=said)
    assert answer.status_code == 403
    assert not Appointment.objects.exists()
    assert "portal_session" not in answer.cookies


def test_whoever_holds_a_time_gets_pages_of_their_own(client):
    action, fields = form_on("/")
    client.post(action, fields)
    assert client.get("/")["Cache-Control"] == "no-store, private"
    assert Client().get("/")["Cache-Control"].startswith("public, ")
