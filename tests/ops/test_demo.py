"""The demo as a person starts it: one command, in a folder of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from portal.common.crypto.keys import MAKERS
from portal.ops.processes import manage

ANSWERS_WITHIN = 60
# What this run of the tests has set for itself.
OURS = {"DATABASE_URL", "DJANGO_SETTINGS_MODULE", "PORTAL_ENV", "PORT"}


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder, **more):
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return {**kept, "PORTAL_DATA_DIR": str(folder), "PORTAL_NO_VENV": "1", **more}


def run(folder, *words, **more):
    return subprocess.run(
        manage("demo", *words),
        env=environment(folder, **more),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def change(folder, sql):
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        database.execute(sql)
        database.commit()


@pytest.fixture(scope="module")
def begun_afresh(tmp_path_factory):
    """A demo that lost its keys, and is set up anew: its folder, the keys of before, and what was told without them."""
    folder = tmp_path_factory.mktemp("demo") / "data"
    (folder / "mail").mkdir(mode=0o700, parents=True)
    folder.chmod(0o700)
    (folder / "mail" / "of-before.log").touch()
    # One whose first start was cut off.
    change(folder, "CREATE TABLE django_migrations (of_before TEXT)")
    without_keys = run(folder, "--set-up-only")
    old_keys = "".join(f"{name}={make()}\n" for name, make in MAKERS.values())
    (folder / "keys.env").write_text(old_keys)
    done = run(folder, "--set-up-only", "--fresh", "--port", "8123")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Moving a clinic in ..." in done.stdout
    return folder, old_keys, without_keys


@pytest.fixture(scope="module")
def folder(begun_afresh):
    """A demo that has been set up once, for the tests of this file in their order."""
    return begun_afresh[0]


def test_lost_keys_are_told_and_fresh_begins_again(begun_afresh):
    folder, old_keys, without_keys = begun_afresh
    assert without_keys.returncode == 1
    assert "Begin again with --fresh." in without_keys.stderr
    assert (folder / "keys.env").read_text() != old_keys
    assert not (folder / "mail" / "of-before.log").exists()
    with closing(sqlite3.connect(folder / "portal.sqlite3")) as database:
        columns = {row[1] for row in database.execute("PRAGMA table_info(django_migrations)")}
    assert columns == {"id", "app", "name", "applied"}


def test_demos_keys_are_its_own_and_nobody_elses(folder):
    path = folder / "keys.env"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [line.split("=")[0] for line in path.read_text().splitlines()] == [
        "SECRET_KEY",
        "PORTAL_ENCRYPTION_KEYS",
        "TRAIL_KEY",
    ]


def test_the_mails_that_the_clinic_moves_in_with_lead_to_where_the_demo_runs(folder):
    asked = "from portal.notifications.models import Notice as N; [print(n.text, n.html) for n in N.objects.all()]"
    keys = dict(line.split("=", 1) for line in (folder / "keys.env").read_text().splitlines())
    shown = subprocess.run(
        manage("shell", "--no-imports", "-c", asked),
        env=environment(folder, PORTAL_ENV="demo", **keys),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    assert set(re.findall(r"http://127\.0\.0\.1:\d+", shown)) == {"http://127.0.0.1:8123"}


def test_demo_answers_prints_its_sign_ins_and_leaves_nobody_behind(folder):
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    process = subprocess.Popen(
        manage("demo", "--port", str(port)),
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    for line in process.stdout:
        said.append(line)
        if "Ctrl-C stops it" in line:
            break
    words = "".join(said)
    assert f"The portal is running at {address}" in words
    assert "Moving a clinic in" not in words
    for person in ("patient", "patient2", "psychologist", "psychologist2", "reception", "manager"):
        assert f"{person}@demo.example" in words
    with urllib.request.urlopen(address, timeout=ANSWERS_WITHIN) as page:
        assert "Banksia Lane Psychology" in page.read().decode()

    second = run(folder, "--port", str(free_port()))
    assert (second.returncode, "already running" in second.stderr) == (1, True)

    children = set(descendants(process.pid))
    assert len(children) >= 4 or sys.platform != "linux"
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert rest.endswith("The demo has stopped. What was done in it is kept; --fresh begins again.\n")
    assert [pid for pid in children if Path(f"/proc/{pid}").exists()] == []
    with closing(socket.socket()) as probe, pytest.raises(ConnectionRefusedError):
        probe.connect(("127.0.0.1", port))


def descendants(parent):
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            own_parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except (OSError, IndexError):
            continue
        if own_parent == parent:
            yield int(path.parent.name)
            yield from descendants(int(path.parent.name))


def test_busy_port_is_one_sentence(folder):
    with closing(socket.socket()) as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        began = time.monotonic()
        done = run(folder, "--port", str(port))
    assert done.returncode == 1
    assert done.stderr.startswith(f"CommandError: Port {port} can't be used")
    assert f"python3 manage.py demo --port {port + 1}" in done.stderr
    assert time.monotonic() - began < 20


def test_demo_never_uses_a_database_that_is_named_to_it(folder):
    done = run(folder, "--set-up-only", DATABASE_URL="postgres://portal@db.example.com/clinic")
    assert done.returncode == 1
    assert "the demo never touches a clinic's database" in done.stderr


@pytest.mark.parametrize("words", [["--set-up-only"], ["--set-up-only", "--fresh"]])
def test_demo_leaves_a_real_clinic_alone(folder, words):
    change(folder, "UPDATE clinic_clinicsettings SET is_demo = 0")
    before = (folder / "portal.sqlite3").read_bytes()
    done = run(folder, *words)
    assert done.returncode == 1
    assert "holds something other than a demo" in done.stderr
    assert (folder / "portal.sqlite3").read_bytes() == before
    change(folder, "UPDATE clinic_clinicsettings SET is_demo = 1")
