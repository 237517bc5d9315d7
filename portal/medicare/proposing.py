"""Why an item is proposed for a session, or none, in words for the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.clinic.models import Mode, Registration
from portal.medicare.models import BILLING, MbsItem
from portal.medicare.readiness import GROUP_KILOMETRES, GROUP_LEAST, GROUP_MOST, GROUP_REMOTENESS


def explained(item: MbsItem) -> str:
    """What an item is for: "50 minutes or more, by video, clinical psychologist"."""
    parts = [_length(item), _how(item.mode, item.setting), str(Registration(item.registration).label).lower()]
    if item.counts_towards == MbsItem.CountsTowards.CARER:
        parts.append(_("with a family member or carer alone"))
    if item.counts_towards == MbsItem.CountsTowards.GROUP:
        parts.append(_("for a group of %(least)d to %(most)d") % {"least": GROUP_LEAST, "most": GROUP_MOST})
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


@dataclass(frozen=True, slots=True)
class Group:
    """A group: how many patients came and, for one by video, how remote the patient's home is, and how far by road."""

    attended: int
    remoteness: int | None = None
    kilometres: int | None = None

    def why_not(self, mode: str) -> str:
        """Why Medicare pays nothing for it, whatever it lasted; empty where it may."""
        if not GROUP_LEAST <= self.attended <= GROUP_MOST:
            words = _("None: %(n)d patients came, and Medicare pays for groups of %(least)d to %(most)d.")
            return words % {"n": self.attended, "least": GROUP_LEAST, "most": GROUP_MOST}
        if mode == Mode.PHONE:
            return _("None: Medicare has no item for a group by phone.")
        if mode != Mode.VIDEO:
            return ""
        limits = {"area": GROUP_REMOTENESS, "km": GROUP_KILOMETRES}
        if self.remoteness is None or self.kilometres is None:
            words = _(
                "None yet: a group by video is paid where the patient lives in Modified Monash area %(area)d to 7, at "
                "least %(km)d km away by road. Say both."
            )
            return words % limits
        if self.remoteness < GROUP_REMOTENESS or self.kilometres < GROUP_KILOMETRES:
            words = _(
                "None: the patient lives too near. A group by video is paid from Modified Monash area %(area)d on, at "
                "least %(km)d km away by road."
            )
            return words % limits
        return ""


def why_not_for(payer: str) -> str:
    """Why there is no item for a session that a third party is billed."""
    words = _("None: %(name)s is billed, and Medicare pays nothing of what an insurer, employer or agency pays.")
    return words % {"name": payer}


def why_none(
    *,
    registration: str,
    minutes: int,
    mode: str,
    outside: bool,
    carer: bool,
    abroad: bool,
    items: Sequence[MbsItem],
    group: Group | None = None,
) -> str:
    """Why no item is proposed for a session that a referral covers; `items` are all that could be billed that day."""
    if abroad:
        return _("None: Medicare pays nothing for a patient who is outside Australia.")
    if registration not in BILLING:
        return _("None: a provisional psychologist can't bill Better Access.")
    if group and (why := group.why_not(mode)):
        return why
    kind = MbsItem.CountsTowards.CARER if carer else MbsItem.CountsTowards.INDIVIDUAL
    if group:
        kind = MbsItem.CountsTowards.GROUP
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
