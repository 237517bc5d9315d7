"""What is told of several sessions of a series at once, and told anew where one of them changes before it is sent."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import override

from portal.appointments import ics
from portal.appointments.models import Appointment, Series
from portal.billing import charges
from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.journeys import changing, last_told
from portal.journeys.last_told import Standing
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.patients.reaching import Reader, readers_of

BOOKED, MOVED, CANCELLED = "series_booked", last_told.OF_A_SERIES, "series_cancelled"
TELLS: Final = (BOOKED, MOVED, CANCELLED)


def told(sessions: Sequence[Appointment], *, now: datetime) -> list[Reader]:
    """Who is sent word of several sessions of one patient: nobody where all of them are past."""
    return readers_of(sessions[0].person) if any(session.starts_at > now for session in sessions) else []


def notify(
    sessions: Sequence[Appointment],
    template: str,
    *,
    now: datetime,
    before: Mapping[str, Standing] | None = None,
    but_for: Collection[str] = frozenset(),
) -> bool:
    """Queues one notice about sessions of one series for each who is told, with a calendar entry for each session.

    `before` is how those that were moved stood, by their codes: the notice says it, and keeps it. `but_for` are the
    digests of addresses that know already. The dedupe key names each session with its revision: a repeated call sends
    once. Says whether there is anybody to tell.
    """
    if not sessions or not (to_tell := told(sessions, now=now)):
        return False
    clinic = ClinicSettings.current()
    listed = [_with_what_is_kept(session) for session in sessions]
    first, series = listed[0], listed[0].series
    if series is None:
        raise ValueError("these sessions are no series")
    each_terms, own_terms = changing.of_several(listed, now=now, clinic=clinic)
    before = before or {}
    was = _times_before(listed, before)
    context: dict[str, Any] = {
        "sessions": [(each, was.get(each.code)) for each in listed],
        "late": [
            (each, charges.late_fee(each, clinic=clinic).amounts.total)
            for each in listed
            if each.late and each.starts_at > now
        ],
        "appointment": first,
        "zone": first.zone,
        "quote": charges.promised(first, clinic=clinic),
        "each_terms": each_terms,
        "own_terms": own_terms,
    }
    state = _digest(f"{series.sessions}|{'|'.join(f'{each.position}:{each.revision}' for each in listed)}")
    named = ics.named_for(first.patient_id)
    for reader in to_tell:
        if not {one.digest for one in reader.ways}.isdisjoint(but_for):
            continue
        with override(reader.language):
            entries = ics.published(listed, clinic=clinic, now=now, is_named=reader.address.lower() in named)
            paths = {"path": reverse("patient:appointments"), "book_path": reverse("public:book")}
        outbox.queue(
            template=template,
            to=reader.to(template),
            about=series,
            context={**context, **paths, "called": reader.called, "whose": reader.about},
            dedupe_key=f"{template}:{series.code}:{state}:{reader.digest}",
            language=reader.language,
            attachments=[("appointments.ics", "text/calendar; method=PUBLISH", entries)],
            before=before or None,
            hours=reader.hours(zone=first.zone),
        )
    return True


def tell_without(changed: Iterable[Appointment], *, why: str, now: datetime) -> list[UUID]:
    """Withdraws what was not sent of a series and lists one of these sessions, and tells anew of the others it listed.

    Each of `changed` has a notice of its own, or stands in another one of the series. Who had the withdrawn mail
    already gets no second one. Returns the codes of what was withdrawn.
    """
    changed = [session for session in changed if session.series_id is not None]
    gone: list[UUID] = []
    if not changed:
        return gone
    codes = {session.code for session in changed}
    for series in Series.objects.filter(pk__in={session.series_id for session in changed}).order_by("pk"):
        gone += _tell_without(series, codes, why=why, now=now)
    return gone


def _tell_without(series: Series, codes: Collection[UUID], *, why: str, now: datetime) -> list[UUID]:
    about = Notice.objects.about(series).filter(template__in=TELLS, withdrawn_at__isnull=True)
    if not about.exclude(state=State.SENT).filter(settled_at__isnull=True).exists():
        return []
    tells: dict[tuple[str, frozenset[UUID]], list[Notice]] = {}
    for notice in about.order_by("pk"):
        if (listed := listed_in(notice)) & set(codes):
            tells.setdefault((notice.template, listed), []).append(notice)
    gone: list[UUID] = []
    for (template, listed), notices in tells.items():
        withdrawn = outbox.withdraw(about=series, why=why, now=now, only=[notice.pk for notice in notices])
        if not withdrawn:
            continue
        gone += withdrawn
        know = {notice.recipient.digest for notice in notices if notice.code not in withdrawn}
        rest = Appointment.objects.filter(code__in=listed - set(codes)).select_related("series", "patient")
        left = list(rest.order_by("starts_at"))
        stood = notices[0].about_before or {}
        before = {code: stood[code] for each in left if (code := str(each.code)) in stood}
        notify(left, template, now=now, before=before, but_for=know)
    return gone


def was_withdrawn(session: Appointment, *, why: str, at: datetime) -> bool:
    """Whether something that was told of its series, and listed it, was withdrawn at this moment and never sent."""
    if session.series is None:
        return False
    gone = Notice.objects.about(session.series).filter(
        template__in=(BOOKED, MOVED), withdrawn_at=at, withdrawn_why=why, state=State.WITHDRAWN
    )
    return any(session.code in listed_in(notice) for notice in gone)


def is_unheard_of(session: Appointment) -> bool:
    """Whether word of its booking, alone or in its series, was withdrawn before it went out, and nothing has since."""
    own = Notice.objects.about(session).filter(template__in=last_told.TELLS)
    if own.exclude(state=State.WITHDRAWN).exists():
        return False
    if session.series is None or own.filter(template="appointment_booked").exists():
        return own.filter(template="appointment_booked").exists()
    about = Notice.objects.about(session.series).filter(template__in=(BOOKED, MOVED))
    listing = [notice for notice in about if session.code in listed_in(notice)]
    return bool(listing) and all(notice.state == State.WITHDRAWN for notice in listing)


def listed_in(notice: Notice) -> frozenset[UUID]:
    """The codes of the sessions that a notice brings calendar entries for."""
    return frozenset(
        code
        for _name, kind, content in outbox.attachments_of(notice)
        if kind.startswith("text/calendar") and isinstance(content, bytes)
        for code in ics.codes_in(content)
    )


def _times_before(sessions: Sequence[Appointment], before: Mapping[str, Standing]) -> dict[UUID, datetime]:
    """When each was before, by its code; nothing where it has the time still."""
    stood = {each.code: before[str(each.code)]["starts_at"] for each in sessions if str(each.code) in before}
    times = {code: datetime.fromisoformat(at) for code, at in stood.items()}
    return {each.code: times[each.code] for each in sessions if times.get(each.code, each.starts_at) != each.starts_at}


def _digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:24]


def _with_what_is_kept(session: Appointment) -> Appointment:
    """A copy with its people, service and place at hand: the caller's goes on to be changed and shown."""
    session = copy(session)
    session.psychologist = kept.psychologists()[session.psychologist_id]
    session.service = kept.services()[session.service_id]
    session.location = kept.places()[session.location_id]
    return session
