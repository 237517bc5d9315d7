"""Who may book what by what they did so far: every rule against every history, at each door that asks it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction

from portal.appointments import actions
from portal.appointments.actions.waiting import WaitlistWish, join_waitlist
from portal.appointments.models import Appointment, Status
from portal.appointments.refusals import NotOffered
from portal.clinic.models import ClinicSettings, HowBooked, WhoBooks
from portal.journeys import who_books
from portal.patients import actions as patients
from tests import make

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST, OTHER = True, False

# What stands on the record: of a first visit or not, its state, and when it began from now on.
HISTORIES = {
    "nothing": [],
    "a first visit ahead": [(FIRST, Status.BOOKED, 20 * DAY)],
    "a first visit asked for": [(FIRST, Status.REQUESTED, 20 * DAY)],
    "a first visit called off": [(FIRST, Status.CANCELLED, 20 * DAY)],
    "a first visit not confirmed": [(FIRST, Status.DECLINED, 20 * DAY)],
    "a first visit missed": [(FIRST, Status.NO_SHOW, -DAY)],
    "a first visit missed and another ahead": [(FIRST, Status.NO_SHOW, -DAY), (FIRST, Status.BOOKED, 20 * DAY)],
    "checked in for a first visit": [(FIRST, Status.ARRIVED, 10 * MINUTE)],
    "in a first visit that nobody checked in": [(FIRST, Status.BOOKED, -10 * MINUTE)],
    "a first visit over of which nobody said how it went": [(FIRST, Status.BOOKED, -DAY)],
    "a first visit held": [(FIRST, Status.COMPLETED, -DAY)],
    "another session ahead": [(OTHER, Status.BOOKED, 20 * DAY)],
    "another session called off": [(OTHER, Status.CANCELLED, -DAY)],
    "another session held": [(OTHER, Status.COMPLETED, -400 * DAY)],
    "one held and one missed": [(OTHER, Status.COMPLETED, -9 * DAY), (OTHER, Status.NO_SHOW, -DAY)],
    "one held and one ahead": [(OTHER, Status.COMPLETED, -9 * DAY), (OTHER, Status.BOOKED, 20 * DAY)],
}
HAVE_BEEN_HERE = {
    "checked in for a first visit",
    "a first visit over of which nobody said how it went",
    "a first visit held",
    "another session held",
    "one held and one missed",
    "one held and one ahead",
}
HAVE_A_FIRST_VISIT_AHEAD = {
    "a first visit ahead",
    "a first visit asked for",
    "a first visit missed and another ahead",
    "in a first visit that nobody checked in",
}
# Of each rule, whether somebody may book what it is for: new, with a first visit ahead, been here; and so if approved.
MAY = {
    "anyone": (True, True, True),
    "known": (False, False, True),
    "approved": (False, False, False),
    "first visit": (True, False, False),
    "first visit of approved people": (False, False, False),
}
MAY_IF_APPROVED = MAY | {
    "known": (True, True, True),
    "approved": (True, True, True),
    "first visit of approved people": (True, False, False),
}


def kind_of(history):
    if history in HAVE_BEEN_HERE:
        return 2
    return 1 if history in HAVE_A_FIRST_VISIT_AHEAD else 0


@pytest.fixture
def history(practice, now):
    """Puts a history on the patient's record."""

    def write(name):
        for is_first, status, since in HISTORIES[name]:
            service = make.service(minutes=50, first_visit_only=is_first)
            make.appointment(patient=practice.patient, service=service, starts_at=now + since, status=status)

    return write


def services():
    """A service under each rule of its own."""
    rules = {who.value: make.service(minutes=50, who_books=who) for who in WhoBooks}
    firsts = {"first visit": WhoBooks.ANYONE, "first visit of approved people": WhoBooks.APPROVED}
    return rules | {
        name: make.service(minutes=50, first_visit_only=True, who_books=who) for name, who in firsts.items()
    }


def takes(action):
    """Whether a door lets somebody through; nothing stays written."""
    try:
        with transaction.atomic():
            action()
            transaction.set_rollback(True)
    except NotOffered:
        return False
    return True


