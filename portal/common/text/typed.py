"""What people type, made plain without changing what it says: marks nobody sees, digits, dashes and spaces of any kind.

Keyboards, copied mails and websites put in more than the eye sees. What is dropped or made one kind here is all that a
form may change by itself (docs/typing.md); whatever else it can't read it refuses in words.
"""

from __future__ import annotations

import re
import unicodedata

# Unicode's "default ignorable" characters, which have no shape of their own, the notes between lines, and the marks of
# the writing direction, by which a name could rearrange an invoice. Hangul's fillers are blanks that count as letters.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_MARK = re.compile(f"[{_INVISIBLE}]")
_RUN = re.compile(f"[{_INVISIBLE}]+")
_JOINERS = "\u200c\u200d"
# Scripts in whose words a joiner changes how, or as what, a letter is read: Persian نمی‌خواهم, Sinhala ක්‍ය.
_JOINED = re.compile("[\u0600-\u08ff\u0900-\u0dff\u0f00-\u109f\u1780-\u18af\u1b00-\u1c4f\ua840-\ua87f\ua8e0-\ua8ff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_MONGOLIAN = re.compile("[\u1820-\u18aa]")
_PICTURE = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_KEYCAP = "\u20e3"  # the frame of a key, around a digit and a selector

_DASHES = dict.fromkeys((*range(8208, 8214), 8259, 8722, 727, 1418, 65112, 65123, 65293), "-")
# The blank of braille is drawn as a space and is none to Python.
_BLANKS = {0x2800: " "}
_FULLWIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def without_invisible(text: str) -> str:
    """The text without characters that nobody sees; those stay by which a script says something.

    A joiner stays between two letters of a script that needs it, and within a picture made of several; a variation
    selector stays behind the Han or Mongolian letter, or the picture, whose shape it chooses.
    """
    if text.isascii():
        return text
    text = text.translate(_BLANKS)

    def kept(run: re.Match[str]) -> str:
        before, after = text[: run.start()][-1:], text[run.end() :][:1]
        return "".join(mark for mark in dict.fromkeys(run[0]) if _says_something(mark, before, after))

    return _RUN.sub(kept, text)


def _says_something(mark: str, before: str, after: str) -> bool:
    if mark in _JOINERS:
        in_a_word = _is_joined(before) and _is_joined(after)
        return in_a_word or (mark == "\u200d" and _is_picture(before) and _is_picture(after))
    if mark in "\ufe0e\ufe0f":
        return _is_picture(before) or after == _KEYCAP
    if "\ufe00" <= mark <= "\ufe02" or mark >= "\U000e0100":
        return bool(_HAN.match(before))
    return "\u180b" <= mark <= "\u180f" and bool(_MONGOLIAN.match(before))


def _is_picture(sign: str) -> bool:
    return bool(_PICTURE.match(sign))


def _is_joined(letter: str) -> bool:
    return bool(_JOINED.match(letter)) and unicodedata.category(letter)[0] in "LM"


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in it."""
    return not _MARK.sub("", text.translate(_BLANKS)).strip()


def with_plain_digits(text: str) -> str:
    """The text with 0 to 9 for the decimal digits of every script: `٢٣`, `२३` and `２３` become `23`."""
    if text.isascii():
        return text
    return "".join(c if c.isascii() or not c.isdecimal() else str(unicodedata.decimal(c)) for c in text)


def with_plain_dashes(text: str) -> str:
    """The text with `-` for hyphens, dashes and minus signs of every length."""
    return text.translate(_DASHES)


def plain(text: str) -> str:
    """One line to read a number, a date or an amount from: ASCII's digits, dashes and spaces, and nothing unseen."""
    text = _MARK.sub("", text.translate(_BLANKS)).translate(_FULLWIDTH)
    return " ".join(with_plain_dashes(with_plain_digits(text)).split())
