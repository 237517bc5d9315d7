"""Work as people read it: whom and what it concerns, looked up for the rows that are shown and for who may see it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.appointments import waitlist
from portal.appointments.models import Appointment, MoveOffer
from portal.billing.models import PaymentPlan
from portal.common.access.actors import Actor
from portal.common.labels import code_of, labels_of
from portal.common.languages.times import date_short, when, when_short
from portal.common.money import dollars
from portal.journeys.to_do.kinds import (
    ALERT,
    DEBT_TO_RING,
    FEE_UNDECIDED,
    KINDS,
    MESSAGE_LEFT_BEHIND,
    OF_STRANDED_NAMES,
    OFFER_UNREACHED,
    TO_TELL,
)
from portal.messaging.models import Thread
from portal.notifications.models import Notice
from portal.patients import ringing
from portal.patients.models import Patient, Reading
from portal.patients.reaching import address_of
from portal.records.models import Report, RiskAlert
from portal.worklist.kinds import Kind
from portal.worklist.models import ToDo

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to do in words. `subject` is empty where the reader may not see what it is about, or it is gone."""

    to_do: ToDo
    kind: Kind
    subject: str = ""
    facts: str = ""
    # The name of who is on it.
    holder: str = ""
    # What its patient can still choose from, and the zone of the place where it is held.
    offer: MoveOffer | None = None
    place: ZoneInfo | None = None
    is_overdue: bool = False
    is_escalated: bool = False

    @property
    def code(self) -> str:
        return self.to_do.about_code


def read(to_dos: Iterable[ToDo], *, actor: Actor, now: datetime, zone: ZoneInfo) -> list[Line]:
    """The rows with what they are about, in the order given. `zone` is the clinic's. At most eleven queries."""
    rows = [to_do for to_do in to_dos if to_do.kind in KINDS]
    sessions = _things(Appointment.objects.visible_to(actor).for_listing(), rows)
    notices = _things(Notice.objects.visible_to(actor).defer("text", "html", "attachments"), rows)
    readings = _things(Reading.objects.visible_to(actor).select_related("patient", "reader"), rows)
    reports = _things(Report.objects.visible_to(actor).without_text().select_related("patient", "referral"), rows)
    alerts = _things(
        RiskAlert.objects.visible_to(actor, now=now).defer("causes", "done").select_related("patient"), rows
    )
    patients = _things(Patient.objects.visible_to(actor).select_related("user"), rows)
    threads = _things(Thread.objects.visible_to(actor, now=now).for_listing(), rows)
    plans = _things(PaymentPlan.objects.visible_to(actor).select_related("patient", "payer"), rows)
    fees = {to_do.about_code for to_do in rows if to_do.kind == FEE_UNDECIDED.name}
    filled = waitlist.refilled([session for code, session in sessions.items() if code in fees])
    untold = {to_do.about_code for to_do in rows if to_do.kind == TO_TELL.name}
    stranded = {to_do.about_code for to_do in rows if to_do.kind in OF_STRANDED_NAMES}
    offers = MoveOffer.objects.out_for([session for code, session in sessions.items() if code in stranded], now=now)
    # Where staff are to ring, they see what to mind.
    ringing.read_ways(
        [
            *(session.patient for code, session in sessions.items() if code in untold),
            *patients.values(),
            *(plan.patient for plan in plans.values()),
        ]
    )
    waiting_for = {to_do.person for to_do in rows if to_do.kind == ALERT.name}
    holders = _names({to_do.acknowledged_by for to_do in rows if to_do.acknowledged_by} | waiting_for)
    lines = []
    for to_do in rows:
        subject, facts = "", ""
        offer: MoveOffer | None = None
        place: ZoneInfo | None = None
        if session := sessions.get(to_do.about_code):
            subject = session.patient.name if session.patient else ""
            facts = f"{when_short(session.starts_at, session.zone)} · {session.psychologist.name}"
            if to_do.about_code in stranded:
                offer, place = offers.get(session.pk), session.zone
            if to_do.kind == TO_TELL.name:
                facts = _of_untold(session, facts)
            if (other := filled.get(session.pk)) is not None:
                facts += " · " + _("filled again by %(name)s") % {"name": other.person.name}
        elif notice := notices.get(to_do.about_code):
            # A text has no subject.
            subject = notice.subject or str(notice.get_channel_display())
            facts = f"{notice.to} · {when(notice.created_at, zone)}"
        elif reading := readings.get(to_do.about_code):
            subject, facts = reading.patient.name, f"{reading.reader.name} · {when(reading.last_at, zone)}"
        elif report := reports.get(to_do.about_code):
            subject, facts = report.patient.name, f"{report.get_cause_display()} · {report.referral.referrer_name}"
        elif thread := threads.get(to_do.about_code):
            subject, facts = thread.patient.name if thread.patient else thread.phone_shown, _of_thread(thread, zone)
        elif plan := plans.get(to_do.about_code):
            subject, facts = _of_plan(plan)
        elif to_do.kind == ALERT.name:
            # Whoever may not see whose they are reads whom to ring about them.
            alert = alerts.get(to_do.about_code)
            subject = alert.patient.name if alert else holders.get(to_do.person, "")
            facts = _("since %(time)s") % {"time": when_short(to_do.raised_at, zone)}
        elif patient := patients.get(to_do.about_code):
            subject, facts = patient.name, _of_patient(patient, to_do)
        lines.append(
            Line(
                to_do,
                KINDS[to_do.kind],
                subject=subject,
                facts=facts,
                offer=offer,
                place=place,
                holder=holders.get(to_do.acknowledged_by, ""),
                is_overdue=to_do.is_overdue(now=now),
                is_escalated=to_do.is_escalated(now=now),
            )
        )
    return lines


