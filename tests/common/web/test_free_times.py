"""The week of free times that stencils fill is the one that its plain template draws."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

import pytest
from django.template import engines
from django.utils.translation import override

from portal.accounts.models import User
from portal.clinic.models import Location, Psychologist
from portal.journeys.choosing import Day, FreeTime, Week

MONDAY = date(2026, 11, 23)
PLAIN = Path(__file__).with_name("plain") / "week_of_times.html"


def week(*places, who=None, fee=None):
    days = [Day(MONDAY + timedelta(days=n), []) for n in range(7)]
    for n, place in enumerate(places * 2):
        at = datetime(2026, 11, 23 + n % 4, 22 - n, 30, tzinfo=UTC)
        days[n % 4].times.append(FreeTime(at, at + timedelta(minutes=50), place, who=who, fee=fee))
    return Week(MONDAY, days, None, MONDAY + timedelta(days=7), None, is_asked_for=True)


def drawn(template, **context):
    html = engines["django"].from_string(template).render(context)
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", re.sub(r"\s+", " ", html)).strip()


BRUNSWICK = Location(pk=1, name="Brunswick", slug="brunswick", time_zone="Australia/Melbourne")
PERTH = Location(pk=2, name="Perth <& sons>", slug="perth", time_zone="Australia/Perth")
MAI = Psychologist(slug="mai", title="Dr", user=User(first_name="Mai", last_name="O'Neil <&"))
HAIFA = Location(pk=3, name="حيفا", slug=quote("haifa"), time_zone="Australia/Sydney")


@pytest.mark.parametrize("language", ["en-au", "zh-hans", "vi", "ar"])
@pytest.mark.parametrize("places", [(BRUNSWICK,), (BRUNSWICK, PERTH, HAIFA)])
@pytest.mark.parametrize("named", [{}, {"who": MAI}, {"who": MAI, "fee": Decimal(220)}], ids=["", "who", "fee"])
def test_stencils_draw_what_the_plain_template_draws(language, places, named):
    context = {"week": week(*places, **named), "today": MONDAY + timedelta(days=1), "query": "mode=video"}
    with override(language):
        plain = drawn(PLAIN.read_text(), **context)
        assert drawn('{% include "components/_week_of_times.html" %}', **context) == plain
    assert plain.count('class="time"') == 2 * len(places)
