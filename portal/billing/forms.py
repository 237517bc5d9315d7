from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.actions import costs
from portal.billing.models import Invoice, Line, Method
from portal.billing.models.payment import AT_THE_DESK
from portal.clinic.models import Location
from portal.common.forms.fields import DateField, LineField, MoneyField
from portal.common.forms.parts import field_of, sent_with
from portal.common.languages.times import date_short
from portal.common.money import dollars

METHODS = [(method.value, method.label) for method in AT_THE_DESK]


def too_much_words(method: str | None, words: str) -> str:
    """What is left to pay, said by `words`, and what to do: only of cash is there a rest to give back."""
    rest = _("Take that, and give the rest back.") if method == Method.CASH else _("Take only that.")
    return f"{words} {rest}"


class AmountField(MoneyField):
    """Money that moves: nothing and less than nothing are refused alike."""

    default_error_messages = {"min_value": _("Write an amount above zero.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), **kwargs)


def ask_place(form: forms.Form, places: Sequence[Location], chosen: Location | None) -> None:
    """Has a form ask at which place money lies; nobody is asked where there is one alone."""
    if places:
        form.fields["location"] = forms.ModelChoiceField(
            label=_("Where"),
            queryset=Location.objects.filter(pk__in=[place.pk for place in places]),
            to_field_name="slug",
            empty_label=None,
            required=False,
            initial=chosen or places[0],
            widget=forms.HiddenInput if len(places) == 1 else forms.Select,
            help_text=_("In whose drawer the money is."),
        )


class SeenInvoice(forms.Form):
    """What the page knew of what it asks about when its form was drawn: an old page does nothing.

    Of an invoice that is `Invoice.seen_as`, of a session that is paid for ahead `actions.ahead_as_shown`.
    """

    seen = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)

    def shown_anew(self, seen: str, words: str) -> None:
        """Says why nothing was done, on a page that knows the invoice as it is now; what was typed stays."""
        self.data = sent_with(self.data, "seen", seen)
        self.add_error(None, ValidationError(words, code="changed"))


class PaidByField(LineField):
    """Whose money it is. Left empty it is theirs who are billed; names are offered beside it."""

    def __init__(self) -> None:
        super().__init__(label=_("Received from"), max_length=400, required=False)
        self.widget.attrs["list"] = "likely-payers"


class _MoneyForm(SeenInvoice):
    """Money over the desk. `key` is made with the page: a form that is sent twice counts once."""

    amount = AmountField(label=_("Amount"))
    method = forms.ChoiceField(label=_("How"), choices=METHODS, widget=forms.RadioSelect)
    received_on = DateField(label=_("Date"), picker=True)
    reference = LineField(
        label=_("Reference"),
        max_length=100,
        required=False,
        help_text=_("The terminal's or the bank's number."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        most: Decimal,
        today: date,
        since: date,
        method: str = Method.CARD,
        seen: str = "",
        places: Sequence[Location] = (),
        place: Location | None = None,
    ) -> None:
        """`since` is the first day on which it can have moved; `place` is proposed of the `places` where it may lie."""
        start = {"amount": most, "method": method, "received_on": today}
        super().__init__(data, initial=start | {"key": str(uuid.uuid4()), "seen": seen})
        self.most, self.today, self.since = most, today, since
        ask_place(self, places, place)

    def clean_received_on(self) -> date | None:
        day: date | None = self.cleaned_data["received_on"]
        if day is None:
            return None
        if day > self.today:
            raise ValidationError(_("This day is still to come."), code="future")
        if day < self.since:
            words = _("Nothing can have been paid for this before %(since)s. Look at the month and the year.")
            raise ValidationError(words, code="too_early", params={"since": date_short(self.since)})
        return day

    def new_key(self) -> None:
        """Lets the form be sent again as something new."""
        self.data = sent_with(self.data, "key", str(uuid.uuid4()))


# Who transfers ahead of the session does so by weeks: what lies further back is a slip of the month or the year.
AHEAD_AT_MOST = timedelta(days=60)


def first_payday(invoice: Invoice) -> date:
    """The first day on which money for an invoice can have come."""
    return invoice.issued_on - AHEAD_AT_MOST


class PaymentForm(_MoneyForm):
    """Money that came. More than is owing is for the action to refuse: only it knows what is owing by then."""

    paid_by = PaidByField()

    def __init__(self, *args: Any, names: Sequence[str] = (), **kwargs: Any) -> None:
        """`names` are those who are likely to have paid, the likeliest first."""
        super().__init__(*args, **kwargs)
        self.names = names
        self.initial["paid_by"] = next(iter(names), "")

    def too_much(self, balance: Decimal) -> None:
        """Says what is owing; `balance` is in dollars."""
        self.add_error(
            "amount",
            ValidationError(
                too_much_words(self.cleaned_data.get("method"), str(_("Only %(balance)s is owing."))),
                code="too_much",
                params={"balance": dollars(balance)},
            ),
        )


# It doesn't leave the clinic: it stays on the patient's account, for what comes next.
KEEP = "keep"


class RefundForm(_MoneyForm):
    """Money that goes back, or is kept on the account of whom it is from."""

    reason = LineField(
        label=_("Why"),
        max_length=200,
        required=False,
        help_text=_("It is printed on the receipt: nothing about anybody's health."),
    )
    other_way = forms.BooleanField(
        label=_("It goes back another way than it came, and the reason says why"), required=False
    )
    needed_where_shown = ("reason",)

    def __init__(self, *args: Any, came_by: str, can_keep: bool, **kwargs: Any) -> None:
        """`came_by` is the method by which the money came: that is how it goes back, unless somebody ticks."""
        super().__init__(*args, method=came_by, **kwargs)
        self.came_by = came_by
        self.order_fields(["amount", "method", "other_way", "reason", "received_on", "reference", "location"])
        keep = [(KEEP, _("Keep it on their account"))] if can_keep else []
        field_of(self, "method", forms.ChoiceField).choices = [*METHODS, *keep]
        if self.data.get("method") == KEEP:
            self.fields["received_on"].required = False

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("method") != KEEP and not data.get("reason") and "reason" not in self.errors:
            self.add_error("reason", ValidationError(_("Why is it given back?"), code="required"))
        if self.goes_another_way and not data.get("other_way"):
            words = _("It came by another way: %(method)s. Choose that, or tick below that it goes back differently.")
            params = {"method": Method(self.came_by).label}
            self.add_error("method", ValidationError(words, code="other_way", params=params))
        return data

    @property
    def goes_another_way(self) -> bool:
        """Whether what is chosen is not how the money came: the page then asks for a tick."""
        return self.is_bound and self.data.get("method") in AT_THE_DESK and self.data.get("method") != self.came_by

    def too_much(self, left: Decimal) -> None:
        """Says how much of the payment is left, in dollars."""
        self.add_error(
            "amount",
            ValidationError(
                _("Only %(left)s of this payment is left to give back."),
                code="too_much",
                params={"left": dollars(left)},
            ),
        )


class AheadForm(SeenInvoice):
    """Money taken before a session. `key` is made with the page: a form that is sent twice takes it once."""

    amount = AmountField(label=_("Amount"), max_value=Decimal("99999.99"))
    method = forms.ChoiceField(label=_("How"), choices=METHODS, widget=forms.RadioSelect)
    reference = LineField(
        label=_("Reference"), max_length=100, required=False, help_text=_("The terminal's or the bank's number.")
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        amount: Decimal,
        seen: str = "",
        places: Sequence[Location] = (),
        place: Location | None = None,
    ) -> None:
        """`place` is proposed of the `places` where the money may lie."""
        start = {"amount": amount or None, "method": Method.CARD, "key": str(uuid.uuid4()), "seen": seen}
        super().__init__(data, initial=start)
        ask_place(self, places, place)


class CreditForm(SeenInvoice):
    """What is taken off an issued invoice. `lines` are its lines with the most that each can lose, in dollars."""

    line = forms.ChoiceField(label=_("Off what"))
    amount = AmountField(label=_("How much"))
    reason = LineField(
        label=_("Why"),
        max_length=200,
        help_text=_("It is printed on the note: nothing about anybody's health."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, lines: Sequence[tuple[Line, Decimal]], seen: str = ""
    ) -> None:
        super().__init__(data, initial={"key": str(uuid.uuid4()), "seen": seen})
        self.lines = {str(line.position): (line, most) for line, most in lines}
        chosen = field_of(self, "line", forms.ChoiceField)
        chosen.choices = [
            (position, f"{line.description}, {dollars(costs(line)[0])}")
            for position, (line, _most) in self.lines.items()
        ]
        if len(self.lines) == 1:
            chosen.initial = next(iter(self.lines))
            chosen.widget = forms.HiddenInput()
        if lines and lines[0][0].invoice.gst:
            self.fields["amount"].help_text = _("With the GST in it.")

    @property
    def chosen(self) -> Line:
        """The line that money is taken off; only of a valid form."""
        return self.lines[self.cleaned_data["line"]][0]

    def too_much(self, most: Decimal) -> None:
        """Says the most that can come off the line, in dollars."""
        words = _("No more than %(most)s can be taken off here. What is paid is refunded first.")
        self.add_error("amount", ValidationError(words, code="too_much", params={"most": dollars(most)}))


class WriteOffForm(SeenInvoice):
    """Why an invoice is given up; `key` is made with the page."""

    reason = LineField(
        label=_("Why"),
        max_length=200,
        help_text=_("For the clinic's own books: nothing about anybody's health."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, seen: str = "") -> None:
        super().__init__(data, initial={"key": str(uuid.uuid4()), "seen": seen})


class WaiveForm(forms.Form):
    """Why a fee is let go."""

    reason = LineField(
        label=_("Why"),
        max_length=200,
        help_text=_("For the clinic's own record: nothing about anybody's health."),
    )


class VoidForm(SeenInvoice):
    """Why an invoice is voided, as it is printed on it."""

    reason = LineField(
        label=_("Why"),
        max_length=200,
        help_text=_("It is printed on the void invoice: nothing about anybody's health."),
    )
