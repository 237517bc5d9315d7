"""Writing notices, and deciding about those that the portal can't settle alone.

outbox.queue(template="booking_confirmed", to=..., context=..., dedupe_key=f"booking_confirmed:{appointment.code}")
"""

from __future__ import annotations

import base64
import logging
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from email.utils import parseaddr
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import models, transaction
from django.utils import timezone
from django_q.tasks import async_task

from portal.common.access.actors import Actor
from portal.common.labels import label_of
from portal.notifications.models import Channel, Notice, NoticeQuerySet, State
from portal.notifications.rendering import Words, render

logger = logging.getLogger(__name__)

# name, media type, content
Attachment = tuple[str, str, bytes | str]
MOST_ATTACHED = 512 * 1024


class CannotSettle(Exception):
    """This notice is not in a state, or no longer has the words, for what is asked."""


def queue(
    *,
    template: str,
    to: str,
    context: Mapping[str, Any],
    dedupe_key: str,
    language: str | None = None,
    attachments: Iterable[Attachment] = (),
    secret: bool = False,
    about: models.Model | None = None,
    send_at: datetime | None = None,
) -> Notice:
    """Writes one notice in the caller's transaction; it is sent after the commit, or not at all if that never comes.

    It is rendered at once, in `language`. A dedupe key that was used before gives back the notice of that time and
    queues nothing. The words of a `secret` notice, such as a link to reset a password, are erased once it is over.
    """
    if known := Notice.objects.filter(dedupe_key=dedupe_key).first():
        return known
    return queue_words(
        render(template, context, language=language),
        template=template,
        to=to,
        dedupe_key=dedupe_key,
        attachments=attachments,
        secret=secret,
        about=about,
        send_at=send_at,
    )


def queue_words(
    words: Words,
    *,
    template: str,
    to: str,
    dedupe_key: str,
    attachments: Iterable[Attachment] = (),
    secret: bool = False,
    about: models.Model | None = None,
    send_at: datetime | None = None,
) -> Notice:
    """Queues words that are rendered already; `template` only says what kind of notice they are."""
    now = timezone.now()
    code = uuid.uuid4()
    notice = Notice(
        code=code,
        channel=Channel.EMAIL,
        template=template,
        language=words.language,
        to=_one_address(to),
        subject=words.subject,
        text=words.text,
        html=words.html,
        attachments=_packed(attachments),
        dedupe_key=_key(dedupe_key),
        secret=secret,
        about_label="" if about is None else label_of(about),
        about_code="" if about is None else str(about.code),
        next_attempt_at=send_at or now,
        # The same at each attempt: a mailbox that gets a message twice can tell that it is one.
        message_id=f"<{code}@{_domain()}>",
        created_at=now,
    )
    # ON CONFLICT DO NOTHING: it waits for a transaction that writes the same key, and leaves ours in order.
    Notice.objects.bulk_create([notice], ignore_conflicts=True)
    stored = Notice.objects.get(dedupe_key=notice.dedupe_key)
    if stored.code == code and stored.next_attempt_at <= now:
        _send_after_commit(stored.pk)
    return stored


def unnamed(address: str) -> str:
    """Tells recipients apart in a dedupe key, which is kept in clear."""
    return sha256(address.casefold().encode()).hexdigest()[:16]


def cancel(*, dedupe_key: str) -> bool:
    """Withdraws a notice that still waits, and says whether it did."""
    return bool(_cancel(Notice.objects.filter(dedupe_key=dedupe_key)))


def cancel_about(target: models.Model) -> int:
    """Withdraws every notice about something that still waits, whoever it goes to, and counts them."""
    return _cancel(Notice.objects.about(target))


def _cancel(notices: NoticeQuerySet) -> int:
    withdrawn = notices.filter(state=State.PENDING)
    return withdrawn.filter(secret=False).update(state=State.CANCELLED) + withdrawn.filter(secret=True).update(
        state=State.CANCELLED, text=None, html=None, attachments=None
    )


@transaction.atomic
def resend(notice: Notice, *, by: Actor, now: datetime) -> None:
    """Sends a failed, doubtful or withdrawn notice again because a person said so; raises CannotSettle."""
    _settle(
        notice,
        (State.FAILED, State.UNKNOWN, State.CANCELLED),
        by=by,
        now=now,
        state=State.PENDING,
        attempts=0,
        next_attempt_at=now,
        leased_by="",
        error="",
    )
    _send_after_commit(notice.pk)


def mark_arrived(notice: Notice, *, by: Actor, now: datetime) -> None:
    """Settles a doubtful notice that did arrive, by somebody's word; raises CannotSettle."""
    _settle(notice, (State.UNKNOWN,), by=by, now=now, state=State.SENT, sent_at=now, error="")
    if notice.secret:
        Notice.objects.filter(pk=notice.pk, state=State.SENT).update(text=None, html=None, attachments=None)


def _settle(notice: Notice, states: tuple[State, ...], *, by: Actor, now: datetime, **changes: Any) -> None:
    settled = Notice.objects.filter(pk=notice.pk, state__in=states, text__isnull=False).update(
        settled_by=str(by.user_id or by.name), settled_at=now, **changes
    )
    if not settled:
        raise CannotSettle
    notice.refresh_from_db()


def _send_after_commit(notice_id: int) -> None:
    def enqueue_notice() -> None:
        # In a transaction of its own: outside of one, the queue's broker closes and opens a connection for each task.
        with transaction.atomic():
            async_task("portal.notifications.tasks.deliver", notice_id)

    # Robust: if the queue is away, the caller's work is done all the same, and the sweep finds the notice.
    transaction.on_commit(enqueue_notice, robust=True)


def _one_address(to: str) -> str:
    try:
        validate_email(to)
    except ValidationError:
        raise ValueError("A notice goes to one e-mail address.") from None
    return to


def _key(dedupe_key: str) -> str:
    if not 0 < len(dedupe_key) <= Notice._meta.get_field("dedupe_key").max_length:
        raise ValueError("A dedupe key has 1 to 200 characters.")
    return dedupe_key


def _packed(attachments: Iterable[Attachment]) -> list[list[str]] | None:
    packed, size = [], 0
    for name, media_type, content in attachments:
        content = content.encode() if isinstance(content, str) else bytes(content)
        size += len(content)
        packed.append([name, media_type, base64.b64encode(content).decode()])
    if size > MOST_ATTACHED:
        raise ValueError(f"Attachments are too large for a notice: {size} bytes, {MOST_ATTACHED} at most.")
    return packed or None


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
