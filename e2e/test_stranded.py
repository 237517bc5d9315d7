"""Hours that end too early for what is booked: whoever changes them is asked, saves, and decides about each session."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from e2e.harness import Portal
from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.clinic.models import Location, Psychologist, Service
from portal.common.languages.times import local_day
from tests import make

pytestmark = pytest.mark.xdist_group("test_stranded")

MELBOURNE = ZoneInfo("Australia/Melbourne")
OFF_AT = 14


class Afternoon:
    """A psychologist of the test's own who works all days until five, and one day next week has two sessions late."""

    def __init__(self) -> None:
        self.service = Service.objects.get(slug="session")
        self.place = Location.objects.get(slug="brunswick")
        self.whose: Psychologist = make.psychologist(services=(self.service,))
        make.week(psychologist=self.whose, location=self.place, weekdays=tuple(range(7)))
        self.day = local_day(timezone.now(), MELBOURNE) + timedelta(days=9)
        self.sessions = [self._booked(hour) for hour in (OFF_AT, OFF_AT + 2)]
        # In the morning of that day: nothing becomes of it.
        self.early = self._booked(10)

    def _booked(self, hour: int) -> Appointment:
        return make.appointment(
            psychologist=self.whose,
            patient=make.patient(),
            service=self.service,
            location=self.place,
            starts_at=datetime.combine(self.day, datetime.min.time(), MELBOURNE).replace(hour=hour),
        )

    def ends_earlier(self, page: Page, *, at: str = "") -> None:
        """Has the weekday of the sessions end at two, on the desk's page of these hours or `at` their own."""
        page.goto(at or f"/reception/hours/{self.whose.slug}/")
        until = page.get_by_label(re.compile(rf"^{self.day:%A}, until", re.IGNORECASE)).first
        until.fill(f"{OFF_AT}:00")
        page.get_by_role("button", name="Save weekly hours").last.click()

    def ends(self) -> int:
        return self.whose.hours.get(weekday=self.day.weekday()).ends.hour

    def are_moved(self) -> bool:
        """Whether all that stood too late stands at a time that is worked, and the rest where it was."""
        before = {session.pk: session.starts_at for session in [*self.sessions, self.early]}
        now = {row.pk: row for row in Appointment.objects.filter(psychologist=self.whose)}
        late = [now[session.pk].starts_at.astimezone(MELBOURNE) for session in self.sessions]
        last = {True: OFF_AT, False: 17}
        return now[self.early.pk].starts_at == before[self.early.pk] and all(
            starts_at != before[session.pk] and starts_at.hour < last[starts_at.weekday() == self.day.weekday()]
            for session, starts_at in zip(self.sessions, late, strict=True)
        )


@pytest.fixture
def afternoon(portal: Portal) -> Afternoon:
    return Afternoon()


def test_the_desk_shortens_a_day_and_moves_what_is_booked_in_it(
    page: Page, afternoon: Afternoon, sign_in: Callable[..., object], assert_accessible: Callable[..., None]
) -> None:
    _is_asked_saves_and_moves(page, afternoon, sign_in, assert_accessible)


def test_the_same_without_script(
    page_without_script: Page, afternoon: Afternoon, sign_in: Callable[..., object]
) -> None:
    _is_asked_saves_and_moves(page_without_script, afternoon, sign_in)


def test_a_press_on_save_waits_for_no_picture(page: Page, afternoon: Afternoon, sign_in: Callable[..., object]) -> None:
    sign_in(page, make.user(role=Role.RECEPTION).email)
    pictures: list[Route] = []

    def keep(route: Route) -> None:
        if route.request.headers.get("hx-request"):
            pictures.append(route)
        else:
            route.continue_()

    page.route("**/reception/hours/**", keep)
    page.goto(f"/reception/hours/{afternoon.whose.slug}/")
    until = page.get_by_label(re.compile(rf"^{afternoon.day:%A}, until", re.IGNORECASE)).first
    until.fill(f"{OFF_AT}:00")
    until.blur()
    page.wait_for_timeout(500)
    assert pictures
    page.get_by_role("button", name="Save weekly hours").last.click()
    expect(page.locator("#leaves").get_by_role("heading")).to_be_visible()


