"""Why an action on the diary was refused. Views turn these into words; nothing here is shown to anybody."""

from __future__ import annotations


class Refusal(Exception):
    """`reason` is a short machine word, for callers that say more than one sentence about one refusal."""

    def __init__(self, reason: str = "") -> None:
        super().__init__(reason)
        self.reason = reason


class SlotTaken(Refusal):
    """Somebody was faster: the time is no longer free. `reason`: psychologist, patient or room."""


class PatientBusy(SlotTaken):
    """The patient has another session at that time; the psychologist may well be free."""


class NotOffered(Refusal):
    """Nothing that can be booked.

    `reason`: time (outside hours, notice or horizon), service, mode, location, room, psychologist, first_visit_only,
    first_visit_ahead, known_only, approved_only; of what is offered on also address, asked (about another time),
    declined.
    """


class HoldExpired(Refusal):
    """The time was held, and is held no longer, or was booked by somebody else."""


class TooManyBookings(Refusal):
    """The patient has as many sessions ahead as may be booked online; of this service, where `reason` is service."""


class NotCancellable(Refusal):
    """`reason` is the word that `states.Why` has for it."""


class NotReschedulable(Refusal):
    """`reason` is the word that `states.Why` has for it."""


class WrongState(Refusal):
    """This step is not allowed on this session now; `reason` is the word that `states.Why` has for it."""


class HeldByNote(NotReschedulable, NotCancellable, WrongState):
    """A note was written of the session: it keeps its people, and once signed its time, and can't be called off."""

    # Its reason: only the database finds it.
    WORD = "note"


class HoursOverlap(Refusal):
    """Two windows of one weekday, or two extra slots, overlap."""


class AwayAlready(Refusal):
    """Time away that stands covers all of it."""


class BadTimes(Refusal):
    """Times that end before they start, that are not whole minutes, or that no clock ever shows."""


class AlreadyWaiting(Refusal):
    """The patient is on the waitlist for this service already."""


class NotWaiting(Refusal):
    """They are not on the waitlist any more, or what the page showed of it was changed."""


class OfferClosed(Refusal):
    """The time is not offered to them any more; `reason` is the word that `Offer.Outcome` has for it."""
