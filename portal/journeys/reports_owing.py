"""Reports to referrers: when one is owed, by whom, and when its reason is gone.

One is owed at the end of a course, at the last service, and where somebody has not come for sixty days with nothing
booked; who comes back and ends the course, or stays away again, is owed another (docs/australia.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from django.db import transaction

from portal.appointments import states
from portal.appointments.models import Appointment
from portal.billing.models import MedicareClaim
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.journeys import better_access
from portal.journeys.to_do import steps
from portal.journeys.to_do.due import noon_or_five
from portal.journeys.to_do.kinds import REPORT_OWING
from portal.medicare.ledger import CourseCount
from portal.medicare.models import Referral
from portal.patients.models import Patient
from portal.records import reports
from portal.records.models import Report
from portal.worklist import actions as worklist
from portal.worklist.models import ToDo

QUIET: Final = timedelta(days=60)
# What ended before is history by the time the portal learns of it.
LOOKED_BACK: Final = timedelta(days=365)
WITHIN: Final = timedelta(days=7)
ESCALATES: Final = timedelta(days=21)
_BATCH = 200


class Given(NamedTuple):
    """What was claimed under a course: each date of service, and who gave the last one."""

    days: list[date]
    author: int


def go_round(*, by: Actor, now: datetime) -> dict[str, int]:
    """Raises what is owed by now, and drops what is not any more; says how much of each."""
    dropped = sum(_drop_if_needless(report, by=by, now=now) for report in _unbegun())
    since = ClinicSettings.current().today(now) - LOOKED_BACK
    patients = list(
        MedicareClaim.objects.standing()
        .filter(service_date__gte=since)
        .order_by("patient")
        .values_list("patient", flat=True)
        .distinct()
    )
    raised = 0
    for start in range(0, len(patients), _BATCH):
        raised += _raise_for(patients[start : start + _BATCH], by=by, now=now)
    return {"raised": raised, "dropped": dropped}


@transaction.atomic
def end_care(*, patient: Patient, author: Psychologist, by: Actor, now: datetime) -> Report | None:
    """The psychologist says that a patient had their last session: the report is owed now. None where none is."""
    ledger = better_access.ledger_of(patient.pk, now=now)
    given = _given([patient.pk])
    used = [one for one in ledger.courses if one.last_day is not None and one.course.key in given]
    if not used:
        return None
    course = max(used, key=lambda one: (one.last_day or date.min, one.course.written_on))
    return _owe(course, given[course.course.key], Report.Cause.LAST, author=author, by=by, now=now)


@transaction.atomic
def sent(*, report: Report, how: str, by: Actor, now: datetime) -> bool:
    """It went to the referrer, and is off the list of things to do. Raises NotSigned, NotTheirs."""
    first = reports.mark_sent(report=report, how=how, by=by, now=now)
    if first:
        _close(report, outcome="sent", by=by, now=now)
    return first


def paper_of(report: Report, *, clinic: ClinicSettings, today: date) -> dict[str, Any]:
    """What stands around the words on paper: who writes, to whom, about whom, and when they met."""
    referral, patient, author = report.referral, report.patient, report.author
    place = " ".join(part for part in (clinic.suburb, clinic.state, clinic.postcode) if part)
    return {
        "clinic": {
            "name": clinic.name,
            "lines": [line for line in (clinic.street, place) if line],
            "phone": clinic.phone.as_national if clinic.phone else "",
        },
        "to": [line for line in (referral.referrer_name, *referral.referrer_practice.split(", ")) if line],
        "referrer": referral.referrer_name,
        "patient": patient.legal_name,
        "born": patient.date_of_birth.isoformat(),
        "written_on": referral.written_on.isoformat(),
        "dates": list(report.service_dates),
        "author": author.name,
        "title": str(author.get_registration_display()),
        "day": today.isoformat(),
    }


# ---- What is owed ----------------------------------------------------------------------------------------------------


def _raise_for(patients: list[int], *, by: Actor, now: datetime) -> int:
    today, given = ClinicSettings.current().today(now), _given(patients)
    ledgers = better_access.ledgers(patients, now=now)
    active = _active(patients, now=now)
    raised = 0
    for patient, ledger in ledgers.items():
        for course in ledger.courses:
            if course.last_day is None or course.course.key not in given or course.last_day < today - LOOKED_BACK:
                continue
            if course.is_used_up:
                cause = Report.Cause.COURSE
            elif patient not in active and course.last_day <= today - QUIET:
                cause = Report.Cause.QUIET
            else:
                continue
            raised += _owe(course, given[course.course.key], cause, by=by, now=now) is not None
    return raised


@transaction.atomic
def _owe(
    course: CourseCount,
    given: Given,
    cause: str,
    *,
    author: Psychologist | None = None,
    by: Actor,
    now: datetime,
) -> Report | None:
    referral = Referral.objects.standing().filter(course=course.course.key).first()
    if referral is None or course.last_day is None:
        return None
    before = Report.objects.standing().filter(course=referral.course).order_by("-last_service").first()
    report = reports.owe(
        referral=referral,
        author=author or Psychologist.objects.get(pk=given.author),
        cause=cause,
        last_service=course.last_day,
        # What an earlier report told of is told.
        service_dates=[day for day in given.days if before is None or day > before.last_service],
        by=by,
        now=now,
    )
    if report is None:
        return None
    zone = ClinicSettings.current().zone
    steps.put_on_list(
        REPORT_OWING,
        about=report,
        dedupe_key=f"{REPORT_OWING.name}:{report.code}",
        person=str(report.author.user_id),
        due_at=noon_or_five(now + WITHIN, zone),
        escalates_at=noon_or_five(now + ESCALATES, zone),
        by=by,
        now=now,
    )
    return report


def _unbegun() -> Iterable[Report]:
    return Report.objects.filter(stage=Report.Stage.OWED).exclude(cause=Report.Cause.LAST).without_text()


@transaction.atomic
def _drop_if_needless(report: Report, *, by: Actor, now: datetime) -> bool:
    """Where they came back before anybody wrote of their absence, or the course is not used up after all."""
    ledger = better_access.ledger_of(report.patient_id, now=now)
    course = next((one for one in ledger.courses if one.course.key == str(report.course)), None)
    match report.cause:
        case Report.Cause.COURSE:
            holds = course is not None and course.is_used_up and course.last_day is not None
        case _:
            holds = (
                course is not None
                and course.last_day == report.last_service
                and not _active([report.patient_id], now=now)
            )
    if holds or not reports.drop(report=report, by=by, now=now):
        return False
    _close(report, outcome="returned" if report.cause == Report.Cause.QUIET else "undone", by=by, now=now)
    return True


def _close(report: Report, *, outcome: str, by: Actor, now: datetime) -> None:
    for to_do in ToDo.objects.still_open().of_kind(REPORT_OWING.name).about(report):
        worklist.close(to_do, outcome=outcome, by=by, now=now)


def _active(patients: list[int], *, now: datetime) -> set[int]:
    """Who of them came within sixty days, or is booked."""
    sessions = Appointment.objects.filter(patient__in=patients).order_by()
    coming = sessions.filter(status__in=states.OPEN, ends_at__gt=now)
    came = sessions.filter(status__in=states.SEEN, starts_at__gt=now - QUIET)
    rows = [*coming.values_list("patient", flat=True), *came.values_list("patient", flat=True)]
    return {patient for patient in rows if patient is not None}


def _given(patients: list[int]) -> dict[str, Given]:
    """What was claimed under each course of these patients."""
    days: dict[str, list[date]] = defaultdict(list)
    authors: dict[str, int] = {}
    claims = MedicareClaim.objects.standing().filter(patient__in=patients).order_by("starts_at", "pk")
    for course, day, author in claims.values_list("referral__course", "service_date", "line__invoice__psychologist"):
        if author is not None:
            days[str(course)].append(day)
            authors[str(course)] = author
    return {course: Given(days[course], author) for course, author in authors.items()}
