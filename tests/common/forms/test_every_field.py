"""Every field of every form of the portal is one of the kinds that read what people type, and does read it."""

import ast
import copy
import importlib
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import django_filters
import pytest
from allauth.account.fields import PasswordField
from django import forms
from django.core.exceptions import ValidationError

import portal
from portal.accounts.forms import OurFields
from portal.accounts.passkeys import CredentialField
from portal.clinic.profile_forms import TopicsField
from portal.common.forms import fields as ours
from portal.resources.forms import TagsField
from portal.web.manager.views.remuneration import PercentField
from portal.web.psychologist.forms import ClinicalWords

ROOT = Path(portal.__file__).parent
# One line of text, read as a number or as words.
LINES = (ours.LineField, ours.EmailLineField, ours.SearchField, ours.PhoneField)
COUNTS = (ours.PartsField, ours.WholeNumberField)
NUMBERS = (ours.DateField, ours.TimeField, ours.MonthField, *COUNTS)
# Several lines, lists of words, and what is chosen, or was written by the page itself.
OTHERS = (
    *(ours.TextField, TagsField, TopicsField, ClinicalWords, ours.MarkField, CredentialField, PasswordField),
    *(forms.ChoiceField, forms.ModelChoiceField, forms.BooleanField, forms.UUIDField, forms.FileField),
)
# Django's own that take what is typed as it comes.
PLAIN = {
    *("CharField", "IntegerField", "DecimalField", "FloatField", "EmailField", "DateField", "TimeField", "SlugField"),
    *("DateTimeField", "DurationField", "RegexField", "URLField", "GenericIPAddressField"),
}


def _below(kind):
    for made in kind.__subclasses__():
        yield made
        yield from _below(made)


def _fields():
    for path in ROOT.rglob("*.py"):
        source = path.read_text() if "migrations" not in path.parts else ""
        if "import forms" in source or "django_filters" in source or "allauth.account.forms" in source:
            importlib.import_module(".".join(path.relative_to(ROOT.parent).with_suffix("").parts))
    for made in set(_below(forms.BaseForm)):
        if made.__module__.startswith("portal."):
            yield from ((f"{made.__name__}.{name}", field) for name, field in made.base_fields.items())
    for made in set(_below(django_filters.FilterSet)):
        if made.__module__.startswith("portal."):
            yield from ((f"{made.__name__}.{name}", one.field_class) for name, one in made.base_filters.items())


# Their fields are made ours as each form is made: tests/accounts/test_typed.py.
OF_ALLAUTH = {base.__name__ for form in _below(OurFields) for base in form.__mro__}
FIELDS = dict(sorted(_fields(), key=lambda pair: pair[0]))


def _of(*kinds):
    return [name for name, field in FIELDS.items() if isinstance(field, kinds)]


def _read(name, typed):
    return copy.deepcopy(FIELDS[name]).clean(typed)


def test_they_are_all_there():
    assert len(FIELDS) > 200
    assert {"PatientForm.phone", "CheckOutForm.fee", "InvoiceFilter.q", "ClinicSettingsForm.bank_bsb"} <= FIELDS.keys()


@pytest.mark.parametrize("name", FIELDS)
def test_is_of_a_kind_that_reads_what_is_typed(name):
    field = FIELDS[name]
    kind = field if isinstance(field, type) else type(field)
    of_allauth = name.partition(".")[0] in OF_ALLAUTH
    of_the_page = kind in {forms.IntegerField, forms.CharField} and isinstance(field.widget, forms.HiddenInput)
    if kind.__module__.startswith("django_filters"):
        assert issubclass(kind, forms.ChoiceField | forms.UUIDField | forms.ModelChoiceField)
    else:
        assert issubclass(kind, LINES + NUMBERS + OTHERS) or of_the_page or of_allauth


def test_no_form_adds_a_plain_one():
    """Those that a form makes for itself stand in no class."""
    found = []
    for path in ROOT.rglob("*.py"):
        if "migrations" in path.parts or path.is_relative_to(ROOT / "common" / "forms"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            of_django = isinstance(node.func.value, ast.Name) and node.func.value.id in {"forms", "django_filters"}
            is_hidden = any(word.arg == "widget" and "HiddenInput" in ast.dump(word.value) for word in node.keywords)
            if of_django and not is_hidden and node.func.attr.replace("Filter", "Field") in PLAIN:
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.func.attr}")
    assert found == []


NOTHING = "\u200b\u200f\ufeff\u3164 \u00ad\u2060"


@pytest.mark.parametrize("name", _of(*LINES, *NUMBERS, ours.TextField))
def test_a_line_of_marks_that_nobody_sees_is_empty(name):
    if FIELDS[name].required:
        with pytest.raises(ValidationError) as refused:
            _read(name, NOTHING)
        assert refused.value.error_list[0].code == "required"
    else:
        assert _read(name, NOTHING) in ("", None)


@pytest.mark.parametrize("name", _of(ours.EmailLineField))
def test_an_address_is_what_the_eye_sees(name):
    assert _read(name, "\ufeffMai\u200b.\u00adAnh@exa\u2060mple.com\u200e ").casefold() == "mai.anh@example.com"


@pytest.mark.parametrize("name", _of(PercentField))
def test_percents(name):
    for typed in ("62.5", "\u200f٦٢٫٥", "６２．５", "62.5%"):
        assert _read(name, typed) == Decimal("62.5")
    for typed in ("62,5", "٦٢،٥", "101", "-1"):
        with pytest.raises(ValidationError):
            _read(name, typed)


