"""Booking, from the time chosen to the confirmation sent; and moving or cancelling what was booked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.urls import reverse
from django.utils.translation import override

from portal.accounts.models import User
from portal.appointments import actions, ics, terms
from portal.appointments.models import Appointment, CancelReason
from portal.billing import charges
from portal.clinic import kept
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings, Location, Psychologist, Room, Service
from portal.common.access.actors import Actor
from portal.common.labels import labels_of
from portal.common.money import ZERO
from portal.journeys import changing, freed, last_told, newcomers, paying, sessions, to_do
from portal.journeys.repeating import telling
from portal.journeys.to_do.kinds import OF_STRANDED
from portal.notifications import outbox
from portal.notifications.rendering import Words, render
from portal.patients import consents
from portal.patients.models import Patient
from portal.patients.reaching import Reader, readers_of
from portal.policies.models import PolicySettings, PolicyVersion
from portal.worklist.models import ToDo


def hold_time(
    *,
    psychologists: Sequence[Psychologist],
    service: Service,
    mode: str,
    starts_at: datetime,
    location: Location,
    by: Actor,
    now: datetime,
    instead_of: Appointment | None = None,
) -> Appointment:
    """Holds one time, with the one psychologist asked for or with whoever is free, by `diary.for_anybody`.

    `instead_of` is what was held until now: it is given back, or kept where the other one can't be had. Raises
    SlotTaken or NotOffered.
    """
    choice: dict[str, Any] = {
        "instead_of": instead_of,
        "service": service,
        "mode": mode,
        "starts_at": starts_at,
        "location": location,
        "by": by,
        "now": now,
    }
    if len(psychologists) == 1:
        return actions.hold(psychologist=psychologists[0], **choice)
    return actions.hold_any(psychologists=psychologists, **choice)


def as_shown(held: Appointment, *, clinic: ClinicSettings) -> str:
    """What the page of a held time says, as one word that its form sends back: whatever is agreed to by confirming.

    What, with whom, when, where and how; the price, what Medicare pays back, and the terms of cancelling or not coming.
    """
    quote, late = charges.promised(held, clinic=clinic), charges.late_fee(held, clinic=clinic)
    missed = charges.no_show_fee(held, clinic=clinic, policy=PolicySettings.current())
    # The second fee, where one comes after the first.
    last = charges.late_fee(held, clinic=clinic, at=held.starts_at), terms.near_from(held, clinic=clinic)
    facts = (
        *(held.service_id, held.psychologist_id, held.location_id, held.mode),
        *(held.starts_at.isoformat(), held.ends_at.isoformat()),
        *(quote.total, quote.rebate, late.amounts.total, missed.amounts.total),
        *(last[0].amounts.total, last[1]),
        *(free_until(held, clinic=clinic).isoformat(), terms.grace_of(held, clinic=clinic)),
        rules_of(held.service, clinic=clinic).is_on_request,
    )
    return hashlib.sha256("|".join(map(str, facts)).encode()).hexdigest()[:32]


@actions.in_transaction
def book_session(
    *,
    hold: Appointment,
    patient: Patient,
    agreed: Sequence[PolicyVersion] = (),
    is_offered: bool = False,
    paid_ahead: Decimal = ZERO,
    by: Actor,
    now: datetime,
) -> Appointment:
    """Turns a held time into a booking and sends the confirmation; a second call returns the same booking.

    Where the service is booked on request it is one, which the desk has to answer, and the mail says by when.
    What the clinic offered to them (`is_offered`) is booked at once. `agreed` are the policies that were agreed to with
    it; the mail names what was `paid_ahead`, in dollars. Raises HoldExpired, SlotTaken or TooManyBookings.
    """
    appointment = actions.confirm_hold(hold=hold, patient=patient, by=by, now=now, is_offered=is_offered)
    if appointment.is_request:
        consents.agree(patient=patient, versions=agreed, by=by, now=now)
        to_do.sessions.raise_request(appointment, by=by, now=now)
        notify(appointment, "appointment_requested", now=now)
        return appointment
    # Their psychologist may have taken leave while the time was held.
    to_do.sessions.raise_stranded([appointment], by=by, now=now)
    consents.agree(patient=patient, versions=agreed, by=by, now=now)
    notify(appointment, "appointment_booked", now=now, paid_ahead=paid_ahead)
    return appointment


@actions.in_transaction
def book_first_session(
    *,
    hold: Appointment,
    user: User,
    values: Mapping[str, Any],
    relationship: str | None,
    agreed: Sequence[PolicyVersion] = (),
    by: Actor,
    now: datetime,
) -> Appointment:
    """Books for somebody new: the account's own person, or with a `relationship` somebody that they care for.

    The record and the booking are made together, or neither. Raises what `book_session` raises.
    """
    patient = newcomers.register(user=user, values=values, relationship=relationship, by=by, now=now)
    return book_session(hold=hold, patient=patient, agreed=agreed, by=by, now=now)


@actions.in_transaction
def book_for_patient(
    *,
    psychologist: Psychologist,
    patient: Patient,
    service: Service,
    mode: str,
    starts_at: datetime,
    location: Location,
    by: Actor,
    now: datetime,
    room: Room | None = None,
    fee: Decimal | None = None,
    outside_hours: bool = False,
) -> Appointment:
    """Books on a patient's behalf and sends them the confirmation; staff may book outside the hours."""
    appointment = actions.book(
        psychologist=psychologist,
        patient=patient,
        service=service,
        mode=mode,
        starts_at=starts_at,
        location=location,
        room=room,
        fee=fee,
        by=by,
        now=now,
        outside_hours=outside_hours,
    )
    notify(appointment, "appointment_booked", now=now)
    return appointment


