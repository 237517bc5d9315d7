"""A session that recurs, over a change of the clocks: each time is settled before anything is booked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from e2e.harness import Mailbox, agree, text_of, week_after
from portal.appointments.models import Appointment, WorkingHours
from portal.clinic.models import Service
from tests import make

FORTNIGHT = timedelta(weeks=2)


def day_of_the_change(zone, after: datetime) -> datetime:
    """The next local noon by whose morning the clocks have changed."""
    noon = after.astimezone(zone).replace(hour=12, minute=0, second=0, microsecond=0)
    while (noon + timedelta(days=1)).utcoffset() == noon.utcoffset():
        noon += timedelta(days=1)
    return noon + timedelta(days=1)


def a_session_before_the_change(*, days: int = 21) -> Appointment:
    """In somebody's weekly hours, three weeks before the clocks change: they change between its second and third."""
    hours = WorkingHours.objects.select_related("location", "psychologist__user").filter(psychologist__is_active=True)[
        0
    ]
    change = day_of_the_change(hours.location.zone, timezone.now() + timedelta(days=60))
    day = change - timedelta(days=days + (change.weekday() - hours.weekday) % 7)
    starts_at = datetime.combine(day.date(), hours.starts, hours.location.zone).astimezone(UTC)
    return make.appointment(
        psychologist=hours.psychologist,
        service=Service.objects.get(slug="session"),
        location=hours.location,
        mode="video",
        patient=make.patient(legal_first_name="Odile", legal_last_name="Marsh", email="odile@post.example"),
        starts_at=starts_at,
    )


def planned(session: Appointment, n: int) -> datetime:
    """Where the wall clock has the n-th session after the first."""
    return (session.local_start + n * FORTNIGHT).astimezone(UTC)


def decide(page: Page) -> None:
    """The nearest free time wherever something stands in the way: a holiday, or what another test booked."""
    for asked in page.locator(".series-time").get_by_role("combobox").all():
        if not asked.input_value():
            asked.select_option(index=1)


def test_a_fortnightly_series_over_a_change_of_the_clocks_with_a_clash_resolved(
    page: Page, sign_in, mailbox: Mailbox, assert_accessible
) -> None:
    session = a_session_before_the_change()
    make.appointment(
        psychologist=session.psychologist,
        service=session.service,
        location=session.location,
        mode="video",
        starts_at=planned(session, 2),
    )
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/")
    page.get_by_role("link", name="Repeat").click()
    page.get_by_label("How many sessions in all").fill("5")
    page.get_by_label("Repeats").select_option(label="Every 2 weeks")
    times = page.locator(".series-time")
    expect(times).to_have_count(4)
    clash = times.nth(1)
    expect(clash).to_contain_text("has another session at this time.")
    decides = clash.get_by_role("combobox")
    expect(decides).to_have_value("")
    assert_accessible(page)
    decides.select_option(index=1)
    times.nth(3).get_by_role("combobox").select_option(label="Skip it")
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("3 more sessions are booked.")).to_be_visible()

    booked = list(Appointment.objects.filter(series__isnull=False, patient=session.patient).order_by("position"))
    assert [row.position for row in booked] == [1, 2, 3, 4]
    assert [booked[1].starts_at, booked[3].starts_at] == [planned(session, 1), planned(session, 3)]
    assert booked[2].is_moved_alone
    assert len({row.local_start.utcoffset() for row in booked}) == 2
    assert {row.local_start.time() for row in booked if not row.is_moved_alone} == {session.local_start.time()}
    told = text_of(mailbox.wait_for(to="odile@post.example"))
    assert [f"{n} of 4" in told for n in (2, 3, 4)] == [True] * 3


def test_it_works_without_script_and_on_a_phone(page_without_script: Page, phone: Page, sign_in) -> None:
    # On days of its own, whichever of these runs first.
    session = a_session_before_the_change(days=56)
    for page in (page_without_script, phone):
        sign_in(page, "reception@demo.example")
        page.goto(f"/reception/appointments/{session.code}/repeat/?repeat=fortnightly&count=3")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page = page_without_script
    first = page.locator(".series-time").first
    first.get_by_role("combobox").select_option(label="Another time")
    expect(first.get_by_role("textbox", name="Day")).to_be_visible()
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("Which day?")).to_be_visible()
    page.locator(".series-time").first.get_by_role("combobox").select_option(label="Skip it")
    decide(page)
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("1 more session is booked.")).to_be_visible()


