import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import NotOffered
from portal.clinic.models import Psychologist
from portal.common.languages.times import clock
from portal.notifications.models import Notice
from portal.records import actions as records
from tests import make
from tests.web.reception.conftest import NOW, go_on

TEN = datetime(2026, 11, 24, 23, 0, tzinfo=UTC)  # Wednesday, 10 am in Melbourne
FRAGMENT = {"HX-Request": "true", "HX-Target": "times"}


def flat(response):
    """The page on one line: a time's own narrow space becomes any other."""
    return " ".join(response.content.decode().split())


def words(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def who(place):
    return make.patient(legal_first_name="Ash", legal_last_name="Lee")


@pytest.fixture
def url(who):
    return reverse("reception:book", args=[who.code])


def pressed(place, starts_at=TEN, **fields):
    return {
        "service": place.service.slug,
        "psychologist": place.psychologist.slug,
        "mode": "in_person",
        "time": f"{starts_at:%Y-%m-%dT%H:%MZ} {place.location.slug}",
    } | fields


def typed(place, day="2026-11-25", at="19:00", **fields):
    return {
        "service": place.service.slug,
        "psychologist": place.psychologist.slug,
        "mode": "in_person",
        "day": day,
        "at": at,
        "with_whom": place.psychologist.slug,
        "location": place.location.slug,
    } | fields


def sessions():
    return [(a.patient_id, a.psychologist_id, a.starts_at, a.status) for a in Appointment.objects.order_by("pk")]


def test_the_week_with_its_free_times(desk, place, url):
    response = desk.get(url, {"week": "2026-11-23"})
    times = [free.starts_at for day in response.context["week"].days for free in day.times]
    assert TEN in times
    assert min(times) >= NOW
    assert 'method="post"' in response.content.decode()


def test_on_a_sunday_night_the_desk_opens_on_the_coming_week(desk, place, url):
    moved = reverse("reception:reschedule", args=[place.session(hours=-1).code])
    with time_machine.travel(datetime(2026, 11, 29, 10, 30, tzinfo=UTC), tick=False):
        desk = make.signed_in_client(role=Role.RECEPTION)
        weeks = [desk.get(path).context["week"] for path in (url, moved)]
        asked_for = desk.get(url, {"week": "2026-11-23"}).context["week"]
    assert [(week.monday, week.is_empty) for week in weeks] == [(date(2026, 11, 30), False)] * 2
    assert (asked_for.monday, asked_for.is_empty) == (date(2026, 11, 23), True)


def test_staff_see_times_that_the_website_no_longer_offers(desk, place, url):
    """An hour from now is inside the clinic's notice, a year from now beyond its horizon."""
    times = [f.starts_at for d in desk.get(url, {"week": "2026-11-23"}).context["week"].days for f in d.times]
    assert NOW + timedelta(hours=1) in times
    assert not desk.get(url, {"week": "2027-11-22"}).context["week"].is_empty


def test_book_a_time_of_the_week(desk, place, who, url):
    response = desk.post(url, pressed(place))
    assert (response.status_code, response.url) == (302, f"/reception/patients/{who.code}/")
    assert sessions() == [(who.pk, place.psychologist.pk, TEN, "booked")]
    assert words(response) == [
        f"Booked: Wednesday 25 November 2026, 10:00 am with Dr Mai Nguyễn. A message is on its way to {who.email}."
    ]
    assert [(n.template, n.to) for n in Notice.objects.all()] == [("appointment_booked", who.email)]


def test_by_htmx_the_page_moves_on(desk, place, who, url):
    response = desk.post(url, pressed(place), headers=FRAGMENT)
    assert response.status_code == 204
    assert response["HX-Redirect"] == f"/reception/patients/{who.code}/"


def test_whoever_is_free(desk, place, who, url):
    other = make.psychologist()
    make.week(psychologist=other, location=place.location)
    place.session(starts_at=TEN)
    desk.post(url, pressed(place, psychologist="any"))
    assert sessions()[-1] == (who.pk, other.pk, TEN, "booked")


@pytest.mark.parametrize("headers", [{}, FRAGMENT])
def test_just_taken_offers_the_nearest_three(desk, place, url, headers):
    taken = place.session(starts_at=TEN, patient=make.patient(legal_first_name="Zebulon", legal_last_name="Quark"))
    response = desk.post(url, pressed(place), headers=headers)
    body = response.content.decode()
    assert response.status_code == 409
    assert "Dr Mai Nguyễn has Zebulon Quark from 10:00 am to 10:50 am." in flat(response)
    assert reverse("reception:appointment", args=[taken.code]) in body
    assert "a moment before" not in body
    assert ("<html" in body) is (not headers)
    near = [free.starts_at for free in response.context["taken"]["nearest"]]
    assert len(near) == 3
    assert TEN not in near
    assert all(abs(at - TEN) <= timedelta(hours=2) for at in near)
    assert len(sessions()) == 1


def test_patient_who_is_busy_then(desk, place, who, url):
    place.session(starts_at=TEN, patient=who, psychologist=make.psychologist())
    response = desk.post(url, pressed(place))
    assert response.status_code == 409
    assert f"{who.name} has a session with" in response.content.decode()
    assert "from 10:00 am to 10:50 am." in flat(response)
    assert len(sessions()) == 1


@pytest.mark.parametrize(
    "time", ["", "x", "2026-11-25T00:00Z nowhere", "9999-99-99T00:00Z x", "9999-12-31T23:59Z brunswick", "\x00"]
)
def test_a_time_that_nobody_showed(desk, place, url, time):
    assert desk.post(url, pressed(place, time=time)).status_code == 409
    assert sessions() == []


def test_outside_the_hours_is_asked_twice(desk, place, who, url):
    response = desk.post(url, typed(place))
    body = response.content.decode()
    assert response.status_code == 422
    assert "That is outside the hours" in body
    assert 'value="19:00"' in body
    assert sessions() == []
    response = desk.post(url, typed(place, outside="yes"))
    assert response.status_code == 302
    assert sessions() == [(who.pk, place.psychologist.pk, datetime(2026, 11, 25, 8, 0, tzinfo=UTC), "booked")]


def test_outside_the_hours_nobody_is_booked_twice(desk, place, url):
    place.session(starts_at=datetime(2026, 11, 25, 8, 30, tzinfo=UTC))
    response = desk.post(url, typed(place, outside="yes"))
    assert response.status_code == 409
    assert "That time is not free" in response.content.decode()
    assert len(sessions()) == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"day": "2026-02-31"}, "There is no 31 February 2026"),
        ({"day": ""}, "Which day?"),
        ({"day": "1999-01-01"}, "Check the year."),
        ({"at": "25:00"}, "Write a time, such as 9:00 or 17:30."),
        ({"at": "2:30", "day": "2027-10-03"}, "The clocks skip this time on that day."),
        ({"with_whom": "nobody"}, "Choose one of these. What was chosen is not among them."),
        ({"with_whom": ""}, "With whom?"),
    ],
)
def test_a_time_typed_wrongly_is_said_beside_its_field(desk, place, url, change, says):
    response = desk.post(url, typed(place, **change))
    assert response.status_code == 422
    assert says in response.content.decode()
    assert sessions() == []


