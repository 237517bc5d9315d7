"""Texts that wait, as many as a large clinic never has at once, and how soon the workers have sent them."""

from __future__ import annotations

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from portal.notifications import outbox, tasks
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Channel, Recipient
from portal.notifications.rendering import Words
from tests.notifications import twilio

MANY, FEW = 10_000, 20
# Seconds after which nobody waits any longer.
WITHIN = 600
WORDS = Words(
    "en-au", "", "Your session is on Monday, 30 November at 9:00 am. You can cancel it freely until Saturday.", ""
)


def drain(count: int) -> str:
    """Has the queue send so many texts through a stand-in for Twilio, and says how many that is in a minute."""
    # By the sweep alone: a task for each would be the queue's work, not the outbox's.
    later = timezone.now() + timedelta(days=1)
    with transaction.atomic():
        for n in range(count):
            to = Recipient.by_sms(f"+614915{n:05d}")
            outbox.queue_words(WORDS, template="bench", to=to, about=None, dedupe_key=f"bench:{n}", send_at=later)
    server = twilio.server(port=settings.TWILIO_PORT).start()
    try:
        texts = Notice.objects.filter(channel=Channel.SMS)
        texts.update(next_attempt_at=timezone.now())
        began = time.monotonic()
        tasks.send_all(timezone.now())
        while texts.filter(state__in=[State.PENDING, State.SENDING]).exists():
            if time.monotonic() - began > WITHIN:
                return f"WRONG {count} texts: {len(server.phones.texts)} were sent in time"
            time.sleep(0.1)
        took = time.monotonic() - began
        wrong = count - texts.filter(state=State.SENT).count() or count - len(server.phones.texts)
        if wrong:
            return f"WRONG {count} texts: {wrong} were not sent once"
        workers = settings.Q_CLUSTER["workers"]
        return f"{count:,} texts that waited: {took:.1f} s by {workers} workers, {count / took * 60:,.0f} in a minute"
    finally:
        server.shutdown()
        server.server_close()
