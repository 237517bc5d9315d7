"""The staff's calendar: moved by drag and by keys, booked from an empty half hour, live, and worked without script."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from e2e.harness import Portal
from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.clinic.models import Location, Psychologist, Service
from portal.common.languages.times import local_day
from portal.patients.search import reindex
from tests import make

pytestmark = pytest.mark.xdist_group("test_calendar")

MELBOURNE = ZoneInfo("Australia/Melbourne")
# Longer than the page waits until it asks again, and no longer than somebody may be kept waiting: milliseconds.
NEWS = 20_000


class Diary:
    """A psychologist of the test's own, who works the whole of a day next week and has one session at ten."""

    def __init__(self) -> None:
        place = Location.objects.get(slug="brunswick")
        self.service = Service.objects.get(slug="session")
        self.whose: Psychologist = make.psychologist(services=(self.service,))
        make.week(psychologist=self.whose, location=place, weekdays=tuple(range(7)))
        self.day = local_day(timezone.now(), MELBOURNE) + timedelta(days=8)
        self.place = place
        self.session = self.books(10)

    def at(self, hour: int) -> datetime:
        return datetime.combine(self.day, datetime.min.time(), MELBOURNE).replace(hour=hour)

    def books(self, hour: int) -> Appointment:
        return make.appointment(
            psychologist=self.whose,
            patient=make.patient(),
            service=self.service,
            location=self.place,
            starts_at=self.at(hour),
        )

    @property
    def path(self) -> str:
        return f"/reception/calendar/?day={self.day:%Y-%m-%d}&psychologist={self.whose.slug}"

    def stands_at(self, hour: int) -> bool:
        self.session.refresh_from_db()
        return self.session.starts_at == self.at(hour)


@pytest.fixture
def diary(portal: Portal) -> Diary:
    return Diary()


@pytest.fixture
def desk(page: Page, sign_in: Callable[..., object]) -> Page:
    sign_in(page, make.user(role=Role.RECEPTION).email)
    return page


def block(page: Page, session: Appointment) -> Locator:
    return page.locator(f'a.ev[href*="{session.code}"]')


def test_a_session_is_dragged_asked_about_once_and_undone(desk: Page, diary: Diary) -> None:
    desk.goto(diary.path)
    block(desk, diary.session).scroll_into_view_if_needed()
    box = block(desk, diary.session).bounding_box()
    assert box is not None
    # Three hours down: an hour is as high as the step between two lines beside the grid.
    lines = [desk.locator(".cal-hours > span").nth(n).bounding_box() for n in (0, 1)]
    assert lines[0]
    assert lines[1]
    hour = lines[1]["y"] - lines[0]["y"]
    x, y = box["x"] + box["width"] / 2, box["y"] + 6
    desk.mouse.move(x, y)
    desk.mouse.down()
    desk.mouse.move(x, y + hour, steps=4)
    desk.mouse.move(x, y + 3 * hour, steps=4)
    expect(desk.locator(".ghost")).to_have_text("1:00 pm")
    desk.mouse.up()
    expect(desk.get_by_role("heading", name="1:00 pm?")).to_be_visible()
    assert diary.stands_at(10)
    desk.get_by_role("button", name="Move it").click()
    expect(desk.get_by_text("unless you undo it before")).to_be_visible()
    assert diary.stands_at(13)
    desk.get_by_role("button", name="Undo").click()
    expect(desk.get_by_text("Undone:")).to_be_visible()
    assert diary.stands_at(10)


def test_a_session_is_moved_by_keys_and_escape_leaves_it(desk: Page, diary: Diary) -> None:
    desk.goto(diary.path)
    block(desk, diary.session).focus()
    desk.keyboard.press("m")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator("#calendar-says")).to_contain_text("10:15 am")
    desk.keyboard.press("Escape")
    expect(desk.locator(".ghost")).to_have_count(0)
    desk.keyboard.press("m")
    for _ in range(4):
        desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("heading", name="11:00 am?")).to_be_visible()
    desk.get_by_role("button", name="Move it").click()
    expect(desk.get_by_text("unless you undo it before")).to_be_visible()
    assert diary.stands_at(11)


