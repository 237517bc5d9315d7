"""Opening what a colleague wrote is told to them and to the patient; and no manager reads a note alone."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.accounts.models import Grant, PendingGrant
from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.audit.models import Entry
from portal.clinic.models import Psychologist
from portal.journeys.to_do.kinds import RECORD_READ
from portal.notifications.models import Notice
from portal.patients.models import Reading
from portal.worklist.models import ToDo
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW

MAILED = "record_read"


@pytest.fixture
def note(session, signed):
    """The address of what Mai signed about Ruth."""
    return reverse("psychologist:note", args=[session.code])


@pytest.fixture
def kim(place, ruth):
    """A colleague who saw Ruth yesterday, and their browser."""
    kim = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Kim", last_name="Tran"))
    make.appointment(
        psychologist=kim, patient=ruth, location=place, starts_at=BEGAN - timedelta(days=1), status=Status.COMPLETED
    )
    return make.client_for(kim.user)


def mails():
    return Notice.objects.filter(template=MAILED).order_by("pk")


def test_the_colleague_is_told_once_a_day_of_each_reader(kim, note, client, mai, ruth, time_machine):
    for _ in range(3):
        assert "Slept badly." in kim.get(note).content.decode()
    row = Reading.objects.get()
    assert (row.author, row.patient, row.times, row.kind) == (mai.user, ruth, 3, "note")
    [mail] = mails()
    assert mail.to == mai.user.email
    for words in (mail.subject, mail.text, mail.html):
        assert "Ruth" not in words
        assert "Okafor" not in words
        assert "Slept" not in words
    assert "Kim Tran" in mail.text
    time_machine.move_to(NOW + timedelta(days=1), tick=False)
    kim = make.client_for(Reading.objects.get().reader)
    assert kim.get(note).status_code == 200
    assert mails().count() == 2
    assert Entry.objects.filter(verb="note.read", target_code=row_code()).count() == 4


def row_code():
    return str(Appointment.objects.get(note__isnull=False).note.code)


def test_it_waits_on_the_colleagues_list_and_leads_to_who_and_when(kim, note, client, mai):
    kim.get(note)
    listed = client.get(reverse("psychologist:to_do")).content.decode()
    page = reverse("psychologist:reading", args=[Reading.objects.get().code])
    assert page in listed
    assert "Ruth Okafor" in listed
    shown = client.get(page).content.decode()
    assert "Kim Tran" in shown
    assert "Ruth Okafor" in shown
    to_do = ToDo.objects.get(kind=RECORD_READ.name)
    client.post(reverse("psychologist:finish_to_do", args=[to_do.code]), {"outcome": "known"})
    assert not ToDo.objects.still_open().exists()


def test_nobody_else_sees_who_read(kim, note):
    kim.get(note)
    page = reverse("psychologist:reading", args=[Reading.objects.get().code])
    assert kim.get(page).status_code == 404
    assert make.client_for(make.psychologist().user).get(page).status_code == 404
    for role in (Role.MANAGER, Role.RECEPTION):
        assert make.client_for(make.user(role=role)).get(page).status_code == 403


def test_the_patient_finds_it_on_the_page_about_their_privacy(kim, note, ruth):
    kim.get(note)
    ruth.user = make.user()
    ruth.save(update_fields=["user"])
    shown = make.client_for(ruth.user).get(reverse("patient:privacy")).content.decode()
    assert "Kim Tran read notes by Mai Nguyễn" in shown
    stranger = make.signed_in_client()
    assert "Kim Tran" not in stranger.get(reverse("patient:privacy")).content.decode()


def test_a_file_that_a_colleague_made_for_somebody_is_told_as_well(kim, ruth, mai, session):
    share = make.share(resource=make.resource(made_for=ruth, by=mai.user), patient=ruth, shared_by=mai.user)
    b"".join(kim.get(reverse("psychologist:shared_file", args=[share.code])))
    assert [(row.kind, row.author) for row in Reading.objects.all()] == [("file", mai.user)]
    assert mails().count() == 1


def test_reading_ones_own_tells_nobody(client, note):
    assert client.get(note).status_code == 200
    assert not Reading.objects.exists()
    assert not mails().exists()


def test_whoever_left_is_written_to_no_more(kim, note, mai):
    mai.user.is_active = False
    mai.user.save(update_fields=["is_active"])
    kim.get(note)
    assert not mails().exists()
    assert Reading.objects.count() == 1


# ---- A manager alone -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("another_manager", [True, False])
def test_a_manager_alone_reads_no_note(note, ruth, place, service, another_manager):
    """They give themself the role, make a profile, book a time to come, open the note, and cancel."""
    boss = make.signed_in_client(role=Role.MANAGER)
    if another_manager:
        make.user(role=Role.MANAGER)
    boss.post(
        reverse("manager:roles", args=[boss.user.code]),
        {"roles": ["manager", "psychologist"]} | boss.shown(reverse("manager:person", args=[boss.user.code]), "roles"),
    )
    boss.post(
        reverse("manager:profile", args=[boss.user.code]),
        {"title": "Dr", "slug": "boss", "registration": "general", "services": [service.pk], "in_person": "on"},
    )
    assert boss.get(note).status_code == 403
    assert set(Grant.objects.in_force().filter(user=boss.user).values_list("role", flat=True)) == {"manager"}
    assert not PendingGrant.objects.exists()


def test_a_psychologist_who_is_manager_too_opens_no_record_by_booking(note, ruth, place, service):
    """A time that is to come opens who they are; not what others wrote."""
    both = make.user(roles=(Role.MANAGER, Role.PSYCHOLOGIST))
    profile = make.psychologist(user=both, services=(service,))
    client = make.client_for(both)
    booked = make.appointment(psychologist=profile, patient=ruth, location=place, starts_at=NOW + timedelta(days=1))
    assert client.get(reverse("psychologist:patient", args=[ruth.code])).status_code == 200
    assert "Notes by colleagues" not in client.get(reverse("psychologist:patient", args=[ruth.code])).content.decode()
    assert client.get(note).status_code == 404
    assert client.get(reverse("psychologist:previous_note", args=[booked.code])).status_code == 404
    assert Psychologist.objects.filter(user=both).exists()
