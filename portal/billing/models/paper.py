from __future__ import annotations

import uuid

from django.db import models

from portal.billing.models.invoice import Invoice
from portal.common.crypto.binary import EncryptedBytesField
from portal.common.privacy import classed


@classed(plain="id code invoice digest drawn_at", personal="pdf")
class DrawnPaper(models.Model):
    """An invoice's PDF as it was drawn last, so that nobody waits for it twice. It can be drawn anew at any time."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    invoice = models.OneToOneField(Invoice, on_delete=models.CASCADE, related_name="drawn")
    # Of all that it prints and how: a PDF with another digest is not this invoice's any more.
    digest = models.CharField(max_length=64)
    pdf = EncryptedBytesField(bound_to="code")
    drawn_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"paper of {self.invoice_id}"
