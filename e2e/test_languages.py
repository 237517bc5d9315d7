"""A visitor who reads Arabic: from the choice of language to the confirmation in the mailbox."""

from __future__ import annotations

import re
from email.header import decode_header, make_header

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from e2e.harness import Portal, agree, text_of
from portal.accounts.models import User
from portal.appointments.models import Appointment, Status

PASSWORD = "ساعة هادئة كل ثلاثاء"
ARABIC = re.compile(r"[\u0600-\u06ff]")


def said(message: str, **values: str) -> str:
    """A message in Arabic, as the catalogue has it."""
    with translation.override("ar"):
        return translation.gettext(message) % values if values else translation.gettext(message)


def submit(page: Page) -> None:
    page.locator("main form.form button[type=submit], main form.form button:not([type])").first.click()


def choose_language(page: Page, name: str, *, script: bool) -> None:
    """From the header, or without script from the links at the foot: the popover opens without script as well."""
    if script:
        page.locator(".languages > button").click()
        page.locator("#languages").get_by_text(name, exact=True).click()
    else:
        page.locator(".foot-languages").get_by_text(name, exact=True).click()


@pytest.mark.parametrize(
    "script", [pytest.param(True, id="script"), pytest.param(False, id="no-script", marks=pytest.mark.look)]
)
def test_switch_to_arabic_and_book(portal: Portal, new_context, assert_accessible, script: bool) -> None:
    page = new_context(java_script_enabled=script).new_page()
    page.set_default_timeout(10_000)
    email = f"layla-{'with' if script else 'without'}-script@example.com"
    page.goto("/services/")
    choose_language(page, "العربية", script=script)
    expect(page).to_have_url(re.compile(r"/ar/services/$"))
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")

    page.goto("/ar/book/session/")
    page.locator("button.time").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ARABIC)
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.get_by_role("link", name=said("Make an account")).click()
    expect(page).to_have_url(re.compile(r"/ar/accounts/signup/"))
    page.get_by_label(said("First name")).fill("ليلى")
    page.get_by_label(said("Last name")).fill("حداد")
    page.locator("input[type=email]").fill(email)
    page.locator("input[type=password]").first.fill(PASSWORD)
    submit(page)

    message = portal.mailbox.wait_for(to=email)
    assert ARABIC.search(str(make_header(decode_header(message["Subject"]))))
    code = re.search(r"^\W*([A-Z0-9-]{6,9})\W*$", text_of(message), re.M)
    assert code, text_of(message)
    page.locator("main input[name=code]").fill(code[1])
    submit(page)

    expect(page.locator("main input[name=date_of_birth]")).to_be_visible()
    expect(page).to_have_url(re.compile(r"/ar/book/session/confirm/"))
    if script:
        assert_accessible(page)
    page.locator("main input[name=date_of_birth]").fill("23/4/1990")
    page.locator("main input[name=phone]").fill("0491 570 006")
    agree(page)
    page.get_by_role("button", name=said("Confirm")).click()
    expect(page).to_have_url(re.compile(r"/ar/my/"))
    expect(page.get_by_text(said("Your session is booked: %(when)s.").split("%")[0].strip()).first).to_be_visible()

    appointment = Appointment.objects.get(patient__email=email)
    assert appointment.status == Status.BOOKED
    assert User.objects.get(emailaddress__email=email).language == "ar"
    with translation.override("ar"):
        wanted = translation.gettext("Your appointment").split("%")[0].strip()
    confirmation = portal.mailbox.wait_for(to=email, subject=wanted)
    assert f"/ar/my/appointments/{appointment.code}/" in text_of(confirmation)
    entry = next(part for part in confirmation.walk() if part.get_filename() == "appointment.ics")
    assert ARABIC.search(entry.get_payload(decode=True).decode())


def test_a_patients_choice_is_kept_for_the_next_visit(page: Page, sign_in, life) -> None:
    sign_in(page, life.accounts["newcomer"])
    page.goto("/my/")
    choose_language(page, "Tiếng Việt", script=True)
    expect(page).to_have_url(re.compile(r"/vi/my/$"))
    page.goto("/accounts/home/")
    expect(page).to_have_url(re.compile(r"/vi/my/$"))
    choose_language(page, "English", script=True)
    page.goto("/accounts/home/")
    expect(page).to_have_url(re.compile(r"[^i]/my/$"))


@pytest.mark.look
def test_the_choice_of_language_by_keyboard_alone(page: Page) -> None:
    page.goto("/services/")
    page.locator(".languages > button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#languages")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/zh-hans/services/$"))


