"""The desk's screen stands open all day and follows what happens by itself."""

from __future__ import annotations

import re
from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Page, Response, expect

from e2e.harness import Portal
from portal.appointments.models import Appointment
from portal.clinic.models import Location, Psychologist, Service
from tests import make

A_MINUTE = 61_000


def poll(page: Page) -> Response:
    """What the list is answered when it asks by itself."""
    with page.expect_response(lambda response: "hx-polling" in response.request.headers) as answered:
        page.clock.fast_forward(A_MINUTE)
    response: Response = answered.value
    if response.status == 200:
        # The list that came asks by itself once it has settled.
        known = re.search(r'If-None-Match": "\\"(\w+)', response.text())
        assert known
        expect(page.locator(f'#arrivals [data-hx-headers*="{known[1]}"]')).to_be_attached()
        page.clock.fast_forward(500)
    return response


def test_the_days_list_stays_while_nothing_changes_and_follows_what_does(page: Page, portal: Portal, sign_in) -> None:
    starts_at = (timezone.now() + timedelta(days=50)).replace(hour=2, minute=0, second=0, microsecond=0)
    session = make.appointment(
        psychologist=Psychologist.objects.practising()[0],
        service=Service.objects.get(slug="session"),
        location=Location.objects.get(slug="brunswick"),
        patient=make.patient(legal_first_name="Ottilie", legal_last_name="Wren"),
        starts_at=starts_at,
    )
    sign_in(page, "reception@demo.example")
    page.clock.install()
    page.goto(f"/reception/?day={session.local_start:%Y-%m-%d}")
    line = page.locator(f"#session-{session.code}")
    expect(line).to_contain_text("Ottilie Wren")

    assert poll(page).status == 200
    assert [poll(page).status for _ in range(2)] == [304, 304]
    # htmx leaves the list as it is, and goes on asking.
    expect(line).to_contain_text("Ottilie Wren")
    expect(page.locator("#arrivals")).to_have_count(1)

    Appointment.objects.filter(pk=session.pk).update(confirmed_at=timezone.now())
    assert poll(page).status == 200
    expect(line).to_contain_text("Confirmed")
    assert poll(page).status == 304
    expect(page.locator("#floating-toasts")).to_be_empty()
