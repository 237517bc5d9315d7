import pytest
from phonenumber_field.modelfields import PhoneNumberField as Parsed
from phonenumber_field.phonenumber import PhoneNumber

from portal.common.database.phone_numbers import PhoneNumberField


@pytest.mark.parametrize(
    "kept",
    [
        *("+61491570006", "+61290001234", "+61370105500", "+61790001234", "+61812345678"),
        # Shorter, longer, with a prefix, from abroad, no number at all.
        *("+6181234567", "+614915700061", "+611300123456", "+611831290001234", "+61013114", "+84912345678"),
        *("+61 491 570 006", "0491570006", "13 11 14", "nonsense", "", None),
    ],
)
def test_number_is_read_as_the_parser_reads_it(kept):
    read, parsed = (field().from_db_value(kept, None, None) for field in (PhoneNumberField, Parsed))
    assert type(read) is type(parsed)
    if isinstance(parsed, PhoneNumber):
        assert vars(read) == vars(parsed)
    else:
        assert read == parsed


def test_an_australian_number_asks_no_parser(monkeypatch):
    monkeypatch.delattr(PhoneNumber, "from_string")
    assert PhoneNumberField().from_db_value("+61491570006", None, None).as_national == "0491 570 006"
