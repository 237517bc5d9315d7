from __future__ import annotations

import uuid
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.billing.models.payment import Payment
from portal.clinic.models import Location
from portal.common.access.actors import Actor
from portal.common.money import ZERO, dollars
from portal.common.privacy import classed


class DayCloseQuerySet(models.QuerySet["DayClose"]):
    def visible_to(self, actor: Actor) -> DayCloseQuerySet:
        """All for the desk and the manager; nobody else counts the drawer."""
        return self.all() if actor.role in (Role.RECEPTION, Role.MANAGER) else self.none()


def _dollars() -> models.DecimalField[Decimal, Decimal]:
    return models.DecimalField(max_digits=10, decimal_places=2)


@classed(
    plain="id code location day closed_at closed_by opening cash counted kept card terminal difference",
    # What somebody wrote of a difference, and the names that stood on the page.
    personal="explanation sheet",
)
class DayClose(models.Model):
    """A day of one place, looked over and closed by a person; the row never changes.

    `opening` is what lay in the drawer before, `cash` what came into it since by the books (whatever day that bears:
    what is entered for a closed day moved after that day's count), `counted` what was found in it,
    `kept` what stayed there; `difference` is what was found beyond the books. `card` is what came by card by the books,
    `terminal` what the card machine says, if anybody looked. `sheet` is the page as it was, for every reprint.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="closes")
    day = models.DateField()
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False)
    opening = _dollars()
    cash = _dollars()
    counted = _dollars()
    kept = _dollars()
    card = _dollars()
    terminal = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    difference = _dollars()
    explanation = models.CharField(_("why they differ"), max_length=400, blank=True)
    sheet = models.JSONField()

    objects = DayCloseQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["location", "day"], name="day_close_once_per_place"),
            models.CheckConstraint(condition=Q(opening__gte=0, counted__gte=0), name="day_close_drawer_not_negative"),
            models.CheckConstraint(
                condition=Q(kept__gte=0, kept__lte=F("counted")), name="day_close_keeps_what_is_there"
            ),
            models.CheckConstraint(
                condition=Q(difference=Round(F("counted") - F("opening") - F("cash"), 2)),
                name="day_close_difference_is_counted",
            ),
            models.CheckConstraint(
                condition=~Q(explanation="") | (Q(difference=0) & (Q(terminal__isnull=True) | Q(terminal=F("card")))),
                name="day_close_difference_is_explained",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.location_id} {self.day}"

    @property
    def expected(self) -> Decimal:
        """What should have been in the drawer, in dollars."""
        return self.opening + self.cash

    @property
    def by_opening(self) -> Decimal:
        """What lay in the drawer beyond what the close before left in it, in dollars; nothing of the first close."""
        before = DayClose.objects.filter(location=self.location_id, day__lt=self.day).order_by("-day").first()
        return self.opening - before.kept if before else Decimal(0)

    @property
    def to_bank(self) -> Decimal:
        """What was taken out of the drawer, for the bank or the safe, in dollars."""
        return self.counted - self.kept

    @property
    def by_terminal(self) -> Decimal | None:
        """What the card machine says beyond what the books say; None where nobody looked."""
        return None if self.terminal is None else self.terminal - self.card

    @property
    def said_difference(self) -> str:
        return _over_or_short(self.difference)

    @property
    def said_terminal(self) -> str:
        return _over_or_short(self.by_terminal or ZERO)


def _over_or_short(amount: Decimal) -> str:
    """`$5.00 short` or `$5.00 over`, as a drawer is; `$0.00` where it agrees."""
    if not amount:
        return dollars(ZERO)
    said = gettext("%(amount)s short") if amount < 0 else gettext("%(amount)s over")
    return said % {"amount": dollars(abs(amount))}


@classed(plain="id close payment is_late")
class ClosedPayment(models.Model):
    """That a payment was counted with a day, or listed there as entered late for an earlier one: once, and no more."""

    close = models.ForeignKey(DayClose, on_delete=models.PROTECT, related_name="payments")
    payment = models.OneToOneField(Payment, on_delete=models.PROTECT, related_name="closed")
    is_late = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.payment_id} in {self.close_id}"
