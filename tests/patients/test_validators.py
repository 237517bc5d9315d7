import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from portal.patients.validators import card_written, clean_medicare_number, validate_irn


def test_a_card_is_written_as_it_prints_it():
    assert card_written("2951873125", "1") == "2951 87312 5 / 1"
    assert (card_written("2951873125"), card_written("", "1")) == ("2951 87312 5", "")


@pytest.mark.parametrize("typed", ["2951 87312 5", "2951873125", "2951-87312-5", " 2951 87312 5 "])
def test_medicare_number(typed):
    assert clean_medicare_number(typed) == "2951873125"


@pytest.mark.parametrize("typed", ["295187312", "29518731250", "", "295187312a", "２９５１８７３１２５"])
def test_medicare_number_without_ten_digits(typed):
    with pytest.raises(ValidationError, match="has ten digits"):
        clean_medicare_number(typed)


@pytest.mark.parametrize("typed", ["2951 87322 5", "2951 87312 0", "1951 87312 5", "7951 87312 5"])
def test_medicare_number_that_does_not_add_up(typed):
    with pytest.raises(ValidationError, match="doesn't add up"):
        clean_medicare_number(typed)


@given(st.integers(0, 8), st.integers(1, 9))
def test_medicare_number_with_one_digit_wrong_is_refused(place, by):
    right = "2951873125"
    changed = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    with pytest.raises(ValidationError):
        clean_medicare_number(changed)


@pytest.mark.parametrize("irn", ["0", "10", "a", "", "１", "1\n"])
def test_irn_refused(irn):
    with pytest.raises(ValidationError):
        validate_irn(irn)


def test_irn():
    for irn in "123456789":
        validate_irn(irn)