def _of_untold(session: Appointment, facts: str) -> str:
    """What became of it, and where to ring: `Moved: now Tue 1 Dec, 9:00 am · Mai Nguyễn · 0412 345 678`."""
    done = _("Cancelled: %(session)s") if session.is_cancelled else _("Moved: now %(session)s")
    phone = _phone(session.patient) if session.patient else ""
    return f"{done % {'session': facts}} · {phone or _('no phone number is known')}"


def _of_thread(thread: Thread, zone: ZoneInfo) -> str:
    """Since when somebody waits, and who has it: `since Tue 1 Dec, 9:00 am · Priya Shah`. Not what it is about."""
    since = _("since %(time)s") % {"time": when_short(thread.waiting_since or thread.last_at, zone)}
    return f"{since} · {thread.assigned_to.name}" if thread.assigned_to else since


def _of_plan(plan: PaymentPlan) -> tuple[str, str]:
    """Who agreed to it, for how much, and where to ring."""
    total = _("%(amount)s agreed") % {"amount": dollars(plan.total)}
    if plan.payer is not None:
        return plan.payer.name, " · ".join(part for part in (total, plan.payer.phone) if part)
    return plan.person.name, " · ".join(part for part in (total, _phone(plan.person)) if part)


def _phone(patient: Patient) -> str:
    """Where to ring, and what to mind."""
    if not patient.phone:
        return ""
    return " · ".join(part for part in (patient.phone.as_national, ringing.in_short(patient)) if part)


def _of_patient(patient: Patient, to_do: ToDo) -> str:
    if to_do.kind == DEBT_TO_RING.name:
        return _phone(patient) or _("no phone number is known")
    if to_do.kind in {OFFER_UNREACHED.name, MESSAGE_LEFT_BEHIND.name}:
        # Where to ring, and the address on file.
        return " · ".join(part for part in (_phone(patient), address_of(patient)) if part)
    return _("born %(date)s") % {"date": date_short(patient.date_of_birth)}


def _things(visible: QuerySet[M], rows: list[ToDo]) -> dict[str, M]:
    labels = labels_of(visible.model)
    codes = {to_do.about_code for to_do in rows if to_do.about_label in labels}
    return {code_of(thing): thing for thing in visible.filter(code__in=codes)} if codes else {}


def _names(ids: set[str]) -> dict[str, str]:
    return {str(user.pk): user.name for user in User.objects.filter(pk__in=ids)} if ids else {}