@pytest.mark.parametrize("approved", [False, True], ids=["", "approved"])
@pytest.mark.parametrize("name", HISTORIES)
def test_who_may_book_what_under_a_rule_of_the_services_own(practice, now, history, name, approved):
    history(name)
    if approved:
        patients.approve_for_booking(patient=practice.patient, by=practice.desk, now=now)
    wish = WaitlistWish(psychologists=[], location=None, modes=7, weekdays=127, parts=7, ends_on=now.date() + 30 * DAY)
    asked = {"patient": practice.patient, "by": practice.online, "now": now}
    expected = MAY_IF_APPROVED if approved else MAY
    for rule, service in services().items():
        may = expected[rule][kind_of(name)]
        held = actions.hold(**practice.ask(service=service))
        # What is said before anything is typed, what confirming does, and what may be waited for.
        assert (actions.refusal_of(hold=held, **asked) is None) == may, rule
        assert takes(lambda: actions.confirm_hold(hold=held, **asked)) == may, rule  # noqa: B023
        assert takes(lambda: join_waitlist(service=service, wish=wish, **asked)) == may, rule  # noqa: B023
        actions.release_hold(hold=held, by=practice.online, now=now)


@pytest.mark.parametrize("rule", WhoBooks)
@pytest.mark.parametrize("name", HISTORIES)
def test_who_may_book_and_ask_under_the_clinics_rule(practice, now, history, name, rule):
    history(name)
    ClinicSettings.objects.update(who_books=rule, how_booked=HowBooked.ON_REQUEST)
    clinic = ClinicSettings.current()
    first, usual = make.service(minutes=50, first_visit_only=True), make.service(minutes=50)
    kind = kind_of(name)
    firsts_rule = "first visit of approved people" if rule == WhoBooks.APPROVED else "first visit"
    for service, may in ((first, MAY[firsts_rule][kind]), (usual, MAY[rule][kind])):
        held = actions.hold(**practice.ask(service=service))
        asked = {"hold": held, "patient": practice.patient, "by": practice.online, "now": now}
        assert takes(lambda: actions.confirm_hold(**asked)) == may  # noqa: B023
        actions.release_hold(hold=held, by=practice.online, now=now)
    # A page bars the way only where the rule is in it, whoever has their first visit ahead.
    user = practice.patient.user
    assert bool(who_books.barred(usual, user=user, clinic=clinic, now=now)) == (not MAY[rule][kind])


@pytest.mark.parametrize("name", HISTORIES)
def test_nobody_is_locked_out_where_the_clinics_rule_is_people_who_have_been_here(practice, now, history, name):
    """Whoever may book nothing has a first visit ahead, which is theirs to move."""
    history(name)
    ClinicSettings.objects.update(who_books=WhoBooks.KNOWN)
    found = []
    for service in (make.service(minutes=50, first_visit_only=True), make.service(minutes=50)):
        held = actions.hold(**practice.ask(service=service))
        asked = {"hold": held, "patient": practice.patient, "by": practice.online, "now": now}
        found.append(takes(lambda: actions.confirm_hold(**asked)))  # noqa: B023
        actions.release_hold(hold=held, by=practice.online, now=now)
    ahead = Appointment.objects.filter(patient=practice.patient, service__first_visit_only=True).ahead(now=now)
    assert sum(found) == 1 or (found == [False, False] and ahead.exists())


def test_staff_book_whatever_for_whomever(practice, history):
    history("a first visit ahead")
    for service in services().values():
        assert takes(lambda: actions.book(**practice.ask(service=service, by=practice.desk, patient=practice.patient)))  # noqa: B023


def test_the_record_counts_as_it_is_now(practice, now, nine):
    known = make.service(minutes=50, who_books=WhoBooks.KNOWN)
    ask = practice.ask(service=known, patient=practice.patient)
    first = make.appointment(patient=practice.patient, starts_at=now - DAY, status=Status.COMPLETED)
    assert takes(lambda: actions.book(**ask))
    Appointment.objects.filter(pk=first.pk).update(status=Status.NO_SHOW, completed_at=None, arrived_at=None)
    with pytest.raises(NotOffered, match="known_only"):
        actions.book(**ask)
