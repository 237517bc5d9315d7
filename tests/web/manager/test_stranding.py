"""What a manager takes away asks first about the sessions that it leaves without somebody or something."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.journeys.rearranging.deciding import undecided
from tests import make
from tests.pages import form_with

pytestmark = pytest.mark.django_db

PAST = datetime(2025, 3, 4, 5, 0, tzinfo=UTC)


@pytest.fixture
def boss(db):
    make.clinic()
    return make.signed_in_client(role=Role.MANAGER)


def test_taking_the_role_away_asks_and_hands_over(boss):
    psychologist = make.psychologist(user=make.user(roles=(Role.PSYCHOLOGIST, Role.RECEPTION)))
    session = make.appointment(psychologist=psychologist)
    here, page = (
        reverse("manager:person", args=[psychologist.user.code]),
        reverse("manager:roles", args=[psychologist.user.code]),
    )
    sent = boss.shown(here, "roles") | {"roles": ["reception"]}
    asked = boss.post(page, sent)
    assert asked.status_code == 422
    assert session.patient.name in asked.content.decode()
    assert (undecided().count(), psychologist.user.grants.in_force().count()) == (0, 2)
    again = form_with(asked, "known")
    assert again["roles"] == ["reception"]
    assert boss.post(page, again).status_code == 302
    assert list(undecided().values_list("about_code", flat=True)) == [str(session.code)]
    assert psychologist.user.grants.in_force().count() == 1


def test_a_room_asks_before_it_goes_out_of_use(boss):
    room = make.room(name="Banksia")
    other = make.room(location=room.location, name="Wattle")
    session = make.appointment(room=room)
    make.appointment(room=other, starts_at=session.starts_at)
    page = reverse("manager:rooms", args=[room.location.code])
    asked = boss.post(page, {"room": room.pk, "do": "retire"})
    assert asked.status_code == 422
    assert session.patient.name in asked.content.decode()
    room.refresh_from_db()
    assert room.is_active
    done = boss.post(page, form_with(asked, "known"), follow=True)
    # Where what is left is decided, as after every other change that strands sessions.
    assert done.redirect_chain == [(reverse("reception:stranded"), 302)]
    assert session.patient.name in done.content.decode()
    room.refresh_from_db()
    assert (room.is_active, "Banksia is out of use." in done.content.decode()) == (False, True)
    assert list(undecided().values_list("kind", "about_code")) == [("session_without_room", str(session.code))]
    desk = make.signed_in_client(role=Role.RECEPTION)
    assert "Room is out of use" in desk.get(reverse("reception:appointment", args=[session.code])).content.decode()


def test_a_room_whose_sessions_all_find_another_leaves_nothing_to_decide(boss):
    room = make.room()
    make.room(location=room.location)
    make.appointment(room=room)
    page = reverse("manager:rooms", args=[room.location.code])
    asked = boss.post(page, {"room": room.pk, "do": "retire"})
    assert boss.post(page, form_with(asked, "known")).url == reverse("manager:location", args=[room.location.code])
    assert not undecided().exists()


def test_an_empty_room_asks_nothing(boss):
    room = make.room()
    make.appointment(room=room, starts_at=PAST)
    page = reverse("manager:rooms", args=[room.location.code])
    done = boss.post(page, {"room": room.pk, "do": "retire"})
    room.refresh_from_db()
    assert (room.is_active, done.url) == (False, reverse("manager:location", args=[room.location.code]))