def test_no_address_says_so(desk, place, url, who):
    type(who).objects.filter(pk=who.pk).update(email="")
    response = desk.post(url, pressed(place))
    assert "nobody was told by e-mail" in words(response)[-1]
    assert not Notice.objects.exists()


def test_the_page_begins_where_the_patient_was_last(desk, place, who, url):
    first = make.service(name="First visit", first_visit_only=True, position=0)
    type(place.service).objects.filter(pk=place.service.pk).update(position=9)
    assert desk.get(url).context["service"] == first
    place.session(hours=-100, patient=who, status=Status.COMPLETED, service=first)
    context = desk.get(url).context
    assert (context["service"], context["psychologist"]) == (place.service, place.psychologist)


def test_who_is_new_is_offered_the_first_visit_though_it_is_the_last_in_the_list(desk, place, url):
    make.service(name="An early service", position=0)
    first = make.service(name="First visit", first_visit_only=True, position=99)
    for query in ({}, {"week": "2026-11-30"}, {"psychologist": place.psychologist.slug}):
        assert desk.get(url, query).context["service"] == first
    chosen = desk.get(url, {"service": place.service.slug}).context["service"]
    assert chosen == place.service


def test_who_has_come_is_offered_what_they_had_with_whom_and_how(desk, place, who, url):
    make.service(name="An early service", position=0)
    other = make.psychologist()
    make.week(psychologist=other, location=place.location)
    place.session(hours=-300, patient=who, status=Status.COMPLETED, psychologist=other)
    place.session(hours=-100, patient=who, status=Status.COMPLETED, mode="video")
    context = desk.get(url, {"week": "2026-11-30"}).context
    assert (context["service"], context["psychologist"], context["mode"]) == (
        place.service,
        place.psychologist,
        "video",
    )
    # Each is still theirs to change.
    context = desk.get(url, {"psychologist": other.slug, "mode": "in_person"}).context
    assert (context["service"], context["psychologist"], context["mode"]) == (place.service, other, "in_person")
    context = desk.get(url, {"service": place.service.slug, "psychologist": "any"}).context
    assert context["psychologist"] is None