def test_a_patient_books_several_from_a_time_on_a_phone(phone: Page, sign_in, mailbox: Mailbox) -> None:
    """A time is pressed, how often it recurs is chosen, and the same page books all of it."""
    patient = make.patient(user=make.user(email="several@post.example"), email="several@post.example")
    sign_in(phone, "several@post.example")
    phone.goto("/book/session/?psychologist=mai-nguyen")
    week_after(phone)
    phone.locator(".parts button.time").first.click()
    phone.get_by_role("button", name="Book several like this in one go").click()
    phone.get_by_label("How many sessions in all").fill("3")
    phone.get_by_label("Repeats").select_option(label="Every 2 weeks")
    expect(phone.locator(".series-time")).to_have_count(2)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    agree(phone)
    decide(phone)
    phone.get_by_role("button", name="Book these sessions").click()
    expect(phone.get_by_text("3 sessions are booked.")).to_be_visible()

    rows = list(Appointment.objects.filter(patient=patient).order_by("position"))
    assert [row.position for row in rows] == [1, 2, 3]
    told = text_of(mailbox.wait_for(to="several@post.example"))
    assert [f"{n} of 3" in told for n in (1, 2, 3)] == [True] * 3


def test_what_is_typed_while_the_times_are_on_their_way_stays(page: Page, sign_in) -> None:
    """The answer about how often it recurs is held back while somebody says how many there are."""
    session = a_session_before_the_change(days=91)
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/repeat/")
    held: list[Route] = []
    page.route("**/repeat/?*", lambda route: route.continue_() if held else held.append(route))
    repeats, how_many, times = page.get_by_label("Repeats"), page.get_by_label("How many"), page.locator(".series-time")
    repeats.select_option(label="Every 2 weeks")
    how_many.click()
    how_many.press("ControlOrMeta+a")
    how_many.press("1")
    page.wait_for_function("document.getElementById('series-times').ariaBusy === 'true'")
    held[0].continue_()
    # What is shown is what was asked for; what is being typed is not touched, nor the place where it is typed.
    expect(times).to_have_count(5)
    expect(times.nth(1)).to_contain_text(f"{planned(session, 2).astimezone(session.zone):%-d %B}")
    expect(how_many).to_be_focused()
    how_many.press("2")
    expect(how_many).to_have_value("12")
    how_many.press("Tab")
    expect(times).to_have_count(11)


def test_a_form_that_is_wrong_is_drawn_anew_and_right_again(page: Page, sign_in) -> None:
    session = a_session_before_the_change(days=119)
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/repeat/")
    how_many, times = page.get_by_label("How many"), page.locator(".series-time")
    expect(times).to_have_count(5)
    how_many.fill("1")
    how_many.press("Tab")
    wrong = page.locator(".series-pattern .error")
    expect(wrong).to_be_visible()
    expect(times).to_have_count(0)
    how_many.fill("3")
    how_many.press("Tab")
    expect(times).to_have_count(2)
    expect(wrong).to_have_count(0)


def test_a_number_that_is_typed_is_not_booked_before_its_times_were_seen(page: Page, sign_in) -> None:
    """The button is pressed straight from the field: the list is still the one of before."""
    session = a_session_before_the_change(days=35)
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/repeat/")
    times = page.locator(".series-time")
    expect(times).to_have_count(5)
    # The answer that would bring the new list does not come.
    page.route("**/repeat/?*", lambda route: route.abort())
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("Nothing is booked yet: what is chosen above was changed.")).to_be_visible()
    expect(times).to_have_count(1)
    assert not Appointment.objects.filter(series__isnull=False, patient=session.patient).exists()
    decide(page)
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("1 more session is booked.")).to_be_visible()


def test_a_press_is_not_lost_to_the_list_that_comes_under_it(page: Page, sign_in) -> None:
    """The answer comes while the button is down: the press counts, and is answered in words."""
    session = a_session_before_the_change(days=70)
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/repeat/")
    times = page.locator(".series-time")
    expect(times).to_have_count(5)
    held: list[Route] = []
    page.route("**/repeat/?*", lambda route: route.continue_() if held else held.append(route))
    page.get_by_label("How many").fill("3")
    page.get_by_role("button", name="Book these sessions").hover()
    page.mouse.down()
    page.wait_for_function("document.getElementById('series-times').ariaBusy === 'true'")
    with page.expect_response("**/repeat/?*"):
        held[0].continue_()
    page.wait_for_timeout(300)
    expect(times).to_have_count(5)
    page.mouse.up()
    expect(page.get_by_text("Nothing is booked yet: what is chosen above was changed.")).to_be_visible()
    expect(times).to_have_count(2)
    decide(page)
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("2 more sessions are booked.")).to_be_visible()


def test_what_was_chosen_in_the_list_stays_when_the_same_times_come_again(page: Page, sign_in) -> None:
    session = a_session_before_the_change(days=42)
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/repeat/")
    times = page.locator(".series-time")
    times.nth(1).get_by_role("combobox").select_option(label="Skip it")
    page.get_by_label("How many").fill("4")
    page.get_by_label("How many").press("Tab")
    expect(times).to_have_count(3)
    expect(times.nth(1).get_by_role("combobox")).to_have_value("skip")
    decide(page)
    page.get_by_role("button", name="Book these sessions").click()
    expect(page.get_by_text("2 more sessions are booked.")).to_be_visible()