@pytest.mark.look
def test_telephone_numbers_keep_their_order_among_arabic_words(page: Page) -> None:
    """Where `13 11 14` would be drawn as `14 11 13`, somebody in danger would call nobody."""
    page.goto("/ar/services/")
    places = page.evaluate(
        """() => [...document.querySelectorAll('.crisis a[href^="tel:"], .crisis a[href^="sms:"]')].map(link => {
            const walker = document.createTreeWalker(link, NodeFilter.SHOW_TEXT);
            let node, digits = [];
            while ((node = walker.nextNode())) {
                [...node.data].forEach((letter, at) => {
                    if (!/[0-9]/.test(letter)) return;
                    const range = document.createRange();
                    range.setStart(node, at); range.setEnd(node, at + 1);
                    const box = range.getBoundingClientRect();
                    digits.push([Math.round(box.top), box.left]);
                });
            }
            return [link.textContent, digits];
        })"""
    )
    assert len(places) > 3
    for text, digits in places:
        number = digits[-6:]
        assert [left for _top, left in number] == sorted(left for _top, left in number), text


def offered(open_page, portal: Portal, locale: str, path: str) -> list[str]:
    page = open_page(locale=locale)
    page.goto(path)
    return [one.inner_text() for one in page.locator(".languages .offer").all() if one.is_visible()]


@pytest.mark.look
def test_a_reader_is_shown_the_way_to_their_language_once(open_page, portal: Portal) -> None:
    assert offered(open_page, portal, "ar-EG", "/services/") == ["القراءة بالعربية"]
    assert offered(open_page, portal, "zh-CN", "/services/") == ["用简体中文阅读"]
    assert offered(open_page, portal, "en-GB", "/vi/services/") == ["Read in English"]
    assert offered(open_page, portal, "en-AU", "/services/") == []
    assert offered(open_page, portal, "fr-FR", "/services/") == []
    # Traditional Chinese is read by other people, in other words.
    assert offered(open_page, portal, "zh-TW", "/services/") == []
    page = open_page(locale="vi")
    page.goto("/services/")
    expect(page.locator(".languages .offer:visible")).to_have_count(1)
    page.goto("/fees/")
    expect(page.locator(".languages .offer:visible")).to_have_count(0)


@pytest.mark.look
def test_the_way_to_ones_language_makes_room_for_who_reads_on(open_page, portal: Portal) -> None:
    page = open_page(locale="vi", viewport={"width": 390, "height": 700})
    page.goto("/services/")
    offer = page.locator(".languages .offer:visible")
    expect(offer).to_have_count(1)
    page.mouse.wheel(0, 300)
    expect(offer).to_have_count(0)
    page = open_page(locale="vi")
    page.goto("/services/")
    page.locator(".languages .offer:visible").click()
    expect(page).to_have_url(re.compile("/vi/services/$"))


@pytest.mark.parametrize("script", [pytest.param(True, id="script"), pytest.param(False, id="no-script")])
def test_a_form_keeps_what_was_typed_when_its_language_is_changed(open_page, portal: Portal, script: bool) -> None:
    page = open_page(java_script_enabled=script)
    page.goto("/accounts/signup/?next=/book/")
    page.get_by_label("First name").fill("Mai")
    page.locator("input[type=email]").fill("mai@example.com")
    page.locator("input[type=password]").fill("not told to anybody")
    # The header's choice, with and without script: a popover needs none.
    page.locator(".languages > button").click()
    page.locator("#languages").get_by_text("Tiếng Việt", exact=True).click()
    expect(page).to_have_url(re.compile(r"/vi/accounts/signup/\?next=/book/$"))
    expect(page.get_by_label("Tên", exact=True)).to_have_value("Mai")
    expect(page.locator("input[type=email]")).to_have_value("mai@example.com")
    expect(page.locator("input[type=password]")).to_have_value("")
    # Enter sends the form, and asks for no language.
    page.locator("input[type=password]").press("Enter")
    expect(page).to_have_url(re.compile(r"/vi/accounts/signup/"))
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("input[type=email]")).to_have_value("mai@example.com")


def test_the_offer_of_ones_language_covers_no_heading_and_keeps_what_was_typed(open_page, portal: Portal) -> None:
    page = open_page(viewport={"width": 390, "height": 844}, locale="vi-VN")
    page.goto("/accounts/signup/")
    offer = page.locator(".languages .offer:visible")
    heading = page.get_by_role("heading", level=1)
    above, below = heading.bounding_box(), offer.bounding_box()
    assert above["y"] + above["height"] <= below["y"]
    page.get_by_label("First name").evaluate("field => { field.value = 'Mai' }")
    offer.click()
    expect(page).to_have_url(re.compile(r"/vi/accounts/signup/"))
    expect(page.get_by_label("Tên", exact=True)).to_have_value("Mai")
