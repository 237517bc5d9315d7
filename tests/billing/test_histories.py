"""Random histories of money: whatever is done in whatever order, every cent is somewhere, and nobody makes any.

At the desk and by card: Stripe's stand-in keeps books of its own, and both say the same.
"""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
import stripe
from django.db import connection, transaction
from hypothesis import settings

from portal.appointments.models import Status
from portal.billing import actions
from portal.billing.models import (
    Allocation,
    CreditNote,
    Invoice,
    Payment,
    PaymentAttempt,
    RefundStatus,
    StripeRefund,
    Taking,
)
from portal.billing.online import attempts, refunds, settling
from portal.billing.refusals import BillingRefused
from portal.common.money import ZERO, cents, in_cents
from portal.ops.stripe_stand_in.state import Fault, StandIn
from tests import make
from tests.billing.conftest import Books

D = Decimal


def amount(dice):
    """Few amounts that are often the same, and odd cents."""
    return D(dice.choice(["0.01", "10.00", "33.33", "50.00", "66.67", "100.00", "120.50"]))


def method(dice):
    return dice.choice(["cash", "card", "transfer", "stripe"])


def card(dice):
    """A good one, one whose refunds take days, and one from which they come back."""
    return dice.choice(["4242424242424242", "4000000000007726", "4000000000005126"])


def coin(dice):
    return dice.random() < 0.5


def any_of_them(dice):
    return dice.randrange(1000)


STEPS = []


def step(*, weight=2, **draws):
    """One thing that may be done at any time; `draws` say what its arguments are drawn from."""

    def register(do):
        STEPS.append((weight, do, draws))
        return do

    return register


class NothingThere(Exception):
    """There is nothing yet to do it with."""


class Clinic:
    """What every history begins with."""

    def __init__(self):
        make.clinic()
        self.books = Books()
        self.people = [make.patient(), make.patient()]
        self.psychologist, self.location = make.psychologist(), make.location()


