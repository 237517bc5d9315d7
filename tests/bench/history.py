"""What is past of the clinic that is measured: sessions held, billed and mostly paid, as many years as are asked for.

Rows go in past the actions, as they would have come to stand; all constraints hold (rows.py says how the books do).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random

from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.billing.models import Allocation, Invoice, InvoiceStatus, Line, Method, Payment
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.journeys import checking_out
from portal.patients.models import Patient
from tests import make
from tests.bench.rows import BooksOpen, code, in_chunks, next_id, write
from tests.bench.seed import CHUNK, GONE_FOR, HOURS, LOCATIONS, PRACTISING, ZONE, Clinic, Say


@dataclass(frozen=True, slots=True)
class Session:
    """One past session with its invoice. `n` counts back from yesterday."""

    n: int
    pk: int
    psychologist: int
    patient: int
    fee: str
    status: str
    is_paid: bool

    @property
    def paid(self) -> str:
        return self.fee if self.is_paid else "0"


@dataclass(frozen=True, slots=True)
class PastDay:
    day: str
    due: str
    # Of each hour: from, until, until with the break after it, and how it prints.
    hours: list[tuple[str, str, str, str]]


@cache
def _working_days(today: date, count: int) -> list[PastDay]:
    found, day = [], today
    while len(found) < count:
        day -= timedelta(days=1)
        if day.weekday() > 4:
            continue
        hours = []
        for hour in HOURS:
            local = datetime.combine(day, time(hour), ZONE)
            start = local.astimezone(UTC)
            ends = (start + timedelta(minutes=minutes) for minutes in (0, 50, 60))
            hours.append((*(f"{at:%Y-%m-%d %H:%M:%S}" for at in ends), f"{local:%I:%M %p}".lstrip("0").lower()))
        found.append(PastDay(day.isoformat(), (day + timedelta(days=7)).isoformat(), hours))
    return found


class History:
    """Sessions held, billed and mostly paid: one invoice, line and payment each."""

    FEES = ("195.00", "220.00", "220.00", "245.00", "330.00")

    def __init__(self, clinic: Clinic, *, random: Random) -> None:
        self.clinic, self.random = clinic, random
        self.today = timezone.localdate(timezone.now(), ZONE)
        self.locations = [clinic.locations[n % len(LOCATIONS)].pk for n in range(len(clinic.everybody))]
        self.model = self._one_by_the_actions()
        self.made = 0

    def _one_by_the_actions(self) -> Invoice:
        """One invoice made as the desk makes it: what it prints is what all the others print."""
        psychologist, now = self.clinic.psychologists[0], timezone.now()
        patient = Patient.objects.order_by("pk")[0]
        make.referral(patient=patient, written_on=now.date() - timedelta(days=3 * 365))
        session = make.appointment(
            psychologist=psychologist,
            patient=patient,
            service=self.clinic.service,
            location=self.clinic.locations[0],
            starts_at=(now - timedelta(days=1)).replace(hour=2, minute=0, second=0, microsecond=0),
            status=Status.COMPLETED,
        )
        by = Actor(user=self.clinic.reception, role=Role.RECEPTION)
        return checking_out.check_out(
            appointment=session, held=checking_out.as_booked(session), key="bench", by=by, now=now
        )

    def reach(self, count: int, *, patients: int, say: Say) -> None:
        """As many invoices as make it `count`, the older ones last, within each call in the order of time."""
        if count <= self.made:
            return
        say(f"{count:,} invoices with their sessions, lines and payments")
        first = max(map(next_id, (Appointment, Invoice, Line, Payment, Allocation)))
        sessions = range(count - 1, self.made - 1, -1)
        days = _working_days(self.today, count // (len(self.clinic.everybody) * len(HOURS)) + GONE_FOR + 2)
        names = {
            pk: f"{first_name} {last}".strip()
            for pk, first_name, last in Patient.objects.values_list("pk", "legal_first_name", "legal_last_name")
        }
        with BooksOpen():
            for chunk in in_chunks(sessions, CHUNK):
                self._write([self._session(n, first + sessions.start - n, patients) for n in chunk], days, names)
        self.made = count

    def _session(self, n: int, pk: int, patients: int) -> Session:
        random = self.random
        chance, recent = random.random(), n < 40 * len(HOURS) * 20
        status = InvoiceStatus.ISSUED
        if n < 400 and n % 10 == 0:
            status = InvoiceStatus.DRAFT
        elif chance < 0.007:
            status = InvoiceStatus.VOID
        # A few come every week for years, most a handful of times.
        patient = 1 + int(patients * random.random() ** 2)
        return Session(
            n=n,
            pk=pk,
            psychologist=n % len(self.clinic.everybody),
            patient=patient,
            fee=random.choice(self.FEES),
            status=status,
            is_paid=status == InvoiceStatus.ISSUED and random.random() > (0.25 if recent else 0.01),
        )

    def _when(self, session: Session, days: list[PastDay]) -> tuple[PastDay, tuple[str, str, str, str]]:
        day, hour = divmod(session.n // len(self.clinic.everybody), len(HOURS))
        past = days[day + (GONE_FOR if session.psychologist >= PRACTISING else 0)]
        return past, past.hours[hour]

    def _write(self, sessions: list[Session], days: list[PastDay], names: dict[int, str]) -> None:
        random, everybody, line = self.random, self.clinic.everybody, self.model.lines.get()
        when = [(s, *self._when(s, days)) for s in sessions]
        benefit = str(line.benefit)
        write(
            Appointment,
            ("id", "code", "psychologist_id", "patient_id", "location_id", "starts_at", "ends_at", "occupied_from",
             "occupied_until", "fee", "booked_at", "completed_at"),
            (
                (s.pk, code(random), everybody[s.psychologist].pk, s.patient, self.locations[s.psychologist],
                 starts, ends, starts, free, s.fee, starts, ends)
                for s, _, (starts, ends, free, _) in when
            ),
            service=self.clinic.service,
            mode=Mode.IN_PERSON,
            status=Status.COMPLETED,
        )  # fmt: skip
        paper = _Paper(self.model)
        write(
            Invoice,
            ("id", "code", "number", "patient_id", "appointment_id", "psychologist_id", "location_id", "bill_to_name",
             "status", "issued_on", "due_on", "subtotal", "total", "payable", "rebate", "out_of_pocket", "paid",
             "snapshot", "created_at", "voided_at", "void_reason"),
            (
                (s.pk, code(random), _number("INV", s.pk), s.patient, s.pk, everybody[s.psychologist].pk,
                 self.locations[s.psychologist], names[s.patient], s.status, past.day, past.due, s.fee, s.fee, s.fee,
                 benefit, _less(s.fee, benefit), s.paid,
                 None if s.status == InvoiceStatus.DRAFT else paper.of(s, past, starts=hour, name=names[s.patient]),
                 ends, ends if s.status == InvoiceStatus.VOID else None,
                 "Billed twice" if s.status == InvoiceStatus.VOID else "")
                for s, past, (_, ends, _, hour) in when
            ),
            bill_to_address=self.model.bill_to_address,
        )  # fmt: skip
        write(
            Line,
            ("id", "invoice_id", "service_date", "starts_at", "unit_price", "total"),
            ((s.pk, s.pk, past.day, starts, s.fee, s.fee) for s, past, (starts, *_) in when),
            position=1,
            description=line.description,
            item_number=line.item_number,
            minutes=line.minutes,
            mode=line.mode,
            tax_code=line.tax_code,
            gst="0",
            benefit=benefit,
        )
        paid = [one for one in when if one[0].is_paid]
        methods = (Method.CARD, Method.CARD, Method.CARD, Method.TRANSFER, Method.CASH)
        write(
            Payment,
            ("id", "code", "number", "method", "amount", "received_on", "recorded_at", "key"),
            (
                (
                    s.pk,
                    code(random),
                    _number("PAY", s.pk),
                    random.choice(methods),
                    s.fee,
                    past.day,
                    ends,
                    f"bench:{s.pk}",
                )
                for s, past, (_, ends, *_) in paid
            ),
        )
        write(
            Allocation,
            ("id", "payment_id", "invoice_id", "amount"),
            ((s.pk, s.pk, s.pk, s.fee) for s, *_ in paid),
        )


def _number(prefix: str, pk: int) -> str:
    """Looks drawn by chance, and is never drawn twice: an odd factor only shuffles the numbers of 32 bits."""
    return f"{prefix}-{pk * 2654435761 % 2**32:08X}"


@cache
def _less(amount: str, benefit: str) -> str:
    return f"{float(amount) - float(benefit):.2f}"


class _Paper:
    """What an invoice prints, with another's number, day, money and patient."""

    def __init__(self, model: Invoice) -> None:
        paper = json.loads(json.dumps(model.snapshot))
        self.rebate = paper["rebate"]
        paper |= {"number": "@number", "issued_on": "@day", "due_on": "@due", "out_of_pocket": "@gap"}
        paper |= {"subtotal": "@fee", "total": "@fee"}
        paper["patient"]["name"] = paper["bill_to"]["name"] = "@name"
        paper["lines"][0] |= {"date": "@day", "time": "@time", "unit_price": "@fee", "price": "@fee", "total": "@fee"}
        self.text = json.dumps(paper)

    def of(self, session: Session, past: PastDay, *, starts: str, name: str) -> str:
        text = self.text.replace("@number", _number("INV", session.pk)).replace("@day", past.day)
        text = text.replace("@due", past.due).replace("@fee", session.fee).replace("@time", starts)
        return text.replace("@gap", _less(session.fee, self.rebate)).replace("@name", json.dumps(name)[1:-1])
