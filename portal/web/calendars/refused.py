"""What the desk reads when a step is not allowed: one sentence for each machine word, and what to do instead."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from portal.appointments.models import Appointment
from portal.appointments.refusals import HeldByNote
from portal.appointments.states import Verb, Why
from portal.common.access.actors import Actor
from portal.common.languages.times import day_no_year, when
from portal.journeys.meanwhile import last_step


def in_words(verb: Verb, why: str, session: Appointment, *, by: Actor, now: datetime) -> str:
    """Why this step is not taken with this session now; whoever comes second is told what the first did, and when."""
    match verb, why:
        case Verb.CHECK_IN, Why.DAY_TO_COME:
            return _("Check-in opens on the day of the session, %(day)s.") % {
                "day": day_no_year(session.starts_at, session.zone)
            }
        case Verb.CHECK_IN, Why.DAY_PAST:
            return _("The day of this session is past. Check it out if it was held, or mark it as a no-show.")
        case Verb.CHECK_OUT | Verb.COMPLETE, Why.NOT_STARTED:
            return _("Check-out opens when the session starts, %(when)s. Until then, take money as a prepayment.") % {
                "when": when(session.starts_at, session.zone)
            }
        case Verb.NO_SHOW, Why.NOT_STARTED:
            return _("Nobody has missed it yet: the session starts %(when)s.") % {
                "when": when(session.starts_at, session.zone)
            }
        case Verb.CHECK_OUT, Why.STATE:
            return _with(last_step(session, by=by, now=now), _("There is nothing to check out."))
        case Verb.MOVE, Why.STATE:
            return _with(last_step(session, by=by, now=now), _("Only a booked session can be moved."))
        case Verb.CANCEL, Why.STATE:
            return _with(last_step(session, by=by, now=now), _("This session can't be cancelled any more."))
        case _, Why.INVOICED:
            return _("This session is invoiced. Void the invoice first, then it can be undone.")
        case Verb.REOPEN, Why.NOTE_SIGNED:
            return _("The psychologist has signed a note of this session, so it was held. It can be billed as it is.")
        case Verb.MOVE, Why.NOTE_SIGNED:
            return _("The psychologist has signed a note of this session, so it stays at its time.")
        case _, Why.NOTE_SIGNED:
            return _("The psychologist has signed a note of this session, so it took place. Check it out instead.")
        case _, HeldByNote.WORD:
            return _(
                "The psychologist has written a note of this session, so it stays with them. "
                "Once the note is signed, the session stays at its time too."
            )
        case _, Why.NO_REASON:
            return _("Say why, please.")
        case _, Why.ROLE:
            return _("This is not yours to do.")
    if done := last_step(session, by=by, now=now):
        return f"{done} {_('So nothing was done. Look at the session again.')}"
    return _("This session was changed since the page was opened, and nothing was done. Look at it again.")


def _with(done: str, means: str) -> str:
    return f"{done} {means}" if done else means


def why_not(reason: str) -> str:
    """What NotOffered's machine word means at the desk."""
    return {
        "time": _("Nothing is offered at that time."),
        "service": _("This psychologist doesn't give this service."),
        "mode": _("It can't be held that way with them. Choose another way, or somebody else."),
        "location": _("This location is not in use."),
        "room": _("No room is free there at that time."),
        "psychologist": _("This psychologist no longer takes sessions."),
        "first_visit_only": _("This service is for first visits only."),
        "first_visit_ahead": _("They have a first visit booked already."),
        "known_only": _("This service is for people who have been here."),
        "approved_only": _("This service is for people whom the desk has approved."),
    }.get(reason, _("That can't be booked."))
