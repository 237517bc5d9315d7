from __future__ import annotations

from portal.billing.models import Invoice


def lock_invoice(invoice: Invoice) -> Invoice:
    """The invoice as it stands now, held until the transaction ends: whoever comes second sees what the first did."""
    return (
        Invoice.objects.select_for_update(of=("self",))
        .select_related("patient", "psychologist__user", "location")
        .get(pk=invoice.pk)
    )
