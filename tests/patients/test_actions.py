from datetime import UTC, date, datetime

import pytest

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.patients import actions
from portal.patients.models import Carer, Patient
from portal.patients.refusals import AlreadyCarer, NotInForce, SomebodyElseIsBilled, UserHasRecord
from portal.patients.search import search
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
DETAILS = {"legal_first_name": "Mai", "legal_last_name": "Nguyễn", "date_of_birth": date(1990, 4, 23)}


@pytest.fixture
def by():
    return make.actor()


def trail():
    return [(e.verb, e.facts) for e in Entry.objects.order_by("pk")]


def test_registered_is_found_and_on_the_trail_without_a_word_about_them(by):
    patient = actions.register_patient(values=DETAILS, by=by, now=NOW)
    assert search(Patient.objects.all(), "nguyen") == [patient]
    assert trail() == [("patient.registered", {})]
    entry = Entry.objects.get()
    assert (entry.target_code, entry.actor_id) == (str(patient.code), str(by.user_id))


def test_one_record_for_an_account(by):
    user = make.user()
    actions.register_patient(values=DETAILS, user=user, by=by, now=NOW)
    with pytest.raises(UserHasRecord):
        actions.register_patient(values=DETAILS, user=user, by=by, now=NOW)
    assert Patient.objects.count() == 1


def test_fields_that_are_nobodys_to_type_are_refused(by):
    with pytest.raises(TypeError):
        actions.register_patient(values=DETAILS | {"user": make.user()}, by=by, now=NOW)
    with pytest.raises(TypeError):
        actions.update_patient(patient=make.patient(), values={"code": "x"}, by=by, now=NOW)


def test_changed_is_found_by_the_new_name_only(by):
    patient = actions.register_patient(values=DETAILS, by=by, now=NOW)
    actions.update_patient(patient=patient, values={"legal_last_name": "Trần", "pronouns": "she"}, by=by, now=NOW)
    assert search(Patient.objects.all(), "nguyen") == []
    assert search(Patient.objects.all(), "tran") == [patient]
    assert patient.legal_last_name == "Trần"
    assert trail()[-1] == ("patient.changed", {"fields": ["legal_last_name", "pronouns"]})


def test_nothing_changed_leaves_no_line(by):
    patient = actions.register_patient(values=DETAILS, by=by, now=NOW)
    actions.update_patient(patient=patient, values=DETAILS, by=by, now=NOW)
    assert [verb for verb, _facts in trail()] == ["patient.registered"]


def test_two_people_change_different_fields_and_both_stay(by):
    patient = actions.register_patient(values=DETAILS, by=by, now=NOW)
    stale = Patient.objects.get(pk=patient.pk)
    actions.update_patient(patient=patient, values={"suburb": "Brunswick"}, by=by, now=NOW)
    actions.update_patient(patient=stale, values={"street": "1 Lane"}, by=by, now=NOW)
    patient.refresh_from_db()
    assert (patient.suburb, patient.street) == ("Brunswick", "1 Lane")


def test_carer_sees_the_record_until_it_is_ended(by):
    patient, user = make.patient(), make.user()
    seen = Patient.objects.visible_to(Actor(user, Role.PATIENT))
    carer = actions.add_carer(patient=patient, user=user, relationship="parent", is_billed=True, by=by, now=NOW)
    assert list(seen.all()) == [patient]
    actions.end_carer(carer=carer, by=by, now=NOW)
    assert list(seen.all()) == []
    with pytest.raises(NotInForce):
        actions.end_carer(carer=carer, by=by, now=NOW)
    again = actions.add_carer(patient=patient, user=user, relationship="parent", is_billed=True, by=by, now=NOW)
    assert Carer.objects.count() == 2
    assert [verb for verb, _facts in trail()] == ["carer.added", "carer.ended", "carer.added"]
    assert again.is_billed


def test_carer_once_and_one_is_billed(by):
    patient, user = make.patient(), make.user()
    actions.add_carer(patient=patient, user=user, relationship="parent", is_billed=True, by=by, now=NOW)
    with pytest.raises(AlreadyCarer):
        actions.add_carer(patient=patient, user=user, relationship="guardian", by=by, now=NOW)
    with pytest.raises(SomebodyElseIsBilled):
        actions.add_carer(patient=patient, user=make.user(), relationship="parent", is_billed=True, by=by, now=NOW)
    actions.add_carer(patient=patient, user=make.user(), relationship="parent", by=by, now=NOW)
    assert Carer.objects.count() == 2
