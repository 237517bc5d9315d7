"""The link in a reminder: yes and no without signing in, by whoever opens it and presses."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Reminder
from portal.journeys import session_reminders
from portal.notifications.models import Notice
from tests import make

DAY = timedelta(days=1)


@pytest.fixture
def session(db):
    make.clinic(remind_hours=24, cancel_hours=48, late_fee_percent=50)
    patient = make.patient(user=make.user())
    starts = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=20)
    return make.appointment(patient=patient, starts_at=starts, cancel_hours=48, late_fee_percent=50)


@pytest.fixture
def link(session):
    """The address in the reminder's mail."""
    assert session_reminders.remind(session, which=1, hours=24, needs_it=True, now=timezone.now()) == 1
    words = Notice.objects.get(template="appointment_reminder").text.split()
    return next(word for word in words if "/a/" in word).partition("127.0.0.1:8000")[2]


def opened(link, client=None):
    client = client or Client()
    response = client.get(link, follow=True)
    assert response.status_code == 200
    return client, response.request["PATH_INFO"], response.content.decode()


def test_opening_says_nothing_in_anybodys_name(session, link):
    _client, path, page = opened(link)
    assert "Will you be there?" in page
    assert link.rstrip("/").rsplit("/", 1)[-1] not in path
    assert session.service.name not in page
    session.refresh_from_db()
    assert session.confirmed_at is None


def test_yes_is_kept_once_and_seen_in_the_diary(session, link):
    client, path, _page = opened(link)
    page = client.post(path, follow=True).content.decode()
    assert "Thank you, see you then" in page
    first = Appointment.objects.get(pk=session.pk).confirmed_at
    client.post(path)
    assert Appointment.objects.get(pk=session.pk).confirmed_at == first is not None
    desk = make.signed_in_client(role=Role.RECEPTION)
    day = session.local_start.date().isoformat()
    assert "Confirmed" in desk.get(reverse("reception:today"), {"day": day}).content.decode()


def test_no_asks_first_with_the_policys_words(session, link):
    client, path, _page = opened(link)
    page = client.get(f"{path}cancel/").content.decode()
    assert "The fee is now $110.00" in page
    session.refresh_from_db()
    assert session.is_booked
    # A page that showed less cancels nothing.
    client.post(f"{path}cancel/", {"seen": session.seen_as, "fee": "0.00"})
    session.refresh_from_db()
    assert session.is_booked
    said = client.post(f"{path}cancel/", {"seen": session.seen_as, "fee": "110.00"}, follow=True).content.decode()
    session.refresh_from_db()
    assert session.is_cancelled
    assert session.late
    assert "Your session is cancelled" in said
    assert "This reminder is over" in said


def test_an_old_page_cancels_nothing(session, link):
    client, path, _page = opened(link)
    Appointment.objects.filter(pk=session.pk).update(revision=session.revision + 1)
    client.post(f"{path}cancel/", {"seen": session.seen_as, "fee": "110.00"})
    session.refresh_from_db()
    assert session.is_booked


def test_a_moved_session_is_not_answered_for(session, link):
    client, path, _page = opened(link)
    moved = {name: getattr(session, name) + DAY for name in ("starts_at", "ends_at", "occupied_from", "occupied_until")}
    Appointment.objects.filter(pk=session.pk).update(**moved)
    page = client.post(path)
    assert page.status_code == 409
    assert "was moved since" in page.content.decode()
    assert client.get(f"{path}cancel/").status_code == 302
    session.refresh_from_db()
    assert session.confirmed_at is None


def test_what_has_begun_is_not_answered_for(session, link):
    client, path, _page = opened(link)
    begun = timezone.now().replace(second=0, microsecond=0) - timedelta(minutes=5)
    over = begun + timedelta(minutes=50)
    Appointment.objects.filter(pk=session.pk).update(
        starts_at=begun, ends_at=over, occupied_from=begun, occupied_until=over
    )
    Reminder.objects.update(starts_at=Appointment.objects.get(pk=session.pk).starts_at)
    page = client.post(path)
    assert page.status_code == 409
    assert "has come" in page.content.decode()


def test_no_other_browser_sees_the_page(session, link):
    _client, path, _page = opened(link)
    assert Client().get(path).status_code == 404
    assert Client().post(f"{path}cancel/", {"seen": session.seen_as, "fee": "110.00"}).status_code == 404
    assert Client().get("/a/nosuchtoken12345/").status_code == 410


def test_another_account_is_told_so_and_no_more(session, link):
    other = make.client_for(make.patient(user=make.user()).user)
    response = other.get(link, follow=True)
    assert response.status_code == 403
    assert session.psychologist.name not in response.content.decode()


@pytest.mark.parametrize("language", ["vi", "zh-hans", "ar"])
def test_in_the_readers_language(session, language):
    type(session.patient).objects.filter(pk=session.patient_id).update(language=language)
    session = Appointment.objects.select_related("patient__user").get(pk=session.pk)
    session_reminders.remind(session, which=1, hours=24, needs_it=True, now=timezone.now())
    notice = Notice.objects.get(template="appointment_reminder")
    assert notice.language == language
    assert "reminder of" not in notice.text
    assert f"/{language}/" in notice.text
