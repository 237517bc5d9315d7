"""A freed time goes to those who wait, one after the other or to all at once, and to nobody whom it doesn't suit."""

from datetime import date, timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.actions import waiting
from portal.appointments.models import Appointment, Offer, Vacancy, WaitlistEntry, Weekday
from portal.appointments.models.waitlist import PARTS, WAYS, bits_of
from portal.appointments.refusals import OfferClosed, SlotTaken
from portal.audit.models import Entry
from portal.journeys import booking
from portal.journeys.to_do import lines
from portal.journeys.to_do.addresses import patient_of
from portal.journeys.waitlist import answering
from portal.journeys.waitlist.offered import BY_LINK
from portal.notifications.models import Notice, State
from portal.worklist.models import ToDo
from tests import make
from tests.journeys.waitlist.conftest import DAY, HOUR, MONDAY_NINE, NOW, WORKER, Waiting, mailed

MINUTE = timedelta(minutes=1)


def test_a_cancelled_time_goes_to_who_waits_longest_and_is_kept_for_them(practice):
    first, second = practice.waits(), practice.waits()
    practice.cancel()
    practice.turn()
    (offer,) = Offer.objects.all()
    assert (offer.entry, offer.starts_at, offer.expires_at) == (first, MONDAY_NINE, NOW + 2 * HOUR)
    assert mailed() == [first.patient.email]
    (held,) = practice.live()
    assert (held.code, held.starts_at) == (offer.hold_code, MONDAY_NINE)
    # A little longer than the offer: the worker passes it on meanwhile.
    assert held.held_until == NOW + 2 * HOUR + 5 * MINUTE
    with pytest.raises(SlotTaken):
        booking.book_for_patient(
            psychologist=practice.psychologist,
            patient=second.patient,
            service=practice.service,
            mode="in_person",
            starts_at=MONDAY_NINE,
            location=practice.location,
            by=practice.desk,
            now=NOW,
        )
    # Asked again by a second worker, or a second round, nobody is asked twice.
    assert practice.turn() == []


def test_who_is_urgent_is_asked_before_who_waits_longer(practice):
    practice.waits()
    urgent = practice.waits(urgent=True)
    practice.cancel()
    practice.turn()
    assert [entry for entry, *_rest in practice.offers()] == [urgent.pk]


def test_what_is_not_answered_in_time_goes_to_the_next_and_comes_to_an_end(practice):
    first, second = practice.waits(), practice.waits()
    practice.cancel()
    practice.turn()
    assert practice.turn(now=NOW + 2 * HOUR - MINUTE) == []
    practice.turn(now=NOW + 2 * HOUR)
    assert practice.offers() == [
        (first.pk, MONDAY_NINE, Offer.Outcome.EXPIRED),
        (second.pk, MONDAY_NINE, ""),
    ]
    assert mailed() == [first.patient.email, second.patient.email]
    (held,) = practice.live()
    assert held.code == Offer.objects.get(entry=second).hold_code
    practice.turn(now=NOW + 4 * HOUR)
    vacancy = Vacancy.objects.get()
    assert (vacancy.closed_why, practice.live()) == (Vacancy.Closed.NOBODY, [])
    assert WaitlistEntry.objects.waiting().count() == 2


def test_a_link_that_is_answered_after_its_time_books_nothing(practice):
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    late = NOW + 2 * HOUR
    with pytest.raises(OfferClosed) as refused:
        answering.accept(offer=offer, instead_of=None, shown="", by=BY_LINK, now=late)
    assert refused.value.reason == Offer.Outcome.EXPIRED
    assert not Appointment.objects.without_holds().without_cancelled().exists()


WISHES = {
    "a service that they don't give": {"service": lambda p: make.service()},
    "another psychologist": {"psychologists": lambda p: [make.psychologist()]},
    "another place": {"location": lambda p: make.location()},
    "another day": {"weekdays": lambda p: bits_of([Weekday.TUESDAY], list(Weekday.values))},
    "another time of day": {"parts": lambda p: bits_of(["afternoon", "evening"], PARTS)},
    "an earlier day": {"ends_on": lambda p: date(2026, 6, 7)},
    "a way nobody gives": {"modes": lambda p: bits_of(["phone"], WAYS)},
}


