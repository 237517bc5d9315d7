"""What is done to the diary. Each action is one transaction, takes its locks first and writes its line in the trail."""

from portal.appointments.actions.attending import (
    check_in,
    complete,
    is_done_by,
    mark_no_show,
    reopen,
    undo_check_in,
    undo_no_show,
)
from portal.appointments.actions.booking import book, cancel, reschedule
from portal.appointments.actions.closing import add_closure, remove_closure
from portal.appointments.actions.coming import say_yes
from portal.appointments.actions.holding import confirm_hold, hold, hold_any, refusal_of, release_hold
from portal.appointments.actions.locking import clear_run_out_holds
from portal.appointments.actions.repeating import SeriesTaken, Wish, book_series
from portal.appointments.actions.requesting import approve, decline, lapse, withdraw
from portal.appointments.actions.rooming import (
    change_room,
    choose_room,
    free_rooms,
    may_change_room,
    room_as_seen,
)
from portal.appointments.actions.taking_back import Was, take_back_move
from portal.appointments.actions.transactions import in_transaction
from portal.appointments.actions.waiting import WaitlistWish, change_wish, hand_over, join_waitlist, leave_waitlist
from portal.appointments.actions.working import Shift, add_time_slot, remove_time_slot, set_weekly_hours

__all__ = [
    "SeriesTaken",
    "Shift",
    "WaitlistWish",
    "Was",
    "Wish",
    "add_closure",
    "add_time_slot",
    "approve",
    "book",
    "book_series",
    "cancel",
    "change_room",
    "change_wish",
    "check_in",
    "choose_room",
    "clear_run_out_holds",
    "complete",
    "confirm_hold",
    "decline",
    "free_rooms",
    "hand_over",
    "hold",
    "hold_any",
    "in_transaction",
    "is_done_by",
    "join_waitlist",
    "lapse",
    "leave_waitlist",
    "mark_no_show",
    "may_change_room",
    "refusal_of",
    "release_hold",
    "remove_closure",
    "remove_time_slot",
    "reopen",
    "reschedule",
    "room_as_seen",
    "say_yes",
    "set_weekly_hours",
    "take_back_move",
    "undo_check_in",
    "undo_no_show",
    "withdraw",
]
