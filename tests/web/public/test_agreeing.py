"""Agreeing to the policies while one books: once, to what was read, for the person it is about."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.appointments.models import Appointment, Status
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.patients import consents
from portal.patients.models import Consent, Patient
from portal.policies import publishing
from portal.policies.models import PolicyKind
from tests import make
from tests.web.public.held import send

pytestmark = pytest.mark.django_db
NEW = {"legal_first_name": "Ash", "date_of_birth": "1990-05-17", "phone": "0491 570 006"}


@pytest.fixture
def user():
    return make.user()


@pytest.fixture
def client(user):
    make.clinic()
    return make.client_for(user)


def publish(kind=PolicyKind.FEES, **kwargs):
    now = timezone.now()
    return publishing.publish(
        kind=kind, effective_from=ClinicSettings.current().today(now), by=Actor.system("test"), now=now, **kwargs
    )


@pytest.fixture
def policies(client):
    return {kind: publish(kind) for kind in PolicyKind}


@pytest.fixture
def confirm(client):
    """The address of the last step, with a time held for this visitor."""
    make.service(slug="session")
    mai = make.psychologist()
    make.week(psychologist=mai, weekdays=(0, 1, 2, 3, 4, 5, 6))
    monday = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())
    times = client.get(
        reverse("public:times", args=["session"]), {"psychologist": mai.slug, "week": monday.isoformat()}
    )
    value = times.content.decode().split('name="time" value="')[1].split('"')[0]
    held = client.post(
        reverse("public:times", args=["session"]), {"psychologist": mai.slug, "mode": "in_person", "time": value}
    )
    assert held.status_code == 302, held.content
    return reverse("public:confirm", args=["session"])


def booked():
    return Appointment.objects.filter(status=Status.BOOKED).count()


def agreed():
    return {(c.patient_id, c.version.kind, c.version.number) for c in Consent.objects.select_related("version")}


def boxes(response):
    agreement = response.context["agreement"]
    return {version.kind for version in agreement.shown}, agreement.hidden_for_known


def test_while_nothing_is_published_nothing_is_asked(client, confirm):
    assert boxes(client.get(confirm)) == (set(), True)
    assert send(client, confirm, {"who": "me"} | NEW).status_code == 302
    assert (booked(), agreed()) == (1, set())


def test_somebody_new_must_agree_to_both(client, policies, confirm):
    page = client.get(confirm)
    assert boxes(page)[0] == {"privacy", "fees"}
    refused = send(client, confirm, {"who": "me", "agree_privacy": "1"} | NEW)
    assert refused.status_code == 422
    assert set(refused.context["agreement"].errors) == {"agree_fees"}
    assert refused.context["agreement"]["agree_privacy"].value() is True
    assert refused.context["details"]["legal_first_name"].value() == "Ash"
    assert (booked(), Patient.objects.count()) == (0, 0)
    assert send(client, confirm, {"who": "me", "agree_privacy": "1", "agree_fees": "1"} | NEW).status_code == 302
    patient = Patient.objects.get()
    assert agreed() == {(patient.pk, "privacy", 1), (patient.pk, "fees", 1)}


def test_what_is_agreed_to_is_what_was_read(client, policies, confirm):
    publish()
    ticked = {"who": "me", "agree_privacy": "1", "agree_fees": "1"} | NEW
    refused = send(client, confirm, ticked)
    assert refused.status_code == 422
    assert refused.context["agreement"].errors.as_data()["agree_fees"][0].code == "changed"
    assert send(client, confirm, ticked | {"agree_fees": "2"}).status_code == 302
    assert {(kind, number) for _patient, kind, number in agreed()} == {("privacy", 1), ("fees", 2)}


def test_who_has_agreed_is_not_asked_again(client, user, policies, confirm):
    patient = make.patient(user=user)
    consents.agree(patient=patient, versions=policies.values(), by=Actor(user, "patient"), now=timezone.now())
    assert boxes(client.get(confirm))[1] is True
    assert send(client, confirm, {"who": str(patient.code)}).status_code == 302
    assert (booked(), len(agreed())) == (1, 2)


def test_a_new_version_that_asks_is_agreed_to_before_the_next_booking(client, user, policies, confirm):
    patient = make.patient(user=user)
    consents.agree(patient=patient, versions=policies.values(), by=Actor(user, "patient"), now=timezone.now())
    publish(ask_again=True)
    page = client.get(confirm)
    assert [(box.name, css_class) for box, css_class in page.context["agreement"].boxes] == [
        ("agree_privacy", "only-new"),
        ("agree_fees", ""),
    ]
    assert send(client, confirm, {"who": str(patient.code)}).status_code == 422
    assert send(client, confirm, {"who": str(patient.code), "agree_fees": "2"}).status_code == 302
    assert (patient.pk, "fees", 2) in agreed()


def test_a_parent_agrees_for_the_child_and_not_for_themself(client, user, policies, confirm):
    make.patient(user=user)
    sent = {"who": "other", "relationship": "parent", "agree_privacy": "1", "agree_fees": "1"} | NEW
    assert send(client, confirm, sent).status_code == 302
    child = Patient.objects.get(user=None)
    assert {patient for patient, _kind, _number in agreed()} == {child.pk}
    assert {consent.agreed_by for consent in Consent.objects.all()} == {user}