class History:
    """Two people, a clinic, and a drawer that somebody else counts."""

    def __init__(self, clinic):
        self.books, self.people = clinic.books, clinic.people
        self.psychologist, self.location = clinic.psychologist, clinic.location
        # What came less what went back, counted by hand beside the books.
        self.drawer, self.on_accounts = ZERO, {}
        # The till on the net: each page by the try it is for.
        self.stripe, self.pages = StandIn(key="sk_test_standin"), {}

    def one_of(self, rows, n):
        found = list(rows.order_by("pk")) if hasattr(rows, "order_by") else [*rows]
        if not found:
            raise NothingThere
        return found[n % len(found)]

    def may_be_refused(self, do):
        """Does it whole, or not at all: a refusal leaves everything as it was."""
        try:
            with transaction.atomic():
                return do()
        except BillingRefused:
            return None

    @step(weight=3, who=any_of_them, price=amount, more=amount)
    def bill(self, who, price, more):
        self.books.issued(
            price, more, patient=self.people[who % 2], psychologist=self.psychologist, location=self.location
        )

    @step(who=any_of_them, amount=amount)
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

    @step(weight=3, n=any_of_them, amount=amount, method=method)
    def pay(self, n, amount, method):
        invoice = self.one_of(Invoice.objects.all(), n)
        if self.may_be_refused(lambda: self.books.pay(invoice, amount, method=method)):
            self.drawer += amount

    @step(who=any_of_them, n=any_of_them, first=amount, second=amount, uses=coin, keeps=coin)
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

    @step(n=any_of_them)
    def use_held(self, n):
        invoice = self.one_of(Invoice.objects.all(), n)
        self.may_be_refused(lambda: actions.use_held(invoice=invoice, by=self.books.by, now=self.books.now))

    @step(n=any_of_them, amount=amount)
    def refund(self, n, amount):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        if self.may_be_refused(lambda: self.books.refund(row.payment, row.invoice, amount)):
            self.drawer -= amount

    @step(n=any_of_them, amount=amount)
    def keep_on_account(self, n, amount):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        self.may_be_refused(
            lambda: actions.keep_on_account(
                payment=row.payment, invoice=row.invoice, amount=amount, by=self.books.by, now=self.books.now
            )
        )

    @step(who=any_of_them, amount=amount)
    def refund_account(self, who, amount):
        if self.may_be_refused(lambda: self.books.refund_account(self.people[who % 2], amount)):
            self.drawer -= amount

    @step(n=any_of_them, method=method)
    def correct_how(self, n, method):
        payment = self.one_of(Payment.objects.filter(amount__gt=0), n)
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

    @step(n=any_of_them, other=any_of_them)
    def correct_what_for(self, n, other):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        target = self.one_of(Invoice.objects.owing(), other)
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

    @step(n=any_of_them, other=any_of_them, amount=amount)
    def move(self, n, other, amount):
        row = self.one_of(Allocation.objects.filter(amount__gt=0).select_related("payment", "invoice"), n)
        target = self.one_of(Invoice.objects.all(), other)
        self.may_be_refused(lambda: self.books.move(row.payment, row.invoice, target, amount))

    @step(weight=2, n=any_of_them, amount=amount)
    def credit(self, n, amount):
        invoice = self.one_of(Invoice.objects.all(), n)
        self.may_be_refused(lambda: self.books.credit(invoice, amount))

    @step(weight=1, n=any_of_them)
    def write_off(self, n):
        invoice = self.one_of(Invoice.objects.all(), n)
        said = {"reason": "Moved away", "key": uuid.uuid4().hex, "by": self.books.by, "now": self.books.now}
        self.may_be_refused(lambda: actions.write_off(invoice=invoice, **said))

    @step(weight=1, n=any_of_them)
    def void(self, n):
        invoice = self.one_of(Invoice.objects.all(), n)
        self.may_be_refused(lambda: self.books.void(invoice))

    # -- By card: what Stripe says comes in whenever it likes, and as often --

    def at_stripe(self, kind, row):
        return kind.construct_from(row, "sk_test_standin")

    @step(weight=5, n=any_of_them)
    def open_page(self, n):
        """Somebody presses "Pay now"."""
        invoice = self.one_of(Invoice.objects.owing() if n % 4 else Invoice.objects, n)
        said = {"came_by": "portal", "language": "en-au", "by": self.books.by, "now": self.books.now}
        attempt = self.may_be_refused(lambda: attempts._write(invoice, **said))
        if attempt and attempt.pk not in self.pages:
            page = self.stripe._make(
                "cs", "checkout.session", status="open", payment_status="unpaid", payment_intent=None, customer=None,
                amount_total=in_cents(attempt.amount), currency="aud", client_reference_id=str(attempt.code),
                mode="payment", asked={}, expires_at=1 << 40,
            )  # fmt: skip
            PaymentAttempt.objects.filter(pk=attempt.pk).update(session_id=page["id"])
            self.pages[attempt.pk] = page["id"]

    @step(weight=6, n=any_of_them, card=card)
    def pay_on_page(self, n, card):
        """They pay there, whatever became of the invoice meanwhile; we may hear of it at once, later or twice."""
        number, name = self.one_of(self.pages.items(), n)
        self.stripe.pay_page(name, card)
        if n % 3:
            self.hear(number, name)

    @step(weight=1, n=any_of_them)
    def leave_page(self, n):
        """They close it, or its half hour is over."""
        number, name = self.one_of(self.pages.items(), n)
        page = self.stripe.objects[name]
        if page["status"] == "open":
            page["status"] = "expired"
        self.hear(number, name)

    @step(weight=3, n=any_of_them)
    def hear_of_page(self, n):
        """A message of Stripe's comes, or comes again; what it says is fetched."""
        self.hear(*self.one_of(self.pages.items(), n))

    def hear(self, number, name):
        attempt = PaymentAttempt.objects.select_related("invoice").get(pk=number)
        page = self.at_stripe(stripe.checkout.Session, self.stripe.objects[name])
        was_paid = attempt.status == "paid"
        settled = settling.apply(attempt, page, now=self.books.now)
        assert not settled.odd
        if settled.status == "paid" and not was_paid:
            self.drawer += settled.amount

    @step(weight=6, n=any_of_them, amount=amount)
    def ask_back_to_card(self, n, amount):
        rows = Allocation.objects.filter(amount__gt=0, payment__reference__startswith="pi_")
        row = self.one_of(rows.select_related("payment", "invoice"), n)
        said = {"reason": "Charged twice", "key": f"{uuid.uuid4()}", "by": self.books.by, "now": self.books.now}
        what = {"payment": row.payment, "invoice": row.invoice, "amount": amount}
        self.may_be_refused(lambda: refunds.ask(**what, **said))
        if n % 2:
            self.send_back_to_card(n)

    @step(weight=6, n=any_of_them)
    def send_back_to_card(self, n):
        """The queue sends what was asked for; a second time Stripe gives the same answer."""
        refund = self.one_of(StripeRefund.objects.filter(status=RefundStatus.ASKED).select_related("payment"), n)
        asked = {"payment_intent": refund.payment.reference, "amount": in_cents(refund.amount)}
        try:
            answer = self.stripe.refund(asked | {"metadata": {"refund": str(refund.code)}})
        except Fault:
            refunds._refused(refund, now=self.books.now)
        else:
            self.hear_of_refund(refund, answer)

    @step(weight=5, n=any_of_them, arrives=coin)
    def end_refund(self, n, arrives):
        """One that was on its way arrives or doesn't; one that came back is heard of, again and again."""
        refund = self.one_of(StripeRefund.objects.exclude(stripe_id="").select_related("payment", "invoice"), n)
        answer = self.stripe.objects[refund.stripe_id]
        if answer["status"] == "pending":
            self.stripe.finish_refund(answer["id"], "succeeded" if arrives else "failed")
        self.hear_of_refund(refund, answer)

    def hear_of_refund(self, refund, answer):
        """What Stripe says is never refused: the money is gone, or it is back."""
        was_gone = refund.status == RefundStatus.DONE
        fresh = refunds.apply(refund, self.at_stripe(stripe.Refund, answer), now=self.books.now)
        self.drawer -= refund.amount * ((fresh.status == RefundStatus.DONE) - was_gone)

    def every_cent_is_somewhere(self):
        came, settles, going = _row(_SUMS)
        assert came == self.drawer
        # What settles nothing and isn't on its way back to a card is on somebody's account.
        on_accounts = {patient: cents(Decimal(int(left)) / 100) for patient, left in _rows(_ACCOUNTS)}
        assert all(left >= 0 for left in on_accounts.values())
        assert self.drawer == settles + sum(on_accounts.values(), ZERO) + going
        assert not _rows(_WRONG)
        self.on_accounts = on_accounts

    def as_the_portal_says(self):
        """The portal's own words of who has what on account, and of what came by card, are those of the rows."""
        for person in self.people:
            account = actions.on_account(person)
            assert account == self.on_accounts.get(person.pk, ZERO)
            assert sum((kept.left for kept in actions.kept_of(person)), ZERO) == account
        for payment in Payment.objects.filter(reference__startswith="pi_", amount__gt=0, corrects=None):
            self.says_as_stripe(payment)

    def what_happened(self):
        """How much of what money does it was about."""
        found = Counter(f"invoice {status}" for status in Invoice.objects.values_list("status", flat=True))
        found += Counter(f"try {status}" for status in PaymentAttempt.objects.values_list("status", flat=True))
        found += Counter(f"to card {status}" for status in StripeRefund.objects.values_list("status", flat=True))
        found["deposit"] = Invoice.objects.filter(purpose="deposit").count()
        found["note"], found["write-off"] = (
            CreditNote.objects.filter(kind=kind).count() for kind in ("correction", "write_off")
        )
        found["taking"] = Taking.objects.count()
        found["refund"] = Payment.objects.filter(amount__lt=0, corrects=None).count()
        found["correction"] = Payment.objects.exclude(corrects=None).count()
        found["paid twice"] = StripeRefund.objects.filter(why=StripeRefund.Why.PAID_TWICE).count()
        return found

    def says_as_stripe(self, payment):
        """Of what was paid by card no more goes back than came, and none that Stripe knows nothing of."""
        intent = self.stripe.objects[payment.reference]
        back = [row for row in self.stripe.objects.values() if row.get("payment_intent") == intent["id"]]
        given = sum(row["amount"] for row in back if row["object"] == "refund" and row["status"] != "failed")
        ours = StripeRefund.objects.filter(payment=payment, status=RefundStatus.DONE)
        assert intent["amount_received"] == in_cents(payment.amount)
        assert sum(in_cents(one.amount) for one in ours) <= intent["amount_received"]
        assert given <= intent["amount_received"]


