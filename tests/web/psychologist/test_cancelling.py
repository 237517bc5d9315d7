"""A psychologist calls off a session of their own; what it costs stays the desk's to decide."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.appointments.models import Status
from portal.notifications.models import Notice
from tests import make
from tests.web.psychologist.conftest import NOW


@pytest.fixture
def coming(mai, place):
    return make.appointment(
        psychologist=mai,
        location=place,
        patient=make.patient(email="bo@example.com"),
        starts_at=(NOW + timedelta(days=2)).replace(second=0),
    )


def page_of(session):
    return reverse("psychologist:cancel", args=[session.code])


def test_the_day_leads_there_and_it_is_called_off(client, coming):
    day = f"/practice/?day={coming.local_start:%Y-%m-%d}"
    row = client.get(day).text
    assert f'href="{page_of(coming)}"' in row
    assert reverse("psychologist:move_in_calendar", args=[coming.code]) in row
    assert "bo@example.com" in client.get(page_of(coming)).text
    answer = client.post(page_of(coming), {"reason": "psychologist", "seen": coming.seen_as})
    assert (answer.status_code, answer["Location"]) == (302, day)
    coming.refresh_from_db()
    assert (coming.status, coming.late, coming.cancelled_by_id) == (
        Status.CANCELLED,
        False,
        coming.psychologist.user_id,
    )
    assert [notice.template for notice in Notice.objects.all()] == ["appointment_cancelled"]


def test_without_a_reason_and_with_an_old_page_it_stays(client, coming):
    assert client.post(page_of(coming), {"seen": coming.seen_as}).status_code == 422
    assert client.post(page_of(coming), {"reason": "psychologist", "seen": "booked.7"}).status_code == 302
    coming.refresh_from_db()
    assert coming.status == Status.BOOKED


def test_what_is_over_offers_neither_and_is_refused(client, mai, place):
    over = make.appointment(
        psychologist=mai, location=place, starts_at=NOW - timedelta(hours=2), status=Status.COMPLETED
    )
    row = client.get("/practice/").text
    assert page_of(over) not in row
    assert "can&#x27;t be cancelled any more" in client.get(page_of(over), follow=True).text