def test_what_is_offered_no_more_is_followed_by_another_of_the_same_person(desk, place, who, url):
    make.service(name="An early service", position=0, minutes=20)
    alike = make.service(name="Longer", position=9, minutes=80)
    gone = make.service(name="Gone", minutes=80)
    place.session(hours=-100, patient=who, status=Status.COMPLETED, service=gone)
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)
    context = desk.get(url).context
    assert (context["service"], context["psychologist"]) == (alike, place.psychologist)


@pytest.mark.parametrize("moving", [False, True])
def test_for_whoever_is_free_each_time_names_who_it_is_with(desk, place, who, url, moving):
    other = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Tom", last_name="Ashby"))
    make.week(psychologist=other, location=place.location)
    place.session(starts_at=TEN)
    seen = ""
    if moving:
        session = place.session(hours=30, patient=who)
        url, seen = reverse("reception:reschedule", args=[session.code]), session.seen_as
    asked = {"service": place.service.slug, "psychologist": "any", "mode": "in_person", "day": "2026-11-25"}
    page = flat(desk.get(url, asked))
    [value] = re.findall(rf'value="({TEN:%Y-%m-%dT%H:%MZ} [^"]*)"', page)
    assert value == f"{TEN:%Y-%m-%dT%H:%MZ} {place.location.slug} {other.slug}"
    button = re.search(rf'<button class="time" name="time" value="{value}" aria-label="([^"]*)">(.*?)</button>', page)
    assert other.name in button[1]
    assert f"<small>{other.name}</small>" in button[2]
    # With one person alone, they stand above the week.
    alone = flat(desk.get(url, asked | {"psychologist": other.slug}))
    assert f"<small>{other.name}</small>" not in alone
    answer = desk.post(url, pressed(place, psychologist="any", time=value, seen=seen))
    assert (go_on(desk, answer) if moving else answer).status_code == 302
    assert Appointment.objects.filter(psychologist=other, patient=who, starts_at=TEN).count() == 1


def test_who_was_named_with_a_time_and_lost_it_is_not_exchanged_silently(desk, place, url):
    other = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Tom", last_name="Ashby"))
    make.week(psychologist=other, location=place.location)
    place.session(starts_at=TEN)
    named = f"{TEN:%Y-%m-%dT%H:%MZ} {place.location.slug} {place.psychologist.slug}"
    response = desk.post(url, pressed(place, psychologist="any", time=named))
    assert response.status_code == 409
    assert len(sessions()) == 1
    # Offered are others too, by name, at the same time first of all.
    near = response.context["taken"]["nearest"]
    assert (TEN, other) in {(free.starts_at, free.who) for free in near}
    assert all(free.who for free in near)


@pytest.mark.parametrize("slug", ["nobody", "mai nobody"])
def test_a_time_with_somebody_whom_nobody_showed(desk, place, url, slug):
    time = f"{TEN:%Y-%m-%dT%H:%MZ} {place.location.slug} {slug}"
    assert desk.post(url, pressed(place, psychologist="any", time=time)).status_code == 409
    assert sessions() == []