@pytest.mark.parametrize("wish", WISHES)
def test_nobody_is_asked_whom_it_does_not_suit(practice, wish):
    practice.service.phone = False
    practice.service.save(update_fields=["phone"])
    practice.psychologist.services.set([practice.service])
    practice.waits(**{name: value(practice) for name, value in WISHES[wish].items()})
    practice.cancel()
    assert practice.turn() == []
    assert (practice.live(), mailed()) == ([], [])
    assert Vacancy.objects.get().closed_why == Vacancy.Closed.NOBODY


@pytest.mark.parametrize("matches", ["psychologists", "location", "weekdays", "parts", "ends_on", "modes"])
def test_who_asks_for_exactly_this_is_asked(practice, matches):
    exact = {
        "psychologists": [practice.psychologist],
        "location": practice.location,
        "weekdays": bits_of([Weekday.MONDAY], list(Weekday.values)),
        "parts": bits_of(["morning"], PARTS),
        "ends_on": date(2026, 6, 8),
        "modes": bits_of(["video"], WAYS),
    }
    entry = practice.waits(**{matches: exact[matches]})
    practice.cancel()
    practice.turn()
    assert [asked for asked, *_rest in practice.offers()] == [entry.pk]


def test_the_rules_of_online_booking_hold(practice):
    """Notice, horizon, a first visit for who has been here, closed books, a session at that time: each asks nobody."""
    was_here = make.patient()
    practice.session(MONDAY_NINE - 70 * DAY, patient=was_here, status="completed")
    intake = make.service(minutes=50, first_visit_only=True)
    practice.waits(service=intake, patient=was_here)
    busy = make.patient()
    other = make.psychologist()
    make.appointment(psychologist=other, patient=busy, starts_at=MONDAY_NINE)
    practice.waits(patient=busy)
    practice.waits(service=make.service(minutes=50, online=False))
    practice.waits(patient=make.patient(email=""))
    practice.cancel()
    assert practice.turn() == []
    practice.psychologist.accepting_patients = False
    practice.psychologist.save(update_fields=["accepting_patients"])
    new, own = practice.waits(), practice.waits(patient=was_here)
    later = practice.session(MONDAY_NINE + DAY)
    practice.cancel(later)
    practice.turn()
    assert [asked for asked, *_rest in practice.offers()] == [own.pk]
    assert new.is_waiting


def test_what_begins_inside_the_notice_is_offered_to_nobody(practice):
    practice.waits()
    soon = practice.session(NOW + 12 * HOUR + 10 * MINUTE, minutes=50)
    practice.cancel(soon)
    assert practice.turn() == []


def test_the_time_to_answer_ends_with_the_notice(practice):
    practice.waits()
    practice.cancel()
    half_an_hour_left = MONDAY_NINE - 12 * HOUR - 90 * MINUTE
    (offer,) = practice.turn(now=half_an_hour_left)
    assert offer.expires_at == MONDAY_NINE - 12 * HOUR


def test_nobody_is_written_to_at_night(practice):
    practice.waits()
    night = NOW + 11 * HOUR  # ten in the evening
    practice.cancel(now=night)
    assert practice.turn(now=night) == []
    assert Vacancy.objects.still_open().exists()
    assert len(practice.turn(now=NOW + 21 * HOUR)) == 1  # eight in the morning


def test_a_visitor_who_holds_the_time_is_waited_for(practice):
    practice.waits()
    practice.cancel()
    held = booking.hold_time(
        psychologists=[practice.psychologist],
        service=practice.service,
        mode="in_person",
        starts_at=MONDAY_NINE,
        location=practice.location,
        by=BY_LINK,
        now=NOW,
    )
    assert practice.turn() == []
    assert Vacancy.objects.still_open().exists()
    actions.release_hold(hold=held, by=BY_LINK, now=NOW)
    assert len(practice.turn()) == 1


def test_a_time_that_somebody_else_booked_is_offered_no_longer(practice):
    practice.waits()
    practice.cancel()
    practice.session()
    assert practice.turn() == []
    assert Vacancy.objects.get().closed_why == Vacancy.Closed.TAKEN


