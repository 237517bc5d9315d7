"""What is done to the diary. Each action is one transaction, takes its locks first and writes its line in the trail."""

from portal.appointments.actions.attending import complete, mark_arrived, mark_no_show, undo_arrival
from portal.appointments.actions.booking import book, cancel, free_until, reschedule
from portal.appointments.actions.holding import confirm_hold, hold, hold_any, release_hold
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.actions.working import Shift, add_time_slot, remove_time_slot, set_weekly_hours

__all__ = [
    "Shift",
    "add_time_slot",
    "book",
    "cancel",
    "complete",
    "confirm_hold",
    "free_until",
    "hold",
    "hold_any",
    "in_transaction",
    "mark_arrived",
    "mark_no_show",
    "release_hold",
    "remove_time_slot",
    "reschedule",
    "set_weekly_hours",
    "undo_arrival",
]