def test_the_week_on_the_page_stays_when_somebody_else_is_chosen(desk, place, url):
    def kept(query):
        page = desk.get(url, {"service": place.service.slug, "mode": "in_person"} | query)
        [box] = re.findall(
            r'<input type="hidden" form="whose-times" name="(week|near)" value="([^"]*)">', page.content.decode()
        )
        return box

    # As it opened, near it; as it was turned to, that very week.
    assert kept({}) == ("near", "2026-11-23")
    assert kept({"near": "2026-11-30"}) == ("near", "2026-11-30")
    assert kept({"week": "2026-12-07"}) == ("week", "2026-12-07")
    make.time_slot(
        psychologist=place.psychologist,
        starts_at=datetime(2026, 11, 28, 13, 0, tzinfo=UTC),
        minutes=14 * 24 * 60,
    )
    # Near a week without their times stands the first that has some.
    assert kept({"near": "2026-11-30"}) == ("near", "2026-11-23")
    assert kept({"week": "2026-11-30"}) == ("week", "2026-11-30")


def test_a_time_of_ones_own_begins_today_where_the_psychologist_works(desk, place, url):
    make.location(name="Another first", position=0)
    type(place.location).objects.filter(pk=place.location.pk).update(position=9)
    asked = {"service": place.service.slug, "psychologist": place.psychologist.slug, "mode": "in_person"}

    def begins(**query):
        form = desk.get(url, asked | query).context["any_time"]
        return form["day"].value(), form["with_whom"].value(), form["location"].value()

    with time_machine.travel(datetime(2026, 11, 29, 3, 0, tzinfo=UTC), tick=False):
        # A Sunday afternoon: the week on the page is the coming one, who stands at the desk is there today.
        desk = make.signed_in_client(role=Role.RECEPTION)
        assert begins() == (date(2026, 11, 29), place.psychologist.slug, place.location.slug)
        assert begins(week="2026-12-07") == (date(2026, 12, 7), place.psychologist.slug, place.location.slug)


@pytest.mark.parametrize("moving", [False, True])
def test_a_time_that_is_past_is_asked_about_in_its_own_words(desk, place, who, url, moving):
    data = typed(place, day="2026-11-20", at="10:00")
    if moving:
        session = place.session(hours=24, patient=who)
        url = reverse("reception:reschedule", args=[session.code])
        data |= {"seen": session.seen_as}
    response = desk.post(url, data)
    body = flat(desk.get(response["Location"]) if moving else response)
    assert response.status_code == (302 if moving else 422)
    assert "That time is past" in body
    assert "It goes on record as a session that took place then" in body
    assert ("Nobody is e-mailed." in body) is not moving
    assert "agreed to it" not in body
    response = go_on(desk, response, outside="yes") if moving else desk.post(url, data | {"outside": "yes"})
    assert response.status_code == 302
    # There it is checked out, or marked as a no-show.
    assert response.url == reverse("reception:appointment", args=[Appointment.objects.get().code])
    # What was still to come was in somebody's calendar.
    assert [notice.template for notice in Notice.objects.all()] == ["appointment_moved"] * moving
    assert Appointment.objects.get().starts_at == datetime(2026, 11, 19, 23, 0, tzinfo=UTC)


def test_no_services_yet(desk, place, who):
    type(place.service).objects.update(is_active=False)
    assert "No services yet" in desk.get(reverse("reception:book", args=[who.code])).content.decode()


def test_twenty_psychologists_cost_as_many_queries_as_one(desk, place, url):
    def count():
        # Whoever comes first after a change reads again what is kept.
        desk.get(url, {"week": "2026-11-30", "psychologist": "any"})
        with CaptureQueriesContext(connection) as run:
            desk.get(url, {"week": "2026-11-30", "psychologist": "any"})
        return len(run)

    before = count()
    for _ in range(19):
        make.week(psychologist=make.psychologist(), location=place.location)
    assert count() == before


