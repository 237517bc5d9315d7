from datetime import date
from decimal import Decimal

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from portal.common.forms.fields import (
    DateField,
    EmailLineField,
    LineField,
    MoneyField,
    MonthField,
    PhoneField,
    PostcodeField,
    TextField,
    read_date,
    tidy,
)


@pytest.mark.parametrize(
    "typed",
    [
        "23/4/1990",
        "23/04/1990",
        "23-04-1990",
        "23.4.1990",
        "23 4 1990",
        " 23 / 4 / 1990 ",
        "23041990",
        "23 April 1990",
        "23rd apr 1990",
        "23-Apr-1990",
        "1990-04-23",
        "1990/4/23",
        "２３/４/１９９０",
    ],
)
def test_read_date(typed):
    assert read_date(typed) == date(1990, 4, 23)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("31/2/1990", "There is no 31 February 1990. Check the day and the month."),
        ("29/2/2023", "There is no 29 February 2023. Check the day and the month."),
        ("4/23/1990", "There is no month 23. Write the day first, then the month."),
        ("23/4/90", "Write the year with four digits, such as 1990."),
        ("0/4/1990", "There is no 0 April 1990. Check the day and the month."),
        ("23 Foo 1990", "Write the date as day, month and year, such as 23/4/1990."),
        ("yesterday", "Write the date as day, month and year, such as 23/4/1990."),
        ("23/4/0000", "There is no 23 April 0000. Check the day and the month."),
        ("\x00", "Write the date as day, month and year, such as 23/4/1990."),
    ],
)
def test_read_date_says_what_is_wrong(typed, words):
    with pytest.raises(ValidationError) as refused:
        read_date(typed)
    assert refused.value.messages == [words]


@pytest.mark.parametrize(
    ("typed", "born"),
    [
        ("3/4/85", date(1985, 4, 3)),
        ("3.4.85", date(1985, 4, 3)),
        ("3 April 85", date(1985, 4, 3)),
        ("٣/٤/٨٥", date(1985, 4, 3)),
        ("29/11/26", date(2026, 11, 29)),
        ("30/11/26", date(1926, 11, 30)),
        ("1/1/27", date(1927, 1, 1)),
        ("29/2/00", date(2000, 2, 29)),
        ("3/4/1926", date(1926, 4, 3)),
    ],
)
def test_a_birth_date_of_two_digits_is_the_latest_that_is_not_to_come(typed, born):
    assert read_date(typed, born_by=date(2026, 11, 29)) == born


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("29/2/27", "There is no 29 February 1927. Check the day and the month."),
        ("3/4/985", "Write the year with four digits, such as 1990."),
        ("3/4/5", "Write the year with four digits, such as 1990."),
    ],
)
def test_a_birth_date_that_is_none_says_so(typed, words):
    with pytest.raises(ValidationError) as refused:
        read_date(typed, born_by=date(2026, 11, 29))
    assert refused.value.messages == [words]


class Born(forms.Form):
    born = DateField()


def test_date_that_does_not_exist_stays_in_its_box():
    form = Born({"born": "31/2/1990"})
    assert form.errors == {"born": ["There is no 31 February 1990. Check the day and the month."]}
    assert 'value="31/2/1990"' in str(form["born"])


@pytest.mark.parametrize("language", ["en-au", "vi", "ar"])
def test_date_is_shown_the_day_first_in_every_language(language):
    with translation.override(language):
        shown = str(Born(initial={"born": date(1990, 4, 3)})["born"])
    assert 'value="3/04/1990"' in shown


def test_date_with_a_picker_is_shown_as_browsers_want_it():
    class Picked(forms.Form):
        on = DateField(picker=True)

    assert 'type="date"' in str(Picked(initial={"on": date(2026, 4, 3)})["on"])
    assert 'value="2026-04-03"' in str(Picked(initial={"on": date(2026, 4, 3)})["on"])
    assert Picked({"on": "2026-04-03"}).is_valid()


def test_date_that_is_missing():
    assert Born({"born": " "}).errors == {"born": ["Enter the date."]}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("04/2029", date(2029, 4, 30)), ("2/28", date(2028, 2, 29)), ("2029-12", date(2029, 12, 31)), ("", None)],
)
def test_month_is_kept_as_its_last_day(typed, kept):
    assert MonthField(required=False).clean(typed) == kept


