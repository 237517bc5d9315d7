"""The psychologist says how they meet people; the preview and the prices follow before it is saved."""

from __future__ import annotations

import pytest
from django.urls import reverse

from portal.audit.models import Entry
from portal.clinic.models import Psychologist
from tests.web.psychologist.test_profile import fields

URL = reverse("psychologist:profile")
ONLY_VIDEO = {"in_person": "", "phone": ""}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def sent(**more):
    """A form as browsers send it: a box that is not ticked is not there."""
    return {name: value for name, value in fields(**more).items() if value != ""}


def test_a_way_is_withdrawn_and_stands_in_the_trail(client, mai):
    assert client.send(URL, sent(**ONLY_VIDEO)).status_code == 302
    mai.refresh_from_db()
    assert mai.modes == ["video"]
    assert {"in_person", "phone"} <= set(Entry.objects.order_by("pk").last().facts["fields"])


def test_no_way_is_refused_and_nothing_is_lost(client, mai):
    response = client.send(URL, sent(**ONLY_VIDEO, video="", bio="Kept as typed"))
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["in_person"]
    assert "Kept as typed" in response.content.decode()
    mai.refresh_from_db()
    assert len(mai.modes) == 3


def test_the_preview_shows_the_ways_that_are_ticked_and_saves_nothing(client, mai, service):
    profile = client.send(URL, sent(**ONLY_VIDEO, preview="1")).context["profile"]
    assert profile.ways == ["video"]
    assert [fee.modes for fee in profile.fees] == [["video"]]
    assert profile.places == []
    assert len(Psychologist.objects.get(pk=mai.pk).modes) == 3


def test_the_prices_beside_the_form_follow_the_boxes(client, mai, service):
    url = reverse("psychologist:profile_advice")
    for more, expected in (({}, {"in_person", "video"}), (ONLY_VIDEO, {"video"})):
        listed = client.post(url, sent(**more)).context["advice"].fees
        assert {mode for fee in listed for mode in fee.modes} == expected
    assert Psychologist.objects.get(pk=mai.pk).in_person


def test_what_another_tab_withdrew_does_not_come_back(client, mai):
    page = client.shown(URL)
    Psychologist.objects.filter(pk=mai.pk).update(in_person=False)
    assert client.post(URL, sent() | page).status_code == 302
    assert not Psychologist.objects.get(pk=mai.pk).in_person
