"""Names as people are found by them, however they are written down and however they are typed.

A name has keys: each of its parts, and the parts joined from each one to the end. What is typed becomes words, each
with the beginnings of keys that it may stand for. `De Luca` has `de`, `luca` and `deluca`; typed, `DeLuca` is
`deluca`, and the second word of `De Luca` is `luca` or `deluca`: so both find both.
"""

from __future__ import annotations

import re
import unicodedata

from portal.common.text.typed import plain

# Names of more parts are found by their first ones.
_MOST_PARTS = 8
# A word may end a name that was written as one: De La Cruz, Delacruz.
_JOINED_BEFORE = 2

_APOSTROPHES = str.maketrans(
    dict.fromkeys("'`´‘’‚‛′‵＇ʹʺʻʼʽʾʿˈˊˋˮʔՙ՚׳״ꞋꞌߴߵʹͿ᾽᾿῾\u02c1\u02c0\u0640", "'")  # the last one stretches Arabic words
)
# Letters that don't decompose into a base and a mark, and those of Arabic that hands and keyboards exchange.
_LETTERS = str.maketrans(
    {
        "đ": "d",
        "ð": "d",
        "ɖ": "d",
        "ɗ": "d",
        "þ": "th",
        "ø": "o",
        "ł": "l",
        "ß": "ss",
        "æ": "ae",
        "œ": "oe",
        "ı": "i",
        "ȷ": "j",
        "ħ": "h",
        "ŧ": "t",
        "ŋ": "n",
        "ĸ": "k",
        "ə": "e",
        "ƒ": "f",
        "ɓ": "b",
        "ƙ": "k",
        "ة": "ه",
        "ى": "ي",
        "ی": "ي",
        "ک": "ك",
        "ہ": "ه",
        "ٱ": "ا",
    }
)
# As they are spelled where the letter is missing, and as thorn looks to who doesn't know it.
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_LOOKS = str.maketrans({"þ": "p"})

TITLES = frozenset({"mr", "mrs", "ms", "miss", "mx", "dr", "prof", "professor", "master"})
_ASSOCIATE = re.compile(r"\ba/prof\b\.?", re.IGNORECASE)
_BESIDE_A_CAPITAL = re.compile(r"(?<=[^\W\d_])(?=[^\W\d_])")
_UNSPACED = re.compile(r"[\u2e80-\U0010ffff\u1100-\u11ff]+")


def writes_without_spaces(text: str) -> bool:
    """Whether a text is in Chinese, Japanese or Korean letters, where one character can be a whole name."""
    return bool(_UNSPACED.fullmatch(text))


def spellings(text: str) -> tuple[str, ...]:
    """The text in small letters without marks; then, if they differ, with umlauts spelled out, and as thorn looks."""
    small = unicodedata.normalize("NFC", plain(text)).casefold()
    ways = (small, small.translate(_SPELLED), small.translate(_LOOKS))
    return tuple(dict.fromkeys(_bare(way) for way in ways))


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES).translate(_LETTERS))
    unmarked = "".join(c for c in decomposed if c != "'" and unicodedata.category(c)[0] != "M")
    return unmarked.casefold().translate(_LETTERS)


def keys_of_name(name: str) -> set[str]:
    """Every beginning by which somebody of this name is found is the beginning of one of these."""
    parts = _parts(name)
    wholes = [*parts, *("".join(parts[n:]) for n in range(len(parts)))]
    return {key for whole in wholes for key in spellings(whole) if key}


def telling_keys(name: str) -> set[str]:
    """The keys by which two names are alike: a part of one letter, the O of O'Brien, tells nobody from anybody."""
    keys = keys_of_name(name)
    return {key for key in keys if len(key) > 1 or writes_without_spaces(key)} or keys


def _parts(name: str) -> list[str]:
    """`O’Brien-Lee` is O, Brien and Lee; `DeLuca` De and Luca; `J.R.` J and R."""
    text = unicodedata.normalize("NFC", plain(name)).translate(_APOSTROPHES)
    apart = _BESIDE_A_CAPITAL.sub(
        lambda seam: " " if text[seam.start() - 1].islower() and text[seam.start()].isupper() else "", text
    )
    return "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in apart).split()[:_MOST_PARTS]


def typed_words(text: str) -> list[tuple[str, ...]]:
    """The words of a name as it is typed, each with the beginnings of keys that it may stand for."""
    bare = [chunk for chunk in re.split(r"[\s,;/()\[\]<>\"“”„«»]+", _ASSOCIATE.sub(" ", plain(text))) if chunk]
    chunks = [chunk for chunk in bare if spellings(chunk.rstrip("."))[0] not in TITLES] or bare
    found: list[tuple[str, ...]] = []
    before: list[str] = []
    for chunk in chunks:
        for word in re.split(r"[-.·・‧&]+", chunk):
            if not (folded := _words_only(word)):
                continue
            ends = ["".join([*before[len(before) - n :], word]) for n in range(1, min(len(before), _JOINED_BEFORE) + 1)]
            before.append(word)
            # The beginning of an e-mail address may have points in it.
            whole = [*_words_only(chunk)] if "." in chunk.strip(".") else []
            found.append(_shortest([*folded, *(way for end in ends for way in _words_only(end)), *whole]))
    return found


def _words_only(word: str) -> list[str]:
    ways = (re.sub(r"[^\w@.+]", "", way).strip(".") for way in spellings(word))
    return list(dict.fromkeys(way for way in ways if way))


def _shortest(beginnings: list[str]) -> tuple[str, ...]:
    """Without those that begin with another one: they find nobody more."""
    kept: list[str] = []
    for beginning in dict.fromkeys(beginnings):
        if not any(beginning.startswith(other) for other in beginnings if other != beginning):
            kept.append(beginning)
    return tuple(kept)


def is_called(name: str, typed: str) -> bool:
    """Whether each word that was typed begins a key of the name."""
    keys = keys_of_name(name)
    return all(any(key.startswith(ways) for key in keys) for ways in typed_words(typed))
