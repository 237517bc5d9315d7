"""A session that the desk moves from its own page waits three minutes too before anybody is told."""

from datetime import timedelta

import pytest
from django.urls import reverse

from portal.clinic.models import Mode
from portal.notifications.models import Notice, State
from tests import make
from tests.web.reception.conftest import NOW, go_on

TEN = NOW + timedelta(hours=23)
HOUR = timedelta(hours=1)


@pytest.fixture
def session(place):
    return place.session(hours=23, patient=make.patient(email="bo@example.com"))


def page_of(name, session):
    return reverse(f"reception:{name}", args=[session.code])


def move(desk, session, starts_at, *, mode=""):
    page = page_of("reschedule", session)
    time = f"{starts_at:%Y-%m-%dT%H:%MZ} {session.location.slug}"
    seen = desk.get(page).context["session"].seen_as
    answer = go_on(desk, desk.post(page, {"time": time, "seen": seen} | ({"mode": mode} if mode else {})))
    session.refresh_from_db()
    return answer


def patient_page(desk, session):
    return desk.get(reverse("reception:patient", args=[session.patient.code])).text


def test_its_e_mail_waits_and_the_page_that_follows_undoes_it(desk, session):
    answer = move(desk, session, TEN + HOUR)
    assert (answer.status_code, session.starts_at) == (302, TEN + HOUR)
    (notice,) = Notice.objects.all()
    assert (notice.state, notice.next_attempt_at) == (State.PENDING, NOW + timedelta(minutes=3))
    follows = desk.get(answer["Location"])
    assert "A message goes to bo@example.com at 11:03 am, unless you undo it before." in follows.text
    assert f'action="{page_of("undo_move", session)}"' in follows.text
    assert "undo it before" in desk.get(page_of("appointment", session)).text
    desk.post(page_of("undo_move", session))
    session.refresh_from_db()
    assert session.starts_at == TEN
    assert [notice.state for notice in Notice.objects.all()] == [State.WITHDRAWN]
    assert "undo it before" not in patient_page(desk, session)


def test_how_it_is_held_is_undone_as_well(desk, session):
    move(desk, session, TEN, mode="video")
    assert (session.mode, session.starts_at) == (Mode.VIDEO, TEN)
    assert "is changed, and keeps its time." in patient_page(desk, session)
    desk.post(page_of("undo_move", session))
    session.refresh_from_db()
    assert session.mode == Mode.IN_PERSON
    assert [notice.state for notice in Notice.objects.all()] == [State.WITHDRAWN]


def test_other_peoples_pages_say_nothing_of_it(desk, place, session):
    other = place.session(hours=30)
    move(desk, session, TEN + HOUR)
    assert "undo it before" in patient_page(desk, session)
    assert "undo it before" not in patient_page(desk, other)
    assert "undo it before" not in desk.get(page_of("appointment", other)).text


def test_after_three_minutes_it_is_told_and_no_page_undoes_it(desk, session, time_machine):
    move(desk, session, TEN + HOUR)
    time_machine.move_to(NOW + timedelta(minutes=3, seconds=1), tick=False)
    assert "undo it before" not in patient_page(desk, session)


def test_without_an_address_the_desk_is_asked_to_tell_them(desk, place):
    session = place.session(hours=23, patient=make.patient(email=""))
    answer = move(desk, session, TEN + HOUR)
    follows = desk.get(answer["Location"]).text
    assert "Tell them." in follows
    assert follows.count("No e-mail address is known") == 1
