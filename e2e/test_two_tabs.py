"""Two tabs of one person and two people on one time, where visitors and patients book and move."""

from __future__ import annotations

import itertools
import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import Portal, agree, week_after
from portal.accounts.models import User
from portal.appointments.models import Appointment, Status
from portal.clinic.models import Psychologist, Service
from tests import make


def hold_a_time(page: Page, *, psychologist: str, number: int) -> str:
    """Chooses a time of the next week, and answers what its page says of when it is."""
    page.goto(f"/book/first-visit/?psychologist={psychologist}")
    week_after(page)
    page.locator("button.time").nth(number).click()
    expect(page).to_have_url(re.compile(r"/confirm/$"))
    return page.locator(".pairs dd").first.inner_text()


def test_the_first_tab_books_nothing_of_the_second_and_takes_its_own_time_back(
    page: Page, portal: Portal, sign_in
) -> None:
    visitor = make.user(first_name="Noor", last_name="Rahman")
    sign_in(page, visitor.email)
    wanted = hold_a_time(page, psychologist="mai-nguyen", number=0)
    page.get_by_label("Date of birth").fill("23/4/1990")
    page.get_by_label("Phone").fill("0491 570 006")
    agree(page)
    other = page.context.new_page()
    assert hold_a_time(other, psychologist="tom-ashby", number=3) != wanted

    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="You hold another time now")).to_be_visible()
    assert not Appointment.objects.filter(patient__user=visitor).exists()
    page.get_by_role("button", name="Hold that time instead").click()
    expect(page.locator(".pairs dd").first).to_have_text(wanted, use_inner_text=True)
    expect(page.get_by_label("Date of birth")).to_have_value("23/4/1990")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_text("Your session is booked").first).to_be_visible()
    expect(page.locator(".pairs dd").first).to_have_text(wanted, use_inner_text=True)
    booked = Appointment.objects.get(patient__user=visitor)
    assert booked.psychologist.slug == "mai-nguyen"
    # The second tab's way on is the booking, too.
    other.reload()
    expect(other.get_by_role("heading", name="Your appointment")).to_be_visible()


DAYS = itertools.cycle(range(5))


@pytest.fixture
def sessions(portal: Portal) -> list[tuple[User, Appointment]]:
    """Two people, each with a session with the same psychologist in a fortnight."""
    leila = Psychologist.objects.get(slug="leila-haddad")
    session = Service.objects.get(slug="session")
    # A day of its own for each test: what is moved away leaves the other's where it was.
    day = timezone.localdate() + timedelta(days=21 - timezone.localdate().weekday() + next(DAYS))
    place = leila.hours.order_by("weekday", "starts").first().location
    found = []
    for hour in (6, 7):
        user = make.user()
        at = datetime(day.year, day.month, day.day, hour, tzinfo=place.zone)
        found.append(
            (
                user,
                make.appointment(
                    patient=make.patient(user=user),
                    psychologist=leila,
                    service=session,
                    location=place,
                    mode="video",
                    starts_at=at,
                ),
            )
        )
    return found


def ask(page: Page, session: Appointment, value: str | None = None) -> str:
    """Presses a free time on the page that moves a session; the answer asks first."""
    page.goto(f"/my/appointments/{session.code}/reschedule/")
    button = page.locator(f'button.time[value="{value}"]') if value else page.locator("button.time").first
    wanted = button.get_attribute("value")
    button.click()
    expect(page.get_by_role("heading", name="Move this session?")).to_be_visible()
    return str(wanted)


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="script"), pytest.param(False, id="no-script", marks=pytest.mark.look)]
)
def test_two_people_ask_for_one_time_and_one_of_them_moves(new_context, sign_in, sessions, script: bool) -> None:
    pages, wanted = [], None
    for user, session in sessions:
        page = new_context(java_script_enabled=script).new_page()
        sign_in(page, user.email)
        wanted = ask(page, session, wanted)
        pages.append(page)
    first, second = pages
    first.get_by_role("button", name="Move session").click()
    expect(first.get_by_text("Your session is moved").first).to_be_visible()
    second.get_by_role("button", name="Move session").click()
    expect(second.get_by_role("heading", name="That time was just taken")).to_be_visible()
    sessions[1][1].refresh_from_db()
    assert (sessions[1][1].revision, sessions[1][1].status) == (0, Status.BOOKED)
    second.locator("#just-taken button.time").first.click()
    second.get_by_role("button", name="Move session").click()
    expect(second.get_by_text("Your session is moved").first).to_be_visible()


def test_two_tabs_that_move_one_session_see_each_other(page: Page, sign_in, sessions) -> None:
    user, session = sessions[0]
    sign_in(page, user.email)
    ask(page, session)
    other = page.context.new_page()
    other.goto(f"/my/appointments/{session.code}/reschedule/")
    other.locator("button.time").nth(2).click()
    other.get_by_role("button", name="Move session").dblclick()
    expect(other.get_by_text("Your session is moved").first).to_be_visible()
    now_on = other.locator(".pairs dd").first.inner_text()

    page.get_by_role("button", name="Move session").click()
    expect(page.get_by_text("This session was changed meanwhile").first).to_be_visible()
    expect(page.locator(".pairs dd").first).to_have_text(now_on, use_inner_text=True)
    session.refresh_from_db()
    assert session.revision == 1
    page.get_by_role("button", name="Move session").click()
    expect(page.get_by_text("Your session is moved").first).to_be_visible()
    session.refresh_from_db()
    assert session.revision == 2
