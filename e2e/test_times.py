"""Choosing a time: a day at a time, by keyboard, on a phone and without script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from e2e.harness import Portal, tab_to, week_after
from e2e.life import Life
from portal.appointments.models import Appointment, Status
from portal.clinic.models import Location, Psychologist
from tests import make

TIMES = "/book/session/?psychologist=any"
# Of a whole page, from its first link to the last of its foot.
MOST_STOPS = 30


def focused(page: Page, attribute: str) -> str:
    return str(page.evaluate(f"document.activeElement.getAttribute('{attribute}')"))


def stops(page: Page) -> int:
    """At how many places the Tab key stops, from the top of the page until it leaves its end."""
    page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    page.evaluate("window.reached = new Set()")
    for number in range(200):
        page.keyboard.press("Tab")
        if page.evaluate(
            """() => {
                const here = document.activeElement
                const over = here === document.body || window.reached.has(here)
                window.reached.add(here)
                return over
            }"""
        ):
            return number
    raise AssertionError("Tab never left the page")


@pytest.fixture
def full_days(life: Life) -> Iterator[None]:
    """Two psychologists with hours from early until late, each at a place of their own: over thirty times a day."""
    working = [make.psychologist(services=(life.service,)) for _ in range(2)]
    for psychologist, place in zip(working, Location.objects.all(), strict=False):
        make.week(psychologist=psychologist, location=place, starts="07:00", ends="21:00", weekdays=(*range(7),))
    yield
    # No other journey meets them.
    Psychologist.objects.filter(pk__in=[one.pk for one in working]).update(is_active=False)


@pytest.mark.parametrize("language", ["", "/vi"])
def test_a_page_of_many_times_has_few_stops_for_the_keyboard(
    page: Page, portal: Portal, full_days: None, language: str
) -> None:
    page.goto(f"{language}{TIMES}")
    week_after(page)
    expect(page.locator(".parts > section")).to_have_count(3)
    assert page.locator(".parts button.time").count() > 30
    assert 10 < stops(page) <= MOST_STOPS
    # Still so after a fragment came in.
    page.locator("a.free-day:not(.none)").last.click()
    expect(page.locator("a.free-day:not(.none)").last).to_have_attribute("aria-current", "date")
    assert stops(page) <= MOST_STOPS


def test_moving_a_session_has_few_stops_for_the_keyboard(page: Page, portal: Portal, life: Life, sign_in) -> None:
    sign_in(page, life.accounts["patient"])
    page.goto(f"/my/appointments/{life.upcoming.code}/reschedule/")
    week_after(page)
    assert page.locator(".parts button.time").count() > 3
    assert 10 < stops(page) <= MOST_STOPS


def test_what_the_foot_holds_opens_without_script(page_without_script: Page, portal: Portal, life: Life) -> None:
    page = page_without_script
    page.goto(TIMES)
    foot = page.locator("footer")
    expect(foot.get_by_role("link", name="Privacy")).not_to_be_visible()
    expect(foot.locator('a[href^="tel:"]')).to_be_visible()
    expect(page.locator('.crisis a[href="tel:000"]')).to_be_visible()
    foot.get_by_text("Languages, colours and privacy").click()
    expect(foot.get_by_role("link", name="Privacy")).to_be_visible()
    foot.get_by_role("link", name="العربية").click()
    expect(page.locator("html")).to_have_attribute("dir", "rtl")


def test_days_and_times_by_the_arrow_keys(page: Page, portal: Portal, life: Life) -> None:
    page.goto(TIMES)
    week_after(page)
    tab_to(page, "a.free-day")
    first = focused(page, "href")
    expect(page.get_by_text("The arrow keys lead from one to the next.")).to_be_visible()
    page.keyboard.press("ArrowRight")
    second = focused(page, "href")
    assert second > first
    page.keyboard.press("Enter")
    # Who turned to a day goes on from it, and the address is that day's.
    expect(page.locator(f'a.free-day[href="{second}"]')).to_have_attribute("aria-current", "date")
    expect(page.locator(f'a.free-day[href="{second}"]')).to_be_focused()
    assert page.url.endswith(second)
    page.keyboard.press("Home")
    assert focused(page, "href") == first
    tab_to(page, ".parts button.time")
    values = [str(one.get_attribute("value")) for one in page.locator(".parts ul").first.locator("button").all()]
    assert focused(page, "value") == values[0]
    page.keyboard.press("End")
    assert focused(page, "value") == values[-1]
    page.keyboard.press("ArrowLeft")
    chosen = focused(page, "value")
    assert chosen == values[-2]
    page.keyboard.press("Enter")
    page.wait_for_url("**/confirm/")
    held = Appointment.objects.filter(status=Status.HELD).latest("pk")
    assert chosen.startswith(f"{held.starts_at:%Y-%m-%dT%H:%MZ}")


def test_in_arabic_the_strip_runs_from_the_right_and_the_arrows_with_it(page: Page, portal: Portal, life: Life) -> None:
    page.goto(f"/ar{TIMES}")
    week_after(page)
    days = page.locator("a.free-day")
    first, second = (days.nth(n).bounding_box() for n in (0, 1))
    assert first is not None
    assert second is not None
    assert second["x"] < first["x"]
    days.nth(0).focus()
    page.keyboard.press("ArrowLeft")
    assert focused(page, "href") == days.nth(1).get_attribute("href")
    page.keyboard.press("ArrowRight")
    assert focused(page, "href") == days.nth(0).get_attribute("href")


def test_back_leads_to_the_day_before_without_a_new_page(page: Page, portal: Portal, life: Life) -> None:
    page.goto(TIMES)
    week_after(page)
    page.evaluate("window.stays = true")
    days = page.locator("a.free-day:not(.none)")
    days.nth(1).click()
    expect(days.nth(1)).to_have_attribute("aria-current", "date")
    opened = page.locator("#day-heading").inner_text()
    days.nth(2).click()
    expect(days.nth(2)).to_have_attribute("aria-current", "date")
    assert page.evaluate("window.stays")
    page.go_back()
    expect(page.locator("#day-heading")).to_have_text(opened)


def test_a_part_of_the_day_and_another_clock_on_a_phone(phone: Page, portal: Portal, life: Life) -> None:
    phone.goto(TIMES)
    week_after(phone)
    phone.get_by_label("Time of day").select_option("Afternoon")
    expect(phone.get_by_role("heading", name="Morning")).to_have_count(0)
    expect(phone.get_by_role("heading", name="Afternoon")).to_be_visible()
    phone.get_by_label("Your clock").select_option("Perth")
    expect(phone.locator(".parts button.time").first).to_contain_text("(Perth time)")
    wide = phone.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0


def test_a_day_of_another_week_without_script(page_without_script: Page, portal: Portal, life: Life) -> None:
    page = page_without_script
    page.goto(TIMES)
    page.get_by_role("link", name="Week after").click()
    page.locator("a.free-day:not(.none)").last.click()
    day = re.search(r"day=([\d-]+)", page.url)
    assert day is not None
    page.get_by_label("Time of day").select_option("Afternoon")
    page.get_by_role("button", name="Show times").click()
    assert f"day={day[1]}" in page.url
    page.get_by_role("link", name="See the first free times").click()
    page.locator(".soonest button.time").first.click()
    page.wait_for_url("**/confirm/")
