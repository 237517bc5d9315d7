"""Changing how somebody is reached, with what it means for notices that wait: none leaves by a way that was closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.appointments.models import Appointment, Series
from portal.billing.models import Invoice
from portal.common.access.actors import Actor
from portal.messaging.models import Thread
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.patients import ways
from portal.patients.models import ContactWays, Patient
from portal.resources.models import Share

CLOSED = "way_closed"


@transaction.atomic
def change(*, patient: Patient, values: Mapping[str, Any], by: Actor, now: datetime) -> ContactWays:
    """As `ways.change`; what waits and may not leave any more is withdrawn, or takes the next way that is open."""
    wanted = ways.change(patient=patient, values=values, by=by, now=now)
    _withdraw_closed(patient, wanted, now=now)
    return wanted


@transaction.atomic
def say_by_text(*, patient: Patient, channel: str, agrees: bool, by: Actor, now: datetime) -> ContactWays:
    """As `ways.say_by_text`, with the same."""
    wanted = ways.say_by_text(patient=patient, channel=channel, agrees=agrees, by=by, now=now)
    _withdraw_closed(patient, wanted, now=now)
    return wanted


def _withdraw_closed(patient: Patient, wanted: ContactWays, *, now: datetime) -> None:
    """Of the notices about this patient that wait: links that somebody asked for go on, all else keeps to the ways."""
    open_now = set(wanted.open_channels)
    waiting = Notice.objects.filter(state=State.PENDING, secret=False, about_code__in=_codes(patient))
    for notice in waiting.select_for_update().order_by("pk"):
        left = [way for way in notice.otherwise or [] if way[0] in open_now]
        if len(left) != len(notice.otherwise or []):
            notice.otherwise = left or None
            notice.save(update_fields=["otherwise"])
        if notice.channel not in open_now:
            outbox.go_another_way(notice, now=now)
            Notice.objects.filter(pk=notice.pk, state=State.PENDING).update(
                state=State.WITHDRAWN, withdrawn_at=now, withdrawn_why=CLOSED
            )


def _codes(patient: Patient) -> list[str]:
    """What notices about a patient are about; bills of a payer are none of theirs."""
    sessions = Appointment.objects.filter(patient=patient).order_by()
    found = [patient.code, *sessions.values_list("code", flat=True)]
    found += Series.objects.filter(pk__in=sessions.filter(series__isnull=False).values("series")).values_list(
        "code", flat=True
    )
    found += Invoice.objects.filter(patient=patient, payer=None).order_by().values_list("code", flat=True)
    found += Thread.objects.filter(patient=patient).order_by().values_list("code", flat=True)
    found += Share.objects.filter(patient=patient).order_by().values_list("code", flat=True)
    return [str(code) for code in found]