def test_days_and_views_by_their_keys(desk: Page, diary: Diary) -> None:
    desk.goto(diary.path)
    for key, sign in (
        ("n", f"day={diary.day + timedelta(days=1):%Y-%m-%d}"),
        ("p", f"day={diary.day:%Y-%m-%d}"),
        ("3", "view=month"),
        ("4", "view=agenda"),
        ("2", "view=week"),
        ("1", f"day={diary.day:%Y-%m-%d}"),
        ("t", f"day={local_day(timezone.now(), MELBOURNE):%Y-%m-%d}"),
    ):
        desk.keyboard.press(key)
        # The week's address names a day as well.
        desk.wait_for_url(lambda url, sign=sign: sign in url and ("view=" in url) == ("view=" in sign))
        assert diary.whose.slug in desk.url
    desk.keyboard.press("g")
    expect(desk.get_by_label("Go to")).to_be_focused()
    # In a field a letter is a letter.
    desk.get_by_label("Find a patient").first.press("n")
    assert f"day={local_day(timezone.now(), MELBOURNE):%Y-%m-%d}" in desk.url


def test_enter_on_an_empty_half_hour_books_there(desk: Page, diary: Diary) -> None:
    patient = make.patient(legal_first_name="Odalys", legal_last_name="Quintero")
    reindex(patient)
    desk.goto(diary.path)
    halves = desk.locator("a.free")
    # All of them are one stop of the tab key.
    assert [stop for stop in halves.evaluate_all("all => all.map(one => one.tabIndex)") if stop == 0] == [0]
    halves.first.focus()
    desk.keyboard.press("ArrowDown")
    expect(halves.nth(1)).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url("**/calendar/book/**")
    desk.locator("#whom-words").fill("Odalys")
    desk.get_by_role("link", name="Odalys Quintero").click()
    desk.get_by_role("button", name="Book", exact=True).click()
    expect(desk.get_by_text("Booked for Odalys Quintero")).to_be_visible()
    # After nine comes the first that the session at ten leaves time for.
    assert Appointment.objects.get(patient=patient).starts_at == diary.at(11)


def test_news_comes_to_another_browser_and_takes_nothing_away(desk: Page, diary: Diary) -> None:
    # The page's own clock is wound on: it asks again as late as it does for anybody, and nobody waits for that here.
    desk.clock.install()
    desk.goto(diary.path)
    # A low calendar, and the one that takes its place as low: both have to be scrolled.
    desk.evaluate("""() => {
        const low = new CSSStyleSheet()
        low.replaceSync('.cal { max-block-size: 20rem; overflow: auto }')
        document.adoptedStyleSheets = [low]
    }""")
    desk.locator(".cal").evaluate("box => { box.scrollTop = 90 }")
    block(desk, diary.session).evaluate("link => link.focus({ preventScroll: true })")
    told = diary.books(15)
    desk.clock.run_for(NEWS)
    expect(block(desk, told)).to_be_attached()
    expect(block(desk, diary.session)).to_be_focused()
    assert desk.locator(".cal").evaluate("box => box.scrollTop") == 90
    # The day that somebody types stays, and the news waits for it.
    field = desk.get_by_label("Go to")
    field.fill("2027-02-03")
    later = diary.books(16)
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.clock.run_for(NEWS)
    expect(field).to_have_value("2027-02-03")
    assert asked == []
    field.blur()
    desk.clock.run_for(NEWS)
    expect(block(desk, later)).to_be_attached()


def test_without_script_it_is_read_moved_and_booked(
    page_without_script: Page, sign_in: Callable[..., object], diary: Diary
) -> None:
    page = page_without_script
    sign_in(page, make.user(role=Role.RECEPTION).email)
    page.goto(diary.path)
    page.get_by_role("link", name="Later").click()
    page.get_by_role("link", name="Earlier").click()
    page.get_by_role("link", name="Agenda").click()
    page.get_by_role("link", name=f"Move {diary.session.person.name}").click()
    page.get_by_label("Time", exact=True).fill("14:00")
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Move it").click()
    expect(page.get_by_text("unless you undo it before")).to_be_visible()
    assert diary.stands_at(14)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone:")).to_be_visible()
    assert diary.stands_at(10)
    page.goto(diary.path)
    page.get_by_label("Status").select_option("cancelled")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(block(page, diary.session)).to_have_count(0)
    page.goto(diary.path)
    page.locator("a.free").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/calendar/book/**")
    patient = make.patient(legal_first_name="Umeko", legal_last_name="Vasquez")
    reindex(patient)
    page.locator("#whom-words").fill("Umeko")
    page.get_by_role("main").get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name="Umeko Vasquez").click()
    page.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_text("Booked for Umeko Vasquez")).to_be_visible()
    assert Appointment.objects.get(patient=patient, status=Status.BOOKED).starts_at == diary.at(9)
