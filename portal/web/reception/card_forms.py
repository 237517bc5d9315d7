"""What the desk types about money that goes back to a card."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.forms import AmountField, SeenInvoice
from portal.common.forms.fields import LineField
from portal.common.forms.parts import sent_with
from portal.common.money import dollars


class CardRefundForm(SeenInvoice):
    """How much of a payment goes back to its card, and why. `key` is made with the page: sent twice it counts once."""

    amount = AmountField(label=_("Amount"))
    reason = LineField(
        label=_("Why"),
        max_length=200,
        help_text=_("For the clinic's own record: nothing about anybody's health."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, most: Decimal, seen: str = "") -> None:
        super().__init__(data, initial={"amount": most, "key": str(uuid.uuid4()), "seen": seen})

    def too_much(self, left: Decimal) -> None:
        """Says how much of the payment is left, in dollars."""
        words = _("Only %(left)s of this payment is left to give back.")
        self.add_error("amount", ValidationError(words, code="too_much", params={"left": dollars(left)}))

    def new_key(self) -> None:
        """Lets the form be sent again as something new."""
        self.data = sent_with(self.data, "key", str(uuid.uuid4()))


class ChargeForm(SeenInvoice):
    """Which card a page showed, and what the invoice was then."""

    card = forms.UUIDField(widget=forms.HiddenInput)


class SettledForm(forms.Form):
    """How somebody looked after something about a card payment. `about` is its code."""

    how = LineField(label=_("What was done"), max_length=200)

    def __init__(self, data: Mapping[str, Any] | None = None, *, about: uuid.UUID) -> None:
        super().__init__(data, auto_id=f"id_%s_{about.hex[:8]}")
        self.about = about
