"""Which account opens whose record: found again by its person, or linked, unlinked and invited by the desk.

Nothing about a record is told before somebody has proved two things: that they read the address on it, and the birth
date. Whatever fails, fails in the same way, so that nobody learns who is a patient here.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.database.compiled import compiled
from portal.common.text.names import telling_keys
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.patients import links
from portal.patients.actions import add_carer, end_carer, name_account, somebody_elses
from portal.patients.locking import hold_record, hold_records
from portal.patients.models import Carer, MailedLink, Patient, WrongBirthDate
from portal.patients.reaching import address_of, language_of
from portal.patients.refusals import (
    LinkClosed,
    NoAccountYet,
    NoAddress,
    NotChecked,
    OwnAccount,
    RecordHasAccount,
    UserHasRecord,
)
from portal.patients.search import reindex
from portal.patients.telling import tell_carers_of_link

# So many wrong birth dates in so long, and only the desk helps.
MOST_WRONG_DATES = links.MOST_WRONG_DATES
COUNTED_FOR = timedelta(days=30)
# Whoever presses twice sends one invitation.
ONE_PRESS = timedelta(minutes=1)


# ---- Found by its person ---------------------------------------------------------------------------------------------


@transaction.atomic
def claim(
    *,
    user: User,
    first_name: str,
    date_of_birth: date,
    relationship: str | None = None,
    token: str = "",
    by: Actor,
    now: datetime,
    today: date,
) -> Patient | None:
    """Opens the record at the account's verified address, or of an invitation, to whoever knows its birth date.

    With a `relationship` the account gets to care for somebody under age. None says no more than that it is for the
    desk; it is counted, and after five in a month no date fits any more.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    record = match(
        user=user,
        first_name=first_name,
        date_of_birth=date_of_birth,
        relationship=relationship,
        token=token,
        now=now,
        today=today,
    )
    if record is None:
        trail.record("account.record_not_found", target=user, by=by, at=now)
        return None
    for link in MailedLink.objects.with_token(token).outstanding().filter(patient=record):
        links.used(link, by=by, now=now)
    if relationship is None:
        _link(record, user, how="claimed", by=by, now=now)
    elif not record.carers.in_force().filter(user=user).exists():
        billed = not record.carers.in_force().filter(is_billed=True).exists()
        add_carer(patient=record, user=user, relationship=relationship, is_billed=billed, by=by, now=now)
    return record


@transaction.atomic
def match(
    *,
    user: User,
    first_name: str,
    date_of_birth: date,
    relationship: str | None = None,
    token: str = "",
    now: datetime,
    today: date,
) -> Patient | None:
    """The one record that this proof would open, its row held, or None, which is counted as a wrong birth date."""
    address = accounts.verified_address(user)
    invited = MailedLink.objects.with_token(token).outstanding().invitations().filter(expires_at__gt=now)
    by_address = Patient.objects.at_address(address or "nobody").order_by().values("pk")
    # Patients first and then links, as whoever links and withdraws. Of two who ask at once the second waits, and finds
    # what the first left: a record with an account, one guess less.
    proved = by_address.union(invited.order_by().values("patient"))
    held = Patient.objects.filter(pk__in=proved, user=None).order_by("pk")
    pool = list(held.select_for_update(no_key=True))
    link = invited.select_for_update(no_key=True, of=("self",)).first()
    if link is None:
        pool = [one for one in pool if address and one.email.lower() == address]
    fitting = [one for one in pool if one.date_of_birth == date_of_birth and _is_called(one, first_name)]
    if relationship is None:
        is_open = not Patient.objects.filter(user=user).exists()
        fitting = [one for one in _as_themself(pool, user=user, invited=link, today=today) if one in fitting]
    else:
        fitting = [one for one in fitting if not one.is_of_age(today)]
        is_open = True
    # Whoever works here can read or write the birth date and the address: for them somebody else at the desk does it.
    is_open = is_open and not user.is_staff_member
    is_open = is_open and _wrong_dates(user, address, now=now) < MOST_WRONG_DATES
    if is_open and len(fitting) == 1:
        return fitting[0]
    WrongBirthDate.objects.create(user=user, address=_digest(address), at=now)
    if link is not None:
        links.wrong_date(link, now=now)
    return None