def test_each_time_says_its_fee(desk, place, url):
    dear = make.psychologist(user=make.user(first_name="Dee", last_name="Cruz"), title="", services=(place.service,))
    make.week(psychologist=dear, location=place.location, starts="17:00", ends="19:00")
    make.own_fee(dear, place.service, "260.00")
    one = flat(desk.get(url, {"week": "2026-11-30", "psychologist": dear.slug}))
    assert re.findall(r'<p class="soft">(Dee Cruz[^<]*)</p>', one) == ["Dee Cruz · In person, Brunswick · $260.00"]
    anybody = flat(desk.get(url, {"week": "2026-11-30", "psychologist": "any"}))
    said = set(re.findall(r"<small>([^<]+)</small><small>(\$[\d.]+)</small></button>", anybody))
    assert said == {(place.psychologist.name, "$220.00"), ("Dee Cruz", "$260.00")}
    # What is moved keeps the fee that was agreed.
    session = place.session(hours=24, fee="180.00")
    moved = desk.get(reverse("reception:reschedule", args=[session.code]), {"psychologist": "any"})
    assert "In person, Brunswick · $180.00" in flat(moved)


def test_the_other_clock_is_the_patients(desk, place):
    far = make.patient(state="WA", postcode="6000")
    page = flat(desk.get(reverse("reception:book", args=[far.code]), {"week": "2026-11-30"}))
    assert "With the patient it is Perth time (UTC+8): each time says both." in page
    assert '<label for="zone">Patient\'s clock</label>' in page


# ---- Moving and cancelling ------------------------------------------------------------------------------------------


def test_move(desk, place):
    session = place.session(hours=24)
    url = reverse("reception:reschedule", args=[session.code])
    assert desk.get(url).context["week"].monday.isoformat() == "2026-11-23"
    asked = desk.post(url, pressed(place, TEN + timedelta(days=1), seen=session.seen_as))
    session.refresh_from_db()
    assert (session.starts_at, session.revision) == (TEN + timedelta(hours=1), 0)
    response = go_on(desk, asked)
    assert response["Location"] == reverse("reception:patient", args=[session.patient.code])
    session.refresh_from_db()
    assert (session.starts_at, session.revision) == (TEN + timedelta(days=1), 1)
    assert Notice.objects.get().template == "appointment_moved"


def test_move_to_somebody_else(desk, place):
    session, other = place.session(hours=24), make.psychologist()
    make.week(psychologist=other, location=place.location)
    asked = desk.post(
        reverse("reception:reschedule", args=[session.code]),
        pressed(place, psychologist=other.slug, seen=session.seen_as),
    )
    go_on(desk, asked)
    session.refresh_from_db()
    assert (session.psychologist, session.starts_at) == (other, TEN)


def test_a_session_of_who_is_off_the_website_still_moves_with_them(desk, place):
    session, other = place.session(hours=24), make.location(name="Fitzroy")
    make.week(psychologist=place.psychologist, location=other, weekdays=(5,))
    Psychologist.objects.filter(pk=place.psychologist.pk).update(is_active=False)
    url = reverse("reception:reschedule", args=[session.code])
    page = desk.get(url)
    assert page.context["psychologists"] == [place.psychologist]
    assert any(day.times for day in page.context["week"].days)
    later = TEN + timedelta(days=1)
    assert go_on(desk, desk.post(url, pressed(place, later, seen=session.seen_as))).status_code == 302
    session.refresh_from_db()
    assert session.starts_at == later
    # Also at another place of theirs.
    saturday = pressed(place, TEN + timedelta(days=3), seen=session.seen_as)
    go_on(desk, desk.post(url, saturday | {"time": saturday["time"].replace(place.location.slug, other.slug)}))
    session.refresh_from_db()
    assert (session.starts_at, session.location) == (TEN + timedelta(days=3), other)
    # Nobody else's session, and no new one, comes to them.
    book = reverse("reception:book", args=[session.person.code])
    assert place.psychologist not in desk.get(book).context["psychologists"]


