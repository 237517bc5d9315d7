from __future__ import annotations

import re

import pytest
from django.urls import reverse

from tests import make


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "status"), [("manager", 200), ("reception", 403), ("psychologist", 403), ("patient", 403)]
)
def test_gallery_access(role, status):
    assert make.signed_in_client(role=role).get(reverse("manager:components")).status_code == status


@pytest.mark.django_db
def test_gallery_sends_the_signed_out_to_sign_in(client):
    url = reverse("manager:components")
    assert client.get(url).url == f"{reverse('account_login')}?next={url}"


@pytest.mark.django_db
def test_gallery_shows_every_component():
    page = make.signed_in_client(role="manager").get(reverse("manager:components")).content.decode()
    parts = [
        "cal-col",
        "steps",
        "error-summary",
        "dialog",
        "toast",
        "empty",
        "badge",
        "chart",
        "crisis",
        "exit",
        "week",
        "pages",
    ]
    assert [part for part in parts if not re.search(rf'class="[^"]*\b{part}\b', page)] == []


@pytest.mark.django_db
def test_gallery_table_is_turned_as_a_fragment():
    url = reverse("manager:components") + "?page=2"
    answer = (
        make.signed_in_client(role="manager")
        .get(url, headers={"HX-Request": "true", "HX-Target": "results"})
        .content.decode()
    )
    assert answer.strip().startswith('<div id="results"')
    assert '<span aria-current="page">2</span>' in answer
    # Links keep working without htmx.
    assert re.search(r'<a href="\?page=3"[^>]*data-hx-get="\?page=3"', answer)
