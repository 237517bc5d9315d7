"""Private calendar addresses, read back by another program than the one that writes them: vobject."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.appointments import actions, feeds, ics
from portal.appointments.actions import subscribing
from portal.appointments.models import CalendarFeed, Status
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.patients import actions as patients
from portal.patients.models import Patient
from tests import make

pytestmark = pytest.mark.django_db

MELBOURNE = ZoneInfo("Australia/Melbourne")
# Sunday 4 April 2027: at three in the morning clocks go back to two.
NOW = datetime(2027, 3, 29, 1, 0, tzinfo=UTC)
FRIDAY = datetime(2027, 4, 2, 9, 0, tzinfo=MELBOURNE)


@pytest.fixture(autouse=True)
def _today(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def clinic(settings):
    settings.PORTAL_BASE_URL = "https://portal.example"
    return make.clinic()


@pytest.fixture
def place(clinic):
    return make.location(name="Banksia Lane", street="4 Banksia Lane")


@pytest.fixture
def anna(place):
    user = make.user(role=Role.PSYCHOLOGIST, first_name="Anna", last_name="Berg")
    psychologist = make.psychologist(user=user)
    make.week(psychologist=psychologist, location=place, weekdays=tuple(range(7)))
    return psychologist


@pytest.fixture
def ruth(clinic):
    return make.patient(user=make.user(), legal_first_name="Ruth", legal_last_name="Okafor")


def booked(anna, ruth, place, starts_at=FRIDAY, **fields):
    return make.appointment(psychologist=anna, patient=ruth, location=place, starts_at=starts_at, **fields)


def feed_of(person, titles="neutral", role=Role.PATIENT, patient=None, now=NOW):
    return subscribing.make_feed(patient=patient, titles=titles, by=Actor(person, role), now=now)


def diary_of(psychologist, titles="neutral"):
    return feed_of(psychologist.user, titles, Role.PSYCHOLOGIST)


def read(feed, now=NOW):
    """The events as vobject understands them, by the code that their UID begins with."""
    events = vobject.readOne(feeds.drawn(feeds.contents(feed, now=now)).decode()).contents.get("vevent", [])
    return {event.uid.value.partition("@")[0]: event for event in events}


def test_what_another_program_reads(anna, ruth, place):
    session = booked(anna, ruth, place)
    feed, _token = feed_of(ruth.user, patient=ruth)
    event = read(feed)[str(session.code)]
    assert event.dtstart.value == FRIDAY
    assert event.dtend.value == FRIDAY + timedelta(minutes=50)
    assert event.summary.value == "Appointment"
    assert event.location.value == place.address
    assert (event.status.value, event.sequence.value) == ("CONFIRMED", "0")
    words = feeds.drawn(feeds.contents(feed, now=NOW)).decode()
    secrets = ("Okafor", "Berg", "Banksia Lane Psychology", session.service.name, "portal.example", "URL:", "linic")
    for secret in secrets:
        assert secret not in words


def test_a_named_entry_leads_to_its_session_and_is_the_mailed_one(anna, ruth, place):
    session = booked(anna, ruth, place)
    feed, _token = feed_of(ruth.user, "named", patient=ruth)
    event = read(feed)[str(session.code)]
    assert event.uid.value == ics.uid_of(session.code) == f"{session.code}@portal.example"
    assert event.url.value == f"https://portal.example/my/appointments/{session.code}/"


@pytest.mark.parametrize(("last", "shown"), [("王", "Ming"), ("Wang", "Ming W"), ("欧阳", "Ming 欧")])
def test_no_family_name_is_written_out_whole(anna, ruth, place, last, shown):
    Patient.objects.filter(pk=ruth.pk).update(preferred_name="Ming", legal_last_name=last)
    session = booked(anna, ruth, place)
    feed, _token = diary_of(anna, "named")
    assert read(feed)[str(session.code)].summary.value == shown


@pytest.mark.parametrize("zone", ["Australia/Melbourne", "Australia/Lord_Howe", "Australia/Perth"])
def test_a_session_that_is_moved_across_a_change_of_the_clocks_is_the_same_entry_at_the_right_hour(
    anna, ruth, place, zone
):
    place.time_zone = zone
    place.save()
    before = datetime(2027, 4, 2, 9, 0, tzinfo=ZoneInfo(zone))
    after = datetime(2027, 4, 5, 9, 0, tzinfo=ZoneInfo(zone))
    session, other = booked(anna, ruth, place, before), booked(anna, ruth, place, before + timedelta(days=14))
    feed, _token = feed_of(ruth.user, patient=ruth)
    first = read(feed)
    moved = actions.reschedule(appointment=session, starts_at=after, location=place, by=make.actor(), now=NOW)
    second = read(feed)
    uid = str(session.code)
    assert set(first) == set(second) == {uid, str(other.code)}
    assert (first[uid].dtstart.value, second[uid].dtstart.value) == (before, after)
    # What somebody there reads on the wall.
    assert [e[uid].dtstart.value.astimezone(ZoneInfo(zone)).hour for e in (first, second)] == [9, 9]
    assert int(second[uid].sequence.value) == moved.revision > int(first[uid].sequence.value)


def test_of_a_row_of_sessions_one_moves_and_one_is_cancelled(anna, ruth, place):
    sessions = [booked(anna, ruth, place, FRIDAY + timedelta(weeks=n)) for n in range(4)]
    feed, _token = diary_of(anna)
    actions.reschedule(
        appointment=sessions[1],
        starts_at=sessions[1].starts_at + timedelta(hours=2),
        location=place,
        by=make.actor(),
        now=NOW,
    )
    actions.cancel(appointment=sessions[2], reason="patient", by=make.actor(), now=NOW)
    found = read(feed)
    assert {uid: event.dtstart.value.astimezone(UTC) for uid, event in found.items()} == {
        str(sessions[0].code): sessions[0].starts_at.astimezone(UTC),
        str(sessions[1].code): sessions[1].starts_at.astimezone(UTC) + timedelta(hours=2),
        str(sessions[3].code): sessions[3].starts_at.astimezone(UTC),
    }


def test_only_what_takes_place_is_in_it_and_only_so_far(anna, ruth, place):
    shown = [
        booked(anna, ruth, place, FRIDAY),
        booked(anna, ruth, place, NOW - timedelta(days=3), status=Status.NO_SHOW),
        booked(anna, ruth, place, NOW - timedelta(days=4), status=Status.COMPLETED),
    ]
    booked(anna, ruth, place, FRIDAY + timedelta(days=1), status=Status.CANCELLED)
    booked(anna, None, place, FRIDAY + timedelta(days=2), status=Status.HELD)
    booked(anna, ruth, place, NOW - feeds.PAST - timedelta(days=3), status=Status.COMPLETED)
    booked(anna, ruth, place, NOW + feeds.AHEAD + timedelta(days=3))
    booked(make.psychologist(), make.patient(), place, FRIDAY)
    for feed, _token in (diary_of(anna), feed_of(ruth.user, patient=ruth)):
        assert set(read(feed)) == {str(session.code) for session in shown}


def test_names_stand_in_it_only_by_choice(anna, ruth, place):
    booked(anna, ruth, place)
    feed, _token = diary_of(anna)
    assert [event.summary.value for event in read(feed).values()] == ["Session"]
    subscribing.choose_titles(feed=feed, titles="named", by=Actor(anna.user, Role.PSYCHOLOGIST), now=NOW)
    assert [event.summary.value for event in read(feed).values()] == ["Ruth O"]
    assert "Okafor" not in feeds.drawn(feeds.contents(feed, now=NOW)).decode()
    own, _token = feed_of(ruth.user, "named", patient=ruth)
    (event,) = read(own).values()
    assert event.summary.value == f"Appointment with {anna.name}, Banksia Lane Psychology"
    assert event.location.value == f"Banksia Lane, {place.address}"


def test_a_carer_reads_whom_they_chose_and_nobody_else(anna, ruth, place):
    parent = make.user()
    mia, leo = make.patient(preferred_name="Mia"), make.patient()
    for child in (mia, leo):
        make.carer(patient=child, user=parent)
    session = booked(anna, mia, place)
    booked(anna, leo, place, FRIDAY + timedelta(days=1))
    booked(anna, ruth, place, FRIDAY + timedelta(days=2))
    feed, token = feed_of(parent, "named", patient=mia)
    assert {uid: event.summary.value for uid, event in read(feed).items()} == {
        str(session.code): f"Mia: Appointment with {anna.name}, Banksia Lane Psychology"
    }
    assert feeds.open_feed(token) == feed
    carer = mia.carers.get(user=parent)
    patients.end_carer(carer=carer, by=make.actor(), now=NOW)
    assert feeds.open_feed(token) is None
    # Even where the address is still open, nothing of hers stands at it.
    assert read(feed) == {}


def ended(feed):
    feed.refresh_from_db()
    return feed.ended_why


def lose_role(anna, now):
    accounts.set_roles(user=anna.user, roles=[], by=make.actor(role=Role.MANAGER), now=now)


def close_account(anna, now):
    make.user(role=Role.MANAGER)
    accounts.deactivate(user=anna.user, by=make.actor(role=Role.MANAGER), now=now)


@pytest.mark.parametrize("lose", [lose_role, close_account])
def test_what_an_address_stood_on_is_lost_and_given_back(anna, lose):
    feed, token = diary_of(anna)
    assert feeds.open_feed(token) == feed
    lose(anna, NOW + timedelta(minutes=1))
    assert feeds.open_feed(token) is None
    boss, later = make.actor(role=Role.MANAGER), NOW + timedelta(minutes=2)
    assert subscribing.end_lapsed_feeds(by=Actor.system("calendar_feeds"), now=later) == 1
    assert ended(feed) == "lapsed"
    anna.user.refresh_from_db()
    accounts.reactivate(user=anna.user, by=boss, now=later)
    assert feeds.open_feed(token) is None


def test_a_role_that_is_given_again_opens_no_old_address(anna, time_machine):
    """Also before anybody has looked for addresses to end."""
    _feed, token = diary_of(anna)
    boss = make.actor(role=Role.MANAGER)
    lose_role(anna, NOW + timedelta(minutes=1))
    time_machine.move_to(NOW + timedelta(minutes=2))
    anna.user.grants.create(role=Role.PSYCHOLOGIST, granted_by=boss.user)
    assert feeds.open_feed(token) is None
    feed, token = subscribing.make_feed(
        patient=None,
        titles="neutral",
        by=Actor(anna.user, Role.PSYCHOLOGIST),
        now=NOW + timedelta(minutes=3),
    )
    assert feeds.open_feed(token) == feed


def test_a_new_address_ends_the_old_one_and_only_that(anna, ruth):
    ruth.user = anna.user
    ruth.save(update_fields=["user"])
    own, own_token = feed_of(anna.user, patient=ruth)
    first, first_token = diary_of(anna)
    second, second_token = diary_of(anna)
    assert ended(first) == "renewed"
    assert [feeds.open_feed(token) for token in (first_token, second_token, own_token)] == [None, second, own]


def test_an_ended_address_stays_ended_and_each_step_is_in_the_trail_without_the_token(ruth):
    by = Actor(ruth.user, Role.PATIENT)
    feed, token = feed_of(ruth.user, patient=ruth)
    assert subscribing.choose_titles(feed=feed, titles="named", by=by, now=NOW)
    assert not subscribing.choose_titles(feed=feed, titles="named", by=by, now=NOW)
    assert subscribing.end_feed(feed=feed, by=by, now=NOW)
    assert not subscribing.end_feed(feed=feed, by=by, now=NOW)
    assert feeds.open_feed(token) is None
    lines = list(Entry.objects.filter(verb__startswith="calendar_feed").order_by("pk").values_list("verb", "facts"))
    assert lines == [
        ("calendar_feed.made", {"titles": "neutral", "patient": ruth.pk}),
        ("calendar_feed.retitled", {"titles": "named"}),
        ("calendar_feed.ended", {"why": "ended"}),
    ]


def test_nothing_that_opens_it_is_kept(ruth):
    feed, token = feed_of(ruth.user, patient=ruth)
    columns = [str(value) for value in CalendarFeed.objects.filter(pk=feed.pk).values_list()[0]]
    assert not [column for column in columns if token in column]


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MANAGER])
def test_the_desk_has_no_address_of_everybody(role):
    with pytest.raises(ValueError, match="diary"):
        subscribing.make_feed(patient=None, titles="neutral", by=make.actor(role=role), now=NOW)


@pytest.mark.parametrize(
    "fields",
    [
        {"role": "patient", "patient": None},
        {"role": "psychologist"},
        {"titles": "all"},
        {"ended_at": NOW},
        {"ended_why": "ended"},
        {},
    ],
)
def test_the_database_keeps_its_rules(ruth, fields):
    feed_of(ruth.user, patient=ruth)
    row = {"user": ruth.user, "role": "patient", "patient": ruth, "token_hash": "a" * 64, "made_at": NOW} | fields
    with pytest.raises(IntegrityError), transaction.atomic():
        CalendarFeed.objects.create(**row)


def test_the_fingerprint_is_of_what_is_said(anna, ruth, place):
    session = booked(anna, ruth, place)
    feed, _token = diary_of(anna)

    def now_is(then=NOW):
        return feeds.contents(feed, now=then).fingerprint

    first = now_is()
    assert now_is(NOW + timedelta(hours=5)) == first
    booked(make.psychologist(), ruth, place, FRIDAY + timedelta(days=1))
    assert now_is() == first
    place.name = "Wattle Street"
    place.save()
    renamed = now_is()
    assert renamed != first
    session.revision += 1
    session.save(update_fields=["revision"])
    assert now_is() not in {first, renamed}


@pytest.mark.parametrize("titles", ["neutral", "named"])
def test_it_asks_the_same_of_many_sessions_as_of_one(anna, ruth, place, titles):
    _feed, token = diary_of(anna, titles)
    counts = []
    for days in ([1], range(2, 42)):
        for day in days:
            booked(anna, make.patient(), place, FRIDAY + timedelta(days=day))
        feeds.contents(feeds.open_feed(token), now=NOW)
        with CaptureQueriesContext(connection) as queries:
            found = feeds.contents(feeds.open_feed(token), now=NOW)
        counts.append((len(found.entries), len(queries)))
    assert [entries for entries, _asked in counts] == [1, 41]
    assert counts[0][1] == counts[1][1] <= 6


def test_reading_is_kept_by_the_hour(ruth):
    feed, _token = feed_of(ruth.user, patient=ruth)
    for minutes, kept in ((0, 0), (20, 0), (60, 60)):
        feeds.note_use(feed, now=NOW + timedelta(minutes=minutes))
        feed.refresh_from_db()
        assert feed.last_used_at == NOW + timedelta(minutes=kept)


def test_it_is_in_its_readers_language(anna, ruth, place):
    ruth.user.language = "vi"
    ruth.user.save(update_fields=["language"])
    booked(anna, ruth, place)
    feed, _token = feed_of(ruth.user, patient=ruth)
    (event,) = read(feed).values()
    assert event.summary.value == "Cuộc hẹn"
    CalendarFeed.objects.update(titles="named")
    feed.refresh_from_db()
    (event,) = read(feed).values()
    assert "/vi/my/appointments/" in event.url.value


def test_a_name_can_not_smuggle_in_a_line(anna, ruth, place):
    ruth.preferred_name = "Ruth\r\nATTACH:http://evil.example\r\nX;:,"
    ruth.save()
    place.name = "Long " * 19
    place.save()
    booked(anna, ruth, place)
    feed, _token = diary_of(anna, "named")
    (event,) = read(feed).values()
    assert "attach" not in event.contents
    assert event.location.value.startswith("Long Long")
    assert max(len(line) for line in feeds.drawn(feeds.contents(feed, now=NOW)).split(b"\r\n")) <= 75
