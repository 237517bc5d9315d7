"""What is typed is understood as a person means it, or refused in words; nothing is changed silently."""

import re
import unicodedata
from datetime import date, time
from decimal import Decimal

from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import national_significant_number

from portal.common.forms.fields import (
    DateField,
    DigitsField,
    EmailLineField,
    LineField,
    MoneyField,
    PhoneField,
    TextField,
    TimeField,
    WholeNumberField,
)
from portal.common.text.typed import with_plain_digits

ZEROS = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) == "Nd" and unicodedata.decimal(chr(c)) == 0]
UNSEEN = ["", "\u200b", "\u200f", "\u061c", "\u00ad", "\ufeff", "\u2060", "\ufe0f", "\U000e0030", "\u3164"]
SPACES = [" ", "\u00a0", "\u202f", "\u2009", "\u3000", "  "]
DASHES = ["-", "\u2010", "\u2011", "\u2013", "\u2014", "\u2212", "\uff0d"]
QUICK = settings(max_examples=60, deadline=None)


@st.composite
def typed(draw, text):
    """The same text as a keyboard or a copied mail gives it: other digits, spaces and dashes, marks between."""
    zero = ord(draw(st.sampled_from(ZEROS)))
    digits, space, dash = {str(n): chr(zero + n) for n in range(10)}, st.sampled_from(SPACES), st.sampled_from(DASHES)
    drawn = []
    for sign in draw(text) if not isinstance(text, str) else text:
        sign = draw(space) if sign == " " else draw(dash) if sign == "-" else digits.get(sign, sign)
        drawn.append(sign + draw(st.sampled_from(UNSEEN)))
    return "".join(drawn)


def read(field, text):
    """What the field makes of it, or None for what it refuses, in words."""
    try:
        return field.clean(text)
    except ValidationError as refused:
        return None if all(refused.messages) else "refused without a word"


def digits_in(text):
    return re.sub("[^0-9]", "", with_plain_digits(text))


# ---- As people mean it -----------------------------------------------------------------------------------------------

DAYS = [
    *("{0.day}/{0.month}/{0.year}", "{0.day:02d}-{0.month:02d}-{0.year}", "{0.day}.{0.month}.{0.year}"),
    *("{0.day} {0:%B} {0.year}", "{0:%Y-%m-%d}", "{0:%d%m%Y}", "{0.year}年{0.month}月{0.day}日"),
]
MARKS = [",", " ", "'", "’", "٬", ""]


@QUICK
@given(st.data(), st.integers(0, 99_999_999), st.sampled_from(MARKS), st.sampled_from([".", "٫", "．"]))
def test_an_amount(data, cents, mark, point):
    whole = f"{cents // 100:,}".replace(",", mark)
    before, after = data.draw(st.sampled_from([("", ""), ("$", ""), ("$ ", ""), ("AUD ", ""), ("", " AUD")]))
    text = data.draw(typed(f"{before}{whole}{point}{cents % 100:02d}{after}"))
    assert MoneyField().clean(text) == Decimal(cents) / 100


@QUICK
@given(st.data(), st.integers(0, 999_999), st.integers(0, 99), st.sampled_from([",", "،", "，", " ", "'", "٬"]))
def test_cents_after_anything_but_a_point_are_refused(data, whole, cents, mark):
    assert read(MoneyField(), data.draw(typed(f"{whole}{mark}{cents:02d}"))) is None


