from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models

from portal.accounts.roles import Role
from portal.billing.models.invoice import Invoice
from portal.common.access.actors import Actor
from portal.common.privacy import classed

# Nobody is reminded of one invoice more often than that.
REMINDED_EVERY = timedelta(days=7)


class DispatchQuerySet(models.QuerySet["Dispatch"]):
    def visible_to(self, actor: Actor) -> DispatchQuerySet:
        """The desk's and the manager's."""
        return self.all() if actor.role in (Role.RECEPTION, Role.MANAGER) else self.none()

    def reminders(self) -> DispatchQuerySet:
        """Those that reminded of what is overdue, by e-mail or on paper."""
        return self.filter(what__in=(Dispatch.What.REMINDED, Dispatch.What.LETTER))


@classed(plain="id invoice what run stage made_at made_by")
class Dispatch(models.Model):
    """That an invoice was printed with others, or a reminder of it was e-mailed or printed. A row never changes.

    An invoice that went by e-mail has its notice. `run` is the code of what was asked for, which may be gone by now.
    """

    class What(models.TextChoices):
        PRINTED = "printed"
        REMINDED = "reminded"
        LETTER = "letter"

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="dispatches", db_index=False)
    what = models.CharField(max_length=10, choices=What.choices)
    run = models.UUIDField(editable=False)
    # Which of the reminders that the portal writes by itself, each once of an invoice; of all others none.
    stage = models.PositiveSmallIntegerField(null=True, editable=False)
    made_at = models.DateTimeField(editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = DispatchQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(what__in=("printed", "reminded", "letter")), name="dispatch_what_is_known"
            ),
            models.UniqueConstraint(fields=["invoice", "run", "what"], name="dispatch_once_a_run"),
            models.UniqueConstraint(
                fields=["invoice", "stage"], condition=models.Q(stage__isnull=False), name="dispatch_once_a_stage"
            ),
        ]
        indexes = [models.Index(fields=["invoice", "made_at"], name="dispatch_of_invoice")]

    def __str__(self) -> str:
        return f"{self.what} {self.invoice_id}"
