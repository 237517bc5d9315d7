"""What a patient owes from earlier, taken together with what a check-out comes to: in one payment, the oldest first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.appointments.models import Appointment
from portal.billing.actions import owing_of
from portal.billing.models import Invoice, Purpose
from portal.common.money import ZERO, dollars


def old_debts(session: Appointment) -> list[Invoice]:
    """What the patient has to pay from before, the oldest first; money that is asked ahead is no debt."""
    owing = owing_of(session.person)
    return [one for one in owing if one.appointment_id != session.pk and one.purpose != Purpose.DEPOSIT]


class Share(NamedTuple):
    """What an invoice gets of the money, in dollars; none is the invoice of this check-out."""

    invoice: Invoice | None
    due: Decimal
    gets: Decimal


class OldDebts(forms.Form):
    """Whether what is owing from before is taken with it. The page says what it knew of that: `old_seen`."""

    with_old = forms.BooleanField(required=False)

    old: Sequence[Invoice] = ()
    takes_old = False

    def begin_old(self, old: Sequence[Invoice], *, is_theirs: bool) -> None:
        """`is_theirs`: it is not bulk-billed, and nobody else is billed."""
        self.old = old
        self.takes_old = bool(self.is_bound and self.data.get("with_old") and old and is_theirs)
        self.fields["with_old"].label = _("Take the %(amount)s from earlier with it") % {"amount": dollars(self.owed)}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.takes_old and self.data.get("old_seen") != self.old_mark:
            self.old_changed()
        elif self.takes_old and data.get("method") in ("later", "held"):
            words = _("Choose how the money comes, or take the tick away.")
            self.add_error("with_old", ValidationError(words, code="nothing"))
        return data

    def old_changed(self) -> None:
        """Says that what is owing from before is no longer what the page showed."""
        words = _("What is owing from earlier changed since this page was opened. Look at it again, then finish.")
        self.add_error("with_old", ValidationError(words, code="changed"))

    @property
    def owed(self) -> Decimal:
        """What is owing from before, in dollars."""
        return sum((one.balance for one in self.old), ZERO)

    @property
    def old_mark(self) -> str:
        """What is owing from before, as one word."""
        facts = [(one.number, one.seen_as) for one in self.old]
        return hashlib.sha256(str(facts).encode()).hexdigest()[:32]

    def due(self, to_pay: Decimal) -> Decimal:
        """What is taken in all where `to_pay` is left of this check-out; dollars."""
        return to_pay + (self.owed if self.takes_old else ZERO)

    def shares(self, to_pay: Decimal) -> list[Share]:
        """What each invoice gets of what is typed, the oldest first; of all that is due while nothing is."""
        data = getattr(self, "cleaned_data", {})
        left = (data.get("amount") or ZERO) + (data.get("rest_amount") or ZERO) or self.due(to_pay)
        found = []
        for invoice, due in [*((one, one.balance) for one in self.old), (None, to_pay)]:
            found.append(Share(invoice, due, gets := min(due, left)))
            left -= gets
        return found
