"""Outcome measures between the people: asked for and told of, answered, and looked at the same day where they worry.

No notice says which form it is, let alone what was answered.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.debug import sensitive_variables

from portal.appointments import states
from portal.appointments.models import Appointment, AppointmentQuerySet
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import alerting
from portal.notifications import outbox
from portal.patients.models import Patient
from portal.patients.reaching import readers_of
from portal.records import measuring
from portal.records.instruments.shape import Flag
from portal.records.models import Measure, MeasurePlan

# How long before a session its measures are asked for.
AHEAD: Final = timedelta(days=3)
TEMPLATE: Final = "form_waiting"


@transaction.atomic
def ask(*, patient: Patient, instrument: str, by: Actor, now: datetime) -> Measure:
    """Asks for a measure once and writes to whoever reads for the patient. Raises NotTheirs."""
    measure = measuring.ask(patient=patient, instrument=instrument, by=by, now=now)
    _tell(measure, now=now)
    return measure


@transaction.atomic
def withdraw(*, measure: Measure, by: Actor, now: datetime) -> bool:
    """Asks for it no more, and takes back a notice that still waits. Raises AlreadyAnswered, NotTheirs."""
    taken = measuring.withdraw(measure=measure, by=by, now=now)
    if taken:
        outbox.withdraw(about=measure, why="withdrawn", now=now)
    return taken


@sensitive_variables("given")
@transaction.atomic
def answer(
    *, measure: Measure, given: Mapping[int, int], unscored: int | None = None, by: Actor, now: datetime
) -> list[Flag]:
    """Keeps the answers, and has somebody look at them today where they worry; returns which warnings were set off.

    Raises what `measuring.answer` raises.
    """
    flags = measuring.answer(measure=measure, given=given, unscored=unscored, by=by, now=now)
    _follow(measure, flags, by=by, now=now)
    return flags


@sensitive_variables("given")
@transaction.atomic
def enter(
    *,
    patient: Patient,
    instrument: str,
    given: Mapping[int, int],
    unscored: int | None = None,
    answered_at: datetime,
    by: Actor,
    now: datetime,
) -> tuple[Measure, list[Flag]]:
    """Keeps what was answered on paper. What worries is on the list too, though whoever enters it has just read it.

    Raises what `measuring.enter` raises.
    """
    measure, flags = measuring.enter(
        patient=patient, instrument=instrument, given=given, unscored=unscored, answered_at=answered_at, by=by, now=now
    )
    _follow(measure, flags, by=by, now=now)
    return measure, flags


def _follow(measure: Measure, flags: list[Flag], *, by: Actor, now: datetime) -> None:
    outbox.withdraw(about=measure, why="answered", now=now)
    if flags:
        alerting.raise_alert(measure=measure, flags=flags, by=by, now=now)


def go_round(*, by: Actor, now: datetime) -> dict[str, int]:
    """Asks for what plans ask before coming sessions, and takes back what was asked before one that is called off."""
    return {"asked": _ask_before_sessions(by=by, now=now), "withdrawn": _withdraw_called_off(by=by, now=now)}


def _ask_before_sessions(*, by: Actor, now: datetime) -> int:
    coming = (
        Appointment.objects.upcoming(now=now)
        .filter(patient=OuterRef("patient"), psychologist=OuterRef("author"), starts_at__gt=now)
        .order_by("starts_at")
    )
    plans = (
        MeasurePlan.objects.filter(ended_at__isnull=True)
        .annotate(session=Subquery(coming.values("pk")[:1]), starts_at=Subquery(coming.values("starts_at")[:1]))
        .filter(starts_at__lte=now + AHEAD)
        .select_related("patient", "author")
    )
    asked = 0
    for plan in plans.order_by("pk").iterator(chunk_size=200):
        number = 1 + _sessions_since(plan).filter(starts_at__lt=plan.starts_at).count()
        if not plan.asks_at(number) or Measure.objects.filter(plan=plan, appointment=plan.session).exists():
            continue
        with transaction.atomic():
            session = Appointment.objects.select_for_update(of=("self",)).get(pk=plan.session)
            if not session.is_open:
                continue
            measure = measuring.ask_before(plan=plan, session=session, by=by, now=now)
            if measure is not None:
                _tell(measure, now=now)
                asked += 1
    return asked


def _sessions_since(plan: MeasurePlan) -> AppointmentQuerySet:
    """Those of the plan's two people since it began that took place or are to."""
    return Appointment.objects.filter(
        patient=plan.patient, psychologist=plan.author, status__in=states.STANDING, ends_at__gt=plan.started_at
    )


def _withdraw_called_off(*, by: Actor, now: datetime) -> int:
    called_off = Appointment.objects.over().exclude(status__in=states.ATTENDED)
    asked = Measure.objects.filter(state=Measure.State.ASKED, appointment__in=called_off)
    return sum(withdraw(measure=measure, by=by, now=now) for measure in asked.order_by("pk")[:500])


def _tell(measure: Measure, *, now: datetime) -> None:
    """In safe hours, to whoever reads for the patient."""
    zone = ClinicSettings.current().zone
    for reader in readers_of(measure.patient):
        with override(reader.language):
            path = reverse("patient:measures")
        outbox.queue(
            template=TEMPLATE,
            to=reader.to(TEMPLATE),
            context={"called": reader.called, "whose": reader.about, "path": path},
            dedupe_key=f"{TEMPLATE}:{measure.code}:{reader.digest}",
            language=reader.language,
            about=measure,
            useless_after=measure.open_until,
            hours=reader.hours(zone=zone),
        )
