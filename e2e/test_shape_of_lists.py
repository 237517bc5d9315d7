"""How much of a long list fits a phone, and words too long for any line."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from portal.billing import actions
from portal.billing.charges import Charge
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
    target = rows.first.get_by_role("link").bounding_box()
    assert target is not None
    assert target["height"] >= 24