# In cents: SQLite adds up binary fractions, and PostgreSQL doesn't.
_SUMS = """
    SELECT (SELECT COALESCE(ROUND(SUM(amount) * 100), 0) FROM billing_payment),
           (SELECT COALESCE(ROUND(SUM(amount) * 100), 0) FROM billing_allocation),
           (SELECT COALESCE(ROUND(SUM(amount) * 100), 0) FROM billing_striperefund
             WHERE invoice_id IS NULL AND status IN ('asked', 'pending'))
"""
_ACCOUNTS = """
    SELECT patient_id, ROUND(SUM(amount) * 100) FROM (
        SELECT patient_id, amount FROM billing_payment
        UNION ALL
        SELECT p.patient_id, -a.amount FROM billing_allocation a JOIN billing_payment p ON p.id = a.payment_id
        UNION ALL
        SELECT p.patient_id, -r.amount FROM billing_striperefund r JOIN billing_payment p ON p.id = r.payment_id
         WHERE r.invoice_id IS NULL AND r.status IN ('asked', 'pending')
    ) AS moved GROUP BY patient_id
"""
# Invoices whose sums are not those of their rows, or that got more than is asked; and money of somebody else's.
_WRONG = """
    SELECT i.id FROM billing_invoice i
     WHERE ROUND(i.paid * 100) <>
           (SELECT COALESCE(ROUND(SUM(a.amount) * 100), 0) FROM billing_allocation a WHERE a.invoice_id = i.id)
        OR ROUND((i.total - i.payable) * 100) <>
           (SELECT COALESCE(ROUND(SUM(c.amount) * 100), 0) FROM billing_creditnote c WHERE c.invoice_id = i.id)
        OR i.paid < 0 OR i.paid > i.payable OR i.payable > i.total
        OR (i.status = 'void' AND i.paid <> 0)
    UNION ALL
    SELECT a.id FROM billing_allocation a
      JOIN billing_invoice i ON i.id = a.invoice_id JOIN billing_payment p ON p.id = a.payment_id
     WHERE i.patient_id <> p.patient_id
"""


