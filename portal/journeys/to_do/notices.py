"""Work about notices that did not arrive: raised when the outbox gives up or cannot know, settled at the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from portal.appointments import ics
from portal.appointments.models import Appointment, Series
from portal.audit import trail
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.labels import labels_of
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import UNDELIVERED
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from portal.worklist.models import ToDo, ToDoQuerySet

MANY: Final = 200
DAY, A_WHILE = timedelta(days=1), timedelta(hours=2)
# Whose address a clerk may put right. A notice about an account goes to the account's own address, or nowhere.
MAY_GO_ELSEWHERE: Final = frozenset(
    {*labels_of(Appointment), *labels_of(Series), *labels_of(Invoice), "resources.Share"}
)


def raise_undelivered(*, by: Actor, now: datetime) -> int:
    """Puts every notice that a person must look at on the list, and returns how many are new.

    The outbox knows nobody's work, so this looks at its rows: each is found, however it came to fail.
    """
    count = 0
    due_at = noon_or_five(now + A_WHILE, ClinicSettings.current().zone)
    for notice in _not_listed():
        with transaction.atomic():
            # Held while it is written, so that nobody settles the notice beside it.
            if Notice.objects.needing_eyes().select_for_update().filter(pk=notice.pk).first() is None:
                continue
            raised = steps.put_on_list(
                UNDELIVERED,
                about=notice,
                dedupe_key=_key(notice),
                due_at=due_at,
                escalates_at=due_at + DAY,
                by=by,
                now=now,
            )
            count += raised is not None
    return count


def _not_listed() -> list[Notice]:
    waiting = list(Notice.objects.needing_eyes().order_by("created_at", "pk").only("pk", "code"))
    listed: set[str] = set()
    for start in range(0, len(waiting), MANY):
        codes = [notice.code for notice in waiting[start : start + MANY]]
        listed |= set(_open_about(codes).values_list("about_code", flat=True))
    return [notice for notice in waiting if str(notice.code) not in listed]


def _key(notice: Notice) -> str:
    # A doubt that its worker cleared up can end in a failure: the key counts the times. Two at once count the same.
    times = ToDo.objects.about(notice).of_kind(UNDELIVERED.name).exclude(done_at__isnull=True).count()
    return f"{UNDELIVERED.name}:{notice.code}:{times}"


def _open_about(codes: Iterable[UUID]) -> ToDoQuerySet:
    to_dos = ToDo.objects.still_open().of_kind(UNDELIVERED.name).filter(about_label__in=labels_of(Notice))
    return to_dos.filter(about_code__in=[str(code) for code in codes])


def went_another_way(notice: Notice) -> str:
    """Where it went instead, by the next way that is open; empty where it went nowhere."""
    other = Notice.objects.filter(dedupe_key=f"next:{notice.code}").first()
    return other.to if other is not None and other.state in {State.PENDING, State.SENDING, State.SENT} else ""


def may_go_elsewhere(notice: Notice) -> bool:
    """Whether a clerk may send it to another address than the first."""
    return not notice.secret and notice.about_label in MAY_GO_ELSEWHERE


@transaction.atomic
def send_again(notice: Notice, *, address: str, by: Actor, now: datetime) -> Notice:
    """Sends it again, to the address it had or the right one. Raises CannotSettle, or ValueError for no address."""
    to = Recipient(notice.channel, address)
    if to != notice.recipient and not may_go_elsewhere(notice):
        raise outbox.CannotSettle
    attachments = None if to == notice.recipient else _for_address(notice, to.address)
    again = outbox.resend(notice, to=to, attachments=attachments, by=by, now=now)
    _settled(notice, "sent_again", by=by, now=now, address_changed=to != notice.recipient)
    return again


def _for_address(notice: Notice, address: str) -> list[outbox.Attachment]:
    """What hangs on it, with a calendar entry that names whoever gets it: some mail programs show no other."""
    return [
        (name, kind, ics.readdressed(content, to=address) if kind.startswith("text/calendar") else content)
        for name, kind, content in outbox.attachments_of(notice)
        if isinstance(content, bytes)
    ]


@transaction.atomic
def mark_arrived(notice: Notice, *, by: Actor, now: datetime) -> None:
    """Somebody asked, and it had arrived. Raises CannotSettle."""
    outbox.mark_arrived(notice, by=by, now=now)
    _settled(notice, "arrived", by=by, now=now)


def _settled(notice: Notice, outcome: str, *, by: Actor, now: datetime, **facts: bool) -> None:
    trail.record(f"notice.{outcome}", target=notice, by=by, at=now, **facts)
    close([notice.code], outcome=outcome, by=by, now=now)


def close(codes: Iterable[UUID], *, outcome: str, by: Actor, now: datetime) -> None:
    """Closes the work about these notices, because they were settled or withdrawn."""
    for to_do in _open_about(codes).order_by("pk"):
        steps.close(to_do, outcome=outcome, by=by, now=now)


def close_what_is_settled(*, by: Actor, now: datetime) -> int:
    """Closes work about notices that need nobody any more; returns how many."""
    to_dos = list(ToDo.objects.still_open().of_kind(UNDELIVERED.name).order_by("pk"))
    closed = 0
    for start in range(0, len(to_dos), MANY):
        some = to_dos[start : start + MANY]
        codes = [to_do.about_code for to_do in some]
        waiting = {
            str(code) for code in Notice.objects.needing_eyes().filter(code__in=codes).values_list("code", flat=True)
        }
        closed += sum(
            steps.close(to_do, outcome="settled", by=by, now=now) is not None
            for to_do in some
            if to_do.about_code not in waiting
        )
    return closed
