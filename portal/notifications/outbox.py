"""Writing notices, and deciding about those that the portal can't settle alone.

outbox.queue(
    template="booking_confirmed",
    to=Recipient.by_email(patient.email),
    context={...},
    about=appointment,
    dedupe_key=f"booking_confirmed:{appointment.code}",
)
"""

from __future__ import annotations

import base64
import logging
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django_q.tasks import async_task

from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.database.columns import longest
from portal.common.database.inserting import insert_or_ignore
from portal.common.labels import code_of, label_of
from portal.notifications.channels import CHANNELS
from portal.notifications.hours import Kept, next_open
from portal.notifications.models import ERASED, Delivery, Notice, State
from portal.notifications.recipients import ON_PHONES, Recipient
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
    to: Recipient | Sequence[Recipient],
    context: Mapping[str, Any],
    about: models.Model | None,
    dedupe_key: str,
    language: str | None = None,
    attachments: Iterable[Attachment] = (),
    secret: bool = False,
    send_at: datetime | None = None,
    useless_after: datetime | None = None,
    before: Mapping[str, Any] | None = None,
    hours: Kept | None = None,
    by_sweep: bool = False,
) -> Notice:
    """Writes one notice in the caller's transaction; it is sent after the commit, or not at all if that never comes.

    It is rendered at once, in `language`. A dedupe key that was used before gives back the notice of that time and
    queues nothing. `about` has a `code`; None is for words about nothing that is kept. The words of a `secret` notice,
    such as a link to reset a password, are erased once it is over. `before` is kept with word of a change: how what it
    is about stood until then. Of several recipients the first is tried, and the next where that comes to nothing: they
    are one person's, in order. From `useless_after` on it is not sent any more. One of a great many goes `by_sweep`:
    a task for each would keep the queue from all else. Raises ValueError for an address that the channel can't reach,
    and NoSuchWords where there are no words for a phone.
    """
    first, *others = [to] if isinstance(to, Recipient) else to
    otherwise = [(other, render(template, context, language=language, channel=other.channel)) for other in others]
    return queue_words(
        render(template, context, language=language, channel=first.channel),
        template=template,
        to=first,
        otherwise=otherwise,
        useless_after=useless_after,
        about=about,
        dedupe_key=dedupe_key,
        attachments=attachments,
        secret=secret,
        send_at=send_at,
        before=before,
        hours=hours,
        by_sweep=by_sweep,
    )


def queue_words(
    words: Words,
    *,
    template: str,
    to: Recipient,
    about: models.Model | None,
    dedupe_key: str,
    attachments: Iterable[Attachment] = (),
    secret: bool = False,
    send_at: datetime | None = None,
    useless_after: datetime | None = None,
    before: Mapping[str, Any] | None = None,
    otherwise: Iterable[tuple[Recipient, Words]] = (),
    hours: Kept | None = None,
    by_sweep: bool = False,
) -> Notice:
    """Queues words that are rendered already; `template` only says what kind of notice they are."""
    now, code = timezone.now(), uuid.uuid4()
    return _store(
        Notice(
            code=code,
            channel=to.channel,
            template=template,
            language=words.language,
            **clear(
                to=CHANNELS[to.channel].checked(to.address),
                subject=words.subject,
                text=words.text,
                html=words.html,
                attachments=_packed(attachments),
                otherwise=[_way(other, written) for other, written in otherwise] or None,
            ),
            dedupe_key=_key(dedupe_key),
            secret=secret,
            about_label="" if about is None else label_of(about),
            about_code="" if about is None else code_of(about),
            about_revision=getattr(about, "revision", None),
            about_before=before,
            hours=hours,
            next_attempt_at=next_open(hours, send_at or now),
            useless_after=useless_after,
            # The same at each attempt: a mailbox that gets a message twice can tell that it is one.
            message_id=f"<{code}@{_domain()}>",
            created_at=now,
        ),
        now=now,
        by_sweep=by_sweep,
    )


