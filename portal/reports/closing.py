"""A day of one place as it ends: what is still to be done about it, what came in, and who comes tomorrow unprepared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment
from portal.billing.models import CreditNote, DayClose, Invoice, InvoiceStatus, Payer, Payment
from portal.billing.takings import OfMethod, Takings, entered_since, last_close, takings_of
from portal.clinic.models import ClinicSettings, Location
from portal.common.access.actors import Actor
from portal.common.languages.times import clock, date_short
from portal.common.money import dollars
from portal.common.text.normalise import full_name
from portal.medicare.models import Referral
from portal.patients.consents import outstanding
from portal.patients.models import Patient
from portal.records.models import ProgressNote
from portal.reports.days import sessions_of

# Until then somebody who closes means the evening before.
_STILL_NIGHT = time(4)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet. `code` of a session or `number` of an invoice says where it leads."""

    title: str
    note: str = ""
    amount: Decimal | None = None
    code: str = ""
    number: str = ""


@dataclass(frozen=True)
class Sheet:
    """What the page of the close shows, in the order in which it is looked over."""

    place: Location
    day: date
    last: DayClose | None
    takings: Takings
    sessions: int = 0
    not_invoiced: list[Line] = field(default_factory=list)
    still_open: list[Line] = field(default_factory=list)
    left_open: list[Line] = field(default_factory=list)
    # Of those still open: how many people are here, and how many sessions are still to come.
    here: int = 0
    ahead: int = 0
    unpaid: list[Line] = field(default_factory=list)
    unpaid_by_payers: list[Line] = field(default_factory=list)
    no_referral: list[Line] = field(default_factory=list)
    unsigned: int = 0
    tomorrow: list[Line] = field(default_factory=list)
    changed: list[Line] = field(default_factory=list)

    @property
    def lists(self) -> list[tuple[str, str, list[Line]]]:
        """Each list with what it is called and what is said where it is empty."""
        return [
            (_("Attended, but not invoiced"), _("Everything that was attended is invoiced."), self.not_invoiced),
            (_("Still open"), _("No session of this day is still open."), self.still_open),
            (_("Still open from earlier days"), "", self.left_open),
            (_("Unpaid today"), _("Nothing that patients were asked for today is unpaid."), self.unpaid),
            (_("Unpaid today, billed to somebody else"), "", self.unpaid_by_payers),
            (_("Without a referral"), _("Every session with a Medicare item has a referral."), self.no_referral),
            (_("Tomorrow for the first time, details missing"), _("Nobody new comes unprepared."), self.tomorrow),
            (_("Changed since the last close"), _("Nothing of an earlier day was changed."), self.changed),
        ]

    @property
    def unfinished(self) -> str:
        """Who is still here and what is still to come, in words; empty where the day is over."""
        words = []
        if self.here:
            words.append(ngettext("%(n)s person is still here", "%(n)s people are still here", self.here))
        if self.ahead:
            words.append(ngettext("%(n)s session is still to come", "%(n)s sessions are still to come", self.ahead))
        return ", ".join(each % {"n": n} for each, n in zip(words, filter(None, (self.here, self.ahead)), strict=True))

    def as_kept(self) -> dict[str, Any]:
        """The sheet as it is kept with the close: words and figures alone."""
        return {
            "sessions": self.sessions,
            "unsigned": self.unsigned,
            "lists": [
                {"title": title, "none": none, "lines": [_kept(line) for line in lines]}
                for title, none, lines in self.lists
                if lines or none
            ],
            "methods": [
                {"label": m.label, "moved": _moved(m), "came": str(m.came), "went": str(m.went), "net": str(m.net)}
                for m in self.takings.by_method
            ],
            "total": str(self.takings.total),
            # What came into the drawer, but is dated before this day.
            "late_cash": str(self.takings.late_cash),
        }


def _moved(of: OfMethod) -> str:
    """How often money came, and how often and how much went back."""
    words = []
    if of.count:
        words.append(ngettext("%(n)s payment", "%(n)s payments", of.count) % {"n": of.count})
    if of.back:
        said = ngettext("%(n)s refund of %(went)s", "%(n)s refunds of %(went)s", of.back)
        words.append(said % {"n": of.back, "went": dollars(abs(of.went))})
    return ", ".join(words)


