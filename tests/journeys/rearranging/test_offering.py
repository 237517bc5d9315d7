"""Three times offered by a link: one winner, one move, and nothing that an old link can do."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.appointments import states, terms
from portal.appointments.models import Appointment, MoveOffer, Status
from portal.appointments.refusals import NotOffered, OfferClosed, Refusal
from portal.audit.models import Entry
from portal.clinic.models import Location, Service
from portal.common import kept
from portal.common.languages.times import when_there
from portal.journeys import booking, moving, time_away
from portal.journeys.rearranging import offering
from portal.journeys.rearranging.deciding import Came, Decision, What, decide, end_needless_offers, mails, undecided
from portal.notifications.models import Notice
from portal.web.rearranging.rows import in_words, letters, rows_of
from portal.web.reception.views.stranded import DESK
from tests import make
from tests.journeys.rearranging.conftest import DAY, HOUR, JOB, NOW
from tests.web.forms import at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def session(practice):
    booked = practice.book()
    practice.leave()
    return booked


def fresh(session):
    return Appointment.objects.for_listing().get(pk=session.pk)


def offer(practice, session):
    row = fresh(session)
    return decide(row, Decision(What.OFFER, states.as_seen(row)), by=practice.desk, now=NOW)


def out(session):
    return MoveOffer.objects.filter(session=session).last()


def knowing(session, what):
    """What somebody decides who saw that times are out."""
    return Decision(what, states.as_seen(fresh(session)), offer=str(out(session).code))


def times(session):
    return [time.starts_at for time in out(session).times.all()]


def choose(practice, session, at, *, now=NOW, of=None):
    return offering.choose(
        of or out(session), starts_at=at, location=Location.objects.get(pk=practice.place.pk), now=now
    )


def test_three_times_on_three_days_are_mailed_and_nothing_moves(practice, session):
    assert offer(practice, session) == Came.OFFERED
    # Wednesday away, and the notice keeps Tuesday back: their hour on the next two days, and their own next week.
    assert times(session) == [NOW + 2 * DAY, NOW + 3 * DAY, NOW + 8 * DAY]
    notice = Notice.objects.get()
    assert (notice.template, notice.to, notice.secret) == ("times_offered", session.patient.email, True)
    session.refresh_from_db()
    assert (session.starts_at, session.revision, undecided().count()) == (NOW + DAY, 0, 1)
    # The link works, and its token is nowhere but in the mail.
    [token] = re.findall(r"/other-times/([^/\s]+)/", notice.text)
    assert MoveOffer.objects.with_token(token).get() == out(session)
    assert token not in str(list(Entry.objects.values())) + str(list(MoveOffer.objects.values()))


def test_what_is_shown_before_is_what_goes_out_but_for_the_link(practice, session):
    row = fresh(session)
    three = offering.times_for(row, now=NOW, clinic=make.clinic())
    [shown] = mails(row, Decision(What.OFFER, states.as_seen(row)), now=NOW, times=three)
    assert (Notice.objects.count(), MoveOffer.objects.count()) == (0, 0)
    offer(practice, session)
    sent = Notice.objects.get()
    assert shown.subject == sent.subject
    assert re.sub(r"/other-times/\S+", "", shown.text) == re.sub(r"/other-times/\S+", "", sent.text)


@pytest.mark.parametrize("language", ["zh-hans", "vi", "ar"])
def test_it_is_written_in_their_language(practice, session, language):
    session.patient.language = language
    session.patient.save()
    offer(practice, session)
    notice = Notice.objects.get()
    assert notice.language == language
    assert not re.search(r"choose|appointment|sorry", re.sub(r"https?://\S+", "", notice.text + notice.subject), re.I)


def test_who_chooses_has_it_and_the_work_is_done(practice, session):
    offer(practice, session)
    moved = choose(practice, session, NOW + 3 * DAY)
    session.refresh_from_db()
    assert (moved.pk, session.starts_at, session.status) == (session.pk, NOW + 3 * DAY, Status.BOOKED)
    assert (undecided().count(), out(session).outcome) == (0, "chosen")
    assert sorted(Notice.objects.values_list("template", "state")) == [
        ("appointment_moved", "pending"),
        ("times_offered", "withdrawn"),
    ]
    entry = Entry.objects.get(verb="times.chosen")
    assert (entry.actor_role, entry.actor_id) == ("patient", "")
    # The same once more changes nothing; another one is refused.
    assert choose(practice, session, NOW + 3 * DAY).revision == 1
    with pytest.raises(OfferClosed):
        choose(practice, session, NOW + 2 * DAY)


def test_inside_the_free_time_it_costs_nothing_and_is_allowed(practice):
    """Six hours before: a patient could not move it by themselves any more. The clinic asked for it."""
    session = practice.book(at=NOW + 6 * HOUR)
    practice.leave(start=NOW)
    offer(practice, session)
    choose(practice, session, times(session)[0])
    session.refresh_from_db()
    assert (session.revision, session.late) == (1, False)


def test_a_time_that_is_gone_says_so_and_another_stands_beside_it(practice, session):
    offer(practice, session)
    practice.book(at=NOW + 3 * DAY)
    row = fresh(session)
    shown = offering.choices(out(session), row, now=NOW, clinic=make.clinic())
    gone = [one.free.starts_at for one in shown if one.is_gone]
    others = [one.free for one in shown if not one.was_offered]
    assert (gone, len(shown), len(others)) == ([NOW + 3 * DAY], 4, 1)
    with pytest.raises(Refusal):
        choose(practice, session, NOW + 3 * DAY)
    assert out(session).ended_at is None
    choose(practice, session, others[0].starts_at)
    session.refresh_from_db()
    assert session.starts_at == others[0].starts_at


def test_only_what_the_page_shows_can_be_chosen(practice, session):
    offer(practice, session)
    for at in (NOW + DAY, NOW + 2 * DAY + 3 * HOUR, NOW - DAY, NOW + 400 * DAY):
        with pytest.raises(NotOffered):
            choose(practice, session, at)


def test_the_link_is_good_for_three_days_and_until_the_desk_decides(practice):
    session = practice.book(at=NOW + 7 * DAY)
    practice.leave(start=NOW + 7 * DAY - HOUR)
    offer(practice, session)
    first = out(session)
    assert first.expires_at == NOW + 3 * DAY
    with pytest.raises(OfferClosed):
        choose(practice, session, times(session)[2], now=first.expires_at)
    assert decide(fresh(session), knowing(session, What.KEEP), by=practice.desk, now=NOW) == Came.KEPT
    with pytest.raises(OfferClosed):
        choose(practice, session, times(session)[2])
    assert out(session).outcome == "decided"


def test_a_session_that_was_moved_or_called_off_since_is_not_the_links(practice, session):
    offer(practice, session)
    booking.reschedule_session(appointment=session, starts_at=NOW + 8 * DAY, by=practice.desk, now=NOW)
    with pytest.raises(OfferClosed):
        choose(practice, session, NOW + 2 * DAY)
    booking.cancel_session(appointment=fresh(session), reason="clinic", by=practice.desk, now=NOW)
    with pytest.raises(OfferClosed):
        choose(practice, session, NOW + 2 * DAY)


def test_offered_twice_is_mailed_once_and_after_its_time_anew(practice, session):
    assert [offer(practice, session), offer(practice, session)] == [Came.OFFERED] * 2
    assert (MoveOffer.objects.count(), Notice.objects.count()) == (1, 1)
    MoveOffer.objects.update(offered_at=NOW - 2 * DAY, expires_at=NOW - timedelta(minutes=1))
    assert offer(practice, session) == Came.OFFERED
    assert list(MoveOffer.objects.order_by("pk").values_list("outcome", flat=True)) == ["replaced", ""]


def test_without_an_address_nothing_is_offered(practice):
    session = practice.book(patient=make.patient(email=""))
    practice.leave()
    assert (offer(practice, session), MoveOffer.objects.count()) == (Came.NO_ADDRESS, 0)


def test_nobody_else_is_asked_about_the_same_times(practice, session):
    """Two are asked in one press: the page shows before what is mailed, and each has times of their own."""
    other = practice.book(at=NOW + DAY + HOUR)
    practice.leave(start=NOW + DAY + HOUR / 2)
    rows = list(Appointment.objects.filter(pk__in=[session.pk, other.pk]).for_listing().order_by("starts_at"))
    data = {f"do-{row.code}": "offer" for row in rows}
    shown = [re.sub(r"/other-times/\S+", "", letter.mails[0].text) for letter in letters(rows, data, now=NOW)]
    assert [offer(practice, session), offer(practice, other)] == [Came.OFFERED] * 2
    assert len(set(times(session) + times(other))) == 6
    sent = Notice.objects.order_by("pk")
    assert [re.sub(r"/other-times/\S+", "", notice.text) for notice in sent] == shown


def test_asking_many_costs_no_more_queries_than_asking_one(practice):
    rows = [practice.book(at=NOW + DAY + hour * HOUR) for hour in range(6)]
    practice.leave(days=2)
    found = Appointment.objects.filter(pk__in=[row.pk for row in rows]).for_listing()
    counted = []
    for asked in (list(found[:1]), list(found)):
        with kept.one_stamp(), CaptureQueriesContext(connection) as caught:
            picked = offering.times_of(asked, now=NOW, clinic=make.clinic())
        counted.append(len(caught))
        assert [len(each) for each in picked.values()] == [3] * len(asked)
    assert counted[0] == counted[1]


@pytest.mark.parametrize(
    ("begins", "asked", "until"),
    [
        # Wednesday at nine, asked on Tuesday at nine, and at half past three: too late for the day's end.
        (NOW + DAY, NOW, NOW + 8 * HOUR),
        (NOW + DAY + 7 * HOUR, NOW + 6.5 * HOUR, NOW + DAY + 4 * HOUR),
        # Monday at nine: nobody is at the desk at the weekend.
        (NOW + 6 * DAY, NOW + 2 * DAY, NOW + 3 * DAY + 8 * HOUR),
        # The same day, three hours before.
        (NOW + 6 * HOUR, NOW, NOW + 3 * HOUR),
    ],
)
def test_it_is_answered_in_time_for_a_call_before_the_session(practice, begins, asked, until):
    session = practice.book(at=begins)
    practice.leave(start=asked, days=8)
    row = fresh(session)
    assert not offering.is_too_near(row, now=asked)
    offered = offering.offer_times(row, seen=states.as_seen(row), by=practice.desk, now=asked)
    assert offered.expires_at == until
    with pytest.raises(OfferClosed):
        choose(practice, session, times(session)[0], now=until)


def test_what_begins_too_soon_to_ask_is_not_offered_by_mail(practice):
    session = practice.book(at=NOW + 4 * HOUR)
    practice.leave(start=NOW)
    row = fresh(session)
    assert mails(row, Decision(What.OFFER, states.as_seen(row)), now=NOW, times=[]) == []
    assert (offer(practice, session), MoveOffer.objects.count(), Notice.objects.count()) == (Came.TOO_NEAR, 0, 0)
    [shown] = rows_of([row], audience=DESK, now=NOW, clinic=make.clinic())
    assert (shown.is_too_near, shown.can_offer) == (True, False)
    assert "phone them" in in_words(Came.TOO_NEAR, row, by=practice.desk, now=NOW)
    assert undecided().count() == 1


def test_a_time_is_chosen_an_hour_before_it_at_the_latest(practice):
    session = practice.book(at=NOW + 8 * DAY)
    practice.leave(start=NOW + 8 * DAY - HOUR)
    offer(practice, session)
    MoveOffer.objects.update(expires_at=NOW + 8 * DAY)
    first = times(session)[0]
    with pytest.raises(NotOffered):
        choose(practice, session, first, now=first - HOUR)
    assert choose(practice, session, first, now=first - HOUR - timedelta(minutes=1)).starts_at == first


def stays():
    return [notice.to for notice in Notice.objects.filter(template="appointment_stays")]


def test_who_was_asked_to_choose_is_told_that_it_stays(practice, session):
    row = fresh(session)
    keep = Decision(What.KEEP, states.as_seen(row))
    assert mails(row, keep, now=NOW) == []
    offer(practice, session)
    [shown] = mails(row, keep, now=NOW)
    assert decide(row, knowing(session, What.KEEP), by=practice.desk, now=NOW) == Came.KEPT
    notice = Notice.objects.get(template="appointment_stays")
    assert (notice.to, notice.text) == (session.patient.email, shown.text)


def test_who_was_not_asked_is_told_nothing_of_what_stays(practice, session):
    row = fresh(session)
    decide(row, Decision(What.KEEP, states.as_seen(row)), by=practice.desk, now=NOW)
    assert Notice.objects.count() == 0


def test_leave_that_is_taken_back_ends_the_offer_and_they_are_told(practice):
    session = practice.book()
    leave = practice.leave()
    offer(practice, session)
    assert (end_needless_offers(by=JOB, now=NOW), stays()) == (0, [])
    time_away.remove_time_slot(time_slot=leave, by=practice.desk, now=NOW)
    assert [end_needless_offers(by=JOB, now=NOW) for _round in range(2)] == [1, 0]
    assert (stays(), out(session).outcome) == ([session.patient.email], "decided")
    with pytest.raises(OfferClosed):
        choose(practice, session, NOW + 2 * DAY)


def test_the_offer_of_a_session_that_was_moved_elsewhere_ends_without_a_word(practice, session):
    offer(practice, session)
    booking.reschedule_session(appointment=session, starts_at=NOW + 8 * DAY, by=practice.desk, now=NOW)
    assert (end_needless_offers(by=JOB, now=NOW), stays(), out(session).outcome) == (1, [], "decided")


# ---- At once


def refused(call):
    try:
        return call()
    except Refusal as refusal:
        return type(refusal).__name__


@pytest.mark.django_db(transaction=True)
def test_two_who_choose_by_one_link(practice, session):
    offer(practice, session)
    first, second, _third = times(session)
    came = at_once([lambda at=at: refused(lambda: choose(practice, session, at)) for at in (first, second)])
    session.refresh_from_db()
    assert [isinstance(one, str) for one in came].count(False) == 1
    assert (session.revision, Notice.objects.filter(template="appointment_moved").count()) == (1, 1)
    assert session.starts_at == (first if came[1] == "OfferClosed" else second)


@pytest.mark.django_db(transaction=True)
def test_the_patient_against_a_booking_of_that_time(practice, session):
    offer(practice, session)
    at = times(session)[0]
    other = make.patient()

    def book():
        return booking.book_for_patient(
            psychologist=practice.mai,
            patient=other,
            service=practice.service,
            mode="in_person",
            starts_at=at,
            location=practice.place,
            by=practice.desk,
            now=NOW,
        )

    came = at_once([lambda: refused(lambda: choose(practice, session, at)), lambda: refused(book)])
    assert [isinstance(one, str) for one in came].count(True) == 1
    assert Appointment.objects.live().filter(starts_at=at).count() == 1
    if isinstance(came[0], str):
        # Their offer is still out, for the other times.
        assert out(session).ended_at is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", [What.KEEP, What.CANCEL])
def test_the_patient_against_the_desk(practice, session, what):
    offer(practice, session)
    at, row, known = times(session)[0], fresh(session), knowing(session, what)
    came = at_once(
        [
            lambda: refused(lambda: choose(practice, session, at)),
            lambda: decide(row, known, by=practice.desk, now=NOW),
        ]
    )
    session.refresh_from_db()
    if isinstance(came[0], str):
        assert (came[0], came[1].is_done, session.starts_at) == ("OfferClosed", True, NOW + DAY)
    else:
        assert (came[1] in {Came.CHANGED, Came.SETTLED}, session.starts_at) == (True, at)
        assert session.status == Status.BOOKED


def test_whoever_did_not_know_of_an_offer_neither_moves_nor_cancels_nor_keeps(practice, session):
    row = fresh(session)
    assert offer(practice, session) == Came.OFFERED
    seen = states.as_seen(row)
    for old in (
        Decision(What.CANCEL, seen),
        Decision(What.KEEP, seen),
        Decision(What.MOVE, seen, NOW + 2 * DAY, practice.place, practice.mai),
        Decision(What.CANCEL, seen, offer="another"),
    ):
        assert decide(fresh(session), old, by=practice.desk, now=NOW) == Came.OFFERED_MEANWHILE
    session.refresh_from_db()
    assert (session.status, session.revision, out(session).ended_at) == (Status.BOOKED, 0, None)
    assert [notice.template for notice in Notice.objects.all()] == ["times_offered"]
    knows = Decision(What.CANCEL, seen, offer=str(out(session).code))
    assert decide(fresh(session), knows, by=practice.desk, now=NOW) == Came.CANCELLED
    assert out(session).outcome == "decided"


@pytest.mark.parametrize("hours", [0, 5, 11.5, 14, 17, 20])
def test_an_answer_is_asked_for_by_day_and_before_the_first_of_the_times(practice, hours):
    """From nine in the morning to five at night."""
    at = NOW + timedelta(hours=hours)
    session = practice.book(at=NOW + 7 * DAY)
    practice.leave(start=NOW + 7 * DAY - HOUR)
    row = fresh(session)
    offered = offering.offer_times(row, seen=states.as_seen(row), by=practice.desk, now=at)
    here = offered.expires_at.astimezone(session.zone)
    assert (8, 0) <= (here.hour, here.minute) <= (21, 0)
    assert at + 2 * HOUR < offered.expires_at <= times(session)[0] - 2 * HOUR


@pytest.mark.parametrize(("to", "hours"), [(NOW + 2 * DAY, 0), (NOW + 8 * DAY, 24), (NOW + 6 * DAY + 7 * HOUR, 7)])
def test_what_the_clinic_moves_is_cancelled_for_nothing_as_long_as_before(practice, to, hours):
    """Free until a day before the seventh day; sooner there is nothing to pay until it begins."""
    session = practice.book(at=NOW + 7 * DAY, cancel_hours=24, grace_minutes=0)
    practice.leave(start=NOW + 7 * DAY - HOUR)
    before = terms.free_until(session)
    move = Decision(What.MOVE, states.as_seen(session), to, practice.place, practice.mai)
    [shown] = mails(fresh(session), move, now=NOW)
    assert decide(fresh(session), move, by=practice.desk, now=NOW) == Came.MOVED
    moved = fresh(session)
    assert (moved.starts_at, moved.cancel_hours) == (to, hours)
    assert terms.free_until(moved) >= min(before, to)
    assert Notice.objects.get(template="appointment_moved").text == shown.text


def test_what_the_patient_takes_of_three_times_is_free_as_long_as_before(practice):
    session = practice.book(at=NOW + 7 * DAY, cancel_hours=24, grace_minutes=0)
    practice.leave(start=NOW + 7 * DAY - HOUR)
    before = terms.free_until(session)
    offer(practice, session)
    first = times(session)[0]
    moved = choose(practice, session, first)
    assert terms.free_until(moved) >= min(before, first)


def moved_by_a_link(practice, session, to):
    offer(practice, session)
    return offering.choose(out(session), starts_at=times(session)[0], location=practice.place, now=NOW)


def moved_from_the_list(practice, session, to):
    move = Decision(What.MOVE, states.as_seen(session), to, practice.place, practice.mai)
    assert decide(fresh(session), move, by=practice.desk, now=NOW) == Came.MOVED


def moved_in_the_calendar(practice, session, to):
    moving.move(
        appointment=fresh(session),
        starts_at=to,
        psychologist=practice.mai,
        location=practice.place,
        by=practice.desk,
        now=NOW,
    )


@pytest.mark.parametrize("move", [moved_by_a_link, moved_from_the_list, moved_in_the_calendar])
@pytest.mark.parametrize("grace", [0, 15, 24 * 60])
def test_whoever_is_moved_by_the_clinic_has_half_a_day_from_then(practice, move, grace):
    """Free cancelling of the old time is long over, and the new one begins inside the hours of the promise."""
    session = practice.book(
        at=NOW + 6 * HOUR, cancel_hours=72, grace_minutes=grace, booked_at=NOW - 9 * DAY, late_fee_percent=50
    )
    practice.leave(start=NOW, days=2)
    assert terms.free_until(session) < NOW
    move(practice, session, NOW + 2 * DAY)
    moved = fresh(session)
    # By the link at three in the afternoon, as it was.
    assert moved.starts_at in {NOW + 2 * DAY, NOW + 2 * DAY + 6 * HOUR}
    assert terms.free_until(moved) == NOW + max(12 * HOUR, timedelta(minutes=grace))
    text = " ".join(Notice.objects.get(template="appointment_moved").text.split())
    by = booking.as_moved(moved, starts_at=moved.starts_at, location=practice.place, now=NOW)
    assert f"free of charge until {when_there(terms.free_until(by), by.zone)}." in text
    for hours, late in ((11, False), (25, True)):
        with transaction.atomic():
            gone = booking.cancel_session(appointment=moved, reason="patient", by=practice.desk, now=NOW + hours * HOUR)
            assert gone.late == late
            transaction.set_rollback(True)


def test_sooner_than_half_a_day_it_is_free_until_it_begins(practice):
    session = practice.book(at=NOW + 2 * HOUR, cancel_hours=48, booked_at=NOW - 9 * DAY)
    practice.leave(start=NOW + HOUR, days=0.1)
    moved_from_the_list(practice, session, NOW + 6 * HOUR)
    assert terms.free_until(fresh(session)) == NOW + 6 * HOUR


def test_what_is_moved_by_whoever_wants_it_so_keeps_its_terms(practice):
    session = practice.book(at=NOW + DAY, cancel_hours=48, grace_minutes=15, booked_at=NOW - 9 * DAY)
    moved_in_the_calendar(practice, session, NOW + 2 * DAY)
    assert (fresh(session).booked_at, terms.free_until(fresh(session))) == (NOW - 9 * DAY, NOW)


def test_once_it_was_decided_that_it_stays_a_move_keeps_its_terms(practice, session):
    Appointment.objects.filter(pk=session.pk).update(cancel_hours=48, grace_minutes=0)
    row = fresh(session)
    assert decide(row, Decision(What.KEEP, states.as_seen(row)), by=practice.desk, now=NOW) == Came.KEPT
    moved_in_the_calendar(practice, session, NOW + 2 * DAY)
    assert terms.free_until(fresh(session)) == NOW


@pytest.mark.parametrize("moved_to", [9, 15, 35])
def test_the_promise_of_what_the_clinic_moved_ends_with_the_next_wish(practice, moved_to):
    """Free until it began, for the clinic had moved it; from the patient's own move on by the rule, or till then."""
    Service.objects.update(cancel_hours=48)
    session = practice.book(at=NOW + 14 * DAY, cancel_hours=48, grace_minutes=0)
    practice.leave(start=NOW + 14 * DAY - HOUR, days=0.2)
    moved_from_the_list(practice, session, NOW + 8 * DAY)
    promised, to = terms.free_until(fresh(session)), NOW + moved_to * DAY
    assert promised == NOW + 8 * DAY
    shown = booking.as_moved(fresh(session), starts_at=to, location=practice.place, now=NOW)
    moved_in_the_calendar(practice, session, to)
    until = terms.free_until(fresh(session))
    assert (until, until) == (max(to - 2 * DAY, promised), terms.free_until(shown))


def test_who_was_promised_fewer_hours_by_the_rule_of_then_keeps_them(practice):
    Service.objects.update(cancel_hours=48)
    session = practice.book(at=NOW + 14 * DAY, cancel_hours=24, grace_minutes=0)
    moved_in_the_calendar(practice, session, NOW + 9 * DAY)
    assert terms.free_until(fresh(session)) == NOW + 8 * DAY