def _store(notice: Notice, *, now: datetime, by_sweep: bool = False) -> Notice:
    """The notice as it is kept: this one, or the one that had its key first."""
    # It waits for a transaction that writes the same key, and leaves ours in order.
    if not insert_or_ignore(notice):
        return Notice.objects.get(dedupe_key=notice.dedupe_key)
    if notice.next_attempt_at <= now and not by_sweep:
        _send_after_commit(notice.pk)
    return notice


@transaction.atomic
def withdraw(
    *, about: models.Model, why: str, now: datetime, before: int | None = None, only: Collection[int] | None = None
) -> list[uuid.UUID]:
    """Withdraws every notice about something that was not sent, whoever it goes to, and returns their codes.

    `why` is one word, such as "cancelled"; `only` are the ids of those that are meant, if not all. With `before`, what
    tells of that revision or a later one stays: asked again, it does not take back what was told meanwhile. What waits
    or failed is never sent. What is being sent at this moment is not torn: it is marked, and goes no second time if the
    first is refused. What may have been sent needs nobody now.
    """
    if not why:
        raise ValueError("Say why it is withdrawn.")
    notices = Notice.objects.about(about)
    if before is not None:
        notices = notices.filter(Q(about_revision__lt=before) | Q(about_revision__isnull=True))
    if only is not None:
        notices = notices.filter(pk__in=only)
    unsent = notices.filter(
        state__in=[State.PENDING, State.SENDING, State.FAILED, State.UNKNOWN],
        withdrawn_at__isnull=True,
        settled_at__isnull=True,
    )
    # Waits for whoever sends one again at this moment: the new notice is found by the next statement, and no sooner.
    list(unsent.select_for_update().order_by("pk").values_list("pk"))
    # One statement: a notice that goes from waiting to being sent meanwhile is met in the one state or in the other.
    unsent.update(
        state=Case(When(state__in=[State.PENDING, State.FAILED], then=Value(State.WITHDRAWN)), default=F("state")),
        withdrawn_at=now,
        withdrawn_why=why,
    )
    marked = notices.filter(withdrawn_at=now, withdrawn_why=why)
    marked.filter(state=State.WITHDRAWN, secret=True).update(**ERASED)
    return list(marked.values_list("code", flat=True))


@transaction.atomic
def resend(
    notice: Notice,
    *,
    by: Actor,
    now: datetime,
    to: Recipient | None = None,
    attachments: Iterable[Attachment] | None = None,
) -> Notice:
    """Sends a failed or doubtful notice again because a person said so, and returns the new one; raises CannotSettle.

    `to` corrects the address, which is refused for a secret: whoever gets it holds the key. `attachments` stand in for
    its own where they name the address. The first notice stays as it was, with who decided. Of two people who press at
    once, one sends it.
    """
    to = to or notice.recipient
    if notice.secret and to != notice.recipient:
        raise CannotSettle
    # Without its lease, a worker that comes to its senses only now leaves alone what a person has decided.
    _settle(notice, (State.FAILED, State.UNKNOWN), by=by, now=now, leased_by="")
    return _store(
        Notice(
            code=uuid.uuid4(),
            channel=to.channel,
            template=notice.template,
            language=notice.language,
            **clear(
                to=CHANNELS[to.channel].checked(to.address),
                subject=notice.subject,
                text=notice.text,
                html=notice.html,
                attachments=notice.attachments if attachments is None else _packed(attachments),
            ),
            dedupe_key=f"again:{notice.code}",
            secret=notice.secret,
            about_label=notice.about_label,
            about_code=notice.about_code,
            about_revision=notice.about_revision,
            about_before=notice.about_before,
            next_attempt_at=now,
            # As before: a mailbox that got the doubtful one shows both as one.
            message_id=notice.message_id,
            created_at=now,
        ),
        now=now,
    )


@transaction.atomic
def mark_arrived(notice: Notice, *, by: Actor, now: datetime) -> None:
    """Settles a doubtful notice that did arrive, by somebody's word; raises CannotSettle."""
    if notice.delivery == Delivery.BOUNCED:
        raise CannotSettle
    _settle(notice, (State.UNKNOWN,), by=by, now=now, needs_words=False, state=State.SENT, sent_at=now, error="")
    if notice.secret:
        Notice.objects.filter(pk=notice.pk, state=State.SENT).update(**ERASED)


