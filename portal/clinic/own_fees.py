"""What a psychologist charges of their own: each change is in the trail with both amounts, and told to the other side.

Fees stand on the website and in what the clinic promises, so nobody changes one unseen: managers are told what
psychologists changed, psychologists what somebody else changed of theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.conf import settings

from portal.accounts.links import absolute
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.audit.models import Entry
from portal.clinic.models import OwnFee, Psychologist, Service
from portal.common.access.actors import Actor
from portal.common.labels import label_of
from portal.common.money import dollars
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

CHANGED = "psychologist_fee.changed"
# How long the managers' home page tells of it.
TOLD_FOR = timedelta(days=7)


class FeeChange(NamedTuple):
    """One service, and what it costs with this psychologist before and after, in dollars before GST."""

    service: Service
    before: Decimal
    after: Decimal
    # Whether it is the clinic's fee again.
    is_usual: bool


def set_fees(psychologist: Psychologist, fees: Mapping[int, Decimal | None], *, by: Actor, now: datetime) -> None:
    """Writes what differs, a row for each service; services that `fees` doesn't name stay as they are."""
    if not fees:
        return
    held = {own.service_id: own for own in OwnFee.objects.filter(psychologist=psychologist, service__in=fees)}
    services = Service.objects.in_bulk(fees)
    changes = []
    for pk, fee in fees.items():
        own, service = held.get(pk), services[pk]
        if (own.fee if own else None) == fee:
            continue
        if fee is None:
            held[pk].delete()
        else:
            OwnFee.objects.update_or_create(psychologist=psychologist, service=service, defaults={"fee": fee})
        before = own.fee if own else service.fee
        changes.append(FeeChange(service, before, service.fee if fee is None else fee, is_usual=fee is None))
    for change in changes:
        trail.record(
            CHANGED,
            target=psychologist,
            by=by,
            at=now,
            service=change.service.code,
            fee_before=change.before,
            fee_after=change.after,
            is_usual=change.is_usual,
        )
    if changes:
        psychologist.__dict__.pop("fees", None)
        _tell(psychologist, changes, by=by, now=now)


def _tell(psychologist: Psychologist, changes: Sequence[FeeChange], *, by: Actor, now: datetime) -> None:
    """One e-mail for all that was saved at once, to whoever did not do it: nobody where the portal itself did."""
    if by.user is None:
        return
    told: Iterable[User] = [psychologist.user] if psychologist.user.is_active else []
    if by.user == psychologist.user:
        told = User.objects.active().holding(Role.MANAGER).exclude(pk=by.user.pk).order_by("pk")
    lines = [(one.service.name, dollars(one.before), dollars(one.after), one.is_usual) for one in changes]
    for person in told:
        is_own = person == psychologist.user
        page = absolute("psychologist:profile") if is_own else absolute("manager:profile", psychologist.user.code)
        outbox.queue(
            template="fee_changed",
            to=Recipient.by_email(person.email),
            about=psychologist,
            context={
                "name": person.called,
                "who": by.user.name,
                "psychologist": "" if is_own else psychologist.name,
                "at": now,
                "changes": lines,
                "url": page,
            },
            dedupe_key=f"fee_changed:{psychologist.code}:{person.code}:{now.isoformat()}",
            # The staff's rooms speak English.
            language=settings.LANGUAGE_CODE,
        )


class Changed(NamedTuple):
    """A fee that a psychologist changed, as the trail has it: whose and of what by their codes, amounts as text."""

    psychologist: UUID
    service: UUID
    before: Decimal
    after: Decimal


def changed_by_themselves(people: Iterable[Psychologist], *, reader: Actor, now: datetime) -> list[Changed]:
    """What these psychologists changed of their own fees within a week, the newest first, but for the reader's own.

    Looks at entries about them alone: the trail of a week may be long.
    """
    entries = Entry.objects.exclude(actor_id=str(reader.user_id)).filter(
        target_label=label_of(Psychologist),
        target_code__in=[str(person.code) for person in people],
        verb=CHANGED,
        actor_role=Role.PSYCHOLOGIST,
        at__gte=now - TOLD_FOR,
    )
    rows = entries.newest_first().values_list("target_code", "facts")
    return [
        Changed(UUID(code), UUID(facts["service"]), Decimal(facts["fee_before"]), Decimal(facts["fee_after"]))
        for code, facts in rows
        if "fee_before" in facts
    ]
