"""What was last done with a session, for whoever is told that their page is too old: what, when and by whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.audit.models import Entry
from portal.clinic import kept
from portal.common.access.actors import Actor
from portal.common.labels import labels_of
from portal.common.languages.times import clock, local_day, when

# Pages show a session by its state and its time: what changes neither, makes no page old.
_STEPS = (
    "appointment.booked",
    "appointment.requested",
    "appointment.approved",
    "appointment.declined",
    "appointment.request_withdrawn",
    "appointment.request_lapsed",
    "appointment.rescheduled",
    "appointment.cancelled",
    "appointment.arrived",
    "appointment.arrival_undone",
    "appointment.completed",
    "appointment.reopened",
    "appointment.no_show",
    "appointment.no_show_undone",
)


def last_step(session: Appointment, *, by: Actor, now: datetime) -> str:
    """Says what was last done with a session that `by` may see: `Already checked in at 4:41 pm by Grace Lee.`

    Empty if the trail knows of nothing, as of a session that came from an older system.
    """
    step = Entry.objects.about(session).filter(verb__in=_STEPS).newest_first().first()
    if step is None:
        return ""
    said = {"at": at_or_on(step.at, zone=session.zone, now=now), "who": _who(step, by=by)}
    match step.verb:
        case "appointment.booked":
            return _("Booked %(at)s by %(who)s.") % said
        case "appointment.requested":
            return _("Asked for %(at)s by %(who)s.") % said
        case "appointment.approved":
            return _("Already confirmed %(at)s by %(who)s.") % said
        case "appointment.declined":
            return _("Already declined %(at)s by %(who)s.") % said
        case "appointment.request_withdrawn":
            return _("The request was withdrawn %(at)s by %(who)s.") % said
        case "appointment.request_lapsed":
            return _("Nobody answered in time: the request ended %(at)s.") % said
        case "appointment.rescheduled":
            to = Appointment.objects.select_related("location").get(pk=session.pk)
            return _("Moved to %(to)s, %(at)s by %(who)s.") % {**said, "to": when(to.starts_at, to.zone)}
        case "appointment.cancelled":
            return _("Already cancelled %(at)s by %(who)s.") % said
        case "appointment.arrived":
            return _("Already checked in %(at)s by %(who)s.") % said
        case "appointment.completed":
            return _("Already completed %(at)s by %(who)s.") % said
        case "appointment.no_show":
            return _("Already marked as a no-show %(at)s by %(who)s.") % said
        case "appointment.arrival_undone":
            return _("The check-in was undone %(at)s by %(who)s.") % said
        case "appointment.no_show_undone":
            return _("The no-show was undone %(at)s by %(who)s.") % said
        case _:
            return _("Reopened %(at)s by %(who)s.") % said


def were_with(codes: Collection[str], *, by: Actor) -> set[str]:
    """Of these sessions' codes, those that the trail knows to have been with the psychologist who asks. One query.

    What a page showed them is a colleague's by now: they are told so, and of nobody else's session anything.
    """
    mine = [person.pk for person in kept.psychologists().values() if str(person.user_id) == str(by.user_id)]
    if not codes or not mine or by.role != Role.PSYCHOLOGIST:
        return set()
    theirs = Entry.objects.filter(target_label__in=labels_of(Appointment), target_code__in=codes, verb__in=_STEPS)
    return set(theirs.filter(facts__psychologist=mine[0]).values_list("target_code", flat=True))


def at_or_on(moment: datetime, *, zone: ZoneInfo, now: datetime) -> str:
    """`at 4:41 pm`, or with its day if that is another one."""
    if local_day(moment, zone) == local_day(now, zone):
        return _("at %(time)s") % {"time": clock(moment, zone)}
    return _("on %(when)s") % {"when": when(moment, zone)}


def _who(step: Entry, *, by: Actor) -> str:
    if step.actor_id and step.actor_id == str(by.user_id):
        return _("you")
    if step.actor_role == Role.PATIENT:
        return _("the patient")
    user = User.objects.filter(pk=step.actor_id).first() if step.actor_id else None
    return user.name if user else _("the portal")
