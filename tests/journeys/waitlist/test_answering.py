"""Taking an offered time: once, in place of a later session or beside it; saying no; and what is refilled."""

from datetime import timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments import actions, terms, waitlist
from portal.appointments.actions import waiting
from portal.appointments.models import Appointment, Offer, Status, Vacancy, WaitlistEntry
from portal.appointments.models.waitlist import ANY_PART, ANY_WAY, EVERY_DAY
from portal.appointments.refusals import NotOffered, OfferClosed, PatientBusy, TooManyBookings
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.common import kept
from portal.journeys import booking, changing
from portal.journeys.waitlist import answering, offered, turns
from portal.journeys.waitlist.offered import BY_LINK
from portal.notifications.models import Notice, State
from tests import make
from tests.journeys.waitlist.conftest import DAY, HOUR, MONDAY_NINE, NOW, WORKER, Waiting, mailed


def shown(offer):
    """What the offer's page says, as one word."""
    return booking.as_shown(offered.session_of(offer), clinic=ClinicSettings.current())


def accept(offer, *, instead_of=None, now=NOW, **fields):
    offer = Offer.objects.for_listing().get(pk=offer.pk)
    given = {"shown": shown(offer) if offer.is_open else "", "instead_of": instead_of and instead_of.code}
    return answering.accept(offer=offer, by=BY_LINK, now=now, **given | fields)


def test_the_held_time_becomes_the_session_at_the_price_that_was_held(practice):
    entry = practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    type(practice.service).objects.filter(pk=practice.service.pk).update(fee=300)
    booked = accept(offer)
    assert (booked.code, booked.patient, booked.starts_at) == (offer.hold_code, entry.patient, MONDAY_NINE)
    assert (booked.status, booked.fee) == (Status.BOOKED, practice.service.fee)
    offer.refresh_from_db()
    entry.refresh_from_db()
    assert (offer.outcome, offer.booked, entry.ended_why) == ("accepted", booked, WaitlistEntry.Ended.BOOKED)
    assert Vacancy.objects.get().closed_why == Vacancy.Closed.FILLED
    assert mailed("appointment_booked") == [entry.patient.email]
    line = Entry.objects.get(verb="waitlist.accepted")
    assert (line.facts["appointment"], line.facts["refills"]) == (booked.pk, practice.booked.pk)


def test_pressed_twice_it_is_booked_once(practice):
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    assert accept(offer) == accept(offer)
    assert Appointment.objects.without_cancelled().count() == 1
    assert Notice.objects.filter(template="appointment_booked").count() == 1


def test_a_mail_that_did_not_go_out_yet_goes_no_more_once_it_was_answered(practice):
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    answering.decline(offer=Offer.objects.for_listing().get(pk=offer.pk), by=BY_LINK, now=NOW)
    notice = Notice.objects.get(template="waitlist_offer")
    assert (notice.state, notice.text) == (State.WITHDRAWN, None)


def test_a_later_session_is_moved_here_and_its_time_is_offered_on(practice):
    """The chain goes on and ends: who moved waits no longer."""
    first, second, third = practice.waits(), practice.waits(), practice.waits()
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=first.patient, fee="150.00")
    seconds = practice.session(MONDAY_NINE + 14 * DAY, patient=second.patient)
    practice.cancel()
    (offer,) = practice.turn()
    moved = accept(offer, instead_of=theirs)
    assert (moved.pk, moved.starts_at, moved.fee) == (theirs.pk, MONDAY_NINE, theirs.fee)
    assert not Appointment.objects.holds().exists()
    offer.refresh_from_db()
    assert (offer.booked, offer.moved_from) == (theirs, MONDAY_NINE + 7 * DAY)
    # Next, the time a week later.
    (onward,) = practice.turn()
    assert (onward.entry, onward.starts_at) == (second, MONDAY_NINE + 7 * DAY)
    accept(onward, instead_of=seconds)
    (last,) = practice.turn()
    assert (last.entry, last.starts_at) == (third, MONDAY_NINE + 14 * DAY)
    accept(last)
    assert practice.turn() == []
    assert not WaitlistEntry.objects.waiting().exists()
    assert [s.starts_at for s in practice.live()] == [MONDAY_NINE + n * 7 * DAY for n in range(3)]


def test_it_is_booked_beside_a_later_session_where_they_say_so(practice):
    entry = practice.waits()
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient)
    practice.cancel()
    (offer,) = practice.turn()
    booked = accept(offer)
    assert practice.live() == [booked, theirs]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"starts_at": MONDAY_NINE - DAY * 3}, id="before the offered time"),
        pytest.param({"service": "another"}, id="of another kind"),
        pytest.param({"patient": "another"}, id="somebody else's"),
        pytest.param({"status": Status.CANCELLED, "starts_at": MONDAY_NINE + DAY}, id="called off"),
    ],
)
def test_only_their_own_later_session_of_the_kind_is_moved(practice, fields):
    entry = practice.waits()
    other = {"service": make.service(), "patient": make.patient()}
    given = {"patient": entry.patient, "starts_at": MONDAY_NINE + DAY} | {
        name: other[name] if value == "another" else value for name, value in fields.items()
    }
    theirs = practice.session(**given)
    practice.cancel()
    (offer,) = practice.turn()
    assert offered.swaps_of(Offer.objects.for_listing().get(pk=offer.pk), now=NOW) == []
    with pytest.raises(answering.ChangedMeanwhile):
        accept(offer, instead_of=theirs)
    offer.refresh_from_db()
    assert offer.is_open
    assert Appointment.objects.get(pk=theirs.pk).starts_at == given["starts_at"]


