"""What the desk's lists read of their rows."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from portal.billing.models.invoice import InvoiceRow


class DeskInvoiceRow(InvoiceRow, Protocol):
    """An invoice `for_table`, with its own code and that of its patient."""

    @property
    def patient__code(self) -> UUID: ...
    @property
    def code(self) -> UUID: ...
