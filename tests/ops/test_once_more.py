"""Few that failed in a round run once more, alone; what then passes is said aloud."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portal.ops.management.commands.test import ALONE, FEW, Command, Words

ONE = "tests/test_one.py::test_of_a_race[chromium]"


class Round(Command):
    """A round whose runs of pytest return what is given, and note what failed in the first of them."""

    def __init__(self, returned: list[int], failed: Sequence[str]) -> None:
        super().__init__(stdout=io.StringIO(), no_color=True)
        self.returned, self.failed, self.asked = returned, failed, []

    def _pytest(self, words: Sequence[str], environment: dict[str, str], **_given: Any) -> int:
        self.asked.append(list(words))
        cache = Path(words[-1].removeprefix("cache_dir=")) / "v" / "cache"
        if len(self.asked) == 1 and self.failed:
            cache.mkdir(parents=True)
            (cache / "lastfailed").write_text(json.dumps(dict.fromkeys(self.failed, True)))
        return self.returned[len(self.asked) - 1]

    def run_all(self) -> int:
        return self._round("tests", ["--durations", "10"], {}, at=None)


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["tests/billing", "--database-only"], ["tests/billing", "--database-only"]),
        (["tests/billing"], ["tests/billing"]),
        (["e2e", "--database-only"], ["e2e"]),
    ],
)
def test_what_a_database_could_change_may_be_asked_of_some_tests(words, asked):
    one = Round([0], [])
    assert one._pass(Words.read(words)) == 0
    assert one.asked == [asked]


def test_a_round_that_passes_is_run_once():
    one = Round([0], [])
    assert one.run_all() == 0
    assert len(one.asked) == 1


def test_what_passes_alone_lets_the_round_pass_and_is_named():
    one = Round([1, 0], [ONE])
    assert one.run_all() == 0
    assert one.asked[1][:3] == [ONE, *ALONE]
    assert f"UNSTEADY, passed the second time: {ONE}" in one.stdout.getvalue()


def test_what_fails_alone_too_fails_the_round():
    one = Round([1, 1], [ONE])
    assert one.run_all() == 1
    assert "UNSTEADY" not in one.stdout.getvalue()


@pytest.mark.parametrize(
    ("returned", "failed"),
    [
        pytest.param(1, [f"{ONE}{n}" for n in range(FEW + 1)], id="too many for chance"),
        pytest.param(1, [], id="nothing noted"),
        pytest.param(2, [ONE], id="interrupted"),
        pytest.param(4, [ONE], id="asked wrongly"),
    ],
)
def test_nothing_else_is_tried_again(returned: int, failed: list[str]):
    one = Round([returned], failed)
    assert one.run_all() == returned
    assert len(one.asked) == 1
