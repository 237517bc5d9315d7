"""What the desk types of a claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.forms import AmountField
from portal.billing.models import Channel, MedicareClaim
from portal.common.forms.fields import DateField, LineField
from portal.common.languages.times import date_short
from portal.common.money import dollars

PATIENT, CLINIC = "patient", "clinic"


class OfAClaim(forms.Form):
    """`seen` is the claim's revision on the page: an old page does nothing."""

    day_name = ""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=32767)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, claim: MedicareClaim, today: date, step: str, **initial: Any
    ) -> None:
        start = {"seen": claim.revision} | ({self.day_name: today} if self.day_name else {})
        super().__init__(data, initial=start | initial, auto_id=f"{step}_%s")
        self.claim, self.today = claim, today

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day = data.get(self.day_name)
        if day and day > self.today:
            self.add_error(self.day_name, ValidationError(_("This day is still to come."), code="future"))
        elif day and day < self.claim.service_date:
            words = _("The session was on %(day)s: nothing was claimed before.")
            params = {"day": date_short(self.claim.service_date)}
            self.add_error(self.day_name, ValidationError(words, code="too_early", params=params))
        return data


class SendForm(OfAClaim):
    """That it was claimed."""

    day_name = "sent_on"

    channel = forms.ChoiceField(label=_("By what"), choices=Channel.choices)
    sent_on = DateField(label=_("Claimed on"), picker=True)
    reference = LineField(
        label=_("Reference"), max_length=60, required=False, help_text=_("The number that the channel gave the claim.")
    )


class ApproveForm(OfAClaim):
    """What Medicare paid, and to whom."""

    day_name = "decided_on"

    amount = AmountField(label=_("Paid by Medicare"))
    decided_on = DateField(label=_("Date"), picker=True)
    to = forms.ChoiceField(
        label=_("The money went"),
        choices=[(PATIENT, _("to the patient")), (CLINIC, _("to the clinic, and counts towards the invoice"))],
        widget=forms.RadioSelect,
    )

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, claim: MedicareClaim, today: date, step: str, **initial: Any
    ) -> None:
        start = {"amount": claim.may_bring, "to": PATIENT} | initial
        super().__init__(data, claim=claim, today=today, step=step, **start)
        if claim.line.invoice.bulk_billed or not claim.line.invoice.balance:
            # It was assigned to the clinic, or nothing is owing that a payment could settle.
            del self.fields["to"]

    @property
    def to_clinic(self) -> bool:
        """Whether the money is a payment; only of a valid form."""
        return bool(self.cleaned_data.get("to") == CLINIC)

    def too_much(self, most: Decimal, *, owing: bool = False) -> None:
        """Says the most that it can be, in dollars."""
        words = _("Only %(most)s is owing.") if owing else _("The service is charged at %(most)s: look at the amount.")
        self.add_error("amount", ValidationError(words, code="too_much", params={"most": dollars(most)}))


class RejectForm(OfAClaim):
    """Why Medicare pays nothing."""

    day_name = "decided_on"

    reason = LineField(
        label=_("Why"), max_length=200, help_text=_("Medicare's code or words: nothing about anybody's health.")
    )
    decided_on = DateField(label=_("Date"), picker=True)


class AgainForm(OfAClaim):
    """That it is to be claimed once more."""


class WithdrawForm(OfAClaim):
    """Why nobody is going to claim it."""

    reason = LineField(label=_("Why"), max_length=200, help_text=_("Nothing about anybody's health."))
