"""Reports to referrers: owed, written, signed and sent. Every step stands in the trail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from portal.audit import trail
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.database.inserting import insert_or_ignore
from portal.medicare.models import Referral
from portal.records.actions import tidy
from portal.records.models import Report
from portal.records.refusals import NothingWritten, NotSigned, NotTheirs, ReportSigned, StaleReport

Stage = Report.Stage


def headings() -> list[str]:
    """What Medicare asks a report to tell, each under a heading of its own."""
    return [_("Assessments carried out"), _("Treatment provided"), _("Recommendations")]


def skeleton() -> str:
    """The text a report begins with."""
    return "\n\n\n".join(headings()) + "\n"


def unwritten(body: str) -> list[str]:
    """The headings under which nothing stands, or that are gone with nothing in their place."""
    known, under, found = headings(), "", set[str]()
    for line in body.splitlines():
        if line.strip() in known:
            under = line.strip()
        elif line.strip() and under:
            found.add(under)
    return [heading for heading in known if heading not in found]


@transaction.atomic
def owe(
    *,
    referral: Referral,
    author: Psychologist,
    cause: str,
    last_service: date,
    service_dates: Sequence[date],
    by: Actor,
    now: datetime,
) -> Report | None:
    """Writes down that a report is owed, or returns None where one of that course covers the service already."""
    covering = Report.objects.standing().filter(course=referral.course, last_service__gte=last_service)
    if covering.exists():
        return None
    report = Report(
        patient_id=referral.patient_id,
        author=author,
        referral=referral,
        course=referral.course,
        cause=cause,
        last_service=last_service,
        service_dates=[day.isoformat() for day in service_dates],
        owed_at=now,
        updated_at=now,
    )
    if not insert_or_ignore(report):
        return None
    owed: Report = Report.objects.get(code=report.code)
    trail.record("report.owed", by=by, target=owed, at=now, patient=owed.patient_id, why=cause)
    return owed


@transaction.atomic
def drop(*, report: Report, by: Actor, now: datetime) -> bool:
    """Its reason is gone before anybody wrote a word; whether it was so."""
    dropped = Report.objects.filter(pk=report.pk, stage=Stage.OWED).update(
        stage=Stage.DROPPED, dropped_at=now, updated_at=now
    )
    if dropped:
        trail.record("report.dropped", by=by, target=report, at=now, patient=report.patient_id)
    return bool(dropped)


@sensitive_variables("body")
@transaction.atomic
def save_draft(*, report: Report, body: str, version: int, by: Actor, now: datetime) -> Report:
    """Keeps what is written; `version` is the one that was written on. The same text sent again is no change.

    Raises StaleReport, ReportSigned, NothingWritten (an empty page begins nothing), NotTheirs.
    """
    stored, body = _held(report, by=by), tidy(body)
    if stored.is_signed:
        raise ReportSigned
    if stored.body == body:
        return stored
    if stored.body is None and body.strip() in ("", skeleton().strip()):
        raise NothingWritten
    if stored.version != version:
        raise StaleReport(stored)
    begun = stored.stage == Stage.OWED
    stored.body, stored.version, stored.updated_at, stored.stage = body, version + 1, now, Stage.DRAFT
    stored.save(update_fields=["body", "version", "updated_at", "stage"])
    if begun:
        trail.record("report.drafted", by=by, target=stored, at=now, patient=stored.patient_id)
    return stored


@sensitive_variables("paper")
@transaction.atomic
def sign(*, report: Report, version: int, paper: dict[str, Any], by: Actor, now: datetime) -> Report:
    """Signs the draft as it stood at `version`, with what stands around it on paper; nothing changes it from then on.

    Raises StaleReport, ReportSigned, NothingWritten (something is missing under a heading), NotTheirs.
    """
    stored = _held(report, by=by)
    if stored.is_signed:
        raise ReportSigned
    if stored.body is None or unwritten(stored.body):
        raise NothingWritten
    if stored.version != version:
        raise StaleReport(stored)
    stored.paper, stored.stage, stored.signed_at, stored.signed_by = paper, Stage.SIGNED, now, by.user
    stored.save(update_fields=["paper", "stage", "signed_at", "signed_by"])
    trail.record("report.signed", by=by, target=stored, at=now, patient=stored.patient_id)
    return stored


@transaction.atomic
def mark_sent(*, report: Report, how: str, by: Actor, now: datetime) -> bool:
    """Writes down that it went to the referrer; whether this was the first word of it. Raises NotSigned, NotTheirs."""
    stored = _held(report, by=by)
    if not stored.is_signed:
        raise NotSigned
    if stored.stage == Stage.SENT:
        return False
    stored.stage, stored.sent_at, stored.sent_by, stored.sent_how = Stage.SENT, now, by.user, how
    stored.save(update_fields=["stage", "sent_at", "sent_by", "sent_how"])
    trail.record("report.sent", by=by, target=stored, at=now, patient=stored.patient_id, how=how)
    return True


def read(*, report: Report, by: Actor, now: datetime) -> Report:
    """Opens the words for their author, and says so in the trail. Raises NotTheirs."""
    if not Report.objects.visible_to(by).filter(pk=report.pk).exists():
        raise NotTheirs
    trail.read("report", by=by, target=report, at=now, patient=report.patient_id)
    return report


def _held(report: Report, *, by: Actor) -> Report:
    """The row, locked."""
    stored = Report.objects.visible_to(by).select_for_update(of=("self",)).filter(pk=report.pk).first()
    if stored is None or stored.stage == Stage.DROPPED:
        raise NotTheirs
    return stored
