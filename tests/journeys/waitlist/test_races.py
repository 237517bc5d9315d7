"""Two who meet at one offered time, on real threads: one has it, the other is told so, and nobody meets an error."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from portal.appointments import actions
from portal.appointments.models import Appointment, Offer, Status, Vacancy
from portal.appointments.refusals import NotOffered, OfferClosed, SlotTaken
from portal.clinic.models import ClinicSettings, Room
from portal.journeys import booking
from portal.journeys.waitlist import answering, offered, turns
from portal.journeys.waitlist.offered import BY_LINK
from portal.notifications.models import Notice
from tests import make
from tests.appointments.test_races import assert_nobody_overlaps, at_once, outcomes  # noqa: F401
from tests.journeys.waitlist.conftest import DAY, HOUR, MONDAY_NINE, NOW, WORKER, Waiting

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 4


def week(n):
    return MONDAY_NINE + n * DAY if n < 5 else MONDAY_NINE + 7 * DAY + (n - 5) * DAY


def accepting(offer, *, now=NOW, instead_of=None):
    offer = Offer.objects.for_listing().get(pk=offer.pk)
    shown = booking.as_shown(offered.session_of(offer), clinic=ClinicSettings.current())
    code = instead_of and instead_of.code

    def call():
        return answering.accept(offer=offer, instead_of=code, shown=shown, by=BY_LINK, now=now)

    return call


def visiting(practice, starts_at, patient):
    """A visitor who holds the time and confirms."""

    def call():
        held = booking.hold_time(
            psychologists=[practice.psychologist],
            service=practice.service,
            mode="video",
            starts_at=starts_at,
            location=practice.location,
            by=BY_LINK,
            now=NOW,
        )
        return booking.book_session(hold=held, patient=patient, by=BY_LINK, now=NOW)

    return call


def offered_times(practice, *, each=1):
    """One freed time after the other, each with its offers."""
    for n in range(ROUNDS):
        Appointment.objects.filter(starts_at=week(n)).delete() if n else None
        entries = [practice.waits() for _ in range(each)]
        practice.cancel(practice.booked if n == 0 else practice.session(week(n)))
        made = practice.turn()
        assert len(made) == each
        yield week(n), made
        type(entries[0]).objects.waiting().update(ended_at=NOW, ended_why="left")
        practice.turn()


def standing(starts_at):
    return Appointment.objects.filter(starts_at=starts_at, status__in=[Status.BOOKED])


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "first to accept"])
def test_accepting_against_a_visitor_who_books(at_once, kept):  # noqa: F811
    practice = Waiting(freed_times="in_turn" if kept else "at_once")
    patient = make.patient()
    for starts_at, (offer,) in offered_times(practice):
        results = at_once([accepting(offer), visiting(practice, starts_at, patient)])
        assert outcomes(results)["won"] == 1
        assert all(isinstance(r, Appointment | OfferClosed | SlotTaken | NotOffered) for r in results)
        (booked,) = standing(starts_at)
        offer.refresh_from_db()
        assert offer.is_accepted == (booked.patient_id == offer.entry.patient_id)
        # Who was promised the time has it.
        assert offer.is_accepted or not kept
        Appointment.objects.filter(patient=patient).delete()
    assert_nobody_overlaps()


def test_two_who_accept_at_once_where_all_are_asked(at_once):  # noqa: F811
    practice = Waiting(freed_times="at_once")
    for starts_at, offers in offered_times(practice, each=4):
        results = at_once([accepting(offer) for offer in offers])
        assert outcomes(results) == Counter(won=1, OfferClosed=3)
        assert {r.reason for r in results if isinstance(r, OfferClosed)} == {Offer.Outcome.TAKEN}
        (booked,) = standing(starts_at)
        rows = Offer.objects.filter(pk__in=[o.pk for o in offers]).values_list("outcome", "booked")
        assert Counter(rows) == Counter({("accepted", booked.pk): 1, ("taken", None): 3})


def test_one_who_presses_twice_at_once(at_once):  # noqa: F811
    practice = Waiting()
    for starts_at, (offer,) in offered_times(practice):
        results = at_once([accepting(offer) for _ in range(4)])
        assert outcomes(results) == Counter(won=4)
        (booked,) = standing(starts_at)
        assert {r.pk for r in results} == {booked.pk}
        about = Notice.objects.filter(template="appointment_booked", about_code=str(booked.code))
        assert about.count() == 1


def test_accepting_against_the_desk_that_withdraws(at_once):  # noqa: F811
    practice = Waiting()
    for starts_at, (offer,) in offered_times(practice):
        fresh = Offer.objects.for_listing().get(pk=offer.pk)
        accepted, withdrawn = at_once(
            [accepting(offer), lambda o=fresh: answering.withdraw(offer=o, by=practice.desk, now=NOW)]
        )
        offer.refresh_from_db()
        if isinstance(accepted, Appointment):
            assert (withdrawn, offer.outcome) == (False, Offer.Outcome.ACCEPTED)
            assert standing(starts_at).get() == accepted
        else:
            assert (accepted.reason, withdrawn) == (Offer.Outcome.WITHDRAWN, True)
            assert not Appointment.objects.live().filter(starts_at=starts_at).exists()


def test_accepting_in_the_last_moment_against_the_worker_and_the_sweep_of_holds(at_once):  # noqa: F811
    """The worker's clock is past the end already, the person's is not: whoever is first decides, for good."""
    practice = Waiting()
    end = NOW + 2 * HOUR
    for starts_at, (offer,) in offered_times(practice):
        vacancy = Vacancy.objects.get(pk=offer.vacancy_id)
        results = at_once(
            [
                accepting(offer, now=end - timedelta(seconds=1)),
                lambda v=vacancy: turns.take_turn(v, by=WORKER, now=end),
                lambda v=vacancy: turns.take_turn(v, by=WORKER, now=end),
                lambda: actions.clear_run_out_holds(by=WORKER, now=end + timedelta(minutes=6)),
            ]
        )
        offer.refresh_from_db()
        accepted = results[0]
        assert not isinstance(results[1], Exception)
        assert not isinstance(results[2], Exception)
        assert not isinstance(results[3], Exception)
        if isinstance(accepted, Appointment):
            assert offer.is_accepted
            assert standing(starts_at).get() == accepted
        else:
            assert isinstance(accepted, OfferClosed)
            assert accepted.reason == Offer.Outcome.EXPIRED
            assert not standing(starts_at).exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no row locks")
def test_asking_all_at_once_waits_for_nobody_who_has_the_rooms(at_once):  # noqa: F811
    """Whoever books for one of them in a room has locked them, then the rooms: asking the next would be a deadlock."""
    practice = Waiting(freed_times="at_once")
    make.room(location=practice.location)
    for _ in range(3):
        practice.waits()
    practice.cancel()
    vacancy = Vacancy.objects.get()

    def asked():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        return turns.take_turn(vacancy, by=WORKER, now=NOW)

    with transaction.atomic():
        list(Room.objects.select_for_update())
        [offers] = at_once([asked])
    assert len(offers) == 3


def test_two_rounds_at_once_ask_one_person_once(at_once):  # noqa: F811
    practice = Waiting()
    practice.waits(), practice.waits()
    practice.cancel()
    vacancy = Vacancy.objects.get()
    results = at_once([lambda: turns.take_turn(vacancy, by=WORKER, now=NOW) for _ in range(4)])
    assert sorted(len(made) for made in results) == [0, 0, 0, 1]
    assert Appointment.objects.holds().count() == 1
    assert Notice.objects.filter(template="waitlist_offer").count() == 1


def test_two_who_move_a_later_session_here_and_back_and_forth(at_once):  # noqa: F811
    """Two offers in two diaries, each taken by moving a session out of the other's: no deadlock, both have theirs."""
    practice = Waiting()
    colleague = make.psychologist()
    make.week(psychologist=colleague, location=practice.location)
    first, second = practice.waits(psychologists=[practice.psychologist]), practice.waits(psychologists=[colleague])
    a = practice.session(MONDAY_NINE + 7 * DAY, psychologist=colleague, patient=first.patient)
    b = practice.session(MONDAY_NINE + 7 * DAY, patient=second.patient)
    practice.cancel()
    practice.cancel(practice.session(psychologist=colleague))
    offers = {offer.entry_id: offer for offer in practice.turn()}
    results = at_once([accepting(offers[first.pk], instead_of=a), accepting(offers[second.pk], instead_of=b)])
    assert outcomes(results) == Counter(won=2)
    assert [s.starts_at for s in practice.live()] == [MONDAY_NINE, MONDAY_NINE]
    assert_nobody_overlaps()
