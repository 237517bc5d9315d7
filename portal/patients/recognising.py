"""Somebody new from what was typed to find them: the form that registers them begins with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypedDict

from django.core.exceptions import ValidationError

from portal.common.forms.fields import EmailLineField, read_date, tidy
from portal.common.text.capitals import are_initials, belongs_behind, particles_behind, written
from portal.common.text.names import TITLES, writes_without_spaces
from portal.patients.search import BETWEEN, DATE, DIGITS, EMAIL, IN_BRACKETS, WRITTEN_DATE, prepared

# Fewer digits are a year, or the end of a number.
LEAST_DIGITS = 8
_AROUND = " .\"“”„«»()[]<>'‘’"


class Recognised(TypedDict, total=False):
    """What the register form's boxes of these names begin with."""

    legal_first_name: str
    legal_last_name: str
    date_of_birth: date
    phone: str
    email: str


def recognised(text: str, *, today: date) -> Recognised:
    """The parts of a search that are an address, a day, a phone number and a name; nothing of an empty one.

    `today` is the clinic's: nobody was born after it.
    """
    said = Recognised()
    text = prepared(tidy(text))

    def take(pattern: re.Pattern[str], keep: Callable[[str], bool]) -> None:
        nonlocal text
        text = pattern.sub(lambda found: BETWEEN if keep(found[0].strip(f"{_AROUND}{BETWEEN}")) else found[0], text)

    def email(typed: str) -> bool:
        try:
            address = EmailLineField().clean(re.sub("^<? ?(?:mailto:)?", "", typed, flags=re.IGNORECASE))
        except ValidationError:
            return False
        said.setdefault("email", address)
        return True

    def born(typed: str) -> bool:
        try:
            said.setdefault("date_of_birth", read_date(typed.replace(BETWEEN, " "), born_by=today))
        except ValidationError:
            return False
        return True

    def phone(typed: str) -> bool:
        is_one = sum(c.isdigit() for c in typed) >= LEAST_DIGITS
        if is_one:
            said.setdefault("phone", typed)
        return is_one

    take(IN_BRACKETS, email)
    take(EMAIL, email)
    take(WRITTEN_DATE, born)
    take(DATE, born)
    take(DIGITS, phone)
    first, last = _names([_words(part) for part in text.split(BETWEEN)])
    if first:
        said["legal_first_name"] = first
    if last:
        said["legal_last_name"] = last
    return said


def _words(part: str) -> list[str]:
    found = (word.strip(_AROUND) for word in part.split())
    names = (word for word in found if any(c.isalpha() for c in word) and word.casefold() not in TITLES | {"a/prof"})
    # The point of `St. Clair` and of `J.R.` stays.
    return [f"{word}." if (len(word) < 3 or "." in word) and f"{word}." in part else word for word in names]


def _names(parts: list[list[str]]) -> tuple[str, str]:
    """First and last name: `Nguyen, Mai`, `NGUYEN Mai`, `Mai Nguyen`, `Gia De Luca`, 王小明, or a last name alone."""
    parts = [words for words in parts if words]
    typed = [word for words in parts for word in words]

    def both(first: list[str], last: list[str]) -> tuple[str, str]:
        return written(first, is_family_name=False, among=typed), written(last, is_family_name=True, among=typed)

    if len(parts) > 1:
        given = typed[len(parts[0]) :]
        begins = len(given) - particles_behind(given)
        return both(given[:begins], given[begins:] + parts[0])
    if len(typed) == 1:
        [word] = typed
        if writes_without_spaces(word) and 2 <= len(word) <= 4:
            return word[1:], word[0]
        return both([], typed)
    if typed and _shouted(typed[0]) and not any(_shouted(word) for word in typed[1:]):
        return both(typed[1:], typed[:1])
    begins = max(len(typed) - 1, 0)
    while begins > 1 and belongs_behind(typed, begins - 1):
        begins -= 1
    return both(typed[:begins], typed[begins:])


def _shouted(word: str) -> bool:
    return len(word) > 1 and word.isupper() and not are_initials(word)
