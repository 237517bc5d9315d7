from __future__ import annotations

import re

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("room", "role"), [("psychologist", Role.PSYCHOLOGIST), ("manager", Role.MANAGER)])
def test_a_button_pressed_twice_sends_once(room, role):
    """htmx would queue the second press, and the page would say twice that the article is published."""
    user = make.user(role=role)
    if role == Role.PSYCHOLOGIST:
        make.psychologist(user=user)
    page = make.client_for(user).get(reverse(f"{room}:new_article")).content.decode()
    form = re.search(r'<form [^>]*id="article-form"[^>]*>', page)[0]
    assert 'data-hx-sync="this:drop"' in form
