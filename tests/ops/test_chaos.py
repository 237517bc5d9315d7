"""A few reminders and kills of what `manage.py chaos` does with thousands and fifty."""

from random import Random

import pytest
from django.utils import timezone

from tests.chaos import trial
from tests.notifications import twilio
from tests.ops.test_worker import database_url, linux_only

pytestmark = [pytest.mark.django_db(transaction=True), linux_only]


def test_killed_workers_lose_no_reminder_and_text_none_twice(settings, tmp_path):
    server = twilio.server().start()
    # Time to be killed in, between taking a text and saying so.
    server.answers_after = 0.15
    twilio.reach(settings, server.address)
    trial.seed(30, now=timezone.now())
    environment = twilio.environment(server.address) | {
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_NO_VENV": "1",
        "DATABASE_URL": database_url(),
        "PORTAL_DATA_DIR": str(tmp_path),
        "WORKERS": "2",
        "LOG_LEVEL": "CRITICAL",
    }
    try:
        outcome = trial.run(
            twilio=server, kills=2, environment=environment, random=Random(1), waits=False, pause=(0.2, 0.6)
        )
    finally:
        server.shutdown()
        server.server_close()
    assert (outcome.sessions, outcome.kills.total(), outcome.faults) == (30, 2, [])
