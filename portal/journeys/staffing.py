"""When somebody stops working here, or a place or a room closes: what is booked there comes to the desk."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from portal.accounts import actions as accounts
from portal.accounts.models import PendingGrant, User
from portal.accounts.roles import Role
from portal.appointments import actions as diary
from portal.appointments.actions import subscribing
from portal.appointments.actions.locking import lock_diary
from portal.appointments.models import Appointment
from portal.appointments.refusals import SlotTaken
from portal.clinic import actions as clinic
from portal.clinic.models import Location, Psychologist, Room
from portal.common.access.actors import Actor
from portal.common.kept import as_of_now
from portal.journeys import conversations, stranded
from portal.journeys.to_do import sessions


@transaction.atomic
def stop_working_here(*, user: User, knowing: str | None = None, by: Actor, now: datetime) -> None:
    """Closes the account and takes the profile out of booking; what is booked stays booked and comes to the desk.

    `knowing` is the `digest_of` the sessions that whoever asks was shown; where others are booked, StillBooked is
    raised and nothing is closed. None asks nobody. Raises LastManager.
    """
    accounts.deactivate(user=user, by=by, now=now)
    subscribing.end_lapsed_feeds(user=user, by=by, now=now)
    _hand_over(user, knowing=knowing, by=by, now=now)


@transaction.atomic
def set_roles(*, user: User, roles: Iterable[Role], knowing: str | None = None, by: Actor, now: datetime) -> None:
    """Gives and ends staff roles; of who is no psychologist here any more, what is booked comes to the desk.

    What read a diary from outside ends with the role. `knowing` as in `stop_working_here`. Raises LastManager,
    NotYourOwn or StillBooked, and then changes nothing.
    """
    was_one = Role.PSYCHOLOGIST in user.roles
    accounts.set_roles(user=user, roles=roles, by=by, now=now)
    subscribing.end_lapsed_feeds(user=user, by=by, now=now)
    is_one = Role.PSYCHOLOGIST in user.roles
    if was_one and not is_one:
        _hand_over(user, knowing=knowing, by=by, now=now)
    elif is_one and not was_one and (psychologist := Psychologist.objects.filter(user=user).first()):
        conversations.take_up_again(psychologist, by=by, now=now)
        sessions.look_again(stranded.left_with(psychologist, now=now), by=by, now=now)


def _hand_over(user: User, *, knowing: str | None, by: Actor, now: datetime) -> None:
    """Takes a psychologist's profile out of booking, and puts what is booked with them on the desk's list."""
    if (psychologist := Psychologist.objects.filter(user=user).first()) is None:
        return
    # Nobody books with them from here on: what was booked meanwhile is asked about too.
    lock_diary(psychologist)
    if psychologist.is_active:
        clinic.retire_psychologist(psychologist=psychologist, by=by, now=now)
    left = stranded.left_with(psychologist, now=now)
    as_of_now()
    stranded.ask_about(left, knowing=knowing, now=now)
    sessions.raise_without_psychologist(left, by=by, now=now)
    conversations.leave_to_the_desk(psychologist, by=by, now=now)


@transaction.atomic
def work_here_again(*, user: User, by: Actor, now: datetime) -> tuple[list[PendingGrant], Psychologist | None]:
    """Opens the account again: with the roles that wait for a second manager, and who is still off the website."""
    waiting = accounts.reactivate(user=user, by=by, now=now)
    if (psychologist := Psychologist.objects.filter(user=user).first()) is None:
        return waiting, None
    as_of_now()
    if Role.PSYCHOLOGIST in user.roles:
        conversations.take_up_again(psychologist, by=by, now=now)
    sessions.look_again(stranded.left_with(psychologist, now=now), by=by, now=now)
    return waiting, None if psychologist.is_active else psychologist


@transaction.atomic
def close_place(*, location: Location, knowing: str | None = None, by: Actor, now: datetime) -> None:
    """Takes a place out of use; the sessions booked there in person come to the desk.

    `knowing` as in `stop_working_here`. Raises LastOne or StillBooked.
    """
    clinic.retire_location(location=location, by=by, now=now)
    left = stranded.left_at(location, now=now)
    as_of_now()
    stranded.ask_about(left, knowing=knowing, now=now)
    sessions.raise_without_place(left, by=by, now=now)


@transaction.atomic
def open_place_again(*, location: Location, by: Actor, now: datetime) -> None:
    """Takes a place back into use: what is booked there needs nobody any more."""
    clinic.restore_location(location=location, by=by, now=now)
    as_of_now()
    sessions.look_again(stranded.left_at(location, now=now), by=by, now=now)


class Reseated(NamedTuple):
    """Of a room that closed: how many sessions to come got another one, and how many have none and come to the desk."""

    moved: int
    left: int


@transaction.atomic
def close_room(*, room: Room, knowing: str | None = None, by: Actor, now: datetime) -> Reseated:
    """Takes a room out of use; sessions to come get another one that is free then, and the rest comes to the desk.

    `knowing` as in `stop_working_here`; raises StillBooked.
    """
    # Whose sessions they are and the rooms, at once and in the diary's order: nobody books into the room from here on.
    locked = lock_diary(*{s.psychologist_id for s in stranded.left_in(room, now=now)}, rooms_of=room.location)
    clinic.retire_room(room=room, by=by, now=now)
    as_of_now()
    left = stranded.left_in(room, now=now)
    moved = sum(_has_another_room(s, by=by, now=now) for s in left if s.psychologist_id in locked)
    as_of_now()
    without = stranded.left_in(room, now=now)
    # Looked at when those are moved for which another one is free: the rest is what needs another time.
    stranded.ask_about(left, knowing=knowing, now=now, to_move=without)
    sessions.raise_without_room(without, by=by, now=now)
    return Reseated(moved, len(without))


def _has_another_room(session: Appointment, *, by: Actor, now: datetime) -> bool:
    try:
        with transaction.atomic():
            return diary.change_room(appointment=session, by=by, now=now) is not None
    except SlotTaken:
        return False


@transaction.atomic
def open_room_again(*, room: Room, by: Actor, now: datetime) -> None:
    """Takes a room back into use: what is booked in it needs nobody any more."""
    clinic.restore_room(room=room, by=by, now=now)
    as_of_now()
    sessions.look_again(stranded.left_in(room, now=now), by=by, now=now)
