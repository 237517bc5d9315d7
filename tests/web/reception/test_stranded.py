"""The desk's page of sessions that can't be held as they are booked."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, MoveOffer, Status, TimeSlot
from portal.journeys import closing, time_away, weekly
from portal.journeys.rearranging.deciding import undecided
from portal.notifications.models import Notice
from tests import make
from tests.web.reception.conftest import NOW

pytestmark = pytest.mark.django_db

HERE = reverse("reception:stranded")
DAY = timedelta(days=1)


def leave(place, *, start=NOW + timedelta(hours=12), days=2):
    """Wednesday and Thursday, from eleven at night."""
    return time_away.add_time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=start,
        ends_at=start + days * DAY,
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )


def told():
    """How many e-mails tell a patient of a session; that of the leave goes to the psychologist."""
    return Notice.objects.filter(template__startswith="appointment_").count()


def row(page, session):
    """What the page says of one session, its tags left out."""
    [found] = re.findall(f'<li id="session-{session.code}">(.*?)</li>', page.content.decode(), re.S)
    return found


def options(page, session):
    return re.findall(r'<option value="([^"]*)"', row(page, session))


def said(page, **decisions):
    """What the page's form sends with these decisions, by the sessions' codes."""
    fields = dict(re.findall(r'name="(seen-[^"]+)" value="([^"]+)"', page.content.decode()))
    shown = re.findall(r'name="(do-[^"]+)"', page.content.decode())
    return fields | dict.fromkeys(shown, "") | {f"do-{code}": value for code, value in decisions.items()}


def test_each_has_a_proposed_time_and_what_can_be_decided(desk, place):
    session = place.session(hours=22)
    make.room(location=place.location)
    leave(place)
    page = desk.get(HERE)
    first, proposed, *more, offer, keep, cancel = options(page, session)
    assert (first, offer, keep, cancel) == ("", "offer", "keep", "cancel")
    assert all(value.startswith("move ") for value in (proposed, *more))
    assert session.patient.name in row(page, session)
    # The same hour of next week.
    assert "Proposed: Wed 2 Dec, 9:00 am." in row(page, session)


@pytest.mark.parametrize(("mode", "where"), [("in_person", "{place}"), ("video", "Video"), ("phone", "Phone")])
def test_a_colleagues_time_is_at_a_place_or_by_the_way_of_the_session(desk, place, mode, where):
    colleague = make.psychologist(services=(place.service,))
    make.week(psychologist=colleague, location=place.location)
    session = place.session(hours=22, mode=mode)
    leave(place)
    page = row(desk.get(HERE), session)
    assert "The psychologist is away then" in page
    assert f"· {colleague.name} · {where.format(place=place.location.name)}</option>" in page
    assert "· Melbourne" not in page


def test_one_press_does_all_that_was_decided_and_answers_for_each(desk, place):
    moved, kept, called_off, left = (place.session(hours=22 + n) for n in range(4))
    leave(place)
    page = desk.get(HERE)
    chosen = options(page, moved)[1]
    answer = desk.post(
        HERE, said(page, **{str(moved.code): chosen, str(kept.code): "keep", str(called_off.code): "cancel"})
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, HERE)
    after = desk.get(HERE)
    words = re.sub(r"<[^>]+>|\s+", " ", after.content.decode())
    assert "Moved to" in words
    assert "It stays as booked. Nobody is told." in words
    assert "Cancelled. A message is on its way" in re.sub(r"\s+", " ", words)
    states = dict(Appointment.objects.values_list("pk", "status"))
    assert (states[moved.pk], states[called_off.pk], states[left.pk]) == (
        Status.BOOKED,
        Status.CANCELLED,
        Status.BOOKED,
    )
    assert list(undecided().values_list("about_code", flat=True)) == [str(left.code)]
    # Said once.
    assert "Moved to" not in desk.get(HERE).content.decode()


def test_a_time_that_was_taken_meanwhile_is_said_and_the_rest_is_done(desk, place):
    one, two = place.session(hours=22), place.session(hours=23)
    leave(place)
    page = desk.get(HERE)
    proposed = [options(page, session)[1] for session in (one, two)]
    at = proposed[0].split()[1]
    place.session(starts_at=datetime.strptime(at, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC))
    desk.post(HERE, said(page, **{str(one.code): proposed[0], str(two.code): proposed[1]}))
    after = desk.get(HERE).content.decode()
    assert "That time was taken meanwhile. Nothing was done" in after
    assert list(undecided().values_list("about_code", flat=True)) == [str(one.code)]
    assert told() == 1


def test_the_same_page_sent_again_does_nothing_more(desk, place):
    session = place.session(hours=22)
    leave(place)
    page = desk.get(HERE)
    sent = said(page, **{str(session.code): options(page, session)[1]})
    for _ in range(2):
        desk.post(HERE, sent)
    assert (told(), Appointment.objects.get(pk=session.pk).revision) == (1, 1)
    assert "Nothing was done with it now." in desk.get(HERE).content.decode()


def test_the_mails_are_shown_before_anything_is_sent(desk, place):
    session, other = place.session(hours=22), place.session(hours=23)
    leave(place)
    page = desk.get(HERE)
    chosen = options(page, session)[1]
    looked = desk.post(HERE, said(page, **{str(session.code): chosen, str(other.code): "keep"}) | {"look": "1"})
    text = looked.content.decode()
    assert looked.status_code == 200
    assert "New time for your appointment" in text
    assert "Nobody is told: it stays as booked." in text
    # What was chosen is still chosen.
    assert f'value="{chosen}" selected' in row(looked, session)
    assert (told(), undecided().count()) == (0, 2)


def test_the_proposed_time_for_all_leaves_whose_patients_are_choosing(desk, place):
    asked, waits = place.session(hours=22), place.session(hours=24)
    leave(place)
    desk.post(HERE, said(desk.get(HERE), **{str(asked.code): "offer"}))
    page = desk.post(HERE, said(desk.get(HERE)) | {"all": "1"})
    assert re.findall(r'value="([^"]*)" selected', row(page, waits))[0].startswith("move ")
    assert "The patient can choose until" in row(page, asked)
    assert " selected" not in row(page, asked)
    # Once their time is over it is chosen too.
    MoveOffer.objects.update(offered_at=NOW - 2 * DAY, expires_at=NOW - DAY)
    late = desk.post(HERE, said(desk.get(HERE)) | {"all": "1"})
    assert " selected" in row(late, asked)


def test_the_proposed_time_for_all_is_chosen_and_not_done(desk, place):
    sessions = [place.session(hours=22 + n) for n in range(3)]
    leave(place)
    page = desk.get(HERE)
    chosen = desk.post(HERE, said(page, **{str(sessions[0].code): "keep"}) | {"all": "1"})
    assert 'value="keep" selected' in row(chosen, sessions[0])
    for session in sessions[1:]:
        [picked] = re.findall(r'value="([^"]+)" selected', row(chosen, session))
        assert picked == options(page, session)[1]
    assert undecided().count() == 3


@pytest.mark.parametrize(
    "value", ["move", "move x", "move 2026-11-30T22:00Z nowhere", "move 9999-01-01T00:00Z location-1", "fly", "keep x"]
)
def test_what_no_page_offers_is_no_decision(desk, place, value):
    session = place.session(hours=22)
    leave(place)
    page = desk.get(HERE)
    desk.post(HERE, said(page, **{str(session.code): value, "not-a-code": "cancel"}))
    session.refresh_from_db()
    assert (session.revision, session.status) == (0, Status.BOOKED)
    assert undecided().count() == (0 if value == "keep x" else 1)


def test_many_are_shown_page_by_page_and_cost_the_same(desk, place):
    def queries():
        desk.get(HERE)
        with CaptureQueriesContext(connection) as made:
            page = desk.get(HERE)
        return len(made), page

    sessions = [place.session(hours=22)]
    leave(place, days=12)
    alone, _page = queries()
    sessions += [place.session(hours=22 + 24 * (n // 6) + n % 6) for n in range(1, 45)]
    make.time_slot(psychologist=place.psychologist)
    time_away.add_time_slot(
        psychologist=place.psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=NOW + timedelta(hours=12),
        ends_at=NOW + 13 * DAY,
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )
    many, page = queries()
    assert page.content.decode().count('<li id="session-') == 20
    assert "1 to 20 of 45" in re.sub(r"\s+", " ", page.content.decode())
    assert many <= alone + 1  # the count of the pages
    last = desk.get(HERE, {"page": "3"})
    assert [str(s.code) for s in sessions[40:]] == re.findall(r'<li id="session-([^"]+)">', last.content.decode())


def test_one_psychologists_alone(desk, place):
    session = place.session(hours=22)
    leave(place)
    other = make.psychologist()
    theirs = make.appointment(psychologist=other, starts_at=NOW + DAY)
    time_away.add_time_slot(
        psychologist=other,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=NOW + DAY,
        ends_at=NOW + 2 * DAY,
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )
    page = desk.get(HERE, {"with": other.slug})
    assert re.findall(r'<li id="session-([^"]+)">', page.content.decode()) == [str(theirs.code)]
    answer = desk.post(f"{HERE}?with={other.slug}", said(page))
    assert answer.headers["Location"] == f"{HERE}?with={other.slug}"
    assert str(session.code) in desk.get(HERE).content.decode()


def test_nothing_to_rearrange(desk, place):
    place.session(hours=22)
    assert "Nothing to rearrange" in desk.get(HERE).content.decode()


def test_it_is_outlined_in_every_calendar_until_somebody_decides(desk, place):
    session, other = place.session(hours=22), place.session(hours=23)
    leave(place)
    own = make.client_for(place.psychologist.user)
    calendars = [
        (desk, f"{reverse('reception:calendar')}?day=2026-11-25"),
        (own, f"{reverse('psychologist:calendar')}?view=week&day=2026-11-25"),
    ]
    for client, address in calendars:
        text = client.get(address).content.decode()
        assert len(re.findall(r'class="ev booked undecided"', text)) == 2
        assert "To be rearranged" in text
    page = desk.get(HERE)
    desk.post(HERE, said(page, **{str(session.code): "keep", str(other.code): options(page, other)[1]}))
    for client, address in calendars:
        text = client.get(address).content.decode()
        assert ("undecided" in text, "To be rearranged" in text) == (False, False)


def test_times_are_offered_to_nobody_whom_no_e_mail_reaches(desk, place):
    reached, cared_for = place.session(hours=22), place.session(hours=23, patient=make.patient(email=""))
    unreached = place.session(hours=24, patient=make.patient(email=""))
    make.carer(patient=cared_for.patient)
    leave(place)
    page = desk.get(HERE)
    assert ["offer" in options(page, session) for session in (reached, cared_for, unreached)] == [True, True, False]
    assert "Cancel it, and call them" in row(page, unreached)


def test_an_old_page_does_not_cancel_what_somebody_else_offered_times_for(desk, place):
    session = place.session(hours=22)
    leave(place)
    old, other = desk.get(HERE), desk.get(HERE)
    desk.post(HERE, said(other, **{str(session.code): "offer"}))
    assert "Three times are offered" in desk.get(HERE).content.decode()
    desk.post(HERE, said(old, **{str(session.code): "cancel"}))
    after = desk.get(HERE)
    assert "Times were offered to the patient meanwhile" in after.content.decode()
    assert (Appointment.objects.get(pk=session.pk).status, told()) == (Status.BOOKED, 0)
    # Who has read of it may.
    desk.post(HERE, said(after, **{str(session.code): "cancel"}))
    assert Appointment.objects.get(pk=session.pk).status == Status.CANCELLED


def test_where_only_the_place_is_closed_it_is_held_at_the_same_time_by_video(desk, place):
    """Painters close the place to people who come in; leave closes the hour to everybody."""
    closed, away = place.session(hours=24), place.session(hours=48)
    at = closed.starts_at
    by_phone = make.service(video=False)
    no_video = place.session(hours=26, service=by_phone)
    closing.add_closure(
        location=place.location,
        first_day=place.location.day_of(at),
        last_day=place.location.day_of(at),
        label="Painters",
        modes=["in_person"],
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )
    leave(place, start=away.starts_at - timedelta(hours=1), days=1)
    page = desk.get(HERE)
    assert ["video" in options(page, each) for each in (closed, away, no_video)] == [True, False, False]
    assert "Only the place is in the way" in row(page, closed)
    looked = desk.post(HERE, said(page, **{str(closed.code): "video"}) | {"look": "1"})
    assert "same time as before" in looked.text
    told_before = told()
    answer = desk.post(HERE, said(page, **{str(closed.code): "video", str(away.code): "video"}), follow=True)
    assert "It takes place at the same time, by video." in answer.text
    closed.refresh_from_db()
    away.refresh_from_db()
    assert (closed.starts_at, closed.mode, closed.room, away.mode) == (at, "video", None, "in_person")
    assert Notice.objects.filter(template="appointment_changed").count() == told() - told_before == 1
    assert str(closed.code) not in set(undecided().values_list("about_code", flat=True))


def test_what_is_asked_for_in_a_closed_time_is_listed_and_declined(desk, place):
    request = place.session(hours=24, status=Status.REQUESTED, answer_by=NOW + timedelta(hours=5))
    day = place.location.day_of(request.starts_at)
    said_of_it = {"whose": "clinic", "first_day": f"{day:%Y-%m-%d}", "label": "Painters"}
    time_off = reverse("reception:time_off")
    asked = desk.post(time_off, said_of_it)
    assert asked.status_code == 422
    assert "1 session is asked for in it" in asked.text
    assert "Asked for, and not booked yet" in asked.text
    assert "is booked in that time" not in asked.text
    saved = desk.post(time_off, said_of_it | {"known": asked.context["asked"].digest}, follow=True)
    listed = reverse("reception:answer", args=[request.code])
    assert saved.redirect_chain[-1][0] == HERE
    assert listed in saved.text
    assert "Closed then: Painters" in saved.text
    assert "Nothing to rearrange" not in saved.text
    # It is no booking: nothing moves it, and it can't be confirmed.
    assert f"do-{request.code}" not in saved.text
    page = desk.get(listed)
    assert "It can't be confirmed" in page.text
    assert 'name="approve"' not in page.text
    desk.post(listed, {"seen": request.seen_as, "reason": "time"})
    request.refresh_from_db()
    assert request.status == Status.DECLINED
    assert listed not in desk.get(HERE).text


def test_what_is_asked_for_outside_new_hours_is_listed_and_asked_about_as_a_place_closes(desk, place):
    request = place.session(hours=24, status=Status.REQUESTED, answer_by=NOW + timedelta(hours=5))
    make.location(name="Geelong")
    closing = reverse("manager:retire_location", args=[place.location.code])
    asked = make.signed_in_client(role=Role.MANAGER).get(closing)
    assert "1 session is asked for and not booked yet" in asked.text
    assert "is booked there in person" not in asked.text
    weekly.set_weekly_hours(psychologist=place.psychologist, hours=[], by=make.actor(role=Role.RECEPTION), now=NOW)
    assert "Outside the psychologist&#x27;s new hours" in desk.get(HERE).text
    page = desk.get(reverse("reception:answer", args=[request.code]))
    assert "It can&#x27;t be confirmed" in page.text or "It can't be confirmed" in page.text
    assert 'name="approve"' not in page.text
