"""Invoices and payments for the tests of the books."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.pricing import NewLine
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

    def invoice_of_session(self, appointment=None, **fields):
        return actions.invoice_session(appointment=appointment or self.session(), by=self.by, now=self.now, **fields)

    def draft(self, *prices, lines=None, patient=None, **fields):
        return actions.draft_invoice(
            patient=patient or make.patient(),
            psychologist=fields.pop("psychologist", None) or make.psychologist(),
            location=fields.pop("location", None) or make.location(),
            lines=lines or [NewLine(description="Session", unit_price=Decimal(price)) for price in prices],
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

    def void(self, invoice, reason="Billed twice"):
        voided = actions.void_invoice(invoice=invoice, reason=reason, by=self.by, now=self.now)
        invoice.refresh_from_db()
        return voided


@pytest.fixture
def books(db):
    make.clinic()
    return Books()
