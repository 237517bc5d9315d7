"""What the desk's lists are narrowed by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, cast

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django_filters import fields

from portal.billing.models import Payer
from portal.billing.models.invoice import Invoice, InvoiceQuerySet, Purpose, Standing
from portal.clinic import kept
from portal.clinic.models import Psychologist
from portal.common.forms.fields import DateField, MoneyField, read_date
from portal.common.forms.spans import SpanOfDays
from portal.common.text.typed import plain
from portal.common.web.search_words import SearchWords
from portal.patients.models import PatientQuerySet, SearchKey
from portal.patients.search import ids_of_found, tokens_of
from portal.web.reception.rows import DeskInvoiceRow

# ---- Invoices -------------------------------------------------------------------------------------------------------

# More people than this of one name: then they are common enough to be met on the way through the list. Up to here their
# invoices are fewer to read than what lies between two of them, whatever else is asked for.
FEW_PEOPLE = 2_000
FEW_PAYERS = 200
_NUMBER = re.compile(r"(?:INV)?[\s-]*([0-9A-F]{2,8})", re.IGNORECASE)


class WordsFilter(django_filters.Filter):
    field_class = SearchWords


class DayFilter(django_filters.Filter):
    field_class = DateField


class AmountFilter(django_filters.Filter):
    field_class = MoneyField


if TYPE_CHECKING:
    _Choices = fields.ModelChoiceIterator[Any]
else:
    _Choices = fields.ModelChoiceIterator


class _RowChoices(_Choices):
    """All at once: Django's own opens a cursor at the server for them, which takes longer than the rows."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield ("", self.field.empty_label)
        yield from map(self.choice, self.queryset)


class _RowField(fields.ModelChoiceField):
    iterator = _RowChoices

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class RowFilter(django_filters.ModelChoiceFilter):
    """One of a few rows, by name."""

    field_class = _RowField


class _PsychologistChoices(_RowChoices):
    """As they are kept in the process."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        yield ("", self.field.empty_label)
        yield from map(self.choice, kept.psychologists().values())


class _PsychologistField(_RowField):
    iterator = _PsychologistChoices


class PsychologistFilter(RowFilter):
    """Everybody who practises or practised here."""

    field_class = _PsychologistField


def _with_days(asked: QueryDict, *, today: date) -> QueryDict:
    """What was asked, with the days of a name filled in; the name goes where other days stand beside it."""
    named = str(asked.get("days", ""))
    if named not in Days.values:
        return asked
    span = [day.isoformat() if day else "" for day in Days(named).of(today)]
    filled = asked.copy()
    written = [str(asked.get(name, "")) for name in ("since", "until")]
    if any(written) and [_day(text) for text in written] != [_day(text) for text in span]:
        filled["days"] = ""
    else:
        filled["since"], filled["until"] = span
    return filled


def _day(text: str) -> date | None:
    try:
        return read_date(text)
    except ValidationError:
        return None


class SpanOfDaysAndAmounts(SpanOfDays):
    """And two amounts, the lesser one first."""

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        least, most = data.get("least"), data.get("most")
        if least is not None and most is not None and least > most:
            self.add_error("most", ValidationError(_("It is less than the first amount. Swap the two."), code="order"))
        return data


class Days(models.TextChoices):
    """Days that many ask for by a name: whenever they are asked for, they are those of that day's calendar."""

    TODAY = "today", _("Today")
    THIS_MONTH = "this-month", _("This month")
    LAST_MONTH = "last-month", _("Last month")
    LAST_30 = "last-30", _("Last 30 days")

    def of(self, today: date) -> tuple[date, date | None]:
        """The first and the last of them; no last where they run on."""
        first = today.replace(day=1)
        before = first - timedelta(days=1)
        match self:
            case Days.TODAY:
                return today, today
            case Days.THIS_MONTH:
                return first, None
            case Days.LAST_MONTH:
                return before.replace(day=1), before
        return today - timedelta(days=29), None


