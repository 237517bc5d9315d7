"""What Django says of a form is said in the portal's own words, in English as in every other language."""

from decimal import Decimal
from pathlib import Path

import django
import pytest
from babel.messages.pofile import read_po
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import translation

from portal.clinic.models import Room, Service, Specialisation
from portal.ops import gather_messages

CHOICES = [("a", "A")]


def said(field, value, language="en-au"):
    with translation.override(language):
        try:
            field.clean(value)
        except forms.ValidationError as refusal:
            return refusal.messages
    return []


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (forms.CharField(), "", "Fill this in."),
        (forms.ModelMultipleChoiceField(queryset=None), [], "Fill this in."),
        (forms.IntegerField(min_value=0), "-1", "Write a number of at least 0."),
        (forms.IntegerField(max_value=100), "101", "Write a number of at most 100."),
        (forms.DecimalField(min_value=Decimal("0.50")), "0.4", "Write a number of at least 0.50."),
        (forms.DecimalField(decimal_places=2), "1.234", "Write at most 2 digits after the point."),
        (forms.IntegerField(), "1.5", "Write a whole number."),
        (forms.DecimalField(), "ten", "Write a number."),
        (forms.CharField(max_length=1), "ab", "Write at most 1 character. This has 2."),
        (forms.CharField(min_length=3), "ab", "Write at least 3 characters. This has 2."),
        (forms.CharField(), "a\x00", "This has characters in it that can't be shown. Type it again."),
        (forms.DateField(), "soon", "Write the date as day, month and year, such as 23/4/1990."),
        (forms.EmailField(), "mai", "Enter an e-mail address, such as mai@example.com."),
        (forms.ChoiceField(choices=CHOICES), "b", "Choose one of these. “b” is not among them."),
        (forms.MultipleChoiceField(choices=CHOICES), "a", "Choose from the list."),
        (forms.FileField(), SimpleUploadedFile("a.txt", b""), "This file is empty. Choose another."),
    ],
)
def test_django_speaks_as_the_portal_does(field, value, words):
    assert said(field, value) == [words]


@pytest.mark.parametrize("language", gather_messages.other_languages())
def test_what_is_said_anew_in_english_is_said_in_every_language(language):
    field = forms.IntegerField(min_value=0)
    for value in ("", "-1", "1.5"):
        (other,) = said(field, value, language)
        assert other not in {*said(field, value), "This field is required.", "Enter a whole number."}


def test_what_a_table_refuses_is_said_in_plain_words():
    """Where a form of ours has no better words: the tables' own, by Django's checks."""
    twice = Specialisation(name="Grief", slug="grief")
    assert twice.unique_error_message(Specialisation, ["name"]).messages == [
        "Another one has this already (Specialisation: Name). Choose a different one."
    ]
    assert twice.unique_error_message(Room, ["location", "name"]).messages == [
        "Another one has these already (Room: Location and Name). Change one of them."
    ]
    (fee,) = [one for one in Service._meta.constraints if one.name == "service_fee_not_negative"]
    assert fee.get_violation_error_message() == (
        "This can't be kept as it is (service_fee_not_negative). Look over what you wrote."
    )


def test_what_is_said_anew_is_still_what_django_says():
    with (Path(django.__file__).parent / "conf/locale/en/LC_MESSAGES/django.po").open("rb") as file:
        theirs = read_po(file, locale="en")
    ours = gather_messages.read("en-au")
    assert [message.id for message in ours if message.id and not theirs.get(message.id)] == []
    assert gather_messages.mismatched(ours) == []


def test_english_says_anew_each_of_djangos_sentences_about_a_form_that_the_others_say():
    """Whoever gathers another one for readers says it in plain English too."""
    ours, others = gather_messages.read("en-au"), gather_messages.read("vi")
    starts = ("Ensure ", "Select a valid", "Enter a", "This field ", "No file ", "The submitted ", "Null ")
    gathered = [
        message.id
        for message in others
        if (message.id if isinstance(message.id, str) else next(iter(message.id), "")).startswith(starts)
        and [name for name, _line in message.locations] == ["portal/common/languages/library_words.py"]
    ]
    assert len(gathered) > 10
    assert [one for one in gathered if not ours.get(one)] == []