def test_a_session_of_who_has_left_moves_to_whoever_can(desk, place):
    session, other = place.session(hours=24), make.psychologist()
    make.week(psychologist=other, location=place.location)
    Psychologist.objects.filter(pk=place.psychologist.pk).update(is_active=False)
    User.objects.filter(pk=place.psychologist.user_id).update(is_active=False)
    url = reverse("reception:reschedule", args=[session.code])
    page = desk.get(url)
    assert (page.context["psychologists"], page.context["psychologist"]) == ([other], None)
    # A page of before the account was closed.
    old = desk.post(url, typed(place, seen=session.seen_as, outside="yes"))
    assert old.status_code == 422
    assert go_on(desk, desk.post(url, pressed(place, TEN, seen=session.seen_as, psychologist="any"))).status_code == 302
    session.refresh_from_db()
    assert (session.starts_at, session.psychologist) == (TEN, other)


def test_a_move_with_somebody_who_has_left_is_refused_whoever_asks(place):
    session = place.session(hours=24)
    User.objects.filter(pk=place.psychologist.user_id).update(is_active=False)
    with pytest.raises(NotOffered):
        actions.reschedule(
            appointment=session,
            starts_at=TEN + timedelta(days=1),
            by=make.actor(role=Role.RECEPTION),
            now=NOW,
            outside_hours=True,
        )


@pytest.mark.parametrize(("signed", "to_somebody_else"), [(False, True), (True, False)])
def test_move_that_a_note_holds_says_so(desk, place, signed, to_somebody_else):
    """Nobody changed it a moment ago, and to look again would not help."""
    session, other = place.session(hours=-1), make.psychologist()
    make.week(psychologist=other, location=place.location)
    by = make.actor(session.psychologist.user, Role.PSYCHOLOGIST)
    draft = records.save_draft(appointment=session, body="A word", version=0, by=by, now=NOW)
    if signed:
        records.sign(appointment=session, version=draft.version, by=by, now=NOW)
    chosen = {"psychologist": other.slug} if to_somebody_else else {}
    response = desk.post(
        reverse("reception:reschedule", args=[session.code]), pressed(place, seen=session.seen_as, **chosen)
    )
    # What is signed keeps its time, which is asked before anything; a draft only keeps its psychologist.
    (said,) = words(response if signed else go_on(desk, response))
    assert f"has {'signed' if signed else 'written'} a note of this session" in said
    session.refresh_from_db()
    assert (session.psychologist, session.starts_at) == (place.psychologist, NOW - timedelta(hours=1))


def test_move_that_is_just_taken(desk, place):
    session = place.session(hours=24)
    place.session(starts_at=TEN + timedelta(days=1))
    data = pressed(place, TEN + timedelta(days=1), seen=session.seen_as)
    response = desk.post(reverse("reception:reschedule", args=[session.code]), data)
    assert response.status_code == 409
    assert "That time is not free" in response.content.decode()


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CANCELLED, Status.NO_SHOW, Status.ARRIVED])
def test_only_what_is_booked_moves(desk, place, status):
    session = place.session(hours=-1, status=status)
    data = pressed(place, seen=session.seen_as)
    response = desk.post(reverse("reception:reschedule", args=[session.code]), data)
    assert response.status_code == 302
    session.refresh_from_db()
    assert session.status == status
    assert session.starts_at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(("reason", "late"), [("patient", True), ("psychologist", False)])
def test_cancel(desk, place, reason, late):
    session = place.session(hours=2)
    url = reverse("reception:cancel", args=[session.code])
    assert desk.post(url, {}).status_code == 422
    session.refresh_from_db()
    assert session.status == Status.BOOKED
    assert desk.post(url, {"reason": reason, "seen": session.seen_as}).status_code == 302
    session.refresh_from_db()
    assert (session.status, session.cancel_reason, session.late) == ("cancelled", reason, late)
    assert Notice.objects.get().template == "appointment_cancelled"


def test_cancel_what_is_over(desk, place):
    session = place.session(hours=-2, status=Status.COMPLETED)
    assert (
        desk.post(
            reverse("reception:cancel", args=[session.code]), {"reason": "patient", "seen": session.seen_as}
        ).status_code
        == 302
    )
    session.refresh_from_db()
    assert session.status == Status.COMPLETED