def _as_themself(pool: list[Patient], *, user: User, invited: MailedLink | None, today: date) -> list[Patient]:
    """Whom of those at one address the account's own name says that it is: one person, or nobody.

    A birth date is known to a partner and to a parent, and a mailbox is shared, so neither proves who somebody is. Who
    is under age opens their own record once the desk has invited them: a parent may bear the same name.
    """
    named = [one for one in pool if _is_called(one, user.first_name)]
    if len(named) > 1:
        return []
    return [one for one in named if one.is_of_age(today) or (invited and invited.patient_id == one.pk)]


def _is_called(patient: Patient, name: str) -> bool:
    """Tells those at one address apart, a couple or twins: one part of a first name will do."""
    firsts = telling_keys(patient.legal_first_name) | telling_keys(patient.preferred_name)
    return not telling_keys(name).isdisjoint(firsts)


def _wrong_dates(user: User, address: str, *, now: datetime) -> int:
    tries = WrongBirthDate.objects.filter(at__gt=now - COUNTED_FOR)
    return tries.filter(Q(user=user) | Q(address=_digest(address))).count()


def _digest(address: str) -> str:
    return sha256(address.lower().encode()).hexdigest()


class Standing(NamedTuple):
    """Whether and by which account a record is opened, as the desk sees it; `patient.user` is the one that does."""

    # One that signs in with the record's address, and opens no record of its own.
    account_there: User | None
    invitation: MailedLink | None
    has_expired: bool
    address_waiting: MailedLink | None


def standing(patient: Patient, *, now: datetime) -> Standing:
    """What the desk reads of how a patient signs in. Three queries at most."""
    out = {link.purpose: link for link in _outstanding(patient.pk)}
    invitation, address = out.get(MailedLink.Purpose.INVITATION), out.get(MailedLink.Purpose.ADDRESS)
    there = None
    if patient.user_id is None and (found := accounts.account_of_address(patient.email)):
        there = None if Patient.objects.filter(user=found).exists() else found
    return Standing(
        account_there=there,
        invitation=invitation,
        has_expired=invitation is not None and invitation.expired(now=now),
        address_waiting=None if address is None or address.expired(now=now) else address,
    )


@compiled
def _outstanding(patient: int) -> QuerySet[MailedLink]:
    return MailedLink.objects.outstanding().filter(patient=patient)


# ---- At the desk -----------------------------------------------------------------------------------------------------


@transaction.atomic
def link_account(*, patient: Patient, user: User, by: Actor, now: datetime) -> Patient:
    """Opens the record to an account; a second time changes nothing.

    Raises OwnAccount, RecordHasAccount or UserHasRecord.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    stored = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if stored.user_id == user.pk:
        return stored
    _link(stored, user, how="desk", by=by, now=now)
    return stored


def _link(record: Patient, user: User, *, how: str, by: Actor, now: datetime) -> None:
    somebody_elses(user, by=by)
    if record.user_id is not None:
        raise RecordHasAccount
    if Patient.objects.filter(user=user).exists():
        raise UserHasRecord
    # Somebody who cared for them, and turns out to be them.
    for carer in record.carers.in_force().filter(user=user):
        end_carer(carer=carer, by=by, now=now)
    before = record.email
    record.user, record.email = user, user.email
    record.save(update_fields=["user", "email"])
    reindex(record)
    links.close(record, why="linked", now=now)
    trail.record("patient.linked", target=record, by=by, at=now, user=user.pk, how=how)
    name_account(record, by=by, now=now)
    _tell_of_link(record, also=before)
    tell_carers_of_link(record, by=by)


def _tell_of_link(record: Patient, *, also: str) -> None:
    """Whoever reads the new address, the one before, or one that was ever confirmed can say that it was not they."""
    language = language_of(record)
    confirmed = MailedLink.objects.addresses().filter(patient=record, used_at__isnull=False).order_by("pk")
    known = [also, *confirmed.values_list("email", flat=True)]
    for address in dict.fromkeys([record.email, *(one.lower() for one in known)]):
        if not address:
            continue
        outbox.queue(
            template="account/record_opened",
            to=Recipient.by_email(address),
            about=record,
            context={"name": record.called if address == record.email else ""},
            dedupe_key=f"record_opened:{record.code}:{record.user_id}:{Recipient.by_email(address).digest}",
            language=language,
        )


@transaction.atomic
def unlink_account(*, patient: Patient, reason: str, by: Actor, now: datetime) -> User:
    """Closes the record to its account, which is signed out everywhere and told; raises NoAccountYet.

    `reason` is one word. After "wrong_person" their address leaves the record, so that nothing more goes to it.
    """
    stored = hold_record(patient)
    user = stored.user
    if user is None:
        raise NoAccountYet
    stored.user = None
    if reason == "wrong_person":
        stored.email = ""
    stored.save(update_fields=["user", "email"])
    reindex(stored)
    links.close(stored, why="unlinked", now=now)
    accounts.end_sessions(user=user)
    trail.record("patient.unlinked", target=stored, by=by, at=now, user=user.pk, reason=reason)
    # To whoever had it: what is done behind their back, to open it to somebody else, comes to light.
    to = Recipient.by_email(user.email)
    outbox.queue(
        template="account/record_closed",
        to=to,
        about=stored,
        context={},
        dedupe_key=f"record_closed:{stored.code}:{now.isoformat()}:{to.digest}",
        language=user.language or language_of(stored),
    )
    return user


class Reader(NamedTuple):
    """An account that would open a record: as its person, or as a carer."""

    user: User
    carer: Carer | None


def newly_opening(patient: Patient, to: Patient) -> list[Reader]:
    """Whoever signs in for `patient` and does not open `to` yet: the person's own account first, then the carers."""
    there = {*to.carers.in_force().values_list("user", flat=True), *([to.user_id] if to.user_id else [])}
    carers = patient.carers.in_force().select_related("user").order_by("pk")
    found = [Reader(patient.user, None)] if patient.user is not None else []
    return [*found, *(Reader(each.user, each) for each in carers if each.user_id not in there)]


