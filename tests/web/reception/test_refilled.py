"""A late cancellation whose time is filled again from the waitlist, from the press on Cancel to the fee waived."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Offer
from portal.appointments.states import Status
from portal.notifications.models import Notice
from tests import make
from tests.journeys.waitlist.conftest import HOUR, NOW, Waiting
from tests.pages import form_with

pytestmark = pytest.mark.django_db


def words(page):
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def test_the_fee_of_a_late_cancellation_is_waived_once_its_time_is_filled_again():
    with time_machine.travel(NOW, tick=False) as clock:
        practice = Waiting(cancel_hours=48, late_fee_percent=50, notice_hours=1, grace_minutes=0)
        owner, desk = make.patient(user=make.user()), make.signed_in_client(role=Role.RECEPTION)
        promised = {"cancel_hours": 48, "late_fee_percent": 50, "grace_minutes": 0}
        session = practice.session(NOW + 5 * HOUR, patient=owner, booked_at=NOW - timedelta(days=9), **promised)
        waits = practice.waits()
        # Called off today, too late for nothing: nobody has the time yet.
        page = f"/my/appointments/{session.code}/cancel/"
        theirs = make.client_for(owner.user)
        assert theirs.post(page, form_with(theirs.get(page), "fee")).status_code == 302
        session.refresh_from_db()
        assert (session.status, session.late) == (Status.CANCELLED, True)
        fee = f"/reception/appointments/{session.code}/fee/"
        assert "Refilled" not in words(desk.get("/reception/"))
        assert form_with(desk.get(fee), "reason")["reason"] == [""]
        # Offered by itself, and taken by the link, signed out.
        practice.turn()
        offer = Offer.objects.get()
        assert (offer.entry, offer.vacancy.session) == (waits, session)
        clock.shift(timedelta(minutes=10))
        link = re.search(r"/offer/[\w-]+/", Notice.objects.get(template="waitlist_offer").text)[0]
        browser = Client()
        answer = browser.get(link).url
        shown = form_with(browser.get(answer), "shown")["shown"]
        assert browser.post(answer, {"answer": "yes", "shown": shown}).url == answer
        booked = Appointment.objects.get(patient=waits.patient)
        assert (booked.starts_at, booked.status) == (session.starts_at, Status.BOOKED)
        # The desk's day says so, and the fee's page proposes to do without it.
        assert "Refilled" in words(desk.get("/reception/"))
        asked = desk.get(fee)
        assert f"Its time was filled again by {waits.patient.name}." in words(asked)
        sent = form_with(asked, "reason")
        assert sent["reason"] == ["Its time was filled again."]
        assert desk.post(f"{fee}waive/", sent).status_code == 302
        waiver = session.waivers.get()
        assert (waiver.purpose, waiver.reason) == ("late_fee", "Its time was filled again.")
