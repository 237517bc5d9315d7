"""The days that figures are of, as an address says them, and those that are often asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.common.forms.fields import DateField
from portal.common.forms.spans import SpanOfDays
from portal.common.languages.times import date_short

# Longer spans are more than anybody compares, and more than one statement should read.
LONGEST = timedelta(days=5 * 366)
# Nobody's books begin before, and no calendar ends within a quarter of it.
_EARLIEST, _LATEST = date(2000, 1, 1), date(2100, 12, 31)


def quarter_of(day: date) -> tuple[date, date]:
    """The first and the last day of its quarter."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    following = date(first.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
    return first, date.fromordinal(following.toordinal() - 1)


class SpanForm(SpanOfDays):
    """The days that figures are of."""

    since = DateField(label=gettext_lazy("From"), picker=True, required=False)
    until = DateField(label=gettext_lazy("Until"), picker=True, required=False)


class Preset(NamedTuple):
    label: str
    query: str
    is_on: bool


@dataclass(frozen=True)
class Span:
    """The days of an address: those of this month unless it says others."""

    first: date
    last: date
    form: forms.Form
    today: date

    @classmethod
    def read(cls, request: HttpRequest, *, today: date) -> Span:
        first, last = today.replace(day=1), today
        asked = {name: request.GET[name] for name in ("since", "until") if request.GET.get(name)}
        form = SpanForm(asked or {"since": first.isoformat(), "until": last.isoformat()})
        if form.is_valid():
            last = form.cleaned_data["until"] or today
            first = form.cleaned_data["since"] or last.replace(day=1)
        last = min(max(last, _EARLIEST), _LATEST)
        first = min(max(first, last - LONGEST), last)
        return cls(first, last, form, today)

    @property
    def query(self) -> str:
        return f"since={self.first.isoformat()}&until={self.last.isoformat()}"

    @property
    def words(self) -> str:
        return _("%(first)s to %(last)s") % {"first": date_short(self.first), "last": date_short(self.last)}

    def presets(self) -> list[Preset]:
        """Spans that are often asked for; the financial year begins in July."""
        month = self.today.replace(day=1)
        before = (month - timedelta(days=1)).replace(day=1)
        quarter = quarter_of(self.today)
        last_quarter = quarter_of(quarter[0] - timedelta(days=1))
        july = date(self.today.year - (self.today.month < 7), 7, 1)
        spans = [
            (_("This month"), month, self.today),
            (_("Last month"), before, month - timedelta(days=1)),
            (_("This quarter"), quarter[0], min(quarter[1], self.today)),
            (_("Last quarter"), *last_quarter),
            (_("This tax year"), july, self.today),
            (_("Last tax year"), july.replace(year=july.year - 1), july - timedelta(days=1)),
        ]
        return [
            Preset(label, f"since={first}&until={last}", (first, last) == (self.first, self.last))
            for label, first, last in spans
        ]