@actions.in_transaction
def reschedule_session(
    *,
    appointment: Appointment,
    starts_at: datetime,
    by: Actor,
    now: datetime,
    psychologist: Psychologist | None = None,
    location: Location | None = None,
    mode: str | None = None,
    outside_hours: bool = False,
    seen: str | None = None,
    tell_at: datetime | None = None,
    on_offer: bool = False,
    keeps_free_time: bool = False,
    renews_grace: bool = False,
) -> Appointment:
    """Moves a booking, or changes how it is held, and says so, at once or not before `tell_at`.

    `on_offer`: the clinic asked for the move, so that its rules for patients' own moves don't hold. `keeps_free_time`:
    it can't hold it, so that cancelling stays free as long as it was and for some hours from now; so it is, whoever
    moves it, while the desk's list has it as such. `renews_grace`: the patient took an offer and
    has the grace of whoever books now. Raises SlotTaken, NotOffered or NotReschedulable.
    """
    before = copy(appointment)
    keeps_free_time = keeps_free_time or cant_be_held(appointment)
    moved = actions.reschedule(
        appointment=appointment,
        starts_at=starts_at,
        psychologist=psychologist,
        location=location,
        mode=mode,
        by=by,
        now=now,
        outside_hours=outside_hours,
        known=sessions.known,
        seen=seen,
        on_offer=on_offer,
        keeps_free_time=keeps_free_time,
        ends_kept_time=not keeps_free_time and bool(with_kept_time([appointment])),
        renews_grace=renews_grace,
    )
    if moved.revision != before.revision:
        # What still waits tells of what is no longer so; the new notice says all that the old one did.
        freed.withdraw_notices(moved, why="moved", by=by, now=now)
        # Whoever moves their own saw where it stood; of what staff moved meanwhile nobody has heard.
        known = last_told.as_known(before, now=now) if by.is_staff else None
        if known and last_told.standing_of(known) == last_told.standing_of(moved):
            # Back where its patient has it, it is no news, unless not even word of the booking went out.
            if telling.is_unheard_of(moved):
                notify(moved, "appointment_booked", now=now, send_at=tell_at)
            return moved
        before = known or before
        template = "appointment_moved" if moved.starts_at != before.starts_at else "appointment_changed"
        if not notify(moved, template, before=before, now=now, send_at=tell_at):
            to_do.untold.raise_untold([moved], was=before.starts_at, by=by, now=now)
    return moved


