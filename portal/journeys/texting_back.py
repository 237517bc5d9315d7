"""Answers of the front desk to what came as a text: they go back the same way, to the same phone."""

from __future__ import annotations

from portal.messaging.models import Message, Thread
from portal.messaging.refusals import CannotText, TooLong
from portal.notifications import outbox
from portal.notifications.channels import CHANNELS
from portal.notifications.letterhead import current
from portal.notifications.models import InboundText, Notice
from portal.notifications.recipients import ON_PHONES, Recipient
from portal.notifications.rendering import Words, known
from portal.notifications.twilio.texting import MOST_LETTERS
from portal.patients.reaching import language_of

TEMPLATE = "text_answer"
Outcome = InboundText.Outcome


def way_to(thread: Thread) -> Recipient | None:
    """By which channel their last text came, where an answer can go that way; None after a stop, or with texts off."""
    if not thread.by_text or not thread.phone:
        return None
    newest: InboundText | None = None
    for channel in sorted(ON_PHONES):
        if not CHANNELS[channel].is_configured():
            continue
        texts = InboundText.objects.of_phone(channel, thread.phone)
        ended = texts.filter(outcome__in=[Outcome.STOPPED, Outcome.STARTED]).first()
        if ended is not None and ended.outcome == Outcome.STOPPED:
            continue
        last = texts.first()
        if last is not None and (newest is None or last.pk > newest.pk):
            newest = last
    return None if newest is None else Recipient(newest.channel, thread.phone)


def check(thread: Thread, body: str, *, has_file: bool) -> None:
    """Raises CannotText or TooLong for an answer that no text can be."""
    if has_file or way_to(thread) is None:
        raise CannotText
    if len(_words(body)) > MOST_LETTERS:
        raise TooLong(len(_words(body)) - MOST_LETTERS)


def send(message: Message) -> Notice | None:
    """Queues it in the caller's transaction; None where nothing can go that way any more."""
    thread = message.thread
    to = way_to(thread)
    if to is None:
        return None
    language = known(language_of(thread.patient) if thread.patient else None)
    return outbox.queue_words(
        Words(language=language, subject="", text=_words(message.body), html=""),
        template=TEMPLATE,
        to=to,
        about=thread,
        dedupe_key=f"{TEMPLATE}:{message.code}",
    )


def _words(body: str) -> str:
    """A text says whom it is from: its number is nobody's in most phones."""
    return f"{current().name}: {body}"
