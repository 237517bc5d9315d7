"""Scores and their bands at every edge, pinned to the tables that their authors published."""

from __future__ import annotations

from itertools import pairwise

import pytest

from portal.records.instruments import CURRENT, instrument, scoring
from portal.records.instruments.scoring import Direction, Incomplete, NoSuchAnswer, change, flags, score
from portal.records.models import MeasureKey


def every(one, value):
    return dict.fromkeys(range(1, len(one.items) + 1), value)


def adding_up_to(one, scale, total):
    """Answers whose scale has this score, the rest at the lowest."""
    low = min(one.values)
    given, left = every(one, low), total // scale.factor - low * len(scale.items)
    for item in scale.items:
        more = min(left, max(one.values) - low)
        given[item], left = low + more, left - more
    assert left == 0
    return given


def test_every_instrument_is_known_by_its_key_and_version():
    assert set(CURRENT) == set(MeasureKey.values) == {"k10", "dass21", "phq9", "gad7", "who5"}
    assert all(instrument(one.key, one.version) is one for one in CURRENT.values())
    with pytest.raises(KeyError):
        instrument("k10", 99)


# As printed: each row is a band's lowest and highest score, and its name.
PRINTED = {
    ("k10", "total", 0): [(10, 15, "low"), (16, 21, "moderate"), (22, 29, "high"), (30, 50, "very high")],
    ("k10", "total", 1): [
        (10, 19, "likely to be well"),
        (20, 24, "likely to be mild"),
        (25, 29, "likely to be moderate"),
        (30, 50, "likely to be severe"),
    ],
    ("dass21", "depression", 0): [
        *((0, 9, "normal"), (10, 13, "mild"), (14, 20, "moderate"), (21, 27, "severe"), (28, 42, "extremely severe")),
    ],
    ("dass21", "anxiety", 0): [
        *((0, 7, "normal"), (8, 9, "mild"), (10, 14, "moderate"), (15, 19, "severe"), (20, 42, "extremely severe")),
    ],
    ("dass21", "stress", 0): [
        *((0, 14, "normal"), (15, 18, "mild"), (19, 25, "moderate"), (26, 33, "severe"), (34, 42, "extremely severe")),
    ],
    ("phq9", "total", 0): [
        *((0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"), (15, 19, "moderately severe"), (20, 27, "severe")),
    ],
    ("gad7", "total", 0): [(0, 4, "minimal"), (5, 9, "mild"), (10, 14, "moderate"), (15, 21, "severe")],
    ("who5", "total", 0): [(0, 28, "very low"), (29, 51, "low"), (52, 100, "good")],
}


@pytest.mark.parametrize(("key", "scale", "which"), PRINTED)
def test_bands_at_every_score_are_those_printed(key, scale, which):
    of = CURRENT[key].scale(scale)
    for least, most, name in PRINTED[key, scale, which]:
        assert {of.bands[which].of(value).name for value in range(least, most + 1)} == {name}
    assert PRINTED[key, scale, which][0][0] == of.least
    assert PRINTED[key, scale, which][-1][1] == of.most
    for outside in (of.least - 1, of.most + 1):
        with pytest.raises(ValueError, match=str(outside)):
            of.bands[which].of(outside)


@pytest.mark.parametrize("one", CURRENT.values(), ids=CURRENT)
def test_scores_run_from_the_lowest_to_the_highest(one):
    for scale in one.scales:
        assert score(one, every(one, min(one.values)))[scale.key] == scale.least
        assert score(one, every(one, max(one.values)))[scale.key] == scale.most
        for before, after in pairwise(scale.bands[0].bands):
            assert after.least == before.most + 1
            step = scale.factor
            edge = after.least + (-after.least % step)
            assert score(one, adding_up_to(one, scale, edge))[scale.key] == edge


def test_the_scales_of_the_dass_are_those_of_its_key():
    dass, key = CURRENT["dass21"], "SADADSASADSSDSADDSAAD"
    names = {"D": "depression", "A": "anxiety", "S": "stress"}
    for item, letter in enumerate(key, start=1):
        scores = score(dass, every(dass, 0) | {item: 3})
        assert {name for name, value in scores.items() if value == 6} == {names[letter]}


def test_the_who5_is_four_times_its_raw_score():
    # A calculator on the web has (raw - 5) times four.
    who = CURRENT["who5"]
    assert score(who, {1: 5, 2: 4, 3: 3, 4: 2, 5: 1}) == {"total": 60}


@pytest.mark.parametrize("one", CURRENT.values(), ids=CURRENT)
def test_nothing_is_scored_that_is_not_complete(one):
    whole = every(one, max(one.values))
    for item in whole:
        with pytest.raises(Incomplete) as refused:
            score(one, {other: value for other, value in whole.items() if other != item})
        assert refused.value.missing == (item,)
    for wrong in (whole | {1: max(one.values) + 1}, whole | {1: -1}, whole | {len(one.items) + 1: 1}, whole | {0: 1}):
        with pytest.raises(NoSuchAnswer):
            score(one, wrong)


@pytest.mark.parametrize(
    ("key", "given", "set_off"),
    [
        ("phq9", {9: 1}, ["phq9_item9"]),
        ("phq9", {1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3, 7: 3, 8: 3}, []),
        ("dass21", {3: 3, 5: 3, 10: 3, 13: 3, 16: 1}, []),
        ("dass21", {3: 3, 5: 3, 10: 3, 13: 3, 16: 2}, ["dass21_depression"]),
        ("dass21", dict.fromkeys((2, 4, 7, 9, 15, 19, 20, 1, 6, 8, 11, 12, 14, 18), 3), []),
        ("k10", {1: 5, 2: 5, 3: 5, 4: 5, 5: 5}, ["k10_total"]),
        ("gad7", dict.fromkeys(range(1, 8), 3), []),
        ("who5", dict.fromkeys(range(1, 6), 0), []),
    ],
)
def test_what_sets_off_a_warning(key, given, set_off):
    one = CURRENT[key]
    answers = every(one, min(one.values)) | given
    assert [flag.key for flag in flags(one, answers, score(one, answers))] == set_off


@pytest.mark.parametrize(("total", "warns"), [(29, False), (30, True), (28, False), (50, True)])
def test_the_k10_warns_from_thirty(total, warns):
    one = CURRENT["k10"]
    answers = adding_up_to(one, one.scale("total"), total)
    assert bool(flags(one, answers, score(one, answers))) is warns


@pytest.mark.parametrize(
    ("key", "before", "now", "direction"),
    [
        ("phq9", 18, 12, Direction.IMPROVED),
        ("phq9", 18, 13, Direction.NOT_MORE_THAN_CHANCE),
        ("phq9", 12, 18, Direction.WORSE),
        ("gad7", 12, 8, Direction.IMPROVED),
        ("gad7", 12, 9, Direction.NOT_MORE_THAN_CHANCE),
        ("who5", 40, 52, Direction.IMPROVED),
        ("who5", 52, 40, Direction.WORSE),
        ("who5", 40, 48, Direction.NOT_MORE_THAN_CHANCE),
        ("k10", 40, 12, Direction.UNKNOWN),
    ],
)
def test_a_change_is_reliable_from_the_difference_its_source_gives(key, before, now, direction):
    moved = change(CURRENT[key].scale("total"), before=before, now=now)
    assert (moved.by, moved.direction) == (now - before, direction)


def test_levels_go_up_with_how_badly_somebody_is():
    assert [one.level for one in CURRENT["who5"].scale("total").bands[0].bands] == [2, 1, 0]
    assert [one.level for one in CURRENT["k10"].scale("total").bands[0].bands] == [0, 1, 2, 3]
    assert scoring.band(CURRENT["phq9"].scale("total"), 27).level == 4
