"""The private addresses at which calendar programs read somebody's sessions."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from portal.accounts.models import Grant, Invitation
from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Carer, Patient

# How exactly it is kept when a program last asked: a poll that changes nothing writes nothing.
USE_KEPT_EVERY = timedelta(hours=1)


class CalendarFeedQuerySet(models.QuerySet["CalendarFeed"]):
    def in_force(self) -> CalendarFeedQuerySet:
        return self.filter(ended_at__isnull=True)

    def of(self, actor: Actor) -> CalendarFeedQuerySet:
        """One's own, as a psychologist or as a patient: nobody sees or ends another person's."""
        if actor.role not in CalendarFeed.ROLES:
            return self.none()
        return self.filter(user=actor.user, role=actor.role)

    def rightful(self) -> CalendarFeedQuerySet:
        """Those whose reader may still see what they show, and could ever since they were made.

        A role or a care that ended and began again opens no old address: whoever has it makes a new one.
        """
        since = {"user": OuterRef("user")}
        role = Grant.objects.in_force().filter(role=Role.PSYCHOLOGIST, granted_at__lte=OuterRef("made_at"), **since)
        care = Carer.objects.in_force().filter(
            patient=OuterRef("patient"), started_at__lte=OuterRef("made_at"), **since
        )
        return self.filter(
            Q(role=Role.PSYCHOLOGIST) & Q(Exists(role))
            | Q(role=Role.PATIENT) & (Q(patient__user=F("user")) | Q(Exists(care))),
            user__is_active=True,
        )

    def lapsed(self) -> CalendarFeedQuerySet:
        """Those in force that are rightful no longer."""
        return self.in_force().exclude(pk__in=self.model.objects.rightful().values("pk"))


@classed(plain="id code user role patient token_hash titles made_at last_used_at ended_at ended_why")
class CalendarFeed(models.Model):
    """One address of one reader: a psychologist's diary, or one patient's sessions. Ended, never deleted.

    Who cares for several people makes an address for each that they choose. Only a hash of the token is kept: the
    address is shown once, and whoever lost it makes a new one.
    """

    class Titles(models.TextChoices):
        """What the entries are called."""

        NEUTRAL = "neutral"
        NAMED = "named"

    class Why(models.TextChoices):
        """Why one stopped working."""

        RENEWED = "renewed"
        ENDED = "ended"  # by its person
        LAPSED = "lapsed"  # its person may see these sessions no longer

    ROLES = (Role.PSYCHOLOGIST, Role.PATIENT)

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="calendar_feeds")
    role = models.CharField(max_length=20, choices=[(role.value, role.label) for role in ROLES])
    # Whose sessions it shows; nobody's, where it is a psychologist's whole diary.
    patient = models.ForeignKey(Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="calendar_feeds")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    titles = models.CharField(max_length=8, choices=Titles.choices, default=Titles.NEUTRAL)
    made_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=8, choices=Why.choices, blank=True)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = "calendar address"
        ordering = ["made_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(role="psychologist", patient__isnull=True) | Q(role="patient", patient__isnull=False),
                name="calendar_feed_is_a_diary_or_a_patients",
            ),
            models.CheckConstraint(condition=Q(titles__in=["neutral", "named"]), name="calendar_feed_titles_are_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="") | (Q(ended_at__isnull=False) & ~Q(ended_why="")),
                name="calendar_feed_ended_with_why",
            ),
            models.UniqueConstraint(
                fields=["user", "patient"],
                condition=Q(ended_at__isnull=True, patient__isnull=False),
                name="calendar_feed_once_a_patient",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at__isnull=True, patient__isnull=True),
                name="calendar_feed_once_a_diary",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.user_id}"

    # The token is 256 random bits, so a plain hash is enough, as of an invitation of staff.
    hash_of = staticmethod(Invitation.hash_of)
