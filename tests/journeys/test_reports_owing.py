"""When a report to the referrer is owed, by whom, and when it is not any more: scenarios 1, 9, 10 and more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.billing import actions, charges
from portal.billing.models import Purpose
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys import reports_owing
from portal.journeys.to_do.kinds import REPORT_OWING
from portal.records import reports
from portal.records.models import Report
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
JOB = Actor.system("worklist")
WORDS = "Assessments carried out\nK10\n\nTreatment provided\nCBT\n\nRecommendations\nReview\n"


class Course:
    """A referral for so many services, and the sessions that are billed under it."""

    def __init__(self, *, services=3, **fields):
        make.clinic()
        make.mbs_items()
        self.referral = make.referral(services=services, **fields)
        self.psychologist = make.psychologist()
        self.by = make.actor(role=Role.RECEPTION)

    def give(self, *, days_ago=0, now=NOW, psychologist=None):
        starts_at = now - timedelta(days=days_ago, hours=2)
        session = make.appointment(
            patient=self.referral.patient,
            psychologist=psychologist or self.psychologist,
            starts_at=starts_at,
            status=Status.COMPLETED,
        )
        item = charges.item_for(session, referral=self.referral)
        assert item is not None
        return actions.bill(
            appointment=session,
            purpose=Purpose.SESSION,
            charges=[charges.for_session(session, item=item)],
            referral=self.referral,
            by=self.by,
            now=now,
        )

    def book(self, *, days=7, now=NOW):
        return make.appointment(
            patient=self.referral.patient, psychologist=self.psychologist, starts_at=now + timedelta(days=days)
        )

    def round(self, now=NOW):
        return reports_owing.go_round(by=JOB, now=now)

    @property
    def owed(self):
        return [(one.cause, one.last_service) for one in Report.objects.standing().order_by("pk")]


def send(report, *, now=NOW):
    by = Actor(report.author.user, Role.PSYCHOLOGIST)
    kept = reports.save_draft(report=report, body=WORDS, version=0, by=by, now=now)
    paper = reports_owing.paper_of(report, clinic=ClinicSettings.current(), today=now.date())
    reports.sign(report=kept, version=1, paper=paper, by=by, now=now)
    assert reports_owing.sent(report=kept, how="post", by=by, now=now)


def test_one_is_owed_at_the_end_of_a_course_by_who_gave_the_last_service():
    course, other = Course(services=2), make.psychologist()
    course.give(days_ago=7)
    assert course.round() == {"raised": 0, "dropped": 0}
    course.give(psychologist=other)
    assert course.round() == {"raised": 1, "dropped": 0}
    assert course.round() == {"raised": 0, "dropped": 0}
    report = Report.objects.get()
    assert (report.cause, report.author, report.referral) == ("course", other, course.referral)
    assert report.service_dates == ["2026-11-17", "2026-11-24"]
    to_do = ToDo.objects.of_kind(REPORT_OWING.name).get()
    assert (to_do.person, to_do.about_code, to_do.done_at) == (str(other.user_id), str(report.code), None)
    send(report)
    to_do.refresh_from_db()
    assert to_do.outcome == "sent"


def test_one_is_owed_after_sixty_quiet_days_and_again_after_they_return_and_finish():
    course = Course(services=4)
    for days in (74, 67, 60):
        course.give(days_ago=days)
    assert course.round(NOW - timedelta(days=1))["raised"] == 0
    assert course.round()["raised"] == 1
    quiet = Report.objects.get()
    assert quiet.cause == "quiet"
    send(quiet)
    later = NOW + timedelta(days=10)
    course.give(now=later)
    assert course.round(later) == {"raised": 1, "dropped": 0}
    again = Report.objects.exclude(pk=quiet.pk).get()
    assert (again.cause, again.service_dates) == ("course", ["2026-12-04"])


def test_who_is_booked_is_not_quiet_and_who_returns_is_owed_no_report_of_having_left():
    course = Course(services=4)
    course.give(days_ago=70)
    booked = course.book()
    assert course.round()["raised"] == 0
    Appointment.objects.filter(pk=booked.pk).update(status=Status.CANCELLED, cancelled_at=NOW)
    assert course.round()["raised"] == 1
    course.book(days=3)
    assert course.round() == {"raised": 0, "dropped": 1}
    assert ToDo.objects.of_kind(REPORT_OWING.name).get().outcome == "returned"
    assert course.owed == []


def test_what_was_begun_stays_when_they_return():
    course = Course(services=4)
    course.give(days_ago=70)
    course.round()
    report = Report.objects.get()
    by = Actor(report.author.user, Role.PSYCHOLOGIST)
    reports.save_draft(report=report, body=WORDS, version=0, by=by, now=NOW)
    course.book()
    assert course.round() == {"raised": 0, "dropped": 0}


def test_a_course_that_goes_on_after_all_owes_none():
    course = Course(services=1)
    invoice = course.give()
    course.round()
    actions.void_invoice(invoice=invoice, reason="Mistyped", by=course.by, now=NOW)
    assert course.round() == {"raised": 0, "dropped": 1}
    course.give(now=NOW + timedelta(hours=1))
    assert course.round(NOW + timedelta(hours=1))["raised"] == 1


def test_the_psychologist_says_it_was_the_last_session():
    course = Course(services=6)
    patient = course.referral.patient
    nothing = reports_owing.end_care(patient=patient, author=course.psychologist, by=course.by, now=NOW)
    assert nothing is None
    course.give(days_ago=3)
    owed = reports_owing.end_care(patient=patient, author=course.psychologist, by=course.by, now=NOW)
    assert (owed.cause, owed.author) == ("last", course.psychologist)
    assert reports_owing.end_care(patient=patient, author=course.psychologist, by=course.by, now=NOW) is None
    # Nor does the round raise another for the same service, or drop this one.
    assert course.round(NOW + timedelta(days=90)) == {"raised": 0, "dropped": 0}


def test_carried_over_new_year_it_is_owed_after_the_last_of_the_course():
    now = datetime(2027, 1, 20, 3, 0, tzinfo=UTC)
    course = Course(services=6, written_on=date(2026, 11, 3))
    for days in (70, 60, 50, 30, 8):
        course.give(days_ago=days, now=now)
    assert course.round(now)["raised"] == 0
    course.give(now=now)
    assert course.round(now)["raised"] == 1
    assert course.owed == [("course", now.date())]


def test_what_ended_long_ago_is_history():
    course = Course(services=1)
    course.give(days_ago=300)
    assert course.round(NOW + timedelta(days=90))["raised"] == 0


def test_without_a_claim_nothing_is_owed():
    course = Course(services=1)
    make.appointment(patient=course.referral.patient, starts_at=NOW - timedelta(days=90), status=Status.NO_SHOW)
    assert course.round() == {"raised": 0, "dropped": 0}
