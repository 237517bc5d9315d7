"""Nobody who works here opens a record to themself, and the patient's side hears of whoever is let in."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.notifications.models import Notice
from portal.patients.models import Carer, Patient
from tests import make

pytestmark = pytest.mark.django_db
STAFF = pytest.mark.parametrize("role", [Role.RECEPTION, Role.MANAGER])


@pytest.fixture(autouse=True)
def clinic():
    return make.clinic()


def at(name, patient):
    return reverse(f"reception:{name}", args=[patient.code])


def add(client, patient, user, **fields):
    sent = {"email": user.email, "relationship": "other", "checked": "on"} | fields
    return client.post(at("add_carer", patient), sent)


def told(template="account/carers_changed"):
    return sorted(notice.to for notice in Notice.objects.filter(template=template))


@STAFF
def test_not_as_a_carer(role):
    me, patient = make.user(role=role), make.patient(user=make.user())
    answer = add(make.client_for(me), patient, me)
    assert (answer.status_code, Carer.objects.count()) == (422, 0)
    assert "your own account" in answer.content.decode()
    assert add(make.signed_in_client(role=role), patient, me).status_code == 302
    assert Carer.objects.get().user == me


@STAFF
def test_not_as_the_account_of_a_record(role):
    me, patient = make.user(role=role), make.patient()
    sent = {"email": me.email, "account": str(me.code), "checked": "on"}
    answer = make.client_for(me).post(at("link_account", patient), sent)
    patient.refresh_from_db()
    assert (answer.status_code, patient.user) == (422, None)
    assert "your own account" in answer.content.decode()
    assert make.signed_in_client(role=role).post(at("link_account", patient), sent).status_code == 302


@STAFF
def test_not_by_an_invitation_nor_a_birth_date(role):
    me = make.user(role=role)
    patient = make.patient(email=me.email, legal_first_name="Kit", date_of_birth=date(2015, 3, 2))
    client = make.client_for(me)
    answer = client.post(at("invite_patient", patient), follow=True)
    assert "your own address" in answer.content.decode()
    assert not patient.mailed_links.exists()
    for who in ({"who": "me"}, {"who": "other", "relationship": "parent"}):
        client.post(reverse("patient:find"), who | {"first_name": "Kit", "date_of_birth": "02/03/2015"})
    assert not Patient.objects.managed_by(me).exists()


def test_not_by_a_second_record_of_ones_own():
    me, patient = make.user(role=Role.MANAGER), make.patient(legal_first_name="Kit", legal_last_name="Wu")
    own = make.patient(user=me, legal_first_name="Kit", legal_last_name="Wu", email=patient.email)
    answer = make.client_for(me).post(at("compare", own), {"same": str(patient.code)}, follow=True)
    patient.refresh_from_db()
    assert patient.user is None
    assert "Somebody else at the clinic" in answer.content.decode()


def test_the_person_is_asked_first():
    patient, user = make.patient(), make.user()
    answer = add(make.signed_in_client(role=Role.RECEPTION), patient, user, checked="")
    assert (answer.status_code, Carer.objects.count()) == (422, 0)
    assert "Check it with the person first" in answer.content.decode()


def test_the_patient_and_other_carers_are_mailed_as_one_begins_and_ends():
    patient = make.patient(user=make.user(email="own@example.com"))
    make.carer(patient=patient, user=make.user(email="first@example.com"))
    desk, second = make.signed_in_client(role=Role.RECEPTION), make.user(email="second@example.com")
    add(desk, patient, second)
    assert told() == ["first@example.com", "own@example.com"]
    desk.post(at("end_carer", patient), {"carer": Carer.objects.get(user=second).pk})
    assert told() == ["first@example.com", "first@example.com", "own@example.com", "own@example.com"]


def test_an_address_on_file_is_mailed():
    patient = make.patient(email="file@example.com")
    add(make.signed_in_client(role=Role.RECEPTION), patient, make.user())
    assert told() == ["file@example.com"]


def test_an_account_that_is_unlinked_is_told_and_so_are_those_who_care_when_one_is_linked():
    patient = make.patient(user=make.user(email="own@example.com"))
    make.carer(patient=patient, user=make.user(email="first@example.com"))
    desk, other = make.signed_in_client(role=Role.RECEPTION), make.user(email="other@example.com")
    desk.post(at("unlink_account", patient), {"reason": "wrong_person", "seen": str(patient.user.code)})
    assert told("account/record_closed") == ["own@example.com"]
    desk.post(at("link_account", patient), {"email": other.email, "account": str(other.code), "checked": "on"})
    assert told("account/record_opened") == ["other@example.com"]
    assert told() == ["first@example.com"]


def test_the_patient_reads_who_it_is_and_ends_it():
    me = make.user()
    patient, clerk, carer = make.patient(user=me), make.staff(), make.user(first_name="Noor", last_name="Haddad")
    add(make.client_for(clerk), patient, carer)
    client, page = make.client_for(me), reverse("patient:privacy")
    shown = client.get(page).content.decode()
    assert "Noor Haddad" in shown
    assert f"added by {clerk.name}" in shown
    row = {"carer": Carer.objects.get().pk}
    files, end = (reverse(f"patient:{name}", args=[patient.code]) for name in ("carer_files", "end_carer"))
    for reads in ("yes", "no"):
        client.post(files, row | {"reads": reads})
        assert Carer.objects.get().reads_files is (reads == "yes")
    # Nobody but the patient decides it: not a carer, for themself or for another.
    for address in (files, end):
        assert make.client_for(carer).post(address, row | {"reads": "yes"}).status_code == 404
    client.post(end, row)
    assert not Carer.objects.in_force().exists()
    assert told() == [me.email]
    client.get(page)  # the message that says so
    assert "Noor Haddad" not in client.get(page).content.decode()


def test_a_child_ends_no_parent():
    me = make.user()
    child = make.patient(user=me, date_of_birth=timezone.now().date().replace(day=1, year=timezone.now().year - 10))
    row = make.carer(patient=child)
    answer = make.client_for(me).post(reverse("patient:end_carer", args=[child.code]), {"carer": row.pk})
    assert (answer.status_code, Carer.objects.in_force().count()) == (404, 1)