@QUICK
@given(st.data(), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_a_day(data, day):
    written = data.draw(
        st.sampled_from(["{0.day}/{0.month}/{0.year}", "{0.day:02d}-{0.month:02d}-{0.year}", "{0.day} {0:%B} {0.year}"])
        | st.sampled_from(
            ["{0.day}.{0.month}.{0.year}", "{0:%Y-%m-%d}", "{0.year}年{0.month}月{0.day}日", "{0:%d%m%Y}"]
        )
    )
    assert DateField().clean(data.draw(typed(written.format(day)))) == day


@QUICK
@given(st.data(), st.integers(0, 23), st.integers(0, 59))
def test_a_time(data, hour, minute):
    text = data.draw(typed(data.draw(st.sampled_from(["{0:02d}:{1:02d}", "{0}.{1:02d}"])).format(hour, minute)))
    assert TimeField().clean(text) == time(hour, minute)


@QUICK
@given(st.data(), st.integers(0, 9999))
def test_a_count(data, number):
    assert WholeNumberField().clean(data.draw(typed(f" {number}"))) == number


@QUICK
@given(st.data(), st.integers(0, 999_999))
def test_a_mobile_number(data, end):
    number = f"491{end:06d}"
    written = ["0{0}", "0{1} {2} {3}", "0{1}-{2}-{3}", "+61{0}", "+61 (0){1} {2} {3}", "tel:+61-{1}-{2}-{3}", "61{0}"]
    said = data.draw(st.sampled_from(written)).format(number, number[:3], number[3:6], number[6:])
    assert PhoneField().clean(data.draw(typed(said))).as_e164 == f"+61{number}"


@QUICK
@given(st.data(), st.sampled_from(["2951 87312 5", "083-004", "4024742F", "13 11 14", "492 816"]))
def test_a_number_that_is_printed_in_groups(data, number):
    assert DigitsField(max_length=40).clean(data.draw(typed(number))) == number


@QUICK
@given(st.data(), st.from_regex(r"[a-z][a-z0-9.]{0,20}[a-z0-9]@[a-z][a-z0-9]{1,9}\.(com|org|example)", fullmatch=True))
def test_an_email_address(data, address):
    if ".." not in address:
        text = data.draw(typed(address))
        assert EmailLineField().clean(data.draw(st.sampled_from([text, text.replace("@", "＠")]))) == address


# ---- Whatever is typed -----------------------------------------------------------------------------------------------

NUMERIC = st.text(st.sampled_from([*"0123456789", *"٠١٢٣४５", *",.'’٫٬،+-/$() ", "\u200b", "x", "e", ";"]), max_size=24)


@settings(max_examples=300, deadline=None)
@given(NUMERIC)
def test_no_digit_of_an_amount_is_left_out(text):
    if (amount := read(MoneyField(required=False), text)) is not None:
        assert digits_in(str(amount)).lstrip("0").rstrip("0") == digits_in(text).lstrip("0").rstrip("0")
        parts = re.split("[.٫]", with_plain_digits(text))
        assert int(amount) == int(digits_in(parts[0]) or 0)
    if (count := read(WholeNumberField(required=False), text)) is not None:
        assert abs(count) == int(digits_in(re.split("[.٫]", with_plain_digits(text))[0]))


@settings(max_examples=300, deadline=None)
@given(
    NUMERIC | st.builds("{}{}".format, st.sampled_from(["0491570006", "(03) 9010 1234", "+64 21 123 4567"]), NUMERIC)
)
def test_no_digit_of_a_phone_number_is_left_out(text):
    if number := read(PhoneField(required=False), text):
        own = national_significant_number(number)
        before = digits_in(text).removesuffix(own)
        assert digits_in(text).endswith(own)
        assert len(before) <= len("0011") + len(str(number.country_code)) + 1
        assert not number.extension


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_words_keep_every_letter(text):
    for field in (LineField(max_length=500, required=False), TextField(max_length=500, required=False)):
        kept = read(field, text)
        if kept is None:
            assert any(unicodedata.category(c) == "Cc" for c in text)
            continue
        assert read(field, kept) == kept
        seen = [
            c for c in unicodedata.normalize("NFC", text) if not c.isspace() and unicodedata.category(c)[0] in "LNPS"
        ]
        invisible_letters = set("\u115f\u1160\u3164\uffa0\u17b4\u17b5\u2800")
        assert [c for c in kept if unicodedata.category(c)[0] in "LNPS" and c not in invisible_letters] == [
            c for c in seen if c not in invisible_letters
        ]
