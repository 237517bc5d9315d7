"""Numbers of invoices, receipts and notes: none tells how many there are."""

from __future__ import annotations

import uuid
from typing import Any, TypeVar

from django.db import IntegrityError, models, transaction

M = TypeVar("M", bound=models.Model)

# Four thousand million numbers; five tries in a row that all hit a used one do not happen.
TRIES = 5


def numbered(model: type[M], prefix: str, **fields: Any) -> M:
    """Makes a row under a new number, such as `INV-` and eight upper-case hex digits; one in use is drawn again."""
    for _ in range(TRIES):
        number = f"{prefix}-{uuid.uuid4().hex[:8].upper()}"
        try:
            with transaction.atomic():
                return model._default_manager.create(number=number, **fields)
        except IntegrityError:
            if not model._default_manager.filter(number=number).exists():
                raise
    raise RuntimeError(f"{TRIES} numbers in a row were in use")
