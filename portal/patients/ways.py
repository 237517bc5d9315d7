"""How a patient wants to be reached: by which channels, at which hours, and who must not learn of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Final

from django.db import transaction
from django.utils.translation import get_language

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.notifications.channels import CHANNELS
from portal.notifications.recipients import ON_PHONES, Channel
from portal.notifications.rendering import known
from portal.patients.locking import hold_record
from portal.patients.models import ChannelConsent, ContactWays, Patient

FIELDS: Final = (
    *("prefers", "by_email", "by_sms", "by_whatsapp"),
    *("safe_from", "safe_until", "nobody_writes", "not_told"),
)
# The column that says whether a channel is open.
COLUMNS: Final = {f"by_{channel}": channel.value for channel in Channel}


def of(patient: Patient) -> ContactWays:
    """What is on file, or else what counts where nothing is. One query, if it was not read before."""
    try:
        return patient.ways
    except ContactWays.DoesNotExist:
        return ContactWays(patient=patient)


def channels_in_words(patient: Patient) -> list[str]:
    """By which channels the clinic may write, the first first, for a page."""
    return [str(Channel(channel).label) for channel in of(patient).open_channels]


def phones_off() -> str:
    """One honest sentence where the clinic sends no texts at all; empty where it does."""
    channels = [CHANNELS[channel] for channel in ON_PHONES]
    return "" if any(one.is_configured() for one in channels) else str(CHANNELS[Channel.SMS].off)


@transaction.atomic
def change(*, patient: Patient, values: Mapping[str, Any], by: Actor, now: datetime) -> ContactWays:
    """Writes those of `values` that differ, and what was said of each channel, with who wrote it down."""
    if unknown := values.keys() - set(FIELDS):
        raise TypeError(f"not ways of contact: {', '.join(sorted(unknown))}")
    stored = hold_record(patient)
    how = ChannelConsent.How.DESK if by.is_staff else ChannelConsent.How.PAGE
    return _write(of(stored), values, how=how, by=by, now=now)


@transaction.atomic
def say_by_text(*, patient: Patient, channel: str, agrees: bool, by: Actor, now: datetime) -> ContactWays:
    """STOP or START from the number on file: ends or opens that channel, and no other."""
    ways = of(hold_record(patient))
    column = f"by_{channel}"
    values: dict[str, Any] = {column: agrees}
    if not agrees and ways.prefers == channel:
        # The next that is open; without any, nobody writes.
        others = [one for one in ways.open_channels if one != channel]
        values |= {"prefers": others[0]} if others else {"nobody_writes": True}
    elif agrees and not ways.open_channels:
        values |= {"prefers": channel, "nobody_writes": False}
    return _write(ways, values, how=ChannelConsent.How.TEXT, by=by, now=now)


def _write(
    ways: ContactWays, values: Mapping[str, Any], *, how: ChannelConsent.How, by: Actor, now: datetime
) -> ContactWays:
    changed = sorted(name for name, value in values.items() if getattr(ways, name) != value)
    if not changed:
        return ways
    for name in changed:
        setattr(ways, name, values[name])
    is_text = how == ChannelConsent.How.TEXT
    for column in COLUMNS.keys() & set(changed):
        ChannelConsent.objects.create(
            patient=ways.patient,
            channel=COLUMNS[column],
            agrees=values[column],
            how=how,
            said_by=None if is_text else by.person,
            role="" if is_text else str(by.role),
            said_at=now,
            language=known(get_language()),
        )
    ways.changed_at = now
    if ways.pk is None:
        ways.save(force_insert=True)
    else:
        ways.save(update_fields=[*changed, "changed_at"])
    trail.record("patient.contact_changed", target=ways.patient, by=by, at=now, fields=changed)
    return ways


def last_words(patient: Patient) -> dict[str, ChannelConsent]:
    """What was said last of each channel. One query."""
    rows = ChannelConsent.objects.filter(patient=patient).select_related("said_by").order_by("pk")
    return {row.channel: row for row in rows}


def safe_at(hours: tuple[time, time] | None, now: datetime, *, zone: tzinfo) -> datetime:
    """The first moment from `now` on within these hours of the clock of `zone`; in UTC."""
    if hours is None or _is_within(now.astimezone(zone).time(), *hours):
        return now
    local = now.astimezone(zone)
    day = local.date() + timedelta(days=local.time() >= hours[0])
    return datetime.combine(day, hours[0], zone).astimezone(UTC)


def _is_within(local: time, begins: time, ends: time) -> bool:
    return begins <= local < ends if begins < ends else local >= begins or local < ends
