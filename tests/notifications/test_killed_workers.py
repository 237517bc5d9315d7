"""Workers of the real queue, killed with -9 in the middle of sending: no notice is lost, and none is sent twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.notifications.smtp import SmtpServer

ROOT = Path(__file__).resolve().parents[2]
NOTICES = 24
KILLS = 4
WORKERS = 2


class Portal:
    """The portal in processes of its own, on an SQLite file of its own."""

    def __init__(self, folder, port):
        self.env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.notifications.queue_settings",
            "PORTAL_DATA_DIR": str(folder),
            "EMAIL_URL": f"smtp://127.0.0.1:{port}",
            "WORKERS": str(WORKERS),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "ignore",
        }
        self.env.pop("DATABASE_URL", None)

    def run(self, script):
        """Runs a script after django.setup(), and gives back the JSON that it prints last."""
        done = subprocess.run(
            [sys.executable, "-c", "import django; django.setup()\n" + script],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def cluster(self):
        return subprocess.Popen(
            [sys.executable, "-m", "django", "qcluster"],
            env=self.env,
            cwd=ROOT,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


QUEUE = f"""
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django_q.models import Schedule
Schedule.objects.all().delete()
from portal.notifications import outbox
from portal.notifications.recipients import Recipient
from portal.notifications.rendering import Words
for n in range({NOTICES}):
    outbox.queue_words(
        Words("en-au", "Hello", "Hello"), template="hello", to=Recipient.by_email(f"p{{n}}@patient.example"),
        about=None, dedupe_key=f"hello:{{n}}"
    )
print("1")
"""

# What the minutes after would do: leases run out, and the sweep sends what the dead queue had taken.
LATER = """
import json
from datetime import timedelta
import time_machine
from portal.notifications.models import Notice
def states():
    return {n.message_id: n.state for n in Notice.objects.all()}
before = states()
from django.utils import timezone
from portal.notifications import delivery, tasks
with time_machine.travel(timezone.now() + delivery.LEASE + timedelta(seconds=1)):
    tasks.sweep()
    tasks.send_due("email")
print(json.dumps([before, states()]))
"""

RESEND = """
import json
from django.utils import timezone
from portal.common.access.decorators import Actor
from portal.notifications import outbox, tasks
from portal.notifications.models import Notice
for notice in Notice.objects.needing_eyes():
    outbox.resend(notice, by=Actor.system("desk"), now=timezone.now())
tasks.send_due("email")
print(json.dumps({n.message_id: n.state for n in Notice.objects.all()}))
"""


def until(condition, *, seconds):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.01)


def kill(cluster):
    os.killpg(cluster.pid, signal.SIGKILL)
    cluster.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="process groups are POSIX")
def test_killed_workers_lose_none_and_double_none(tmp_path):
    with SmtpServer(pause=0.15) as server:
        portal = Portal(tmp_path, server.port)
        portal.run(QUEUE)
        for _ in range(KILLS):
            before = len(server.accepted)
            cluster = portal.cluster()
            try:
                # A message has been accepted, and its worker still waits for the answer.
                until(lambda before=before: len(server.accepted) >= before + 2, seconds=60)
            finally:
                kill(cluster)

        before, states = portal.run(LATER)
        # The kills came while something was under way.
        assert "sending" in before.values()
        accepted = [received.message["Message-ID"] for received in server.accepted]
        assert len(states) == NOTICES
        assert [twice for twice, count in Counter(accepted).items() if count > 1] == []
        assert set(states.values()) <= {"sent", "unknown"}
        sent = {message_id for message_id, state in states.items() if state == "sent"}
        doubtful = states.keys() - sent
        assert sent <= set(accepted)
        assert 1 <= len(doubtful) <= KILLS * WORKERS

        # What is in doubt goes out again only when a person says so, and then everybody has theirs.
        states = portal.run(RESEND)
        accepted = {received.message["Message-ID"] for received in server.accepted}
        assert (accepted, set(states.values())) == (set(states), {"sent"})
