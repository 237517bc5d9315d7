"""Reminders of sessions: each minute, of whatever is due by the clinic's rule; nobody is reminded twice of one time.

When is `appointments.reminder_times`' answer. Words go through the outbox, which forgets what waits when the session is
cancelled or moved, and sends nothing that is of no use any more.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, Max, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import override

from portal.appointments import reminder_times
from portal.appointments.models import Appointment, Reminder
from portal.appointments.reminder_times import Quiet
from portal.clinic.models import ClinicSettings
from portal.common.labels import labels_of
from portal.journeys import booking
from portal.notifications import outbox, tasks
from portal.notifications.hours import kept
from portal.notifications.models import Notice, State
from portal.notifications.twilio import texting
from portal.patients import ways
from portal.patients.clocks import zone_of_address

TEMPLATE: Final = "appointment_reminder"
# What a night may bring forward.
NIGHT: Final = timedelta(hours=13)
# Sessions looked at in one query, and seconds in which a round ends: the queue lets a task live for a minute.
AT_ONCE: Final = 200
SECONDS: Final = 30
# Word by which people know when their session is; whoever had it inside the reminder's time needs no reminder.
TELLS: Final = (
    *("appointment_booked", "appointment_moved", "appointment_changed", "appointment_stays"),
    *("series_booked", "series_moved"),
)


def hours_of(clinic: ClinicSettings) -> list[tuple[int, int]]:
    """Which reminders the clinic sends, and how many hours before a session."""
    both = ((1, clinic.remind_hours), (2, clinic.remind_again_hours))
    return [(which, hours) for which, hours in both if hours]


def due_at(session: Appointment, *, hours: int, clinic: ClinicSettings) -> datetime:
    """When the session is reminded of, never in the patient's night; in UTC."""
    return reminder_times.reminded_at(
        session.starts_at,
        hours=hours,
        zone=session.zone,
        last=useless_after(session, hours=hours),
        **_nights(session, clinic),
    )


def _nights(session: Appointment, clinic: ClinicSettings) -> dict[str, Any]:
    """When nobody writes to the patient, and by whose clock: their own safe hours, or else the clinic's quiet ones."""
    patient = session.person
    safe = ways.of(patient).safe_hours
    return {
        "quiet": Quiet(begins=safe[1], ends=safe[0])
        if safe
        else Quiet(begins=clinic.quiet_from, ends=clinic.quiet_until),
        "reader_zone": zone_of_address(patient.state, patient.postcode) or session.zone,
    }


def useless_after(session: Appointment, *, hours: int) -> datetime:
    """From when on a reminder helps nobody: half its time before the session, and six hours at most."""
    return session.starts_at - timedelta(hours=min(hours, 12) / 2)


def tick() -> dict[str, int]:
    """What the queue runs each minute."""
    return go_round(now=timezone.now())


def go_round(*, now: datetime, seconds: float = SECONDS) -> dict[str, int]:
    """Writes every reminder that is due, and says how many notices those were, and how many sessions needed none."""
    clinic = ClinicSettings.current()
    until = time.monotonic() + seconds
    counts = {"written": 0, "none needed": 0}
    for which, hours in hours_of(clinic):
        after = 0
        while time.monotonic() < until:
            sessions = _coming(which, hours, after=after, now=now)
            if not sessions:
                break
            after = sessions[-1].pk
            # Whoever is here already is told nothing.
            booked = [session for session in sessions if session.is_booked]
            due = [session for session in booked if due_at(session, hours=hours, clinic=clinic) <= now]
            told = _last_told(due)
            for session in due:
                knows = told.get(session.pk)
                needs = knows is None or knows < due_at(session, hours=hours, clinic=clinic)
                # Only now, hours late: no worker ran when it was due, and by now it is night.
                at = reminder_times.awake_at(now, **_nights(session, clinic))
                went = remind(session, which=which, hours=hours, needs_it=needs, send_at=at, now=now)
                counts["written" if went else "none needed"] += went or 1
            if counts["written"]:
                tasks.send_all(now)
    return counts


def _coming(which: int, hours: int, *, after: int, now: datetime) -> list[Appointment]:
    """Booked sessions of which this reminder may be due, and was not written; `AT_ONCE` at most."""
    written = Reminder.objects.filter(session=OuterRef("pk"), starts_at=OuterRef("starts_at"), which=which)
    rows = Appointment.objects.filter(
        ~Exists(written),
        pk__gt=after,
        starts_at__gt=now,
        starts_at__lte=now + timedelta(hours=hours + 1) + NIGHT,
    ).upcoming(now=now)
    return list(rows.select_related("patient__user", "patient__ways", "location", "series").order_by("pk")[:AT_ONCE])


