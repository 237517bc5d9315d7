"""Why an item is proposed for a session, or none, in words for the desk."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from portal.clinic.models import Mode, Registration
from portal.medicare.models import BILLING, MbsItem


def explained(item: MbsItem) -> str:
    """What an item is for: "50 minutes or more, by video, clinical psychologist"."""
    parts = [_length(item), _how(item.mode, item.setting), str(Registration(item.registration).label).lower()]
    if item.counts_towards == MbsItem.CountsTowards.CARER:
        parts.append(_("with a family member or carer alone"))
    return ", ".join(parts)


def _length(item: MbsItem) -> str:
    if item.max_minutes is None:
        return _("%(least)d minutes or more") % {"least": item.min_minutes}
    return _("%(least)d to %(most)d minutes") % {"least": item.min_minutes, "most": item.max_minutes - 1}


def _how(mode: str, setting: str) -> str:
    match mode:
        case Mode.VIDEO:
            return _("by video")
        case Mode.PHONE:
            return _("by phone")
    return _("outside consulting rooms") if setting == MbsItem.Setting.OUTSIDE else _("in consulting rooms")


def why_none(
    *, registration: str, minutes: int, mode: str, outside: bool, carer: bool, abroad: bool, items: Sequence[MbsItem]
) -> str:
    """Why no item is proposed for a session that a referral covers; `items` are all that could be billed that day."""
    if abroad:
        return _("None: Medicare pays nothing for a patient who is outside Australia.")
    if registration not in BILLING:
        return _("None: a provisional psychologist can't bill Better Access.")
    kind = MbsItem.CountsTowards.CARER if carer else MbsItem.CountsTowards.INDIVIDUAL
    is_outside = outside and mode == Mode.IN_PERSON
    fitting = [
        item
        for item in items
        if item.mode == mode and item.counts_towards == kind and (item.setting == MbsItem.Setting.OUTSIDE) == is_outside
    ]
    least = min((item.min_minutes for item in fitting), default=0)
    if fitting and minutes < least:
        words = {"minutes": minutes, "least": least, "who": str(Registration(registration).label).lower()}
        return _("None: %(minutes)d minutes are too short. For a %(who)s items begin at %(least)d minutes.") % words
    return _("None: the portal knows no fee of an item for this. The manager can read the newest file of the schedule.")