class InvoiceFilter(django_filters.FilterSet):
    """By number or name, standing, psychologist, day of issue, what for and how much. `today` says what is overdue.

    `days` are days by their name, which fill the two days in; where somebody writes others, those count.
    """

    q = WordsFilter(
        label=_("Number, patient or payer"),
        method="find",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false"}),
    )
    standing = django_filters.ChoiceFilter(
        label=_("Status"), choices=Standing.choices, empty_label=_("All"), method="stand"
    )
    psychologist = PsychologistFilter(
        label=_("Psychologist"),
        queryset=Psychologist.objects.select_related("user").defer("bio", "qualifications", "photo_box"),
        to_field_name="slug",
        empty_label=_("All"),
    )
    since = DayFilter(label=_("Issued from"), field_name="issued_on", method="issued_since", picker=True)
    until = DayFilter(label=_("Issued until"), field_name="issued_on", lookup_expr="lte", picker=True)
    days = django_filters.ChoiceFilter(
        label=_("Issued"), choices=Days.choices, method="by_days", widget=forms.HiddenInput
    )
    purpose = django_filters.ChoiceFilter(
        label=_("What for"), choices=Purpose.choices, empty_label=_("All"), method="be_for"
    )
    payer = RowFilter(
        label=_("Payer"),
        queryset=Payer.objects.order_by("name", "pk").only("code", "name"),
        to_field_name="code",
        empty_label=_("All"),
    )
    least = AmountFilter(label=_("From $"), field_name="payable", lookup_expr="gte")
    most = AmountFilter(label=_("Up to $"), field_name="payable", lookup_expr="lte")
    patient = django_filters.UUIDFilter(field_name="patient__code", widget=forms.HiddenInput)

    class Meta:
        model = Invoice
        form = SpanOfDaysAndAmounts
        fields: list[str] = []

    def __init__(self, data: QueryDict, *, queryset: InvoiceQuerySet, people: PatientQuerySet, today: date) -> None:
        super().__init__(_with_days(data, today=today), queryset=queryset)
        self.people, self.today = people, today

    @property
    def rows(self) -> QuerySet[Invoice, DeskInvoiceRow]:
        """What was asked for, as the table shows it."""
        return cast("QuerySet[Invoice, DeskInvoiceRow]", self.found.for_table("patient__code", "code"))

    @property
    def found(self) -> InvoiceQuerySet:
        """What was asked for."""
        return cast(InvoiceQuerySet, self.qs)

    @property
    def narrows(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.is_bound and any(self.form.cleaned_data.get(name) for name in self.filters))

    @property
    def narrows_further(self) -> bool:
        """Whether anything was asked for that is asked for rarely, or typed wrongly there."""
        rare = ("purpose", "payer", "least", "most")
        return bool(self.is_bound and any((self.data or {}).get(name) for name in rare))

    def stand(self, invoices: InvoiceQuerySet, name: str, value: str) -> InvoiceQuerySet:
        return invoices.standing(value, today=self.today)

    def be_for(self, invoices: InvoiceQuerySet, name: str, value: str) -> InvoiceQuerySet:
        return invoices.for_purpose(value)

    def issued_since(self, invoices: InvoiceQuerySet, name: str, value: date) -> InvoiceQuerySet:
        # None is due before it is issued: said as well, so that a list by due date begins there, and not years before.
        return invoices.filter(issued_on__gte=value, due_on__gte=value)

    def by_days(self, invoices: InvoiceQuerySet, name: str, value: str) -> InvoiceQuerySet:
        """The two days say it."""
        return invoices

    def find(self, invoices: InvoiceQuerySet, name: str, value: str) -> InvoiceQuerySet:
        typed = value
        number = _NUMBER.fullmatch(plain(typed))
        # "Ade" is a name and a number's beginning; "INV ade" and "3f9" are only numbers.
        if number and (typed.upper().startswith("INV") or any(c.isdigit() for c in number[1])):
            digits = number[1].upper()
            return invoices.filter(number__range=(f"INV-{digits:0<8}", f"INV-{digits:F<8}"))
        tokens = tokens_of(typed)
        if not tokens:
            return invoices.none() if typed else invoices
        people = ids_of_found(self.people, typed, limit=FEW_PEOPLE + 1)
        if len(people) <= FEW_PEOPLE:
            payers = list(
                Payer.objects.filter(name__icontains=plain(typed)).order_by().values_list("pk", flat=True)[:FEW_PAYERS]
            )
            theirs = Q(patient__in=people)
            return invoices.filter(theirs | Q(payer__in=payers) if payers else theirs)
        for token in tokens:
            invoices = invoices.filter(Exists(SearchKey.objects.filter(token.condition, patient=OuterRef("patient"))))
        return invoices
