from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from portal.accounts.models import Invitation
from portal.accounts.roles import Role
from portal.appointments.models.appointment import Appointment
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.privacy import classed


class MoveOfferQuerySet(models.QuerySet["MoveOffer"]):
    def visible_to(self, actor: Actor) -> MoveOfferQuerySet:
        """Those of the sessions that are visible to somebody, for staff alone: a patient has the link."""
        if actor.role == Role.PATIENT:
            return self.none()
        return self.filter(session__in=Appointment.objects.visible_to(actor))

    def still_open(self) -> MoveOfferQuerySet:
        """Those that nobody answered or ended; the time to answer may be over."""
        return self.filter(ended_at__isnull=True)

    def out_for(self, sessions: Iterable[Appointment], *, now: datetime) -> dict[int, MoveOffer]:
        """Those from which patients can still choose, by the ids of the sessions as they stand. One query or none."""
        coming = {session.pk: session for session in sessions if session.is_booked and session.starts_at > now}
        if not coming:
            return {}
        rows = self.still_open().filter(session__in=coming, expires_at__gt=now)
        return {row.session_id: row for row in rows if row.is_answerable(coming[row.session_id], now=now)}

    def with_token(self, token: str) -> MoveOfferQuerySet:
        """The one that a mailed link leads to."""
        return self.filter(token_hash=MoveOffer.hash_of(token))


@classed(plain="id code session revision token_hash offered_at offered_by expires_at ended_at outcome")
class MoveOffer(models.Model):
    """Times offered to the patient of a session that can't be held as it is booked, until a moment.

    The session stays booked meanwhile. Aware UTC; only a hash of its link's token is kept.
    """

    class Outcome(models.TextChoices):
        """What came of it; empty while it is open."""

        CHOSEN = "chosen"
        REPLACED = "replaced"
        DECIDED = "decided"

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The database refuses to delete it: asked first, as PROTECT does, each hold given back would cost a query more.
    session = models.ForeignKey(Appointment, on_delete=models.DO_NOTHING, related_name="move_offers")
    # The session's as it was offered on: moved or called off since, it is no longer what the link is about.
    revision = models.PositiveSmallIntegerField()
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)

    objects = MoveOfferQuerySet.as_manager()

    class Meta:
        ordering = ["-offered_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("offered_at")), name="move_offer_expires_later"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="move_offer_ended_with_outcome",
            ),
            models.UniqueConstraint(
                fields=["session"], condition=Q(ended_at__isnull=True), name="move_offer_one_open_a_session"
            ),
        ]

    def __str__(self) -> str:
        return f"until {self.expires_at:%Y-%m-%d %H:%M} UTC, {self.outcome or 'open'}"

    # The token is 256 random bits, so a plain hash is enough, as of an invitation of staff.
    hash_of = staticmethod(Invitation.hash_of)

    def is_answerable(self, session: Appointment, *, now: datetime) -> bool:
        """Whether a time can still be chosen for the session, as it stands now."""
        return self.is_unanswered(session) and now < self.expires_at

    def is_unanswered(self, session: Appointment) -> bool:
        """Whether it is about the session as it stands, and nobody chose or ended it; its time may be over."""
        return session.is_booked and session.revision == self.revision and self.ended_at is None


@classed(plain="id offer starts_at location")
class MoveTime(models.Model):
    """One of the times of such an offer, and where. Nobody keeps it: whoever chooses first has it."""

    offer = models.ForeignKey(MoveOffer, on_delete=models.CASCADE, related_name="times")
    starts_at = models.DateTimeField()
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [models.UniqueConstraint(fields=["offer", "starts_at"], name="move_time_once_an_offer")]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"