def test_to_all_at_once_where_the_clinic_says_so(db):
    practice = Waiting(freed_times="at_once")
    entries = [practice.waits() for _ in range(3)]
    practice.cancel()
    practice.turn()
    assert practice.offers() == [(entry.pk, MONDAY_NINE, "") for entry in entries]
    # Kept for nobody: it is anybody's to book.
    assert practice.live() == []
    assert mailed() == [entry.patient.email for entry in entries]


def test_only_by_the_desk_where_the_clinic_says_so(db):
    practice = Waiting(freed_times="by_desk")
    practice.waits()
    practice.cancel()
    assert not Vacancy.objects.exists()


def test_a_time_that_is_moved_away_from_is_offered_too(practice):
    entry = practice.waits()
    booking.reschedule_session(appointment=practice.booked, starts_at=MONDAY_NINE + DAY, by=practice.desk, now=NOW)
    practice.turn()
    assert practice.offers() == [(entry.pk, MONDAY_NINE, "")]
    assert Vacancy.objects.get().session == practice.booked


def test_what_nobody_waits_for_leaves_no_row(practice):
    practice.cancel()
    assert not Vacancy.objects.exists()


def test_who_books_leaves_the_list_and_what_was_offered_to_them_goes_on(practice):
    first, second = practice.waits(), practice.waits()
    practice.cancel()
    practice.turn()
    booking.book_for_patient(
        psychologist=practice.psychologist,
        patient=first.patient,
        service=practice.service,
        mode="video",
        starts_at=MONDAY_NINE + DAY,
        location=practice.location,
        by=practice.desk,
        now=NOW,
    )
    first.refresh_from_db()
    assert first.ended_why == WaitlistEntry.Ended.BOOKED
    practice.turn()
    assert practice.offers() == [
        (first.pk, MONDAY_NINE, Offer.Outcome.NOT_NEEDED),
        (second.pk, MONDAY_NINE, ""),
    ]


def test_who_thinks_about_one_time_is_asked_about_no_other_until_they_answered(practice):
    entry = practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    practice.cancel(practice.session(MONDAY_NINE + DAY))
    assert practice.turn() == []
    answering.decline(offer=offer, by=BY_LINK, now=NOW)
    practice.turn()
    assert practice.offers() == [
        (entry.pk, MONDAY_NINE, Offer.Outcome.DECLINED),
        (entry.pk, MONDAY_NINE + DAY, ""),
    ]


def test_a_round_ends_the_waiting_that_is_over(practice):
    over, on = practice.waits(ends_on=date(2026, 6, 2)), practice.waits(ends_on=date(2026, 6, 3))
    assert waiting.end_what_is_over(today=date(2026, 6, 3), by=WORKER, now=NOW) == 1
    over.refresh_from_db()
    on.refresh_from_db()
    assert (over.ended_why, on.ended_why) == (WaitlistEntry.Ended.OVER, "")


def test_those_who_care_for_a_child_are_written_to_each_in_their_language(practice):
    child = make.patient(email="", date_of_birth=date(2018, 1, 1), legal_first_name="Mia")
    mother, father = make.user(language="vi"), make.user(language="zh-hans")
    make.carer(patient=child, user=mother)
    make.carer(patient=child, user=father)
    practice.waits(patient=child)
    practice.cancel()
    practice.turn()
    sent = Notice.objects.filter(template="waitlist_offer")
    assert {(n.to, n.language) for n in sent} == {(mother.email, "vi"), (father.email, "zh-hans")}
    assert all("Mia" in n.text for n in sent)


def test_the_mail_says_until_when_and_nothing_of_why(practice):
    practice.waits()
    practice.cancel()
    practice.turn()
    notice = Notice.objects.get(template="waitlist_offer")
    assert "We keep it for you until Wednesday 3 June 2026, 1:00 pm" in notice.text
    assert practice.service.name not in notice.text + notice.subject
    assert notice.secret


