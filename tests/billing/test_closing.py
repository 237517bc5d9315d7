"""A day of a place is counted and closed: once, by a person, and what comes after stands on the next."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from portal.billing import actions
from portal.billing.guards import words
from portal.billing.models import ClosedPayment, DayClose
from portal.billing.refusals import CloseRefused, TakingsChanged, Unexplained
from portal.billing.takings import last_close, takings_of
from portal.clinic.models import ClinicSettings
from tests import make

pytestmark = pytest.mark.django_db

D = Decimal
DAY = date(2026, 11, 24)


@pytest.fixture
def place(books):
    return make.location(name="Brunswick")


def takings(place, day=DAY):
    return takings_of(place, day, clinic=ClinicSettings.current(), last=last_close(place))


def closing(books, place, *, day=DAY, counted="0", opening="0", kept="0", now=None, **fields):
    defaults = {
        "terminal": None,
        "explanation": "",
        "sheet": {"lists": []},
        "seen": takings(place, day).seen_as,
        "by": books.by,
        "now": now or books.now,
    }
    return actions.close_day(
        place=place, day=day, opening=D(opening), counted=D(counted), kept=D(kept), **defaults | fields
    )


def test_what_came_and_went_is_counted_by_method(books, place):
    invoice = books.issued("220.00", location=place)
    cash = books.pay(invoice, "120.00", method="cash")
    books.pay(invoice, "100.00", method="card")
    books.refund(cash, invoice, "20.00")
    books.pay(books.issued("50.00", location=make.location(name="Elsewhere")), "50.00", method="cash")
    found = takings(place)
    assert [(m.method, m.came, m.went, m.net, m.count, m.back) for m in found.by_method] == [
        ("card", D("100.00"), D("0.00"), D("100.00"), 1, 0),
        ("cash", D("120.00"), D("-20.00"), D("100.00"), 1, 1),
    ]
    close = closing(books, place, opening="50.00", counted="150.00", kept="50.00")
    assert (close.cash, close.card, close.expected, close.difference) == (D("100.00"), D("100.00"), D("150.00"), 0)
    assert ClosedPayment.objects.filter(close=close, is_late=False).count() == 3


@pytest.mark.parametrize(("counted", "terminal"), [("95.00", None), ("105.00", None), ("100.00", D("1.00"))])
def test_a_difference_is_explained(books, place, counted, terminal):
    books.pay(books.issued("100.00", location=place), "100.00", method="cash")
    with pytest.raises(Unexplained):
        closing(books, place, counted=counted, terminal=terminal, explanation="  ")
    close = closing(books, place, counted=counted, terminal=terminal, explanation="Wrong change at ten")
    assert close.difference == D(counted) - D("100.00")


def test_money_entered_meanwhile_is_looked_at_first(books, place):
    seen = takings(place).seen_as
    books.pay(books.issued("100.00", location=place), "100.00", method="cash")
    with pytest.raises(TakingsChanged):
        closing(books, place, seen=seen)
    assert not DayClose.objects.exists()


def test_a_day_is_closed_once_and_in_order(books, place):
    first = closing(books, place)
    with pytest.raises(CloseRefused) as refused:
        closing(books, place)
    assert refused.value.close == first
    with pytest.raises(CloseRefused):
        closing(books, place, day=DAY - timedelta(days=1))
    closing(books, make.location(name="Elsewhere"))


def test_what_is_entered_for_a_closed_day_stands_on_the_next_once(books, place):
    invoice = books.issued("220.00", location=place)
    books.pay(invoice, "20.00", method="cash")
    closing(books, place, counted="20.00")
    books.now += timedelta(hours=1)
    late = books.pay(invoice, "30.00", method="cash")
    books.now += timedelta(hours=18)
    back_dated = books.pay(invoice, "40.00", method="transfer", received_on=DAY - timedelta(days=3))
    today = books.pay(invoice, "50.00", method="cash")
    following = DAY + timedelta(days=1)
    found = takings(place, following)
    assert (found.payments, found.late) == ([today], [late, back_dated])
    # What came into the drawer after it was counted is expected in it, though it bears the day before.
    assert (found.net("cash"), found.late_cash, found.cash) == (D("50.00"), D("30.00"), D("80.00"))
    close = closing(books, place, day=following, opening="0", counted="80.00")
    assert (close.cash, close.difference) == (D("80.00"), 0)
    books.now += timedelta(days=1)
    found = takings(place, following + timedelta(days=1))
    assert (found.payments, found.late) == ([], [])


def test_what_puts_right_a_counted_payment_moves_no_cash(books, place):
    counted = books.pay(books.issued("20.00", location=place), "20.00", method="cash")
    closing(books, place, counted="0", explanation="One was by card")
    books.now += timedelta(hours=1)
    fresh = books.pay(books.issued("30.00", location=place), "30.00", method="cash")
    for payment in (counted, fresh):
        fields = {"received_on": payment.received_on, "reference": "", "location": place, "reason": "By card"}
        actions.correct_payment(
            payment=payment, method="card", key=f"c{payment.pk}", by=books.by, now=books.now, **fields
        )
    # The drawer was counted without the first; the second never lay in it, and its two rows make nothing.
    assert takings(place, DAY + timedelta(days=1)).late_cash == 0


def test_cash_given_back_after_the_count_is_out_of_the_drawer(books, place):
    invoice = books.issued("20.00", location=place)
    payment = books.pay(invoice, "20.00", method="cash")
    closing(books, place, counted="20.00", kept="20.00")
    books.now += timedelta(hours=1)
    books.refund(payment, invoice, "5.00")
    close = closing(books, place, day=DAY + timedelta(days=1), opening="20.00", counted="15.00")
    assert (close.cash, close.difference) == (D("-5.00"), 0)


def test_what_no_close_looked_at_before_the_first_is_not_late(books, place):
    invoice = books.issued("220.00", location=place)
    books.pay(invoice, "20.00", received_on=DAY - timedelta(days=1))
    closing(books, place)
    assert takings(place, DAY + timedelta(days=1)).late == []


def test_days_that_nobody_closed_are_not_lost(books, place):
    closing(books, place)
    books.now += timedelta(days=1)
    between = books.pay(books.issued("220.00", location=place), "20.00", method="stripe")
    assert takings(place, DAY + timedelta(days=3)).late == [between]


@pytest.mark.parametrize(
    ("moment", "melbourne", "perth"),
    [
        # 23:50 and 00:10 on Melbourne's clock, when it is 20:50 and 21:10 in Perth.
        (datetime(2026, 11, 24, 12, 50, tzinfo=UTC), DAY, DAY),
        (datetime(2026, 11, 24, 13, 10, tzinfo=UTC), DAY + timedelta(days=1), DAY),
        (datetime(2026, 11, 24, 16, 10, tzinfo=UTC), DAY + timedelta(days=1), DAY + timedelta(days=1)),
    ],
)
def test_each_place_has_its_own_clock(books, place, moment, melbourne, perth):
    west = make.location(name="Perth", time_zone="Australia/Perth")
    books.now = moment
    here = books.pay(books.issued("20.00", location=place), "20.00", method="cash")
    there = books.pay(books.issued("30.00", location=west), "30.00", method="cash")
    assert takings(place, melbourne).payments == [here]
    assert takings(west, perth).payments == [there]
    for where, day in ((place, melbourne), (west, perth)):
        others = {DAY, DAY + timedelta(days=1)} - {day}
        assert all(not takings(where, other).payments for other in others)


@pytest.mark.parametrize("sql", ["UPDATE billing_dayclose SET counted = 1", "DELETE FROM billing_dayclose"])
def test_a_closed_day_never_changes(books, place, sql):
    books.pay(books.issued("20.00", location=place), "20.00", method="cash")
    closing(books, place, counted="20.00")
    for statement in (sql, "UPDATE billing_closedpayment SET is_late = TRUE", "DELETE FROM billing_closedpayment"):
        with pytest.raises(DatabaseError, match=words.CLOSE_NEVER), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"counted": D(5)}, "day_close_difference_is_counted"),
        ({"counted": D(5), "difference": D(5)}, "day_close_difference_is_explained"),
        ({"terminal": D(5)}, "day_close_difference_is_explained"),
        ({"kept": D(5)}, "day_close_keeps_what_is_there"),
        ({"opening": D(-5), "difference": D(5), "explanation": "x"}, "day_close_drawer_not_negative"),
    ],
)
def test_the_database_refuses_what_does_not_add_up(books, fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make.day_close(**fields)


def test_the_database_closes_a_day_of_a_place_once(books, place):
    make.day_close(location=place)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.day_close(location=place)
    payment = books.pay(books.issued("20.00", location=place), "20.00")
    make.day_close(location=place, day=DAY, payment=payment)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClosedPayment.objects.create(close=DayClose.objects.first(), payment=payment)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_close_at_once_one_is_told(books, place):
    seen, gate = takings(place).seen_as, threading.Barrier(2)

    def run(_):
        gate.wait()
        try:
            closing(books, place, seen=seen)
            return "closed"
        except CloseRefused:
            return "told"
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, range(2))) == ["closed", "told"]
