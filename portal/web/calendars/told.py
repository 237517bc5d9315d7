"""What staff read once something was done with a session: that, and who is e-mailed of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, WaitlistEntry
from portal.common.access.decorators import ActorRequest
from portal.common.languages.punctuation import listed
from portal.common.languages.times import when
from portal.journeys import booking, same_day
from portal.patients.reaching import Reader


def say_what_was_done(request: HttpRequest, done: str, told: Sequence[Reader], *, is_past: bool) -> None:
    """What was done, and what really goes out by e-mail, and to whom."""
    if told:
        where = listed(reader.shown for reader in told)
        done += " " + _("A message is on its way to %(addresses)s.") % {"addresses": where}
    elif is_past:
        done += " " + _("That time is past, so nobody is e-mailed.")
    messages.success(request, done)
    warn_if_untold(request, told, is_past=is_past)


def warn_if_untold(request: HttpRequest, told: Sequence[Reader], *, is_past: bool) -> None:
    """Nobody is told of something that is still to come."""
    if not told and not is_past:
        messages.warning(request, _("No e-mail address is known, so nobody was told by e-mail. Tell them."))


def say_who_waits_no_longer(request: ActorRequest, booked: Appointment, *, now: datetime) -> None:
    """That what was booked at this moment took somebody off the waitlist, with the way back to it."""
    ended = WaitlistEntry.objects.filter(
        patient=booked.patient_id, ended_at=now, ended_why=WaitlistEntry.Ended.BOOKED
    ).select_related("service")
    for entry in ended:
        words = _("%(name)s waited for this, and is off the waitlist for %(service)s.") % {
            "name": booked.person.name,
            "service": entry.service.name,
        }
        if request.actor.role == Role.PSYCHOLOGIST:
            messages.info(request, words)
            continue
        back = reverse("reception:join_waitlist", args=[booked.person.code])
        messages.info(request, format_html('{} <a href="{}">{}</a>', words, back, _("Put them back")))


def say_what_stands(request: ActorRequest, booked: Appointment, moved: Appointment | None, *, now: datetime) -> None:
    """What is booked; a move's page has the words and the way back."""
    told, is_past = booking.told(booked, now=now, was=moved.starts_at if moved else None), booked.starts_at <= now
    if moved is None:
        done = _("Booked: %(when)s with %(psychologist)s.")
        words = {"when": when(booked.starts_at, booked.zone), "psychologist": booked.psychologist.name}
        say_what_was_done(request, done % words, told, is_past=is_past)
        say_who_waits_no_longer(request, booked, now=now)
    if beside := same_day.to_say(booked, now=now):
        messages.warning(request, beside)
