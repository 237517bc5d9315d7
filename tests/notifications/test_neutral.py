"""What may be read over a shoulder names no service and says nothing of care: every subject, text, sender and entry."""

import base64
import re
from datetime import timedelta
from email.utils import parseaddr

import pytest
from babel.messages.pofile import read_po
from django.conf import settings
from django.utils import timezone

from portal.journeys import booking, session_reminders
from portal.notifications import letterhead
from portal.notifications.models import Notice
from portal.notifications.wording import neutral
from portal.notifications.wording.neutral import WORDS
from tests import make

FOLDERS = {"vi": "vi", "zh-hans": "zh_Hans", "ar": "ar"}
SERVICES = (
    *("Trauma therapy", "Couples counselling", "Grief session", "First visit", "Parent-child psychotherapy"),
    *("Mental health assessment", "Autism assessment", "Sexual health", "Alcohol and other drugs", "EMDR"),
)


def found(text, language):
    return neutral.clinical(text, language)


@pytest.mark.parametrize("language", WORDS)
def test_no_subject_and_no_text_has_a_word_of_care(language):
    with (settings.BASE_DIR / "locale" / FOLDERS.get(language, "vi") / "LC_MESSAGES/django.po").open("rb") as file:
        catalogue = read_po(file)
    sentences = "free_until|free_until_each|late_fee|how_to_answer|still_to_pay"
    read = re.compile(rf"templates/notifications/(?:\w+/)+(?:subject|text)\.txt|notifications/_(?:{sentences})\.txt")
    said = []
    for message in catalogue:
        if message.id and any(read.search(path) for path, _line in message.locations):
            words = message.id if language == "en-au" else message.string
            said += [words] if isinstance(words, str) else list(words)
    assert len(said) > 50
    assert [words for words in said if found(words, language)] == []
    # Nor has any of these a place for a service, a place or a reason.
    names = {name for words in said for name in re.findall(r"%\((\w+)\)", words)}
    assert not names & {"service", "place", "reason", "location"}


@pytest.mark.django_db
@pytest.mark.parametrize("language", WORDS)
def test_whatever_is_booked_it_is_not_named(language):
    make.clinic(name="Banksia Lane Psychology", notice_name="Banksia Lane", remind_hours=24, phone="+61390101234")
    patient = make.patient(phone="+61491570156", language=language)
    make.ways(patient=patient, by_sms=True)
    person = make.psychologist()
    now = timezone.now()
    starts = now.replace(minute=0, second=0, microsecond=0)
    for n, name in enumerate(SERVICES, 1):
        session = make.appointment(
            patient=patient,
            psychologist=person,
            service=make.service(name=name),
            starts_at=starts + timedelta(hours=2 * n),
        )
        for template in ("appointment_booked", "appointment_moved", "appointment_cancelled"):
            booking.notify(session, template, now=now)
        session_reminders.remind(session, which=1, hours=24, needs_it=True, now=now)
    notices = list(Notice.objects.all())
    assert len(notices) == 4 * len(SERVICES)
    for notice in notices:
        ((_channel, _number, _subject, text, _html),) = notice.otherwise
        entries = [base64.b64decode(content).decode() for _name, _kind, content in notice.attachments or ()]
        for words in (notice.subject, text, *entries):
            assert found(words, language) == [], words
            assert neutral.named(words, SERVICES) == []
        assert "Banksia Lane" in notice.subject
        assert text.startswith("Banksia Lane")
    assert parseaddr(letterhead.current().sender)[0] == "Banksia Lane"
