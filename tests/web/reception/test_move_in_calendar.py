"""A session is moved in the calendar by one question, and taken back within three minutes."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status, TimeSlot
from portal.notifications.models import Notice, State
from tests import make
from tests.web.reception.conftest import NOW

CALENDAR = "/reception/calendar/"
# 10 am on Wednesday in Melbourne.
TEN = NOW + timedelta(hours=23)


@pytest.fixture
def session(place):
    return place.session(hours=23, patient=make.patient(email="bo@example.com"))


def page_of(session, audience="reception", name="move_in_calendar"):
    return reverse(f"{audience}:{name}", args=[session.code])


def ask(client, session, at="11:00", audience="reception", **more):
    return client.get(page_of(session, audience), {"day": "2026-11-25", "at": at, **more})


def sends(question):
    """What the question's form sends back."""
    return {"to": question.context["target"].value, "seen": question.context["session"].seen_as}


def test_blocks_that_can_be_moved_say_where_and_columns_say_what_they_are(desk, place):
    booked = place.session(hours=1)
    for hours, status in ((3, Status.ARRIVED), (4, Status.HELD), (-1, Status.COMPLETED)):
        place.session(hours=hours, status=status)
    text = desk.get(CALENDAR).text
    assert text.count('data-moves="') == 1
    assert f'data-moves="{page_of(booked)}"' in text
    assert f'data-to="day=2026-11-24&amp;psychologist={place.psychologist.slug}"' in text
    assert 'data-first="540"' in text


def test_both_times_are_named_before_anything_is_moved(desk, session):
    form = desk.get(page_of(session))
    assert (form.status_code, "Now Wednesday 25 November 2026, 10:00 am" in form.text) == (200, True)
    question = ask(desk, session)
    words = "from Wednesday 25 November 2026, 10:00 am to Wednesday 25 November 2026, 11:00 am?"
    assert words in question.text
    assert "in three minutes a message goes to bo@example.com" in question.text
    session.refresh_from_db()
    assert session.starts_at == TEN


@pytest.mark.parametrize(
    "query",
    [
        {"day": "soon", "at": "11:00"},
        {"day": "2026-11-25", "at": "25:00"},
        {"day": "0001-01-01", "at": "11:00"},
        {"day": "9999-12-31", "at": "11:00"},
    ],
)
def test_what_is_no_time_is_asked_again(desk, session, query):
    answer = desk.get(page_of(session), query)
    assert (answer.status_code, 'name="to"' in answer.text) == (422, False)


def test_moved_and_taken_back_and_nobody_is_told(desk, session):
    Appointment.objects.update(confirmed_at=NOW)
    session.refresh_from_db()
    answer = desk.post(page_of(session), sends(ask(desk, session)), follow=True)
    assert answer.redirect_chain == [(f"{CALENDAR}?day=2026-11-25", 302)]
    session.refresh_from_db()
    assert session.starts_at == TEN + timedelta(hours=1)
    assert "is moved from Wednesday 25 November 2026, 10:00 am to Wednesday 25 November 2026, 11:00 am" in answer.text
    assert "A message goes to bo@example.com at 11:03 am, unless you undo it before" in answer.text
    back = desk.post(page_of(session, name="undo_move"), follow=True)
    session.refresh_from_db()
    assert (session.starts_at, session.confirmed_at) == (TEN, NOW)
    assert "Undone" in back.text
    assert "is moved from" not in back.text
    assert [notice.state for notice in Notice.objects.all()] == [State.WITHDRAWN]


def test_after_three_minutes_there_is_nothing_to_undo(desk, session, time_machine):
    desk.post(page_of(session), sends(ask(desk, session)))
    time_machine.move_to(NOW + timedelta(minutes=3, seconds=1), tick=False)
    late = desk.post(page_of(session, name="undo_move"), follow=True)
    assert "The three minutes are over" in late.text
    session.refresh_from_db()
    assert session.starts_at == TEN + timedelta(hours=1)
    assert "is moved from" not in desk.get(CALENDAR).text


def test_an_old_time_that_was_taken_meanwhile_is_named(desk, place, session):
    desk.post(page_of(session), sends(ask(desk, session)))
    other = place.session(hours=23)
    answer = desk.post(page_of(session, name="undo_move"), follow=True)
    assert f"has {other.patient.name} from 10:00 am" in answer.text
    assert "So it stays moved." in answer.text


def test_an_old_page_moves_nothing(desk, session):
    question = sends(ask(desk, session))
    desk.post(page_of(session), question)
    again = desk.post(page_of(session), question | {"to": question["to"].replace("T00:00Z", "T02:00Z")}, follow=True)
    session.refresh_from_db()
    assert session.starts_at == TEN + timedelta(hours=1)
    assert "changed" in again.text or "moved" in again.text


