"""How much of a long list fits a phone, and words too long for any line."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from e2e.test_look import RUNS_OVER
from portal.accounts.roles import Role
from portal.billing import actions
from portal.billing.charges import Charge
from portal.patients.search import reindex
from tests import make

pytestmark = [pytest.mark.look, pytest.mark.xdist_group("test_shape_of_lists")]

PHONE = {"width": 390, "height": 844}


def test_on_a_phone_25_invoices_fill_three_screens(open_page, sign_in) -> None:
    by, now = make.actor(), timezone.now()
    psychologist, location = make.psychologist(), make.location()
    for n in range(25):
        draft = actions.draft_invoice(
            patient=make.patient(legal_first_name="Wilhelmina", legal_last_name=f"Featherstone{n}"),
            psychologist=psychologist,
            location=location,
            charges=[Charge(description="Session", unit_price=Decimal(220))],
            by=by,
            now=now,
        )
        actions.issue_invoice(invoice=draft, by=by, now=now)
    page: Page = open_page(viewport=PHONE)
    sign_in(page, "reception@demo.example")
    page.goto("/reception/invoices/")
    rows = page.locator("#results tbody tr")
    expect(rows).to_have_count(25)
    expect(rows.first).to_contain_text("Wilhelmina Featherstone")
    expect(rows.first).to_contain_text("$220.00")
    assert page.evaluate("document.documentElement.scrollHeight") <= 3 * PHONE["height"]
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    links = rows.first.get_by_role("link")
    expect(links).to_have_count(2)
    for target in (link.bounding_box() for link in links.all()):
        assert target is not None
        assert target["height"] >= 24


def test_no_word_is_too_long_for_a_phone(open_page, sign_in) -> None:
    """Names, titles and addresses as long as their fields take, without a space in them."""
    long = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
    address = f"https://{long.lower()}.example/{'a-very-long-way-' * 5}"
    psychologist = make.psychologist(
        user=make.user(first_name=long, last_name=long, role=Role.PSYCHOLOGIST),
        headline=long * 2,
        bio=f"{long * 3} {address}",
        qualifications=long * 2,
    )
    location = make.location(name=long, street=long)
    service = make.service(name=long)
    psychologist.services.add(service)
    make.week(psychologist=psychologist, location=location)
    patient = make.patient(
        legal_first_name=long, legal_last_name=long, email=f"{'w' * 60}@{'x' * 60}.example", street=long, desk_note=long
    )
    reindex(patient)
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    here = {"psychologist": psychologist, "patient": patient, "service": service, "location": location}
    session = make.appointment(starts_at=now + timedelta(hours=1), **here)
    draft = actions.draft_invoice(
        patient=patient,
        psychologist=psychologist,
        location=location,
        charges=[Charge(description=long, unit_price=Decimal(220))],
        by=make.actor(),
        now=now,
    )
    invoice = actions.issue_invoice(invoice=draft, by=make.actor(), now=now)
    shelf = make.category(name=long)
    post = make.post(
        title=f"{long}{long}",
        body=f"{long * 3}\n\n{address}\n\n> {long * 2}\n\n| {long} | {long} |\n|---|---|\n| {long} | b |",
        excerpt=f"{long * 2} {address}",
        category=shelf,
        author=psychologist.user,
    )
    pages = {
        "": [
            "/",
            "/services/",
            "/fees/",
            "/psychologists/",
            f"/psychologists/{psychologist.slug}/",
            "/book/",
            f"/book/{service.slug}/",
            "/blog/",
            f"/blog/{post.slug}/",
        ],
        "reception@demo.example": [
            "/reception/",
            f"/reception/patients/{patient.code}/",
            f"/reception/patients/{patient.code}/edit/",
            f"/reception/patients/{patient.code}/book/",
            f"/reception/appointments/{session.code}/",
            f"/reception/appointments/{session.code}/cancel/",
            f"/reception/appointments/{session.code}/reschedule/",
            "/reception/invoices/",
            f"/reception/invoices/{invoice.number}/",
            "/reception/calendar/",
        ],
        psychologist.user.email: [
            "/practice/",
            "/practice/patients/",
            f"/practice/patients/{patient.code}/",
            "/practice/calendar/",
            "/practice/profile/",
            "/practice/articles/",
        ],
        "manager@demo.example": [
            "/manage/",
            "/manage/staff/",
            "/manage/services/",
            "/manage/locations/",
            "/manage/trail/",
        ],
    }
    over = []
    for who, paths in pages.items():
        page = open_page(viewport=PHONE)
        if who:
            sign_in(page, who)
        for path in paths:
            page.goto(path)
            page.wait_for_load_state()
            if found := page.evaluate(RUNS_OVER):
                over.append((path, found))
    assert over == [], "\n".join(f"{path}: {found}" for path, found in over)
