"""Notices of before there were channels and withdrawals are there after, and say what they said."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from portal.notifications.models import Notice, State
from tests import older

AT = datetime(2026, 10, 1, 3, 0, tzinfo=UTC)


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_notices_are_carried_over(write):
    first = ("notifications", "0001_outbox")
    names = (
        *("sent", "called off", "called off by hand", "failed", "failed again"),
        *("waiting", "waiting again", "of a session"),
    )
    session = uuid.uuid4()
    notices = {name: write(to=f"{number}@patient.example") for number, name in enumerate(names)}
    try:
        older.go_back(*first)
        old = older.models_of(first).get_model("notifications", "Notice")

        def change(name, **fields):
            old.objects.filter(pk=notices[name].pk).update(created_at=AT, **fields)

        settled = {"settled_by": "7", "settled_at": AT + timedelta(hours=1)}
        change("sent", state="sent", sent_at=AT)
        change("called off", state="cancelled")
        change("called off by hand", state="cancelled", **settled)
        change("failed", state="failed")
        change("failed again", state="failed", **settled)
        change("waiting again", state="pending", **settled)
        change("of a session", dedupe_key=f"appointment_moved:{session}:3:0123456789abcdef")
    finally:
        call_command("migrate", verbosity=0)
    kept = {name: Notice.objects.get(pk=notice.pk) for name, notice in notices.items()}
    assert {name: notice.state for name, notice in kept.items()} == {
        "sent": State.SENT,
        "called off": State.WITHDRAWN,
        "called off by hand": State.WITHDRAWN,
        "failed": State.FAILED,
        "failed again": State.FAILED,
        "waiting": State.PENDING,
        "waiting again": State.PENDING,
        "of a session": State.PENDING,
    }
    moved = kept["of a session"]
    assert (moved.about_label, moved.about_code, moved.about_revision) == ("appointments.Appointment", str(session), 3)
    assert (kept["waiting"].about_label, kept["waiting"].about_revision) == ("", None)
    assert (kept["called off"].withdrawn_at, kept["called off"].withdrawn_why) == (AT, "unrecorded")
    assert kept["called off by hand"].withdrawn_at == AT + timedelta(hours=1)
    assert set(Notice.objects.needing_eyes()) == {kept["failed"], kept["failed again"]}
    # One that a person sent again comes to a person once more if it fails.
    assert (kept["waiting again"].settled_by, kept["waiting again"].settled_at) == ("", None)
    # Their words and addresses open as before; the address is one of e-mail.
    assert {(n.recipient.channel, n.recipient.address) for n in kept.values()} == {
        ("email", f"{number}@patient.example") for number in range(len(names))
    }
    assert {n.text for n in kept.values()} == {"Mina O'Brien & co: Monday\n"}
