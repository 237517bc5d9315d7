"""What is asked about a line of an invoice that Medicare is to pay towards, and what is found on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from enum import StrEnum

from portal.clinic.models import Registration
from portal.medicare.ledger import Why
from portal.medicare.models import Referral


class Level(StrEnum):
    """Red is refused by Medicare, or has to be paid back; amber is worth a look."""

    RED = "red"
    AMBER = "amber"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a claim: `code` names it for ever, `words` say it and what to do."""

    code: str
    level: Level
    words: str

    @property
    def is_red(self) -> bool:
        return self.level == Level.RED


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A referral as it is printed; `services` is None where it names no number, `is_corrected` since it was printed.

    `usual_practitioner` is what is on file of whether it comes from the patient's own practice, None for nothing.
    """

    name: str
    number: str
    practice: str
    written_on: date | None
    kind: str = Referral.Kind.GP_PLAN
    services: int | None = None
    is_for_group: bool = False
    usual_practitioner: bool | None = None
    # What whoever read the letter did not find in it, in words; who referred and the number are said by themselves.
    lacks: tuple[str, ...] = ()
    is_corrected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One line with a Medicare item, and what it hangs on. Dollars; `charged` is the line with GST.

    `fee` and `due_benefit` are those of the schedule on the day of service, None where no row is in force; `others` are
    how many further services of the patient are claimed on that day, `others_timed` whether all say when they began.
    `elsewhere_numbers` are the psychologist's own provider numbers at other locations. Of a group by video `remoteness`
    is where the patient was, from 1 to 7 by the Modified Monash Model, and `kilometres` how far away by road.
    """

    item: str
    service_date: date | None
    starts: time | None = None
    minutes: int | None = None
    mode: str = ""
    charged: Decimal = Decimal(0)
    gst: Decimal = Decimal(0)
    benefit: Decimal = Decimal(0)
    quantity: Decimal = Decimal(1)
    due_benefit: Decimal | None = None
    is_verified: bool = True
    registration: str = Registration.CLINICAL
    provider_number: str = ""
    number_on_file: str = ""
    elsewhere_numbers: frozenset[str] = frozenset()
    practice_address: str = ""
    letter: Letter | None = None
    patient_name: str = ""
    # Whether Medicare pays the clinic: nobody then claims with the card in hand.
    is_bulk_billed: bool = False
    card_number: str = ""
    irn: str = ""
    card_expires: date | None = None
    card_name: str = ""
    card_is_right: bool = True
    why: Why | None = None
    is_last: bool = False
    was_held: bool = True
    others: int = 0
    others_timed: bool = True
    attended: int | None = None
    remoteness: int | None = None
    kilometres: int | None = None
    is_outside: bool | None = None
    is_abroad: bool = False
    # Whether it is on an invoice already: only then is it mended by billing the session again.
    is_billed: bool = True


def red(code: str, words: str) -> Finding:
    """Medicare refuses it, or asks for its money back."""
    return Finding(code, Level.RED, words)


def amber(code: str, words: str) -> Finding:
    """It is worth a look, and keeps nothing."""
    return Finding(code, Level.AMBER, words)
