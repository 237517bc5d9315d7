"""The kinds of work that there are."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.worklist.kinds import Kind

# ---- What somebody must be told -------------------------------------------------------------------------------------

UNDELIVERED: Final = Kind(
    name="notice_undelivered",
    role=Role.RECEPTION,
    title=_("A message did not arrive"),
    heading=_("Messages that did not arrive"),
    action=_("Send again"),
    advice=_("Send it again, to the right address or number, or tell them another way."),
    outcomes={"told": _("Told them another way"), "not_needed": _("Nothing needs to be sent")},
)

OFFER_UNREACHED: Final = Kind(
    name="offer_unreached",
    role=Role.RECEPTION,
    title=_("An offered time did not reach them"),
    heading=_("People whom an offered time did not reach"),
    action=_("Open"),
    advice=_("It went to the next who waits. Ring them, and put their e-mail address right for the next time."),
    outcomes={"told": _("Told them another way"), "put_right": _("The address is put right")},
)

TO_TELL: Final = Kind(
    name="session_untold",
    role=Role.RECEPTION,
    title=_("Tell them: no e-mail went out"),
    heading=_("People to tell that their session was moved or cancelled"),
    action=_("Open"),
    advice=_("No e-mail address is known of them. Call them, and say here once they know."),
    outcomes={"told": _("Told them"), "not_needed": _("They know already")},
)

MESSAGE_WAITS: Final = Kind(
    name="message_waits",
    role=Role.RECEPTION,
    title=_("A message waits for an answer"),
    heading=_("Messages that wait for an answer"),
    action=_("Answer"),
    advice=_("Answer it, or say that it needs no answer."),
)

MESSAGE_FOR_ONE: Final = Kind(
    name="message_for_one",
    role=Role.PSYCHOLOGIST,
    title=_("A patient wrote to you"),
    heading=_("Patients who wrote to you"),
    action=_("Answer"),
    advice=_("Answer it, or say that it needs no answer."),
)

MESSAGE_LEFT_BEHIND: Final = Kind(
    name="message_left_behind",
    role=Role.RECEPTION,
    title=_("A patient wrote to somebody who has left"),
    heading=_("Patients who wrote to somebody who has left"),
    action=_("Write to them"),
    advice=_("Nobody has answered them. Write or ring, and say who looks after them now."),
    outcomes={"told": _("Told them another way"), "not_needed": _("They know already")},
)

ALERT: Final = Kind(
    name="alert",
    role=Role.PSYCHOLOGIST,
    title=_("Answers to look at today"),
    heading=_("Answers to look at today"),
    action=_("Look at them"),
    advice=_("Open them now, and write down what you did."),
)

# ---- Sessions that wait for a step ----------------------------------------------------------------------------------

_STAYS: Final = {"stays": _("It stays as booked")}

REQUESTED: Final = Kind(
    name="session_requested",
    role=Role.RECEPTION,
    title=_("A session is asked for"),
    heading=_("Sessions asked for"),
    action=_("Answer"),
    advice=_("Confirm it or decline it. Unanswered it ends by itself, and the patient is told so."),
)

SESSION_OPEN: Final = Kind(
    name="session_open",
    role=Role.RECEPTION,
    title=_("A past session is still open"),
    heading=_("Past sessions still open"),
    action=_("Open"),
    advice=_("Check it out, mark it as a no-show, or cancel it."),
)

BUSY_THEN: Final = Kind(
    name="session_busy_elsewhere",
    role=Role.RECEPTION,
    title=_("The psychologist has something else on then"),
    heading=_("Sessions at which their psychologist has something else on"),
    action=_("Open"),
    advice=_("It came into their other calendar after the session was booked: move the session, or let it stay."),
    outcomes=_STAYS,
)

# ---- Sessions that can't be held as they are booked -----------------------------------------------------------------

_MOVE_OR_CANCEL: Final = _("Move or cancel")

STRANDED: Final = Kind(
    name="session_stranded",
    role=Role.RECEPTION,
    title=_("The psychologist is away then"),
    heading=_("Sessions while their psychologist is away"),
    action=_MOVE_OR_CANCEL,
    advice=_("Call the patient: move the session, or cancel it."),
    outcomes=_STAYS,
)

LEFT: Final = Kind(
    name="session_without_psychologist",
    role=Role.RECEPTION,
    title=_("The psychologist has left"),
    heading=_("Sessions whose psychologist has left"),
    action=_MOVE_OR_CANCEL,
    advice=_("Call the patient: move the session to somebody else, or cancel it."),
)

PLACE_CLOSED: Final = Kind(
    name="session_without_place",
    role=Role.RECEPTION,
    title=_("The location is closed"),
    heading=_("Sessions at a location that is closed"),
    action=_MOVE_OR_CANCEL,
    advice=_("Call the patient: move the session, or cancel it."),
    outcomes=_STAYS,
)

ROOM_CLOSED: Final = Kind(
    name="session_without_room",
    role=Role.RECEPTION,
    title=_("The room is out of use"),
    heading=_("Sessions whose room is out of use"),
    action=_MOVE_OR_CANCEL,
    advice=_("No other room is free then: move the session, hold it another way, or cancel it."),
    outcomes=_STAYS,
)

OUTSIDE_HOURS: Final = Kind(
    name="session_outside_hours",
    role=Role.RECEPTION,
    title=_("Outside the psychologist's new hours"),
    heading=_("Sessions outside their psychologist's new hours"),
    action=_MOVE_OR_CANCEL,
    advice=_("The hours were changed after it was booked: move the session, cancel it, or let it stay."),
    outcomes=_STAYS,
)

# ---- Money ----------------------------------------------------------------------------------------------------------

NOT_BILLED_AGAIN: Final = Kind(
    name="session_not_billed",
    role=Role.RECEPTION,
    title=_("A voided invoice was not replaced"),
    heading=_("Voided invoices not replaced"),
    action=_("Bill again"),
    advice=_("Bill it again, or say why not."),
    # A choice, not a line to write on: a reason in somebody's own words soon says why they came.
    outcomes={
        "no_charge": _("Not to be billed: agreed with the patient"),
        "billed_elsewhere": _("Not to be billed: paid by somebody else"),
        "billed_by_mistake": _("Not to be billed: it was billed by mistake"),
    },
)

AHEAD_HELD: Final = Kind(
    name="ahead_held",
    role=Role.RECEPTION,
    title=_("Money paid ahead is still held"),
    heading=_("Money paid ahead and still held"),
    action=_("Open"),
    advice=_("Refund it. If a fee is due, invoice the fee first: the money counts towards it."),
)

BULK_REJECTED: Final = Kind(
    name="bulk_rejected",
    role=Role.RECEPTION,
    title=_("Medicare rejected a bulk-billed claim"),
    heading=_("Bulk-billed claims that Medicare rejected"),
    action=_("Open"),
    advice=_("Put it right and claim it again, or void its invoice and bill the session anew."),
)

FEE_UNDECIDED: Final = Kind(
    name="fee_undecided",
    role=Role.RECEPTION,
    title=_("A fee to ask for, or to waive"),
    heading=_("Fees to ask for, or to waive"),
    action=_("Decide"),
    advice=_("Ask for the fee, or waive it and say why."),
)

_TALKED: Final = {"talked": _("Talked to them"), "not_reached": _("Could not be reached")}

INSTALMENT_MISSED: Final = Kind(
    name="instalment_missed",
    role=Role.RECEPTION,
    title=_("A part of a payment plan is missing"),
    heading=_("Payment plans that are not kept"),
    action=_("Open"),
    advice=_("Ring them: it may have slipped their mind. End the plan if it can't be kept, and agree on another one."),
    outcomes=_TALKED,
)

DEBT_TO_RING: Final = Kind(
    name="debt_to_ring",
    role=Role.RECEPTION,
    title=_("Ring about what is overdue"),
    heading=_("People to ring about what is overdue"),
    action=_("Open"),
    advice=_(
        "They were reminded for the last time a week ago. Ring them, and agree on a way: a plan, or no reminders."
    ),
    outcomes=_TALKED,
)

# ---- Records --------------------------------------------------------------------------------------------------------

RECORD_READ: Final = Kind(
    name="record_read",
    role=Role.PSYCHOLOGIST,
    title=_("A colleague read what you wrote"),
    heading=_("Colleagues who read what you wrote"),
    action=_("Open"),
    advice=_("If you know why, that is all. If you don't, ask them, or tell the practice manager."),
    outcomes={"known": _("I know why"), "asked": _("I asked about it")},
)

REPORT_OWING: Final = Kind(
    name="report_owing",
    role=Role.PSYCHOLOGIST,
    title=_("A report is owed to the referrer"),
    heading=_("Reports owed to referrers"),
    action=_("Write it"),
    advice=_("Medicare asks for it after each course: what was assessed, what was done, what you recommend."),
)

DOUBLED: Final = Kind(
    name="record_doubled",
    role=Role.RECEPTION,
    title=_("Perhaps registered twice"),
    heading=_("People who are perhaps registered twice"),
    action=_("Compare"),
    advice=_(
        "Compare the records. If they are one person's, ask the person whether the account may open the one with the "
        "history."
    ),
    outcomes={
        "linked": _("Linked to the other record"),
        "same_closed": _("The same person, the other record stays closed to the account"),
        "not_same": _("Not the same person"),
    },
)

# ---- All of them ----------------------------------------------------------------------------------------------------

# Those about a session that can't be held as it is booked: somebody decides what becomes of it.
OF_STRANDED: Final = (STRANDED, LEFT, PLACE_CLOSED, ROOM_CLOSED, OUTSIDE_HOURS)
OF_STRANDED_NAMES: Final = tuple(kind.name for kind in OF_STRANDED)
# Those that are about a session.
OF_SESSIONS: Final = (
    *(SESSION_OPEN, NOT_BILLED_AGAIN, *OF_STRANDED),
    *(AHEAD_HELD, BULK_REJECTED, FEE_UNDECIDED, REQUESTED, BUSY_THEN, TO_TELL),
)
# Those about a conversation.
OF_MESSAGES: Final = (MESSAGE_WAITS, MESSAGE_FOR_ONE)
KINDS: Final = {
    kind.name: kind
    for kind in (
        *(UNDELIVERED, RECORD_READ, REPORT_OWING, DOUBLED, OFFER_UNREACHED, INSTALMENT_MISSED, DEBT_TO_RING),
        MESSAGE_LEFT_BEHIND,
        ALERT,
        *OF_MESSAGES,
        *OF_SESSIONS,
    )
}
