"""One taking of money over the desk, what is on the account, and what goes back of it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.billing import actions
from portal.billing.models import Allocation, Payment, Taking
from portal.billing.refusals import (
    DoesNotAddUp,
    KeyReused,
    MoneyChanged,
    NotMovable,
    NotPayable,
    NotRefundable,
    Overpayment,
    ReasonMissing,
    WrongAmount,
)
from tests import make

D = Decimal


@pytest.fixture
def owing(books):
    """Two invoices of one patient: $100, then $60."""
    patient = make.patient()
    return patient, books.issued("100.00", patient=patient), books.issued("60.00", patient=patient)


def again(*invoices):
    for invoice in invoices:
        invoice.refresh_from_db()
    return [invoice.paid for invoice in invoices]


def test_several_invoices_are_paid_by_several_methods_under_one_number(books, owing):
    patient, old, new = owing
    taking = books.take(patient, [("cash", "50.00"), ("card", "110.00")], [(old, "100.00"), (new, "60.00")])
    assert again(old, new) == [D(100), D(60)]
    parts = list(taking.parts.order_by("pk"))
    assert [(part.number, part.method, part.amount) for part in parts] == [
        (f"{taking.number}-1", "cash", D(50)),
        (f"{taking.number}-2", "card", D(110)),
    ]
    assert {part.receipt for part in parts} == {taking.number}
    rows = [(row.payment_id, row.invoice_id, row.amount) for row in Allocation.objects.order_by("pk")]
    first, second = parts
    assert rows == [
        (first.pk, old.pk, D(50)),
        (second.pk, old.pk, D(50)),
        (second.pk, new.pk, D(60)),
    ]
    assert actions.on_account(patient) == 0


def test_one_part_has_the_receipts_own_number(books, owing):
    patient, old, _new = owing
    taking = books.take(patient, [("card", "30.00")], [(old, "30.00")])
    assert (taking.parts.get().number, again(old)) == (taking.number, [D(30)])


def test_what_is_more_is_kept_and_used_first_next_time(books, owing):
    patient, old, new = owing
    books.take(patient, [("cash", "120.00")], [(old, "100.00")], keeps=True)
    assert (actions.on_account(patient), actions.held_of(patient)) == (D(20), D(20))
    taking = books.take(patient, [("card", "40.00")], [(new, "60.00")], uses="20.00")
    assert (again(new), actions.on_account(patient), taking.parts.get().amount) == ([D(60)], D(0), D(40))


def test_what_is_held_can_be_enough(books, owing):
    patient, old, _new = owing
    books.take(patient, [("cash", "100.00")], keeps=True)
    assert books.take(patient, [], [(old, "100.00")], uses="100.00") is None
    assert (again(old), actions.on_account(patient), Taking.objects.count()) == ([D(100)], 0, 1)


def test_an_invoices_page_uses_the_account_too(books, owing):
    patient, old, _new = owing
    books.take(patient, [("cash", "30.00")], keeps=True)
    assert actions.use_held(invoice=old, by=books.by, now=books.now) == D(30)
    assert (again(old), actions.on_account(patient)) == ([D(30)], 0)


@pytest.mark.parametrize(
    ("parts", "gets", "more", "refusal"),
    [
        ([("card", "99.99")], "100.00", {}, DoesNotAddUp),
        ([("card", "100.01")], "100.00", {}, DoesNotAddUp),
        ([("card", "100.01")], "100.01", {}, Overpayment),
        ([("card", "90.00")], "100.00", {"uses": "10.00"}, NotMovable),
        ([("card", "100.00")], "100.00", {"handed": D("200.00")}, WrongAmount),
        ([("cash", "100.00")], "100.00", {"handed": D("99.00")}, WrongAmount),
        ([("card", "100.00")], "100.00", {"seen": "old"}, MoneyChanged),
        ([("card", "-1.00")], "100.00", {}, WrongAmount),
        ([], "100.00", {}, DoesNotAddUp),
    ],
)
def test_what_does_not_add_up_is_not_taken(books, owing, parts, gets, more, refusal):
    patient, old, _new = owing
    with pytest.raises(refusal):
        books.take(patient, parts, [(old, gets)], **more)
    assert not Payment.objects.exists()
    assert not Taking.objects.exists()


def test_nobodys_money_pays_anothers_invoice(books, owing):
    patient, _old, _new = owing
    theirs = books.issued("50.00")
    with pytest.raises(NotPayable):
        books.take(patient, [("card", "50.00")], [(theirs, "50.00")])
    assert again(theirs) == [0]


def test_the_same_page_takes_once(books, owing):
    patient, old, _new = owing
    first = books.take(patient, [("card", "50.00")], [(old, "50.00")], key="k")
    assert books.take(patient, [("card", "50.00")], [(old, "50.00")], key="k") == first
    with pytest.raises(KeyReused):
        books.take(patient, [("card", "40.00")], [(old, "40.00")], key="k")
    assert again(old) == [D(50)]


def test_change_is_what_was_handed_less_the_cash(books, owing):
    patient, old, _new = owing
    taking = books.take(patient, [("cash", "50.00"), ("card", "50.00")], [(old, "100.00")], handed=D("70.00"))
    assert (taking.cash, taking.change) == (D(50), D(20))


def test_cash_lies_where_it_was_taken(books, owing):
    patient, old, _new = owing
    elsewhere = make.location(name="Fitzroy")
    taking = books.take(patient, [("cash", "100.00")], [(old, "100.00")], location=elsewhere)
    assert taking.parts.get().location == elsewhere


def test_the_account_is_given_back_in_part_and_no_more_than_is_on_it(books, owing):
    patient, _old, _new = owing
    books.take(patient, [("cash", "30.00")], keeps=True)
    books.take(patient, [("card", "20.00")], keeps=True)
    with pytest.raises(NotRefundable) as refused:
        books.refund_account(patient, "50.01")
    assert refused.value.left == D(50)
    given = books.refund_account(patient, "40.00", key="k")
    assert [(row.amount, row.from_account) for row in given] == [(D(-30), D(30)), (D(-10), D(10))]
    assert books.refund_account(patient, "40.00", key="k") == given
    assert actions.on_account(patient) == D(10)
    assert [(kept.left) for kept in actions.kept_of(patient)] == [D(10)]


def test_a_refund_says_why(books, owing):
    _patient, old, _new = owing
    payment = books.pay(old, "50.00")
    with pytest.raises(ReasonMissing):
        books.refund(payment, old, "10.00", reason=" ")
    books.refund(payment, old, "10.00", reason="Charged twice")
    assert Payment.objects.get(reverses=payment).reason == "Charged twice"


def test_money_taken_off_an_invoice_is_kept(books, owing):
    patient, old, new = owing
    payment = books.pay(old, "50.00")
    actions.keep_on_account(payment=payment, invoice=old, amount=D(30), by=books.by, now=books.now)
    assert (again(old), actions.on_account(patient)) == ([D(20)], D(30))
    books.take(patient, [], [(new, "30.00")], uses="30.00")
    assert again(new) == [D(30)]


# ---- Corrections -----------------------------------------------------------------------------------------------------


def correct(books, payment, *, key="c", reason="It was cash", **change):
    said = {
        "method": payment.method,
        "received_on": payment.received_on,
        "reference": payment.reference,
        "location": payment.location,
    }
    return actions.correct_payment(
        payment=payment, reason=reason, key=key, by=books.by, now=books.now, **{**said, **change}
    )


def test_a_wrong_method_is_said_anew_for_the_same_invoices(books, owing):
    patient, old, new = owing
    taking = books.take(patient, [("card", "170.00")], [(old, "100.00"), (new, "60.00")], keeps=True)
    payment = taking.parts.get()
    anew = correct(books, payment, method="cash")
    assert (again(old, new), actions.on_account(patient)) == ([D(100), D(60)], D(10))
    assert correct(books, payment, method="cash") == anew
    back = Payment.objects.get(reverses=payment)
    assert (back.amount, back.method, back.reason, back.corrects) == (D(-170), "card", "It was cash", payment)
    assert (anew.amount, anew.method, anew.reason, anew.corrects) == (D(170), "cash", "It was cash", payment)


def test_what_went_back_already_stays_gone(books, owing):
    _patient, old, _new = owing
    payment = books.pay(old, "100.00")
    books.refund(payment, old, "30.00")
    anew = correct(books, payment, method="cash")
    assert (anew.amount, again(old)) == (D(70), [D(70)])


def test_a_wrong_invoice_is_anybodys(books, owing):
    patient, old, _new = owing
    other = books.issued("40.00")
    payment = books.pay(old, "100.00")
    anew = actions.correct_invoice(
        payment=payment, source=old, target=other, reason="Same surname", key="k", by=books.by, now=books.now
    )
    assert (again(old, other), anew.patient, actions.on_account(patient)) == ([0, D(40)], other.patient, 0)
    assert actions.on_account(other.patient) == D(60)


def test_every_cent_of_the_family_is_somewhere(books, owing):
    patient, old, _new = owing
    payment = books.pay(old, "100.00")
    correct(books, payment, method="cash")
    came = sum(Payment.objects.values_list("amount", flat=True))
    assert came == sum(Allocation.objects.values_list("amount", flat=True)) + actions.on_account(patient) == D(100)