def _kept(line: Line) -> dict[str, str]:
    amount = "" if line.amount is None else str(line.amount)
    return {"title": line.title, "note": line.note, "amount": amount, "code": line.code, "number": line.number}


def day_to_close(place: Location, *, now: datetime, last: DayClose | None) -> date:
    """The day that is asked about unless somebody says: today, or past midnight the one before, until it is closed."""
    today = place.day_of(now)
    before = today - timedelta(days=1)
    is_night = now.astimezone(place.zone).time() < _STILL_NIGHT
    return before if is_night and (last is None or last.day < before) else today


def read_close(actor: Actor, place: Location, day: date, *, clinic: ClinicSettings, now: datetime) -> Sheet:
    """The sheet of a day of a place as it stands at `now`. As many statements however much happened."""
    last = last_close(place)
    sessions = _sessions(actor, place, day)
    completed = [session for session in sessions if session.is_completed]
    issued = Invoice.objects.visible_to(actor).live().filter(appointment__in=completed).for_purpose("session")
    billed = dict(issued.order_by().values_list("appointment", "payer__kind"))
    signed = ProgressNote.objects.signed().filter(appointment__in=completed).order_by()
    noted = set(signed.values_list("appointment", flat=True))
    patients, payers = _unpaid(actor, place, day)
    takings = takings_of(place, day, clinic=clinic, last=last)
    return Sheet(
        place=place,
        day=day,
        last=last,
        takings=takings,
        sessions=len(completed),
        not_invoiced=[_line(s) for s in completed if s.pk not in billed],
        still_open=[_line(s, _why_open(s, now=now)) for s in sessions if s.is_open],
        left_open=_left_open(actor, place, day, now=now),
        here=sum(session.is_here for session in sessions),
        ahead=sum(session.is_booked and session.starts_at > now for session in sessions),
        unpaid=patients,
        unpaid_by_payers=payers,
        no_referral=_without_referral(
            # What anybody but the patient or their family is billed asks nothing of Medicare.
            [s for s in completed if billed.get(s.pk) in (None, Payer.Kind.PERSON)],
            day,
        ),
        unsigned=sum(session.pk not in noted for session in completed),
        tomorrow=_unprepared(_sessions(actor, place, day + timedelta(days=1)), day),
        changed=[*map(_late, takings.late), *_changed(actor, place, last, now=now)],
    )


def _sessions(actor: Actor, place: Location, day: date) -> list[Appointment]:
    """Of the place's own day."""
    found = sessions_of(actor, day, zone=place.zone)
    return [s for s in found if s.location_id == place.pk and s.local_start.date() == day and s.patient_id]


def _why_open(session: Appointment, *, now: datetime) -> str:
    if session.is_here:
        return _("still here")
    return _("still to come") if session.starts_at > now else _("nobody said how it went")


def _left_open(actor: Actor, place: Location, day: date, *, now: datetime) -> list[Line]:
    """What is over since an earlier day, and nobody said how it went."""
    start = datetime.combine(day, time(), place.zone)
    left = Appointment.objects.visible_to(actor).left_open(now=now).filter(location=place, starts_at__lt=start)
    found = left.for_lists().order_by("starts_at", "pk")
    return [_line(s, date_short(s.local_start.date())) for s in with_clinic(found) if s.patient_id]


def _line(session: Appointment, note: str = "") -> Line:
    said = f"{clock(session.starts_at, session.zone)} · {session.psychologist.name}"
    return Line(session.person.name, f"{said} · {note}" if note else said, code=str(session.code))


def _unpaid(actor: Actor, place: Location, day: date) -> tuple[list[Line], list[Line]]:
    """What was asked for on that day and is owing: by patients, and by whoever else it is billed to."""
    own, others = [], []
    owing_today = Invoice.objects.visible_to(actor).owing().filter(issued_on=day, location=place).order_by("pk")
    rows: Any = owing_today.for_table("payer")
    for row in rows:
        called = full_name(row.patient__preferred_name or row.patient__legal_first_name, row.patient__legal_last_name)
        owing: Decimal = row.payable - row.paid
        if row.payer is None:
            own.append(Line(called, row.number, owing, number=row.number))
        else:
            others.append(Line(row.bill_to_name, f"{called} · {row.number}", owing, number=row.number))
    return own, others


