"""The desk marks a psychologist as away today, as the psychologist could."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import TimeSlot
from portal.worklist.models import ToDo
from tests import make
from tests.web.reception.conftest import NOW

AWAY = "/reception/away/"
MIDNIGHT = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)  # The next one in Melbourne.


def spans():
    return list(TimeSlot.objects.values_list("kind", "starts_at", "ends_at"))


def stranded():
    return set(ToDo.objects.still_open().of_kind("session_stranded").values_list("about_code", flat=True))


def test_the_rest_of_the_day_with_the_sessions_in_it(desk, place):
    session, tomorrow = place.session(hours=2), place.session(hours=26)
    asked = desk.post(AWAY, {"psychologist": place.psychologist.slug})
    assert asked.status_code == 422
    assert session.patient.name in asked.text
    assert tomorrow.patient.name not in asked.text
    assert (spans(), stranded()) == ([], set())
    known = asked.context["asked"].digest
    done = desk.post(AWAY, {"psychologist": place.psychologist.slug, "known": known}, follow=True)
    assert "Dr Mai Nguyễn is shown as away today." in done.text
    assert spans() == [("blocked", NOW, MIDNIGHT)]
    assert stranded() == {str(session.code)}
    assert "Psychologist is away" in desk.get("/reception/").text
    desk.post(reverse("reception:take_back_away", args=[TimeSlot.objects.get().code]))
    assert (spans(), stranded()) == ([], set())


def test_a_part_of_the_day(desk, place):
    place.session(hours=5)
    desk.post(AWAY, {"psychologist": place.psychologist.slug, "from_time": "1 pm", "until_time": "3 pm"})
    assert spans() == [("blocked", NOW + timedelta(hours=2), NOW + timedelta(hours=4))]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"psychologist": ""}, "psychologist"),
        ({"until_time": "9 am", "from_time": "8 am"}, "until_time"),
        ({"from_time": "3 pm", "until_time": "2 pm"}, "until_time"),
        ({"from_time": "soon"}, "from_time"),
    ],
)
def test_what_makes_no_sense_adds_nothing(desk, place, change, field):
    refused = desk.post(AWAY, {"psychologist": place.psychologist.slug} | change)
    assert (refused.status_code, set(refused.context["form"].errors), spans()) == (422, {field}, [])


def test_who_has_left_is_not_away(desk, place):
    User.objects.filter(pk=place.psychologist.user_id).update(is_active=False)
    assert desk.post(AWAY, {"psychologist": place.psychologist.slug}).status_code == 422
    assert spans() == []


def test_leave_of_several_days_is_not_the_desks_to_take_back(desk, place):
    slot = make.time_slot(psychologist=place.psychologist, starts_at=NOW, minutes=3 * 24 * 60)
    desk.post(reverse("reception:take_back_away", args=[slot.code]))
    assert TimeSlot.objects.get() == slot


def test_it_stands_on_today_and_on_the_calendar_of_today(desk, place):
    for path in ("/reception/", "/reception/calendar/"):
        assert f'href="{AWAY}"' in desk.get(path).text
        assert f'href="{AWAY}"' not in desk.get(path, {"day": "2026-11-25"}).text


@pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 200), (Role.PSYCHOLOGIST, 403), (Role.PATIENT, 403)])
def test_who_may(place, role, status):
    assert make.signed_in_client(role=role).get(AWAY).status_code == status
