"""The list of work in each room: who sees what, who may touch it, and that no press undoes another's."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.journeys.templatetags.to_do_count import to_do_count
from portal.journeys.to_do import notices, sessions, steps
from portal.journeys.to_do.kinds import OUTSIDE_HOURS, SESSION_OPEN, STRANDED, TO_TELL
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from portal.web.to_do.pages import PER_PAGE
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

# A Tuesday, 9:00 in Melbourne.
NOW = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)
DAY = timedelta(days=1)
STEPS = ("take_to_do", "put_back_to_do", "finish_to_do")
ROOMS = {"reception": Role.RECEPTION, "psychologist": Role.PSYCHOLOGIST, "manager": Role.MANAGER}


@pytest.fixture(autouse=True)
def clock():
    make.clinic()
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def put(kind=STRANDED, *, session=None, due_at=NOW + DAY, escalates_at=NOW + 2 * DAY, **options):
    session = session or make.appointment(starts_at=NOW + 3 * DAY)
    by = make.actor()
    sessions.put(kind, session, due_at=due_at, escalates_at=escalates_at, by=by, now=NOW, **options)
    return ToDo.objects.get(about_code=str(session.code), kind=kind.name), session


def url(name, to_do=None, room="reception"):
    return reverse(f"{room}:{name}", args=[to_do.code] if to_do else [])


def shown(client, room="reception"):
    page = client.get(url("to_do", room=room))
    assert page.status_code == 200
    return [row.line.to_do for group in page.context["groups"] for row in group.rows]


def said(response):
    return [str(message) for message in response.context["messages"]]


def as_it_was(to_do):
    to_do.refresh_from_db()
    return (to_do.acknowledged_by, to_do.done_at) == ("", None)


# ---- Who may knock


@pytest.mark.parametrize("name", ["to_do", *STEPS])
@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("role", [None, *Role])
def test_who_may_knock(room, role, name):
    to_do, session = put(person="0")
    client = make.client_for(None) if role is None else make.signed_in_client(role=role)
    is_step = name in STEPS
    answer = client.post(url(name, to_do, room), {"outcome": "stays"}) if is_step else client.get(url(name, room=room))
    welcome = role == ROOMS[room] or (room == "reception" and role == Role.MANAGER)
    if role is None:
        assert (answer.status_code, answer.url.startswith("/accounts/login/")) == (302, True)
    elif not welcome:
        assert answer.status_code == 403
    elif is_step:
        # A psychologist finds what waits for them by name, and nothing else.
        assert answer.status_code == (404 if role == Role.PSYCHOLOGIST else 302)
    else:
        assert answer.status_code == 200
    if not welcome or role == Role.PSYCHOLOGIST:
        assert as_it_was(to_do)
        assert session.patient.name not in answer.content.decode()


@pytest.mark.parametrize("name", STEPS)
def test_steps_are_posted(desk, name):
    to_do, _session = put()
    assert desk.get(url(name, to_do)).status_code == 405
    assert as_it_was(to_do)


@pytest.mark.parametrize("name", STEPS)
def test_somebody_elses_work_is_not_there(name):
    mine = make.signed_in_client(role=Role.PSYCHOLOGIST)
    to_do, _session = put(SESSION_OPEN, person=str(make.user(role=Role.PSYCHOLOGIST).pk))
    assert mine.post(url(name, to_do, "psychologist")).status_code == 404
    assert mine.post(reverse(f"psychologist:{name}", args=[make.appointment().code])).status_code == 404
    assert as_it_was(to_do)


# ---- What each room shows


def test_each_room_shows_its_own(desk, clock):
    mai = make.signed_in_client(role=Role.PSYCHOLOGIST)
    boss = make.signed_in_client(role=Role.MANAGER)
    with_mai, session = put(
        SESSION_OPEN, session=make.appointment(psychologist=mai.user.psychologist), person=str(mai.user.pk)
    )
    soon, _ = put(due_at=NOW + timedelta(minutes=5), escalates_at=NOW + timedelta(minutes=10))
    assert shown(desk) == [soon, with_mai]
    assert shown(mai, "psychologist") == [with_mai]
    assert shown(boss, "manager") == []
    # The manager covers the desk, and sees what stands there.
    assert shown(boss) == [soon, with_mai]
    clock.shift(timedelta(minutes=10))
    assert shown(boss, "manager") == [soon]
    assert "Not done at the desk" in boss.get(url("to_do", room="manager")).content.decode()
    assert "Overdue" in desk.get(url("to_do")).content.decode()
    assert session.patient.name in mai.get(url("to_do", room="psychologist")).content.decode()


def test_each_room_leads_to_pages_of_its_own(desk):
    """Followed to the end: an address that a room may not open would be a door painted on a wall."""
    mai = make.signed_in_client(role=Role.PSYCHOLOGIST)
    boss = make.signed_in_client(role=Role.MANAGER)
    session = make.appointment(psychologist=mai.user.psychologist, starts_at=NOW - DAY)
    put(SESSION_OPEN, session=session, person=str(mai.user.pk), due_at=NOW - 2 * DAY, escalates_at=NOW - DAY)
    put(session=make.appointment(starts_at=NOW + 3 * DAY), escalates_at=NOW + DAY)
    failed_notice()
    notices.raise_undelivered(by=make.actor(), now=NOW)
    for client, room, count in ((desk, "reception", 3), (mai, "psychologist", 1), (boss, "manager", 1)):
        page = client.get(url("to_do", room=room))
        urls = [row.url for group in page.context["groups"] for row in group.rows]
        assert len(urls) == count
        for address in urls:
            assert f'href="{address}"' in page.content.decode()
            assert client.get(address, follow=True).status_code == 200


def test_an_empty_list_says_so(desk):
    body = desk.get(url("to_do")).content.decode()
    assert "Nothing to do" in body
    assert "What needs somebody appears here by itself." in body


def test_what_it_is_about_may_be_gone(desk):
    to_do, session = put()
    ToDo.objects.update(about_code="00000000-0000-4000-8000-000000000000")
    body = desk.get(url("to_do")).content.decode()
    assert (shown(desk), session.patient.name in body) == ([to_do], False)


@pytest.mark.parametrize(
    ("name", "room", "role"),
    [
        ("today", "reception", Role.RECEPTION),
        ("today", "psychologist", Role.PSYCHOLOGIST),
        ("home", "manager", Role.MANAGER),
    ],
)
def test_home_pages_show_the_first_of_it_and_how_much_there_is(name, room, role):
    client = make.signed_in_client(role=role)
    person = str(client.user.pk)
    home = url(name, room=room)
    assert "Overdue" not in client.get(home).content.decode()
    own = {"psychologist": client.user.psychologist} if role == Role.PSYCHOLOGIST else {}
    first = [
        put(
            SESSION_OPEN,
            session=make.appointment(starts_at=NOW - (5 - n) * DAY, **own),
            person=person,
            due_at=NOW - (5 - n) * DAY,
            escalates_at=NOW,
        )[1]
        for n in range(5)
    ]
    page = client.get(home)
    body = page.content.decode()
    assert page.context["to_do"]["count"] == 5
    assert [row.line.code for row in page.context["to_do"]["rows"]] == [str(session.code) for session in first[:3]]
    assert f'href="{url("to_do", room=room)}"' in body
    assert '<span class="count">5</span>' in body


@pytest.mark.parametrize("room", ROOMS)
def test_the_list_asks_as_often_for_thirty_as_for_one(room):
    client = make.signed_in_client(role=ROOMS[room])
    own = {"psychologist": client.user.psychologist} if room == "psychologist" else {}

    def more(n):
        for _ in range(n):
            starts_at = NOW - timedelta(days=1 + ToDo.objects.count())
            session = make.appointment(starts_at=starts_at, **own)
            put(SESSION_OPEN, session=session, person=str(client.user.pk), escalates_at=NOW, due_at=NOW)
            failed_notice(number=ToDo.objects.count())
        notices.raise_undelivered(by=make.actor(), now=NOW)
        ToDo.objects.update(acknowledged_at=NOW, acknowledged_by=str(client.user.pk), escalates_at=NOW, due_at=NOW)

    def asked():
        client.get(url("to_do", room=room))
        with CaptureQueriesContext(connection) as queries:
            assert len(shown(client, room)) == ToDo.objects.visible_to(make.actor(client.user, ROOMS[room])).count()
        return len(queries)

    more(1)
    one = asked()
    more(24)
    assert asked() == one


def failed_notice(number=0):
    made = outbox.queue(
        template="account/password_changed",
        to=Recipient.by_email("mina@patient.example"),
        about=make.appointment(starts_at=NOW + (30 + number) * DAY),
        context={"at": NOW},
        dedupe_key=f"n:{number}",
    )
    Notice.objects.filter(pk=made.pk).update(state=State.FAILED, error="SMTPRecipientsRefused 550")
    return made


# ---- In which order, and how much of it


HOUR = timedelta(hours=1)


def lying_ahead(at, *, kind=STRANDED, due_at=NOW + 3 * HOUR):
    return put(kind, session=make.appointment(starts_at=at), begins_at=at, due_at=due_at)[0]


@pytest.mark.parametrize("room", ["reception", "manager"])
def test_what_begins_soonest_comes_first_whatever_is_overdue(room):
    client = make.signed_in_client(role=ROOMS[room])
    overdue = put(SESSION_OPEN, session=make.appointment(starts_at=NOW - DAY), due_at=NOW - HOUR, escalates_at=NOW)[0]
    later, tomorrow, today = (lying_ahead(NOW + wait) for wait in (14 * DAY, DAY, 4 * HOUR))
    to_tell = lying_ahead(NOW + 2 * HOUR, kind=TO_TELL, due_at=NOW + HOUR)
    sooner, no_session = lying_ahead(NOW + 9 * DAY), put(SESSION_OPEN, due_at=NOW + 3 * HOUR)[0]
    ToDo.objects.update(escalates_at=NOW + 4 * DAY)
    ToDo.objects.filter(due_at__lte=NOW).update(escalates_at=NOW)
    order = [to_tell, today, tomorrow, overdue, sooner, later, no_session]
    if room == "manager":
        ToDo.objects.update(due_at=NOW - HOUR, escalates_at=NOW)
        order = [to_tell, today, tomorrow, sooner, later, overdue, no_session]
    listed = [to_do.pk for to_do in ToDo.objects.most_pressing_first(now=NOW)]
    assert listed == [to_do.pk for to_do in order]
    # By kind on the page, in the order of the first of each.
    kinds = [group.kind for group in client.get(url("to_do", room=room)).context["groups"]]
    assert kinds == [TO_TELL, STRANDED, SESSION_OPEN]


def test_what_has_begun_is_no_longer_what_comes_first():
    begun, overdue = lying_ahead(NOW - 9 * DAY), lying_ahead(NOW + 9 * DAY, due_at=NOW - HOUR)
    assert list(ToDo.objects.most_pressing_first(now=NOW)) == [overdue, begun]


def test_todays_stand_on_the_home_page_and_on_the_first_page_of_many(desk):
    for n in range(PER_PAGE + 1):
        lying_ahead(NOW + (9 + n) * DAY)
    today = lying_ahead(NOW + 7 * HOUR, kind=TO_TELL)
    assert shown(desk)[0] == today
    assert next(iter(desk.get(url("today")).context["to_do"]["rows"])).line.to_do == today


def test_headings_count_all_pages(desk):
    for n in range(PER_PAGE + 2):
        lying_ahead(NOW + (9 + n) * DAY)
    lying_ahead(NOW + HOUR, kind=TO_TELL)
    for number, rows in (("1", PER_PAGE), ("2", 3)):
        page = desk.get(url("to_do"), {"page": number})
        groups = page.context["groups"]
        assert sum(len(group.rows) for group in groups) == rows
        assert [group.count for group in groups if group.kind == STRANDED] == [PER_PAGE + 2]
        assert f'<span class="count">{PER_PAGE + 2}</span>' in page.content.decode()


def test_a_session_that_cant_be_held_for_two_reasons_stands_there_once(desk):
    first, session = put()
    second, _same = put(OUTSIDE_HOURS, session=session)
    other, _session = put(OUTSIDE_HOURS)
    told, _same = put(TO_TELL, session=session)
    page = desk.get(url("to_do"))
    assert {to_do.pk for to_do in shown(desk)} == {first.pk, other.pk, told.pk}
    assert page.context["page"].paginator.count == 3
    assert to_do_count({"request": page.wsgi_request}, "reception").lines == 3
    # Whose first reason is gone still has the other.
    steps.close(first, outcome="not_away", by=make.actor(), now=NOW)
    assert {to_do.pk for to_do in shown(desk)} == {second.pk, other.pk, told.pk}


def test_it_stays_as_booked_answers_every_reason(desk):
    first, session = put()
    second, _same = put(OUTSIDE_HOURS, session=session)
    told, _same = put(TO_TELL, session=session)
    other, _session = put(OUTSIDE_HOURS)
    desk.post(url("finish_to_do", first), {"outcome": "stays"})
    done = ToDo.objects.exclude(done_at=None)
    assert set(done.values_list("pk", "outcome")) == {(first.pk, "stays"), (second.pk, "stays")}
    assert set(ToDo.objects.still_open()) == {told, other}


# ---- Taking it, and putting it back


def test_taking_it_and_putting_it_back(desk):
    to_do, _session = put()
    desk.post(url("take_to_do", to_do), {"seen": ""})
    to_do.refresh_from_db()
    assert (to_do.acknowledged_by, to_do.acknowledged_at) == (str(desk.user.pk), NOW)
    body = desk.get(url("to_do")).content.decode()
    assert ("you are on it" in body, url("put_back_to_do", to_do) in body) == (True, True)
    other = make.signed_in_client(role=Role.RECEPTION).get(url("to_do")).content.decode()
    assert f"{desk.user.name} is on it since" in other
    desk.post(url("put_back_to_do", to_do))
    assert as_it_was(to_do)


def test_two_who_press_at_once_and_the_second_is_told(desk):
    to_do, _session = put()
    second = make.signed_in_client(role=Role.RECEPTION)
    for _press in range(2):
        desk.post(url("take_to_do", to_do), {"seen": ""})
    answer = second.post(url("take_to_do", to_do), {"seen": ""}, follow=True)
    assert said(answer) == [f"{desk.user.name} is on it already."]
    to_do.refresh_from_db()
    assert to_do.acknowledged_by == str(desk.user.pk)
    assert Entry.objects.filter(verb="to_do.acknowledged").count() == 1
    # Who sees it can take it over; the first one's old page then puts nothing back.
    second.post(url("take_to_do", to_do), {"seen": str(desk.user.pk)})
    desk.post(url("put_back_to_do", to_do))
    to_do.refresh_from_db()
    assert to_do.acknowledged_by == str(second.user.pk)


def test_an_old_page_after_it_was_put_back(desk):
    to_do, _session = put()
    answer = desk.post(url("take_to_do", to_do), {"seen": "999"}, follow=True)
    assert said(answer) == ["Nobody is on it any more. Press again if you are."]
    assert as_it_was(to_do)


# ---- Done


def test_done_by_a_word_of_its_kind(desk):
    to_do, _session = put()
    answer = desk.post(url("finish_to_do", to_do), {"outcome": "stays"}, follow=True)
    to_do.refresh_from_db()
    assert (said(answer), to_do.outcome, to_do.done_by) == (["Done."], "stays", str(desk.user.pk))
    assert shown(desk) == []
    # Sent again, by a page of this morning, and the other steps too.
    for name, data in (("finish_to_do", {"outcome": "stays"}), ("take_to_do", {"seen": ""}), ("put_back_to_do", {})):
        late = make.signed_in_client(role=Role.RECEPTION).post(url(name, to_do), data, follow=True)
        assert said(late) == ["That is done already."]
    to_do.refresh_from_db()
    assert (to_do.done_by, to_do.acknowledged_by) == (str(desk.user.pk), "")
    assert Entry.objects.filter(verb="to_do.done").count() == 1


@pytest.mark.parametrize(
    ("kind", "outcome"), [(STRANDED, ""), (STRANDED, "told"), (SESSION_OPEN, "stays"), (STRANDED, "x" * 500)]
)
def test_no_other_word_closes_it(desk, kind, outcome):
    to_do, _session = put(kind)
    answer = desk.post(url("finish_to_do", to_do), {"outcome": outcome}, follow=True)
    assert said(answer) == ["Choose how it ended. What can't be chosen ends by itself."]
    assert as_it_was(to_do)


def test_what_only_its_cause_closes_offers_no_button(desk):
    to_do, _session = put(SESSION_OPEN)
    assert url("finish_to_do", to_do) not in desk.get(url("to_do")).content.decode()


def test_htmx_gets_the_list_alone(desk):
    to_do, session = put()
    kept, _other = put()
    headers = {"HX-Request": "true", "HX-Target": "to-do"}
    answer = desk.post(url("finish_to_do", to_do), {"outcome": "stays"}, headers=headers)
    body = answer.content.decode()
    assert answer.status_code == 200
    assert ("<html" in body, str(kept.code) in body, session.patient.name in body) == (False, True, False)
    assert "Done." in body


def test_nothing_of_anybodys_care_stands_on_the_page(desk):
    """Not the service either: its name may say what somebody comes for."""
    service = make.service(name="Trauma-focused therapy")
    put(session=make.appointment(service=service, starts_at=NOW + 3 * DAY))
    put(SESSION_OPEN, session=make.appointment(service=service, starts_at=NOW - DAY, status=Status.ARRIVED))
    for page in (url("to_do"), url("today")):
        body = desk.get(page).content.decode()
        assert "Trauma" not in body.split('id="arrivals"')[0]
