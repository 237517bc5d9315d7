"""Books that were kept before there were purposes and credit notes."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection

from portal.billing.models import Invoice, Purpose
from portal.common import guards


@pytest.mark.django_db(transaction=True)
def test_what_was_issued_before_is_payable_in_full_and_guarded_again(books):
    issued, paid, draft = books.issued("220.10"), books.issued("100.00"), books.draft("50.00")
    books.pay(paid, "40.00")
    void = books.void(books.issued("30.00"))
    before = {row["id"]: row for row in Invoice.objects.values()}
    try:
        call_command("migrate", "billing", "0003", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    assert {row["id"]: row for row in Invoice.objects.values()} == before
    assert {i.pk: i.payable for i in Invoice.objects.all()} == {
        issued.pk: Decimal("220.10"),
        paid.pk: Decimal("100.00"),
        draft.pk: Decimal("50.00"),
        void.pk: Decimal("30.00"),
    }
    assert set(Invoice.objects.values_list("purpose", flat=True)) == {Purpose.SESSION}
    assert guards.problems(connection) == []
    paid.refresh_from_db()
    books.pay(paid, "60.00")
    books.credit(issued, "20.10")
    assert (paid.balance, issued.balance) == (0, 200)