def _last_told(sessions: Sequence[Appointment]) -> dict[int, datetime]:
    """When their people were last told when these sessions are, by themselves or with their series. Two queries."""
    if not sessions:
        return {}
    by_code = {str(session.code): [session.pk] for session in sessions}
    for session in sessions:
        if session.series is not None:
            by_code.setdefault(str(session.series.code), []).append(session.pk)
    labels = [*labels_of(Appointment), *labels_of(sessions[0]._meta.get_field("series").related_model)]
    rows = (
        Notice.objects.filter(about_label__in=labels, about_code__in=by_code, template__in=TELLS)
        .exclude(state=State.WITHDRAWN)
        .values_list("about_code")
        .annotate(last=Max("created_at"))
        .order_by()
    )
    found: dict[int, datetime] = {}
    for code, last in rows:
        for pk in by_code[code]:
            found[pk] = max(last, found.get(pk, last))
    return found


@transaction.atomic
def remind(
    session: Appointment, *, which: int, hours: int, needs_it: bool, now: datetime, send_at: datetime | None = None
) -> int:
    """Writes one reminder of a session as it stands, once; says how many notices went into the outbox.

    They leave at `send_at`, or at the next sweep; of what would then be of no use there is none.

    The session is held meanwhile: cancelled or moved first, it is not reminded of; afterwards that takes its notices
    back.
    """
    held = Appointment.objects.select_for_update(no_key=True).filter(pk=session.pk).order_by("pk").first()
    if held is None or not held.is_booked or held.starts_at != session.starts_at or held.starts_at <= now:
        return 0
    row, is_new = Reminder.objects.get_or_create(
        session=held, which=which, starts_at=held.starts_at, defaults={"written_at": now}
    )
    if not is_new or not needs_it:
        return 0
    token, useless = token_of(row), useless_after(held, hours=hours)
    if send_at is not None and send_at >= useless:
        return 0
    went = _queue(session, which=which, token=token, useless_after=useless, send_at=send_at, now=now)
    Reminder.objects.filter(pk=row.pk).update(went=went, token_hash=Reminder.hash_of(token))
    return went


def token_of(reminder: Reminder) -> str:
    """Of its link: 96 bits that nobody can work out without the clinic's key. The row keeps its hash alone."""
    digest = salted_hmac("portal.reminders", str(reminder.code), algorithm="sha256").digest()
    return urlsafe_b64encode(digest[:12]).decode()


def cancel_url(reminder: Reminder, *, language: str) -> str:
    """Where its reader is shown what cancelling costs, and cancels; needs no sign-in."""
    token = token_of(reminder)
    # One that was written when links were random ones: from now on it has this one.
    if reminder.token_hash != Reminder.hash_of(token):
        Reminder.objects.filter(pk=reminder.pk).update(token_hash=Reminder.hash_of(token))
    with override(language):
        return settings.PORTAL_BASE_URL + reverse("public:cancel_mailed", args=[token])


def answer_url(token: str, *, language: str) -> str:
    """Where its reader says that they will come, or that they can't; needs no sign-in."""
    with override(language):
        return settings.PORTAL_BASE_URL + reverse("public:answer_mailed", args=[token])


def _queue(
    session: Appointment,
    *,
    which: int,
    token: str,
    useless_after: datetime,
    send_at: datetime | None,
    now: datetime,
) -> int:
    letters = list(booking.letters_of(session, TEMPLATE, now=now))
    nights = _nights(session, ClinicSettings.current())
    quiet: Quiet = nights["quiet"]
    for letter in letters:
        outbox.queue(
            template=TEMPLATE,
            to=letter.reader.to(TEMPLATE),
            about=letter.appointment,
            context={
                **letter.context,
                "answer_url": answer_url(token, language=letter.reader.language),
                "takes_answers": texting.takes_answers(),
            },
            dedupe_key=f"{TEMPLATE}:{session.code}:{session.starts_at:%Y%m%dT%H%M}:{which}:{letter.reader.digest}",
            language=letter.reader.language,
            useless_after=useless_after,
            send_at=send_at,
            hours=kept(quiet.ends, quiet.begins, nights["reader_zone"]) if quiet.begins != quiet.ends else None,
            by_sweep=True,
        )
    return len(letters)
