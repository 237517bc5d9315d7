"""What a colleague shared is open before one's own first session, and closed again when they take it back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.patients.models import Reading
from portal.records.models import Handover
from tests import make
from tests.web.psychologist.conftest import NOW


@pytest.fixture
def kim(place, ruth, signed):
    """A colleague whom Ruth has booked for next week."""
    kim = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Kim", last_name="Tran"), slug="kim")
    make.appointment(psychologist=kim, patient=ruth, location=place, starts_at=NOW + timedelta(days=7))
    return kim


def give(client, ruth, slug="kim"):
    return client.post(reverse("psychologist:hand_over", args=[ruth.code]), {"reader": slug}, follow=True)


def test_a_colleague_reads_what_was_shared_and_no_longer_what_was_taken_back(client, kim, ruth, session, mai):
    note, theirs = reverse("psychologist:note", args=[session.code]), make.client_for(kim.user)
    page = client.get(reverse("psychologist:patient", args=[ruth.code])).content.decode()
    assert "Let Dr Kim Tran read it now" in page
    assert theirs.get(note).status_code == 404
    for _ in range(2):
        give(client, ruth)
    assert "Slept badly." in theirs.get(note).content.decode()
    assert Reading.objects.get().author == mai.user
    assert "Notes by colleagues" in theirs.get(reverse("psychologist:patient", args=[ruth.code])).content.decode()
    client.post(reverse("psychologist:take_back_notes", args=[Handover.objects.get().code]))
    assert theirs.get(note).status_code == 404
    verbs = Entry.objects.filter(verb__in=("note.handed_over", "note.handover_ended")).order_by("id")
    assert [entry.verb for entry in verbs] == ["note.handed_over", "note.handover_ended"]


def test_only_to_whom_the_person_booked_with_and_only_by_the_author(client, kim, ruth, session, colleague):
    give(client, ruth, colleague.slug)
    give(make.client_for(kim.user), ruth)
    make.client_for(make.user(role=Role.MANAGER)).post(reverse("psychologist:hand_over", args=[ruth.code]))
    assert not Handover.objects.exists()
    give(client, ruth)
    back = reverse("psychologist:take_back_notes", args=[Handover.objects.get().code])
    assert make.client_for(kim.user).post(back).status_code == 404
    assert Handover.objects.in_force().exists()


def test_a_draft_stays_ones_own(client, kim, ruth, mai, place, acting):
    from portal.records import actions

    draft = make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=NOW - timedelta(days=3))
    actions.save_draft(appointment=draft, body="Not signed", version=0, by=acting, now=NOW)
    give(client, ruth)
    assert make.client_for(kim.user).get(reverse("psychologist:note", args=[draft.code])).status_code == 404


@pytest.mark.parametrize(("constraint", "to_self"), [("handover_to_somebody_else", True), ("once", False)])
def test_constraints(kim, ruth, mai, constraint, to_self):
    Handover.objects.create(patient=ruth, author=mai, reader=kim, given_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handover.objects.create(patient=ruth, author=mai, reader=mai if to_self else kim, given_at=NOW)
