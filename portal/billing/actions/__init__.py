"""What may be done to the books. Each is one transaction with its line in the trail.

The database checks every sum again (guards.py). Whoever touches money first locks its invoice; whoever bills a session
first locks the session.
"""

from portal.billing.actions.account import OnAccount, kept_of, kept_on, on_account
from portal.billing.actions.ahead import as_shown as ahead_as_shown
from portal.billing.actions.ahead import (
    ask_no_more_ahead,
    deposit_of,
    held_ahead,
    held_ahead_of,
    held_for,
    take_ahead,
    use_ahead,
    use_held,
)
from portal.billing.actions.assigning import assign_benefit
from portal.billing.actions.claiming import (
    approve_claim,
    claim_again,
    mark_exported,
    reject_claim,
    send_claims,
    withdraw_claim,
)
from portal.billing.actions.closing import close_day, differences
from portal.billing.actions.corrections import correct_invoice, correct_payment, is_correctable, left_of
from portal.billing.actions.credits import costs, credit_line, creditable, write_off
from portal.billing.actions.fees import bill_fee, take_back_waiver, waive_fee, waived_in, year_of
from portal.billing.actions.invoices import (
    BillTo,
    bill,
    draft_as_shown,
    draft_invoice,
    issue_invoice,
    may_bill,
    void_invoice,
)
from portal.billing.actions.payers import (
    add_payer,
    change_link,
    end_link,
    let_pay,
    links_of,
    links_of_all,
    payer_of,
    restore_payer,
    retire_payer,
    update_payer,
)
from portal.billing.actions.payments import move_payment, record_payment
from portal.billing.actions.refunds import (
    approved_by,
    is_asked_for_again,
    keep_on_account,
    may_be_kept,
    refund_account,
    refund_payment,
)
from portal.billing.actions.rows import refundable
from portal.billing.actions.shares import set_share
from portal.billing.actions.takings import (
    Settles,
    TakenPart,
    held_of,
    money_as_shown,
    owing_of,
    parts_of,
    settled_by,
    take,
)
from portal.billing.actions.typed import change_draft, type_invoice
from portal.billing.actions.who_paid import likely_payers

__all__ = [
    "BillTo",
    "OnAccount",
    "Settles",
    "TakenPart",
    "add_payer",
    "ahead_as_shown",
    "approve_claim",
    "approved_by",
    "ask_no_more_ahead",
    "assign_benefit",
    "bill",
    "bill_fee",
    "change_draft",
    "change_link",
    "claim_again",
    "close_day",
    "correct_invoice",
    "correct_payment",
    "costs",
    "credit_line",
    "creditable",
    "deposit_of",
    "differences",
    "draft_as_shown",
    "draft_invoice",
    "end_link",
    "held_ahead",
    "held_ahead_of",
    "held_for",
    "held_of",
    "is_asked_for_again",
    "is_correctable",
    "issue_invoice",
    "keep_on_account",
    "kept_of",
    "kept_on",
    "left_of",
    "let_pay",
    "likely_payers",
    "links_of",
    "links_of_all",
    "mark_exported",
    "may_be_kept",
    "may_bill",
    "money_as_shown",
    "move_payment",
    "on_account",
    "owing_of",
    "parts_of",
    "payer_of",
    "record_payment",
    "refund_account",
    "refund_payment",
    "refundable",
    "reject_claim",
    "restore_payer",
    "retire_payer",
    "send_claims",
    "set_share",
    "settled_by",
    "take",
    "take_ahead",
    "take_back_waiver",
    "type_invoice",
    "update_payer",
    "use_ahead",
    "use_held",
    "void_invoice",
    "waive_fee",
    "waived_in",
    "withdraw_claim",
    "write_off",
    "year_of",
]