def _rows(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _row(sql):
    return [cents(Decimal(int(value)) / 100) for value in _rows(sql)[0]]


# ---- Living through them ---------------------------------------------------------------------------------------------

# Ten thousand are lived through in as many parts as there may be cores to take them.
THOROUGH = settings.default.max_examples > 1000
PARTS, IN_EACH, MOST_STEPS = (8, 1_250, 14) if THOROUGH else (1, 80, 14)
# The second database lives through a few.
ARE_FEW = settings.default.max_examples < IN_EACH
if ARE_FEW:
    IN_EACH = settings.default.max_examples


def live_through(clinic, seed):
    """One history; what it did is said with what went wrong, and its number does it again."""
    dice, did = random.Random(seed), []
    history = History(clinic)
    weights = [weight for weight, _do, _draws in STEPS]
    try:
        history.bill(0, D("100.00"), D("66.67"))
        history.bill(1, D("120.50"), D("0.01"))
        wanted = dice.randrange(4, MOST_STEPS)
        while len(did) < wanted:
            _weight, do, draws = dice.choices(STEPS, weights)[0]
            drawn = {name: draw(dice) for name, draw in draws.items()}
            did.append((do.__name__, drawn))
            try:
                do(history, **drawn)
            except NothingThere:
                did.pop()
            else:
                history.every_cent_is_somewhere()
        history.as_the_portal_says()
    except BaseException as fault:
        fault.add_note(f"history {seed}: {did}")
        raise
    return history.what_happened()


@pytest.mark.django_db
@pytest.mark.parametrize("part", range(PARTS))
def test_every_cent_is_somewhere_whatever_is_done(part):
    """Eighty histories; ten thousand with `--hypothesis-profile=thorough -n auto`."""
    clinic, happened = Clinic(), Counter()
    for seed in range(part * IN_EACH, (part + 1) * IN_EACH):
        with transaction.atomic():
            happened += live_through(clinic, seed)
            # Nothing of a history is left for the next.
            transaction.set_rollback(True)
    # They are of everything that money does.
    assert ARE_FEW or not [what for what in EVERYTHING if not happened[what]], happened


EVERYTHING = ("invoice issued", "invoice void", "deposit", "note", "write-off", "taking", "refund", "correction")
EVERYTHING += ("try paid", "try expired", "to card done", "to card pending", "to card returned", "paid twice")
