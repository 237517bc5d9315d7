"""Fields that every audience's forms share: they turn what people type into values, and say clearly what they can't.

A text box has no `maxlength` in the page: browsers cut what is pasted without a word, and the person never sees it.
"""

from __future__ import annotations

import re
import unicodedata
from calendar import monthrange
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import MONTHS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumber_field.formfields import PhoneNumberField
from phonenumber_field.phonenumber import PhoneNumber

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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

# Characters that turn the writing direction of what follows: a name must not be able to rearrange an invoice.
_TURNS_TEXT = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0xFEFF])


def tidy(text: str) -> str:
    """One line, single spaces, accents composed: two people typing the same name give the same text."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_TURNS_TEXT).split())


def findable(name: str) -> str:
    """What a row is to be found by, as it was sent: PostgreSQL can't even look for a NUL, and no row is named so."""
    return name.replace("\x00", "")


def has_control_characters(text: str) -> bool:
    """Whether something in it is neither a letter, a sign nor white space."""
    return any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in text)


def refuse_control_characters(text: str) -> None:
    """Raises ValidationError: PostgreSQL can't store a NUL, and the others are never meant."""
    if has_control_characters(text):
        raise ValidationError(_("This has characters in it that can't be shown. Type it again."), code="control")


class _WithoutMaxlength(forms.Field):
    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        attrs.pop("minlength", None)
        return attrs


class _Limited(_WithoutMaxlength):
    """At most `limit` characters, counted after tidying."""

    default_error_messages = {"too_long": _("Write at most %(limit)d characters. This has %(length)d.")}

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """What is typed has its own direction: an address in English on an Arabic page, an Arabic name on this one."""
        attrs = super().widget_attrs(widget)
        if "dir" not in widget.attrs and getattr(widget, "input_type", "text") == "text":
            attrs["dir"] = "auto"
        return attrs

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.limit = max_length
        super().__init__(**kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.limit:
            raise ValidationError(
                self.error_messages["too_long"], code="too_long", params={"limit": self.limit, "length": len(value)}
            )


class LineField(_Limited, forms.CharField):
    """One line of text, tidied."""

    def to_python(self, value: Any) -> str:
        value = "" if value is None else str(value)
        refuse_control_characters(value)
        return tidy(value)


class CodeField(LineField):
    """A register's number, kept in capitals without the spaces it is printed with."""

    def to_python(self, value: Any) -> str:
        return re.sub(r"[\s-]", "", super().to_python(value)).upper()


class TextField(_Limited, forms.CharField):
    """Text of several lines."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        value = "" if value is None else str(value)
        refuse_control_characters(value)
        # Browsers send CRLF; one character in the box is one character here.
        return unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip()


class EmailLineField(_WithoutMaxlength, forms.EmailField):
    """An e-mail address no longer than SMTP and our columns take: 254 characters (RFC 5321)."""

    default_error_messages = {"invalid": _("Enter an e-mail address, such as mai@example.com.")}

    def to_python(self, value: Any) -> str:
        address: str = super().to_python(value) or ""
        refuse_control_characters(address)
        if len(address) > 254:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return address


class PhoneField(PhoneNumberField):
    """A phone number as people type it: 0491 570 006, (03) 9010 1234, +61 491 570 006. Kept as E.164."""

    default_error_messages = {
        "invalid": _(
            "This isn't a phone number we can call. Write it as 0491 570 006 or (03) 9010 1234; "
            "a number from abroad begins with + and its country."
        )
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}))
        super().__init__(region="AU", **kwargs)  # type: ignore[no-untyped-call]
        self.error_messages["invalid"] = self.default_error_messages["invalid"]

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, PhoneNumber):
            return value.as_national if value.country_code == 61 else value.as_international
        return value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs

    # A number is no text, though the library's field is one of Django's for text.
    def to_python(self, value: Any) -> PhoneNumber | str:  # type: ignore[override]
        """The number; no number is the empty text."""
        # No number is this long; the parser need not look at a novel.
        if isinstance(value, str) and (len(value) > 60 or has_control_characters(value)):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        number: PhoneNumber | str = super().to_python(value)  # type: ignore[no-untyped-call]
        return number


_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_ISO = re.compile(r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})")
_AUSTRALIAN = re.compile(r"(?P<day>[0-9]{1,2})\s*[-/. ]\s*(?P<month>[0-9]{1,2})\s*[-/. ]\s*(?P<year>[0-9]+)")
_COMPACT = re.compile(r"(?P<day>[0-9]{2})(?P<month>[0-9]{2})(?P<year>[0-9]{4})")
_WRITTEN = re.compile(r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[\s-]+(?P<month>[a-z]{3,9})\.?,?[\s-]+(?P<year>[0-9]+)")


def read_date(text: str) -> date:
    """Reads `23/4/1990`, `23.04.1990`, `23 April 1990`, `23041990` or `1990-04-23`; raises ValidationError."""
    text = unicodedata.normalize("NFKC", str(text)).strip().casefold()
    match = next(filter(None, (p.fullmatch(text) for p in (_ISO, _AUSTRALIAN, _COMPACT, _WRITTEN))), None)
    if match is None or (month := _month(match["month"])) is None:
        raise ValidationError(_("Write the date as day, month and year, such as 23/4/1990."), code="date")
    day, year = int(match["day"]), match["year"]
    if len(year) != 4:
        raise ValidationError(_("Write the year with four digits, such as 1990."), code="date_year")
    try:
        return date(int(year), month, day)
    except ValueError:
        if 1 <= month <= 12:
            raise ValidationError(
                _("There is no %(day)d %(month)s %(year)s. Check the day and the month."),
                code="no_such_date",
                params={"day": day, "month": MONTHS[month], "year": year},
            ) from None
        raise ValidationError(
            _("There is no month %(month)d. Write the day first, then the month."),
            code="no_such_month",
            params={"month": month},
        ) from None


def _month(text: str) -> int | None:
    if text.isdecimal():
        return int(text)
    return next((number for number, name in enumerate(_MONTHS, start=1) if name.startswith(text)), None)


class DateField(forms.DateField):
    """A date typed in one box, the day first. A date that doesn't exist is named, and stays in the box.

    One box, not a native date picker: nobody wants to click back to 1961, and a picker turns 31 February into an empty
    value, so that what was typed is lost. `picker=True` gives the browser's own picker, for days near today.
    """

    default_error_messages = {"required": _("Enter the date.")}

    def __init__(self, *, picker: bool = False, autocomplete: str = "off", **kwargs: Any) -> None:
        if picker:
            kwargs.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        else:
            kwargs.setdefault("widget", AustralianDateInput(attrs={"autocomplete": autocomplete}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if value in self.empty_values or isinstance(value, date):
            return super().to_python(value)
        if not str(value).strip():
            return None
        if len(str(value)) > 40:
            raise ValidationError(_("Write the date as day, month and year, such as 23/4/1990."), code="date")
        return read_date(value)


class AustralianDateInput(forms.DateInput):
    """A box that shows a date as it is written here: 23/04/1990."""

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, date):
            return f"{value.day}/{value.month:02d}/{value.year}"
        return None if value in (None, "") else str(value)


class TimeField(forms.TimeField):
    """A time of day, from the browser's picker or as people type it: `9:00`, `17.30`, `9 am`."""

    default_error_messages = {"invalid": _("Write a time, such as 9:00 or 17:30.")}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TimeInput(format="%H:%M", attrs={"type": "time", "step": "300"}))
        kwargs.setdefault("input_formats", ["%H:%M", "%H.%M", "%H:%M:%S", "%I:%M %p", "%I %p", "%I%p", "%I:%M%p", "%H"])
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> time | None:
        found = super().to_python(value)
        return found.replace(second=0, microsecond=0) if found else found


