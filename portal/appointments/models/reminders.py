from __future__ import annotations

from django.db import models
from django.utils import timezone

from portal.appointments.models.appointment import Appointment
from portal.common.privacy import classed


@classed(plain="id session starts_at which written_at went")
class Reminder(models.Model):
    """That a session was reminded of, at the time at which it stood: by it nobody is reminded twice.

    Moved, it stands at another time and is reminded of anew. Aware UTC.
    """

    # The database refuses to delete it: asked first, as PROTECT does, each hold given back would cost a query more.
    session = models.ForeignKey(Appointment, on_delete=models.DO_NOTHING, related_name="reminders")
    starts_at = models.DateTimeField()
    # The first that is sent, or the second, nearer to the session.
    which = models.PositiveSmallIntegerField()
    written_at = models.DateTimeField(default=timezone.now)
    # How many notices were written; none where it was booked so late that the confirmation had just said it all, or
    # where nobody can be reached.
    went = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["session", "which", "starts_at"], name="reminder_once_for_each_time")
        ]

    def __str__(self) -> str:
        return f"{self.which} of {self.session_id}"
