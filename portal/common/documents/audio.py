"""MP3: a row of frames, kept without what stands before, between and behind them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.documents.kinds import refusal

FEWEST_FRAMES = 20
# Of what is not a tag, this much must be sound.
LEAST_SHARE = 0.9

# kbit/s by the frame's four bits, and samples a second by its two: MPEG 1, and MPEG 2 with 2.5.
BITRATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
BITRATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def frame_length(head: bytes) -> int:
    """Bytes of the MPEG layer III frame that begins here; 0 if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return 0
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bitrate in {0, 15} or rate == 3:
        return 0
    bits = (BITRATES_1 if version == 3 else BITRATES_2)[bitrate] * 1000
    return (144 if version == 3 else 72) * bits // RATES[version][rate] + (head[2] >> 1 & 1)


def frames_of(content: bytes) -> bytes:
    """The frames alone: what a tag says of where and by whom it was recorded is left behind. Raises ValidationError."""
    start = _end_of_tags(content)
    count, place, size = 0, start, len(content)
    while (length := frame_length(content[place : place + 4])) and place + length <= size:
        count, place = count + 1, place + length
    if count < FEWEST_FRAMES or place - start < LEAST_SHARE * (size - start):
        raise unreadable()
    return content[start:place]


def _end_of_tags(content: bytes) -> int:
    place = 0
    while content[place : place + 3] == b"ID3" and len(content) >= place + 10:
        # Four bytes of seven bits each (ID3v2, 3.1); bit 4 of the flags says that ten more follow.
        has_footer, size = content[place + 5] & 0x10, content[place + 6 : place + 10]
        length = size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]
        place += 10 + length + (10 if has_footer else 0)
    while content[place : place + 1] == b"\x00":
        place += 1
    return place


def unreadable() -> ValidationError:
    """The refusal of a file that is no audio after all."""
    return refusal(_("This audio can't be read. Save it as an MP3 and choose that one."), "damaged")