def _without_referral(completed: Sequence[Appointment], day: date) -> list[Line]:
    """Those whose service has a Medicare item, and nobody's referral covers the day."""
    claimed = [session for session in completed if session.service.medicare]
    covered = set(
        Referral.objects.filter(patient__in={s.patient_id for s in claimed}, written_on__lte=day)
        .order_by()
        .values_list("patient", flat=True)
    )
    return [_line(session) for session in claimed if session.patient_id not in covered]


def _unprepared(sessions: Sequence[Appointment], day: date) -> list[Line]:
    """Who comes for the first time, and what the desk doesn't know of them yet."""
    coming = [session for session in sessions if session.is_open]
    ids = {session.patient_id for session in coming if session.patient_id is not None}
    before = Appointment.objects.with_a_person().filter(patient__in=ids).exclude(pk__in=[s.pk for s in coming])
    earliest = min((session.starts_at for session in coming), default=None)
    known = set() if earliest is None else set(before.filter(starts_at__lt=earliest).values_list("patient", flat=True))
    new = {patient.pk: patient for patient in Patient.objects.filter(pk__in=ids - known)}
    to_agree = outstanding(new.values(), today=day)
    found = []
    for session in coming:
        patient = new.pop(session.patient_id, None) if session.patient_id is not None else None
        lacks = _lacks(patient, session, agrees=patient.pk not in to_agree) if patient else []
        if lacks:
            found.append(_line(session, ", ".join(lacks)))
    return found


def _lacks(patient: Patient, session: Appointment, *, agrees: bool) -> list[str]:
    wanted = [
        (_("no phone"), patient.phone),
        (_("no e-mail"), patient.email),
        (_("no address"), patient.street),
        (_("no emergency contact"), patient.emergency_name),
        (_("no Medicare card"), patient.medicare_number or not session.service.medicare),
        (_("hasn't agreed to the policies"), agrees),
    ]
    return [words for words, there in wanted if not there]


def _late(payment: Payment) -> Line:
    words = _("%(method)s of %(day)s, entered after that day was closed: %(number)s") % {
        "method": payment.get_method_display(),
        "day": date_short(payment.received_on),
        "number": payment.number,
    }
    number = getattr(payment, "invoice_number", None) or ""
    return Line(getattr(payment, "invoice_name", None) or _("On account"), words, payment.amount, number=number)


def changed_since(
    actor: Actor, place: Location, close: DayClose, *, clinic: ClinicSettings, now: datetime
) -> list[Line]:
    """What was entered for that day, or taken back of it, after it was closed."""
    entered = [_late(payment) for payment in entered_since(close, place, clinic=clinic)]
    return [*entered, *_changed(actor, place, close, first=close.day, now=now)]


def _changed(
    actor: Actor, place: Location, last: DayClose | None, *, now: datetime, first: date = date.min
) -> list[Line]:
    """What was taken back since that close of the days from the `first` to its own."""
    if last is None:
        return []
    since, days = (last.closed_at, now), (first, last.day)
    visible = Invoice.objects.visible_to(actor).filter(location=place, issued_on__range=days)
    void = visible.exclude(status=InvoiceStatus.ISSUED).filter(
        status=InvoiceStatus.VOID, voided_at__range=since, snapshot__isnull=False
    )
    found = [
        Line(name, _("%(number)s was voided: %(why)s") % {"number": number, "why": why}, -total, number=number)
        for number, name, total, why in void.order_by("pk").values_list(
            "number", "bill_to_name", "total", "void_reason"
        )
    ]
    notes = CreditNote.objects.visible_to(actor).filter(
        created_at__range=since, invoice__location=place, invoice__issued_on__range=days
    )
    found += [
        Line(name, _("%(number)s: %(note)s was taken off") % {"number": number, "note": note}, -amount, number=number)
        for number, name, note, amount in notes.order_by("pk").values_list(
            "invoice__number", "invoice__bill_to_name", "number", "amount"
        )
    ]
    return found
