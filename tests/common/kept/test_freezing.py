"""Kept rows are everybody's: nobody changes them, and they ask the database for nothing more."""

import copy
import pickle

import pytest

from portal.appointments.models import Appointment
from portal.clinic import kept as clinic
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.kept import Frozen, freeze
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    row = make.psychologist(user=make.user(first_name="Mai", last_name="Nguyễn"), title="Dr")
    return clinic.psychologists()[row.pk]


@pytest.mark.parametrize(
    "change",
    [
        lambda row: setattr(row, "title", "Prof"),
        lambda row: delattr(row, "title"),
        lambda row: row.save(),
        lambda row: row.save(update_fields=["title"]),
        lambda row: row.delete(),
        lambda row: row.refresh_from_db(),
        lambda row: setattr(row.user, "last_name", "Tran"),
        lambda row: row.user.save(),
    ],
)
def test_a_kept_row_cannot_be_changed(person, change):
    with pytest.raises(Frozen, match="read the row to change it"):
        change(person)
    assert (person.title, person.user.last_name) == ("Dr", "Nguyễn")


@pytest.mark.parametrize("ask", [lambda row: row.bio, lambda row: row.user.email, lambda row: row.user.password])
def test_a_kept_row_knows_what_was_read_with_it_and_no_more(person, ask):
    with pytest.raises(Frozen):
        ask(person)


def test_who_has_no_name_yet_is_called_what_they_are():
    own = make.psychologist(title="", user=make.user(first_name="", last_name="", email="mai@example.com"))
    assert clinic.psychologists()[own.pk].name == "Psychologist"


def test_a_relation_that_was_not_read_does_not_stick():
    person = make.psychologist()
    row = freeze(Psychologist.objects.get(pk=person.pk))
    with pytest.raises(TypeError):
        _ = row.user


def test_to_django_a_kept_row_is_the_models_own(person):
    own = Psychologist.objects.get(pk=person.pk)
    assert person == own
    assert hash(person) == hash(own)
    assert isinstance(person, Psychologist)
    assert (person.name, str(person), repr(person)) == (own.name, str(own), repr(own))
    booked = make.appointment(psychologist=person)
    assert Appointment.objects.get(psychologist=person) == booked
    assert own in [person]
    assert type(pickle.loads(pickle.dumps(own))) is Psychologist  # noqa: S301 - our own row


def test_a_copy_is_ones_own(person):
    own = copy.copy(person)
    own.title = "Prof"
    assert (own.title, person.title) == ("Prof", "Dr")


def test_lists_and_mappings_can_only_be_read():
    frozen = freeze({"list": [1, 2], "set": {3}, "within": {"a": [4]}})
    assert (frozen["list"], frozen["set"], frozen["within"]["a"]) == ((1, 2), frozenset({3}), (4,))
    with pytest.raises(TypeError):
        frozen["list"] = ()
    with pytest.raises(TypeError):
        frozen["within"]["a"] = ()


def test_rows_that_name_each_other_are_frozen_once():
    row = Psychologist.objects.select_related("user").get(pk=make.psychologist().pk)
    assert row.user.psychologist is row
    frozen = freeze(row)
    with pytest.raises(Frozen):
        frozen.user.psychologist.title = "Prof"


def test_settings_are_changed_in_a_row_of_ones_own():
    make.clinic(name="Banksia Lane")
    with pytest.raises(Frozen):
        ClinicSettings.current().name = "Fern Street"
    own = ClinicSettings.for_changing()
    own.name = "Fern Street"
    own.save()
    assert ClinicSettings.current().name == "Fern Street"
