"""Fields of one line and of several: what is typed stays, but for what nobody can see (docs/typing.md).

A text box has no `maxlength` in the page: browsers cut what is pasted without a word, and the person never sees it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.common.text.typed import is_blank, plain, with_plain_digits, without_invisible

LONGEST_SEARCH = 200


def tidy(text: str) -> str:
    """One line, single spaces, accents composed, nothing unseen: two people typing the same name give the same text."""
    return " ".join(unicodedata.normalize("NFC", without_invisible(text)).split())


def findable(name: str) -> str:
    """What a row is to be found by, as it was sent: PostgreSQL can't even look for a NUL, and no row is named so."""
    return name.replace("\x00", "")


def has_control_characters(text: str) -> bool:
    """Whether something in it is neither a letter, a sign nor white space: halves of one and noncharacters neither."""
    return any((unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t") or _is_noncharacter(c) for c in text)


def _is_noncharacter(sign: str) -> bool:
    """The 66 places of Unicode that are never anybody's letter."""
    return "\ufdd0" <= sign <= "\ufdef" or ord(sign) & 0xFFFE == 0xFFFE


def refuse_control_characters(text: str) -> None:
    """Raises ValidationError: PostgreSQL can't store a NUL, and the others are never meant."""
    if has_control_characters(text):
        raise ValidationError(_("This has characters in it that can't be shown. Type it again."), code="control")


def refuse_lost_characters(text: str) -> None:
    """Raises ValidationError for U+FFFD in one line: some program could not read what stood there, in a name say."""
    if "\ufffd" in text:
        raise ValidationError(_("This has characters in it that can't be shown. Type it again."), code="lost")


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
        refuse_lost_characters(value)
        return tidy(value)


class DigitsField(LineField):
    """A number that is printed in groups, typed in the digits of any script; kept in ASCII's."""

    def to_python(self, value: Any) -> str:
        return plain(super().to_python(value))


class CodeField(DigitsField):
    """A register's number, kept in capitals without the spaces it is printed with."""

    def to_python(self, value: Any) -> str:
        return re.sub(r"[\s-]", "", super().to_python(value)).upper()


class PostcodeField(DigitsField):
    """Four digits; a leading 0 stays."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "postal-code"}))
        super().__init__(max_length=20, **kwargs)

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not re.fullmatch(r"[0-9]{4}", value):
            raise ValidationError(gettext("An Australian postcode has four digits."), code="postcode")


class SlugLineField(LineField):
    """The last part of an address on the website: ASCII's letters, digits, hyphens and underscores."""

    default_validators = [validate_slug]

    def to_python(self, value: Any) -> str:
        return with_plain_digits(super().to_python(value))


class SearchField(forms.CharField):
    """Words to look for. Nothing is wrong in it: what can't be looked for is simply not found."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.validators = []

    def to_python(self, value: Any) -> str:
        return tidy(findable(str(value or ""))[:LONGEST_SEARCH])


class MarkField(forms.CharField):
    """What a page itself wrote into its form or its address, a slug, a time, a fingerprint: nobody types it."""


class TextField(_Limited, forms.CharField):
    """Text of several lines."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> str:
        value = "" if value is None else str(value)
        refuse_control_characters(value)
        if is_blank(value):
            return ""
        # Browsers send CRLF; one character in the box is one character here.
        return unicodedata.normalize("NFC", value).replace("\r\n", "\n").replace("\r", "\n").strip()


class EmailLineField(_WithoutMaxlength, forms.EmailField):
    """An e-mail address no longer than SMTP and our columns take: 254 characters (RFC 5321)."""

    default_error_messages = {"invalid": _("Enter an e-mail address, such as mai@example.com.")}

    def to_python(self, value: Any) -> str:
        address: str = super().to_python(value) or ""
        refuse_control_characters(address)
        refuse_lost_characters(address)
        # Keyboards of other scripts: their digits, a wide at sign, the full stop of Chinese (RFC 3490, 3.1).
        address = plain(address).replace("\u3002", ".")
        if len(address) > 254:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return address
