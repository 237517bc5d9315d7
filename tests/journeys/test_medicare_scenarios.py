"""What the portal answers to each scenario of Better Access, from the letter on file to the invoice and the report.

Numbers are those of the scenarios that the rules were read into (docs/australia.md, 3.11). Each row says what is on
file and how one more session was held, and then what the diary says of it, what is billed by the desk's own check-out,
what the check on the invoice finds, and whether the referrer is owed a report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.billing import actions as billing
from portal.billing.bulk import Agreement
from portal.billing.charges import extra_line
from portal.billing.models import MedicareClaim
from portal.clinic.models import Registration, TaxCode
from portal.common.access.actors import Actor
from portal.journeys import better_access, checking_out, claim_checks, claiming, reports_owing
from portal.journeys.checking_out import NO_ITEM, Held
from portal.medicare.actions import say_used_elsewhere
from portal.medicare.models import LetterCheck, MbsItem, Referral
from portal.medicare.telling import standing_in_short
from portal.records.models import Report
from tests import make

pytestmark = pytest.mark.django_db
MELBOURNE, PERTH = "Australia/Melbourne", "Australia/Perth"
CLINICAL, GENERAL, PROVISIONAL = Registration.CLINICAL, Registration.GENERAL, Registration.PROVISIONAL
# By whom the letter is printed, and by whom the session is held.
REFERRER, PROVIDER = "2429581T", "4024742F"
WHY = "As agreed with them"


# ---- What is on file, and what is said -------------------------------------------------------------------------------


def letter(day: str = "2026-01-15", services: int | None = 6, *, usual: bool | None = True, **fields) -> dict[str, Any]:
    """A GP's letter that was read and says it is from the patient's own practice, unless told otherwise."""
    return {"written_on": date.fromisoformat(day), "services": services, "usual": usual, **fields}


def weekly(first: str, number: int) -> list[str]:
    return [(date.fromisoformat(first) + timedelta(weeks=n)).isoformat() for n in range(number)]


@dataclass(frozen=True, kw_only=True)
class Story:
    """What is on file, and one more session that was held on `day`. Days are dates of service.

    `had` were billed as they were held, `with_carer` with a carer alone; `missed` and `called_off` were not held.
    `elsewhere` is what the patient says of a year. `billed` is the day on which it is billed, if that is another one;
    `looked` how many days after it somebody looks whether a report is owed.
    """

    letters: Sequence[dict[str, Any]] = field(default_factory=lambda: [letter()])
    had: Sequence[str] = ()
    had_with: str = ""
    with_carer: Sequence[str] = ()
    missed: Sequence[str] = ()
    called_off: Sequence[str] = ()
    voided: Sequence[str] = ()
    rejected: Sequence[str] = ()
    credited: Sequence[str] = ()
    elsewhere: Mapping[int, Sequence[int]] = field(default_factory=dict)
    day: str = "2026-11-24"
    at: str = "10:00"
    zone: str = MELBOURNE
    billed: str = ""
    looked: int = 0
    who: Registration = CLINICAL
    number: str = PROVIDER
    minutes: int = 50
    mode: str = "in_person"
    fee: str = "220.00"
    service: Mapping[str, Any] = field(default_factory=dict)
    patient: Mapping[str, Any] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    payer: bool = False
    ahead: str = ""


@dataclass(frozen=True, kw_only=True)
class Says:
    """What the portal says: in dollars, `gap` is what is left to the patient; `red` and `amber` are what was found.

    `line` is what a tile of the diary says, `why` begins why this item, or none, is proposed.
    """

    line: str
    item: str = ""
    benefit: str = "0.00"
    gap: str
    total: str = ""
    red: str = ""
    amber: str = ""
    report: str = ""
    asks: str = ""
    why: str = ""
    title: str = "Invoice"
    gst: str = "0.00"


LONG = {"item": "80010", "benefit": "149.05", "gap": "70.95"}
SHORT = {"item": "80000", "benefit": "101.55", "gap": "118.45", "amber": "inferred_fee"}
NONE = {"gap": "220.00"}
FIRST = "1 of 6 · 1 of 10"
NOVEMBER = [letter("2026-11-03")]
FOUR_IN_2026, TWO_IN_2027 = weekly("2026-11-10", 4), weekly("2027-01-12", 2)
THREE_LETTERS = [*NOVEMBER, letter("2027-02-02", 4), letter("2027-09-01", 6)]
TEN_IN_2027 = [*TWO_IN_2027, *weekly("2027-02-09", 4), *weekly("2027-09-07", 4)]
PHONED = {"who": GENERAL, "mode": "phone", "held": {"carer": True}}
CARER = {"item": "91201", "benefit": "101.55", "gap": "118.45", "amber": "carer_consent"}
SIGNED = {"agreement": Agreement(way="electronic", agreed_by="Ash Patient")}
SAID = {"agreement": Agreement(way="verbal", agreed_by="Ash Patient", reason="On the phone")}
REPORT = {"extra": (extra_line("A report", Decimal(300), TaxCode.TAXABLE),)}

ROWS = [
    # -- 1: a course goes on over New Year, and ends with its last service
    ("1: four in one year, the fifth in the next", Story(letters=NOVEMBER, had=FOUR_IN_2026, day="2027-01-12"),
     Says(line="5 of 6 · 1 of 10", **LONG)),
    ("1: the sixth ends it", Story(letters=NOVEMBER, had=[*FOUR_IN_2026, "2027-01-12"], day="2027-01-19"),
     Says(line="6 of 6 · 2 of 10 · report due", **LONG, amber="report_due", report="course")),
    # -- 2: what is left of a year, and of a letter
    ("2: a new letter goes on", Story(letters=THREE_LETTERS[:2], had=[*FOUR_IN_2026, *TWO_IN_2027], day="2027-02-09"),
     Says(line="1 of 4 · 3 of 10", **LONG, report="course")),
    ("2: its last is the year's sixth",
     Story(letters=THREE_LETTERS[:2], had=[*FOUR_IN_2026, *TEN_IN_2027[:5]], day="2027-03-02"),
     Says(line="4 of 4 · 6 of 10 · report due", **LONG, amber="report_due", report="course course")),
    ("2: the third letter ends where the year does",
     Story(letters=THREE_LETTERS, had=[*FOUR_IN_2026, *TEN_IN_2027], day="2027-10-05"),
     Says(line="year used up: 10 of 10", **NONE, report="course course")),
    ("2: its rest is for the next year",
     Story(letters=THREE_LETTERS, had=[*FOUR_IN_2026, *TEN_IN_2027], day="2028-01-04"),
     Says(line="5 of 6 · 1 of 10", **LONG, report="course course")),
    # -- 3: more than a first course may have
    ("3: ten stated: the sixth is the last", Story(letters=[letter(services=10)], had=weekly("2026-02-03", 5)),
     Says(line="6 of 6 · 6 of 10 · report due", **LONG, amber="report_due", report="course",
          asks="more_than_an_initial_course")),
    ("3: ten stated: the seventh", Story(letters=[letter(services=10)], had=weekly("2026-02-03", 6)),
     Says(line="referral used up", **NONE, report="course", asks="more_than_an_initial_course")),
    ("3: from a psychiatrist, who needs no plan and no usual practice",
     Story(letters=[letter(services=10, kind="psychiatrist", usual=None)]),
     Says(line=FIRST, **LONG, asks="more_than_an_initial_course")),
    ("3: from a paediatrician", Story(letters=[letter(services=6, kind="paediatrician", usual=None)]),
     Says(line=FIRST, **LONG)),
    # -- 4: no number
    ("4: no number stated", Story(letters=[letter(services=None)]),
     Says(line=FIRST, **LONG, amber="unstated", asks="unstated")),
    ("4: nobody could be asked: decided by judgement, with a note",
     Story(letters=[letter(services=None, decided=4, decided_how="judgement", decided_note="Rang twice")]),
     Says(line="1 of 4 · 1 of 10", **LONG)),
    ("4: the referrer was asked", Story(letters=[letter(services=10, decided=5, decided_how="asked")]),
     Says(line="1 of 5 · 1 of 10", **LONG)),
    # -- 5: with a carer alone
    ("5: the first with a carer", Story(**PHONED), Says(line=FIRST, **CARER)),
    ("5: the second", Story(**PHONED, with_carer=["2026-03-03"]), Says(line="2 of 6 · 2 of 10", **CARER)),
    ("5: the third is not claimed", Story(**PHONED, with_carer=["2026-03-03", "2026-03-10"]),
     Says(line="carer sessions used up", **NONE)),
    ("5: but one with the patient is", Story(with_carer=["2026-03-03", "2026-03-10"]),
     Says(line="3 of 6 · 3 of 10", **LONG)),
    ("5: in the new year two more", Story(**PHONED, with_carer=["2026-03-03", "2026-03-10"], day="2027-01-12"),
     Says(line="3 of 6 · 1 of 10", **CARER)),
    ("5: one elsewhere counts to the two", Story(**PHONED, elsewhere={2026: (2, 2)}),
     Says(line="carer sessions used up", **NONE)),
    ("5: no fee is known of a clinical psychologist's", Story(held={"carer": True}),
     Says(line=FIRST, **NONE, why="None: the portal knows no fee")),
    # -- 6: groups by video
    ("6: a group's item on a letter for sessions alone",
     Story(mode="video", minutes=60, held={"item": "80021", "item_reason": WHY}),
     Says(line=FIRST, item="80021", benefit="37.85", gap="182.15", red="wrong_referral",
          amber="group_by_video group_uncounted")),
    ("6: a letter for groups covers no session alone", Story(letters=[letter(services=10, is_for_group=True)]),
     Says(line="no referral", **NONE)),
    # -- 7: minutes
    ("7: 48 minutes of a clinical psychologist", Story(minutes=48), Says(line=FIRST, **SHORT, why="30 to 49 minutes")),
    ("7: 25 minutes of one", Story(minutes=25), Says(line=FIRST, **NONE, why="None: 25 minutes are too short")),
    ("7: 30 minutes exactly", Story(minutes=30), Says(line=FIRST, **SHORT)),
    ("7: 29 minutes", Story(minutes=29), Says(line=FIRST, **NONE, why="None: 29 minutes are too short")),
    ("7: 25 minutes of a registered one", Story(minutes=25, who=GENERAL),
     Says(line=FIRST, item="80100", benefit="72.00", gap="148.00", why="20 to 49 minutes")),
    ("7: 19 minutes of one", Story(minutes=19, who=GENERAL),
     Says(line=FIRST, **NONE, why="None: 19 minutes are too short")),
    ("7: 50 minutes exactly", Story(), Says(line=FIRST, **LONG, why="50 minutes or more, in consulting rooms")),
    ("7: 50 minutes of a registered one", Story(who=GENERAL),
     Says(line=FIRST, item="80110", benefit="101.55", gap="118.45")),
    ("7: two hours", Story(minutes=120), Says(line=FIRST, **LONG)),
    ("7: 47 minutes billed as 50", Story(minutes=47, held={"item": "80010", "item_reason": WHY}),
     Says(line=FIRST, **LONG, red="too_short")),
    ("7: 50 minutes billed as less", Story(held={"item": "80000", "item_reason": WHY}),
     Says(line=FIRST, **SHORT, red="too_long")),
    # -- 8: elsewhere
    ("8: three elsewhere", Story(elsewhere={2026: (3,)}), Says(line="1 of 6 · 4 of 10 (3 elsewhere)", **LONG)),
    ("8: nine elsewhere leave one", Story(elsewhere={2026: (9,)}),
     Says(line="1 of 6 · 10 of 10 (9 elsewhere)", **LONG)),
    ("8: ten elsewhere leave none", Story(elsewhere={2026: (10,)}),
     Says(line="year used up: 10 of 10 (10 elsewhere)", **NONE)),
    ("8: last year's are last year's", Story(elsewhere={2025: (10,)}), Says(line=FIRST, **LONG)),
    ("8: two of this letter elsewhere", Story(letters=[letter(used_elsewhere=2)]),
     Says(line="3 of 6 · 1 of 10", **LONG)),
    ("8: a letter that continues another clinic's course",
     Story(letters=[letter(services=8, continues_elsewhere=True)]), Says(line="1 of 8 · 1 of 10", **LONG)),
    # -- 9: another psychologist of the clinic
    ("9: the letter goes on with another", Story(had=weekly("2026-03-03", 3), had_with="another"),
     Says(line="4 of 6 · 4 of 10", **LONG)),
    ("9: who ends the course owes the report", Story(had=weekly("2026-03-03", 5), had_with="another"),
     Says(line="6 of 6 · 6 of 10 · report due", **LONG, amber="report_due", report="course")),
    # -- 10: they come no more
    ("10: sixty days after the third", Story(had=weekly("2026-11-10", 2), looked=60),
     Says(line="3 of 6 · 3 of 10", **LONG, report="quiet")),
    ("10: a day before that", Story(had=weekly("2026-11-10", 2), looked=59), Says(line="3 of 6 · 3 of 10", **LONG)),
    ("10: a course that ended is told of once", Story(had=weekly("2026-10-13", 5), looked=60),
     Says(line="6 of 6 · 6 of 10 · report due", **LONG, amber="report_due", report="course")),
    # -- 11: what was not held
    ("11: missed and called off late", Story(missed=["2026-03-03"], called_off=["2026-03-10"]),
     Says(line=FIRST, **LONG)),
    ("11: between others", Story(had=["2026-03-03"], missed=["2026-03-10"], called_off=["2026-03-17"]),
     Says(line="2 of 6 · 2 of 10", **LONG)),
    # -- 12: when the letter was written
    ("12: after the session", Story(letters=[letter("2026-11-25")], billed="2026-11-30"),
     Says(line="referral is newer", **NONE)),
    ("12: on its day", Story(letters=[letter("2026-11-24")]), Says(line=FIRST, **LONG)),
    ("12: in October 2025 by whomever", Story(letters=[letter("2025-10-30", usual=False)]), Says(line=FIRST, **LONG)),
    ("12: in November 2025, and nobody said by whom", Story(letters=[letter("2025-11-02", usual=None)]),
     Says(line=FIRST, **LONG, amber="usual_practitioner")),
    ("12: in November 2025, not by their own practice", Story(letters=[letter("2025-11-02", usual=False)]),
     Says(line=FIRST, **LONG, amber="usual_practitioner")),
    ("12: in November 2025, and they said that it is", Story(letters=[letter("2025-11-02")]),
     Says(line=FIRST, **LONG)),
    ("12: no letter ends by a date", Story(letters=[letter("2023-02-01")]), Says(line=FIRST, **LONG)),
    # -- 13: two on one day
    ("13: the second of a day", Story(had=["2026-11-24"], at="16:00"),
     Says(line="2 of 6 · 2 of 10", **LONG, amber="same_day")),
    # -- 14: the day is that on which it began, where it was held
    ("14: over midnight of New Year's Eve", Story(day="2026-12-31", at="23:30", billed="2027-01-04",
     elsewhere={2026: (9,)}), Says(line="1 of 6 · 10 of 10 (9 elsewhere)", **LONG)),
    ("14: ten minutes after it", Story(day="2027-01-01", at="00:10", elsewhere={2026: (10,)}),
     Says(line=FIRST, **LONG)),
    ("14: by Perth's clock, as Melbourne's year has begun", Story(day="2026-12-31", at="22:30", zone=PERTH,
     elsewhere={2026: (10,)}), Says(line="year used up: 10 of 10 (10 elsewhere)", **NONE)),
    # -- 15: abroad
    ("15: by video while they were abroad", Story(mode="video", held={"abroad": True}),
     Says(line=FIRST, **NONE, why="None: Medicare pays nothing for a patient who is outside Australia.")),
    ("15: by video at home", Story(mode="video"), Says(line=FIRST, item="91167", benefit="149.05", gap="70.95")),
    # -- 16: bulk-billed
    ("16: signed", Story(held=SIGNED),
     Says(line=FIRST, item="80010", benefit="149.05", total="149.05", gap="0.00")),
    ("16: said, with a reason, in 2026", Story(held=SAID),
     Says(line=FIRST, item="80010", benefit="149.05", total="149.05", gap="0.00")),
    ("16: a registered psychologist's phone call", Story(who=GENERAL, mode="phone", minutes=20, held=SIGNED),
     Says(line=FIRST, item="91183", benefit="72.00", total="72.00", gap="0.00")),
    # -- 17: the fee of the day of service
    ("17: 30 June, billed on 2 July", Story(day="2026-06-30", billed="2026-07-02"),
     Says(line=FIRST, item="80010", benefit="145.25", gap="74.75")),
    ("17: 1 July", Story(day="2026-07-01"), Says(line=FIRST, **LONG)),
    ("17: before any fee that is known", Story(letters=[letter("2025-01-15")], day="2025-06-30", billed="2025-07-02"),
     Says(line=FIRST, **NONE, why="None: the portal knows no fee")),
    # -- 18: an employer, and GST
    ("18: $1,100 of therapy and a report, to somebody who pays",
     Story(letters=[], fee="1100.00", payer=True, held=REPORT),
     Says(line="no referral", total="1430.00", gst="30.00", gap="1430.00", title="Tax invoice")),
    ("18: the same with an item: the report is no part of the rebate", Story(held=REPORT),
     Says(line=FIRST, item="80010", benefit="149.05", total="550.00", gst="30.00", gap="400.95",
          title="Tax invoice")),
    # -- Letters
    ("nothing on file", Story(letters=[]), Says(line="no referral", **NONE)),
    ("a letter that is none for Medicare", Story(letters=[letter(kind="other")]), Says(line="no referral", **NONE)),
    ("the oldest with one left is used first", Story(letters=[letter("2026-06-01", 4), letter()]),
     Says(line=FIRST, **LONG)),
    ("a letter for one session", Story(letters=[letter(services=1)]),
     Says(line="1 of 1 · 1 of 10 · report due", **LONG, amber="report_due", report="course")),
    ("its referrer without a number, with an address",
     Story(letters=[letter(referrer_provider_number="", referrer_practice="1 Main Street, Carlton")]),
     Says(line=FIRST, **LONG, amber="no_referrer_number")),
    ("its referrer's number mistyped", Story(letters=[letter(referrer_provider_number="2429581A")]),
     Says(line=FIRST, **LONG, amber="referrer_check")),
    ("referred by whoever holds the session", Story(letters=[letter(referrer_provider_number=PROVIDER)]),
     Says(line=FIRST, **LONG, red="referrer_is_provider")),
    # -- Who, where and how
    ("by phone", Story(mode="phone"), Says(line=FIRST, item="91182", benefit="149.05", gap="70.95")),
    ("by video, short, by a registered psychologist", Story(mode="video", minutes=30, who=GENERAL),
     Says(line=FIRST, item="91169", benefit="72.00", gap="148.00")),
    ("outside consulting rooms", Story(held={"outside": True}),
     Says(line=FIRST, **NONE, why="None: the portal knows no fee")),
    ("by a provisional psychologist", Story(who=PROVISIONAL), Says(line="", **NONE)),
    ("a service that Medicare never pays for", Story(service={"medicare": False}), Says(line="", **NONE)),
    ("in person, billed as by video", Story(held={"item": "91167", "item_reason": WHY}),
     Says(line=FIRST, item="91167", benefit="149.05", gap="70.95", red="wrong_mode")),
    ("without the item that fits, as they asked", Story(held={"item": NO_ITEM, "item_reason": WHY}),
     Says(line=FIRST, **NONE, why="50 minutes or more")),
    ("without a provider number", Story(number=""), Says(line=FIRST, **LONG, amber="no_provider_number")),
    ("with one that is mistyped", Story(number="4024742A"), Says(line=FIRST, **LONG, amber="provider_check")),
    # -- The card
    ("without a card", Story(patient={"medicare_number": "", "medicare_irn": ""}),
     Says(line=FIRST, **LONG, amber="no_card")),
    ("with a card that had run out", Story(patient={"medicare_expires": date(2026, 10, 31)}),
     Says(line=FIRST, **LONG, amber="card_expired")),
    ("with another name on it", Story(patient={"medicare_name": "ASHLEY PATIENT"}),
     Says(line=FIRST, **LONG, amber="card_name")),
    # -- Money
    ("for less than the benefit", Story(fee="120.00"),
     Says(line=FIRST, item="80010", benefit="120.00", gap="0.00", amber="below_benefit")),
    ("for exactly the benefit", Story(fee="149.05"), Says(line=FIRST, item="80010", benefit="149.05", gap="0.00")),
    ("for nothing", Story(fee="0.00"), Says(line=FIRST, item="80010", gap="0.00", red="nothing_charged")),
    ("with GST on it", Story(service={"tax_code": TaxCode.TAXABLE}),
     Says(line=FIRST, item="80010", benefit="149.05", total="242.00", gst="22.00", gap="92.95", amber="taxed",
          title="Tax invoice")),
    ("paid for in part before", Story(ahead="50.00"), Says(line=FIRST, **LONG)),
    ("for an insurer who pays: Medicare pays nothing", Story(payer=True),
     Says(line=FIRST, **NONE, why="None: Harbour Insurance")),
    ("billed two years and a day late", Story(letters=[letter("2025-10-01")], day="2026-11-24", billed="2028-11-25"),
     Says(line=FIRST, **LONG, red="too_old")),
    # -- What is taken back frees its service
    ("one was billed by mistake, and void", Story(letters=[letter(services=1)], voided=["2026-03-03"]),
     Says(line="referral used up", **NONE)),
    ("one was rejected", Story(letters=[letter(services=1)], rejected=["2026-03-03"]),
     Says(line="1 of 1 · 1 of 10 · report due", **LONG, amber="report_due", report="course")),
    ("one was credited as a whole", Story(letters=[letter(services=1)], credited=["2026-03-03"]),
     Says(line="1 of 1 · 1 of 10 · report due", **LONG, amber="report_due", report="course")),
]  # fmt: skip


# ---- How a row is lived through --------------------------------------------------------------------------------------


class Clinic:
    """A place, a psychologist and a patient, as a story wants them."""

    def __init__(self, story: Story) -> None:
        make.clinic(gst_registered=True, abn="51824753556", time_zone=story.zone)
        make.mbs_items()
        self.story, self.zone = story, ZoneInfo(story.zone)
        self.by = make.actor(role=Role.RECEPTION)
        card = {"medicare_number": "2951873125", "medicare_irn": "1", "legal_last_name": "Patient"}
        self.patient = make.patient(**card | dict(story.patient))
        self.place = make.location(time_zone=story.zone)
        self.psychologist = make.psychologist(registration=story.who)
        self.another = make.psychologist(registration=story.who) if story.had_with else self.psychologist
        if story.number:
            make.provider_number(psychologist=self.psychologist, location=self.place, number=story.number)
        for fields in story.letters:
            self.put_on_file(dict(fields))
        for year, counts in story.elsewhere.items():
            said = dict(zip(("individual", "carer", "group"), (*counts, 0, 0), strict=False))
            now = self.moment(story.letters[0]["written_on"].isoformat())
            say_used_elsewhere(patient=self.patient, year=year, **said, by=self.by, now=now)

    def put_on_file(self, fields: dict[str, Any]) -> None:
        usual, written = fields.pop("usual"), fields["written_on"].isoformat()
        referral: Referral = make.referral(patient=self.patient, **fields)
        if usual is not None:
            ticks = dict.fromkeys(("has_name", "has_birth_date", "has_address", "has_diagnosis"), True)
            ticks |= dict.fromkeys(("has_medication", "has_services", "is_signed", "is_dated"), True)
            said = {"referral": referral, "course": referral.course, "checked_at": self.moment(written)}
            LetterCheck.objects.create(**said, **ticks, has_usual=usual)

    def moment(self, day: str, at: str = "09:00") -> datetime:
        return datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=self.zone)

    def session(self, day: str, at: str = "09:00", *, who=None, status=Status.ARRIVED, **fields):
        story = self.story
        service = make.service(minutes=story.minutes, fee=story.fee, **story.service)
        booked = {"mode": story.mode, "fee": story.fee, "service": service} | fields
        return make.appointment(
            patient=self.patient,
            psychologist=who or self.psychologist,
            location=self.place,
            starts_at=self.moment(day, at),
            status=status,
            **booked,
        )

    def check_out(self, session, *, now: datetime, **held):
        booked = {"minutes": session.minutes, "mode": session.mode, "fee": session.fee}
        key = f"{session.code}"
        return checking_out.check_out(appointment=session, held=Held(**booked | held), key=key, by=self.by, now=now)

    def live_through_what_was(self) -> None:
        story = self.story
        before = [(day, {}) for day in (*story.had, *story.voided, *story.rejected, *story.credited)]
        for day, held in sorted(
            [*before, *((day, {"carer": True}) for day in story.with_carer)], key=lambda one: one[0]
        ):
            # A carer's are those whose fee is known; the rest of them are as long as the story's own.
            who = make.psychologist(registration=GENERAL) if held else self.another
            session = self.session(day, who=who, mode="phone" if held else story.mode)
            now = session.ends_at + timedelta(minutes=5)
            invoice = self.check_out(session, now=now, **held)
            assert invoice.lines.exclude(item_number="").exists(), f"{day} was not billed with an item"
            said = {"by": self.by, "now": now}
            if day in story.voided:
                billing.void_invoice(invoice=invoice, reason="Billed twice", **said)
            if day in story.rejected:
                claim = MedicareClaim.objects.get(line__invoice=invoice)
                claiming.reject(claim=claim, reason="Card", decided_on=now.date(), **said)
            if day in story.credited:
                line = invoice.lines.get()
                billing.credit_line(line=line, amount=line.total, reason="Not held", key="credit", **said)
        for day in story.missed:
            self.session(day, status=Status.NO_SHOW)
        for day in story.called_off:
            self.session(day, status=Status.CANCELLED, late=True)


def codes(findings) -> str:
    return " ".join(sorted(one.code for one in findings))


def reports(clinic: Clinic, *, now: datetime) -> str:
    reports_owing.go_round(by=Actor.system("worklist"), now=now)
    return " ".join(report.cause for report in Report.objects.standing().order_by("pk"))


def asks(clinic: Clinic, *, now: datetime) -> str:
    found = [one.doubt for one in better_access.ledger_of(clinic.patient.pk, now=now).courses if one.doubt]
    return " ".join(doubt.value for doubt in found)


@pytest.mark.parametrize(("story", "says"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_scenario(story: Story, says: Says):
    clinic = Clinic(story)
    clinic.live_through_what_was()
    booked = {"status": Status.BOOKED} if story.ahead else {}
    session = clinic.session(story.day, story.at, **booked)
    now = clinic.moment(story.billed) if story.billed else session.ends_at + timedelta(minutes=5)
    if story.ahead:
        billing.take_ahead(
            appointment=session, amount=Decimal(story.ahead), method="card", key="ahead", by=clinic.by,
            now=session.starts_at - timedelta(days=1),
        )  # fmt: skip
    held = dict(story.held)
    kind = MbsItem.CountsTowards.CARER if held.get("carer") else MbsItem.CountsTowards.INDIVIDUAL

    # What the diary says before it is billed.
    standing = better_access.standing_of(session, now=now, counts_towards=kind)
    assert (standing_in_short(standing) if standing else "") == says.line
    claim = checking_out.claim_for(session, now=now, counts_towards=kind)
    if story.payer:
        held["bill_to"] = make.patient_payer(patient=clinic.patient)
    as_held = Held(**{"minutes": session.minutes, "mode": session.mode, "fee": session.fee} | held)
    assert claim.why(session, as_held).startswith(says.why)

    # What is billed, and that nothing that was promised changed on the way.
    invoice = clinic.check_out(session, now=now, **held)
    line = invoice.lines.first()
    assert line.item_number == says.item
    assert (invoice.total, invoice.gst) == (Decimal(says.total or story.fee), Decimal(says.gst))
    assert (invoice.rebate, invoice.out_of_pocket) == (Decimal(says.benefit), Decimal(says.gap))
    assert invoice.paid == Decimal(story.ahead or 0)
    paper = invoice.snapshot
    assert (paper["title"], paper["provider"]["number"]) == (says.title, story.number)
    if says.item:
        claimed = MedicareClaim.objects.get(line=line)
        assert (claimed.service_date, claimed.counts_towards) == (
            session.local_start.date(),
            _kind(says, bool(held.get("carer"))),
        )
        after = better_access.ledger_of(clinic.patient.pk, now=now).standings[str(claimed.code)]
        assert standing_in_short(after) == says.line or says.item == "80021"
    else:
        assert not MedicareClaim.objects.filter(line__invoice=invoice).exists()

    # What the check finds, and what the referrer is owed.
    found = claim_checks.check(invoice, now=now)
    assert (codes(found.red), codes(found.amber)) == (says.red, says.amber) if found else not says.item
    assert found is None or claim_checks.may_print(invoice, now=now) is not bool(says.red)
    assert asks(clinic, now=now) == says.asks
    assert reports(clinic, now=now + timedelta(days=story.looked)) == says.report
    if says.line.endswith("report due"):
        last = Report.objects.standing().get(last_service=session.local_start.date())
        assert last.author == clinic.psychologist


def _kind(says: Says, carer: bool) -> str:
    return "group" if says.item == "80021" else "carer" if carer else "individual"


def test_there_are_as_many_as_the_rules_ask_for():
    numbers = {int(name.split(":")[0]) for name, *_rest in ROWS if name.split(":")[0].isdigit()}
    assert numbers == set(range(1, 19))
    assert len(ROWS) >= 18 + 40
