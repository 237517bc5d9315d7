"""Who treats whom is one rule, tried at every door that it opens: a patient's page, notes, files and referrals."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.common.access.actors import Actor
from portal.medicare.models import Referral
from portal.patients.search import reindex
from portal.records.models import ProgressNote
from portal.resources.models import Audience, Resource, Share
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW

LETTER = "Letter made for Ruth"


@pytest.fixture
def kim(place):
    """A colleague, who also treats Ruth: wrote a signed note, made a file for her and shared it."""
    user = make.user(role=Role.PSYCHOLOGIST, first_name="Kim", last_name="Tran")
    return make.psychologist(user=user)


@pytest.fixture
def shared(kim, ruth, place):
    make.appointment(psychologist=kim, patient=ruth, location=place, starts_at=BEGAN - timedelta(days=7))
    make.referral(patient=ruth)
    letter = make.resource(title=LETTER, audience=Audience.SHARED_ONLY, made_for=ruth, by=kim.user)
    reindex(ruth)
    return make.share(resource=letter, patient=ruth, shared_by=kim.user)


def fetched(client, page):
    """The status; a file is read to its end, which closes it."""
    answer = client.get(page)
    if answer.streaming:
        b"".join(answer)
    return answer.status_code


def opened(mai, ruth, shared):
    """Every door of Mai's that leads to Ruth, and whether it opens."""
    client, actor = make.client_for(mai.user), Actor(user=mai.user, role=Role.PSYCHOLOGIST)
    doors = {
        "her page": client.get(reverse("psychologist:patient", args=[ruth.code])).status_code == 200,
        "the list": ruth.name in client.get(reverse("psychologist:patients")).content.decode(),
        "the search": ruth.name in client.get(reverse("psychologist:patients"), {"q": "Okafor"}).content.decode(),
        "the form to share": client.get(reverse("psychologist:share", args=[ruth.code])).status_code != 404,
        "a file made for her": fetched(client, reverse("psychologist:shared_file", args=[shared.code])) == 200,
        "referrals": Referral.objects.visible_to(actor).exists(),
        "files made for her": Resource.objects.visible_to(actor, now=NOW).filter(pk=shared.resource_id).exists(),
        "what was shared with her": Share.objects.visible_to(actor, now=NOW).exists(),
    }
    return {door for door, is_open in doors.items() if is_open}


EVERY_DOOR = {
    "her page", "the list", "the search", "the form to share", "a file made for her", "referrals", "files made for her",
    "what was shared with her",
}  # fmt: skip


# What a booked time opens: who they are, how to reach them, and the way to share something with them oneself.
BOOKED_DOORS = {"her page", "the list", "the search", "the form to share", "referrals"}


@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED, Status.COMPLETED])
def test_a_session_that_was_held_or_has_begun_opens_every_door(mai, ruth, place, shared, status):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN, status=status)
    assert opened(mai, ruth, shared) == EVERY_DOOR


@pytest.mark.parametrize(
    ("starts_at", "status"),
    [(NOW + timedelta(minutes=1), Status.BOOKED), (NOW + timedelta(days=9), Status.BOOKED), (BEGAN, Status.NO_SHOW)],
)
def test_a_session_that_did_not_begin_opens_nothing_of_a_colleagues(mai, ruth, place, shared, starts_at, status):
    make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=starts_at, status=status)
    assert opened(mai, ruth, shared) == BOOKED_DOORS


def test_nobody_is_treated_by_whom_they_never_met(mai, ruth, shared):
    assert opened(mai, ruth, shared) == set()


def test_a_cancelled_booking_opens_nothing(mai, ruth, place, shared):
    session = make.appointment(psychologist=mai, patient=ruth, location=place, status=Status.CANCELLED)
    assert opened(mai, ruth, shared) == set()
    client = make.client_for(mai.user)
    assert client.get(reverse("psychologist:note", args=[session.code])).status_code == 404


@pytest.mark.parametrize("left", [timedelta(minutes=9), timedelta(minutes=-1)])
def test_a_hold_opens_nothing(mai, ruth, place, shared, left):
    hold = make.hold(psychologist=mai, patient=ruth, location=place, held_until=NOW + left)
    assert opened(mai, ruth, shared) == set()
    client = make.client_for(mai.user)
    assert client.get(reverse("psychologist:note", args=[hold.code])).status_code == 404


def test_a_session_moved_to_a_colleague_opens_nothing_any_more(mai, kim, ruth, place, shared):
    session = make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=NOW + timedelta(days=2))
    assert opened(mai, ruth, shared) == BOOKED_DOORS
    session.psychologist = kim
    session.save(update_fields=["psychologist"])
    assert opened(mai, ruth, shared) == set()
    client = make.client_for(mai.user)
    assert client.get(reverse("psychologist:note", args=[session.code])).status_code == 404


def test_the_draft_of_a_session_called_off_opens_and_leads_no_further(mai, acting, ruth, session, shared):
    """Whoever wrote it may still read it, and throw no link at a page that is closed."""
    from portal.records import actions

    actions.save_draft(appointment=session, body="Began late", template="free", version=0, by=acting, now=NOW)
    client, page = make.client_for(mai.user), reverse("psychologist:note", args=[session.code])
    to_ruth = reverse("psychologist:patient", args=[ruth.code])
    assert to_ruth in client.get(page).content.decode()

    session.status, session.cancelled_at, session.cancel_reason = Status.CANCELLED, NOW, "patient"
    session.save(update_fields=["status", "cancelled_at", "cancel_reason"])
    said = client.get(page).content.decode()
    assert "Began late" in said
    assert to_ruth not in said
    assert client.get(to_ruth).status_code == 404
    assert ProgressNote.objects.count() == 1
