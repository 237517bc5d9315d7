"""The patient's side hears when somebody else can open a record, or no longer can.

The mails name nobody: who it is stands in the patient's pages, and at an address on file may be read by a stranger.
"""

from __future__ import annotations

from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.patients.models import Carer, Patient
from portal.patients.reaching import Reader, address_of, by_account, carers_of, language_of


def tell_of_carer(carer: Carer, *, added: bool, by: Actor) -> None:
    """Mails the patient, and whoever else cares for them; not the carer, nor whoever did it."""
    patient, theirs = carer.patient, carer.user.email.lower()
    readers = _other_carers(patient, but=carer.user_id)
    address = address_of(patient).lower()
    if address and address not in {theirs, *(reader.address.lower() for reader in readers)}:
        readers.insert(0, Reader(address, patient.called if patient.user_id else "", language_of(patient)))
    _mail(patient, readers, change=f"{carer.pk}:{'added' if added else 'ended'}", added=added, by=by)


def tell_carers_of_link(patient: Patient, *, by: Actor) -> None:
    """Mails those who care for a patient that an account opens the record; the patient has a mail of their own."""
    _mail(
        patient,
        _other_carers(patient, but=patient.user_id),
        change=f"{patient.code}:{patient.user_id}",
        added=True,
        by=by,
    )


def _other_carers(patient: Patient, *, but: int | None) -> list[Reader]:
    return [by_account(one.user, patient=patient) for one in carers_of(patient) if one.user_id != but]


def _mail(patient: Patient, readers: list[Reader], *, change: str, added: bool, by: Actor) -> None:
    own = by.user.email.lower() if by.user else ""
    for reader in readers:
        if reader.address.lower() == own:
            continue
        to = Recipient.by_email(reader.address)
        outbox.queue(
            template="account/carers_changed",
            to=to,
            about=patient,
            context={"called": reader.called, "whose": reader.about, "added": added},
            dedupe_key=f"carers_changed:{change}:{to.digest}",
            language=reader.language,
        )
