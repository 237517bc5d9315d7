"""A new e-mail address of a patient: it counts once whoever reads it has said so, and the old one is told."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.patients import links
from portal.patients.models import MailedLink, Patient
from portal.patients.reaching import language_of
from portal.patients.search import reindex

LINK = Actor.system("address link")


def waiting(patient: Patient, *, now: datetime) -> MailedLink | None:
    """The address that waits to be confirmed, or None."""
    return MailedLink.objects.outstanding().addresses().filter(patient=patient, expires_at__gt=now).first()


def counts_at_once(patient: Patient, email: str, *, by: Actor, now: datetime) -> bool:
    """Whether an address that somebody typed is written on the record at once, as the first one is, and its removal.

    One that is to replace another is asked for by a link first, and nobody's sign-in address is just removed. Call it
    with the patient's row held.
    """
    if email.lower() == patient.email.lower():
        # The old one typed back: what waited is no longer meant, and its link opens nothing.
        _withdraw(patient, by=by, now=now)
        return False
    if patient.user_id is None and not (patient.email and email):
        if patient.email:
            links.close(patient, why="changed", now=now)
            _tell_the_old(patient, patient.email, now=now)
        return True
    if email:
        ask(patient, email, by=by, now=now)
    return False


def ask(patient: Patient, email: str, *, by: Actor, now: datetime) -> MailedLink:
    """Mails a link to the address that is to be the patient's; until it is opened everything goes to the one before."""
    link, token = links.make(patient, purpose=MailedLink.Purpose.ADDRESS, email=email, by=by, now=now)
    links.mail(link, token, template="account/confirm_address")
    trail.record("patient.address_asked", target=patient, by=by, at=now)
    return link


@transaction.atomic
def withdraw(*, patient: Patient, by: Actor, now: datetime) -> bool:
    """Keeps the address as it is; says whether another was waiting."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    return _withdraw(patient, by=by, now=now)


@transaction.atomic
def ask_again(*, patient: Patient, by: Actor, now: datetime) -> str:
    """Mails a fresh link to the address that waits, and says which it is; empty where none does."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    link = waiting(patient, now=now)
    return "" if link is None else ask(patient, link.email, by=by, now=now).email


def _withdraw(patient: Patient, *, by: Actor, now: datetime) -> bool:
    if not links.close(patient, purpose=MailedLink.Purpose.ADDRESS, why="withdrawn", now=now):
        return False
    trail.record("patient.address_withdrawn", target=patient, by=by, at=now)
    return True


@transaction.atomic
def confirm(*, token: str, date_of_birth: date, now: datetime) -> bool:
    """Writes to the new address from now on, once its reader has said the birth date of somebody without an account.

    False for a wrong date, which is counted. Raises LinkClosed.
    """
    patient_id = links.open_link(token, now=now).patient_id
    patient = Patient.objects.select_for_update(no_key=True).get(pk=patient_id)
    MailedLink.objects.filter(token_hash=MailedLink.hash_of(token)).select_for_update(no_key=True).first()
    link = links.open_link(token, now=now)
    if patient.user_id is not None or patient.date_of_birth != date_of_birth:
        links.wrong_date(link, now=now)
        return False
    links.used(link, by=LINK, now=now)
    before = patient.email
    _write(patient, link.email, by=LINK, now=now)
    _tell_the_old(patient, before, now=now)
    return True


@transaction.atomic
def follow_account(patient: Patient, *, by: Actor, now: datetime) -> None:
    """Has the record hold the address that its person signs in with; what was asked of another is closed."""
    stored = Patient.objects.select_for_update(no_key=True, of=("self",)).select_related("user").get(pk=patient.pk)
    if stored.user is not None and stored.email != stored.user.email:
        _write(stored, stored.user.email, by=by, now=now)


def _write(patient: Patient, email: str, *, by: Actor, now: datetime) -> None:
    patient.email = email
    patient.save(update_fields=["email"])
    links.close(patient, why="changed", now=now)
    reindex(patient)
    trail.record("patient.changed", target=patient, by=by, at=now, fields=["email"])


def _tell_the_old(patient: Patient, address: str, *, now: datetime) -> None:
    """In words that tell a stranger nothing about anybody."""
    outbox.queue(
        template="account/address_left",
        to=Recipient.by_email(address),
        about=patient,
        context={},
        dedupe_key=f"address_left:{patient.code}:{now.isoformat()}",
        language=language_of(patient),
    )