@pytest.mark.parametrize("typed", ["13/2029", "4", "04/1900", "abc", "04/2029\x00"])
def test_month_refuses(typed):
    with pytest.raises(ValidationError, match="such as 04/2029"):
        MonthField().clean(typed)


def test_month_is_shown_as_on_the_card():
    assert MonthField().prepare_value(date(2029, 4, 30)) == "04/2029"
    assert not MonthField().has_changed(date(2029, 4, 30), "4/29")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0491 570 006", "+61491570006"),
        ("04 9157 0006", "+61491570006"),
        ("0491-570-006", "+61491570006"),
        ("+61 491 570 006", "+61491570006"),
        ("+61 (0)491 570 006", "+61491570006"),
        ("(03) 9010 1234", "+61390101234"),
        ("03 9010 1234", "+61390101234"),
        ("1300 659 467", "+611300659467"),
        ("13 11 14", "+61131114"),
        ("+64 21 123 4567", "+64211234567"),
    ],
)
def test_phone_as_people_type_it(typed, kept):
    assert PhoneField().clean(typed).as_e164 == kept


@pytest.mark.parametrize("typed", ["12", "0491 570", "call me", "0491 570 006\x00", "1" * 500])
def test_phone_that_is_none(typed):
    with pytest.raises(ValidationError, match="This isn't a phone number we can call"):
        PhoneField().clean(typed)


def test_phone_is_shown_as_at_home_and_with_its_country_abroad():
    field = PhoneField()
    assert field.prepare_value(field.clean("+61491570006")) == "0491 570 006"
    assert field.prepare_value(field.clean("+64211234567")) == "+64 21 123 4567"


def test_line_is_tidied():
    assert LineField(max_length=20).clean("  Mai \t Nguye\u0302\u0303n ") == "Mai Nguyễn"
    assert tidy("abc\u202edcba") == "abcdcba"


def test_line_too_long_says_by_how_much_and_the_page_does_not_cut_it():
    class Name(forms.Form):
        name = LineField(max_length=100)

    form = Name({"name": "x" * 300})
    assert form.errors == {"name": ["Write at most 100 characters. This has 300."]}
    assert "maxlength" not in str(form["name"])
    assert "x" * 300 in str(form["name"])


@pytest.mark.parametrize("field", [LineField(max_length=9), TextField(max_length=9), EmailLineField()])
@pytest.mark.parametrize("typed", ["a\x00b", "a\x07b"])
def test_control_characters_are_refused(field, typed):
    with pytest.raises(ValidationError):
        field.clean(typed)


def test_text_counts_a_line_break_once():
    assert TextField(max_length=3).clean("a\r\nb") == "a\nb"


@pytest.mark.parametrize(("typed", "kept"), [("220", "220"), ("$1,234.50", "1234.50"), (" $ 5 ", "5")])
def test_money(typed, kept):
    assert MoneyField().clean(typed) == Decimal(kept)


@pytest.mark.parametrize("typed", ["1e3", "NaN", "abc", "-1", "1.005", "1234567.00", "12²"])
def test_money_refuses(typed):
    with pytest.raises(ValidationError):
        MoneyField().clean(typed)


@pytest.mark.parametrize("typed", ["800", "30566", "abcd", "30²6"])
def test_postcode_refuses(typed):
    with pytest.raises(ValidationError, match="four digits"):
        PostcodeField().clean(typed)


def test_postcode_keeps_its_zero():
    assert PostcodeField().clean("0800") == "0800"


@pytest.mark.parametrize(
    ("field", "direction"),
    [
        (LineField(max_length=80), "auto"),
        (TextField(max_length=80), "auto"),
        (LineField(max_length=80, widget=forms.TextInput(attrs={"dir": "ltr"})), "ltr"),
        (LineField(max_length=80, widget=forms.HiddenInput()), None),
        (EmailLineField(), None),
    ],
)
def test_what_is_typed_has_its_own_direction(field, direction):
    """A street in English reads well on an Arabic page. E-mail and phone boxes run from the left by themselves."""
    assert field.widget.attrs.get("dir") == direction