def test_sent_twice_it_is_moved_once(desk, session):
    question = sends(ask(desk, session))
    for _ in range(2):
        assert desk.post(page_of(session), question).status_code == 302
    session.refresh_from_db()
    assert session.revision == 1
    assert Notice.objects.count() == 1


def test_a_time_that_is_taken_says_by_whom_and_moves_nothing(desk, place, session):
    other = place.session(hours=24)
    answer = desk.post(page_of(session), sends(ask(desk, session, at="10:30")))
    assert answer.status_code == 409
    assert f"Dr Mai Nguyễn has {other.patient.name} from 11:00 am" in answer.text
    session.refresh_from_db()
    assert session.starts_at == TEN


def test_outside_the_hours_is_asked_about(desk, session):
    question = sends(ask(desk, session, at="20:00"))
    assert desk.post(page_of(session), question).status_code == 422
    assert desk.post(page_of(session), question | {"outside": "yes"}).status_code == 302
    session.refresh_from_db()
    assert session.starts_at == TEN + timedelta(hours=10)


def test_to_a_colleague_it_goes_to_where_they_work(desk, place, session):
    fitzroy = make.location(name="Fitzroy")
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=fitzroy)
    question = ask(desk, session, psychologist=colleague.slug)
    assert question.context["target"].location == fitzroy
    desk.post(page_of(session), sends(question))
    session.refresh_from_db()
    assert (session.psychologist, session.location) == (colleague, fitzroy)


def test_a_psychologist_moves_their_own_and_nobody_elses(place, session):
    mai = make.client_for(place.psychologist.user)
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=place.location)
    theirs = place.session(hours=26, psychologist=colleague)
    for name in ("move_in_calendar", "undo_move"):
        assert mai.post(page_of(theirs, "psychologist", name)).status_code == 404
    assert mai.get(page_of(theirs, "psychologist")).status_code == 404
    # Nor do they give one away.
    assert ask(mai, session, audience="psychologist", psychologist=colleague.slug).status_code == 422
    answer = mai.post(page_of(session, "psychologist"), sends(ask(mai, session, audience="psychologist")))
    assert answer["Location"] == "/practice/calendar/?day=2026-11-25"
    assert "Undo" in mai.get("/practice/calendar/").text
    mai.post(page_of(session, "psychologist", "undo_move"))
    session.refresh_from_db()
    assert (session.starts_at, session.revision) == (TEN, 2)


def test_what_one_moved_another_is_not_offered_to_undo(desk, session):
    desk.post(page_of(session), sends(ask(desk, session)))
    other = make.signed_in_client(role=Role.RECEPTION)
    assert "unless you undo it" not in other.get(CALENDAR).text
    assert "There is nothing to undo" in other.post(page_of(session, name="undo_move"), follow=True).text


@pytest.mark.parametrize(
    ("day", "at", "words", "answer"),
    [
        ("2026-11-25", "10:30", "from 11:00 am", None),
        ("2026-11-26", "10:00", "is away then: Conference.", "Yes, move it all the same"),
        ("2026-11-23", "10:00", "be moved into the past", None),
        ("2026-11-25", "13:00", "in three minutes a message goes to", "Move it"),
    ],
)
def test_the_first_look_says_what_stands_in_the_way(desk, place, session, day, at, words, answer):
    place.session(hours=24)
    make.time_slot(psychologist=place.psychologist, kind=TimeSlot.Kind.BLOCKED, starts_at=TEN + timedelta(hours=23),
                   minutes=600, label="Conference")  # fmt: skip
    question = ask(desk, session, at=at, day=day)
    assert (question.status_code, words in question.text) == (200, True)
    pressed = re.search(r"<button[^>]*>((?:Yes, m|M)ove it[^<]*)</button>", question.text)
    assert (pressed and pressed[1]) == answer
    assert "not one that is offered" not in question.text


def test_a_session_still_to_come_never_goes_into_the_past(desk, place, session):
    question = sends(ask(desk, session, day="2026-11-23"))
    refused = desk.post(page_of(session), question | {"outside": "yes"})
    assert (refused.status_code, "moved into the past" in refused.text) == (422, True)
    session.refresh_from_db()
    assert session.starts_at == TEN
    # One whose time is over may be put where it was held.
    over = place.session(hours=-20, psychologist=place.psychologist)
    question = ask(desk, over, day="2026-11-23", at="10:00")
    assert "The calendar will show it as held then. Was it?" in question.text
    assert desk.post(page_of(over), sends(question) | {"outside": "yes"}).status_code == 302


