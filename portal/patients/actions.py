"""What is done to the record of a person in care, and who may sign in for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.patients import addresses
from portal.patients.locking import hold_record
from portal.patients.models import Carer, Patient
from portal.patients.refusals import AlreadyCarer, NotInForce, OwnAccount, SomebodyElseIsBilled, UserHasRecord
from portal.patients.search import reindex
from portal.patients.telling import tell_of_carer

NOT_DETAILS = frozenset({"id", "code", "user", "created_at", "compared_at", "approved_at", "approved_by"})
# What a form may say about a person; who they sign in as has actions of its own.
DETAILS = frozenset(f.name for f in Patient._meta.concrete_fields if f.name not in NOT_DETAILS)

NAMES = frozenset({"legal_first_name", "legal_last_name", "preferred_name"})


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := values.keys() - DETAILS:
        raise TypeError(f"not a patient's details: {', '.join(sorted(unknown))}")
    return dict(values)


@transaction.atomic
def register_patient(*, values: Mapping[str, Any], user: User | None = None, by: Actor, now: datetime) -> Patient:
    """Opens a record, with the person's own sign-in if `user` is given; raises UserHasRecord."""
    details = _checked(values)
    if user is not None:
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if Patient.objects.filter(user=user).exists():
            raise UserHasRecord
    if user is not None:
        details["email"] = user.email
    # At the desk somebody has just looked at whoever is alike; of the others a round does it.
    compared_at = None if by.role == Role.PATIENT else now
    patient = Patient.objects.create(user=user, created_at=now, compared_at=compared_at, **details)
    reindex(patient)
    trail.record("patient.registered", target=patient, by=by, at=now)
    name_account(patient, by=by, now=now)
    return patient


@transaction.atomic
def update_patient(*, patient: Patient, values: Mapping[str, Any], by: Actor, now: datetime) -> Patient:
    """Writes those of `values` that differ from what is stored; other fields keep what somebody else just saved."""
    details = _checked(values)
    stored = hold_record(patient)
    if "email" in details and not addresses.counts_at_once(stored, details["email"], by=by, now=now):
        patient.email = stored.email
        del details["email"]
    changed = sorted(name for name, value in details.items() if getattr(stored, name) != value)
    for name, value in details.items():
        setattr(stored, name, value)
        setattr(patient, name, value)
    if changed:
        stored.save(update_fields=changed)
        reindex(stored)
        trail.record("patient.changed", target=stored, by=by, at=now, fields=changed)
        if NAMES & set(changed):
            name_account(stored, by=by, now=now)
    return stored


@transaction.atomic
def approve_for_booking(*, patient: Patient, by: Actor, now: datetime) -> None:
    """Lets somebody book online what is for approved people alone; a second call changes nothing."""
    stored = hold_record(patient)
    if stored.approved_at is None:
        _set_approval(stored, now, by.person)
        trail.record("patient.approved", target=stored, by=by, at=now)


@transaction.atomic
def withdraw_approval(*, patient: Patient, by: Actor, now: datetime) -> None:
    """From now on they book online what everybody may; what is booked stays. A second call changes nothing."""
    stored = hold_record(patient)
    if stored.approved_at is not None:
        _set_approval(stored, None, None)
        trail.record("patient.approval_withdrawn", target=stored, by=by, at=now)


def _set_approval(stored: Patient, at: datetime | None, by: User | None) -> None:
    stored.approved_at, stored.approved_by = at, by
    stored.save(update_fields=["approved_at", "approved_by"])


def name_account(patient: Patient, *, by: Actor, now: datetime) -> None:
    """Has the account of the person themself greet them by the name on their record; staff keep the name of their work.

    Call it in the transaction that gives the record its name, or its account.
    """
    if patient.user is not None and not patient.user.is_staff_member:
        accounts.rename(user=patient.user, first_name=patient.called, last_name=patient.legal_last_name, by=by, now=now)


@transaction.atomic
def add_carer(
    *,
    patient: Patient,
    user: User,
    relationship: Carer.Relationship | str,
    is_billed: bool = False,
    by: Actor,
    now: datetime,
) -> Carer:
    """Lets `user` act for the patient from now on, and tells the patient's side.

    Raises OwnAccount, AlreadyCarer or SomebodyElseIsBilled.
    """
    somebody_elses(user, by=by)
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    held = _in_force(patient)
    if held.filter(user=user).exists():
        raise AlreadyCarer
    if is_billed and held.filter(is_billed=True).exists():
        raise SomebodyElseIsBilled
    carer = Carer.objects.create(
        patient=patient,
        user=user,
        relationship=relationship,
        is_billed=is_billed,
        started_at=now,
        added_by=by.user,
    )
    trail.record("carer.added", target=patient, by=by, at=now, carer=carer.pk, user=user.pk, billed=is_billed)
    # Of a record that is made at this moment nobody can have known before.
    if patient.created_at != now:
        tell_of_carer(carer, added=True, by=by)
    return carer


@transaction.atomic
def end_carer(*, carer: Carer, by: Actor, now: datetime) -> Carer:
    """Ends it from now on, and tells the patient's side; what they did stays theirs. Raises NotInForce."""
    ended = Carer.objects.in_force().filter(pk=carer.pk).update(ended_at=now)
    if not ended:
        raise NotInForce
    carer.ended_at = now
    trail.record("carer.ended", target=carer.patient, by=by, at=now, carer=carer.pk, user=carer.user_id)
    tell_of_carer(carer, added=False, by=by)
    return carer


@transaction.atomic
def let_read_files(*, carer: Carer, reads: bool, by: Actor, now: datetime) -> None:
    """An adult patient says whether a carer opens what was shared with them. Raises NotInForce."""
    if not Carer.objects.in_force().filter(pk=carer.pk).update(reads_files=reads):
        raise NotInForce
    carer.reads_files = reads
    verb = "carer.files_opened" if reads else "carer.files_closed"
    trail.record(verb, target=carer.patient, by=by, at=now, carer=carer.pk, user=carer.user_id)


def somebody_elses(user: User, *, by: Actor) -> None:
    """Raises OwnAccount where somebody who works here would open a record to themself."""
    if by.is_staff and by.user_id == user.pk:
        raise OwnAccount


def _in_force(patient: Patient) -> QuerySet[Carer]:
    return Carer.objects.in_force().filter(patient=patient)
