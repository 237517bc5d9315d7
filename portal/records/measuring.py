"""Asking for outcome measures, answering them, and letting the patient see a result. Each step stands in the trail.

What was answered is scored as it is sent, whole or not at all, and joins the chain of signed records.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.views.decorators.debug import sensitive_variables

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.audit import trail
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.database.inserting import insert_or_ignore
from portal.patients.models import Patient
from portal.records import chain
from portal.records.instruments import CURRENT, scoring
from portal.records.instruments.shape import Flag
from portal.records.models import Measure, MeasurePlan
from portal.records.refusals import AlreadyAnswered, NotAsked, NotTheirs

State = Measure.State
# What was asked for without a session stays open so long; what is asked before one, until a day after it.
OPEN_FOR: Final = timedelta(days=14)
AFTER_SESSION: Final = timedelta(days=1)


@transaction.atomic
def ask(*, patient: Patient, instrument: str, by: Actor, now: datetime) -> Measure:
    """Asks for a measure once, to be answered within fourteen days.

    One that waits already is the one that is returned. Raises NotTheirs for somebody who is not on their list.
    """
    author = _author(patient, by)
    return _ask(patient=patient, author=author, instrument=instrument, open_until=now + OPEN_FOR, by=by, now=now)[0]


@transaction.atomic
def plan(
    *, patient: Patient, instrument: str, every: int | None, at_sessions: Collection[int] = (), by: Actor, now: datetime
) -> MeasurePlan:
    """Asks for a measure before every so many sessions, or before those of these numbers, from the next one on.

    The same plan that is in force is the one that is returned; another for the same measure ends as this one begins.
    Raises NotTheirs.
    """
    author, at = _author(patient, by), [] if every else sorted(set(at_sessions))
    # Whoever plans for this psychologist at the same time waits here.
    Psychologist.objects.select_for_update(no_key=True, of=("self",)).get(pk=author.pk)
    own = MeasurePlan.objects.filter(patient=patient, author=author, instrument=instrument)
    if same := own.filter(ended_at__isnull=True, every=every, at_sessions=at).first():
        return same
    _end(own, by=by, now=now)
    made = MeasurePlan(
        patient=patient,
        author=author,
        instrument=instrument,
        every=every,
        at_sessions=at,
        started_at=now,
    )
    made.save(force_insert=True)
    trail.record("measure_plan.began", by=by, target=made, at=now, patient=patient.pk)
    return made


@transaction.atomic
def end_plan(*, plan: MeasurePlan, by: Actor, now: datetime) -> None:
    """Asks no more; what was asked already still waits. One that has ended stays so. Raises NotTheirs."""
    if plan.author.user_id != by.user_id:
        raise NotTheirs
    _end(MeasurePlan.objects.filter(pk=plan.pk), by=by, now=now)


@transaction.atomic
def ask_before(*, plan: MeasurePlan, session: Appointment, by: Actor, now: datetime) -> Measure | None:
    """Asks for what a plan asks before a session; None where it was asked before, or waits to be answered anyway."""
    until = session.ends_at + AFTER_SESSION
    measure, is_new = _ask(
        patient=plan.patient,
        author=plan.author,
        instrument=plan.instrument,
        open_until=until,
        plan=plan,
        appointment=session,
        by=by,
        now=now,
    )
    return measure if is_new else None


@transaction.atomic
def withdraw(*, measure: Measure, by: Actor, now: datetime) -> bool:
    """Asks for it no more, and says whether it still waited. Raises AlreadyAnswered, NotTheirs."""
    held = Measure.objects.select_for_update(of=("self",)).select_related("author").get(pk=measure.pk)
    if by.user is not None and held.author.user_id != by.user_id:
        raise NotTheirs
    if held.is_answered:
        raise AlreadyAnswered
    if held.state == State.WITHDRAWN:
        return False
    held.state, held.withdrawn_at = State.WITHDRAWN, now
    held.save(update_fields=["state", "withdrawn_at"])
    trail.record("measure.withdrawn", by=by, target=held, at=now, patient=held.patient_id)
    return True


@sensitive_variables("given")
@transaction.atomic
def answer(
    *, measure: Measure, given: Mapping[int, int], unscored: int | None = None, by: Actor, now: datetime
) -> list[Flag]:
    """Keeps the patient's answers, scored, and returns the warnings that they set off.

    Raises scoring.Incomplete or scoring.NoSuchAnswer, AlreadyAnswered, NotAsked (withdrawn, or its time is over),
    NotTheirs.
    """
    held = Measure.objects.select_for_update(of=("self",)).select_related("patient", "author").get(pk=measure.pk)
    # Whoever asks for it sees it as well, and answers for nobody.
    if by.role != Role.PATIENT or not Measure.objects.visible_to(by, now=now).filter(pk=held.pk).exists():
        raise NotTheirs
    if held.is_answered:
        raise AlreadyAnswered
    if not held.can_be_answered(now=now):
        raise NotAsked
    return _keep(held, given, unscored, how=Measure.How.PORTAL, answered_at=now, by=by, now=now)


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
    """Keeps what a patient answered on paper at `answered_at`, as their psychologist enters it; with its warnings.

    Raises scoring.Incomplete or scoring.NoSuchAnswer, NotAsked (a time to come), NotTheirs.
    """
    author = _author(patient, by)
    if answered_at > now:
        raise NotAsked
    one = CURRENT[instrument]
    waiting = Measure.objects.select_for_update(of=("self",)).filter(
        patient=patient, author=author, instrument=instrument, state=State.ASKED, asked_at__lte=answered_at
    )
    held = waiting.select_related("patient", "author").first()
    if held is None:
        held = Measure(
            patient=patient,
            author=author,
            instrument=instrument,
            version=one.version,
            asked_at=answered_at,
            open_until=now + OPEN_FOR,
        )
    return held, _keep(held, given, unscored, how=Measure.How.PAPER, answered_at=answered_at, by=by, now=now)


@transaction.atomic
def release(*, measure: Measure, by: Actor, now: datetime) -> bool:
    """Lets the patient see the result, and says whether they could not before. Raises NotAsked, NotTheirs."""
    held = Measure.objects.select_for_update(of=("self",)).get(pk=measure.pk)
    if not Measure.objects.visible_to(by, now=now).filter(pk=held.pk).exists() or by.role != Role.PSYCHOLOGIST:
        raise NotTheirs
    if not held.is_answered:
        raise NotAsked
    if held.released_at is not None:
        return False
    held.released_at, held.released_by = now, by.person
    held.save(update_fields=["released_at", "released_by"])
    trail.record("measure.released", by=by, target=held, at=now, patient=held.patient_id)
    return True


def read(*, measure: Measure, by: Actor, now: datetime) -> None:
    """Says in the trail that somebody opens an answered measure. Raises NotTheirs."""
    if not Measure.objects.visible_to(by, now=now).filter(pk=measure.pk).exists():
        raise NotTheirs
    trail.read("measure", by=by, target=measure, at=now, patient=measure.patient_id)


# ---- Beneath ---------------------------------------------------------------------------------------------------------


def _author(patient: Patient, by: Actor) -> Psychologist:
    if by.role != Role.PSYCHOLOGIST or not Patient.objects.visible_to(by).filter(pk=patient.pk).exists():
        raise NotTheirs
    return Psychologist.objects.get(user=by.person)


def _ask(
    *,
    patient: Patient,
    author: Psychologist,
    instrument: str,
    open_until: datetime,
    plan: MeasurePlan | None = None,
    appointment: Appointment | None = None,
    by: Actor,
    now: datetime,
) -> tuple[Measure, bool]:
    asked = Measure.objects.filter(patient=patient, author=author, instrument=instrument, state=State.ASKED)
    for stale in asked.filter(open_until__lte=now).select_for_update(of=("self",)):
        stale.state, stale.withdrawn_at = State.WITHDRAWN, now
        stale.save(update_fields=["state", "withdrawn_at"])
    row = Measure(
        patient=patient,
        author=author,
        plan=plan,
        appointment=appointment,
        instrument=instrument,
        version=CURRENT[instrument].version,
        asked_at=now,
        open_until=open_until,
    )
    # Two at once, and a plan whose question waits already, are one question.
    if not insert_or_ignore(row):
        return asked.get() if asked.exists() else Measure.objects.get(plan=plan, appointment=appointment), False
    made = Measure.objects.get(code=row.code)
    trail.record("measure.asked", by=by, target=made, at=now, patient=patient.pk)
    return made, True


def _end(plans: QuerySet[MeasurePlan], *, by: Actor, now: datetime) -> None:
    for one in plans.filter(ended_at__isnull=True).select_for_update():
        one.ended_at = now
        one.save(update_fields=["ended_at"])
        trail.record("measure_plan.ended", by=by, target=one, at=now, patient=one.patient_id)


@sensitive_variables("given")
def _keep(
    held: Measure,
    given: Mapping[int, int],
    unscored: int | None,
    *,
    how: str,
    answered_at: datetime,
    by: Actor,
    now: datetime,
) -> list[Flag]:
    form = held.form
    scores = scoring.score(form, given)
    if unscored is not None and unscored not in {answer.value for answer in form.unscored_answers}:
        raise scoring.NoSuchAnswer
    answers = {str(item): given[item] for item in sorted(given)} | ({} if unscored is None else {"unscored": unscored})
    held.state, held.how, held.scorer = State.ANSWERED, how, scoring.SCORER
    held.answers, held.scores = answers, scores
    held.answered_at, held.answered_by, held.withdrawn_at = answered_at, by.person, None
    chain.append(held)
    held.save()
    trail.record(
        "measure.answered", by=by, target=held, at=now, patient=held.patient_id, sequence=held.sequence, seal=held.hash
    )
    return scoring.flags(form, given, scores)
