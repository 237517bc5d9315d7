"""Alerts: answers that somebody must look at the same day. Raised, seen, passed on where nobody looked, and ended.

Each step stands in the trail, which names no cause.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from portal.audit import trail
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.records.actions import tidy
from portal.records.instruments.shape import Flag
from portal.records.models import Measure, RiskAlert
from portal.records.refusals import AlreadyEnded, NothingWritten, NotTheirs


@transaction.atomic
def raise_alert(*, measure: Measure, flags: Sequence[Flag], by: Actor, now: datetime) -> RiskAlert:
    """Raises the alert of answers that set off warnings, in the transaction that keeps them."""
    alert = RiskAlert(
        patient=measure.patient,
        author=measure.author,
        measure=measure,
        **clear(causes=[flag.key for flag in flags]),
        raised_at=now,
        escalates_at=now + timedelta(minutes=ClinicSettings.current().alert_minutes),
    )
    alert.save(force_insert=True)
    trail.record("alert.raised", by=by, target=alert, at=now, patient=alert.patient_id)
    return alert


@transaction.atomic
def see(*, alert: RiskAlert, by: Actor, now: datetime) -> bool:
    """Somebody says that they look at it now; false where somebody said so before. Raises NotTheirs."""
    held = _held(alert, by, now=now)
    if held.seen_at is not None:
        return False
    held.seen_at, held.seen_by = now, by.person
    held.save(update_fields=["seen_at", "seen_by"])
    trail.record("alert.seen", by=by, target=held, at=now, patient=held.patient_id)
    return True


@transaction.atomic
def pass_on(*, alert: RiskAlert, to: Psychologist | None, by: Actor, now: datetime) -> bool:
    """Passes an alert that nobody looked at in time to whoever is on duty; false where that is not so any more.

    `to` is None where nobody is on duty: then it waits with the manager.
    """
    held = RiskAlert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
    if held.seen_at is not None or held.passed_at is not None or now < held.escalates_at:
        return False
    held.passed_to, held.passed_at = to, now
    held.save(update_fields=["passed_to", "passed_at"])
    trail.record(
        "alert.passed_on", by=by, target=held, at=now, patient=held.patient_id, psychologist=to.pk if to else None
    )
    return True


@sensitive_variables("done")
@transaction.atomic
def end(*, alert: RiskAlert, done: str, by: Actor, now: datetime) -> RiskAlert:
    """Ends it with what was done. Whoever ends it has looked. Raises AlreadyEnded, NothingWritten, NotTheirs."""
    held = _held(alert, by, now=now)
    if held.ended_at is not None:
        raise AlreadyEnded
    done = tidy(done).strip()
    if not done:
        raise NothingWritten
    if held.seen_at is None:
        held.seen_at, held.seen_by = now, by.person
    held.done, held.ended_at, held.ended_by = done, now, by.person
    held.save(update_fields=["seen_at", "seen_by", "done", "ended_at", "ended_by"])
    trail.record("alert.ended", by=by, target=held, at=now, patient=held.patient_id)
    return held


def read(*, alert: RiskAlert, by: Actor, now: datetime) -> None:
    """Says in the trail that somebody opens it. Raises NotTheirs."""
    if not RiskAlert.objects.visible_to(by, now=now).filter(pk=alert.pk).exists():
        raise NotTheirs
    trail.read("alert", by=by, target=alert, at=now, patient=alert.patient_id)


def _held(alert: RiskAlert, by: Actor, *, now: datetime) -> RiskAlert:
    if not RiskAlert.objects.visible_to(by, now=now).filter(pk=alert.pk).exists():
        raise NotTheirs
    return RiskAlert.objects.select_for_update(of=("self",)).get(pk=alert.pk)
