import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumber_field.phonenumber import PhoneNumber

from portal.common.text.phones import national


@given(st.from_regex(r"\+61(4[0-9]{8}|[2378][0-9]{8})", fullmatch=True))
@example("+61491570006")
@example("+61290101234")
def test_australian_numbers_as_the_library_writes_them(kept):
    assert national(kept) == PhoneNumber.from_string(kept).as_national


@pytest.mark.parametrize("kept", ["+61131114", "+611300224636", "+61145678901", "+442071838750", "+84241234567"])
def test_others_are_the_librarys(kept):
    assert national(kept) == PhoneNumber.from_string(kept).as_national
