"""Somebody new from what was typed to find them: the form that registers them begins with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import TypedDict

from django.core.exceptions import ValidationError

from portal.common.forms.fields import EmailLineField, read_date, tidy
from portal.common.text.names import TITLES, writes_without_spaces
from portal.patients.search import BETWEEN, DATE, DIGITS, EMAIL, IN_BRACKETS, WRITTEN_DATE, prepared

# What belongs to the name behind it.
_PARTICLES = {
    *("al", "bin", "bint", "da", "dal", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la"),
    *("le", "mac", "mc", "o", "san", "st", "ten", "ter", "van", "von", "zu"),
}
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


def recognised(text: str) -> Recognised:
    """The parts of a search that are an address, a day, a phone number and a name; nothing of an empty one."""
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
            said.setdefault("date_of_birth", read_date(typed.replace(BETWEEN, " ")))
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
    return [word for word in found if any(c.isalpha() for c in word) and word.casefold() not in TITLES | {"a/prof"}]


def _names(parts: list[list[str]]) -> tuple[str, str]:
    """First and last name: `Nguyen, Mai`, `NGUYEN Mai`, `Mai Nguyen`, `Gia De Luca`, 王小明, or a last name alone."""
    parts = [words for words in parts if words]
    if len(parts) > 1:
        return _written([word for words in parts[1:] for word in words]), _written(parts[0])
    words = parts[0] if parts else []
    if len(words) == 1:
        [word] = words
        if writes_without_spaces(word) and 2 <= len(word) <= 4:
            return word[1:], word[0]
        return "", _written(words)
    if words and _shouted(words[0]) and not any(_shouted(word) for word in words[1:]):
        return _written(words[1:]), _written(words[:1])
    begins = max(len(words) - 1, 0)
    while begins > 1 and words[begins - 1].casefold() in _PARTICLES:
        begins -= 1
    return _written(words[:begins]), _written(words[begins:])


def _shouted(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _written(words: list[str]) -> str:
    """With a capital at each beginning, where it was typed all small or all in capitals."""

    def one(word: str) -> str:
        if not (word.islower() or (word.isupper() and len(word) > 2)):
            return word
        return re.sub(r"[^\W\d_]+", lambda part: part[0].capitalize(), word)

    return " ".join(map(one, words))
