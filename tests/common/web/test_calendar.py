"""The calendar that stencils fill is the one that its plain template draws."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import engines
from django.utils.timezone import override as in_zone
from django.utils.translation import override

from portal.common.web.daygrid import Block, Column, day_grid

DAY = date(2026, 11, 24)
MELBOURNE, PERTH = ZoneInfo("Australia/Melbourne"), ZoneInfo("Australia/Perth")
# As it was before stencils: every tag worked out for every session.
PLAIN = Path(__file__).with_name("plain") / "calendar.html"


def at(hour, minute=0, zone=MELBOURNE):
    return datetime(DAY.year, DAY.month, DAY.day, hour, minute, tzinfo=zone)


def block(start, minutes, kind, zone=MELBOURNE, **words):
    return Block(at(*start, zone), at(*start, zone) + timedelta(minutes=minutes), kind, **words)


def grid(zone=MELBOURNE):
    return day_grid(
        [
            Column(
                "Mai <Nguyễn>",
                DAY,
                "Room 1 & Brunswick",
                "/day/?a=1&b=2",
                [
                    block((0, 0), 540, "off", zone),
                    block((9, 0), 50, "completed", zone, title="A & B", url="/one/", shape="completed"),
                    block((12, 5), 60, "off", zone, title="Lunch <late>"),
                    block((16, 0), 60, "off", zone, title="Leave & rest", tone="leave"),
                    block((11, 0), 30, "free", zone, title="book with <Mai>", url="/book/?at=1&who=2"),
                    block((13, 0), 50, "held", zone, title="Held", spoken="Held"),
                    block(
                        (14, 0),
                        50,
                        "booked",
                        zone,
                        mark="video",
                        title="S. Tran",
                        detail="100% video",
                        url="/two/?x=1&y=2",
                        moves="a<b",
                    ),
                    block(
                        (14, 30), 50, "booked", zone, title="E. Sato", url="/three/", shape="booked", spoken="Booked"
                    ),
                ],
                at(11, 7, zone),
            ),
            Column(
                "Tom Ashby",
                DAY,
                to="day=1&psychologist=<tom>",
                blocks=[block((9, 30), 0, "no-show", zone, shape="no_show")],
            ),
            Column("Nobody", DAY),
        ],
        first_hour=9,
        last_hour=17,
    )


def drawn(template, grid, **context):
    html = engines["django"].from_string(template).render({"grid": grid, **context})
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", re.sub(r"\s+", " ", html)).strip()


@pytest.mark.parametrize("language", ["en-au", "zh-hans", "vi", "ar"])
@pytest.mark.parametrize("dense", [True, False])
def test_stencils_draw_what_the_plain_template_draws(language, dense):
    with override(language):
        plain = drawn(PLAIN.read_text(), grid(), label="24 & 25 November", dense=dense)
        filled = drawn('{% include "components/_calendar.html" %}', grid(), label="24 & 25 November", dense=dense)
    assert filled == plain
    assert plain.count("<li") == 12
    assert plain.count("Mai &lt;Nguyễn&gt;") == 2


def test_an_empty_grid_is_drawn_too():
    plain, filled = (
        drawn(template, day_grid([]), label="Nobody")
        for template in (PLAIN.read_text(), '{% include "components/_calendar.html" %}')
    )
    assert filled == plain


def test_times_are_said_on_the_wall_clock_of_the_calendar():
    with in_zone(MELBOURNE):
        filled = drawn('{% include "components/_calendar.html" %}', grid(PERTH), label="")
    assert '<span class="ev-at">9:00 am</span>A &amp; B' in filled
