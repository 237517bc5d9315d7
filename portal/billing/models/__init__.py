from portal.billing.claim_states import ClaimStatus
from portal.billing.models.assignment import AssignmentOfBenefit, AssignmentTerms, Way
from portal.billing.models.bill_link import BillLink
from portal.billing.models.bulk import BulkRun
from portal.billing.models.card_consent import CardConsent
from portal.billing.models.claim import Channel, ClaimStep, MedicareClaim
from portal.billing.models.credit import CreditNote, NoteKind
from portal.billing.models.day_close import ClosedPayment, DayClose
from portal.billing.models.dispatch import REMINDED_EVERY, Dispatch
from portal.billing.models.invoice import BILLS_A_SESSION, Invoice, InvoiceStatus, Line, Purpose
from portal.billing.models.online import AttemptStatus, PaymentAttempt, RefundStatus, StripeEvent, StripeRefund
from portal.billing.models.overdue import ReminderStages, Stage
from portal.billing.models.override import ClaimOverride
from portal.billing.models.paid_booking import PaidBooking
from portal.billing.models.paper import DrawnPaper
from portal.billing.models.payer import PatientPayer, Payer
from portal.billing.models.payment import Allocation, Method, Payment
from portal.billing.models.plan import Instalment, PaymentPlan, PlannedInvoice, ReminderHold
from portal.billing.models.saved_card import SavedCard
from portal.billing.models.saved_view import LONGEST_NAME, MOST_VIEWS, SavedView
from portal.billing.models.share import PayShare
from portal.billing.models.taking import Taking
from portal.billing.models.waiver import FEES, Waiver
from portal.billing.models.watching import OnlineTrouble, Reconciliation

__all__ = [
    "BILLS_A_SESSION",
    "FEES",
    "LONGEST_NAME",
    "MOST_VIEWS",
    "REMINDED_EVERY",
    "Allocation",
    "AssignmentOfBenefit",
    "AssignmentTerms",
    "AttemptStatus",
    "BillLink",
    "BulkRun",
    "CardConsent",
    "Channel",
    "ClaimOverride",
    "ClaimStatus",
    "ClaimStep",
    "ClosedPayment",
    "CreditNote",
    "DayClose",
    "Dispatch",
    "DrawnPaper",
    "Instalment",
    "Invoice",
    "InvoiceStatus",
    "Line",
    "MedicareClaim",
    "Method",
    "NoteKind",
    "OnlineTrouble",
    "PaidBooking",
    "PatientPayer",
    "PayShare",
    "Payer",
    "Payment",
    "PaymentAttempt",
    "PaymentPlan",
    "PlannedInvoice",
    "Purpose",
    "Reconciliation",
    "RefundStatus",
    "ReminderHold",
    "ReminderStages",
    "SavedCard",
    "SavedView",
    "Stage",
    "StripeEvent",
    "StripeRefund",
    "Taking",
    "Waiver",
    "Way",
]
