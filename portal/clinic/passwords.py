"""What is no password here: words that anybody finds on the clinic's own website or in one's address, and patterns."""

from __future__ import annotations

import re
from itertools import pairwise

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.clinic.models import ClinicSettings
from portal.common.text.normalise import fold

# What is left of a password without those words: as many letters or more are one's own.
LEAST_OF_ONES_OWN = 6
_WORD = re.compile(r"[^\W\d_]+")
# Words that stand on the door of every such place.
_OF_EVERY_CLINIC = ("psychology", "psychologist", "psychologists", "clinic", "practice", "portal", "health", "password")


# What is left of a password without its repeats, and without what follows the alphabet or the keyboard.
LEAST_WITHOUT_PATTERNS, LEAST_ONCE, LEAST_DIFFERENT = 6, 8, 5
_RUN, _REPEAT = re.compile(r"(.)\1+", re.DOTALL), re.compile(r"(.{2,7}?)\1+", re.DOTALL)
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")


class NotTheClinicsName:
    """Refuses a password that is made of the clinic's name, its town, or one's own name and address."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        left, known = fold(password), self._known(user)
        found = set()
        for word in sorted({*known, *_OF_EVERY_CLINIC}, key=len, reverse=True):
            if word in left:
                found.add(word)
                left = left.replace(word, " ")
        if not found or sum(map(len, _WORD.findall(left))) >= LEAST_OF_ONES_OWN:
            return
        if found & known:
            raise ValidationError(self.get_help_text(), code="of_the_clinic")
        words = _("Your password can't be made of words that anybody tries first, such as “password” or “psychology”.")
        raise ValidationError(words, code="tried_first")

    def get_help_text(self) -> str:
        return _("Your password can't be made of the clinic's name, its town, or your own name or e-mail address.")

    @staticmethod
    def _known(user: AbstractBaseUser | None) -> set[str]:
        clinic = ClinicSettings.current()
        said = [clinic.name, clinic.legal_name, clinic.suburb, clinic.email]
        said += [str(getattr(user, name, "") or "") for name in ("first_name", "last_name", "email")] if user else []
        return {word for text in said for word in _WORD.findall(fold(text)) if len(word) >= 3} - {*_OF_EVERY_CLINIC}


class NotAPattern:
    """Refuses a few characters again and again, and what follows the alphabet, the figures or a row of keys.

    What is shorter than `from_length` is refused as short, and not for what it is made of.
    """

    def __init__(self, from_length: int) -> None:
        self.from_length = from_length

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        if len(password) < self.from_length:
            return
        word = password.casefold()
        once = _RUN.sub(r"\1", word)
        few = len(set(word)) < LEAST_DIFFERENT or len(once) < LEAST_WITHOUT_PATTERNS
        if few or (_REPEAT.search(word) and len(_REPEAT.sub(r"\1", word)) < LEAST_ONCE):
            words = _("Your password repeats the same few characters. Choose one that is harder to guess.")
            raise ValidationError(words, code="repeats")
        if _steps_of_its_own(once) < LEAST_WITHOUT_PATTERNS:
            raise ValidationError(self.get_help_text(), code="follows")

    def get_help_text(self) -> str:
        return _("Your password can't follow the order of the alphabet, of the figures or of the keys on a keyboard.")


def _steps_of_its_own(word: str) -> int:
    """How many characters don't go on in the way that the two before them began."""
    ways = [_way(before, after) for before, after in pairwise(word)]
    return len(word) - sum(way != 0 and way == last for last, way in pairwise(ways))


def _way(before: str, after: str) -> int:
    """1 and -1 for neighbours, forwards and backwards; 0 for others."""
    if (step := ord(after) - ord(before)) in (1, -1):
        return step
    for row in _ROWS:
        if before in row and after in row and (step := row.index(after) - row.index(before)) in (1, -1):
            return step
    return 0
