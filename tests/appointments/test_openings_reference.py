"""All that decides a free time, against a slow and obvious reference that looks at every five minutes by themselves.

Weekly hours for some ways of meeting and for some days, public holidays, closures, leave, extra hours, bookings with
their breaks, rooms, and two places with clocks of their own, around every change of the clocks in 2026 and 2027. 2,000
examples at every run; `manage.py test tests/appointments/test_openings_reference.py --hypothesis-profile=thorough` asks
50,000 that nobody has seen before.
"""

from collections import defaultdict
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings

from portal.appointments import closed
from portal.appointments.openings import Closed, by_way, joined, openings
from tests.appointments.reference import CHANGES, IN_PERSON, ZONES, agree, questions

# In all, over the zones.
EXAMPLES = max(2_000, settings().max_examples) // len(ZONES) + 1


def test_these_are_all_the_days_on_which_their_clocks_change():
    def offsets(zone, day):
        midnights = (datetime.combine(day + timedelta(days=n), time(), zone) for n in (0, 1))
        return {moment.utcoffset() for moment in midnights}

    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(730)]
    assert [day for day in days if any(len(offsets(zone, day)) > 1 for zone in ZONES)] == CHANGES


# ---- What the portal answers -----------------------------------------------------------------------------------------


def answer(question):
    """The openings as a diary asks for them (appointments/diary.py)."""
    minutes, before, after = (timedelta(minutes=question[name]) for name in ("minutes", "before", "after"))
    full = {
        place: Closed.everywhere(
            [
                Closed((seconds(span.start - minutes - after), seconds(span.end + before)) for span in taken)
                for taken in rooms
            ]
        )
        for place, rooms in question["rooms"].items()
        if rooms
    }
    shut = defaultdict(list)
    for closure in question["closures"]:
        for place, zone in question["zones"].items():
            if closure.is_of(place):
                shut[place].append(closed.Shut(*closure.between(zone), "", tuple(closure.modes)))
    asked = {
        "extra": question["extra"],
        "blocked": question["leave"],
        "busy": question["booked"],
        "days_off": question["holidays"],
        "minutes": question["minutes"],
        "buffer_before": question["before"],
        "buffer_after": question["after"],
        "step_minutes": question["step"],
        "earliest": question["earliest"],
        "latest": question["latest"],
        "first_day": question["first"],
        "last_day": question["last"],
    }
    return joined(
        [
            (
                same,
                openings(
                    hours=windows, full=full if same == [IN_PERSON] else {}, shut=closed.spans(shut, same), **asked
                ),
            )
            for windows, same in by_way(question["hours"], question["ways"], apart=closed.is_by_way(shut))
        ]
    )


def seconds(moment):
    return int(moment.timestamp())


@pytest.mark.parametrize("zone", ZONES, ids=lambda zone: zone.key.split("/")[1])
def test_agrees_with_a_look_at_every_five_minutes(zone):
    @settings(max_examples=EXAMPLES)
    @given(questions(zone))
    def agrees(question):
        agree(answer(question), question)

    agrees()
