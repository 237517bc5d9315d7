"""What will appear on somebody's phone: the words of a reminder and of "a message is there", before any is sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import override

from portal.appointments.models import Appointment
from portal.journeys import booking, session_reminders
from portal.notifications import letterhead
from portal.notifications.recipients import ON_PHONES, Channel
from portal.notifications.rendering import Words, render
from portal.notifications.twilio import texting
from portal.patients import ways
from portal.patients.models import Patient
from portal.patients.reaching import Reader, readers_of

# Stands for the link's own letters, which nobody can know before it is made.
LINK = "x" * 16


class OnThePhone(NamedTuple):
    """One notice as it shows before it is opened: from whom, and the text, or the subject of an e-mail."""

    sender: str
    words: str
    is_text: bool


def preview(patient: Patient, *, now: datetime) -> list[OnThePhone]:
    """Of the way that comes first, in the reader's language; empty where nobody writes."""
    wanted, readers = ways.of(patient), readers_of(patient)
    if not readers:
        return []
    reader = readers[0]
    first = next((one.channel for one in reader.ways), wanted.prefers)
    found = [_shown(words, first) for words in _reminder(patient, channel=first, now=now)]
    return [*found, _shown(_message(reader, channel=first), first)]


def _reminder(patient: Patient, *, channel: str, now: datetime) -> list[Words]:
    """Of the next session, as it stands; none where none is booked."""
    session = Appointment.objects.filter(patient=patient).upcoming(now=now).for_listing().order_by("starts_at").first()
    letter = next(booking.letters_of(session, session_reminders.TEMPLATE, now=now), None) if session else None
    if letter is None:
        return []
    language = letter.reader.language
    context = {
        **letter.context,
        "answer_url": session_reminders.answer_url(LINK, language=language),
        "takes_answers": texting.takes_answers(),
    }
    return [render(session_reminders.TEMPLATE, context, language=language, channel=channel)]


def _message(reader: Reader, *, channel: str) -> Words:
    with override(reader.language):
        path = reverse("patient:messages")
    context = {"called": reader.called, "whose": reader.about, "path": path}
    return render("message_waiting", context, language=reader.language, channel=channel)


def _shown(words: Words, channel: str) -> OnThePhone:
    is_text = channel in ON_PHONES
    sender = str(Channel(channel).label) if is_text else letterhead.current().name
    return OnThePhone(sender, words.text if is_text else words.subject, is_text)
