"""Two who check out one patient's sessions at once: real threads, real transactions, on both databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.billing.models import Invoice, MedicareClaim
from portal.journeys import checking_out
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_the_last_service_of_a_referral_is_claimed_once():
    make.mbs_items()
    make.clinic()
    referral, by = make.referral(services=1), make.actor(role=Role.RECEPTION)
    sessions = [
        make.appointment(
            patient=referral.patient,
            psychologist=make.psychologist(),
            starts_at=NOW - timedelta(hours=2 * n),
            status=Status.BOOKED,
            fee="220.00",
        )
        for n in range(1, 5)
    ]
    gate = threading.Barrier(len(sessions))

    def check_out(session: Appointment) -> None:
        gate.wait()
        try:
            held = checking_out.as_booked(session)
            checking_out.check_out(appointment=session, held=held, key=str(session.code), by=by, now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sessions)) as pool:
        list(pool.map(check_out, sessions))
    assert Invoice.objects.count() == 4
    claim = MedicareClaim.objects.get()
    assert [line.item_number for line in claim.line.invoice.lines.all()] == ["80010"]
    assert Invoice.objects.filter(rebate=0).count() == 3
