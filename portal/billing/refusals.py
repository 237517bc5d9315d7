"""Why an action on the books was refused. Views turn these into words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.billing.models import Invoice


class BillingRefused(Exception):
    """Anything below."""


class NotBillable(BillingRefused):
    """The session did not take place, or has nobody to bill."""


class AlreadyInvoiced(BillingRefused):
    """The session has an invoice; void that one first."""

    def __init__(self, invoice: Invoice) -> None:
        super().__init__(invoice.number)
        self.invoice = invoice


class NotADraft(BillingRefused):
    """The invoice was issued or voided."""


class NothingToBill(BillingRefused):
    """The invoice has no lines, or they come to less than nothing."""


class NotPayable(BillingRefused):
    """The invoice is a draft or void."""


class WrongAmount(BillingRefused):
    """The amount is zero, negative or finer than a cent."""


class Overpayment(BillingRefused):
    """More than is owing. `balance` is what is, in dollars."""

    def __init__(self, balance: Decimal) -> None:
        super().__init__(str(balance))
        self.balance = balance


class NotRefundable(BillingRefused):
    """More than is left of that payment on that invoice. `left` is what is, in dollars."""

    def __init__(self, left: Decimal) -> None:
        super().__init__(str(left))
        self.left = left


class KeyReused(BillingRefused):
    """The key was used before, for something else."""


class PaidOn(BillingRefused):
    """Money stands against the invoice: refund it first. `paid` is how much, in dollars."""

    def __init__(self, paid: Decimal) -> None:
        super().__init__(str(paid))
        self.paid = paid


class ReasonMissing(BillingRefused):
    """A void invoice says why."""
