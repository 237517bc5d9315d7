"""Word about a patient goes to one address, decided once, and greets whoever reads it by their own name."""

import base64

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.billing.models import Invoice
from portal.journeys import booking, mailing
from portal.notifications.models import Notice
from portal.patients import actions
from portal.patients.reaching import address_of, readers_of
from tests import make

pytestmark = pytest.mark.django_db


def told(patient):
    make.clinic()
    session = make.appointment(patient=patient)
    booking.notify(session, "appointment_booked", now=timezone.now())
    return list(Notice.objects.order_by("pk"))


def attendees(notice):
    return [
        line
        for _name, _kind, content in notice.attachments
        for line in base64.b64decode(content).decode().replace("\r\n ", "").splitlines()
        if line.startswith("ATTENDEE")
    ]


def test_the_accounts_address_wins_over_an_older_one_on_file():
    user = make.user(email="new@example.com")
    patient = make.patient(user=user, email="old@example.com")
    assert address_of(patient) == "new@example.com"
    assert [reader.address for reader in readers_of(patient)] == ["new@example.com"]


def test_notices_and_calendar_entries_follow_the_account():
    patient = make.patient(user=make.user(email="new@example.com"), email="old@example.com")
    (notice,) = told(patient)
    assert notice.to == "new@example.com"
    assert all("new@example.com" in line and "old@" not in line for line in attendees(notice))
    assert attendees(notice)


def test_invoices_follow_the_account():
    patient = make.patient(user=make.user(email="new@example.com"), email="old@example.com")
    for billed in (None, patient.user):
        assert (
            mailing.address_for(Invoice(patient=patient, billed_user=billed, bill_to_name=patient.legal_name))
            == "new@example.com"
        )


def test_an_invoice_goes_to_nobody_who_only_cares_for_the_patient():
    child = make.patient(email="")
    make.carer(patient=child)
    assert mailing.address_for(Invoice(patient=child, bill_to_name=child.legal_name)) == ""


def test_a_parent_is_greeted_by_their_own_name_and_told_whom_it_is_about():
    child = make.patient(legal_first_name="Mia", preferred_name="Mimi", email="")
    parent = make.user(email="parent@example.com", first_name="Hue", language="vi")
    make.carer(patient=child, user=parent)
    (notice,) = told(child)
    assert (notice.to, notice.language) == ("parent@example.com", "vi")
    assert "Xin chào Hue," in notice.text
    assert "Cuộc hẹn của Mimi đã được đặt." in notice.text
    # A subject is read over shoulders.
    assert "Mimi" not in notice.subject


def test_an_address_on_file_that_a_carer_signs_in_with_is_the_carers():
    child = make.patient(legal_first_name="Mia", email="Parent@example.com")
    make.carer(patient=child, user=make.user(email="parent@example.com", first_name="Hue"))
    (reader,) = readers_of(child)
    assert (reader.address, reader.called, reader.about) == ("parent@example.com", "Hue", "Mia")


def test_a_carer_whose_account_is_closed_is_written_to_no_more():
    child = make.patient(email="")
    make.carer(patient=child, user=make.user(is_active=False))
    assert readers_of(child) == []


def test_two_carers_are_each_greeted_by_their_name():
    child = make.patient(legal_first_name="Mia", email="")
    for name in ("Hue", "Tran"):
        make.carer(patient=child, user=make.user(first_name=name))
    assert [(reader.called, reader.about) for reader in readers_of(child)] == [("Hue", "Mia"), ("Tran", "Mia")]


# ---- Names ----------------------------------------------------------------------------------------------------------


def test_the_account_is_called_as_the_record_says():
    user = make.user(first_name="Elizabeth", last_name="Brown")
    patient = make.patient(user=user, legal_first_name="Elizabeth", legal_last_name="Brown")
    by = make.actor(user=user)
    actions.update_patient(patient=patient, values={"preferred_name": "Liz"}, by=by, now=timezone.now())
    user.refresh_from_db()
    assert (user.called, user.last_name) == ("Liz", "Brown")
    client = make.client_for(user)
    assert "Hello Liz" in client.get(reverse("patient:home")).content.decode()


def test_a_legal_name_changed_at_the_desk_reaches_the_account_with_a_line_in_the_trail():
    user = make.user(first_name="Liz", last_name="Brown")
    patient = make.patient(user=user, legal_first_name="Elizabeth", legal_last_name="Brown", preferred_name="Liz")
    desk = make.actor(role=Role.RECEPTION)
    actions.update_patient(patient=patient, values={"legal_last_name": "Green"}, by=desk, now=timezone.now())
    user.refresh_from_db()
    assert user.name == "Liz Green"
    renamed = Entry.objects.get(verb="account.renamed")
    assert (renamed.facts["fields"], renamed.actor_id) == (["last_name"], str(desk.user.pk))


def test_staff_keep_the_name_of_their_work():
    user = make.user(first_name="Thomas", last_name="Ng", role=Role.PSYCHOLOGIST)
    patient = make.patient(user=user, legal_first_name="Thomas")
    actions.update_patient(patient=patient, values={"preferred_name": "Tommy"}, by=make.actor(), now=timezone.now())
    user.refresh_from_db()
    assert user.name == "Thomas Ng"
