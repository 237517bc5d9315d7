"""Where word about a patient goes, and by which name its reader is greeted: decided here, and nowhere else."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time
from typing import NamedTuple
from zoneinfo import ZoneInfo

from portal.accounts.models import User
from portal.notifications.channels import CHANNELS
from portal.notifications.hours import Kept, kept
from portal.notifications.recipients import ON_PHONES, Channel, Recipient
from portal.notifications.rendering import has_words_for_phones, known
from portal.patients import ways
from portal.patients.clocks import zone_of_address
from portal.patients.models import Carer, ContactWays, Patient


class Reader(NamedTuple):
    """Whoever reads a notice about a patient: where, greeted by which name, in which of our languages.

    `about` is what the patient is called where somebody else reads it, and empty where it is they themselves. `address`
    is their mailbox, and empty where the clinic may not write there; `phones` are the ways to their telephone that are
    open, and come first where `prefers_phone`.
    """

    address: str
    called: str
    language: str
    about: str = ""
    phones: tuple[Recipient, ...] = ()
    prefers_phone: bool = False
    # In which hours, and by whose clock, it is safe to write.
    safe_hours: tuple[time, time] | None = None
    zone: ZoneInfo | None = None

    @property
    def ways(self) -> tuple[Recipient, ...]:
        """All the ways that are open, in order; what the clinic has no account for comes last."""
        mailbox = (Recipient.by_email(self.address),) if self.address else ()
        there = (*self.phones, *mailbox) if self.prefers_phone else (*mailbox, *self.phones)
        return tuple(sorted(there, key=lambda one: one.channel in ON_PHONES and not is_configured(one.channel)))

    def to(self, template: str, *, has_paper: bool = False) -> list[Recipient]:
        """The ways for one kind of notice, in order: a mailbox first where a paper hangs on it, no phone without words.

        Empty only where its reader is reached by phone alone and the kind has no words for one.
        """
        found = [one for one in self.ways if one.channel not in ON_PHONES or has_words_for_phones(template)]
        return sorted(found, key=lambda one: one.channel in ON_PHONES) if has_paper else found

    @property
    def digest(self) -> str:
        """Tells readers apart in a dedupe key, whichever way is first."""
        return (Recipient.by_email(self.address) if self.address else self.ways[0]).digest

    def hours(self, *, zone: ZoneInfo) -> Kept | None:
        """The hours in which it is safe to write, for the outbox; `zone` counts where theirs isn't known."""
        return kept(*self.safe_hours, self.zone or zone) if self.safe_hours else None

    @property
    def shown(self) -> str:
        """Where it goes first, for a page."""
        return next((one.address for one in self.ways), "")


def is_configured(channel: str) -> bool:
    """Whether the clinic sends by this channel at all."""
    return CHANNELS[channel].is_configured()


def address_of(patient: Patient) -> str:
    """The one address of a patient: the verified one that they sign in with, else the one on file, else empty."""
    return patient.user.email if patient.user else patient.email


def readers_of(patient: Patient) -> list[Reader]:
    """Who reads notices about a patient: they themselves, or else the people who care for them.

    An address on file that a carer signs in with is the carer's, whoever's it was said to be. The phone on file is of
    the first who reads; nobody reads anything where the patient said so.
    """
    wanted = ways.of(patient)
    if not (channels := wanted.open_channels):
        return []
    mails = Channel.EMAIL.value in channels
    found = _by_mail(patient) if mails else []
    phones = phones_of(patient, wanted)
    first = found[0] if found else _themself(patient)._replace(address="")
    if phones:
        first = first._replace(phones=phones, prefers_phone=channels[0] in ON_PHONES)
    everybody = [reader for reader in (first, *found[1:]) if reader.address or reader.phones]
    if (hours := wanted.safe_hours) is None:
        return everybody
    zone = zone_of_address(patient.state, patient.postcode)
    return [reader._replace(safe_hours=hours, zone=zone) for reader in everybody]


def phones_of(patient: Patient, wanted: ContactWays) -> tuple[Recipient, ...]:
    """The ways to the phone on file that are open, in order."""
    number = patient.phone.as_e164 if patient.phone else ""
    return tuple(Recipient(one, number) for one in wanted.open_channels if number and one in ON_PHONES)


def _by_mail(patient: Patient) -> list[Reader]:
    address = address_of(patient)
    if patient.user is not None:
        return [Reader(address, patient.called, language_of(patient))]
    carers = carers_of(patient)
    if address:
        theirs = next((carer for carer in carers if carer.user.email == address.lower()), None)
        return [by_account(theirs.user, patient=patient) if theirs else _themself(patient)]
    return list(dict.fromkeys(by_account(carer.user, patient=patient) for carer in carers))


def unreached(patients: Collection[int]) -> set[int]:
    """Those of these patients, by their ids, of whom `readers_of` finds nobody. At most three queries."""
    by_phone, not_by_mail, silent = set(), set(), set()
    for row in ContactWays.objects.filter(patient__in=patients).select_related("patient"):
        if row.nobody_writes:
            silent.add(row.patient_id)
        elif phones_of(row.patient, row):
            by_phone.add(row.patient_id)
        elif not row.by_email:
            not_by_mail.add(row.patient_id)
    nowhere = Patient.objects.filter(pk__in=patients, user=None, email="").values_list("pk", flat=True)
    if without := set(nowhere) - silent - by_phone - not_by_mail:
        cared_for = Carer.objects.in_force().filter(patient__in=without, user__is_active=True)
        without -= set(cared_for.order_by().values_list("patient", flat=True))
    return without | silent | not_by_mail


def carers_of(patient: Patient) -> list[Carer]:
    """Who signs in for a patient now, and may: whoever began first comes first."""
    in_force = patient.carers.in_force().filter(user__is_active=True)
    return list(in_force.select_related("user").order_by("started_at", "pk"))


def by_account(user: User, *, patient: Patient) -> Reader:
    """The holder of an account as the reader of a notice about a patient, who may be they themselves."""
    if user.pk == patient.user_id:
        return Reader(user.email, patient.called, language_of(patient))
    return Reader(user.email, user.called, known(user.language or patient.language), about=patient.called)


def _themself(patient: Patient) -> Reader:
    return Reader(patient.email, patient.called, language_of(patient))


def language_of(patient: Patient) -> str:
    """In which of our languages a patient reads notices: the one on file, or else their account's."""
    return known(patient.language or (patient.user.language if patient.user else ""))