def test_a_session_that_is_too_late_to_move_is_not_moved(db):
    practice = Waiting(cancel_hours=48, notice_hours=1)
    entry = practice.waits()
    soon = practice.session(NOW + 5 * HOUR)
    theirs = practice.session(NOW + 30 * HOUR, patient=entry.patient)
    practice.cancel(soon)
    (offer,) = practice.turn()
    assert offered.swaps_of(Offer.objects.for_listing().get(pk=offer.pk), now=NOW) == []
    with pytest.raises(answering.ChangedMeanwhile):
        accept(offer, instead_of=theirs)
    assert Appointment.objects.get(pk=theirs.pk).starts_at == NOW + 30 * HOUR


def test_a_session_that_is_moved_has_its_grace_from_the_answer_on(db):
    """Inside the hours of free cancelling, and booked long ago."""
    practice = Waiting(cancel_hours=48, notice_hours=1, grace_minutes=15)
    entry = practice.waits()
    soon = practice.session(NOW + 5 * HOUR)
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient, booked_at=NOW - 30 * DAY)
    practice.cancel(soon)
    (offer,) = practice.turn()
    asked = Offer.objects.for_listing().get(pk=offer.pk)
    said = changing.terms_of(offered.as_swapped(theirs, asked, now=NOW), now=NOW, clinic=practice.clinic)
    assert (said.is_free_over, said.grace) == (True, 15)
    answered = NOW + timedelta(minutes=20)
    moved = accept(offer, instead_of=theirs, now=answered)
    assert terms.free_until(moved) == answered + timedelta(minutes=15)
    by = make.actor(entry.patient.user, Role.PATIENT)
    gone = actions.cancel(appointment=moved, reason="patient", by=by, now=answered + timedelta(minutes=15))
    assert not gone.late


def test_of_two_who_are_asked_at_once_the_first_has_it(db):
    practice = Waiting(freed_times="at_once")
    practice.waits(), practice.waits()
    practice.cancel()
    first, second = practice.turn()
    booked = accept(second)
    with pytest.raises(OfferClosed) as refused:
        accept(first, shown="")
    assert refused.value.reason == Offer.Outcome.TAKEN
    assert practice.live() == [booked]


def test_a_time_that_a_visitor_booked_first_is_said_to_be_taken(db):
    practice = Waiting(freed_times="at_once")
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    theirs = practice.session()
    with pytest.raises(OfferClosed) as refused:
        accept(offer)
    offer.refresh_from_db()
    assert (refused.value.reason, offer.outcome) == (Offer.Outcome.TAKEN, Offer.Outcome.TAKEN)
    assert practice.live() == [theirs]


def test_another_session_then_is_said_and_the_offer_stays(practice):
    entry = practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    make.appointment(patient=entry.patient, starts_at=MONDAY_NINE)
    with pytest.raises(PatientBusy):
        accept(offer)
    offer.refresh_from_db()
    assert offer.is_open


def test_a_price_that_changed_since_the_page_was_drawn_is_shown_first(db):
    practice = Waiting(freed_times="at_once")
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    before = shown(Offer.objects.for_listing().get(pk=offer.pk))
    type(practice.service).objects.filter(pk=practice.service.pk).update(fee=300)
    with pytest.raises(answering.ChangedMeanwhile):
        accept(offer, shown=before)
    assert practice.live() == []


def test_a_withdrawn_offer_frees_its_time_and_asks_nobody_else(practice):
    practice.waits(), practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    assert answering.withdraw(offer=offer, by=practice.desk, now=NOW)
    assert not answering.withdraw(offer=offer, by=practice.desk, now=NOW)
    assert (practice.live(), practice.turn()) == ([], [])
    with pytest.raises(OfferClosed) as refused:
        accept(offer, shown="")
    assert refused.value.reason == Offer.Outcome.WITHDRAWN


def test_who_leaves_from_the_link_is_asked_no_more(practice):
    first, second = practice.waits(), practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    assert answering.leave(entry=first, why=WaitlistEntry.Ended.LEFT, by=BY_LINK, now=NOW)
    assert not answering.leave(entry=first, why=WaitlistEntry.Ended.LEFT, by=BY_LINK, now=NOW)
    practice.turn()
    assert [(entry, outcome) for entry, _at, outcome in practice.offers()] == [
        (first.pk, Offer.Outcome.NOT_NEEDED),
        (second.pk, ""),
    ]
    with pytest.raises(OfferClosed):
        accept(offer, shown="")


