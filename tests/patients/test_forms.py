import re
from datetime import UTC, date, datetime
from html import unescape
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.template import Context, Template

from portal.common.access.actors import Actor
from portal.common.text.normalise import full_name
from portal.patients import actions
from portal.patients.forms import BookingDetailsForm, OwnDetailsForm, PatientForm
from portal.patients.models import Patient
from tests import make

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BY = Actor.system("a test")
WHOLE = {
    "legal_first_name": " Mai ",
    "legal_last_name": "Nguyễn",
    "preferred_name": "",
    "date_of_birth": "23/4/1990",
    "phone": "0491 570 006",
    "email": "mai@example.com",
    "state": "VIC",
    "postcode": "3056",
    "medicare_number": "2951 87312 5",
    "medicare_irn": "1",
    "medicare_expires": "04/2029",
    "emergency_phone": "(03) 9010 1234",
    "desk_note": "rings the side door",
}


def form_with(**change):
    return PatientForm(WHOLE | change, today=TODAY)


@pytest.mark.django_db
def test_what_is_typed_is_what_is_kept():
    form = form_with()
    assert form.is_valid(), form.errors
    patient = actions.register_patient(values=form.cleaned_data, by=BY, now=NOW)
    patient.refresh_from_db()
    assert patient.legal_name == "Mai Nguyễn"
    assert patient.date_of_birth == date(1990, 4, 23)
    assert (patient.phone.as_e164, patient.emergency_phone.as_e164) == ("+61491570006", "+61390101234")
    assert (patient.medicare_number, patient.medicare_irn) == ("2951873125", "1")
    assert patient.medicare_expires == date(2029, 4, 30)


