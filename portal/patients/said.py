"""What somebody means by a short text: yes, no, or that texts end or begin. In our four languages."""

from __future__ import annotations

import unicodedata
from enum import StrEnum
from typing import Final


class Said(StrEnum):
    """What a text says."""

    YES = "yes"
    NO = "no"
    STOP = "stop"
    START = "start"


# The words by which Twilio itself ends and begins texts (twilio.com/docs/messaging, "opt-out keywords"), and ours.
# "Cancel" is among Twilio's, but means the session here: Twilio says by itself, in OptOutType, where it took it so.
_WORDS: Final = {
    Said.STOP: (
        "stop|stopall|unsubscribe|end|quit|optout",
        "dừng|dung|ngừng",
        "停止|退订",
        "إيقاف|توقف|أوقف",
    ),
    Said.START: ("start|unstop", "bắt đầu|bat dau", "开始|恢复", "ابدأ|استئناف"),
    Said.YES: (
        "yes|y|yep|yeah|ok|okay|confirm|confirmed|👍",
        "có|co|vâng|vang|dạ|đồng ý|dong y",
        "是|是的|好|好的|会|会来|来|确认",
        "نعم|أجل|موافق|سأحضر",
    ),
    Said.NO: (
        "no|n|nope|cancel|cant|cannot|cant come|👎",
        "không|khong|ko|hủy|huỷ|huy",
        "不|不是|不来|不会|否|取消",
        "لا|كلا|إلغاء",
    ),
}
_MEANS: Final = {word: said for said, each in _WORDS.items() for words in each for word in words.split("|")}


def means(words: str) -> Said | None:
    """What a short text means, whatever its case and punctuation; None for anything longer or else."""
    return _MEANS.get(plain(words))


def plain(words: str) -> str:
    """The letters and digits of a text, in small letters, with single spaces."""
    composed = unicodedata.normalize("NFC", words).casefold()
    # A heart or a full stop after a yes is still a yes; a thumb by itself is one, whatever its colour.
    kept = (one for one in composed if one.isalnum() or one.isspace() or unicodedata.combining(one) or one in "👍👎")
    return " ".join("".join(kept).split())
