"""Invoices and payments for the tests of the books."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.billing import actions, charges
from portal.billing.charges import Charge
from portal.billing.models import Purpose
from portal.journeys import checking_out
from tests import make

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 2 pm in Melbourne


class Books:
    """The actions with everything that a test doesn't care about filled in."""

    def __init__(self) -> None:
        self.now = NOW
        self.by = make.actor(role=Role.RECEPTION)

    def session(self, *, fee="220.00", **fields):
        begun = {"starts_at": self.now - timedelta(hours=2)}
        return make.appointment(status=Status.COMPLETED, **begun | {"fee": fee} | fields)

    def invoice_of_session(self, appointment=None, *, fee=None, referral=None, extra=()):
        """As the desk bills it: under the newest referral that covers the day, unless one is given."""
        appointment = appointment or self.session()
        referral = referral or checking_out.claim_for(appointment, now=NOW).referral
        item = charges.item_for(appointment, referral=referral)
        return actions.bill(
            appointment=appointment,
            purpose=Purpose.SESSION,
            charges=[charges.for_session(appointment, item=item, fee=fee), *extra],
            referral=referral if item else None,
            by=self.by,
            now=self.now,
        )

    def draft(self, *prices, lines=None, patient=None, **fields):
        return actions.draft_invoice(
            patient=patient or make.patient(),
            psychologist=fields.pop("psychologist", None) or make.psychologist(),
            location=fields.pop("location", None) or make.location(),
            charges=lines or [Charge(description="Session", unit_price=Decimal(price)) for price in prices],
            by=self.by,
            now=self.now,
            **fields,
        )

    def issued(self, *prices, referral=None, **fields):
        draft = self.draft(*(prices or ("220.00",)), **fields)
        return actions.issue_invoice(invoice=draft, referral=referral, by=self.by, now=self.now)

    def pay(self, invoice, amount, *, method="card", key=None, **fields):
        payment = actions.record_payment(
            invoice=invoice,
            amount=Decimal(amount),
            method=method,
            key=key or uuid.uuid4().hex,
            by=self.by,
            now=self.now,
            **fields,
        )
        invoice.refresh_from_db()
        return payment

    def refund(self, payment, invoice, amount, *, key=None, **fields):
        refund = actions.refund_payment(
            reason=fields.pop("reason", "Charged twice"),
            payment=payment,
            invoice=invoice,
            amount=Decimal(amount),
            key=key or uuid.uuid4().hex,
            by=self.by,
            now=self.now,
            **fields,
        )
        invoice.refresh_from_db()
        return refund

    def take(self, patient, parts, settles=(), *, uses="0", keeps=False, key=None, **fields):
        """`parts` are methods with amounts, `settles` invoices with amounts."""
        return actions.take(
            **{
                "patient": patient,
                "parts": [actions.TakenPart(method, Decimal(amount)) for method, amount in parts],
                "settles": [actions.Settles(invoice, Decimal(amount)) for invoice, amount in settles],
                "uses": Decimal(uses),
                "keeps": keeps,
                "handed": None,
                "received_on": self.now.date(),
                "location": make.location(),
                "key": key or uuid.uuid4().hex,
                "by": self.by,
                "now": self.now,
            }
            | fields
        )

    def refund_account(self, patient, amount, *, key=None, method="transfer"):
        return actions.refund_account(
            patient=patient,
            amount=Decimal(amount),
            method=method,
            reason="They asked for it",
            key=key or uuid.uuid4().hex,
            location=make.location(),
            by=self.by,
            now=self.now,
        )

    def credit(self, invoice, amount, *, line=None, key=None, reason="Charged too much"):
        note = actions.credit_line(
            line=line or invoice.lines.first(),
            amount=Decimal(amount),
            reason=reason,
            key=key or uuid.uuid4().hex,
            by=self.by,
            now=self.now,
        )
        invoice.refresh_from_db()
        return note

    def move(self, payment, source, target, amount):
        actions.move_payment(
            payment=payment, amount=Decimal(amount), source=source, target=target, by=self.by, now=self.now
        )
        source.refresh_from_db()
        target.refresh_from_db()

    def take_ahead(self, appointment, amount, *, key=None):
        """Of a session that cost no less when it was paid for."""
        agreed, rows = appointment.fee, Appointment.objects.filter(pk=appointment.pk)
        rows.update(fee=max(Decimal(agreed), Decimal(amount)))
        try:
            return actions.take_ahead(
                appointment=appointment,
                amount=Decimal(amount),
                method="card",
                key=key or uuid.uuid4().hex,
                by=self.by,
                now=self.now,
            )
        finally:
            rows.update(fee=agreed)

    def void(self, invoice, reason="Billed twice"):
        voided = actions.void_invoice(invoice=invoice, reason=reason, by=self.by, now=self.now)
        invoice.refresh_from_db()
        return voided


@pytest.fixture
def books(db):
    make.clinic()
    return Books()


def refused(sql, words):
    """That the database itself refuses a statement, and says so in these words."""
    with pytest.raises(IntegrityError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
