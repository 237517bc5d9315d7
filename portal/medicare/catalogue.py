"""Which items of the Medicare schedule psychologists bill under Better Access, and what each is for: docs/australia.md.

It holds no fee: those are rows, with their dates and sources. Where a mapping was not read in the schedule itself, an
item is taken from a file only when the file's own description says the same (`disagrees`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from portal.clinic.models import Mode, Registration
from portal.medicare.models import MbsItem

CountsTowards: TypeAlias = MbsItem.CountsTowards
Setting: TypeAlias = MbsItem.Setting

_WHO = {Registration.CLINICAL: "Clinical psychologist", Registration.GENERAL: "Registered psychologist"}
_WHAT = {
    CountsTowards.INDIVIDUAL: "individual service",
    CountsTowards.GROUP: "group service, 4 to 10 people",
    CountsTowards.CARER: "family or carer service",
}


@dataclass(frozen=True, slots=True)
class Known:
    """One item: who bills it, for whom, how and where, and for how many minutes (`below` is the first too many)."""

    item: str
    registration: Registration
    counts_towards: CountsTowards
    mode: Mode
    setting: Setting
    least: int
    below: int | None

    @property
    def description(self) -> str:
        """As the rows of the schedule describe it, in English."""
        if self.setting == Setting.OUTSIDE:
            how = "outside consulting rooms"
        else:
            how = {Mode.IN_PERSON: "in consulting rooms", Mode.VIDEO: "by video", Mode.PHONE: "by phone"}[self.mode]
        length = f"at least {self.least}" if self.below is None else f"at least {self.least} and less than {self.below}"
        return f"{_WHO[self.registration]}, {_WHAT[self.counts_towards]}, {how}, {length} minutes"


def _family(registration: Registration, least: int, numbers: dict[CountsTowards, str]) -> list[Known]:
    """The items of one registration: individual and carer ones as rooms/outside/video/phone, lower and upper tier."""
    found = []
    for kind in (CountsTowards.INDIVIDUAL, CountsTowards.CARER):
        for tier, row in zip(((least, 50), (50, None)), numbers[kind].split(" / "), strict=True):
            rooms, outside, video, phone = row.split()
            for item, mode, setting in (
                (rooms, Mode.IN_PERSON, Setting.ROOMS),
                (outside, Mode.IN_PERSON, Setting.OUTSIDE),
                (video, Mode.VIDEO, Setting.ANYWHERE),
                (phone, Mode.PHONE, Setting.ANYWHERE),
            ):
                found.append(Known(item, registration, kind, mode, setting, *tier))
    for tier, row in zip(((60, 90), (90, 120), (120, None)), numbers[CountsTowards.GROUP].split(" / "), strict=True):
        rooms, video = row.split()
        found.append(Known(rooms, registration, CountsTowards.GROUP, Mode.IN_PERSON, Setting.ROOMS, *tier))
        found.append(Known(video, registration, CountsTowards.GROUP, Mode.VIDEO, Setting.ANYWHERE, *tier))
    return found


KNOWN: dict[str, Known] = {
    one.item: one
    for one in [
        *_family(
            Registration.CLINICAL,
            30,
            {
                CountsTowards.INDIVIDUAL: "80000 80005 91166 91181 / 80010 80015 91167 91182",
                CountsTowards.CARER: "80002 80006 91168 91198 / 80012 80016 91171 91199",
                CountsTowards.GROUP: "80020 80021 / 80022 80023 / 80024 80025",
            },
        ),
        *_family(
            Registration.GENERAL,
            20,
            {
                CountsTowards.INDIVIDUAL: "80100 80105 91169 91183 / 80110 80115 91170 91184",
                CountsTowards.CARER: "80102 80106 91174 91200 / 80112 80116 91177 91201",
                CountsTowards.GROUP: "80120 80121 / 80122 80123 / 80127 80128",
            },
        ),
    ]
}

_LEAST = re.compile(r"(?:at least|not less than|more than)\s+(\d+)\s+minutes|\b(\d+)\s+minutes\s+or\s+more")
_BELOW = re.compile(r"less than\s+(\d+)\s+minutes")
_NOT_LESS = re.compile(r"not less than")


def disagrees(known: Known, description: str) -> str:
    """What a file's own description of an item does not say as the portal knows it; empty where it says the same.

    One of `description`, `minutes`, `setting`, `mode` and `carer`.
    """
    words = " ".join(description.lower().split())
    if not words:
        return "description"
    least = {int(first or second) for first, second in _LEAST.findall(words)}
    below = {int(each) for each in _BELOW.findall(_NOT_LESS.sub("at least", words))}
    # Groups are described by the least alone.
    is_below = known.below is None or known.below in below or known.counts_towards == CountsTowards.GROUP
    if known.least not in least or not is_below:
        return "minutes"
    if ("other than consulting rooms" in words) != (known.setting == Setting.OUTSIDE):
        return "setting"
    if known.mode == Mode.PHONE and "phone" not in words:
        return "mode"
    if known.mode == Mode.VIDEO and "video" not in words and "telehealth" not in words:
        return "mode"
    is_for_carers = "carer" in words or "other than the patient" in words
    return "carer" if is_for_carers != (known.counts_towards == CountsTowards.CARER) else ""