def test_the_trail_says_who_was_offered_what(practice):
    entry = practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    line = Entry.objects.get(verb="waitlist.offered")
    assert (line.target_code, line.facts["patient"]) == (str(offer.code), entry.patient_id)
    assert line.actor_name == WORKER.name


def test_only_staff_say_that_it_is_urgent(practice):
    wish = actions.WaitlistWish(
        psychologists=[],
        location=None,
        modes=7,
        weekdays=127,
        parts=7,
        ends_on=date(2026, 7, 1),
        urgent=True,
        desk_note="ring first",
    )
    patient = make.patient(user=make.user())
    own = actions.join_waitlist(
        patient=patient, service=practice.service, wish=wish, by=make.actor(patient.user, Role.PATIENT), now=NOW
    )
    desks = actions.join_waitlist(
        patient=make.patient(), service=practice.service, wish=wish, by=practice.desk, now=NOW
    )
    assert [(entry.urgent, entry.desk_note) for entry in (own, desks)] == [(False, ""), (True, "ring first")]


# ---- Mails that can't be delivered -----------------------------------------------------------------------------------


def _goes_wrong(offer, state=State.FAILED, **which):
    Notice.objects.about(offer).filter(**which).update(state=state, error="SMTPRecipientsRefused 550")


def _in_vain():
    return list(ToDo.objects.still_open().of_kind("offer_unreached").values_list("about_code", flat=True))


def test_whom_no_mail_reaches_comes_to_the_desk_by_name_and_the_next_is_asked(practice):
    lost, following = practice.waits(patient=make.patient(phone="+61491570156")), practice.waits()
    practice.cancel()
    (first,) = practice.turn()
    assert practice.turn(NOW + MINUTE) == []
    _goes_wrong(first)
    (second,) = practice.turn(NOW + 2 * MINUTE)
    assert practice.offers() == [
        (lost.pk, MONDAY_NINE, Offer.Outcome.UNREACHED),
        (following.pk, MONDAY_NINE, ""),
    ]
    assert [held.code for held in practice.live()] == [second.hold_code]
    # What it says no longer holds: nobody sends it again.
    assert [notice.state for notice in Notice.objects.about(first)] == [State.WITHDRAWN]
    (line,) = lines.read(ToDo.objects.still_open(), actor=practice.desk, now=NOW, zone=practice.location.zone)
    assert (line.subject, line.code) == (lost.patient.name, str(lost.patient.code))
    assert line.facts == f"0491 570 156 · {lost.patient.email}"
    # They wait on, and are asked about another time; the desk has one thing to do, however many are lost.
    practice.cancel(practice.session(MONDAY_NINE + HOUR), now=NOW + 3 * MINUTE)
    (third,) = practice.turn(NOW + 3 * MINUTE)
    assert third.entry == lost
    _goes_wrong(third)
    practice.turn(NOW + 4 * MINUTE)
    assert _in_vain() == [str(lost.patient.code)]


@pytest.mark.parametrize("state", [State.UNKNOWN, State.SENDING, State.SENT, State.PENDING])
def test_what_may_have_been_read_is_waited_for(practice, state):
    practice.waits()
    practice.cancel()
    (offer,) = practice.turn()
    times = {State.SENT: {"sent_at": NOW}, State.SENDING: {"lease_until": NOW + HOUR}}.get(state, {})
    Notice.objects.about(offer).update(state=state, **times)
    practice.turn(NOW + 2 * MINUTE)
    offer.refresh_from_db()
    assert (offer.is_open, _in_vain()) == (True, [])


def test_one_of_two_who_care_for_a_child_is_enough(practice):
    child = make.patient(email="")
    carers = [make.carer(patient=child, user=make.user()).user for _ in range(2)]
    practice.waits(patient=child)
    practice.cancel()
    (offer,) = practice.turn()
    one = next(notice for notice in Notice.objects.about(offer) if notice.to == carers[0].email)
    _goes_wrong(offer, pk=one.pk)
    practice.turn(NOW + 2 * MINUTE)
    offer.refresh_from_db()
    assert (offer.is_open, _in_vain()) == (True, [])
    # The one that went wrong is the desk's to look at, with whom it is about.
    one.refresh_from_db()
    assert patient_of(one) == child