def leave_unsent(notice: Notice, *, by: Actor, now: datetime) -> None:
    """Settles a notice that nobody need send: the person was told another way; raises CannotSettle."""
    # Without its lease, as in `resend`: nothing is tried again that nobody need send.
    _settle(notice, (State.FAILED, State.UNKNOWN), by=by, now=now, needs_words=False, leased_by="")


@transaction.atomic
def go_another_way(notice: Notice, *, now: datetime) -> Notice | None:
    """Queues the next way of a notice that came to nothing, once, and returns it; None where there is no other.

    The one that failed stays as it is: its number or address is for the desk to put right.
    """
    if notice.withdrawn_at is not None or not notice.otherwise:
        return None
    if notice.useless_after is not None and notice.useless_after <= next_open(notice.hours, now):
        return None
    (channel, address, subject, text, html), *rest = notice.otherwise
    # A paper is no part of a text; whoever reads a mailbox gets it.
    attachments = None if channel in ON_PHONES else notice.attachments
    code = uuid.uuid4()
    return _store(
        Notice(
            code=code,
            channel=channel,
            template=notice.template,
            language=notice.language,
            **clear(to=address, subject=subject, text=text, html=html, attachments=attachments, otherwise=rest or None),
            dedupe_key=f"next:{notice.code}",
            secret=notice.secret,
            about_label=notice.about_label,
            about_code=notice.about_code,
            about_revision=notice.about_revision,
            about_before=notice.about_before,
            hours=notice.hours,
            next_attempt_at=next_open(notice.hours, now),
            useless_after=notice.useless_after,
            message_id=f"<{code}@{_domain()}>",
            created_at=now,
        ),
        now=now,
    )


def _settle(
    notice: Notice, states: tuple[State, ...], *, by: Actor, now: datetime, needs_words: bool = True, **changes: Any
) -> None:
    settles = Q(state__in=states) | Q(delivery=Delivery.BOUNCED)
    open_ = Notice.objects.needing_eyes().filter(settles, pk=notice.pk)
    if needs_words:
        open_ = open_.filter(text__isnull=False)
    if not open_.update(settled_by=str(by.user_id or by.name), settled_at=now, **changes):
        raise CannotSettle
    notice.refresh_from_db()


def _send_after_commit(notice_id: int) -> None:
    def enqueue_notice() -> None:
        # In a transaction of its own: outside of one, the queue's broker closes and opens a connection for each task.
        with transaction.atomic():
            async_task("portal.notifications.tasks.deliver", notice_id)

    # Robust: if the queue is away, the caller's work is done all the same, and the sweep finds the notice.
    transaction.on_commit(enqueue_notice, robust=True)


def _key(dedupe_key: str) -> str:
    if not 0 < len(dedupe_key) <= longest(Notice, "dedupe_key"):
        raise ValueError("A dedupe key has 1 to 200 characters.")
    return dedupe_key


def attachments_of(notice: Notice) -> list[Attachment]:
    """What hangs on a notice, as it was given to `queue`."""
    return [(name, media_type, base64.b64decode(content)) for name, media_type, content in notice.attachments or ()]


def _packed(attachments: Iterable[Attachment]) -> list[list[str]] | None:
    packed, size = [], 0
    for name, media_type, content in attachments:
        content = content.encode() if isinstance(content, str) else bytes(content)
        size += len(content)
        packed.append([name, media_type, base64.b64encode(content).decode()])
    if size > MOST_ATTACHED:
        raise ValueError(f"Attachments are too large for a notice: {size} bytes, {MOST_ATTACHED} at most.")
    return packed or None


def _way(to: Recipient, words: Words) -> list[str]:
    return [to.channel, CHANNELS[to.channel].checked(to.address), words.subject, words.text, words.html]


def _domain() -> str:
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
