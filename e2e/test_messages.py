"""A conversation between two browsers: what one writes comes to the other by itself, and nothing typed is lost."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from portal.accounts.roles import Role
from portal.messaging.models import Thread
from tests import make

pytestmark = pytest.mark.look


@pytest.fixture
def thread(portal) -> Thread:
    patient = make.patient(user=make.user(first_name="Wirihana", last_name="Ngata"), legal_first_name="Wirihana")
    return make.thread(patient=patient, about="My receipt", said="Could you send me the receipt?")


def test_an_answer_comes_by_itself_and_leaves_what_is_typed(page: Page, open_page, sign_in, thread: Thread) -> None:
    desk = open_page()
    sign_in(page, thread.patient.user.email)
    sign_in(desk, make.user(role=Role.RECEPTION, first_name="Kim", last_name="Lee").email)
    page.goto(f"/my/messages/{thread.code}/")
    typing = page.get_by_label("Your message")
    typing.fill("And one more")
    typing.focus()

    desk.goto(f"/reception/messages/{thread.code}/")
    desk.get_by_label("Your message").fill("It is in your pages.")
    desk.get_by_role("button", name="Send").click()
    expect(desk.get_by_text("It is in your pages.")).to_be_visible()

    expect(page.get_by_text("It is in your pages.")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("status").filter(has_text="A new message is here.")).to_have_count(1)
    expect(typing).to_have_value("And one more")
    expect(typing).to_be_focused()

    typing.fill("Thank you.")
    page.get_by_role("button", name="Send").click()
    expect(desk.get_by_text("Thank you.")).to_be_visible(timeout=20_000)