def _is_asked_saves_and_moves(
    page: Page,
    afternoon: Afternoon,
    sign_in: Callable[..., object],
    assert_accessible: Callable[..., None] | None = None,
) -> None:
    sign_in(page, make.user(role=Role.RECEPTION).email)
    afternoon.ends_earlier(page)
    asked = page.locator("#leaves")
    expect(asked.get_by_role("heading")).to_have_text("If you save, 2 sessions are to be rearranged")
    for session in afternoon.sessions:
        row = asked.get_by_role("listitem").filter(has_text=session.person.name)
        expect(row).to_contain_text("Proposed:")
    expect(asked.get_by_text(afternoon.early.person.name)).to_have_count(0)
    assert afternoon.ends() == 17
    if assert_accessible:
        assert_accessible(page)
    page.get_by_role("button", name="Save, and decide about them").click()

    expect(page.get_by_role("heading", name="Sessions to rearrange")).to_be_visible()
    assert afternoon.ends() == OFF_AT
    for session in afternoon.sessions:
        expect(page.locator(f"#session-{session.code}")).to_be_visible()
    expect(page.locator(f"#session-{afternoon.early.code}")).to_have_count(0)
    page.get_by_role("button", name="Choose the proposed time for all").click()
    for session in afternoon.sessions:
        expect(page.locator(f"#do-{session.code}")).to_have_value(re.compile(r"^move "))
    page.get_by_role("button", name="Do what is chosen").click()

    done = page.get_by_role("region", name="What was done")
    expect(done.get_by_text("Moved to")).to_have_count(2)
    for session in afternoon.sessions:
        expect(page.locator(f"#session-{session.code}")).to_have_count(0)
    assert afternoon.are_moved()


def test_a_psychologist_shortens_a_day_and_decides_without_the_desk(
    page: Page, afternoon: Afternoon, sign_in: Callable[..., object], assert_accessible: Callable[..., None]
) -> None:
    first, second = afternoon.sessions
    sign_in(page, afternoon.whose.user.email)
    afternoon.ends_earlier(page, at="/practice/hours/")
    expect(page.locator("#leaves").get_by_role("heading")).to_have_text("If you save, 2 sessions are to be rearranged")
    assert_accessible(page)
    page.get_by_role("button", name="Save, and decide about them").click()

    expect(page.get_by_role("heading", name="Sessions to rearrange")).to_be_visible()
    assert afternoon.ends() == OFF_AT
    assert_accessible(page)
    page.locator(f"#do-{first.code}").select_option(index=1)
    page.get_by_role("button", name="Do what is chosen").click()
    done = page.get_by_role("region", name="What was done")
    expect(done.get_by_text("Moved to")).to_have_count(1)

    # The one that is left is to be rearranged on every page, and each leads here.
    page.goto("/practice/hours/")
    so_far = page.get_by_role("region", name="1 session is to be rearranged")
    expect(so_far.get_by_text(second.person.name)).to_be_visible()
    assert_accessible(page)
    page.goto("/practice/")
    expect(page.get_by_role("link", name="1 session of yours is to be rearranged")).to_be_visible()
    page.goto(f"/practice/calendar/?view=week&day={afternoon.day:%Y-%m-%d}")
    page.locator(".only-wide").get_by_role("link", name=second.person.name).click()
    expect(page).to_have_url(re.compile(rf"/practice/stranded/\?session={second.code}#session-{second.code}$"))
    page.locator(f"#do-{second.code}").select_option("cancel")
    page.get_by_role("button", name="Do what is chosen").click()
    expect(page.get_by_role("region", name="What was done").get_by_text("Cancelled.")).to_be_visible()
    expect(page.get_by_text("Nothing to rearrange")).to_be_visible()
    moved, cancelled = (Appointment.objects.get(pk=session.pk) for session in (first, second))
    assert moved.starts_at != first.starts_at
    assert (moved.status, cancelled.status) == (Status.BOOKED, Status.CANCELLED)


def test_on_a_phone_why_stays_in_its_card(page: Page, afternoon: Afternoon, sign_in: Callable[..., object]) -> None:
    sign_in(page, make.user(role=Role.RECEPTION).email)
    afternoon.ends_earlier(page)
    page.get_by_role("button", name="Save, and decide about them").click()
    page.set_viewport_size({"width": 390, "height": 844})
    badges = page.locator(".rearrange .badge")
    expect(badges.first).to_have_text("Outside the psychologist's new hours")
    sticks_out = """badges => badges.filter(each => {
        const [badge, card] = [each, each.closest('li')].map(box => box.getBoundingClientRect());
        return badge.right > card.right || badge.left < card.left || each.scrollWidth > each.clientWidth;
    }).length"""
    assert badges.evaluate_all(sticks_out) == 0
    assert page.evaluate("document.documentElement.scrollWidth") == 390
