"""What may be done to the books. Each is one transaction with its line in the trail.

The database checks every sum again (guards.py). Whoever touches money first locks its invoice; whoever bills a session
first locks the session.
"""

from portal.billing.actions.invoices import bill_session, draft_invoice, issue_invoice, void_invoice
from portal.billing.actions.payments import record_payment, refund_payment, refundable

__all__ = [
    "bill_session",
    "draft_invoice",
    "issue_invoice",
    "record_payment",
    "refund_payment",
    "refundable",
    "void_invoice",
]
