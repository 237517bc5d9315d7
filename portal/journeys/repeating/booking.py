"""Booking a series, with one notice that lists its sessions and brings a calendar entry for each."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import override

from portal.appointments import actions, ics
from portal.appointments.actions.clashes import Terms
from portal.appointments.actions.repeating import Wish
from portal.appointments.models import Appointment
from portal.appointments.recurrence import Pattern
from portal.billing import charges
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.patients.reaching import Reader, readers_of


@actions.in_transaction
def book_series(
    *,
    terms: Terms,
    pattern: Pattern,
    wishes: Sequence[Wish],
    first: Appointment | None = None,
    by: Actor,
    now: datetime,
) -> list[Appointment]:
    """Books all of them and sends one confirmation. Raises SeriesTaken, NotOffered or TooManyBookings."""
    booked = actions.book_series(terms=terms, pattern=pattern, wishes=wishes, first=first, by=by, now=now)
    # Of the one that was there already they have been told.
    notify(booked if first is None else booked[1:], "series_booked", now=now)
    return booked


def told(sessions: Sequence[Appointment], *, now: datetime) -> list[Reader]:
    """Who is sent word of several sessions of one patient: nobody where all of them are past."""
    return readers_of(sessions[0].person) if any(session.starts_at > now for session in sessions) else []


def notify(sessions: Sequence[Appointment], template: str, *, now: datetime) -> None:
    """Queues one notice about sessions of one series for each who is told, with a calendar entry for each session.

    The dedupe key holds the sum of revisions, and which came last: a repeated call sends once.
    """
    if not sessions or not (to_tell := told(sessions, now=now)):
        return
    clinic = ClinicSettings.current()
    listed = [_with_what_is_kept(session) for session in sessions]
    first, series = listed[0], listed[0].series
    if series is None:
        raise ValueError("these sessions are no series")
    context: dict[str, Any] = {
        "sessions": listed,
        "late": [
            (each, charges.late_fee(each, clinic=clinic).amounts.total)
            for each in listed
            if each.late and each.starts_at > now
        ],
        "appointment": first,
        "zone": first.zone,
        "quote": charges.promised(first, clinic=clinic),
        "late_fee": charges.late_fee(first, clinic=clinic).amounts.total,
        "cancel_hours": clinic.cancel_hours if first.cancel_hours is None else first.cancel_hours,
    }
    state = f"{series.sessions}:{sum(session.revision for session in listed)}:{listed[-1].position}"
    for reader in to_tell:
        to = Recipient.by_email(reader.address)
        with override(reader.language):
            entries = ics.published(listed, clinic=clinic, now=now)
            paths = {"path": reverse("patient:appointments"), "book_path": reverse("public:book")}
        outbox.queue(
            template=template,
            to=to,
            about=series,
            context={**context, **paths, "called": reader.called, "whose": reader.about},
            dedupe_key=f"{template}:{series.code}:{state}:{to.digest}",
            language=reader.language,
            attachments=[("appointments.ics", "text/calendar; method=PUBLISH", entries)],
        )


def _with_what_is_kept(session: Appointment) -> Appointment:
    """A copy with its people, service and place at hand: the caller's goes on to be changed and shown."""
    session = copy(session)
    session.psychologist = kept.psychologists()[session.psychologist_id]
    session.service = kept.services()[session.service_id]
    session.location = kept.places()[session.location_id]
    return session