def marked(page):
    """What the question says of each line: how it is, how it would be (empty where it stays), and what else."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", " ".join(page.text.split()))
    plain = re.compile(r'<span class="sr-only">.*?</span>|<[^>]+>')
    parted = [
        (label, *re.match(r"(?:<del>(.*?)</del>\s*<ins>(.*?)</ins>)?(.*)", said).groups()) for label, said in found
    ]
    return {
        label: (plain.sub("", was or rest).strip(), plain.sub("", becomes or "").strip())
        for label, was, becomes, rest in parted
    }


def test_the_question_marks_the_changes_and_nothing_else(desk, session):
    assert marked(ask(desk, session)) == {
        "When": ("Wednesday 25 November 2026, 10:00 am", "Wednesday 25 November 2026, 11:00 am"),
        "With": ("Dr Mai Nguyễn", ""),
        "Where": ("Brunswick", ""),
        "How": ("In person", ""),
        "Fee": ("$220.00", ""),
    }


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ("260.00", "Stays as agreed with the patient, though Dee Cruz's own fee is $260.00."),
        ("220.00", "Stays as agreed. It is Dee Cruz's own fee too."),
    ],
)
def test_with_a_colleague_elsewhere_and_another_way_all_of_it_is_marked_and_the_fee_said(
    desk, place, session, own, said
):
    colleague = make.psychologist(user=make.user(first_name="Dee", last_name="Cruz"), title="")
    fitzroy = make.location(name="Fitzroy")
    make.week(psychologist=colleague, location=fitzroy)
    make.own_fee(colleague, place.service, own)
    page = reverse("reception:reschedule", args=[session.code])
    time = f"{TEN + timedelta(hours=1):%Y-%m-%dT%H:%MZ} {fitzroy.slug}"
    chosen = {"psychologist": colleague.slug, "mode": "video", "time": time, "seen": session.seen_as}
    question = desk.get(desk.post(page, chosen)["Location"])
    lines = marked(question)
    assert {label: line for label, line in lines.items() if line[1]} == {
        "When": ("Wednesday 25 November 2026, 10:00 am", "Wednesday 25 November 2026, 11:00 am"),
        "With": ("Dr Mai Nguyễn", "Dee Cruz"),
        "Where": ("Brunswick", "Fitzroy"),
        "How": ("In person", "Video"),
    }
    assert lines["Fee"] == (f"$220.00 {said}".replace("'", "&#x27;"), "")
    session.refresh_from_db()
    assert (session.starts_at, session.psychologist) == (TEN, place.psychologist)
    moved = desk.post(page_of(session), sends(question) | {"mode": "video", "came_from": "times"})
    assert moved["Location"] == reverse("reception:patient", args=[session.patient.code])
    session.refresh_from_db()
    assert (session.psychologist, session.mode, session.fee) == (colleague, "video", 220)


def test_a_time_that_is_pressed_is_asked_about_once_and_leads_back_to_the_free_times(desk, session):
    page = reverse("reception:reschedule", args=[session.code])
    time = f"{TEN + timedelta(hours=1):%Y-%m-%dT%H:%MZ} {session.location.slug}"
    answer = desk.post(page, {"time": time, "seen": session.seen_as}, headers={"HX-Request": "true"})
    question = desk.get(answer["HX-Redirect"])
    assert question.context["target"].starts_at == TEN + timedelta(hours=1)
    assert (
        f'href="{page}?mode=in_person&amp;psychologist={session.psychologist.slug}&amp;near=2026-11-25"'
        in question.text
    )
    assert f'href="{reverse("reception:appointment", args=[session.code])}">Leave it where it is' in question.text
    assert not Notice.objects.exists()


def test_moved_back_before_the_mail_went_out_the_question_and_the_calendar_say_that_nobody_is_mailed(desk, session):
    desk.post(page_of(session), sends(ask(desk, session)))
    back = ask(desk, session, at="10:00")
    assert "Nobody is e-mailed: that is where the patient still has it" in back.text
    follows = desk.post(page_of(session), sends(back), follow=True)
    assert "10:00 am. Nobody is e-mailed." in " ".join(follows.text.split())
    assert not Notice.objects.exclude(state=State.WITHDRAWN).exists()


def test_a_psychologists_question_knows_no_page_of_free_times(place, session):
    mai = make.client_for(place.psychologist.user)
    question = ask(mai, session, audience="psychologist", came_from="times")
    assert question.context["came_from"] == ""
    over = sends(ask(mai, session, audience="psychologist", day="2026-11-23")) | {
        "came_from": "times",
        "outside": "yes",
    }
    assert mai.post(page_of(session, "psychologist"), over).status_code == 422
