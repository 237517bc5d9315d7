"""A psychologist decides about their own sessions that can't be held as they are booked."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment, Status, TimeSlot
from portal.audit.models import Entry
from portal.journeys import booking, time_away
from portal.journeys.rearranging.deciding import Came, Decision, What, decide, undecided
from portal.notifications.models import Notice
from tests import make
from tests.web.psychologist.conftest import NOW, sessions

pytestmark = pytest.mark.django_db

HERE, DESKS = reverse("psychologist:stranded"), reverse("reception:stranded")
DAY = timedelta(days=1)
# Nine in the morning of the next day, in Melbourne.
NINE = NOW + timedelta(hours=22, minutes=30)


def leave(psychologist, *, days=2):
    return time_away.add_time_slot(
        psychologist=psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=NOW + timedelta(hours=12),
        ends_at=NOW + timedelta(hours=12) + days * DAY,
        by=make.actor(role=Role.RECEPTION),
        now=NOW,
    )


@pytest.fixture
def four(mai, place, service):
    """Four sessions of the next morning, on which Mai is away."""
    found = sessions(4, psychologist=mai, place=place, service=service, first=NINE)
    leave(mai)
    return found


@pytest.fixture
def desk(place):
    return make.signed_in_client(role=Role.RECEPTION)


def row(page, session):
    [found] = re.findall(f'<li id="session-{session.code}">(.*?)</li>', page.text, re.S)
    return found


def options(page, session):
    return re.findall(r'<option value="([^"]*)"', row(page, session))


def said(page, **decisions):
    """What the page's form sends with these decisions, by the sessions' codes."""
    fields = dict(re.findall(r'name="(seen-[^"]+)" value="([^"]+)"', page.text))
    shown = re.findall(r'name="(do-[^"]+)"', page.text)
    return fields | dict.fromkeys(shown, "") | {f"do-{code}": value for code, value in decisions.items()}


def words(page):
    return re.sub(r"<[^>]+>|\s+", " ", page.text)


def told():
    return Notice.objects.filter(template__startswith="appointment_").count()


def test_all_four_answers_without_the_desk(client, mai, four):
    moved, kept, called_off, offered = four
    page = client.get(HERE)
    chosen = options(page, moved)[1]

    answer = client.post(
        HERE,
        said(
            page,
            **{str(moved.code): chosen, str(kept.code): "keep", str(called_off.code): "cancel"},
            **{str(offered.code): "offer"},
        ),
    )

    assert answer["Location"] == HERE
    after = re.sub(r"\s+", " ", words(client.get(HERE)))
    for part in (
        "Moved to",
        "It stays as booked. Nobody is told.",
        "Cancelled. A message is on its way",
        "Three times are offered.",
    ):
        assert part in after
    now = {session.pk: session for session in Appointment.objects.all()}
    assert now[moved.pk].starts_at != moved.starts_at
    assert [now[session.pk].status for session in four] == [*[Status.BOOKED] * 2, Status.CANCELLED, Status.BOOKED]
    # Who was offered times chooses first: it stays undecided, and the desk's.
    assert list(undecided().values_list("about_code", flat=True)) == [str(offered.code)]
    assert told() == 2
    mine = Entry.objects.done_by(mai.user.pk).filter(verb__in=("appointment.rescheduled", "appointment.cancelled"))
    assert {entry.actor_role for entry in mine} == {Role.PSYCHOLOGIST.value}
    assert mine.count() == 2


def test_what_is_left_undecided_stays_with_the_desk(client, desk, four):
    first, *rest = four
    page = client.get(HERE)
    client.post(HERE, said(page, **{str(first.code): "keep"}))

    assert re.findall(r'<li id="session-([^"]+)">', desk.get(DESKS).text) == [str(session.code) for session in rest]


def test_only_their_own_are_listed_and_proposed_with_themselves(client, mai, four, colleague, place, service):
    make.week(psychologist=colleague, location=place)
    theirs = make.appointment(psychologist=colleague, location=place, service=service, starts_at=NINE)
    leave(colleague)

    page = client.get(HERE)

    assert re.findall(r'<li id="session-([^"]+)">', page.text) == [str(session.code) for session in four]
    assert (theirs.patient.name in page.text, "/reception/" in page.text) == (False, False)
    proposed = [value for session in four for value in options(page, session) if value.startswith("move ")]
    assert len(proposed) >= 4
    assert [value for value in proposed if mai.slug not in value] == []


def test_a_colleagues_session_is_not_found(client, four, colleague, place, service):
    theirs = make.appointment(psychologist=colleague, location=place, service=service, starts_at=NINE)
    leave(colleague)
    mine, page = four[0], client.get(HERE)

    for code in (theirs.code, uuid4()):
        for also in ({}, {"look": "1"}, {"all": "1"}):
            sent = said(page, **{str(mine.code): "cancel", str(code): "cancel"}) | also
            answer = client.post(HERE, sent)
            assert (answer.status_code, theirs.patient.name in answer.text) == (404, False)

    assert set(Appointment.objects.values_list("status", flat=True)) == {Status.BOOKED}


def test_nobody_is_put_into_a_colleagues_diary(client, mai, acting, four, colleague, place, service):
    make.week(psychologist=colleague, location=place)
    session, page = four[0], client.get(HERE)
    chosen = options(page, session)[1]
    forged = chosen.replace(mai.slug, colleague.slug)
    assert forged != chosen

    client.post(HERE, said(page, **{str(session.code): forged}))

    assert "That time is not offered any more. Nothing was done" in client.get(HERE).text
    session.refresh_from_db()
    assert (session.psychologist, session.revision) == (mai, 0)
    # Nor by the rule itself.
    at = session.starts_at + 7 * DAY
    asked = Decision(What.MOVE, session.seen_as, at, place, colleague)
    assert decide(session, asked, by=acting, now=NOW) == Came.NOT_OFFERED


def test_of_the_desk_and_the_psychologist_the_first_is_done(client, desk, four):
    first, second, *_rest = four
    mine, theirs = client.get(HERE), desk.get(DESKS)
    desk.post(DESKS, said(theirs, **{str(first.code): "cancel"}))
    client.post(HERE, said(mine, **{str(first.code): "keep", str(second.code): "keep"}))

    after = words(client.get(HERE))

    assert "Already cancelled" in after
    assert "Nothing was done with it now." in after
    assert "It stays as booked." in after
    # And the other way round.
    desk.post(DESKS, said(theirs, **{str(second.code): "cancel"}))
    second.refresh_from_db()
    assert (second.status, told()) == (Status.BOOKED, 1)


def test_an_old_page_is_told_what_a_colleague_holds_by_now(client, mai, colleague, place, service, ruth):
    make.week(psychologist=colleague, location=place)
    by = make.actor(role=Role.RECEPTION)
    own = {"psychologist": mai, "location": place, "service": service, "by": by, "now": NOW}
    gone = actions.book(patient=ruth, starts_at=NINE, mode="in_person", **own)
    stays = make.appointment(psychologist=mai, location=place, service=service, starts_at=NINE + timedelta(hours=2))
    leave(mai)
    page = client.get(HERE)
    booking.reschedule_session(appointment=gone, starts_at=NINE, psychologist=colleague, by=by, now=NOW)

    answer = client.post(HERE, said(page, **{str(gone.code): "cancel", str(stays.code): "keep"}), follow=True)

    assert "1 of these sessions is with a colleague by now. Nothing was done with it." in answer.text
    gone.refresh_from_db()
    assert gone.status == Status.BOOKED
    assert not undecided().exists()


def test_the_same_page_sent_again_does_nothing_more(client, four):
    session, page = four[0], client.get(HERE)
    sent = said(page, **{str(session.code): options(page, session)[1]})
    for _ in range(2):
        client.post(HERE, sent)
    assert (told(), Appointment.objects.get(pk=session.pk).revision) == (1, 1)


def test_the_mails_are_shown_before_anything_is_sent(client, four):
    session, page = four[0], client.get(HERE)
    looked = client.post(HERE, said(page, **{str(session.code): options(page, session)[1]}) | {"look": "1"})
    assert "New time for your appointment" in looked.text
    assert told() == 0


def test_an_outlined_session_leads_to_where_it_is_decided_about(client, mai, place, service):
    many = sessions(5, psychologist=mai, place=place, service=service, first=NINE)
    for n in range(1, 5):
        many += sessions(5, psychologist=mai, place=place, service=service, first=NINE + n * DAY)
    leave(mai, days=6)
    last = many[-1]

    week = client.get(reverse("psychologist:calendar"), {"view": "week", "day": f"{last.starts_at:%Y-%m-%d}"})
    address = f"{HERE}?session={last.code}#session-{last.code}"

    assert f'href="{address}"' in week.text
    assert f'<a href="{HERE}">Decide what becomes of them</a>' in week.text
    # On its own page of the list.
    page = client.get(address)
    assert page.context["page"].number == 2
    assert last.patient.name in row(page, last)


def test_another_time_is_chosen_in_their_own_calendar(client, mai, four, place):
    session = four[0]
    move = reverse("psychologist:move_in_calendar", args=[session.code])
    assert f'href="{move}"' in row(client.get(HERE), session)
    to = f"{session.starts_at + 7 * DAY:%Y-%m-%dT%H:%MZ} {place.slug} {mai.slug}"

    assert client.get(move).status_code == 200
    assert client.post(move, {"seen": session.seen_as, "to": to}).status_code == 302

    assert str(session.code) not in undecided().values_list("about_code", flat=True)


def test_the_page_of_a_session_says_why_and_leads_on_until_it_is_decided(client, four):
    session, other = four[:2]
    own = reverse("psychologist:session", args=[session.code])
    leads = f'<a href="{HERE}?session={session.code}#session-{session.code}">Decide what becomes of it</a>'
    shown = client.get(own).text
    assert ("You are away then, or it is closed." in shown, leads in shown) == (True, True)

    client.post(HERE, said(client.get(HERE), **{str(session.code): "keep", str(other.code): ""}))

    assert "Decide what becomes of it" not in client.get(own).text


def test_a_calendar_with_nothing_to_rearrange_says_nothing_of_it(client, session):
    week = client.get(reverse("psychologist:calendar"))
    assert (HERE in week.text, reverse("psychologist:note", args=[session.code]) in week.text) == (False, True)


def test_nothing_to_rearrange(client, session):
    assert "Nothing to rearrange" in client.get(HERE).text


def test_the_role_without_a_profile_is_told_what_is_missing(place):
    assert "Your profile is missing" in make.client_for(make.user(role=Role.PSYCHOLOGIST)).get(HERE).text


def test_many_cost_the_same(client, mai, place, service):
    def queries():
        client.get(HERE)
        with CaptureQueriesContext(connection) as made:
            client.get(HERE)
        return len(made)

    sessions(1, psychologist=mai, place=place, service=service, first=NINE)
    leave(mai)
    alone = queries()
    sessions(5, psychologist=mai, place=place, service=service, first=NINE + timedelta(hours=1))
    time_away.remove_time_slot(time_slot=TimeSlot.objects.get(), by=make.actor(role=Role.RECEPTION), now=NOW)
    leave(mai)
    assert queries() <= alone
