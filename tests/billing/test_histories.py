"""Random histories of money: whatever is done in whatever order, every cent is somewhere, and nobody makes any."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.db.models import F, Sum
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.models import Allocation, CreditNote, Invoice, Payment
from portal.billing.refusals import BillingRefused
from portal.common.money import ZERO, cents
from tests import make
from tests.billing.conftest import Books

D = Decimal
# Few amounts that are often the same, and odd cents.
AMOUNTS = st.sampled_from([D("0.01"), D("10.00"), D("33.33"), D("50.00"), D("66.67"), D("100.00"), D("120.50")])
METHODS = st.sampled_from(["cash", "card", "transfer", "stripe"])
ANY = st.integers(min_value=0, max_value=999)


class Histories(RuleBasedStateMachine):
    """Two people, a clinic, and a drawer that somebody else counts."""

    def __init__(self):
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()

    def teardown(self):
        """Nothing of a history is left for the next."""
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def open_the_books(self):
        make.clinic()
        self.books = Books()
        self.people = [make.patient(), make.patient()]
        self.psychologist, self.location = make.psychologist(), make.location()
        # What came less what went back, counted by hand beside the books.
        self.drawer = ZERO

    def one_of(self, rows, n):
        found = list(rows.order_by("pk"))
        return found[n % len(found)] if found else None

    def may_be_refused(self, do):
        """Does it whole, or not at all: a refusal leaves everything as it was."""
        try:
            with transaction.atomic():
                return do()
        except BillingRefused:
            return None

    @rule(who=ANY, price=AMOUNTS, more=AMOUNTS)
    def bill(self, who, price, more):
        self.books.issued(
            price, more, patient=self.people[who % 2], psychologist=self.psychologist, location=self.location
        )

    @rule(who=ANY, amount=AMOUNTS)
    def pay_ahead(self, who, amount):
        session = make.appointment(
            patient=self.people[who % 2],
            psychologist=self.psychologist,
            location=self.location,
            starts_at=self.books.now + timedelta(hours=2 * Invoice.objects.count() + 2),
            fee=amount,
        )
        if self.may_be_refused(lambda: self.books.take_ahead(session, amount)):
            self.drawer += amount
            # Half of them are called off: what was paid is held.
            if who % 4 < 2:
                session.status, session.cancelled_at = Status.CANCELLED, self.books.now
                session.save()

    @rule(n=ANY, amount=AMOUNTS, method=METHODS)
    def pay(self, n, amount, method):
        invoice = self.one_of(Invoice.objects.all(), n)
        if invoice and self.may_be_refused(lambda: self.books.pay(invoice, amount, method=method)):
            self.drawer += amount

    @rule(who=ANY, n=ANY, first=AMOUNTS, second=AMOUNTS, uses=st.booleans(), keeps=st.booleans())
    def take(self, who, n, first, second, uses, keeps):
        patient = self.people[who % 2]
        owing = actions.owing_of(self.people[n % 2])[:2]
        settles = [(invoice, min(invoice.balance, first)) for invoice in owing]
        used = min(actions.held_of(patient), sum((amount for _one, amount in settles), ZERO)) if uses else ZERO
        parts = [("cash", first), ("card", second)]
        if n % 3:
            # What adds up to the cent, as at the desk; else whatever was typed.
            asked = sum((amount for _one, amount in settles), ZERO) - used
            parts = [("cash", asked)] if asked else []
        taken = self.may_be_refused(lambda: self.books.take(patient, parts, settles, uses=used, keeps=keeps))
        if taken:
            self.drawer += sum((part.amount for part in taken.parts.all()), ZERO)

    @rule(n=ANY)
    def use_held(self, n):
        if invoice := self.one_of(Invoice.objects.all(), n):
            self.may_be_refused(lambda: actions.use_held(invoice=invoice, by=self.books.by, now=self.books.now))

    @rule(n=ANY, amount=AMOUNTS)
    def refund(self, n, amount):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        if row and self.may_be_refused(lambda: self.books.refund(row.payment, row.invoice, amount)):
            self.drawer -= amount

    @rule(n=ANY, amount=AMOUNTS)
    def keep_on_account(self, n, amount):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        if row:
            self.may_be_refused(
                lambda: actions.keep_on_account(
                    payment=row.payment, invoice=row.invoice, amount=amount, by=self.books.by, now=self.books.now
                )
            )

    @rule(who=ANY, amount=AMOUNTS)
    def refund_account(self, who, amount):
        if self.may_be_refused(lambda: self.books.refund_account(self.people[who % 2], amount)):
            self.drawer -= amount

    @rule(n=ANY, method=METHODS)
    def correct_how(self, n, method):
        payment = self.one_of(Payment.objects.filter(amount__gt=0), n)
        if payment:
            self.may_be_refused(
                lambda: actions.correct_payment(
                    payment=payment,
                    method=method,
                    received_on=payment.received_on - timedelta(days=n % 2),
                    reference="",
                    location=self.location,
                    reason="Written down wrong",
                    key=uuid.uuid4().hex,
                    by=self.books.by,
                    now=self.books.now,
                )
            )

    @rule(n=ANY, other=ANY)
    def correct_what_for(self, n, other):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        target = self.one_of(Invoice.objects.owing(), other)
        if row and target:
            self.may_be_refused(
                lambda: actions.correct_invoice(
                    payment=row.payment,
                    source=row.invoice,
                    target=target,
                    reason="Another's",
                    key=uuid.uuid4().hex,
                    by=self.books.by,
                    now=self.books.now,
                )
            )

    @rule(n=ANY, other=ANY, amount=AMOUNTS)
    def move(self, n, other, amount):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        target = self.one_of(Invoice.objects.all(), other)
        if row and target:
            self.may_be_refused(lambda: self.books.move(row.payment, row.invoice, target, amount))

    @rule(n=ANY, amount=AMOUNTS)
    def credit(self, n, amount):
        if invoice := self.one_of(Invoice.objects.all(), n):
            self.may_be_refused(lambda: self.books.credit(invoice, amount))

    @rule(n=ANY)
    def write_off(self, n):
        if invoice := self.one_of(Invoice.objects.all(), n):
            said = {"reason": "Moved away", "key": uuid.uuid4().hex, "by": self.books.by, "now": self.books.now}
            self.may_be_refused(lambda: actions.write_off(invoice=invoice, **said))

    @rule(n=ANY)
    def void(self, n):
        if invoice := self.one_of(Invoice.objects.all(), n):
            self.may_be_refused(lambda: self.books.void(invoice))

    @invariant()
    def every_cent_is_somewhere(self):
        if not hasattr(self, "people"):
            return
        assert _sum(Payment.objects.all()) == self.drawer
        accounts = ZERO
        for person in self.people:
            account = actions.on_account(person)
            assert account >= 0
            assert sum((kept.left for kept in actions.kept_of(person)), ZERO) == account
            accounts += account
        assert self.drawer == _sum(Allocation.objects.all()) + accounts
        for invoice in Invoice.objects.all():
            assert invoice.paid == _sum(invoice.allocations.all())
            assert invoice.payable == invoice.total - _sum(CreditNote.objects.filter(invoice=invoice))
            assert ZERO <= invoice.paid <= invoice.payable <= invoice.total
            assert invoice.status != "void" or invoice.paid == 0
        strangers = Allocation.objects.exclude(invoice__patient=F("payment__patient"))
        assert not strangers.exists()


def _sum(rows):
    return cents(rows.aggregate(sum=Sum("amount"))["sum"] or ZERO)


@pytest.mark.django_db
def test_every_cent_is_somewhere_whatever_is_done():
    """A hundred histories; ten thousand others with `--hypothesis-profile=thorough`."""
    is_thorough = settings.default.max_examples > 1000
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=10_000 if is_thorough else 100,
            stateful_step_count=25 if is_thorough else 12,
            deadline=None,
            derandomize=not is_thorough,
            # A history of twelve steps can be read as it is; making it shorter takes minutes.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
