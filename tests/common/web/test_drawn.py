"""Badges, drawn by less than Django would."""

import pytest
from django.utils import translation
from django.utils.safestring import SafeString

from portal.common.templatetags import portal
from portal.common.templatetags.portal import drawn


@pytest.fixture(autouse=True)
def _nothing_drawn():
    portal._drawn.cache_clear()


def test_drawn_draws_each_look_once_for_each_language():
    badge = "components/_status.html"
    booked = drawn(badge, status="booked", confirmed=None, mode="video")
    assert isinstance(booked, SafeString)
    assert "Booked" in booked
    assert "Video" in booked
    # Whenever it was confirmed, it looks the same.
    confirmed = drawn(badge, status="booked", confirmed="2026-11-22", mode="in_person")
    assert "Confirmed" in confirmed
    before = portal._drawn.cache_info().misses
    assert drawn(badge, status="booked", confirmed=None, mode="video") == booked
    assert portal._drawn.cache_info().misses == before
    with translation.override("vi"):
        drawn(badge, status="booked", confirmed=None, mode="video")
    assert portal._drawn.cache_info().misses == before + 1


def test_drawn_escapes_what_it_is_given():
    assert "&lt;script&gt;" in drawn("components/_badge.html", label="<script>", tone="gum")


@pytest.mark.parametrize(
    ("confirmed", "word"), [(0, "Booked"), (None, "Booked"), (1, "Confirmed"), (True, "Confirmed")]
)
def test_drawn_takes_what_is_not_text_as_yes_or_no(confirmed, word):
    assert word in drawn("components/_status.html", status="booked", confirmed=confirmed)
