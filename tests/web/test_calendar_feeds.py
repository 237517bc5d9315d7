"""The page on which a calendar address is made, and the address itself as a calendar program asks it."""

import re
from datetime import timedelta

import pytest
import time_machine
import vobject
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.actions import subscribing
from portal.appointments.models import CalendarFeed
from portal.common.access import limits
from portal.common.access.actors import Actor
from portal.web.public.views import feeds as door
from tests import make
from tests.pages import forms_in, sent_by

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clinic():
    return make.clinic()


@pytest.fixture
def ruth():
    return make.patient(user=make.user(), legal_first_name="Ruth", legal_last_name="Okafor")


@pytest.fixture
def session(ruth):
    return make.appointment(
        patient=ruth, starts_at=(timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    )


def token_for(person, patient=None, role=Role.PATIENT):
    by = Actor(person, role)
    return subscribing.make_feed(patient=patient, titles="neutral", by=by, now=timezone.now())[1]


def address(token):
    return reverse("machines:calendar_feed", args=[token])


def uids(response):
    events = vobject.readOne(response.content.decode()).contents.get("vevent", [])
    return {event.uid.value.partition("@")[0] for event in events}


# ---- The address -----------------------------------------------------------------------------------------------------


def test_whoever_has_the_address_reads_it_without_signing_in(ruth, session):
    there = address(token_for(ruth.user, ruth))
    assert re.fullmatch(r"/calendar/[\w-]{43}\.ics", there)
    answer = Client().get(there)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert uids(answer) == {str(session.code)}
    assert answer["Cache-Control"] == "private, no-cache"
    assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")
    assert not answer.cookies


def test_it_is_drawn_again_only_when_it_says_something_else(ruth, session, monkeypatch):
    client, there = Client(), address(token_for(ruth.user, ruth))
    first = client.get(there)
    tag = first["ETag"]
    assert re.fullmatch(r'"[0-9a-f]{32}"', tag)
    with monkeypatch.context() as patched:
        patched.setattr(door.feeds, "drawn", lambda found: pytest.fail("drawn although nothing changed"))
        for known in (tag, f"W/{tag}", f'"other", {tag}'):
            same = client.get(there, headers={"If-None-Match": known})
            assert (same.status_code, same.content, same["ETag"]) == (304, b"", tag)
            assert same["Cache-Control"] == "private, no-cache"
    session.revision += 1
    session.save(update_fields=["revision"])
    changed = client.get(there, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    assert (changed.content == first.content, uids(changed)) == (False, uids(first))


def test_a_head_says_what_a_get_would(ruth, session):
    client, there = Client(), address(token_for(ruth.user, ruth))
    got, head = client.get(there), client.head(there)
    assert (head.status_code, head.content) == (200, b"")
    assert {name: head[name] for name in ("ETag", "Content-Type", "Content-Length")} == {
        name: got[name] for name in ("ETag", "Content-Type", "Content-Length")
    }
    assert client.post(there).status_code == 405


def test_a_poll_costs_the_same_however_much_stands_there(ruth, session):
    client, there = Client(), address(token_for(ruth.user, ruth))
    tag = client.get(there)["ETag"]
    with CaptureQueriesContext(connection) as few:
        client.get(there, headers={"If-None-Match": tag})
    for n in range(30):
        make.appointment(patient=ruth, starts_at=session.starts_at + timedelta(days=1 + n))
    tag = client.get(there)["ETag"]
    with CaptureQueriesContext(connection) as many:
        client.get(there, headers={"If-None-Match": tag})
    assert len(few) == len(many) <= 5
    assert not [query["sql"] for query in many if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))]


def test_every_wrong_word_gets_one_answer(ruth, session):
    """Unknown, ended, renewed, of somebody who lost what it stood on: the same words after the same question."""
    by, now = Actor(ruth.user, Role.PATIENT), timezone.now()
    renewed = token_for(ruth.user, ruth)
    feed, ended = subscribing.make_feed(patient=ruth, titles="neutral", by=by, now=now)
    subscribing.end_feed(feed=feed, by=by, now=now)
    parent = make.user()
    carer = make.carer(patient=ruth, user=parent)
    lost = token_for(parent, ruth)
    carer.ended_at = now
    carer.save(update_fields=["ended_at"])
    shut = make.patient(user=make.user())
    closed = token_for(shut.user, shut)
    shut.user.is_active = False
    shut.user.save(update_fields=["is_active"])
    answers, asked = set(), set()
    for wrong in ("x", "A" * 43, "a" * 2000, renewed, ended, lost, closed):
        with CaptureQueriesContext(connection) as queries:
            answer = Client().get(address(wrong))
        answers.add((answer.status_code, answer.content, answer["Cache-Control"]))
        asked.add(tuple(re.sub(r"'[^']*'", "?", query["sql"]) for query in queries))
    assert [status for status, *_rest in answers] == [404]
    assert len(asked) == 1


def test_one_place_asks_so_often_and_no_oftener(ruth, session, monkeypatch, settings):
    monkeypatch.setattr(door, "MOST", 3)
    there = address(token_for(ruth.user, ruth))
    near, far = Client(REMOTE_ADDR="203.0.113.9"), Client(REMOTE_ADDR="203.0.113.10")
    # In one minute, however long a busy machine takes.
    with time_machine.travel(timezone.now().replace(second=1), tick=False):
        assert [near.get(there).status_code for _ in range(4)] == [200, 200, 200, 429]
        # A wrong word counts as a right one does, and is told as much.
        refused = near.get(address("x"))
        assert (refused.status_code, refused["Retry-After"]) == (429, "60")
        assert far.get(there).status_code == 200
        assert limits.within("calendar-feed", who="198.51.100.1", most=3, seconds=60)


