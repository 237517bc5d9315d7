"""Two clocks: the reader's own beside the place's, where they differ."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from portal.accounts.models import User
from portal.patients.clocks import zone_of_address
from portal.patients.models import Patient

# Each wall clock that Australia keeps, from east to west.
OFFERED = (
    *("Australia/Lord_Howe", "Australia/Sydney", "Australia/Melbourne", "Australia/Hobart", "Australia/Brisbane"),
    *("Australia/Adelaide", "Australia/Broken_Hill", "Australia/Darwin", "Australia/Eucla", "Australia/Perth"),
)


# In a browser session: the clock by which a visitor chose the time that they hold.
CHOSEN = "own_clock"
# What somebody chooses whom the place's own clock is enough.
HERE = "here"


def read(word: str) -> str:
    """What an address says of the reader's clock: the name of a zone, `HERE`, or nothing where it can't be read."""
    return word if word == HERE or ("/" in word and word in _known()) else ""


def in_force(word: str, patient: Patient | None) -> ZoneInfo | None:
    """The reader's own clock: the one they chose, else the one at the patient's address, if one is known."""
    if word:
        return None if word == HERE else ZoneInfo(word)
    return zone_of_address(patient.state, patient.postcode) if patient else None


@cache
def _known() -> frozenset[str]:
    # It reads a folder: once a process, not at each address that names a zone.
    return frozenset(available_timezones())


def offered(chosen: ZoneInfo | None) -> list[ZoneInfo]:
    """Those to choose from: Australia's, and the one in force if it is another."""
    zones = [ZoneInfo(name) for name in OFFERED]
    return zones if chosen is None or chosen in zones else [*zones, chosen]


def patient_of(user: User) -> Patient | None:
    """The patient to whom an account belongs, with no more than their address. One query."""
    return Patient.objects.filter(user=user).only("state", "postcode").first()
