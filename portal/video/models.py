from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.appointments.models import Appointment
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedTextField
from portal.common.privacy import classed

# So often the provider is asked to end a room.
MOST_ATTEMPTS: Final = 10


class Side(models.TextChoices):
    """Whose place somebody takes in a room."""

    PATIENT = "patient", _("Patient")
    PSYCHOLOGIST = "psychologist", _("Psychologist")


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, actor: Actor) -> RoomQuerySet:
        """Those of the sessions that somebody sees; who may come in is another matter (`actions.side_of`)."""
        return self.filter(session__in=Appointment.objects.visible_to(actor).order_by().values("pk"))


@classed(
    plain="id code session name starts_at made_at waiting_since waiting admitted_at admitted_by",
    personal="whereabouts",
)
class Room(models.Model):
    """The room of one session. Its name holds for one time: a session that is moved gets another name."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session = models.OneToOneField(Appointment, on_delete=models.PROTECT, related_name="video_room")
    # `appointment-<the session's code>-<eight letters>`: the provider knows it, and nobody guesses it.
    name = models.CharField(max_length=80, unique=True)
    starts_at = models.DateTimeField()
    made_at = models.DateTimeField()
    # Where the patient said that they are, for help to find them. Of this session alone.
    whereabouts = EncryptedTextField(bound_to="code", null=True, blank=True)
    # Since when the patient waits to be let in, and who of the accounts that look after them.
    waiting_since = models.DateTimeField(null=True, blank=True)
    waiting = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    admitted_at = models.DateTimeField(null=True, blank=True)
    admitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = RoomQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(waiting_since__isnull=True, waiting__isnull=True)
                | Q(waiting_since__isnull=False, waiting__isnull=False),
                name="video_room_waits_as_a_whole",
            ),
            models.CheckConstraint(
                condition=Q(admitted_at__isnull=True, admitted_by__isnull=True)
                | Q(waiting_since__isnull=False, admitted_at__gte=F("waiting_since"), admitted_by__isnull=False),
                name="video_room_lets_in_who_waits",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProviderRoomQuerySet(models.QuerySet["ProviderRoom"]):
    def to_look_at(self, *, now: datetime) -> ProviderRoomQuerySet:
        """Those that may still be at the provider, and that nobody has in hand."""
        return self.filter(ended_at__isnull=True, attempts__lt=MOST_ATTEMPTS, next_try_at__lte=now)


@classed(plain="id session name starts_at made_at ended_at attempts next_try_at")
class ProviderRoom(models.Model):
    """A room that the provider was asked to make, until it is known to have ended there."""

    session = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80, unique=True)
    starts_at = models.DateTimeField()
    # Since when it may be there: as somebody got the last key to it.
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()

    objects = ProviderRoomQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("made_at")),
                name="video_providerroom_ends_after_it_began",
            ),
        ]
        indexes = [
            models.Index(fields=["next_try_at"], condition=Q(ended_at__isnull=True), name="video_room_at_provider"),
        ]

    def __str__(self) -> str:
        return self.name


@classed(plain="id room side person joined_at seen_at left_at")
class Presence(models.Model):
    """That somebody was in a room, from when until when. Of what was said there nothing is kept."""

    room = models.ForeignKey(Room, on_delete=models.PROTECT, related_name="presences")
    side = models.CharField(max_length=12, choices=Side.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()
    # When their page last said that they are there: a browser that crashes says no goodbye.
    seen_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(side__in=Side.values), name="video_presence_side_is_known"),
            models.CheckConstraint(
                condition=Q(seen_at__gte=F("joined_at")) & (Q(left_at__isnull=True) | Q(left_at__gte=F("joined_at"))),
                name="video_presence_ends_after_it_began",
            ),
            models.UniqueConstraint(
                fields=["room", "person"], condition=Q(left_at__isnull=True), name="video_presence_once_at_a_time"
            ),
        ]