def cant_be_held(session: Appointment) -> bool:
    """Whether it can't be held as it is booked, and nobody has decided about it yet. One query."""
    return ToDo.objects.still_open().of_kind(*(kind.name for kind in OF_STRANDED)).about(session).exists()


def with_kept_time(listed: Sequence[Appointment]) -> set[str]:
    """The codes of those with fewer hours of cancelling than the rule, as they couldn't be held once.

    One query, or none.
    """
    clinic = ClinicSettings.current()
    fewer = [str(session.code) for session in listed if terms.is_below_rule(session, clinic=clinic)]
    if not fewer:
        return set()
    asked = ToDo.objects.of_kind(*(kind.name for kind in OF_STRANDED)).filter(
        about_label__in=labels_of(Appointment), about_code__in=fewer
    )
    return set(asked.values_list("about_code", flat=True))


def as_moved(
    appointment: Appointment, *, starts_at: datetime, location: Location, now: datetime, keeps_free_time: bool = False
) -> Appointment:
    """A copy of the session as it would be at another time, to be looked at before it is moved; it is never saved."""
    moved = copy(appointment)
    if keeps_free_time or cant_be_held(appointment):
        terms.keep_free_time(moved, starts_at, clinic=ClinicSettings.current(), now=now)
    elif starts_at != appointment.starts_at and with_kept_time([appointment]):
        terms.end_kept_time(moved, starts_at, clinic=ClinicSettings.current())
    moved.starts_at, moved.ends_at = starts_at, appointment.ends_at + (starts_at - appointment.starts_at)
    moved.location = location
    return moved


def cancelling_costs(appointment: Appointment, *, now: datetime, clinic: ClinicSettings) -> Decimal:
    """What a patient who cancels now may be asked for, in dollars with GST."""
    if now <= free_until(appointment, clinic=clinic):
        return ZERO
    return charges.late_fee(appointment, clinic=clinic, at=now).amounts.total


@actions.in_transaction
def cancel_session(
    *, appointment: Appointment, reason: str, by: Actor, now: datetime, seen: str | None = None
) -> Appointment:
    """Cancels a booking and says so. Raises NotCancellable."""
    cancelled = actions.cancel(appointment=appointment, reason=reason, by=by, now=now, known=sessions.known, seen=seen)
    known = last_told.as_known(cancelled, now=now) if by.is_staff else None
    # Who can't come said so themselves.
    if not notify(cancelled, "appointment_cancelled", before=known, now=now) and reason != CancelReason.PATIENT:
        to_do.untold.raise_untold([cancelled], by=by, now=now)
    return cancelled


def told(appointment: Appointment, *, now: datetime, was: datetime | None = None) -> list[Reader]:
    """Who is sent word that a session is booked, moved (from `was`) or cancelled.

    Nobody, where nobody's address is known, and where all of it is past: what the desk enters afterwards, or puts
    right, is news to nobody, and an invitation to a time that is over is none.
    """
    if appointment.patient is None:
        return []
    return told_of(appointment.patient, max(appointment.starts_at, was or appointment.starts_at), now=now)


def told_of(patient: Patient, at: datetime, *, now: datetime) -> list[Reader]:
    """Who would be sent word of something about a patient's session at a time: of what is past, nobody."""
    return readers_of(patient) if at > now else []


def free_until(appointment: Appointment, *, clinic: ClinicSettings) -> datetime:
    """Until when the patient may cancel or move it without a fee."""
    return terms.free_until(appointment, clinic=clinic)


# What has no place in a calendar: nothing is booked yet, or never was.
WITHOUT_ENTRY = frozenset({"appointment_requested", "request_ended"})


