"""Where the money of an invoice is to be transferred: one answer for its page and its paper."""

from __future__ import annotations

from typing import NamedTuple

from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings


class PayTo(NamedTuple):
    """An account, as whoever pays types it, and the words that tell the clinic what it is for."""

    name: str
    bsb: str
    account: str
    reference: str


def pay_to(invoice: Invoice, *, clinic: ClinicSettings) -> PayTo | None:
    """The clinic's account as it is now, while something is left to pay; None where it has none, or nothing is.

    All else on an issued invoice is as it was on its day. But an account that the clinic has left takes no money, and
    what is printed of one is no part of what the law asks of an invoice: whoever still has to pay is told where money
    is wanted today, on the page and on every new print alike.
    """
    if not invoice.balance or not clinic.bank_account or invoice.bulk_billed:
        return None
    return PayTo(clinic.bank_name, clinic.bank_bsb, clinic.bank_account, invoice.number)
