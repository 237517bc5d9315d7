"""A manager words the clinic's notices: writing a version, and seeing it as a real person would get it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import override

from portal.appointments.models import Appointment
from portal.audit import trail
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.notifications.models import NoticeWording
from portal.notifications.recipients import Channel, Recipient
from portal.notifications.rendering import Words, render
from portal.notifications.segments import Size, size_of
from portal.notifications.wording import judging, samples, standing
from portal.notifications.wording.kinds import KINDS, SESSIONS, TEXT
from portal.patients.models import Patient
from portal.patients.reaching import Reader, readers_of
from portal.website.actions import lock_texts


class CannotSend(ValueError):
    """Words that no notice may say."""


@transaction.atomic
def write(*, template: str, language: str, words: Mapping[str, str], by: Actor, now: datetime) -> NoticeWording | None:
    """Writes the next version of a notice's own words, by part; {} is back to the standard words.

    Words that stand already are no new version: then it returns that, or None where there never was one. Raises
    CannotSend for what the form would have refused.
    """
    lock_texts()
    parts, names = KINDS[template].parts, standing.never_named()
    if any(words[name] and list(judging.faults(parts[name], words[name], names=names)) for name in words):
        raise CannotSend
    kept = {name: text for name, text in words.items() if text}
    last = NoticeWording.objects.of(template, language).first()
    if kept == (last.words if last else {}):
        return last
    row = NoticeWording.objects.create(
        template=template,
        language=language,
        number=last.number + 1 if last else 1,
        words=kept,
        written_by=str(by.user_id or by.name),
        written_at=now,
    )
    if kept:
        trail.record("notice_wording.written", target=row, by=by, at=now, template=template, language=language)
    else:
        trail.record("notice_wording.reset", target=row, by=by, at=now, template=template, language=language)
    return row


class Shown(NamedTuple):
    """A notice as its reader would get it now: who, by which ways, the e-mail, the text and how long that is."""

    reader: Reader | None
    ways: tuple[Recipient, ...]
    mail: Words
    text: str
    size: Size
    # Whether it is of a session or an invoice of theirs that there is.
    is_real: bool

    @property
    def is_long(self) -> bool:
        """Whether the text is sent in more parts than most are."""
        return self.size.segments > judging.MANY_SEGMENTS


def shown(
    template: str,
    language: str,
    words: Mapping[str, str],
    *,
    now: datetime,
    patient: Patient | None = None,
    for_another: bool = False,
) -> list[Shown]:
    """What these own words would be, for each who reads of this patient, else for an invented one. Nothing is sent.

    Links are invented: nobody can answer, or pay, by a preview. A person who may not be written to has no reader.
    """
    zone = ClinicSettings.current().zone
    invented = samples.context(template, now=now, zone=zone)
    if patient is None:
        invented["whose"] = samples.WHOSE if for_another else ""
        return [_shown(template, language, words, invented, reader=None, is_real=False)]
    found = []
    for reader in readers_of(patient):
        with override(language):
            real = _of(template, patient, reader, now=now)
        context = invented | real | {"called": reader.called, "whose": reader.about}
        found.append(_shown(template, language, words, context, reader=reader, is_real=bool(real)))
    return found


def size(template: str, language: str, text: str, *, now: datetime) -> Size:
    """How long a text for phones is for a usual reader: for a session in ten days, and a name of nine letters."""
    [one] = shown(template, language, {TEXT: text}, now=now)
    return one.size


def _shown(
    template: str,
    language: str,
    words: Mapping[str, str],
    context: Mapping[str, Any],
    *,
    reader: Reader | None,
    is_real: bool,
) -> Shown:
    own = {} if KINDS[template].sends_standard(context) else dict(words)
    mail = render(template, context, language=language, own=own)
    text = render(template, context, language=language, channel=Channel.SMS, own=own).text
    return Shown(reader, tuple(reader.to(template)) if reader else (), mail, text, size_of(text), is_real)


def _of(template: str, patient: Patient, reader: Reader, *, now: datetime) -> dict[str, Any]:
    """What a notice would name of this patient's own, as far as there is such a thing."""
    kind = KINDS[template]
    if kind.group == SESSIONS and template not in {"times_offered"}:
        return _of_session(template, patient, reader, now=now)
    if template == "invoice":
        bill = Invoice.objects.filter(patient=patient, payable__gt=0).order_by("-issued_on", "-pk").first()
        if bill is not None and bill.balance:
            return {"number": bill.number, "total": bill.total, "balance": bill.balance, "due_on": bill.due_on}
    return {}


def _of_session(template: str, patient: Patient, reader: Reader, *, now: datetime) -> dict[str, Any]:
    coming = Appointment.objects.filter(patient=patient).coming_or_asked_for(now=now).order_by("starts_at")
    session = coming.select_related("series", "patient").first()
    if session is None or template.startswith("series_"):
        return {}
    letters = booking.letters_of(session, template, now=now)
    mine = next((letter for letter in letters if letter.reader.digest == reader.digest), None)
    return dict(mine.context) if mine else {}
