"""An invoice as the desk types it: to whom, by whom, and its lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.actions import BillTo
from portal.billing.charges import DISCOUNT, Charge
from portal.billing.models import Invoice, PatientPayer
from portal.clinic.models import Location, Psychologist, TaxCode
from portal.common.forms.fields import DateField, LineField, MoneyField, PartsField
from portal.common.forms.parts import field_of

# How many lines a page offers at first, by how many more it grows, and the most that an invoice has.
FIRST, MORE, MOST = 4, 4, 60
THEMSELVES = "patient"


class QuantityField(PartsField):
    """How many, or how many hours: up to two decimals, more than nothing."""

    default_error_messages = {"min_value": _("Write a number above zero.")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), max_value=Decimal("9999.99"), **kwargs)


class LineForm(forms.Form):
    """One line; an empty one is none."""

    description = LineField(label=_("What for"), max_length=180, required=False)
    service_date = DateField(label=_("Date of service"), required=False)
    quantity = QuantityField(label=_("How many"), required=False)
    price = MoneyField(label=_("Price of one"), required=False, max_value=Decimal("99999.99"))
    discount = MoneyField(label=_("Taken off"), required=False, max_value=Decimal("99999.99"))
    tax_code = forms.ChoiceField(label=_("GST"), choices=TaxCode.choices, required=False)

    def __init__(self, *args: Any, charges_gst: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["description"].widget.attrs["list"] = "often-billed"
        if not charges_gst:
            del self.fields["tax_code"]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed; how many, and the tax code, are there from the start."""
        return not any(self.cleaned_data.get(name) for name in ("description", "price", "discount", "service_date"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors or not any(data.get(name) for name in ("description", "price", "discount", "service_date")):
            return data
        if not data.get("description"):
            self.add_error("description", ValidationError(_("What is it for?"), code="required"))
        if data.get("price") is None:
            self.add_error("price", ValidationError(_("What does it cost?"), code="required"))
        elif (data.get("discount") or 0) > data["price"] * (data.get("quantity") or 1):
            words = _("No more than the line can be taken off it.")
            self.add_error("discount", ValidationError(words, code="too_much"))
        return data

    @property
    def charges(self) -> list[Charge]:
        """The line, and what is off it; only of a valid form."""
        data = self.cleaned_data
        tax_code = data.get("tax_code") or TaxCode.GST_FREE
        line = Charge(
            description=data["description"],
            unit_price=data["price"],
            quantity=data.get("quantity") or Decimal(1),
            tax_code=tax_code,
            service_date=data.get("service_date"),
        )
        if not data.get("discount"):
            return [line]
        off = Charge(description=f"{DISCOUNT}{line.description}", unit_price=-data["discount"], tax_code=tax_code)
        return [line, off]


class TypedForm(forms.Form):
    """The head of a typed invoice; `lines` are its rows. `seen` is what the page knew of the draft that it edits."""

    bill_to = forms.ChoiceField(label=_("Billed to"))
    psychologist = forms.ModelChoiceField(
        label=_("Psychologist"), queryset=Psychologist.objects.select_related("user"), to_field_name="slug"
    )
    location = forms.ModelChoiceField(
        label=_("Location"), queryset=Location.objects.filter(is_active=True), to_field_name="slug"
    )
    seen = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        payers: Sequence[PatientPayer],
        charges_gst: bool,
        initial: Mapping[str, Any] | None = None,
        lines: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.payers = {str(link.code): link for link in payers}
        named = [(code, link.payer.name) for code, link in self.payers.items()]
        if self.initial.get("bill_to") == KEPT:
            named.append((KEPT, str(self.initial["kept_name"])))
        field_of(self, "bill_to", forms.ChoiceField).choices = [
            (THEMSELVES, _("The patient, or the carer who is billed")),
            *named,
        ]
        self.charges_gst = charges_gst
        self.lines = [self._line(data, n, lines[n] if n < len(lines) else None) for n in range(self._rows(data, lines))]

    def _rows(self, data: Mapping[str, Any] | None, lines: Sequence[Mapping[str, Any]]) -> int:
        if data is None:
            return min(MOST, max(FIRST, len(lines) + 1))
        sent = str(data.get("rows", ""))
        rows = int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 4 else FIRST
        return min(MOST, max(1, rows) + (MORE if data.get("step") == "more" else 0))

    def _line(self, data: Mapping[str, Any] | None, n: int, initial: Mapping[str, Any] | None) -> LineForm:
        start = {"quantity": Decimal(1), "tax_code": TaxCode.GST_FREE} | dict(initial or {})
        is_sent = data is not None and f"line-{n}-description" in data
        return LineForm(data if is_sent else None, prefix=f"line-{n}", initial=start, charges_gst=self.charges_gst)

    @property
    def charges(self) -> list[Charge] | None:
        """What was typed, in its order; None while a line isn't right, or there is none."""
        sent = [line for line in self.lines if line.is_bound]
        # Each is judged, so that each says what is wrong with it.
        wrong = [line for line in sent if not line.is_valid()]
        if wrong:
            return None
        return [charge for line in sent if not line.is_empty for charge in line.charges] or None

    def is_whole(self) -> bool:
        """Whether the head and all lines are right, and there is one at least."""
        is_right = self.is_valid()
        if self.charges is None:
            is_right = False
            if not any(line.errors for line in self.lines):
                self.add_error(None, ValidationError(_("Write what it is for, and what it costs."), code="empty"))
        return is_right

    @property
    def has_errors(self) -> bool:
        return bool(self.errors) or any(line.errors for line in self.lines)

    @property
    def unpriced(self) -> list[tuple[str, str]]:
        """What keeps the figures from being added up, besides what isn't typed yet: each field, and what is wrong."""
        return [
            (f"{_('Line %(n)s') % {'n': n}}, {line.fields[name].label}", str(said))
            for n, line in enumerate(self.lines, start=1)
            for name, errors in (line.errors.items() if line.is_bound else ())
            for error in errors.as_data()
            if error.code != "required"
            for said in error
        ]

    def bill_to_of(self, invoice: Invoice | None = None) -> BillTo | None:
        """Who is billed; only of a valid form. `invoice` is the draft whose payer no longer pays by a link."""
        chosen = self.cleaned_data["bill_to"]
        if chosen == KEPT and invoice is not None and invoice.payer is not None:
            return BillTo(invoice.payer, invoice.purchase_order, invoice.claim_number)
        return BillTo.by(self.payers.get(chosen))


# A payer of a draft whose link to the patient was ended since.
KEPT = "kept"


def lines_to_type(invoice: Invoice) -> list[dict[str, Any]]:
    """The lines of a draft as the form shows them: what is off one stands beside it again."""
    rows: list[dict[str, Any]] = []
    for line in invoice.lines.all():
        if rows and line.total < 0 and line.description == f"{DISCOUNT}{rows[-1]['description']}":
            rows[-1]["discount"] = -line.unit_price
            continue
        rows.append(
            {
                "description": line.description,
                "service_date": line.service_date,
                "quantity": line.quantity,
                "price": line.unit_price,
                "tax_code": line.tax_code,
            }
        )
    return rows
