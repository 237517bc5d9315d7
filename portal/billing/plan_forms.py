"""What the desk agrees with whoever owes: in which parts it is paid, and that nobody is reminded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.billing import plans
from portal.billing.models import Invoice, ReminderHold
from portal.common.forms.fields import DateField, LineField, MarkField, MoneyField
from portal.common.languages.times import date_short
from portal.common.money import ZERO, dollars


class PlanForm(forms.Form):
    """Which invoices are paid, how much at a time, how often and from when. `instalments` are what that comes to."""

    invoices = forms.MultipleChoiceField(
        label=_("What is paid by it"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one invoice.")},
    )
    amount = MoneyField(label=_("How much at a time"))
    every = forms.ChoiceField(
        label=_("How often"),
        choices=[
            (plans.Every.WEEK, _("Each week")),
            (plans.Every.FORTNIGHT, _("Each fortnight")),
            (plans.Every.MONTH, _("Each month")),
        ],
        widget=forms.RadioSelect,
        initial=plans.Every.FORTNIGHT,
    )
    first = DateField(label=_("The first by"), picker=True)
    seen = MarkField(widget=forms.HiddenInput, max_length=2000)

    def __init__(self, data: Any = None, *, owing: Sequence[Invoice], today: date) -> None:
        shown = ";".join(f"{one.number}:{one.balance}" for one in owing)
        super().__init__(data, initial={"seen": shown, "invoices": [one.number for one in owing]})
        self.owing, self.today, self.shown = {one.number: one for one in owing}, today, shown
        self.fields["invoices"].choices = [  # type: ignore[attr-defined]
            (one.number, f"{one.number} · {dollars(one.balance)} · {_('due')} {date_short(one.due_on)}")
            for one in owing
        ]
        self.instalments: list[tuple[date, Decimal]] = []

    @property
    def is_of_before(self) -> bool:
        """Whether the page showed other sums than are owing by now."""
        return self.is_bound and self.data.get("seen", "") != self.shown

    @property
    def chosen(self) -> list[Invoice]:
        return [self.owing[number] for number in self.cleaned_data["invoices"]]

    @property
    def total(self) -> Decimal:
        return sum((one.balance for one in self.chosen), ZERO)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, amount = cleaned.get("first"), cleaned.get("amount")
        if first and first < self.today:
            self.add_error("first", _("Today or later."))
        if amount is not None and amount <= 0:
            self.add_error("amount", _("More than nothing."))
        if not self.errors:
            try:
                self.instalments = plans.spread(
                    self.total, amount=cleaned["amount"], first=cleaned["first"], every=plans.Every(cleaned["every"])
                )
            except plans.TooMany:
                self.add_error(
                    "amount",
                    _("It would take more than %(most)s parts. Agree on more at a time.") % {"most": plans.MOST_PARTS},
                )
        return cleaned


class HoldForm(forms.Form):
    """Why nobody is reminded, and until when."""

    reason = forms.ChoiceField(label=_("Why"), choices=ReminderHold.Reason.choices, widget=forms.RadioSelect)
    note = LineField(
        label=_("In a few words"),
        required=False,
        max_length=200,
        help_text=_("Only staff read it. Nothing about how they are."),
    )
    until = DateField(label=_("Until"), picker=True, required=False, help_text=_("Empty: until somebody ends it."))

    def __init__(self, data: Any = None, *, today: date) -> None:
        super().__init__(data)
        self.today = today

    def clean_until(self) -> date | None:
        until: date | None = self.cleaned_data.get("until")
        if until and until < self.today:
            raise forms.ValidationError(_("Today or later."))
        return until
