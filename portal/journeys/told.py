"""What the pages say of word about a session: that it went, and whether it went to whoever reads the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from portal.appointments.models import Appointment
from portal.common.access.actors import Actor
from portal.common.languages.punctuation import listed, space
from portal.common.languages.times import when
from portal.journeys import booking


def with_days(done: str, sessions: Sequence[Appointment]) -> str:
    """What was done with several sessions, and when they are or were: the first of them and the last, and those that
    stand at another time than their series."""
    if not sessions:
        return done
    first, last = (pick(sessions, key=lambda session: session.starts_at) for pick in (min, max))
    if len(sessions) == 1:
        days = _("It is on %(when)s.") % {"when": when(first.starts_at, first.zone)}
    else:
        days = _("The first is on %(first)s, the last on %(last)s.") % {
            "first": when(first.starts_at, first.zone),
            "last": when(last.starts_at, last.zone),
        }
    apart = [session for session in sessions if session.is_moved_alone and not session.is_cancelled]
    if apart and len(sessions) > 1:
        times = listed(when(session.starts_at, session.zone) for session in apart)
        days += space() + _("Not at the usual time: %(times)s.") % {"times": times}
    return f"{done}{space()}{days}"


def with_message(done: str, appointment: Appointment, *, by: Actor, now: datetime, was: datetime | None = None) -> str:
    """What was done with a session (moved, from `was`), and who is really told, by whichever way they chose.

    No address or number is named: it may be another carer's.
    """
    addresses = {reader.address.lower() for reader in booking.told(appointment, now=now, was=was)}
    if not addresses:
        return done
    if by.user is not None and by.user.email.lower() in addresses:
        sent = _("We have sent you a message about it.")
    else:
        sent = _("We have sent a message about it to the address or number on the record.")
    return f"{done}{space()}{sent}"
