from __future__ import annotations

from decimal import Decimal
from xml.etree import ElementTree

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from portal.common.money import dollars
from portal.common.web import charts


def bars(points, **more):
    return charts.bars(points, title="Sessions", label_heading="Month", value_heading="Sessions", **more)


@pytest.mark.parametrize(
    ("highest", "steps"),
    [(0, [0, 1]), (3, [0, 1, 2, 3]), (9, [0, 5, 10]), (240, [0, 100, 200, 300]), (0.4, [0, 0.1, 0.2, 0.3, 0.4])],
)
def test_steps_are_round(highest, steps):
    assert charts.round_steps(highest) == steps


@given(st.lists(st.integers(0, 100_000), min_size=1, max_size=40))
def test_marks_stay_inside_the_picture_and_keep_their_order(values):
    chart = bars([(str(i), value) for i, value in enumerate(values)])
    for mark, value in zip(chart.marks, values, strict=True):
        assert chart.left <= mark.x <= mark.x + mark.width <= chart.right + 0.1
        assert charts.TOP <= mark.y <= chart.floor
        assert mark.value == str(value)
    by_value = sorted(zip(values, chart.marks, strict=True), key=lambda pair: pair[0])
    assert [m.y for _, m in by_value] == sorted((m.y for _, m in by_value), reverse=True)


def read(page, tag):
    """Parses the first element `tag` of our own page: what isn't well-formed fails here."""
    end = f"</{tag}>"
    return ElementTree.fromstring(page[page.index(f"<{tag}") : page.index(end) + len(end)])  # noqa: S314


def test_a_chart_of_nothing_and_of_noughts_can_be_drawn():
    assert bars([]).marks == ()
    assert [m.height for m in bars([("Jan", 0), ("Feb", 0)]).marks] == [0, 0]


def test_what_is_below_nought_is_drawn_as_nought_and_written_as_it_is():
    mark = bars([("Jan", Decimal("-5")), ("Feb", 10)], write=dollars).marks[0]
    assert (mark.height, mark.value) == (0, "-$5.00")


def test_picture_and_table_say_the_same():
    chart = bars([("<Oct>", 240), ("Nov", 168)], summary="240 in October.", current="Nov")
    drawn = render_to_string("components/_chart.html", {"chart": chart})
    svg = read(drawn, "svg")
    assert svg.attrib["aria-label"] == "Sessions. 240 in October."
    assert [t.text for t in svg.iter("text") if t.get("class") == "value"] == ["240", "168"]
    table = read(drawn, "tbody")
    assert [[cell.text for cell in row] for row in table] == [["<Oct>", "240"], ["Nov", "168"]]
    assert [r.get("class") for r in svg.iter("rect")] == ["bar", "bar now-bar"]


def test_bands_cover_the_scale():
    chart = charts.line(
        [("3 Sep", 21), ("1 Oct", 9)],
        title="Score",
        label_heading="Date",
        value_heading="Score",
        highest=27,
        bands=[("mild", 0, 10), ("moderate", 10, 20), ("severe", 20, 27)],
    )
    assert round(sum(band.height for band in chart.bands), 1) == charts.HEIGHT - charts.TOP - charts.BOTTOM
    assert chart.path.startswith("M")
    assert chart.path.count("L") == 1
