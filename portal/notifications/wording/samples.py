"""An invented session and bill, by which a wording is shown and counted before anybody gets it."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

# As long as most of the links that texts end with.
_END: Final = "Xk3vQ0b7TzW1mRcP"
# What a child is called about whom a carer reads.
WHOSE: Final = "Noah"
# Notices of a session that has another time than before.
_MOVED: Final = frozenset({"appointment_moved", "series_moved"})


def context(template: str, *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """What the templates of a notice name, invented: a session next week, at ten in the morning."""
    base_url = settings.PORTAL_BASE_URL
    starts_at = (now + timedelta(days=8)).astimezone(zone).replace(hour=10, minute=0, second=0, microsecond=0)
    day = starts_at.date()
    free_until = starts_at - timedelta(hours=24)
    ends = now + timedelta(days=2)
    price, fee = Decimal("220.00"), Decimal("110.00")
    session = SimpleNamespace(
        starts_at=starts_at,
        zone=zone,
        patient=None,
        patient_id=None,
        psychologist=SimpleNamespace(name="Alex Taylor"),
        mode="in_person",
        location=SimpleNamespace(name="Main Street", address="1 Main Street"),
        series_id=None,
        position=None,
        late=True,
        answer_by=ends,
        of_series="",
        get_decline_reason_display="",
    )
    moved = starts_at - timedelta(days=1)
    terms = SimpleNamespace(
        is_asked=False,
        grace=None,
        is_free_over=False,
        is_free_to_the_end=False,
        free_until=free_until,
        late_fee=fee,
        missed_fee=fee,
        near_from=None,
        near_fee=None,
    )
    owed = SimpleNamespace(
        number="INV-60528AF8",
        issued_on=day - timedelta(days=30),
        due_on=day - timedelta(days=16),
        days=8,
        amount=price,
        pay_link=f"{base_url}/bill/{_END}/",
    )
    return {
        "called": "Charlotte",
        "whose": "",
        "appointment": session,
        "zone": zone,
        "before": SimpleNamespace(starts_at=moved, zone=zone) if template in _MOVED else None,
        "sessions": [(session, moved if template in _MOVED else None)],
        "late": [],
        "terms": terms,
        "each_terms": SimpleNamespace(cancel_hours=24, late_fee=fee, near_hours=None, near_fee=None, missed_fee=fee),
        "own_terms": [],
        "quote": SimpleNamespace(total=price, rebate=None, gap=price),
        "free_until": free_until,
        "late_fee": fee,
        "held": None,
        "has_card": False,
        "paid_ahead": None,
        "path": f"/my/messages/{_END}/",
        "book_path": "/book/",
        "answer_url": f"{base_url}/a/{_END}/",
        "takes_answers": True,
        "url": f"{base_url}/o/{_END}/",
        "until": ends,
        "is_kept": True,
        "times": [],
        "starts_at": starts_at,
        "number": "INV-60528AF8",
        "receipt": "RCT-1B7C04D2",
        "total": price,
        "balance": price,
        "amount": price,
        "due_on": day + timedelta(days=14),
        "is_credited": False,
        "was_declined": False,
        "pay_link": f"{base_url}/bill/{_END}/",
        "link": f"{base_url}/my/invoices/INV-60528AF8/",
        "back": None,
        "rest": None,
        "is_void": False,
        "is_refund": False,
        "owed": [owed],
        "has_link": True,
        "first_day": day - timedelta(days=90),
        "last_day": day,
        "closing": price,
    }
