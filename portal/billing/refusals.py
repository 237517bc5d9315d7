"""Why an action on the books was refused. Views turn these into words."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.billing.models import DayClose, Invoice, MedicareClaim


class BillingRefused(Exception):
    """Anything below."""


class NotBillable(BillingRefused):
    """The session is not in a state in which this may be asked for."""


class AlreadyInvoiced(BillingRefused):
    """The session has an invoice for this; void that one first."""

    def __init__(self, invoice: Invoice) -> None:
        super().__init__(invoice.number)
        self.invoice = invoice


class HeldBack(BillingRefused):
    """Medicare would refuse the invoice, and nobody said why it goes out all the same."""


class Waived(BillingRefused):
    """Somebody at the clinic did without this fee."""


class WaivedThisYear(BillingRefused):
    """The one fee of a calendar year that the clinic's rule does without was waived already."""


class NotADraft(BillingRefused):
    """The invoice was issued or voided."""


class NothingToBill(BillingRefused):
    """The invoice has no lines, or they come to less than nothing."""


class NotPayable(BillingRefused):
    """The invoice is a draft or void."""


class ChangedMeanwhile(BillingRefused):
    """Somebody took, gave back or took off money since the page was drawn. `invoice` is as it stands now."""

    def __init__(self, invoice: Invoice) -> None:
        super().__init__(invoice.number)
        self.invoice = invoice


class SessionChanged(BillingRefused):
    """The session was moved, or its price changed, since the page was drawn that asked for money."""


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


class NotMovable(BillingRefused):
    """More than is left of that payment on that invoice, or another person's. `left` is what may move, in dollars."""

    def __init__(self, left: Decimal) -> None:
        super().__init__(str(left))
        self.left = left


class OverCredit(BillingRefused):
    """More than a line has left, or than is owing. `most` is what may be taken off, in dollars."""

    def __init__(self, most: Decimal) -> None:
        super().__init__(str(most))
        self.most = most


class ReasonMissing(BillingRefused):
    """What is taken back, taken off or waived says why."""


class BilledWithItems(BillingRefused):
    """Bills of the payer that stand have Medicare items, so it stays one of the family. `invoices` are these."""

    def __init__(self, invoices: list[Invoice]) -> None:
        super().__init__(", ".join(invoice.number for invoice in invoices))
        self.invoices = invoices


class PaysAlready(BillingRefused):
    """The payer pays for this patient already: change that."""


class ClaimChanged(BillingRefused):
    """The claim is not as the page showed it, or may not become that. `claim` is as it stands now."""

    def __init__(self, claim: MedicareClaim) -> None:
        super().__init__(str(claim.code))
        self.claim = claim


class ClaimApproved(BillingRefused):
    """Medicare paid for what is to be taken back: its `claim` is rejected first, with a reason."""

    def __init__(self, claim: MedicareClaim) -> None:
        super().__init__(str(claim.code))
        self.claim = claim


class NotBulkBillable(BillingRefused):
    """Medicare pays nothing for it, something else is charged beside it, or nobody agreed in a way that counts."""


class OverClaim(BillingRefused):
    """Medicare never pays more than is charged. `charged` is what is, in dollars."""

    def __init__(self, charged: Decimal) -> None:
        super().__init__(str(charged))
        self.charged = charged


class CloseRefused(BillingRefused):
    """That day of the place, or a later one, is closed. `close` is what stands in the way."""

    def __init__(self, close: DayClose) -> None:
        super().__init__(str(close))
        self.close = close


class TakingsChanged(BillingRefused):
    """Money was entered since the page of the close was drawn."""


class Unexplained(BillingRefused):
    """What was found differs from the books, and nobody says why: `drawer` and `terminal` in dollars.

    `opening` is by how much the drawer of the morning differs from what the last close left in it.
    """

    def __init__(self, drawer: Decimal, terminal: Decimal, opening: Decimal) -> None:
        super().__init__(f"{drawer} {terminal} {opening}")
        self.drawer, self.terminal, self.opening = drawer, terminal, opening


class NotCorrectable(BillingRefused):
    """Nothing of the payment is left, it came by machine, or nothing about it would be changed."""


class AmountStays(BillingRefused):
    """Some of the payment was given back, moved or is on the account: its amount can't be said anew as one."""


class MoneyChanged(BillingRefused):
    """Somebody took, used or gave back money of this person since the page was drawn."""


class DoesNotAddUp(BillingRefused):
    """What was typed. `missing` is how much more is for invoices than comes, in dollars; below zero how much less."""

    def __init__(self, missing: Decimal) -> None:
        super().__init__(str(missing))
        self.missing = missing


class NameTaken(BillingRefused):
    """Another of their saved views has this name."""


class TooManyViews(BillingRefused):
    """They have saved as many views as anybody keeps."""
