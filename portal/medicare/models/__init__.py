from portal.medicare.models.checks import LetterCheck
from portal.medicare.models.elsewhere import UsedElsewhere
from portal.medicare.models.items import BILLING, MbsItem
from portal.medicare.models.letters import ReferralLetter
from portal.medicare.models.limits import BetterAccessLimits
from portal.medicare.models.referrals import Referral
from portal.medicare.models.referrers import Referrer, ReferrerHistory
from portal.medicare.models.updates import ScheduleUpdate

__all__ = [
    "BILLING",
    "BetterAccessLimits",
    "LetterCheck",
    "MbsItem",
    "Referral",
    "ReferralLetter",
    "Referrer",
    "ReferrerHistory",
    "ScheduleUpdate",
    "UsedElsewhere",
]
