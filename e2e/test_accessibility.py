"""WCAG 2.2 AA, by axe, on every page of the main journey, in light and in dark."""

from __future__ import annotations

import pytest

from e2e.places import PLACES, Place

pytestmark = pytest.mark.look


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_axe_finds_nothing(place: Place, stand_at, assert_accessible) -> None:
    assert_accessible(stand_at(place))
