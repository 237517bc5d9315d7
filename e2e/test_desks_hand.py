"""The desk by keyboard: the search in every page's head, and the menu of a line of the day's list."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from portal.appointments.models import Appointment
from portal.clinic.models import Location, Psychologist, Service
from portal.patients.models import Patient
from portal.patients.search import reindex
from tests import make

pytestmark = [pytest.mark.look, pytest.mark.xdist_group("test_desks_hand")]


def person(first: str, last: str) -> Patient:
    made = make.patient(legal_first_name=first, legal_last_name=last)
    reindex(made)
    return made


def box(page: Page):
    return page.get_by_role("combobox", name="Find a patient")


def where(page: Page) -> str:
    return urlsplit(page.url).path


def test_a_patient_is_found_by_keyboard_and_the_focus_is_never_lost(page: Page, portal, sign_in) -> None:
    people = [person("Quentin", f"Quokka{n}") for n in range(3)]
    sign_in(page, "reception@demo.example")
    page.goto("/reception/invoices/")
    number = page.get_by_role("searchbox", name="Number, patient or payer")
    number.press("/")
    # Where somebody types, it is a sign like any other.
    expect(number).to_have_value("/")
    number.fill("")

    link = page.get_by_role("navigation", name="Main").get_by_role("link", name="Patients")
    link.focus()
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("quentin qu", delay=15)
    options = page.locator("#found-patients [role=option]")
    expect(options).to_have_count(3)
    expect(box(page)).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#found-count")).to_have_text("3 found")

    marked = page.locator("[role=option][aria-selected=true]")
    expect(marked).to_have_count(0)
    page.keyboard.press("ArrowUp")
    expect(options.nth(2)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(box(page)).to_have_attribute("aria-activedescendant", "found-1")
    expect(marked).to_have_count(1)
    expect(box(page)).to_be_focused()

    # Other words: nobody of the old list is opened by Enter.
    page.keyboard.type("okka2", delay=15)
    expect(marked).to_have_count(0)
    expect(options).to_have_count(1)

    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")
    page.keyboard.press("Escape")
    expect(link).to_be_focused()

    page.keyboard.press("/")
    page.keyboard.type("quokka1", delay=15)
    expect(options).to_contain_text(["Quokka1"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/reception/patients/{people[1].code}/")

    # The key can be switched off, and stays off.
    switch = page.get_by_label("Press / to find a patient")
    page.goto("/accounts/email/")
    switch.uncheck()
    page.goto("/reception/")
    page.keyboard.press("/")
    expect(box(page)).not_to_be_focused()
    page.goto("/accounts/email/")
    expect(switch).not_to_be_checked()
    switch.check()


def test_an_arrow_pressed_before_the_list_is_there_is_not_lost(page: Page, portal, sign_in) -> None:
    people = [person("Xanthe", f"Yabby{n}") for n in range(3)]
    sign_in(page, "reception@demo.example")
    page.goto("/reception/")
    answers: list[Route] = []
    page.route("**/patients/find/", lambda route: answers.append(route))
    box(page).fill("xanthe")
    page.wait_for_timeout(300)
    page.keyboard.press("ArrowUp")
    marked = page.locator("#found-patients [aria-selected=true]")
    # Until the answer is there it leads to nobody of the old list.
    expect(marked).to_have_count(0)
    answers.pop().continue_()
    expect(page.locator("#found-patients [role=option]").nth(2)).to_have_attribute("aria-selected", "true")

    # What is typed after it takes it back.
    box(page).fill("xanthe y")
    page.wait_for_timeout(300)
    page.keyboard.press("ArrowDown")
    box(page).fill("xanthe ya")
    page.wait_for_timeout(300)
    page.evaluate("addEventListener('htmx:afterSettle', () => document.body.dataset.settled = 'yes')")
    answers.pop().continue_()
    expect(page.locator("body")).to_have_attribute("data-settled", "yes")
    expect(marked).to_have_count(0)

    # A letter typed and taken back asks once more, so that the list is the words' own again.
    page.keyboard.type("b")
    page.keyboard.press("Backspace")
    page.wait_for_timeout(300)
    answers.pop().continue_()
    page.keyboard.press("ArrowDown")
    expect(marked).to_have_count(1)

    # Words, arrow and Enter in one go open whom the arrow meant.
    box(page).fill("xanthe yabby2")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_timeout(300)
    answers.pop().continue_()
    page.wait_for_url(f"**/reception/patients/{people[2].code}/")


def test_enter_waits_for_the_list_that_is_on_its_way(page: Page, sign_in) -> None:
    alone = person("Ximena", "Yarran")
    for n in range(2):
        person("Ximeno", f"Yarrah{n}")
    sign_in(page, "reception@demo.example")
    page.goto("/reception/")
    answers: list[Route] = []

    def keep(route: Route) -> None:
        # The list, and not what the form itself sends to the same address.
        if "hx-request" in route.request.headers:
            answers.append(route)
        else:
            route.continue_()

    page.route("**/patients/find/", keep)

    def typed(words: str) -> Route:
        box(page).press_sequentially(words)
        page.wait_for_timeout(300)
        return answers.pop()

    typed("ximen").continue_()
    expect(page.locator("#found-patients [role=option]")).to_have_count(3)
    answer = typed("a")
    box(page).press("Enter")
    answer.continue_()
    page.wait_for_url(f"**/reception/patients/{alone.code}/")

    # Several are found: the list of all of them.
    answer = typed("ximeno")
    box(page).press("Enter")
    answer.continue_()
    page.wait_for_url("**/reception/patients/?*")
    expect(page.locator("#results").get_by_role("link", name="Ximeno Yarrah1", exact=True)).to_be_visible()

    # No list at all, and then none in time: the words themselves are sent.
    for last in (lambda answer: answer.abort(), lambda answer: None):
        page.goto("/reception/")
        answer = typed("ximena")
        box(page).press("Enter")
        last(answer)
        page.wait_for_url("**/reception/patients/?*")
        expect(page.locator("#results").get_by_role("link", name="Ximena Yarran", exact=True)).to_be_visible()


def test_the_search_is_two_stops_away_by_keyboard(page: Page, sign_in) -> None:
    sign_in(page, "reception@demo.example")
    page.goto("/reception/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to search")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(box(page)).to_be_focused()
    # On a phone the search opens from a button of the head, before the menu's links.
    page.set_viewport_size({"width": 390, "height": 844})
    expect(skip).to_be_hidden()


def test_enter_alone_leads_to_all_who_fit_also_without_script(page: Page, page_without_script: Page, sign_in) -> None:
    person("Quirin", "Quoll")
    person("Quirina", "Quoll")
    for one in (page, page_without_script):
        sign_in(one, "reception@demo.example")
        one.goto("/reception/")
        box(one).fill("quirin")
        box(one).press("Enter")
        one.wait_for_url("**/reception/patients/*")
        expect(one.locator("#results").get_by_role("link", name="Quirin Quoll", exact=True)).to_be_visible()


def test_enter_leads_to_the_one_who_is_found_or_to_registering_nobody_known(page: Page, sign_in) -> None:
    alone = person("Quincy", "Quarrel")
    sign_in(page, "reception@demo.example")
    page.goto("/reception/")
    box(page).press_sequentially("quincy qua", delay=15)
    expect(page.locator("#found-count")).to_have_text("1 found")
    box(page).press("Enter")
    page.wait_for_url(f"**/reception/patients/{alone.code}/")

    # Enter waits for the answer to all that was typed.
    box(page).press_sequentially("Quizzical van der Nobody 3/4/85", delay=15)
    box(page).press("Enter")
    page.wait_for_url("**/reception/patients/new/*")
    expect(page.get_by_label("Legal last name")).to_have_value("van der Nobody")
    expect(page.get_by_label("Date of birth")).to_have_value("3/04/1985")
    page.get_by_role("button", name="Register and book").click()
    page.wait_for_url("**/book/")

    # Who books for somebody types at once.
    page.goto("/reception/")
    page.get_by_role("link", name="Book", exact=True).click()
    expect(page.get_by_role("searchbox", name="Find a patient")).to_be_focused()


def test_on_a_phone_a_button_opens_it(open_page, sign_in) -> None:
    somebody = person("Quilla", "Quill")
    page = open_page(viewport={"width": 390, "height": 844})
    sign_in(page, "manager@demo.example")
    page.goto("/manage/")
    expect(box(page)).to_be_hidden()
    opener = page.get_by_role("button", name="Find a patient")
    opener.press("Enter")
    expect(box(page)).to_be_focused()
    page.keyboard.press("Escape")
    expect(box(page)).to_be_hidden()
    expect(opener).to_be_focused()
    opener.press("Enter")
    page.keyboard.type("quilla", delay=15)
    page.get_by_role("option", name="Quilla Quill").click()
    page.wait_for_url(f"**/reception/patients/{somebody.code}/")


def test_a_line_has_one_button_and_a_menu_that_works_by_keyboard_and_without_script(
    page: Page, page_without_script: Page, sign_in
) -> None:
    session: Appointment = make.appointment(
        psychologist=Psychologist.objects.practising()[0],
        service=Service.objects.get(slug="session"),
        location=Location.objects.get(slug="brunswick"),
        patient=person("Quade", "Quick"),
        starts_at=(timezone.now() + timedelta(days=61)).replace(hour=2, minute=0, second=0, microsecond=0),
    )
    for one in (page, page_without_script):
        sign_in(one, "reception@demo.example")
        one.goto(f"/reception/?day={session.local_start:%Y-%m-%d}")
        line = one.locator(f"#session-{session.code}")
        move = line.get_by_role("link", name="Move Quade Quick")
        more = line.locator("summary")
        expect(move).to_be_hidden()
        more.press("Enter")
        expect(move).to_be_visible()
        more.press("Tab")
        expect(move).to_be_focused()
    move = page.locator(f"#session-{session.code}").get_by_role("link", name="Move Quade Quick")
    page.keyboard.press("Escape")
    page.locator(f"#session-{session.code} summary").press("Enter")
    move.focus()
    page.keyboard.press("Escape")
    expect(move).to_be_hidden()
    expect(page.locator(f"#session-{session.code} summary")).to_be_focused()
    page.locator(f"#session-{session.code} summary").press("Enter")
    page.get_by_role("heading", level=1).click()
    expect(move).to_be_hidden()


def test_a_double_click_on_a_step_leaves_its_question_open(page: Page, portal, sign_in) -> None:
    session: Appointment = make.appointment(
        psychologist=make.psychologist(),
        location=Location.objects.get(slug="brunswick"),
        patient=person("Quint", "Quick"),
        starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=1),
    )
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/")
    page.get_by_role("button", name="Mark as no-show").dblclick()
    question = page.get_by_role("dialog", name="Mark Quint Quick as a no-show?")
    expect(question).to_be_visible()
    page.wait_for_timeout(600)
    expect(question).to_be_visible()
    assert Appointment.objects.get(pk=session.pk).is_booked
    question.get_by_role("button", name="Mark as no-show").click()
    expect(page.get_by_text("Quint Quick is marked as a no-show.")).to_be_visible()


def test_the_figures_of_a_check_out_follow_typing_and_lose_nothing_of_it(page: Page, portal, sign_in) -> None:
    session: Appointment = make.appointment(
        psychologist=Psychologist.objects.practising()[0],
        service=Service.objects.get(slug="session"),
        location=Location.objects.get(slug="brunswick"),
        patient=person("Quinlan", "Quay"),
        starts_at=(timezone.now() - timedelta(hours=2)).replace(minute=0, second=0, microsecond=0),
        status="arrived",
        fee="220.00",
    )
    sign_in(page, "reception@demo.example")
    page.goto(f"/reception/appointments/{session.code}/check-out/")
    to_pay, fee = page.locator("#sum .total").last, page.get_by_label("Fee", exact=True)
    expect(to_pay).to_have_text("$220.00")
    fee.fill("")
    # Sent empty: what is wrong is said, and goes by itself once it is right.
    fee.fill("")
    page.get_by_role("button", name="Finish and invoice").click()
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("#id_fee_error")).to_be_visible()
    page.get_by_label("Minutes", exact=True).fill("49")
    expect(page.locator("#sum")).to_have_attribute("data-wrong", "id_fee")
    expect(page.locator("#id_fee_error")).to_be_visible()
    fee.fill("220")
    expect(page.locator("form.check-out .error-summary, form.check-out .has-error")).to_have_count(0)
    fee.fill("")
    # Never left: the figures follow all the same, and the focus stays.
    page.keyboard.type("180.50", delay=30)
    expect(to_pay).to_have_text("$180.50")
    expect(fee).to_be_focused()
    expect(fee).to_have_value("180.50")
    amount = page.get_by_label("Amount", exact=True)
    expect(amount).to_have_value("180.50")

    # Somebody goes on typing while the answer is under way.
    answers: list[Route] = []
    page.route("**/check-out/", lambda route: answers.append(route))
    fee.fill("150")
    while not answers:
        page.wait_for_timeout(50)
    amount.fill("100")
    page.get_by_label("Cash", exact=True).check()
    answers[0].continue_()
    expect(to_pay).to_have_text("$150.00")
    expect(amount).to_have_value("100")
    expect(page.get_by_label("Cash", exact=True)).to_be_checked()
