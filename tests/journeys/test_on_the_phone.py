"""The preview shows what the notice then says, word for word, and nothing of what it is about."""

from datetime import timedelta

import pytest
from django.utils import timezone

from portal.accounts.roles import Role
from portal.journeys import on_the_phone, session_reminders
from portal.notifications.models import Notice
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("way", ["email", "sms"])
def test_what_is_shown_is_what_comes(way, settings):
    make.clinic(name="Banksia Lane Psychology", notice_name="Banksia Lane", remind_hours=24)
    patient = make.patient(user=make.user(), phone="+61491570156")
    make.ways(patient=patient, prefers=way, by_email=True, by_sms=way == "sms")
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    session = make.appointment(
        patient=patient, service=make.service(name="Trauma therapy"), starts_at=now + timedelta(hours=20)
    )
    shown = on_the_phone.preview(patient, now=now)
    session_reminders.remind(session, which=1, hours=24, needs_it=True, now=now)
    notice = Notice.objects.get()
    if notice.channel == "email":
        assert [one.is_text for one in shown] == [False, False]
        assert shown[0].words == notice.subject
        assert shown[0].sender == "Banksia Lane"
    else:
        assert shown[0].words.split("/a/")[0] == notice.text.split("/a/")[0]
        assert len(shown[0].words) == len(notice.text)
    assert not any("Trauma" in one.words for one in shown)
    for browser, page in (
        (make.client_for(patient.user), f"/my/details/{patient.code}/contact/"),
        (make.signed_in_client(role=Role.RECEPTION), f"/reception/patients/{patient.code}/contact/"),
    ):
        text = browser.get(page).content.decode()
        assert "What appears on the phone" in text
        assert "Trauma" not in text.split("What appears on the phone")[1]


def test_who_wants_nothing_written_is_shown_nothing():
    make.clinic()
    patient = make.patient(email="ana@example.com")
    make.ways(patient=patient, nobody_writes=True, by_email=False)
    assert on_the_phone.preview(patient, now=timezone.now()) == []
