import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.clinic.validators import (
    clean_abn,
    postcode_fits_state,
    provider_number_is_right,
    validate_ahpra,
    validate_provider_number,
    validate_time_zone,
)


@pytest.mark.parametrize("typed", ["51 824 753 556", "51824753556", "51-824-753-556"])
def test_abn(typed):
    assert clean_abn(typed) == "51824753556"


@pytest.mark.parametrize("typed", ["51824753557", "5182475355", "01824753556", "abc", "", "518247535561", "\x00"])
def test_abn_refused(typed):
    with pytest.raises(ValidationError, match="not a valid ABN"):
        clean_abn(typed)


@given(st.integers(0, 10), st.integers(0, 9))
def test_abn_with_one_digit_changed_is_refused(place, digit):
    right = "51824753556"
    changed = right[:place] + str(digit) + right[place + 1 :]
    if changed != right:
        with pytest.raises(ValidationError):
            clean_abn(changed)


@pytest.mark.parametrize("number", ["4024742F", "2429581T"])
def test_provider_number_with_the_right_letter(number):
    assert provider_number_is_right(number)


def test_provider_number_of_five_digits_is_padded_in_front():
    letters = [c for c in "YXWTLKJHFBA" if provider_number_is_right(f"12345A{c}")]
    assert letters == [c for c in "YXWTLKJHFBA" if provider_number_is_right(f"012345A{c}")]
    assert len(letters) == 1


@pytest.mark.parametrize("number", ["4024742X", "402474IF", "4024742", "F4024742", "", "402474２F"])
def test_provider_number_with_the_wrong_letter(number):
    assert not provider_number_is_right(number)


@pytest.mark.parametrize("number", ["40247F", "4024742f", "40247420F", "ABCDEFGH"])
def test_provider_number_of_the_wrong_shape(number):
    with pytest.raises(ValidationError):
        validate_provider_number(number)


def test_ahpra():
    validate_ahpra("PSY0001234567")
    for wrong in ("PSY123", "MED0001234567", "psy0001234567", "PSY00012345678", "PSY000123456\n"):
        with pytest.raises(ValidationError):
            validate_ahpra(wrong)


def test_time_zone():
    validate_time_zone("Australia/Lord_Howe")
    for wrong in ("Australia/Newcastle", "AEST", "../etc/passwd", ""):
        with pytest.raises(ValidationError):
            validate_time_zone(wrong)


@pytest.mark.parametrize(
    ("postcode", "state", "fits"),
    [
        ("3056", "VIC", True),
        ("0800", "NT", True),
        ("0200", "ACT", True),
        ("2600", "ACT", True),
        ("2600", "NSW", False),
        ("2620", "NSW", True),
        ("2899", "NSW", True),
        ("2900", "NSW", False),
        ("2900", "ACT", True),
        ("8001", "VIC", True),
        ("9999", "QLD", True),
        ("3644", "NSW", False),  # Barooga: in New South Wales, with a Victorian postcode
        ("", "NSW", True),
        ("3056", "", True),
    ],
)
def test_postcode_fits_state(postcode, state, fits):
    assert postcode_fits_state(postcode, state) is fits
