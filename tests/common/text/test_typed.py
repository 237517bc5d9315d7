import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.common.text.typed import is_blank, plain, with_plain_digits, without_invisible

UNSEEN = [
    *("\u200b", "\u200e", "\u200f", "\u061c", "\u00ad", "\ufeff", "\u2060", "\u202e", "\u2066", "\u034f", "\ufe0f"),
    *("\U000e0041", "\u3164", "\u115f", "\uffa0", "\u180e", "\u180b", "\u2064", "\ufe00", "\U000e0100"),
]


@pytest.mark.parametrize("mark", UNSEEN)
def test_what_nobody_sees_is_dropped(mark):
    assert without_invisible(f"{mark}Ma{mark}i{mark}") == "Mai"
    assert plain(f"{mark}04{mark}91{mark}") == "0491"
    assert is_blank(f" {mark}{mark} ")


@pytest.mark.parametrize(
    "said",
    [
        "نمی‌خواهم",  # Persian: the joiner keeps two parts of one word apart
        "ක්‍රියා",  # Sinhala: it joins two letters into one
        "नेपाल्‍या",  # Nepali: it chooses a half letter
        "葛󠄀城",  # Japanese: it chooses one of two shapes of a family's name
        "ᠮᠣᠩᠭᠣᠯ᠎ᠠ",  # Mongolian: it parts the last vowel
        "👩‍👧",
        "❤️",
        "1️⃣",
        "👁️‍🗨️",
    ],
)
def test_marks_stay_by_which_a_script_says_something(said):
    assert without_invisible(said) == said


@pytest.mark.parametrize("typed", ["Ma\u200di", "Ma\u200ci", "\u200cمی", "می\u200c", "04\u200d91", "م\u200b\u200cن"])
def test_a_joiner_that_joins_nothing_is_dropped(typed):
    kept = without_invisible(typed)
    assert "\u200d" not in kept
    assert kept.count("\u200c") == (1 if typed.startswith("م\u200b") else 0)


def test_digits_of_every_script():
    scripts = {}
    for code in range(0x110000):
        if unicodedata.category(chr(code)) == "Nd":
            scripts.setdefault(code - unicodedata.decimal(chr(code)), []).append(chr(code))
    assert len(scripts) > 60
    for digits in scripts.values():
        assert with_plain_digits("".join(digits)) == "0123456789"


def test_a_digit_that_is_raised_or_ringed_is_none():
    assert plain("12² ①½") == "12² ①½"


@pytest.mark.parametrize("dash", "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u2043")
def test_dashes_and_spaces_of_every_length(dash):
    assert plain(f"03\u00a0 9010\u2009{dash}\u202f1234\u3000") == "03 9010 - 1234"


SIGNS = st.sampled_from([*UNSEEN, "\u200c", "\u200d", "م", "क", "👩", "葛", "ᠠ", "1", "\u20e3"])


@given(st.text(SIGNS | st.characters()))
def test_nothing_but_what_is_unseen_is_lost_and_once_is_enough(text):
    kept = without_invisible(text)
    assert without_invisible(kept) == kept
    typed = iter(text.replace("\u2800", " "))
    assert all(any(sign == other for other in typed) for sign in kept)
    assert is_blank(kept) == is_blank(text)
    assert [c for c in kept if c.isalnum() and not is_blank(c)] == [c for c in text if c.isalnum() and not is_blank(c)]
