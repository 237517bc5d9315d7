"""Money taken over the desk: for which invoices, by which methods, and whether it adds up."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _

from portal.billing.actions import Settles, TakenPart
from portal.billing.forms import AHEAD_AT_MOST, AmountField, PaidByField, ask_place
from portal.billing.models import Invoice, Method, Purpose
from portal.billing.models.payment import AT_THE_DESK
from portal.clinic.models import Location
from portal.common.forms.fields import DateField, LineField, MarkField, MoneyField
from portal.common.forms.parts import sent_with
from portal.common.languages.punctuation import listed
from portal.common.languages.times import date_short
from portal.common.money import ZERO, dollars

MOST = Decimal("99999.99")
# What people have in their hand first.
METHODS = (Method.CASH, Method.CARD, Method.TRANSFER)
REFERENCES = {Method.CARD: _("The terminal's number"), Method.TRANSFER: _("The bank's number")}


class TakingForm(forms.Form):
    """What each invoice gets, what comes by which method, and what is held; `key` is made with the page."""

    use_held = forms.BooleanField(label=_("Use it first"), required=False)
    handed = MoneyField(
        label=_("Cash they hand over"),
        required=False,
        max_value=MOST,
        help_text=_("Only where there is change to give."),
    )
    paid_by = PaidByField()
    keeps = forms.BooleanField(label=_("Keep what is more on their account"), required=False)
    received_on = DateField(label=_("Date"), picker=True)
    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = MarkField(required=False, max_length=32, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        owing: Sequence[Invoice],
        held: Decimal,
        places: Sequence[Location],
        place: Location | None,
        today: date,
        seen: str,
        only: str = "",
        names: Sequence[str] = (),
    ) -> None:
        """`only` is the number of the one invoice that is proposed, or empty for all; `names` are likely payers."""
        self.names = names
        start: dict[str, Any] = {"use_held": bool(held), "received_on": today, "key": str(uuid.uuid4()), "seen": seen}
        super().__init__(data, initial=start | {"paid_by": next(iter(names), "")})
        self.owing, self.held, self.today, self.place = list(owing), held, today, place or next(iter(places), None)
        for invoice in self.owing:
            words = _("%(number)s gets") % {"number": invoice.number}
            proposed = invoice.balance if not only or only == invoice.number else None
            self.fields[_gets(invoice)] = MoneyField(label=words, required=False, max_value=MOST, initial=proposed)
        for method in METHODS:
            self.fields[method.value] = MoneyField(label=method.label, required=False, max_value=MOST)
            if method in REFERENCES:
                self.fields[f"{method.value}_reference"] = LineField(
                    label=REFERENCES[method], max_length=100, required=False
                )
        ask_place(self, places, place)

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise ValidationError(_("This day is still to come."), code="future")
        if day < self.today - AHEAD_AT_MOST:
            words = _("Money of before %(since)s is recorded on its invoice.")
            params = {"since": date_short(self.today - AHEAD_AT_MOST)}
            raise ValidationError(words, code="too_early", params=params)
        return day

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for invoice in self.owing:
            name = _gets(invoice)
            if (data.get(name) or ZERO) > invoice.balance:
                words = _("Only %(balance)s is owing.") % {"balance": dollars(invoice.balance)}
                self.add_error(name, ValidationError(words, code="too_much"))
        data["location"] = data.get("location") or self.place
        if data["location"] is None:
            self.add_error(None, ValidationError(_("Add the place where you are first."), code="place"))
        cash, handed = data.get(Method.CASH.value) or ZERO, data.get("handed")
        if handed and not cash and Method.CASH.value not in self.errors:
            asked = _("How much of it is for the invoices? Write that as cash, or clear this.")
            self.add_error("handed", ValidationError(asked, code="no_cash"))
        if handed is not None and not self.errors and handed < cash:
            self.add_error(
                "handed", ValidationError(_("That is less than the cash that you count here."), code="little")
            )
        return data

    def check_sum(self) -> None:
        """Adds what is wrong with the whole, once each field is right."""
        if self.errors:
            return
        if not self.comes and not self.uses:
            self.add_error(None, ValidationError(_("Write how much was paid, and how."), code="nothing"))
        elif self.missing > 0 or (self.missing < 0 and not self.cleaned_data["keeps"]):
            self.add_error(None, ValidationError(self.sum_words, code="sum"))

    def _amount(self, name: str) -> Decimal:
        cleaned: dict[str, Any] = getattr(self, "cleaned_data", None) or {}
        if not self.is_bound:
            return self.fields[name].initial or ZERO
        return cleaned.get(name) or ZERO

    @property
    def settles(self) -> list[Settles]:
        """The invoices that get something, the oldest first."""
        found = [Settles(invoice, self._amount(_gets(invoice))) for invoice in self.owing]
        return [each for each in found if each.amount]

    @property
    def parts(self) -> list[TakenPart]:
        """What comes, by method."""
        found = [
            TakenPart(
                method.value,
                self._amount(method.value),
                str((self.cleaned_data if self.is_bound else {}).get(f"{method.value}_reference") or ""),
            )
            for method in METHODS
        ]
        return [part for part in found if part.amount]

    @property
    def asked(self) -> Decimal:
        """What the invoices get together, in dollars."""
        return sum((each.amount for each in self.settles), ZERO)

    @property
    def uses(self) -> Decimal:
        """What of it what is held settles: never an invoice that asks for money ahead."""
        ticked = self.cleaned_data.get("use_held") if self.is_bound else bool(self.held)
        if not ticked:
            return ZERO
        may = sum((each.amount for each in self.settles if each.invoice.purpose != Purpose.DEPOSIT), ZERO)
        return min(self.held, may)

    @property
    def to_pay(self) -> Decimal:
        """What has to come, in dollars."""
        return self.asked - self.uses

    @property
    def comes(self) -> Decimal:
        """What comes by all methods, in dollars."""
        return sum((part.amount for part in self.parts), ZERO)

    @property
    def missing(self) -> Decimal:
        """How much more the invoices get than comes, in dollars; below zero where more comes."""
        return self.to_pay - self.comes

    @property
    def change(self) -> Decimal:
        """What is to be given back of the cash, in dollars."""
        handed = self._amount("handed")
        return handed - self._amount(Method.CASH.value) if handed else ZERO

    @property
    def is_even(self) -> bool:
        """Whether what is typed adds up."""
        ticked = bool(self.cleaned_data.get("keeps")) if self.is_bound else False
        return bool(self.comes or self.uses) and (not self.missing or (self.missing < 0 and ticked))

    @property
    def sum_words(self) -> str:
        """Whether it adds up, and what to do if not."""
        words = {"amount": dollars(abs(self.missing))}
        if self.missing > 0:
            return _("%(amount)s is missing. Write what else was paid, or lower what an invoice gets.") % words
        if self.missing < 0 and not (self.is_bound and self.cleaned_data.get("keeps")):
            return _("%(amount)s is more than the invoices get. Keep it on their account, or give it back.") % words
        if self.missing < 0:
            return _("It adds up. %(amount)s is kept on their account.") % words
        return str(_("It adds up."))

    @property
    def invoice_rows(self) -> Iterator[tuple[Invoice, BoundField]]:
        """Each invoice that is owing with its field."""
        for invoice in self.owing:
            yield invoice, self[_gets(invoice)]

    @property
    def method_rows(self) -> Iterator[tuple[BoundField, BoundField | None]]:
        """Each method's amount, and its reference where it has one."""
        for method in METHODS:
            reference = f"{method.value}_reference"
            yield self[method.value], self[reference] if reference in self.fields else None

    def shown_anew(self, seen: str, words: str) -> None:
        """Says why nothing was taken, on a page that knows the money as it is now; what was typed stays."""
        self.data = sent_with(self.data, "seen", seen)
        self.add_error(None, ValidationError(words, code="changed"))

    def new_key(self) -> None:
        """Lets the form be sent again as something new."""
        self.data = sent_with(self.data, "key", str(uuid.uuid4()))


