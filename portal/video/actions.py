"""Waiting before a room, letting in, the key to it, being there. Each holds the session, and looks again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from portal.appointments.models import Appointment
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.video.entering import Why, closes_at, side_of, why_not
from portal.video.models import Presence, ProviderRoom, Room, Side

# A page says each half minute that its reader is there; after three times nothing they were gone.
GONE_AFTER: Final = timedelta(seconds=90)


class NotOpen(Exception):
    """Nobody comes in now; `why` says which of the reasons."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


class NotTheirs(Exception):
    """It is somebody else's session."""


class NotLetIn(Exception):
    """The psychologist has not let them in yet."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a provider makes a token of."""

    room: str
    identity: str
    until: datetime


@contextmanager
def _held(session: Appointment, *, by: Actor, now: datetime) -> Iterator[tuple[Room, Side]]:
    """The room of a session that can't be moved or called off meanwhile, and whose place somebody takes in it."""
    with transaction.atomic():
        # The session first, as everybody who changes one does.
        held = Appointment.objects.select_for_update(no_key=True).filter(pk=session.pk).order_by("pk").first()
        if held is None or (side := side_of(held, by)) is None:
            raise NotTheirs
        if why := why_not(held, now=now):
            raise NotOpen(why)
        yield _room_of(held, now=now), side


def _room_of(session: Appointment, *, now: datetime) -> Room:
    name = f"appointment-{session.code}-{secrets.token_hex(4)}"
    room, is_new = Room.objects.get_or_create(
        session=session, defaults={"name": name, "starts_at": session.starts_at, "made_at": now}
    )
    if not is_new and room.starts_at != session.starts_at:
        # Moved: a key to the room of the old time opens another room, in which nobody is.
        fresh = Room.objects.filter(pk=room.pk)
        fresh.update(
            name=name,
            starts_at=session.starts_at,
            made_at=now,
            waiting_since=None,
            waiting=None,
            admitted_at=None,
            admitted_by=None,
            whereabouts=None,
        )
        room = fresh.get()
    return room


def room_as_it_stands(session: Appointment) -> Room | None:
    """The room that was made for the time at which the session is; None before anybody came."""
    return Room.objects.filter(session=session, starts_at=session.starts_at).first()


def wait(session: Appointment, *, whereabouts: str, by: Actor, now: datetime) -> None:
    """The patient says where they are, and waits to be let in. Raises NotOpen and NotTheirs."""
    with _held(session, by=by, now=now) as (room, side):
        if side != Side.PATIENT:
            raise NotTheirs
        room.whereabouts = clear(whereabouts=whereabouts)["whereabouts"]
        room.waiting_since = room.waiting_since or now
        room.waiting = by.person
        room.save(update_fields=["whereabouts", "waiting_since", "waiting"])


def admit(session: Appointment, *, by: Actor, now: datetime) -> bool:
    """The psychologist lets in who waits; says whether somebody did. Raises NotOpen and NotTheirs."""
    with _held(session, by=by, now=now) as (room, side):
        if side != Side.PSYCHOLOGIST:
            raise NotTheirs
        waits = Room.objects.filter(pk=room.pk, waiting_since__isnull=False)
        waits.filter(admitted_at__isnull=True).update(admitted_at=now, admitted_by=by.person)
        return waits.exists()


def key_for(session: Appointment, *, by: Actor, now: datetime) -> Key:
    """What opens the room to somebody until it closes. Raises NotOpen, NotTheirs and NotLetIn."""
    with _held(session, by=by, now=now) as (room, side):
        if side == Side.PATIENT and room.admitted_at is None:
            raise NotLetIn
        # Before the provider has it: what was made is ended, also if this process dies in between.
        there = {"session": session, "starts_at": room.starts_at, "made_at": now, "next_try_at": now}
        ProviderRoom.objects.update_or_create(name=room.name, defaults={**there, "ended_at": None, "attempts": 0})
        # The same for each who comes again, and nobody's name or address.
        who = salted_hmac("portal.video.identity", f"{room.name}:{by.person.pk}", algorithm="sha256").hexdigest()[:12]
        return Key(room.name, f"{side.value}-{who}", closes_at(session))


def is_here(session: Appointment, *, by: Actor, now: datetime) -> None:
    """Somebody's page says that they are in the room. Raises NotOpen and NotTheirs."""
    with _held(session, by=by, now=now) as (room, side):
        if side == Side.PATIENT and room.admitted_at is None:
            raise NotTheirs
        stay = Presence.objects.filter(room=room, person=by.person, left_at__isnull=True).order_by("pk").first()
        if stay is not None and now - stay.seen_at > GONE_AFTER:
            Presence.objects.filter(pk=stay.pk).update(left_at=stay.seen_at)
            stay = None
        if stay is None:
            Presence.objects.create(room=room, side=side, person=by.person, joined_at=now, seen_at=now)
        else:
            Presence.objects.filter(pk=stay.pk, seen_at__lt=now).update(seen_at=now)


def leave(session: Appointment, *, by: Actor, now: datetime) -> None:
    """Somebody goes. Also after the room closed: whoever was there was there."""
    Presence.objects.filter(room__session=session, person=by.person, left_at__isnull=True, joined_at__lte=now).update(
        left_at=now, seen_at=now
    )
