"""The tables of the books, what of them may change, and what the database says when it refuses."""

from __future__ import annotations

INVOICE, LINE = "billing_invoice", "billing_line"
PAYMENT, ALLOCATION = "billing_payment", "billing_allocation"
CREDIT_NOTE, WAIVER = "billing_creditnote", "billing_waiver"
CLAIM, CLAIM_STEP = "billing_medicareclaim", "billing_claimstep"
DAY_CLOSE, CLOSED_PAYMENT = "billing_dayclose", "billing_closedpayment"
TAKING = "billing_taking"
SHARE = "billing_payshare"
PAYER = "billing_payer"
TABLES = {
    INVOICE, LINE, PAYMENT, ALLOCATION, CREDIT_NOTE, WAIVER, CLAIM, CLAIM_STEP, DAY_CLOSE, CLOSED_PAYMENT, TAKING,
    SHARE,
}  # fmt: skip
ASSIGNMENT = "billing_assignmentofbenefit"

# Of an issued invoice; a test fails if a column is in neither list.
MAY_CHANGE = ["status", "payable", "paid", "voided_at", "voided_by_id", "void_reason"]
FROZEN = [
    "id", "code", "number", "purpose", "bulk_billed", "patient_id", "appointment_id", "psychologist_id", "location_id",
    "billed_user_id", "payer_id", "bill_to_name", "bill_to_address", "bill_to_abn", "purchase_order", "claim_number",
    "issued_on", "due_on", "subtotal", "gst", "total", "rebate", "out_of_pocket", "snapshot", "created_at",
    "created_by_id",
]  # fmt: skip

BEGINS = "An invoice begins as an unpaid draft."
KEEPS_ITS_NUMBER = "An invoice keeps its number."
ADDS_UP = "The lines of an invoice add up to its total when it is issued."
NEVER_CHANGES = "An issued invoice never changes."
MOVES_ON = "An invoice goes from draft to issued to void, never back."
VOID_UNPAID = "An invoice is voided only when nothing is paid on it."
ITEM_FOR_SESSIONS = "Only an invoice for a session that was held has a Medicare item."
DISCOUNT_WITHIN_TAX = "A discount takes off no more than is charged at its own GST."
PAYABLE_IS_CREDITED = "What is payable is the total of an invoice less its credit notes."
PAID_IS_ALLOCATED = "What is paid on an invoice is the sum of its allocations."
NEVER_DELETED = "An issued invoice is never deleted."
LINES_FROZEN = "The lines of an issued invoice never change."
PAYMENT_NEVER = "A payment never changes; a correction is a new row."
REFUND_WITHIN = "A refund takes back no more than its payment brought."
REFUND_TO_ITS_OWN = "What goes back is the money of whom it came from."
ACCOUNT_WITHIN = "No more goes back from an account than is on it."
PART_OF_ITS_TAKING = "The parts of a taking are its patient's."
ALLOCATION_NEVER = "An allocation never changes; a correction is a new row."
ALLOCATED_TO_ISSUED = "Money settles issued invoices only."
ALLOCATED_TO_ITS_OWN = "Money settles invoices of whom it is from."
REFUND_TAKES_OFF = "A refund settles nothing."
WITHIN_PAYMENT = "Allocations never exceed their payment."
WITHIN_INVOICE = "Allocations never exceed the invoice, nor take back more than was paid."
CREDIT_NEVER = "A credit note never changes."
CREDITS_ISSUED = "A credit note is for an issued invoice."
CREDITS_ITS_LINE = "A credit note is for a line of its invoice."
WITHIN_LINE = "Credit notes take no more off a line than it has, and its share of GST."
WITHIN_OWING = "A credit note takes off no more than is owing."
WAIVER_NEVER = "A waiver never changes."
ITEM_WAS_USED = "A row of the Medicare schedule that a session was billed by never changes; a new fee is a new row."
CLAIM_NEVER = "What a claim is for never changes, and it moves only as claims may."
CLAIM_BEGINS = "A claim begins as one to be claimed."
CLAIM_NEEDS_ASSIGNMENT = "A bulk-billed service is claimed with the agreement that assigns it, and no other is."
ASSIGNMENT_NEVER = "An agreement that assigns a benefit never changes, and is kept."
BULK_PAID_BY_MEDICARE = "What is bulk-billed is paid by Medicare alone."
NO_ITEM_FOR_THIRD_PARTIES = "What a third party is billed has no Medicare item and no claim."
KIND_FITS_ITS_BILLS = "A payer whose bills have Medicare items stays one of the family."
MEDICARES_MONEY = "What Medicare paid goes back only once its claim is rejected."
WITHIN_COST = "Credit notes take no more off a line than it cost after its discount."
CLAIM_STEP_NEVER = "A step of a claim never changes."
CLAIM_PAID = "Medicare paid for this: the claim is rejected first, with a reason."
OVERRIDE, OVERRIDE_NEVER = "billing_claimoverride", "What somebody answered for on a Medicare invoice never changes."
CLOSE_NEVER = "A day that was closed never changes: what comes after it stands on the next."
TAKING_NEVER = "A taking never changes."
SHARE_NEVER = "What a psychologist is paid by never changes: a new part is a new row."
