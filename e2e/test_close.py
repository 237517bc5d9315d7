"""The day ends at the desk: what is left, the drawer counted, closed, and printed."""

from __future__ import annotations

import io
import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.billing import actions, charges
from portal.billing.models import DayClose, Purpose
from portal.clinic.models import Service
from tests import make

pytestmark = pytest.mark.xdist_group("test_close")


@pytest.fixture
def place(portal):
    """A place of its own, whose drawer nobody else's test counts."""
    return make.location(name="Northcote")


@pytest.fixture
def desk(portal, page, sign_in) -> Page:
    sign_in(page, make.user(role=Role.RECEPTION, first_name="Kim", last_name="Lee").email)
    return page


def attended(place, *, hour: int, last_name: str):
    """A session of yesterday, which is over whatever time it is now."""
    yesterday = place.day_of(timezone.now()) - timedelta(days=1)
    service = Service.objects.get(slug="session")
    return make.appointment(
        psychologist=make.psychologist(services=(service,)),
        service=service,
        location=place,
        patient=make.patient(legal_first_name="Ana", legal_last_name=last_name),
        starts_at=datetime.combine(yesterday, time(hour), place.zone),
        status="completed",
        fee="220.00",
    )


def test_the_day_is_closed_and_printed(desk, place, assert_accessible, base_url) -> None:
    billed, unbilled = attended(place, hour=9, last_name="Billed"), attended(place, hour=11, last_name="Unbilled")
    by = make.actor()
    invoice = actions.bill(
        appointment=billed,
        purpose=Purpose.SESSION,
        charges=[charges.for_session(billed, item=None)],
        by=by,
        now=billed.ends_at,
    )
    actions.record_payment(
        invoice=invoice, amount=Decimal(100), method="cash", key=uuid4().hex, by=by, now=billed.ends_at
    )
    address = f"/reception/close/?at={place.slug}&day={billed.local_start:%Y-%m-%d}"
    desk.goto(address)
    expect(desk.get_by_role("link", name=unbilled.patient.name).first).to_be_visible()
    expect(desk.get_by_text("2 of them have no signed note")).to_be_visible()
    assert_accessible(desk)

    desk.get_by_label("In the drawer before").fill("50")
    desk.get_by_label("Counted now").fill("145")
    desk.get_by_label("Stays in it for tomorrow").fill("50")
    desk.get_by_role("button", name="Close the day").click()
    expect(desk.get_by_text("this is $5.00 less").first).to_be_visible()
    assert_accessible(desk)
    desk.get_by_label(re.compile("Why they differ")).fill("Change given twice")
    desk.get_by_role("button", name="Close the day").click()
    expect(desk.get_by_text("The day is closed.")).to_be_visible()
    expect(desk.get_by_text("closed by Kim Lee")).to_be_visible()
    assert_accessible(desk)
    assert DayClose.objects.get(location=place).difference == Decimal("-5.00")

    # On paper there is the day and nothing of the program around it.
    desk.emulate_media(media="print")
    expect(desk.get_by_role("navigation")).to_have_count(0)
    expect(desk.get_by_text("Change given twice")).to_be_visible()
    desk.emulate_media(media="screen")

    href = desk.get_by_role("link", name="PDF to print").get_attribute("href")
    answer = desk.request.get(f"{base_url}{href}")
    reader = PdfReader(io.BytesIO(answer.body()))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert len(reader.pages) == 1
    for words in ("closed by Kim Lee", "Change given twice", "Ana Unbilled", "$5.00 short", "$100.00"):
        assert words in text
