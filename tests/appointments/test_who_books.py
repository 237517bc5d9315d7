"""For whom a service can be booked online: anybody, people who have been here, or those whom the desk approved."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.appointments import actions
from portal.appointments.models import Status
from portal.appointments.refusals import NotOffered
from portal.clinic.models import WhoBooks
from portal.patients import actions as patients
from tests import make

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def book(practice, **fields):
    return actions.book(**practice.ask(patient=practice.patient, **fields))


def refused(practice, **fields):
    with pytest.raises(NotOffered) as told:
        book(practice, **fields)
    return told.value.reason


def rule(practice, who, **fields):
    practice.service = make.service(minutes=50, buffer_after=10, who_books=who, **fields)


def test_known_are_those_of_whom_a_session_was_held(practice, now):
    rule(practice, WhoBooks.KNOWN)
    make.appointment(patient=practice.patient, starts_at=now - 9 * DAY, status=Status.CANCELLED)
    assert refused(practice) == "known_only"
    coming = make.appointment(patient=practice.patient, starts_at=now + 8 * DAY)
    assert refused(practice) == "known_only"
    coming.starts_at, coming.ends_at = now - 8 * DAY, now - 8 * DAY + HOUR
    coming.occupied_from, coming.occupied_until = coming.starts_at, coming.ends_at
    coming.save()
    assert book(practice)


def test_the_desk_books_it_for_anybody(practice):
    rule(practice, WhoBooks.APPROVED)
    assert book(practice, by=practice.desk)


def test_only_the_approved_and_no_longer_than_they_are(practice, now, nine):
    rule(practice, WhoBooks.APPROVED)
    make.appointment(patient=practice.patient, starts_at=now - 8 * DAY, status=Status.COMPLETED)
    assert refused(practice) == "approved_only"
    patients.approve_for_booking(patient=practice.patient, by=practice.desk, now=now)
    assert book(practice)
    patients.withdraw_approval(patient=practice.patient, by=practice.desk, now=now)
    # The record that the page read says otherwise.
    assert refused(practice, starts_at=nine + 2 * HOUR) == "approved_only"


def test_whoever_is_approved_books_what_is_for_people_known_here(practice, now):
    rule(practice, WhoBooks.KNOWN)
    patients.approve_for_booking(patient=practice.patient, by=practice.desk, now=now)
    assert book(practice)


def test_where_the_clinics_rule_is_people_known_here_somebody_new_begins_with_a_first_visit(practice, nine):
    practice.clinic.who_books = WhoBooks.KNOWN
    practice.clinic.save()
    assert refused(practice) == "known_only"
    intake = make.service(minutes=50, first_visit_only=True)
    first = book(practice, service=intake)
    # Until it was held, it is that alone, and one of it.
    assert refused(practice, starts_at=nine + 2 * HOUR) == "known_only"
    assert refused(practice, service=intake, starts_at=nine + 2 * HOUR) == "first_visit_ahead"
    later = first.ends_at
    assert book(practice, starts_at=nine + 26 * HOUR, now=later)
    assert refused(practice, service=intake, starts_at=nine + 28 * HOUR, now=later) == "first_visit_only"


def test_a_services_own_rule_comes_before_the_clinics(practice):
    practice.clinic.who_books = WhoBooks.APPROVED
    practice.clinic.save()
    assert refused(practice) == "approved_only"
    rule(practice, WhoBooks.ANYONE)
    assert book(practice)


def test_a_held_time_is_refused_too_when_it_is_confirmed(practice, now):
    rule(practice, WhoBooks.KNOWN)
    held = actions.hold(**practice.ask())
    asked = {"hold": held, "patient": practice.patient, "by": practice.online, "now": now}
    assert actions.refusal_of(**asked).reason == "known_only"
    with pytest.raises(NotOffered):
        actions.confirm_hold(**asked)


def test_the_database_keeps_a_first_visit_from_being_for_people_known_here(db):
    with pytest.raises(IntegrityError), transaction.atomic():
        make.service(first_visit_only=True, who_books=WhoBooks.KNOWN)


def test_the_database_keeps_an_approval_with_whoever_gave_it(practice, now):
    practice.patient.approved_at = now
    with pytest.raises(IntegrityError), transaction.atomic():
        practice.patient.save()


def test_approving_twice_is_one_line_in_the_trail(practice, now):
    from portal.audit.models import Entry

    for _ in range(2):
        patients.approve_for_booking(patient=practice.patient, by=practice.desk, now=now)
    for _ in range(2):
        patients.withdraw_approval(patient=practice.patient, by=practice.desk, now=now)
    lines = Entry.objects.about(practice.patient).values_list("verb", flat=True)
    assert sorted(lines) == ["patient.approval_withdrawn", "patient.approved"]
