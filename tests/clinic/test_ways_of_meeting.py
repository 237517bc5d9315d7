"""How psychologists meet people: their own ways, and those they share with a service."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from portal.clinic.models import Mode, Psychologist
from portal.clinic.profile_forms import OwnProfileForm, PsychologistForm
from portal.common.forms.raw import written
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, tzinfo=UTC)
ALONE = {"in_person": False, "video": True, "phone": False}
NO_WAY = dict.fromkeys(Mode.values, False)


def test_everybody_begins_with_all_ways():
    assert make.psychologist().modes == list(Mode)


def test_a_psychologist_without_a_way_can_not_be_kept():
    with pytest.raises(IntegrityError, match="psychologist_has_a_mode"), transaction.atomic():
        Psychologist.objects.filter(pk=make.psychologist().pk).update(**NO_WAY)


@pytest.mark.parametrize(
    ("own", "services", "shared"),
    [
        ("in_person video phone", "in_person video", "in_person video"),
        ("video", "in_person video phone", "video"),
        ("phone video", "phone video", "video phone"),
        ("video", "in_person", ""),
    ],
)
def test_a_service_is_given_in_the_ways_that_both_have(own, services, shared):
    service = make.service(**NO_WAY | dict.fromkeys(services.split(), True))
    person = make.psychologist(**NO_WAY | dict.fromkeys(own.split(), True))
    assert person.modes_for(service) == shared.split()
    assert list(Psychologist.objects.offering(service)) == ([person] if shared else [])
    # Named or not makes no difference to the ways.
    person.services.set([service])
    assert list(Psychologist.objects.offering(service)) == ([person] if shared else [])
    person.services.set([make.service()])
    assert not Psychologist.objects.offering(service).exists()


# ---- The forms -------------------------------------------------------------------------------------------------------


def forms(person, data):
    managers = {"title": "Dr", "slug": "mai", "registration": "clinical", "position": "0"}
    own, whole = ({"shown": shown(form, person)} for form in (OwnProfileForm, PsychologistForm))
    return OwnProfileForm(data | own, instance=person), PsychologistForm(managers | data | whole, instance=person)


def shown(form, person):
    return written(form(instance=Psychologist.objects.get(pk=person.pk)).stored)


def test_both_forms_keep_the_ways_that_are_ticked():
    for form in forms(make.psychologist(), {"video": "on"}):
        assert form.is_valid(), form.errors
        assert {name: form.values[name] for name in ALONE} == ALONE


def test_no_way_at_all_is_refused_beside_the_boxes():
    for form in forms(make.psychologist(), {"headline": "Kept"}):
        assert form.errors == {"in_person": ["Choose at least one way of meeting people."]}


def test_a_way_that_was_withdrawn_meanwhile_does_not_come_back():
    person = make.psychologist()
    opened = shown(OwnProfileForm, person)
    assert json.loads(opened).keys() >= set(Mode.values)
    Psychologist.objects.filter(pk=person.pk).update(in_person=False)
    untouched = dict.fromkeys([*Mode.values, "accepting_patients"], "on") | {"shown": opened}
    form = OwnProfileForm(untouched, instance=Psychologist.objects.get(pk=person.pk))
    assert (form.is_valid(), form.values["in_person"], form.changes) == (True, False, {})
    # Who has seen it and ticks the box again means it.
    seen = dict.fromkeys([*Mode.values, "accepting_patients"], "on") | {"shown": shown(OwnProfileForm, person)}
    again = OwnProfileForm(seen, instance=Psychologist.objects.get(pk=person.pk))
    assert (again.is_valid(), again.changes) == (True, {"in_person": True})
