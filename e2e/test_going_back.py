"""Going back to a page that answered a form: it is read again, and nothing is asked and nothing sent a second time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from portal.clinic.models import Location

# What a browser keeps of a page is the browser's; no database has a part in it.
pytestmark = pytest.mark.look


def test_back_leads_to_the_page_of_the_form(page: Page, sign_in: Callable) -> None:
    sign_in(page, "manager@demo.example")
    place = Location.objects.order_by("pk").first()
    assert place
    where = f"/manage/locations/{place.code}/"
    # Where the form stands, the button that sends it, and which addresses it is sent to.
    forms = [
        ("/manage/services/new/", "Add the service", "/manage/services/new/"),
        (where, "Add the room", f"{where}rooms/"),
    ]
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    for at, button, to in forms:
        page.goto(at)
        for _time in range(2):
            # Sent again from the page that says what is wrong, it goes where it went before.
            sent.clear()
            with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
                page.get_by_role("button", name=button).click()
            assert (answered.value.status, [url.endswith(to) for url in sent]) == (422, [True])
            expect(page.locator("[aria-invalid=true]").first).to_be_visible()
            assert page.url.endswith(at)
        sent.clear()
        page.goto("/manage/")
        page.go_back()
        expect(page.get_by_role("button", name=button)).to_be_visible()
        assert (page.url.endswith(at), sent) == (True, [])
        page.reload()
        expect(page.get_by_role("button", name=button)).to_be_visible()
        assert sent == []
