"""Texts that people send to the clinic: yes, no, stop and start are understood; the front desk reads the rest.

A text is of whoever has its number on file. Nothing in it is believed beyond that: who holds the phone may confirm a
session and end texts, and is shown the way to cancel, which asks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment, Reminder
from portal.appointments.refusals import WrongState
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.labels import code_of, label_of
from portal.common.languages.punctuation import space
from portal.common.languages.times import when_short
from portal.common.money import dollars
from portal.journeys import changing, contacting, conversations, session_reminders
from portal.notifications.channels import CHANNELS
from portal.notifications.letterhead import current
from portal.notifications.models import InboundText
from portal.notifications.recipients import Recipient
from portal.notifications.rendering import known
from portal.patients import ways
from portal.patients.models import ChannelConsent, Patient
from portal.patients.reaching import language_of
from portal.patients.said import Said, means, plain

Outcome = InboundText.Outcome
BY_TEXT: Final = Actor(user=None, role=Role.PATIENT, name="text message")
# How long an answer to "whom is it about?" is waited for, and how often somebody is told that the desk reads it.
WAITS, ONCE_IN = timedelta(hours=24), timedelta(hours=12)
MOST_LETTERS: Final = 1600
# What stands for a picture alone.
NO_WORDS: Final = "–"


class Result(NamedTuple):
    """What came of a text: what is answered, and what it was about."""

    outcome: InboundText.Outcome
    answer: str = ""
    about: Appointment | None = None
    asked: dict[str, Any] | None = None


def receive(*, sid: str, channel: str, number: str, words: str, opts: str, now: datetime) -> str:
    """Does what a text asks for, once for each of Twilio's ids, and returns what is answered; empty for nothing.

    `opts` is what Twilio itself made of it: "STOP" or "START" where it ended or began texts to this number.
    """
    try:
        number = CHANNELS[channel].checked(number)
    except ValueError:
        # A registered name or a short code: nobody who could be answered.
        return ""
    if not sid:
        return ""
    for _attempt in range(2):
        if (before := InboundText.objects.filter(sid=sid).first()) is not None:
            return before.answer
        try:
            with transaction.atomic():
                return _take(sid, channel, number, words[:MOST_LETTERS], opts, now=now)
        except IntegrityError:
            # The same text was taken at the same moment: what that answered is answered.
            continue
    return ""


def _take(sid: str, channel: str, number: str, words: str, opts: str, *, now: datetime) -> str:
    people = list(Patient.objects.filter(phone=number).select_related("user", "ways").order_by("pk"))
    with override(known(language_of(people[0]) if people else None)):
        result = _understood(channel, number, words, opts, people, now=now)
    InboundText.objects.create(
        sid=sid,
        channel=channel,
        **clear(number=number, words=words, answer=result.answer),
        number_digest=Recipient(channel, number).digest,
        received_at=now,
        outcome=result.outcome,
        about_label=label_of(result.about) if result.about else "",
        about_code=code_of(result.about) if result.about else "",
        asked=result.asked,
    )
    if result.outcome == Outcome.KEPT:
        # A number that is several people's is nobody's until the desk says whose words these are.
        patient = people[0] if len(people) == 1 else None
        conversations.receive_text(
            patient=patient, phone=number, body=words or NO_WORDS, source=sid, by=BY_TEXT, now=now
        )
    return result.answer


def _understood(
    channel: str, number: str, words: str, opts: str, people: Sequence[Patient], *, now: datetime
) -> Result:
    said = {"STOP": Said.STOP, "START": Said.START}.get(opts.upper()) or means(words)
    if said == Said.STOP:
        for patient in people:
            if getattr(ways.of(patient), f"by_{channel}"):
                contacting.say_by_text(patient=patient, channel=channel, agrees=False, by=BY_TEXT, now=now)
        # Twilio says itself that no more will come, and would not let us.
        return Result(Outcome.STOPPED)
    if said == Said.START:
        return _start(channel, number, people, now=now)
    asked = _asked_of(people, now=now)
    if (meant := _whom(channel, number, words, asked, now=now)) is not None:
        return _act(*meant, now=now)
    if said is None or not asked:
        return _kept(channel, number, now=now)
    # Who confirmed already means the others; one that is left needs no question.
    open_ = [one for one in asked if said == Said.NO or one.session.confirmed_at is None] or asked
    if len(open_) == 1:
        return _act(said, open_[0], now=now)
    lines = [f"{n} {one.session.person.called}" for n, one in enumerate(open_, 1)]
    answer = _("Whom is it about? Please answer with the number: %(names)s") % {"names": ", ".join(lines)}
    return Result(Outcome.ASKED, answer, asked={"said": said.value, "reminders": [str(one.code) for one in open_]})


def _start(channel: str, number: str, people: Sequence[Patient], *, now: datetime) -> Result:
    """Opens the channel again for those who had ended it by a text; nobody is signed up by one who never agreed."""
    begun = 0
    for patient in people:
        last = ways.last_words(patient).get(channel)
        if last is not None and not last.agrees and last.how == ChannelConsent.How.TEXT:
            contacting.say_by_text(patient=patient, channel=channel, agrees=True, by=BY_TEXT, now=now)
            begun += 1
    if not begun:
        return _kept(channel, number, now=now)
    return Result(Outcome.STARTED, _("%(clinic)s: you get texts again.") % {"clinic": current().name})


def _asked_of(people: Sequence[Patient], *, now: datetime) -> list[Reminder]:
    """Of each of these people the session that their last reminder asked of, if it still stands."""
    rows = Reminder.objects.filter(
        session__patient__in=people, went__gt=0, starts_at__gt=now, session__in=Appointment.objects.upcoming(now=now)
    ).select_related("session__patient", "session__location")
    latest: dict[int, Reminder] = {}
    for row in rows.order_by("written_at", "pk"):
        if row.session.is_booked and row.session.starts_at == row.starts_at and row.session.patient_id is not None:
            latest[row.session.patient_id] = row
    return [latest[patient] for patient in sorted(latest)]


def _whom(
    channel: str, number: str, words: str, asked: Sequence[Reminder], *, now: datetime
) -> tuple[Said, Reminder] | None:
    """What they meant, and of whom, where this answers the question that was asked last."""
    last = InboundText.objects.of_phone(channel, number).first()
    if last is None or last.asked is None or last.received_at < now - WAITS:
        return None
    by_code = {str(one.code): one for one in asked}
    typed = plain(words)
    for n, code in enumerate(last.asked["reminders"], 1):
        one = by_code.get(code)
        if one is not None and typed in {str(n), plain(one.session.person.called)}:
            return Said(last.asked["said"]), one
    return None


def _act(said: Said, reminder: Reminder, *, now: datetime) -> Result:
    session = reminder.session
    at = when_short(session.starts_at, session.zone)
    if said == Said.YES:
        try:
            actions.say_yes(appointment=session, starts_at=reminder.starts_at, by=BY_TEXT, now=now)
        except WrongState:
            words = _("That appointment has changed meanwhile. Please see your pages, or ring us.")
            return Result(Outcome.CONFIRMED, words, session)
        return Result(Outcome.CONFIRMED, _("Thank you, see you on %(when)s.") % {"when": at}, session)
    terms = changing.terms_of(session, now=now, clinic=ClinicSettings.current(), is_mailed=True)
    link = session_reminders.cancel_url(reminder, language=language_of(session.person))
    parts = [_("Nothing is cancelled yet.")]
    if terms is not None and not terms.is_free_over:
        parts.append(_("Free to cancel until %(when)s.") % {"when": when_short(terms.free_until, session.zone)})
    elif terms is not None and terms.late_fee:
        parts.append(_("Cancelling costs %(fee)s by now.") % {"fee": dollars(terms.late_fee)})
    parts.append(_("Cancel %(when)s here: %(link)s") % {"when": at, "link": link})
    return Result(Outcome.CANCELLING, space().join(parts), session)


def _kept(channel: str, number: str, *, now: datetime) -> Result:
    """For the front desk; who writes again soon is not told so each time."""
    told = InboundText.objects.of_phone(channel, number).filter(outcome=Outcome.KEPT, received_at__gt=now - ONCE_IN)
    if told.exists():
        return Result(Outcome.KEPT)
    words = _("Our front desk reads this when it is open. In an emergency call 000, or Lifeline on 13 11 14.")
    return Result(Outcome.KEPT, words)