def test_the_log_does_not_open_it(ruth, session, caplog):
    from portal.common.web.logs import safe_path

    token = token_for(ruth.user, ruth)
    request = Client().get(address(token)).wsgi_request
    assert safe_path(request) == "/calendar/*.ics"


# ---- The pages -------------------------------------------------------------------------------------------------------

PAGES = {Role.PATIENT: "patient:calendar_addresses", Role.PSYCHOLOGIST: "psychologist:calendar_address"}


@pytest.fixture(params=PAGES)
def person(request, ruth):
    """Somebody at their own page, and the arguments of its forms."""
    if request.param == Role.PATIENT:
        return make.client_for(ruth.user), reverse(PAGES[request.param]), [ruth.code], "patient"
    psychologist = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST))
    return make.client_for(psychologist.user), reverse(PAGES[request.param]), [], "psychologist"


def press(client, page, room, step, args, **says):
    there = reverse(f"{room}:{step}_calendar_address", args=args)
    (form,) = [one for one in forms_in(client.get(page)) if one.action == there]
    return client.post(there, sent_by(form) | says, follow=True)


def shown(response):
    return re.findall(r'value="https?://[^"]*(/calendar/[\w-]+\.ics)"', response.content.decode())


def test_an_address_is_made_shown_once_titled_renewed_and_ended(person):
    client, page, args, room = person
    made = press(client, page, room, "make", args)
    (first,) = shown(made)
    assert 'data-copy="address-' in made.content.decode()
    assert f"webcal://{made.context['lines'][0].address.partition('://')[2]}" in made.content.decode()
    assert Client().get(first).status_code == 200
    again = client.get(page)
    assert shown(again) == []
    assert "Not yet" not in again.content.decode()
    press(client, page, room, "title", args, titles="named")
    assert CalendarFeed.objects.get().titles == "named"
    (second,) = shown(press(client, page, room, "make", args))
    assert CalendarFeed.objects.in_force().get().titles == "named"
    assert [Client().get(one).status_code for one in (first, second)] == [404, 200]
    press(client, page, room, "end", args)
    assert Client().get(second).status_code == 404
    assert not CalendarFeed.objects.in_force().exists()


def test_an_old_page_that_changes_nothing_takes_nothing_back(person):
    client, page, args, room = person
    press(client, page, room, "make", args)
    there = reverse(f"{room}:title_calendar_address", args=args)
    (old,) = [sent_by(one) for one in forms_in(client.get(page)) if one.action == there]
    press(client, page, room, "title", args, titles="named")
    client.post(there, old)
    assert CalendarFeed.objects.get().titles == "named"


def test_an_old_page_changes_nothing_that_is_gone(person):
    client, page, args, room = person
    press(client, page, room, "make", args)
    steps = [("title", {"titles": "named"}), ("end", {})]
    CalendarFeed.objects.update(ended_at=timezone.now(), ended_why="ended")
    for step, says in steps:
        there = reverse(f"{room}:{step}_calendar_address", args=args)
        answer = client.post(there, says, follow=True)
        assert "ended or made anew meanwhile" in answer.content.decode()
    assert CalendarFeed.objects.get().titles == "neutral"


def test_without_a_choice_nothing_is_made(person):
    client, _page, args, room = person
    there = reverse(f"{room}:make_calendar_address", args=args)
    assert "Choose what each entry says." in client.post(there, {"titles": "all"}, follow=True).content.decode()
    assert not CalendarFeed.objects.exists()


@pytest.mark.parametrize("step", ["make", "title", "end"])
def test_nobody_makes_or_ends_another_persons(ruth, step):
    token_for(ruth.user, ruth)
    there = reverse(f"patient:{step}_calendar_address", args=[ruth.code])
    for user, status in ((make.user(), 404), (make.user(role=Role.RECEPTION), 404)):
        make.patient(user=user)
        assert make.client_for(user).post(there, {"titles": "named"}).status_code == status
    assert Client().post(there).status_code == 302
    feed = CalendarFeed.objects.get()
    assert (feed.user, feed.titles, feed.ended_at) == (ruth.user, "neutral", None)


def test_a_carer_has_a_line_for_each_and_the_patient_sees_no_line_of_theirs(ruth):
    parent = make.user()
    mine, child = make.patient(user=parent, legal_first_name="Mai"), make.patient(legal_first_name="Leo")
    for patient in (ruth, child):
        make.carer(patient=patient, user=parent)
    token_for(parent, child)
    page = make.client_for(parent).get(reverse("patient:calendar_addresses"))
    assert [(line.patient, bool(line.feed)) for line in page.context["lines"]] == [
        (mine, False),
        (ruth, False),
        (child, True),
    ]
    page = make.client_for(ruth.user).get(reverse("patient:calendar_addresses"))
    assert [(line.patient, line.feed) for line in page.context["lines"]] == [(ruth, None)]


def test_what_a_name_gives_away_is_said_beside_the_choice(person):
    client, page, _args, room = person
    words = {"patient": "an employer who manages the phone", "psychologist": "reads who your patients are"}
    assert words[room] in client.get(page).content.decode()