def test_what_fills_a_cancelled_time_again_is_known_however_it_came_there(practice):
    practice.waits()
    practice.cancel()
    practice.booked.refresh_from_db()
    assert waitlist.refilled([practice.booked]) == {}
    (offer,) = practice.turn()
    booked = accept(offer)
    assert waitlist.refilled([practice.booked]) == {practice.booked.pk: booked}
    booking.cancel_session(appointment=booked, reason="patient", by=practice.desk, now=NOW)
    assert waitlist.refilled([practice.booked]) == {}
    # By phone, ten minutes later in the same time.
    by_phone = practice.session(MONDAY_NINE + timedelta(minutes=10), status=Status.NO_SHOW)
    assert waitlist.refilled([practice.booked]) == {practice.booked.pk: by_phone}
    # Of somebody else's diary.
    make.appointment(starts_at=MONDAY_NINE)
    assert waitlist.refilled([by_phone]) == {}


def test_the_worker_of_a_dead_offer_keeps_no_time(practice):
    """Nobody's turn was taken after the offer: the hold goes by itself, and the link books nothing."""
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    later = NOW + 2 * HOUR + timedelta(minutes=5)
    assert actions.clear_run_out_holds(by=WORKER, now=later - timedelta(seconds=1)) == 0
    assert actions.clear_run_out_holds(by=WORKER, now=later) == 1
    with pytest.raises(OfferClosed) as refused:
        accept(offer, now=later)
    assert refused.value.reason == Offer.Outcome.EXPIRED


@pytest.fixture
def intake(practice):
    return make.service(minutes=50, buffer_after=10, first_visit_only=True)


def test_an_earlier_first_visit_takes_the_place_of_the_one_that_is_booked(practice, intake):
    """There is never a second one, also where the answer asks for it."""
    patient = make.patient(user=make.user())
    first = practice.session(MONDAY_NINE + 7 * DAY, patient=patient, service=intake)
    wish = waiting.WaitlistWish((), None, ANY_WAY, EVERY_DAY, ANY_PART, first.starts_at.date())
    themself = make.actor(patient.user, role=Role.PATIENT)
    entry = actions.join_waitlist(patient=patient, service=intake, wish=wish, by=themself, now=NOW)
    practice.cancel()
    (offer,) = practice.turn()
    assert offer.entry == entry
    with pytest.raises(NotOffered) as refused:
        accept(offer)
    assert refused.value.reason == "first_visit_ahead"
    moved = accept(offer, instead_of=first)
    assert (moved.pk, moved.starts_at) == (first.pk, MONDAY_NINE)
    assert practice.live() == [moved]


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"starts_at": MONDAY_NINE - 3 * DAY}, id="sooner than the time that was freed"),
        pytest.param({"status": Status.REQUESTED, "answer_by": NOW + DAY}, id="asked for, and not to be moved"),
        pytest.param({"service": "another"}, id="of another service"),
    ],
)
def test_a_first_visit_that_cannot_come_earlier_is_offered_no_time(practice, intake, fields):
    entry = practice.waits(service=intake, patient=make.patient(user=make.user()))
    if "service" in fields:
        fields = {"service": make.service(minutes=50, first_visit_only=True)}
    practice.session(**{"starts_at": MONDAY_NINE + 7 * DAY, "patient": entry.patient, "service": intake} | fields)
    practice.cancel()
    assert practice.turn() == []


def test_closed_books_stay_closed_to_whoever_would_be_new_there(practice, intake):
    entry = practice.waits(service=intake, patient=make.patient(user=make.user()))
    other = make.psychologist(services=(intake,))
    first = practice.session(MONDAY_NINE + 7 * DAY, psychologist=other, patient=entry.patient, service=intake)
    practice.psychologist.accepting_patients = False
    practice.psychologist.save(update_fields=["accepting_patients"])
    practice.cancel()
    assert practice.turn() == []
    assert practice.live() == [first]


def test_who_has_as_many_as_can_be_booked_may_still_come_earlier(practice):
    practice.clinic.max_open_bookings = 1
    practice.clinic.save(update_fields=["max_open_bookings"])
    entry = practice.waits()
    theirs = practice.session(MONDAY_NINE + 7 * DAY, patient=entry.patient)
    practice.cancel()
    (offer,) = practice.turn()
    with pytest.raises(TooManyBookings):
        accept(offer)
    assert accept(offer, instead_of=theirs).starts_at == MONDAY_NINE
    assert len(practice.live()) == 1


def test_the_desk_sees_who_may_come_earlier_in_as_many_queries_for_all(practice, intake, django_assert_max_num_queries):
    for _each in range(3):
        entry = practice.waits(service=intake, patient=make.patient(user=make.user()))
        practice.session(MONDAY_NINE + (7 + entry.pk) * DAY, patient=entry.patient, service=intake)
    practice.cancel()
    free = waitlist.FreeTime(practice.psychologist, practice.location, MONDAY_NINE, MONDAY_NINE + HOUR)
    fits = waitlist.fitting(free, now=NOW, clinic=practice.clinic, for_staff=True)
    with kept.one_stamp(), django_assert_max_num_queries(8):
        assert turns.obstacles(fits, free, now=NOW) == [None] * 3
