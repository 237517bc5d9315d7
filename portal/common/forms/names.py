"""The fields in which people's names are typed. What somebody calls themself is read in the clinic's own e-mails."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.lines import LineField

# Dots of other scripts, which browsers and e-mail programs read as the one of an address.
_DOTS = str.maketrans(dict.fromkeys("。．｡․‧·", "."))
# "www", a scheme, a way to write to somebody, and an address in figures.
_SPOKEN = re.compile(
    r"@|//|\\|\bwww\d?\b|\b(?:https?|hxxps?|ftp|mailto|tel|javascript|data)\s*:|\d{1,3}(?:\.\d{1,3}){3}"
    r"|[\[({]\s*(?:dot|at|\.)\s*[\])}]|\bdot\s+(?:com|net|org)\b"
    r"|\w\.[a-z]{2,}/",
    re.IGNORECASE,
)
# What ends an address on the web. Short ones are surnames too (Dr.Au): then a longer word stands before them.
_LONG_ENDS = (
    "com net org info biz xyz top site online shop club app dev link click live icu store tech space website mobi"
)
_LONG_ENDS += " asia edu gov zip mov page blog email support help clinic health bank finance agency global world cloud"
_SHORT_ENDS = "au nz uk us ca de fr nl ru cn vn jp kr hk tw sg in id th ph my eu io ai co me tv cc to ws ly gl gg sh la"
_SITE = re.compile(
    rf"[\w-]+\s?\.\s?(?:{'|'.join(_LONG_ENDS.split())})(?![\w-])|[\w-]{{5,}}\.(?:{'|'.join(_SHORT_ENDS.split())})(?![\w-])"
    rf"|[\w-]+\.[\w-]+\.(?:{'|'.join(_SHORT_ENDS.split())})(?![\w-])|\bxn--",
    re.IGNORECASE,
)
# A telephone number has at least six; `John Smith 3rd` has one.
MOST_DIGITS = 4


def validate_persons_name(value: str) -> None:
    """Refuses what holds an address, a link, a phone number or angle brackets, or no letter; raises ValidationError.

    An address turns the clinic's own e-mail into a stranger's letter, and a name of digits is one typed into the wrong
    box. Names of every script pass, with their dots, strokes (`s/o`), apostrophes and numbers (`3rd`, `X Æ A-12`).
    """
    seen = unicodedata.normalize("NFKC", value).translate(_DOTS)
    seen = "".join(letter for letter in seen if unicodedata.category(letter) != "Cf")
    is_number = sum(letter.isdigit() for letter in seen) > MOST_DIGITS
    if is_number or _SPOKEN.search(seen) or _SITE.search(seen):
        raise ValidationError(_("Type the name alone, without a link, an address or a phone number."), code="name")
    if "<" in seen or ">" in seen:
        raise ValidationError(_("Type the name without < and >."), code="name_brackets")
    if not any(letter.isalpha() for letter in seen):
        raise ValidationError(_("Type the name in letters."), code="name_letters")


class NameLineField(LineField):
    """A person's name, or a part of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(validate_persons_name)
