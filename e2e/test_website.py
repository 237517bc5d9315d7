"""The website as a reader meets it: with script and without, with the keyboard alone, on a narrow phone, in Arabic."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.harness import Portal

# What readers find is asked on every database by tests/web/public/.
pytestmark = pytest.mark.look

LEILA, WEI, MAI = "Leila Haddad", "Wei Chen", "Mai Nguyễn"
RUNS_OVER = "document.scrollingElement.scrollWidth - innerWidth"


def cards(page: Page):
    return page.locator("#results article")


def test_filtering_without_script(page_without_script: Page, portal: Portal) -> None:
    page = page_without_script
    page.goto("/psychologists/")
    before = cards(page).count()
    page.get_by_label("Language", exact=True).select_option("ar")
    page.get_by_label("What is it about?").select_option("grief")
    page.get_by_role("button", name="Show who fits").click()
    expect(page).to_have_url(re.compile(r"topic=grief&language=ar"))
    expect(cards(page)).to_have_count(1)
    expect(page.get_by_role("link", name=LEILA)).to_be_visible()
    expect(page.get_by_role("heading", name="1 psychologist fits.")).to_be_visible()
    expect(page.get_by_label("Language", exact=True)).to_have_value("ar")

    page.get_by_label("Where", exact=True).select_option("footscray")
    page.get_by_label("Language", exact=True).select_option("vi")
    page.get_by_role("button", name="Show who fits").click()
    expect(page.get_by_role("heading", name="Nobody here fits all of that")).to_be_visible()
    page.get_by_role("link", name=re.compile("^Without “Tiếng Việt")).click()
    expect(page.get_by_role("link", name=LEILA)).to_be_visible()
    page.get_by_role("link", name="Show everybody").click()
    expect(cards(page)).to_have_count(before)


def test_filtering_leaves_the_focus_alone_where_none_was(page: Page, portal: Portal) -> None:
    """As in a browser that focuses no control by mouse."""
    page.goto("/psychologists/")
    page.evaluate(
        """() => {
            const language = document.getElementById('language')
            language.value = 'yue'
            language.dispatchEvent(new Event('change', { bubbles: true }))
        }"""
    )
    expect(cards(page)).to_have_count(1)
    expect(page).to_have_url(re.compile("language=yue"))
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.locator("#results").evaluate("one => getComputedStyle(one).outlineStyle") == "none"


def test_filtering_with_script_keeps_the_address_and_tells_how_many(page: Page, portal: Portal) -> None:
    page.goto("/psychologists/")
    loads: list[str] = []
    page.on("load", lambda: loads.append(page.url))
    page.get_by_label("Language", exact=True).select_option("yue")
    expect(page).to_have_url(re.compile("language=yue"))
    expect(cards(page)).to_have_count(1)
    expect(page.get_by_role("link", name=WEI)).to_be_visible()
    expect(page.locator("#people-voice")).to_have_text("1 psychologist fits.")
    page.get_by_label("Language", exact=True).select_option("")
    page.get_by_label("Name", exact=True).press_sequentially("nguy")
    expect(page).to_have_url(re.compile("q=nguy"))
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    expect(page.get_by_role("link", name=MAI)).to_be_visible()
    expect(page.get_by_role("link", name=WEI)).to_be_hidden()
    assert loads == []
    # Back shows everybody again, whether the browser kept the list or fetches it.
    page.go_back()
    expect(page.get_by_role("link", name=WEI)).to_be_visible()
    page.wait_for_load_state()

    page.goto("/psychologists/?language=yue")
    page.locator(".chip").click()
    expect(page.get_by_role("link", name=MAI)).to_be_visible()


def test_a_time_on_a_profile_is_held_without_script(page_without_script: Page, portal: Portal) -> None:
    page = page_without_script
    page.goto("/psychologists/leila-haddad/")
    page.get_by_label("How", exact=True).get_by_role("link", name="Video").click()
    expect(page).to_have_url(re.compile("mode=video"))
    page.locator("button.time").first.click()
    expect(page.get_by_role("heading", name="Your time is held")).to_be_visible()
    expect(page.get_by_text(LEILA).first).to_be_visible()


def tab_to(page: Page, test: str, most: int = 80) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(f"document.activeElement.matches({test!r})"):
            return
    raise AssertionError(f"Tab never reached {test}")


def test_keyboard_alone_finds_and_opens_a_profile(page: Page, portal: Portal) -> None:
    page.goto("/psychologists/")
    tab_to(page, "#language")
    page.keyboard.type("t")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=MAI)).to_be_visible()
    expect(cards(page)).to_have_count(1)
    tab_to(page, "#results h3 a")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=MAI, level=1)).to_be_visible()
    tab_to(page, "button.time")

    page.goto("/")
    tab_to(page, ".asked summary")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You can book without one.")).to_be_visible()


@pytest.mark.drawing
@pytest.mark.parametrize("language", ["", "/zh-hans", "/vi", "/ar"])
def test_nothing_runs_over_a_narrow_phone(phone: Page, portal: Portal, language: str) -> None:
    phone.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/services/", "/psychologists/", "/psychologists/leila-haddad/", "/crisis/", "/accessibility/"):
        answer = phone.goto(language + path)
        assert answer is not None
        assert answer.ok, path
        assert phone.evaluate(RUNS_OVER) <= 0, path


def test_the_arabic_page_speaks_the_clinics_own_arabic(page: Page, portal: Portal) -> None:
    page.goto("/ar/services/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.get_by_role("heading", name="الزيارة الأولى")).to_be_visible()
    page.goto("/ar/psychologists/")
    page.locator("#language").select_option("ar")
    expect(page.get_by_role("link", name=LEILA)).to_be_visible()
    expect(cards(page)).to_have_count(1)


def test_the_crisis_page_asks_for_nothing_else_and_dials(page: Page, portal: Portal) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/crisis/")
    page.wait_for_load_state()
    assert [url for url in asked if not url.startswith(portal.url)] == []
    assert not any(url.endswith((".png", ".jpg", ".webp", ".avif")) for url in asked)
    first = page.locator("a.help-line").first
    expect(first).to_have_attribute("href", "tel:000")
    for link in page.locator("a.help-line").all():
        box = link.bounding_box()
        assert box is not None
        assert box["height"] >= 60


def test_a_manager_changes_the_front_page(page: Page, open_page, portal: Portal, sign_in) -> None:
    sign_in(page, "manager@demo.example")
    page.goto("/manage/texts/")
    page.get_by_role("link", name="The sentences below them").click()
    page.get_by_label("Your words").fill("Come in. Sit where you like.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Readers see it within a minute.")).to_be_visible()
    reader = open_page()
    reader.goto("/")
    expect(reader.get_by_text("Come in. Sit where you like.")).to_be_visible()
    page.get_by_role("link", name="The sentences below them").click()
    page.get_by_role("button", name="Back to the standard text").click()
    page.locator("#confirm [value=yes]").click()
    expect(page.get_by_text("The standard words are back.")).to_be_visible()
    reader.reload()
    expect(reader.get_by_text("Come in. Sit where you like.")).to_be_hidden()
