from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import Invitation
from portal.appointments.models.appointment import Appointment
from portal.common.privacy import classed


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def with_token(self, token: str) -> ReminderQuerySet:
        """The one whose link this is."""
        return self.filter(token_hash=Reminder.hash_of(token))


@classed(plain="id code session starts_at which written_at went token_hash")
class Reminder(models.Model):
    """That a session was reminded of, at the time at which it stood: by it nobody is reminded twice.

    Moved, it stands at another time and is reminded of anew. Aware UTC.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The database refuses to delete it: asked first, as PROTECT does, each hold given back would cost a query more.
    session = models.ForeignKey(Appointment, on_delete=models.DO_NOTHING, related_name="reminders")
    starts_at = models.DateTimeField()
    # The first that is sent, or the second, nearer to the session.
    which = models.PositiveSmallIntegerField()
    written_at = models.DateTimeField(default=timezone.now)
    # How many notices were written; none where it was booked so late that the confirmation had just said it all, or
    # where nobody can be reached.
    went = models.PositiveSmallIntegerField(default=0)

    # Of the link by which its reader says yes or no. 96 random bits: a text has room for no more, and it opens a time.
    token_hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = ReminderQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "which", "starts_at"], name="reminder_once_for_each_time"),
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="reminder_has_its_own_link"
            ),
        ]

    hash_of = staticmethod(Invitation.hash_of)

    def __str__(self) -> str:
        return f"{self.which} of {self.session_id}"
