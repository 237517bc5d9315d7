"""The free times that stencils fill are those that their plain template draws."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Engine, Library
from django.template.loader import get_template
from django.utils.translation import override

from portal.accounts.models import User
from portal.clinic.models import Location, Psychologist
from portal.common.languages import times as when
from portal.journeys.choosing import Day, FreeTime, Week

MONDAY = date(2026, 11, 23)
PLAIN = Path(__file__).with_name("plain") / "week_of_times.html"


def week(*places, who=None, fee=None):
    days = [Day(MONDAY + timedelta(days=n), []) for n in range(7)]
    for n, place in enumerate(places * 2):
        at = datetime(2026, 11, 23 + n % 4, 22 - n, 30, tzinfo=UTC)
        days[n % 4].times.append(FreeTime(at, at + timedelta(minutes=50), place, who=who, fee=fee))
    return Week(MONDAY, days, None, MONDAY + timedelta(days=7), None, is_asked_for=True, is_first=True)


def plain(**context):
    """The same page by Django alone: each link, each button and each word is worked out where it stands."""
    theirs = Library()
    clock = context["clock"]

    @theirs.filter(name="theirs")
    def _(moment, zone):
        if clock is None or moment.astimezone(zone).utcoffset() == moment.astimezone(clock).utcoffset():
            return ""
        if moment.astimezone(zone).date() == moment.astimezone(clock).date():
            return when.clock_there(moment, clock)
        return when.when_short_there(moment, clock)

    usual = Engine.get_default()
    engine = Engine(dirs=usual.dirs, app_dirs=True, builtins=usual.builtins, libraries=usual.libraries)
    engine.template_builtins = [*engine.template_builtins, theirs]
    return tidy(engine.from_string(PLAIN.read_text()).render(Context(context)))


def tidy(html):
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", re.sub(r"\s+", " ", html)).strip()


BRUNSWICK = Location(pk=1, name="Brunswick", slug="brunswick", time_zone="Australia/Melbourne")
PERTH = Location(pk=2, name="Perth <& sons>", slug="perth", time_zone="Australia/Perth")
MAI = Psychologist(slug="mai", title="Dr", user=User(first_name="Mai", last_name="O'Neil <&"))
HAIFA = Location(pk=3, name="حيفا", slug=quote("haifa"), time_zone="Australia/Sydney")
BRISBANE = ZoneInfo("Australia/Brisbane")


@pytest.mark.parametrize("language", ["en-au", "zh-hans", "vi", "ar"])
@pytest.mark.parametrize("places", [(BRUNSWICK,), (BRUNSWICK, PERTH, HAIFA)])
@pytest.mark.parametrize("named", [{}, {"who": MAI}, {"who": MAI, "fee": Decimal(220)}], ids=["", "who", "fee"])
@pytest.mark.parametrize("clock", [None, BRISBANE, ZoneInfo("Pacific/Auckland")], ids=["", "brisbane", "auckland"])
def test_stencils_draw_what_the_plain_template_draws(language, places, named, clock):
    shown = week(*places, **named)
    context = {"week": shown, "today": MONDAY + timedelta(days=5), "query": "mode=video", "clock": clock}
    with override(language):
        filled = tidy(get_template("components/_week_of_times.html").render(dict(context)))
        assert filled == plain(**context)
    assert filled.count('class="time"') == len(shown.soonest) + len(shown.open.times)
    assert len(re.findall(r'class="free-day(?: [a-z ]+)?"', filled)) == 7


@pytest.mark.parametrize(
    ("moment", "zone", "clock", "words"),
    [
        # In summer Sydney is an hour ahead of Brisbane; in winter they agree, and nothing is said twice.
        (datetime(2026, 12, 1, 22, 0, tzinfo=UTC), "Australia/Sydney", "Australia/Brisbane", "8:00 am (Brisbane time)"),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), "Australia/Sydney", "Australia/Brisbane", ""),
        (datetime(2026, 12, 1, 22, 0, tzinfo=UTC), "Australia/Lord_Howe", "Australia/Sydney", ""),
        (datetime(2026, 7, 1, 22, 0, tzinfo=UTC), "Australia/Lord_Howe", "Australia/Sydney", "8:00 am (Sydney time)"),
        # Where the day is another one too, it is said.
        (
            datetime(2026, 12, 1, 13, 30, tzinfo=UTC),
            "Australia/Perth",
            "Australia/Sydney",
            "Wed 2 Dec 2026, 12:30 am (Sydney time)",
        ),
    ],
)
def test_a_time_says_the_readers_clock_only_where_it_differs(moment, zone, clock, words):
    with override("en-au"):
        said = when.on_own_clock(moment, ZoneInfo(zone), ZoneInfo(clock))
    assert said.replace(" 2026", "") == words.replace(" 2026", "")
