"""What a check-out asks of where it is paid and, where it is paid in two ways, how the rest came and how much of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.actions import TakenPart
from portal.billing.forms import METHODS, ask_place
from portal.clinic.models import Location
from portal.common.forms.fields import MoneyField
from portal.common.money import ZERO, dollars
from portal.web.reception import drawer


class SplitFields(forms.Form):
    """The rest of what is paid, beside the first way and its amount. Both are on one receipt."""

    rest_method = forms.ChoiceField(
        label=_("And the rest by"), choices=[("", _("Nothing else")), *METHODS], required=False
    )
    rest_amount = MoneyField(label=_("Amount of the rest"), max_value=Decimal("999999.99"), required=False)

    place: Location | None = None

    def begin_place(self, place: Location | None) -> None:
        """Asks in whose drawer it lies where there are several; `place` is proposed."""
        self.place = place
        ask_place(self, drawer.places(), place)
        if "location" in self.fields:
            # Beside where the session was held.
            self.fields["location"].label = _("Where it is paid")

    def check_rest(self, data: dict[str, Any], *, is_theirs: bool) -> None:
        """Adds what is wrong with the rest; `is_theirs`: nobody else is billed."""
        method, amount = data.get("rest_method"), data.get("rest_amount")
        for name, is_wrong, words in (
            ("rest_amount", method and not amount, _("How much was paid?")),
            ("rest_method", amount and not method, _("How was the rest paid?")),
            ("rest_method", method and method == data.get("method"), _("That is the first way. Choose another one.")),
            (
                "rest_method",
                method and not is_theirs,
                _("What somebody else is billed is paid in one way here. Record the rest on the invoice."),
            ),
        ):
            if is_wrong and name not in self.errors:
                self.add_error(name, ValidationError(words, code="rest"))

    def check_nothing_dropped(self, *, total: Decimal, is_untouched: bool) -> None:
        """Refuses money that was typed where none is taken: what is owing in dollars stands in the field by itself."""
        amount, rest = self.cleaned_data.get("amount") or ZERO, self.cleaned_data.get("rest_amount") or ZERO
        typed = rest + (ZERO if is_untouched or amount == total else amount)
        if typed:
            words = _(
                "%(amount)s is typed as paid, but what is chosen takes no money now. "
                "Choose how it was paid, or clear it."
            )
            params = {"amount": dollars(typed)}
            self.add_error(None, ValidationError(words, code="dropped", params=params))

    @property
    def rest(self) -> TakenPart | None:
        """What came in the second way; None where nothing did."""
        method, amount = self.cleaned_data.get("rest_method"), self.cleaned_data.get("rest_amount")
        return TakenPart(method, amount) if method and amount else None
