"""Private addresses for calendar programs: made, renewed, titled and ended by the person whose they are."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from portal.accounts.models import User
from portal.appointments.models import CalendarFeed
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.patients.models import Patient


@transaction.atomic
def make_feed(
    *, patient: Patient | None, titles: CalendarFeed.Titles | str, by: Actor, now: datetime
) -> tuple[CalendarFeed, str]:
    """A new address for one's own diary, or for one patient's sessions, and its token; the one before ends.

    The token is kept nowhere. Raises TypeError for a job, and ValueError for whoever has no such sessions.
    """
    if by.role not in CalendarFeed.ROLES or (patient is None) != (by.role == CalendarFeed.ROLES[0]):
        raise ValueError("a diary is a psychologist's, and a patient's sessions are for the patient's side")
    # The person's row is held, so that of two windows that make one the second ends the first one's.
    User.objects.select_for_update(no_key=True).get(pk=by.person.pk)
    for earlier in _in_force(patient, by=by):
        _end(earlier, why=CalendarFeed.Why.RENEWED, by=by, now=now)
    token = secrets.token_urlsafe(32)
    feed = CalendarFeed.objects.create(
        user=by.person,
        role=by.role,
        patient=patient,
        titles=titles,
        token_hash=CalendarFeed.hash_of(token),
        made_at=now,
    )
    facts = {} if patient is None else {"patient": patient.pk}
    trail.record("calendar_feed.made", target=feed, by=by, at=now, titles=feed.titles, **facts)
    return feed, token


@transaction.atomic
def choose_titles(*, feed: CalendarFeed, titles: CalendarFeed.Titles | str, by: Actor, now: datetime) -> bool:
    """What the entries are called from now on; says whether they were called otherwise."""
    changed = CalendarFeed.objects.in_force().filter(pk=feed.pk).exclude(titles=titles).update(titles=titles)
    if changed:
        trail.record("calendar_feed.retitled", target=feed, by=by, at=now, titles=str(titles))
        feed.titles = titles
    return bool(changed)


@transaction.atomic
def end_feed(*, feed: CalendarFeed, by: Actor, now: datetime) -> bool:
    """The address opens nothing from now on; says whether it did until now."""
    return _end(feed, why=CalendarFeed.Why.ENDED, by=by, now=now)


@transaction.atomic
def end_lapsed_feeds(*, by: Actor, now: datetime, user: User | None = None) -> int:
    """Ends the addresses whose person lost the account, the role or the care that they stood on; says how many.

    Such an address is refused from the moment on which that happens. Ended, it stays closed whatever is given back.
    """
    whose = Q() if user is None else Q(user=user)
    lapsed = CalendarFeed.objects.lapsed().filter(whose).order_by("pk")
    return sum(_end(feed, why=CalendarFeed.Why.LAPSED, by=by, now=now) for feed in lapsed)


def _in_force(patient: Patient | None, *, by: Actor) -> list[CalendarFeed]:
    return list(CalendarFeed.objects.in_force().of(by).filter(patient=patient))


def _end(feed: CalendarFeed, *, why: CalendarFeed.Why, by: Actor, now: datetime) -> bool:
    ended = CalendarFeed.objects.in_force().filter(pk=feed.pk).update(ended_at=now, ended_why=why)
    if ended:
        trail.record("calendar_feed.ended", target=feed, by=by, at=now, why=why)
    return bool(ended)
