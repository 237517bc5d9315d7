"""Fields that every audience's forms share: they turn what people type into values, and say clearly what they can't.

`tests/common/forms/test_every_field.py` holds that forms have no others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from portal.common.forms.dates import (
    END_OF_DAY,
    AustralianDateInput,
    BirthDateField,
    DateField,
    MonthField,
    TimeField,
    moment,
    read_date,
)
from portal.common.forms.lines import (
    CodeField,
    DigitsField,
    EmailLineField,
    LineField,
    MarkField,
    PostcodeField,
    SearchField,
    SlugLineField,
    TextField,
    findable,
    has_control_characters,
    refuse_control_characters,
    tidy,
)
from portal.common.forms.numbers import MoneyField, PartsField, WholeNumberField
from portal.common.forms.phones import PhoneField

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = [
    "END_OF_DAY",
    "STATES",
    "AustralianDateInput",
    "BirthDateField",
    "CodeField",
    "DateField",
    "DigitsField",
    "EmailLineField",
    "LineField",
    "MarkField",
    "MoneyField",
    "MonthField",
    "PartsField",
    "PhoneField",
    "PostcodeField",
    "SearchField",
    "SlugLineField",
    "TextField",
    "TimeField",
    "WholeNumberField",
    "WithWarnings",
    "findable",
    "has_control_characters",
    "moment",
    "read_date",
    "refuse_control_characters",
    "state_choices",
    "tidy",
]

STATES = [
    ("ACT", _("Australian Capital Territory")),
    ("NSW", _("New South Wales")),
    ("NT", _("Northern Territory")),
    ("QLD", _("Queensland")),
    ("SA", _("South Australia")),
    ("TAS", _("Tasmania")),
    ("VIC", _("Victoria")),
    ("WA", _("Western Australia")),
]


class WithWarnings:
    """A form that can say what looks odd and take it all the same: `form.warnings` is filled by cleaning."""

    def warn(self, field: str, message: StrOrPromise) -> None:
        """Adds words about one field that keep nothing from being saved."""
        self.__dict__.setdefault("_warnings", []).append((field, message))

    @property
    def warnings(self) -> list[tuple[str, str]]:
        """Pairs of field name and words."""
        return [(field, str(message)) for field, message in self.__dict__.get("_warnings", [])]


def state_choices() -> list[tuple[str, StrOrPromise]]:
    """The states and territories, after an empty choice."""
    return [("", _("Choose")), *STATES]
