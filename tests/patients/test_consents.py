"""Who agreed to which version of a policy, and whom to ask again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common import kept
from portal.common.access.actors import Actor
from portal.patients import consents
from portal.patients.models import Consent
from portal.policies import publishing
from portal.policies.models import PolicyKind
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def user():
    return make.user()


@pytest.fixture
def patient(user):
    make.clinic()
    return make.patient(user=user)


@pytest.fixture
def by(user):
    return Actor(user, Role.PATIENT)


def publish(kind=PolicyKind.FEES, *, in_days=0, **kwargs):
    return publishing.publish(
        kind=kind, effective_from=TODAY + timedelta(days=in_days), by=Actor.system("test"), now=NOW, **kwargs
    )


def left(*patients, today=TODAY):
    return consents.outstanding(patients, today=today)


def test_nothing_published_nothing_asked(patient):
    assert left(patient) == {}


def test_asked_once_for_each_policy_and_not_again(patient, by):
    fees, privacy = publish(), publish(PolicyKind.PRIVACY)
    assert left(patient) == {patient.pk: [privacy, fees]}
    consents.agree(patient=patient, versions=[fees], by=by, now=NOW)
    assert left(patient) == {patient.pk: [privacy]}
    consents.agree(patient=patient, versions=[privacy], by=by, now=NOW)
    assert left(patient) == {}


def test_a_new_version_that_does_not_ask_leaves_the_agreement_good(patient, by):
    consents.agree(patient=patient, versions=[publish()], by=by, now=NOW)
    publish()
    assert left(patient) == {}
    assert list(left(make.patient()).values()) != []


def test_a_new_version_that_asks_is_asked_from_the_day_it_takes_effect(patient, by):
    consents.agree(patient=patient, versions=[publish()], by=by, now=NOW)
    asking = publish(in_days=10, ask_again=True)
    assert left(patient) == {}
    assert left(patient, today=TODAY + timedelta(days=10)) == {patient.pk: [asking]}


def test_what_is_shown_is_the_newest_and_good_is_any_since_it_was_asked_for(patient, by):
    publish()
    asking = publish(ask_again=True)
    newest = publish()
    assert left(patient) == {patient.pk: [newest]}
    consents.agree(patient=patient, versions=[asking], by=by, now=NOW)
    assert left(patient) == {}


def test_agreed_twice_is_written_once_with_its_line(patient, by, user):
    version = publish()
    first = consents.agree(patient=patient, versions=[version, version], by=by, now=NOW)
    again = consents.agree(patient=patient, versions=[version], by=by, now=NOW + timedelta(hours=1))
    assert (len(first), again) == (1, [])
    consent = Consent.objects.get()
    assert (consent.agreed_by, consent.role, consent.agreed_at, consent.language) == (user, "patient", NOW, "en-au")
    entry = Entry.objects.get(verb="policy.agreed")
    assert (entry.target_code, entry.facts) == (str(patient.code), {"policy": "fees", "number": 1})


def test_only_ones_own_consents_are_seen(patient, by, user):
    version = publish()
    consents.agree(patient=patient, versions=[version], by=by, now=NOW)
    child = make.patient()
    make.carer(patient=child, user=user)
    consents.agree(patient=child, versions=[version], by=by, now=NOW)
    other = make.user()
    consents.agree(patient=make.patient(user=other), versions=[version], by=Actor(other, Role.PATIENT), now=NOW)

    def seen(actor):
        return Consent.objects.visible_to(actor).count()

    assert seen(by) == 2
    assert seen(make.actor(role=Role.RECEPTION)) == 3
    assert seen(make.actor(role=Role.PSYCHOLOGIST)) == 0


def test_the_cost_does_not_grow_with_the_people(patient, by, django_assert_num_queries):
    version = publish()
    people = [make.patient() for _ in range(20)]
    for one in people[:10]:
        consents.agree(patient=one, versions=[version], by=by, now=NOW)
    left(*people)
    # The stamp of what is kept, and the consents.
    with kept.one_stamp(), django_assert_num_queries(2):
        assert len(left(*people)) == 10


# ---- Never changes ---------------------------------------------------------------------------------------------------


def test_a_consent_never_changes(patient, by):
    version = publish()
    [consent] = consents.agree(patient=patient, versions=[version], by=by, now=NOW)
    other = make.patient()
    for column, value in [("agreed_at", "2020-01-01"), ("patient_id", other.pk), ("role", "manager"), ("id", 987)]:
        with pytest.raises(IntegrityError, match="never changes"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE patients_consent SET {column} = %s WHERE id = %s", [value, consent.pk])


def test_a_consent_may_go_with_its_record(patient, by):
    consents.agree(patient=patient, versions=[publish()], by=by, now=NOW)
    assert Consent.objects.all().delete()[0] == 1


def test_one_consent_for_a_version(patient, by, user):
    version = publish()
    consents.agree(patient=patient, versions=[version], by=by, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Consent.objects.create(
            patient=patient, version=version, agreed_by=user, role="patient", agreed_at=NOW, language="ar"
        )
