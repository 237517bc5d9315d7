"""By whose clock a patient lives: for those whose place keeps another time than the clinic's."""

from __future__ import annotations

from zoneinfo import ZoneInfo

# The largest city of each state; its summer time is the state's.
_STATES = {
    "ACT": "Australia/Sydney",
    "NSW": "Australia/Sydney",
    "NT": "Australia/Darwin",
    "QLD": "Australia/Brisbane",
    "SA": "Australia/Adelaide",
    "TAS": "Australia/Hobart",
    "VIC": "Australia/Melbourne",
    "WA": "Australia/Perth",
}
# Towns that keep another time than their state, in the tz database: Broken Hill, Lord Howe Island, Eucla.
_TOWNS = {"2880": "Australia/Broken_Hill", "2898": "Australia/Lord_Howe", "6443": "Australia/Eucla"}


def zone_of_address(state: str, postcode: str) -> ZoneInfo | None:
    """The wall clock at an Australian address, or None where no state is known."""
    name = _TOWNS.get(postcode) or _STATES.get(state)
    return ZoneInfo(name) if name else None
