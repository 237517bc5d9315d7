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
# Pablo Picasso's given names are eighteen words, of which these link; twelve are left once the small ones go.
MOST_WORDS = 12
_SMALL_WORDS = (
    "de del della di da do dos das du des la le las los el y e i und van von der den ter ten zu zum af av of the"
    " bin bint ibn ben bar al ul ur abu abd umm s/o d/o a/l a/p ap ab mac mc"
    " بن بنت ابن آل عبد ابو أبو ال и אבן בן בת"
)
_LINKS = frozenset(_SMALL_WORDS.split())
# The longest name on a passport of a country with letters and spaces is Hawaiian, of 36.
LONGEST_WORD = 40
# One name without a space or a dot in it: Christopherson in katakana is 9, and no Chinese part is longer than that.
_RUN_OF_SIGNS = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\U00020000-\U0003ffff]{13,}")
# Words that are nobody's name. One may be a slip; two are a sentence.
_OTHER_WORDS = (
    "your yours you're youre please was were been has have had this that these those with from because if when what"
    " account password hacked immediately quickly urgently urgent transfer click verify suspended contact invoice"
    " refund overdue blocked confirm won"
)
_NO_NAMES = frozenset(_OTHER_WORDS.split())
_WORDS_OF_A_SENTENCE = 2
# At the end of a word; before or in one it is a click, as in !Xóõ.
_SENTENCE_END = re.compile(r"\w\s*[!?\u061f](?!\w)")


def validate_persons_name(value: str) -> None:
    """Refuses an address, a link, a phone number, angle brackets, a sentence, and no letter; raises ValidationError.

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
    if _is_a_sentence(seen):
        raise ValidationError(_("Type the name alone, without other words."), code="name_words")


def _is_a_sentence(seen: str) -> bool:
    """Whether it is too long for one part of a name, or says something.

    It is a sieve, and no proof: that no stranger's words reach a mailbox is what the mails themselves see to.
    """
    words = [word.strip(".,;:!?\"'()[]") for word in seen.casefold().split()]
    long = [word for word in words if word and word not in _LINKS]
    if len(long) > MOST_WORDS or sum(word in _NO_NAMES for word in words) >= _WORDS_OF_A_SENTENCE:
        return True
    if any(len(part) > LONGEST_WORD for word in words for part in re.split(r"[-.]", word)):
        return True
    return bool(_RUN_OF_SIGNS.search(seen) or _SENTENCE_END.search(seen))


class NameLineField(LineField):
    """A person's name, or a part of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(validate_persons_name)