def _gets(invoice: Invoice) -> str:
    return f"gets_{invoice.number}"


class AccountRefundForm(forms.Form):
    """Money on somebody's account that goes back to them."""

    amount = AmountField(label=_("Amount"), max_value=MOST)
    method = forms.ChoiceField(
        label=_("How"), choices=[(method.value, method.label) for method in AT_THE_DESK], widget=forms.RadioSelect
    )
    reason = LineField(
        label=_("Why"), max_length=200, help_text=_("It is printed on the receipt: nothing about anybody's health.")
    )
    reference = LineField(label=_("Reference"), max_length=100, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        most: Decimal,
        came_by: Collection[str],
        places: Sequence[Location],
        place: Location | None,
    ) -> None:
        """`came_by` are the methods by which what is there came: where it is one of the desk's, it goes back by it."""
        methods = set(came_by)
        start = {"amount": most, "method": next(iter(methods & {*AT_THE_DESK}), "") if len(methods) == 1 else ""}
        super().__init__(data, initial=start | {"key": str(uuid.uuid4())})
        if methods and not start["method"]:
            self.fields["method"].help_text = _("It came by %(methods)s: choose how it goes back.") % {
                "methods": listed(str(Method(method).label) for method in sorted(methods))
            }
        ask_place(self, places, place)

    def too_much(self, most: Decimal) -> None:
        """Says how much is on the account, in dollars."""
        words = _("Only %(most)s is on the account.") % {"most": dollars(most)}
        self.add_error("amount", ValidationError(words, code="too_much"))


class PaymentCorrectionForm(forms.Form):
    """How much money really came, how and when, or what it was for; an amount left empty is as it was."""

    amount = AmountField(label=_("Amount"), max_value=MOST, required=False)
    method = forms.ChoiceField(
        label=_("How"), choices=[(method.value, method.label) for method in AT_THE_DESK], widget=forms.RadioSelect
    )
    received_on = DateField(label=_("Date"), picker=True)
    reference = LineField(label=_("Reference"), max_length=100, required=False)
    paid_by = PaidByField()
    invoice = LineField(
        label=_("For which invoice"),
        max_length=12,
        help_text=_("Its number. Another one moves what this payment settles here."),
    )
    reason = LineField(
        label=_("What was wrong"),
        max_length=200,
        help_text=_("It stays beside both payments: nothing about anybody's health."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        start: Mapping[str, Any],
        today: date,
        places: Sequence[Location],
        place: Location | None,
        names: Sequence[str] = (),
    ) -> None:
        self.names = names
        super().__init__(data, initial={**start, "key": str(uuid.uuid4())})
        self.today = today
        ask_place(self, places, place)

    def clean_received_on(self) -> date:
        day: date = self.cleaned_data["received_on"]
        if day > self.today:
            raise ValidationError(_("This day is still to come."), code="future")
        return day

    def clean_invoice(self) -> str:
        number: str = self.cleaned_data["invoice"]
        return number.strip().upper()

    def shown_anew(self, seen: str, words: str) -> None:
        """Says why nothing was done, on a page that knows the payment as it is now; what was typed stays."""
        self.data = sent_with(self.data, "seen", seen)
        self.add_error(None, ValidationError(words, code="changed"))