def moment(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant of a wall-clock time, the first one where an hour comes twice; raises ValidationError in the hour
    that is left out when clocks go forward."""
    wall = datetime.combine(day, at)
    there = wall.replace(tzinfo=zone)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != wall:
        raise ValidationError(_("The clocks skip this time on that day."), code="skipped")
    return there.astimezone(UTC)


class MonthField(forms.DateField):
    """A card's `valid to`: `04/2029`, `4/29` or `2029-04`; kept as the last day of that month."""

    widget = forms.TextInput
    default_error_messages = {"month": _("Write month and year as on the card, such as 04/2029.")}

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, date):
            return value
        text = str(value or "").strip()
        if not text:
            return None
        match = re.fullmatch(r"([0-9]{1,2})\s*[-/. ]\s*([0-9]{4}|[0-9]{2})", text)
        backwards = re.fullmatch(r"([0-9]{4})-([0-9]{1,2})", text)
        if match:
            month, year = int(match[1]), int(match[2]) + (2000 if len(match[2]) == 2 else 0)
        elif backwards:
            month, year = int(backwards[2]), int(backwards[1])
        else:
            raise ValidationError(self.error_messages["month"], code="month")
        if not (1 <= month <= 12 and 1984 <= year <= 2100):
            raise ValidationError(self.error_messages["month"], code="month")
        return date(year, month, monthrange(year, month)[1])

    def prepare_value(self, value: Any) -> Any:
        return f"{value.month:02d}/{value.year}" if isinstance(value, date) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except ValidationError:
            return True


class MoneyField(forms.DecimalField):
    """Dollars as people type them: `220`, `$1,234.50`."""

    default_error_messages = {
        "invalid": _("Write an amount in dollars, such as 220 or 220.50."),
        "max_decimal_places": _("Write dollars and cents, such as 220.50."),
    }

    def __init__(self, *, max_value: Decimal | None = None, min_value: Decimal | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(
            max_digits=8,
            decimal_places=2,
            max_value=max_value,
            min_value=Decimal(0) if min_value is None else min_value,
            **kwargs,
        )

    # The stubs have it from whole numbers.
    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        if isinstance(value, str):
            value = re.sub(r"[$,\s]", "", value[:40])
            if value and not re.fullmatch(r"-?[0-9]*\.?[0-9]*", value):
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


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


class PostcodeField(LineField):
    """Four digits; a leading 0 stays."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}))
        super().__init__(max_length=20, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not re.fullmatch(r"[0-9]{4}", value):
            raise ValidationError(gettext("An Australian postcode has four digits."), code="postcode")