def notify(
    appointment: Appointment,
    template: str,
    *,
    now: datetime,
    before: Appointment | None = None,
    send_at: datetime | None = None,
    paid_ahead: Decimal = ZERO,
) -> bool:
    """Queues one notice for each who is `told`, with the calendar entry; `before` is the session as it was, if moved.

    It is sent at once, or waits in the outbox until `send_at`. The dedupe key holds the revision: moving twice sends
    twice, a repeated call sends once. Says whether there is anybody to tell.
    """
    letters = list(letters_of(appointment, template, now=now, before=before, paid_ahead=paid_ahead))
    named = ics.named_for(appointment.patient_id) if letters and template not in WITHOUT_ENTRY else set()
    for letter in letters:
        with override(letter.reader.language):
            entry = ics.invitation(
                letter.appointment,
                method=letter.method,
                clinic=ClinicSettings.current(),
                now=now,
                to=letter.reader.address,
                is_named=letter.reader.address.lower() in named,
            )
        outbox.queue(
            template=template,
            to=letter.reader.to(template),
            about=letter.appointment,
            context=letter.context,
            dedupe_key=f"{template}:{appointment.code}:{appointment.revision}:{letter.reader.digest}",
            language=letter.reader.language,
            attachments=[]
            if template in WITHOUT_ENTRY
            else [("appointment.ics", f"text/calendar; method={letter.method}", entry)],
            send_at=send_at,
            hours=letter.reader.hours(zone=appointment.zone),
            before=last_told.standing_of(before) if before and template in last_told.OF_A_CHANGE else None,
        )
    return bool(letters)


def preview(
    appointment: Appointment, template: str, *, now: datetime, before: Appointment | None = None
) -> list[tuple[Reader, Words]]:
    """The words that `notify` would send now, and to whom. Nothing is queued."""
    letters = letters_of(appointment, template, now=now, before=before)
    return [(letter.reader, render(template, letter.context, language=letter.reader.language)) for letter in letters]


class Letter(NamedTuple):
    """One notice about a session, before it is put into words."""

    reader: Reader
    appointment: Appointment
    method: ics.Method
    context: dict[str, Any]


def letters_of(
    appointment: Appointment,
    template: str,
    *,
    now: datetime,
    before: Appointment | None = None,
    paid_ahead: Decimal = ZERO,
) -> Iterator[Letter]:
    """What `notify` puts into words, one for each who is told. Several queries, whoever reads."""
    to_tell = told(appointment, now=now, was=before.starts_at if before else None)
    if not to_tell:
        return
    # A copy, with what is kept: the caller's goes on to be changed and shown.
    appointment = copy(appointment)
    appointment.psychologist = kept.psychologists()[appointment.psychologist_id]
    appointment.service = kept.services()[appointment.service_id]
    appointment.location = kept.places()[appointment.location_id]
    clinic = ClinicSettings.current()
    method: ics.Method = "CANCEL" if template == "appointment_cancelled" else "REQUEST"
    context: dict[str, Any] = {
        "appointment": appointment,
        "zone": appointment.zone,
        "quote": charges.promised(appointment, clinic=clinic),
        "before": before if before and before.starts_at != appointment.starts_at else None,
        "terms": changing.terms_of(appointment, now=now, clinic=clinic, is_mailed=True),
        "free_until": free_until(appointment, clinic=clinic),
        # Nothing is left to cancel of what turned out to have been held earlier.
        "late_fee": charges.late_fee(appointment, clinic=clinic).amounts.total if appointment.starts_at > now else ZERO,
        **(paying.after_cancelling(appointment) if method == "CANCEL" else {}),
        "paid_ahead": paid_ahead,
        "rest": charges.price_of(appointment, clinic=clinic) - paid_ahead,
    }
    for reader in to_tell:
        with override(reader.language):
            paths = {
                "path": reverse("patient:appointment", args=[appointment.code]),
                "book_path": reverse("public:book"),
            }
        yield Letter(reader, appointment, method, {**context, **paths, "called": reader.called, "whose": reader.about})