@pytest.mark.django_db
def test_what_is_kept_is_shown_as_people_write_it_and_saves_unchanged():
    patient = make.patient(
        date_of_birth=date(1990, 4, 3),
        phone="+61491570006",
        medicare_number="2951873125",
        medicare_irn="1",
        medicare_expires=date(2029, 4, 30),
    )
    patient = Patient.objects.get(pk=patient.pk)
    form = PatientForm(instance=patient, today=TODAY)
    shown = {name: form[name].value() for name in form.fields}
    assert shown["medicare_number"] == "2951 87312 5"
    assert shown["medicare_expires"] == "04/2029"
    assert shown["phone"] == "0491 570 006"
    assert 'value="3/04/1990"' in str(form["date_of_birth"])
    sent = {name: value or "" for name, value in shown.items()} | {"date_of_birth": "3/04/1990"}
    again = PatientForm(sent, instance=patient, today=TODAY)
    assert again.is_valid(), again.errors
    assert {name: getattr(patient, name) for name in again.cleaned_data} == again.cleaned_data


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"date_of_birth": "31/2/1990"}, "date_of_birth", "There is no 31 February 1990. Check the day and the month."),
        ({"date_of_birth": "25/11/2026"}, "date_of_birth", "This date is still to come. Check the year."),
        ({"date_of_birth": "1/1/1900"}, "date_of_birth", "This is more than 125 years ago. Check the year."),
        ({"date_of_birth": ""}, "date_of_birth", "Enter the date of birth."),
        ({"medicare_number": "2951 87322 5"}, "medicare_number", "doesn't add up"),
        ({"medicare_number": "2951"}, "medicare_number", "A Medicare card number has ten digits."),
        ({"medicare_irn": "0"}, "medicare_irn", "The number beside the name on the card is 1 to 9."),
        ({"medicare_irn": ""}, "medicare_irn", "Add the digit beside the name on the card."),
        ({"medicare_number": ""}, "medicare_number", "Add the card's number, or clear the other."),
        ({"medicare_expires": "2029"}, "medicare_expires", "Write month and year as on the card, such as 04/2029."),
        ({"legal_first_name": "x" * 300}, "legal_first_name", "Write at most 100 characters. This has 300."),
        ({"legal_first_name": "a\x00b"}, "legal_first_name", "This has characters in it that can't be shown."),
        ({"legal_first_name": "  "}, "legal_first_name", "Fill this in."),
        ({"phone": "12"}, "phone", "This isn't a phone number we can call."),
        ({"email": "mai"}, "email", "Enter an e-mail address, such as mai@example.com."),
        ({"email": f"{'m' * 300}@example.com"}, "email", "Enter an e-mail address, such as mai@example.com."),
        ({"postcode": "56"}, "postcode", "An Australian postcode has four digits."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_stays_typed(change, field, words):
    form = form_with(**change)
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    for name, typed in (WHOLE | change).items():
        assert form[name].value() == typed


@pytest.mark.parametrize(
    "form", [PatientForm(today=TODAY), OwnDetailsForm(today=TODAY), BookingDetailsForm(today=TODAY)]
)
def test_every_field_stands_in_one_group_in_the_order_of_the_page(form):
    assert [field.name for _title, fields in form.fieldsets for field in fields] == list(form.fields)


@pytest.mark.parametrize(
    ("typed", "born", "shown"),
    [
        ("3/4/85", date(1985, 4, 3), "3/04/1985"),
        ("24/11/26", TODAY, "24/11/2026"),
        ("25/11/26", date(1926, 11, 25), "25/11/1926"),
    ],
)
@pytest.mark.parametrize("kind", [PatientForm, BookingDetailsForm])
def test_a_year_of_two_digits_is_taken_and_comes_back_with_four(kind, typed, born, shown):
    form = kind(WHOLE | {"date_of_birth": typed, "phone": "12"}, today=TODAY)
    assert list(form.errors) == ["phone"]
    assert form.cleaned_data["date_of_birth"] == born
    assert f'value="{shown}"' in str(form["date_of_birth"])


def test_born_today_and_oldest():
    assert form_with(date_of_birth="24/11/2026").is_valid()
    assert form_with(date_of_birth="1/1/1901").is_valid()


@pytest.mark.parametrize(
    ("change", "odd"),
    [
        ({}, []),
        ({"state": "NSW"}, ["postcode"]),
        ({"medicare_expires": "10/2026"}, ["medicare_expires"]),
        ({"medicare_expires": "11/2026"}, []),
    ],
)
def test_what_is_odd_is_a_warning_and_is_taken(change, odd):
    form = form_with(**change)
    assert form.is_valid(), form.errors
    assert [field for field, _words in form.warnings] == odd


def test_what_a_page_could_read_as_markup_in_a_name_is_escaped():
    name = 'Mai "Bud" O\'Brien & Bob'
    form = form_with(legal_first_name=name)
    assert form.is_valid()
    assert form.cleaned_data["legal_first_name"] == name
    page = Template("{{ patient }} {{ form.legal_first_name }}").render(
        Context({"patient": Patient(legal_first_name=name), "form": form})
    )
    assert page.count("Mai &quot;Bud&quot; O&#x27;Brien &amp; Bob") == 2


def test_a_name_cannot_turn_the_text_around_it():
    form = form_with(legal_last_name="Smith\u202eevil")
    assert form.is_valid()
    assert form.cleaned_data["legal_last_name"] == "Smithevil"


@pytest.mark.django_db
def test_a_name_in_any_script_and_one_name_alone():
    for first, last in (("小明", "王"), ("عربي", ""), ("Ægir", "Łukasz"), ("नरेन्द्र", "मोदी")):
        form = form_with(legal_first_name=first, legal_last_name=last)
        assert form.is_valid()
        made = actions.register_patient(values=form.cleaned_data, by=BY, now=NOW)
        made.refresh_from_db()
        assert (made.legal_first_name, made.legal_last_name) == (first, last)
        assert made.legal_name == full_name(first, last)


def test_what_a_person_keeps_right_leaves_what_the_desk_checks():
    form = OwnDetailsForm(WHOLE, today=TODAY)
    assert form.is_valid(), form.errors
    assert not {"legal_first_name", "legal_last_name", "date_of_birth", "desk_note"} & set(form.cleaned_data)


def test_short_form_of_a_booking():
    form = BookingDetailsForm(
        {"legal_first_name": "Mai", "date_of_birth": "23/4/1990", "phone": "0491570006"}, today=TODAY
    )
    assert form.is_valid(), form.errors
    assert set(form.cleaned_data) <= actions.DETAILS
    assert list(BookingDetailsForm({}, today=TODAY).errors) == ["legal_first_name", "date_of_birth", "phone"]
    assert list(
        BookingDetailsForm(
            {"legal_first_name": "Mai", "date_of_birth": "23/4/1990", "phone": "0491570006", "medicare_irn": "2"},
            today=TODAY,
        ).errors
    ) == ["medicare_number"]


def test_messages_are_offered_in_every_language_of_the_portal():
    assert [code for code, _name in PatientForm(today=TODAY).fields["language"].choices] == ["", "zh-hans", "vi", "ar"]
    assert list(form_with(language="fr").errors) == ["language"]
    form = form_with(language="vi")
    assert form.is_valid()
    assert form.cleaned_data["language"] == "vi"


@pytest.mark.parametrize("typed", ["2951 87312 5 / 1", "2951873125/1", "2951 87312 5 1", "２９５１ ８７３１２ ５ / １"])
@pytest.mark.parametrize("irn", ["", "1"])
@pytest.mark.parametrize("kind", [PatientForm, OwnDetailsForm, BookingDetailsForm])
def test_a_card_as_the_portal_writes_it_is_taken_apart(typed, irn, kind):
    form = kind(QueryDict(urlencode(WHOLE | {"medicare_number": typed, "medicare_irn": irn})), today=TODAY)
    assert form.is_valid(), form.errors
    assert (form.cleaned_data["medicare_number"], form.cleaned_data["medicare_irn"]) == ("2951873125", "1")


def test_a_card_with_two_digits_beside_the_name_is_asked_about():
    form = form_with(medicare_number="2951 87312 5 / 1", medicare_irn="2")
    assert list(form.errors) == ["medicare_number"]
    assert form["medicare_irn"].value() == "2"


def test_a_card_pasted_whole_into_a_record_changes_both_of_its_fields(db):
    patient = make.patient()
    page = PatientForm(instance=patient, today=TODAY)
    sent = {name: page[name].value() or "" for name in page.fields} | {"date_of_birth": "3/04/1990"}
    shown = re.search(r'name="shown" value="([^"]*)"', page.shown)
    assert shown
    sent |= {"medicare_number": "2951 87312 5 / 1", "shown": unescape(shown[1])}
    form = PatientForm(sent, instance=patient, today=TODAY)
    assert form.is_valid(), form.errors
    assert {"medicare_number": "2951873125", "medicare_irn": "1"}.items() <= form.changes.items()
