"""A session by video between two browsers, each with Chromium's made-up camera, over the stand-in for Twilio Video."""

from __future__ import annotations

import time
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.harness import PATIENCE
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import Mode
from portal.video.models import Presence, Room
from tests import make

PLAYS = "video => video.videoWidth > 0 && video.currentTime > 0"


def a_session(whose: str) -> Appointment:
    """In five minutes, with somebody of their own."""
    return make.appointment(
        psychologist=make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, email=f"room-{whose}@post.example")),
        patient=make.patient(user=make.user(email=f"waits-{whose}@post.example"), emergency_name="Sam Lee"),
        mode=Mode.VIDEO,
        starts_at=timezone.now().replace(second=0, microsecond=0) + timedelta(minutes=5),
    )


def wait_until_it_plays(page: Page, which: str) -> None:
    """The page's own policy lets nothing be evaluated, so it is asked again and again from outside."""
    until = time.monotonic() + PATIENCE
    while not page.locator(f"[data-video-{which}]").evaluate(PLAYS):
        assert time.monotonic() < until, f"{which} shows nothing"
        time.sleep(0.2)


def sees(page: Page, whom: str) -> None:
    """The other's picture comes, and moves."""
    expect(page.get_by_text("You are both here.")).to_be_visible(timeout=20_000)
    wait_until_it_plays(page, "theirs")
    expect(page.get_by_label(whom, exact=True)).to_be_visible()


def test_two_browsers_meet_in_one_room(page: Page, open_page, sign_in, assert_accessible) -> None:
    session = a_session("both")
    ours = open_page()
    sign_in(page, "waits-both@post.example")
    sign_in(ours, "room-both@post.example")

    page.goto(f"/my/appointments/{session.code}/video/")
    assert_accessible(page)
    page.get_by_role("button", name="Try camera and microphone").click()
    wait_until_it_plays(page, "own")
    page.get_by_label("Where are you now?").fill("12 Lane St, Coburg")
    page.get_by_role("button", name="Enter the waiting room").click()
    expect(page.get_by_text("You are in the waiting room.")).to_be_visible()

    ours.goto(f"/practice/sessions/{session.code}/video/")
    expect(ours.get_by_text("12 Lane St, Coburg")).to_be_visible()
    assert_accessible(ours)
    ours.get_by_role("button", name="Let them in").click()
    # Let in, the patient's own page goes in by itself.
    sees(page, "Your psychologist")
    sees(ours, "The patient")
    assert_accessible(ours)
    # What was asked and said before they came in is out of the way, until they leave.
    expect(page.get_by_text("You are in the waiting room.")).to_have_count(0)
    expect(page.get_by_label("Where are you now?")).to_be_hidden()
    expect(page.get_by_role("heading", name="The room")).to_be_visible()
    assert_accessible(page)

    page.get_by_role("button", name="Mute").click()
    expect(page.get_by_role("button", name="Mute")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You left the room.")).to_be_visible()
    expect(page.get_by_label("Where are you now?")).to_be_visible()
    expect(ours.get_by_text("Nobody else is here yet.")).to_be_visible()
    # They come again, as after a line that broke for good.
    page.reload()
    page.get_by_role("button", name="Go into the room").click()
    sees(page, "Your psychologist")
    sees(ours, "The patient")
    ours.get_by_role("button", name="Leave").click()
    expect(ours.get_by_text("You left the room.")).to_be_visible()
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("You left the room.")).to_be_visible()

    room = Room.objects.get(session=session)
    stays = Presence.objects.filter(room=room)
    assert {stay.side for stay in stays} == {"patient", "psychologist"}
    # The pages say so without waiting for it.
    until = time.monotonic() + PATIENCE
    while stays.filter(left_at=None).exists():
        assert time.monotonic() < until, "somebody never left"
        time.sleep(0.2)


def test_without_script_it_says_what_is_needed_and_whom_to_phone(page_without_script: Page, sign_in) -> None:
    session = a_session("plain")
    sign_in(page_without_script, "waits-plain@post.example")
    page_without_script.goto(f"/my/appointments/{session.code}/video/")
    expect(page_without_script.get_by_text("Video needs JavaScript")).to_be_visible()
    expect(page_without_script.get_by_text("phone us:").first).to_be_visible()


def test_a_call_ends_when_the_session_is_called_off(page: Page, sign_in) -> None:
    session = a_session("off")
    sign_in(page, "room-off@post.example")
    page.clock.install()
    page.goto(f"/practice/sessions/{session.code}/video/")
    page.get_by_role("button", name="Go into the room").click()
    expect(page.get_by_text("Nobody else is here yet.")).to_be_visible()
    Appointment.objects.filter(pk=session.pk).update(status="cancelled", cancelled_at=timezone.now())
    page.clock.run_for(31_000)
    expect(page.get_by_text("This session doesn’t take place")).to_be_visible()
