"""What it takes to stand on a page: whose browser, which presses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from playwright.sync_api import Page, expect

from e2e.harness import week_after
from e2e.life import Life


@dataclass(frozen=True)
class Place:
    name: str
    who: str
    go: Callable[[Page, Life], None]
    # Where it is, if its address is all that is needed to get there.
    path: str = ""

    def in_language(self, code: str) -> Place:
        """The same page in another language: for those that readers and patients see."""
        return replace(
            self, name=f"{self.name} in {code}", go=lambda page, life: open_at(page, self.path_in(code, life))
        )

    def path_in(self, code: str, life: Life) -> str:
        return f"/{code}{self.path.format(life=life)}"

    def __str__(self) -> str:
        return self.name


PLACES: list[Place] = []


def at(name: str, who: str, path: str) -> None:
    """A page that only its address is needed for; the address may name what is in the `life`."""
    PLACES.append(Place(name, who, lambda page, life: open_at(page, path.format(life=life)), path))


def by(name: str, who: str):
    """A page that something has to be done for first."""

    def add(go: Callable[[Page, Life], None]):
        PLACES.append(Place(name, who, go))
        return go

    return add


def open_at(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state()
    assert urlsplit(page.url).path == path.partition("?")[0], f"{path} led to {page.url}"


def open_times(page: Page) -> None:
    """Next week's free times: this week's may be over."""
    open_at(page, "/book/session/?psychologist=anh-le")
    week_after(page)
    expect(page.locator("button.time").first).to_be_visible()


def hold_a_time(page: Page) -> None:
    open_times(page)
    page.locator("button.time").first.click()
    page.wait_for_url("**/confirm/")
    page.wait_for_load_state()


def press_and_wait(page: Page, button: str, sign: str) -> None:
    page.locator("main").get_by_role("button", name=button, exact=True).click()
    expect(page.locator(sign).first).to_be_visible()