@transaction.atomic
def move_account(
    *, patient: Patient, to: Patient, checked: Collection[User], bills: bool = False, by: Actor, now: datetime
) -> list[Reader]:
    """Opens another record of the same person to whoever signs in for `patient`: their account, and their carers.

    That both are one person's says nothing of who may open them: anybody can make a record online of somebody whose
    details they know. `checked` are the accounts of which the desk asked the person; `bills` says whether invoices go
    to the carer to whom they went before, where nobody else is billed. Returns who opens it now and did not before.

    Raises NotChecked for an account that was not asked about, OwnAccount, RecordHasAccount where an account opens the
    other one, or NoAccountYet where nobody signs in for this one.
    """
    held = hold_records([patient, to])
    old, new = held[patient.pk], held[to.pk]
    user, carers = old.user, list(old.carers.in_force().select_related("user").order_by("pk"))
    if user is None and not carers:
        raise NoAccountYet
    if user is not None and new.user_id is not None:
        raise RecordHasAccount
    opening = newly_opening(old, new)
    for reader in opening:
        somebody_elses(reader.user, by=by)
    if {reader.user.pk for reader in opening} - {account.pk for account in checked}:
        raise NotChecked
    if user is not None:
        old.user = None
        old.save(update_fields=["user"])
        trail.record("patient.unlinked", target=old, by=by, at=now, user=user.pk, reason="same_person")
        _link(new, user, how="same_person", by=by, now=now)
    for carer in carers:
        end_carer(carer=carer, by=by, now=now)
        there = new.carers.in_force()
        if carer.user_id == new.user_id or there.filter(user=carer.user).exists():
            continue
        billed = bills and carer.is_billed and not there.filter(is_billed=True).exists()
        add_carer(patient=new, user=carer.user, relationship=carer.relationship, is_billed=billed, by=by, now=now)
    return opening


@transaction.atomic
def invite(*, patient: Patient, by: Actor, now: datetime) -> MailedLink:
    """Mails the patient a link that opens their record to an account.

    Raises RecordHasAccount, NoAddress or OwnAccount.
    """
    stored = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if stored.user_id is not None:
        raise RecordHasAccount
    if not (address := address_of(stored)):
        raise NoAddress
    if by.is_staff and address.lower() == by.person.email.lower():
        raise OwnAccount
    out = MailedLink.objects.outstanding().invitations().filter(patient=stored, email=address)
    if just_sent := out.filter(sent_at__gt=now - ONE_PRESS).first():
        return just_sent
    link, token = links.make(stored, purpose=MailedLink.Purpose.INVITATION, email=address, by=by, now=now)
    links.mail(link, token, template="account/record_invitation")
    trail.record("patient.invited", target=stored, by=by, at=now)
    return link


@transaction.atomic
def withdraw_invitation(*, patient: Patient, by: Actor, now: datetime) -> None:
    """Makes the link of an invitation useless; raises LinkClosed where none is out."""
    Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
    if not links.close(patient, purpose=MailedLink.Purpose.INVITATION, why="withdrawn", now=now):
        raise LinkClosed
    trail.record("patient.invitation_withdrawn", target=patient, by=by, at=now)