@pytest.mark.parametrize(
    ("at", "fields", "says"),
    [
        ("10:30", {}, "Dr Mai Nguyễn has Ash Quark from 10:00 am to 10:50 am."),
        ("10:50", {}, "Dr Mai Nguyễn has Ash Quark from 10:00 am to 10:50 am, and needs the break beside it."),
        ("10:30", {"status": Status.HELD, "patient": None}, "Somebody is booking online with Dr Mai Nguyễn"),
    ],
)
def test_a_typed_time_that_is_not_free_says_whose_it_is_and_stays_typed(desk, place, url, at, fields, says):
    place.service.buffer_after = 10
    place.service.save()
    place.session(starts_at=TEN, **{"patient": make.patient(legal_last_name="Quark"), **fields})
    response = desk.post(url, typed(place, at=at))
    body = flat(response)
    assert response.status_code == 409
    assert says in body
    assert re.search(r"<details class=\"card above any-time\" open>", body)
    assert f'value="{at}"' in body


def test_a_time_that_is_kept_for_an_offer_says_so_and_until_when(desk, place, url):
    freed = place.session(starts_at=TEN, status=Status.CANCELLED, patient=make.patient())
    offer = make.offer(vacancy=make.vacancy(session=freed), entry=make.waiting(service=place.service), kept=True)
    response = desk.post(url, typed(place, at="10:00"))
    until = clock(offer.expires_at, place.location.zone)
    assert response.status_code == 409
    assert f"This time is kept for somebody on the waitlist until {until}" in flat(response)
    assert "Somebody is booking online" not in flat(response)
    # What keeps it can be seen, and taken back, a press away.
    box = response.content.decode().partition("This time is kept for somebody")[2].partition("</div>")[0]
    assert f'href="{reverse("reception:offers")}"' in box


def test_whoever_is_free_and_nobody_is(desk, place, url):
    place.session(starts_at=TEN)
    response = desk.post(url, pressed(place, psychologist="any"))
    assert response.status_code == 409
    assert "Dr Mai Nguyễn has" in response.content.decode()
    other = make.psychologist()
    place.session(starts_at=TEN, psychologist=other)
    response = desk.post(url, pressed(place, psychologist="any"))
    assert "Nobody who gives this service is free then." in response.content.decode()


def test_when_the_day_is_full_the_page_says_that_the_next_times_are_of_another(desk, place, url):
    place.psychologist.hours.all().delete()
    make.hours(psychologist=place.psychologist, location=place.location, weekday=2, starts="10:00", ends="11:00")
    place.session(starts_at=TEN)
    assert "No other time is free on that day." in desk.post(url, pressed(place)).content.decode()


@pytest.mark.parametrize(("medicare", "hours", "told"), [(True, 26, True), (True, 2, False), (False, 26, False)])
def test_a_second_session_on_one_day_is_said_when_it_is_booked(desk, place, who, url, medicare, hours, told):
    place.service.medicare = medicare
    place.service.save()
    place.session(hours=hours, patient=who)
    if told:
        make.referral(patient=who)
    answer = desk.post(url, pressed(place))
    assert answer.status_code == 302
    assert len(sessions()) == 2
    assert any("another session with a Medicare item on that day" in said for said in words(answer)) is told


def test_without_a_referral_that_is_what_matters_of_a_second_session(desk, place, who, url):
    place.session(hours=26, patient=who)
    said = words(desk.post(url, pressed(place)))
    assert "No referral on file, so Medicare pays nothing towards this session." in said
    assert not any("another session" in each for each in said)


def test_only_a_booking_that_somebody_waited_for_takes_them_off_the_waitlist(desk, place, who, url):
    entry = make.waiting(patient=who, service=place.service, weekdays=1 << 5)
    past = desk.post(url, typed(place, day="2026-11-21", at="10:00", outside="yes"), follow=True)
    desk.post(url, pressed(place))
    entry.refresh_from_db()
    assert (entry.is_waiting, Appointment.objects.count()) == (True, 2)
    assert "off the waitlist" not in past.content.decode()
    entry.weekdays = 1 << 3
    entry.save()
    said = desk.post(url, pressed(place, TEN + timedelta(days=1)), follow=True)
    entry.refresh_from_db()
    assert entry.ended_why == "booked"
    assert "is off the waitlist" in said.content.decode()
    assert reverse("reception:join_waitlist", args=[who.code]) in said.content.decode()
