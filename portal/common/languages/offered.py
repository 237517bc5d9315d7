"""The languages that the portal offers, and where a page stands in each: `/vi/fees/`, and `/fees/` in English."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation import get_language_from_path
from django.utils.translation.trans_real import language_code_prefix_re

# As its speakers write it; Django's list says "Australian English", and writes Vietnamese in letters taken apart.
OWN_NAMES = {"en-au": "English", "vi": "Tiếng Việt", "ar": "العربية"}
# What is offered to somebody whose browser asks for a language: to them, whatever the page speaks.
OFFERS = {
    "en-au": "Read in English",
    "zh-hans": "用简体中文阅读",
    "vi": "Đọc bằng tiếng Việt",
    "ar": "القراءة بالعربية",
}


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the portal speaks; `name` is what its own speakers call it."""

    code: str
    name: str
    is_right_to_left: bool

    @property
    def offer(self) -> str:
        """The words of the link that leads to it."""
        return OFFERS.get(self.code, self.name)

    @property
    def direction(self) -> str:
        """As HTML says it."""
        return "rtl" if self.is_right_to_left else "ltr"


def languages() -> list[Language]:
    """Those that the portal speaks, each under its own name, the default first."""
    return [
        Language(code, OWN_NAMES.get(code) or LANG_INFO[code]["name_local"], LANG_INFO.get(code, {}).get("bidi", False))
        for code, _name in settings.LANGUAGES
    ]


def speaks(code: str | None) -> bool:
    """Whether the portal has this language, by Django's code for it."""
    return bool(code) and code in {known for known, _name in settings.LANGUAGES}


def path_in(path: str, code: str) -> str:
    """The address of the same page in another language; a query stays. Raises ValueError for one not spoken.

    Only for pages that readers and patients see: the staff's rooms have no language in their address.
    """
    if not speaks(code):
        raise ValueError(f"{code!r} is not a language of this portal")
    bare = path
    if get_language_from_path(path) and (match := language_code_prefix_re.match(path)):
        bare = path[len(match[1]) + 1 :]
    # Browsers take "//", and "/" with a backslash, for the beginning of another site's address.
    bare = "/" + bare.lstrip("/\\")
    return bare if code == settings.LANGUAGE_CODE else f"/{code}{bare}"
