"""How many parts a text takes."""

import pytest

from portal.notifications.segments import size_of


@pytest.mark.parametrize(
    ("text", "segments", "is_unicode"),
    [
        ("", 0, False),
        ("a" * 160, 1, False),
        ("a" * 161, 2, False),
        ("a" * 306, 2, False),
        ("a" * 307, 3, False),
        # An escaped letter takes two, and is not torn.
        ("€" * 80, 1, False),
        ("€" * 81, 2, False),
        ("a" * 152 + "€" + "a" * 152, 3, False),
        ("é" * 160, 1, False),
        # One letter that phones don't have makes Unicode of all.
        ("a" * 69 + "ố", 1, True),
        ("a" * 70 + "ố", 2, True),
        ("字" * 134, 2, True),
        ("字" * 135, 3, True),
        ("😀" * 35, 1, True),
        ("😀" * 36, 2, True),
        ("a" * 66 + "😀" + "a" * 66, 3, True),
    ],
)
def test_parts_of_a_text(text, segments, is_unicode):
    size = size_of(text)
    assert (size.segments, size.is_unicode) == (segments, is_unicode)