@pytest.mark.parametrize("name", _of(*COUNTS))
def test_what_programs_call_a_number_is_none(name):
    """And it is refused in words of its own kind: a count is no amount of dollars."""
    is_money = isinstance(FIELDS[name], ours.MoneyField)
    for typed in ("1e5", "1E+2", "0x1f", "Infinity", "NaN", "1_000", "2^3", "½", "1/2", "two"):
        with pytest.raises(ValidationError) as refused:
            _read(name, typed)
        said = " ".join(refused.value.messages)
        assert said.startswith("Write a"), said
        assert ("dollars" in said) is is_money, said


@pytest.mark.parametrize("name", _of(ours.MoneyField))
def test_money(name):
    for typed in ("220.50", "\u200f٢٢٠٫٥٠", "$ ２２０．５０", "220.50 AUD"):
        assert _read(name, typed) == Decimal("220.50")
    for typed in ("1,220.50", "١٬٢٢٠٫٥٠", "1 220.50", "1\u202f220.50", "1’220.50"):
        assert _read(name, typed) == Decimal("1220.50")
    for typed in ("220,50", "٢٢٠،٥٠", "22,0", "1,22,050", "1 220,500", "22 050 00", "1.220,50", "0,220"):
        with pytest.raises(ValidationError, match=r"Write cents after a point, such as 220\.50"):
            _read(name, typed)


@pytest.mark.parametrize("name", _of(ours.PhoneField))
def test_phones(name):
    for typed in ("٠٤٩١ ٥٧٠ ٠٠٦", "0491\u200b–570–006", "+61 (0)491 570 006", "tel:+61-491-570-006", "0061 491570006"):
        assert _read(name, typed).as_e164 == "+61491570006"
    for typed, extension in (
        ("(03) 9010 1234 ext 5", "ext 5"),
        ("(03) 9010 1234 x5", "x5"),
        ("0390101234;ext=5", ";ext=5"),
        ("(03) 9010 1234 #5", "#5"),
        ("(03) 9010 1234 máy lẻ 5", "máy lẻ 5"),
    ):
        with pytest.raises(ValidationError, match=f"Leave out what comes after it: “{extension}”"):
            _read(name, typed)
    for typed in ("12,5", "12 x5", "000 ext 5"):
        with pytest.raises(ValidationError, match="This isn't a phone number we can call"):
            _read(name, typed)


@pytest.mark.parametrize("name", _of(ours.DateField))
def test_dates(name):
    for typed in ("23/4/2019", "٢٣/٤/٢٠١٩", "२३.४.२०१९", "２３－４－２０１９", "23\u200f/4/2019", "2019年4月23日"):
        assert _read(name, typed) == date(2019, 4, 23)


@pytest.mark.parametrize("name", [name for name in _of(ours.DateField) if FIELDS[name].is_near])
def test_near_days_are_of_this_age(name):
    # The first day of all and the last have no moment before or after them to be another zone's.
    for typed in ("0001-01-01", "31/12/1999", "1/1/2101", "9999-12-31"):
        with pytest.raises(ValidationError, match="Check the year"):
            _read(name, typed)


@pytest.mark.parametrize("name", _of(ours.TimeField))
def test_times(name):
    for typed in ("9:30", "٩:٣٠", "０９：３０", "9.30 a.m.", "9:30\u00a0AM"):
        assert _read(name, typed) == time(9, 30)


@pytest.mark.parametrize("name", _of(ours.WholeNumberField))
def test_whole_numbers(name):
    field = FIELDS[name]
    number = max(field.min_value or 0, 10)
    for zero in ("0", "٠", "०", "０"):
        typed = "".join(chr(ord(zero) + int(digit)) for digit in str(number))
        assert _read(name, f"\u200e{typed} ") == number
    with pytest.raises(ValidationError, match="Write a whole number"):
        _read(name, "1,0")


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("PatientForm.medicare_number", "٢٩٥١ ٨٧٣١٢ ٥", "2951873125"),
        ("BookingDetailsForm.medicare_number", "２９５１–８７３１２–５", "2951873125"),
        ("PatientForm.medicare_irn", "१", "1"),
        ("PatientForm.medicare_expires", "٠٤/٢٠٢٩", date(2029, 4, 30)),
        ("PatientForm.postcode", "３０５６", "3056"),
        ("ClinicSettingsForm.abn", "٥١ ٨٢٤ ٧٥٣ ٥٥٦", "51824753556"),
        ("ClinicSettingsForm.bank_bsb", "٠٨٣–٠٠٤", "083-004"),
        ("ClinicSettingsForm.bank_account", "１２ ３４５６", "12 3456"),
        ("ReferralForm.referrer_provider_number", "４０２４７４２f", "4024742F"),
        ("ProviderNumberForm.number", "٤٠٢٤ ٧٤٢f", "4024742F"),
        ("CrisisLineForm.number", "１３ １１ １４", "13 11 14"),
    ],
)
def test_numbers_of_registers_cards_and_banks(name, typed, kept):
    assert _read(name, typed) == kept


@pytest.mark.parametrize("name", _of(ours.LineField, ours.SearchField))
def test_words_stay_as_they_were_typed(name):
    field = FIELDS[name]
    if type(field) in {ours.LineField, ours.SearchField} and getattr(field, "limit", 99) >= 14:
        assert _read(name, " \u200bD’Ước\u2060  Núñez٣\ufeff") == "D’Ước Núñez٣"
