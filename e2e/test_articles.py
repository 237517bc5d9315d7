"""An article from its first word to its readers; two tabs that meet; a browser without script."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from portal.clinic.models import ClinicSettings
from portal.resources.models import BlogPost
from tests import make

# Words and photos are kept the same way by every database, as the rooms' own tests hold.
pytestmark = [pytest.mark.look, pytest.mark.xdist_group("test_articles")]

MAI = "psychologist@demo.example"


@pytest.fixture
def desk(page: Page, sign_in) -> Page:
    sign_in(page, MAI)
    page.goto("/practice/articles/")
    return page


def body(page: Page):
    return page.get_by_role("textbox", name="Text", exact=True)


def title(page: Page):
    return page.get_by_role("textbox", name="Title", exact=True)


def said(page: Page):
    return page.locator("#saved")


def preview(page: Page):
    return page.get_by_role("region", name="Preview")


def test_an_article_is_written_scheduled_published_and_read(desk: Page, open_page, assert_accessible) -> None:
    category = make.category(name="Walking")
    desk.get_by_role("link", name="Write an article").first.click()
    title(desk).fill("Walking it off")
    body(desk).click()
    desk.keyboard.type("## Why walking\n\nIt is *slow* <b>enough</b>.")

    expect(preview(desk).get_by_role("heading", name="Why walking", level=2)).to_be_visible()
    expect(preview(desk)).to_contain_text("It is slow <b>enough</b>.")
    expect(said(desk)).to_have_text(re.compile("Saved [0-9]"))
    # The page of a new article has become the article's own.
    expect(desk).to_have_url(re.compile(r"/practice/articles/[0-9a-f-]{36}/$"))
    post = BlogPost.objects.get(title="Walking it off")
    assert (post.slug, post.is_draft) == ("walking-it-off", True)

    desk.keyboard.type(" A cure for worry, guaranteed.")
    expect(desk.get_by_role("heading", name="Look at these words again")).to_be_visible()
    assert_accessible(desk)

    # What readers need is asked for when it is published, and nothing is lost by asking.
    desk.get_by_role("button", name="Publish now").click()
    expect(desk.get_by_role("alert").filter(has_text="Category")).to_contain_text("Readers need this")
    expect(body(desk)).to_have_value(re.compile("A cure for worry"))
    desk.get_by_label("Category").select_option(category.name)
    body(desk).fill("## Why walking\n\nIt is slow enough.")

    zone = ClinicSettings.current().time_zone
    soon = timezone.now() + timedelta(days=2)
    desk.get_by_label("Day").fill(soon.strftime("%Y-%m-%d"))
    desk.get_by_label("Time", exact=False).fill("09:00")
    desk.get_by_role("button", name="Schedule").click()
    expect(desk.get_by_text("Scheduled", exact=True)).to_be_visible()
    expect(desk.get_by_text(re.compile(rf"\({zone.rsplit('/')[-1]} time\)"))).to_be_visible()
    reader = open_page()
    assert reader.goto("/blog/walking-it-off/").status == 404

    desk.get_by_role("button", name="Publish now").click()
    expect(desk.get_by_text("It is published. Everybody can read it now.")).to_be_visible()
    assert_accessible(desk)
    assert reader.goto("/blog/walking-it-off/").status == 200
    expect(reader.get_by_role("heading", name="Walking it off", level=1)).to_be_visible()
    expect(reader.get_by_role("heading", name="Why walking", level=2)).to_be_visible()

    desk.get_by_role("link", name="See what changed, and go back").click()
    expect(desk.get_by_text("What it says now")).to_be_visible()
    assert_accessible(desk)

    desk.go_back()
    desk.get_by_role("link", name="Take it back").click()
    desk.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(desk.get_by_text("It is a draft again.")).to_be_visible()
    assert reader.goto("/blog/walking-it-off/").status == 404


@pytest.fixture
def draft(desk: Page) -> Callable[[], BlogPost]:
    """A draft of one line, opened in the browser."""
    desk.get_by_role("link", name="Write an article").first.click()
    title(desk).fill("Two tabs")
    body(desk).fill("It was a dark night.")
    expect(desk).to_have_url(re.compile(r"/[0-9a-f-]{36}/$"))
    code = urlsplit(desk.url).path.split("/")[-2]
    # "Saved" may speak of the title alone: a page read before the line itself was kept would have an old version.
    while BlogPost.objects.get(code=code).body != "It was a dark night.":
        desk.wait_for_timeout(50)
    expect(said(desk)).to_have_text(re.compile("Saved [0-9]"))
    desk.reload()
    return lambda: BlogPost.objects.get(code=code)


def test_two_tabs_lose_no_word(desk: Page, draft) -> None:
    other = desk.context.new_page()
    other.goto(desk.url)
    body(other).fill("It was a stormy night.")
    expect(said(other)).to_have_text(re.compile("Saved [0-9]"))

    body(desk).fill("It was a quiet night.")
    alert = desk.get_by_role("alert").filter(has_text="changed in another window")
    expect(alert).to_be_visible()
    expect(alert.locator("del")).to_contain_text("stormy")
    expect(alert.locator("ins")).to_contain_text("quiet")
    expect(alert.get_by_role("textbox")).to_have_value("It was a stormy night.")
    expect(body(desk)).to_have_value("It was a quiet night.")
    assert draft().body == "It was a stormy night."

    desk.get_by_role("button", name="Save mine in its place").click()
    expect(desk.get_by_text("The draft is kept.")).to_be_visible()
    assert draft().body == "It was a quiet night."
    # And the other one's words stand among the revisions.
    assert "It was a stormy night." in draft().revisions.values_list("body", flat=True)
    draft().delete()


def test_a_button_waits_for_a_saving_that_is_on_its_way(desk: Page, draft) -> None:
    """On a slow line the page would otherwise be refused as if another window had changed what it saved itself."""
    held: list[Route] = []
    desk.route("**/draft/", lambda route: route.continue_() if held else held.append(route))
    body(desk).fill("It was a long night.")
    expect(said(desk)).to_have_text("Not saved yet")
    while not held:
        desk.wait_for_timeout(50)
    body(desk).fill("It was a long and quiet night.")
    desk.get_by_role("button", name="Save draft").click()
    held[0].continue_()
    expect(desk.get_by_text("The draft is kept.")).to_be_visible()
    assert draft().body == "It was a long and quiet night."
    draft().delete()


def test_no_word_is_lost_when_the_session_ends(desk: Page, draft, sign_in) -> None:
    address = desk.url
    Session.objects.all().delete()
    body(desk).fill("It was a dark night. And long.")
    expect(desk.get_by_role("heading", name="You were signed out")).to_be_visible()
    desk.get_by_role("button", name="Save draft").click()
    expect(desk).to_have_url(address)
    expect(body(desk)).to_have_value("It was a dark night. And long.")

    desk.context.clear_cookies()
    sign_in(desk, MAI)
    desk.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(desk.get_by_role("heading", name="You were signed out")).to_be_hidden()
    # Saved by this page, or by the one that the button's own saving leads to: by its time or by its whole day.
    expect(said(desk)).to_have_text(re.compile("Saved [A-Z0-9]"))
    for _tenth in range(100):
        if draft().body == "It was a dark night. And long.":
            break
        desk.wait_for_timeout(100)
    assert draft().body == "It was a dark night. And long."
    draft().delete()


def test_writing_without_script(open_page, sign_in) -> None:
    category = make.category(name="Without haste")
    page = open_page(java_script_enabled=False)
    sign_in(page, MAI)
    page.goto("/practice/articles/")
    page.get_by_role("link", name="Write an article").first.click()
    title(page).fill("Without script")
    body(page).fill("It *works*.")
    page.get_by_role("button", name="Preview").click()
    expect(preview(page).get_by_text("works")).to_be_visible()
    expect(body(page)).to_have_value("It *works*.")
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("The draft is kept.")).to_be_visible()
    page.get_by_label("Category").select_option(category.name)
    page.get_by_role("button", name="Publish now").click()
    expect(page.get_by_text("It is published. Everybody can read it now.")).to_be_visible()
    page.get_by_role("link", name="Take it back").click()
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("It is a draft again.")).to_be_visible()
    BlogPost.objects.get(title="Without script").delete()
