import time

import pytest

from portal.common.text.differences import by_paragraphs
from portal.web.authoring.comparison import compare


def said(paragraphs):
    return [
        (paragraph.kind, "".join(f"{piece.kind[0]}:{piece.text}|" for piece in paragraph.pieces))
        for paragraph in paragraphs
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("", "one"),
        ("one", ""),
        ("one\n\ntwo", "one\n\ntwo"),
        ("one\n\ntwo\n\nthree", "one\n\nthree"),
        ("one\n\nthree", "one\n\ntwo\n\nthree"),
        ("a b c d e f\n\nx", "a b c d e g\n\nx"),
        ("one\n\none\n\none", "one\n\none"),
        ("one\n\none", "one\n\none\n\none"),
    ],
)
def test_compare_says_what_a_full_comparison_says(before, after):
    def lines(text):
        return [line for line in text.splitlines() if line]

    kinds = [paragraph.kind for paragraph in compare(before, after)]
    assert sorted(kinds) == sorted(paragraph.kind for paragraph in by_paragraphs(lines(before), lines(after)))


def test_compare_marks_the_words():
    assert said(compare("Same.\n\nIt was a dark night.\n\nEnd.", "Same.\n\nIt was a late night.\n\nEnd.")) == [
        ("same", "s:Same.|"),
        ("changed", "s:It was a |r:dark|a:late|s: night.|"),
        ("same", "s:End.|"),
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\n" * 30_000, "a\n" * 29_000 + "b\n"),
        ("a\n" * 30_000, "b\n" + "a\n" * 29_998 + "b"),
        ("a\nb\n" * 15_000, "b\na\n" * 15_000),
        ("a " * 30_000, "b " * 30_000),
    ],
)
def test_compare_holds_nothing_up(before, after):
    start = time.process_time()
    compare(before, after)
    assert time.process_time() - start < 2
