"""Rows that all tests of a file share: made once, in a transaction that ends with the last of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction


@contextmanager
def rows_for_all(blocker: Any) -> Iterator[None]:
    """Around what a fixture of a whole file makes. Each test then undoes what it did itself, and nothing of this.

    Of `django_db_blocker`, beside which the fixture names `django_db_setup`; no test of such a file has real
    transactions. What a test gets hold of it reads anew: a row that another test changed would still say so.
    """
    whole = transaction.atomic()
    # As Django's own around a test: what may not be done in a transaction is no matter of this one.
    whole._from_testcase = True
    with blocker.unblock(), whole:
        yield
        transaction.set_rollback(True)
