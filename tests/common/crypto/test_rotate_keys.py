import base64
import os
import signal
import subprocess
import sys
import threading
import time
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.common.crypto.ciphertext import seal
from portal.common.management.commands.rotate_keys import Command
from tests.common.crypto.sealed.models import Page

OLD, NEW, OTHER = (
    f"{name}:{base64.b64encode(byte * 32).decode()}" for name, byte in (("a_b", b"o"), ("aXb", b"n"), ("c", b"c"))
)


@pytest.fixture
def keys(settings):
    def turn(*keys):
        settings.PORTAL_ENCRYPTION_KEYS = ",".join(keys)

    turn(OLD)
    return turn


def rotate(*args):
    out, err = StringIO(), StringIO()
    try:
        call_command("rotate_keys", *args, stdout=out, stderr=err)
        code = 0
    except CommandError as problem:
        code = problem.returncode
        err.write(str(problem))
    return code, out.getvalue(), err.getvalue()


def key_ids(column="body"):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM sealed_page ORDER BY id")
        return [value and value.split(":")[1] for (value,) in cursor.fetchall()]


def pages(count):
    return [Page.objects.create(body=f"text {n}", answers={"n": n} if n % 2 else None) for n in range(count)]


@pytest.mark.django_db
def test_rotate_every_value_goes_to_the_first_key(keys):
    pages(7)
    keys(NEW, OLD)
    Page.objects.create(body="text 7")
    code, out, err = rotate("--batch", "3")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].startswith("sealed.Page: 3 of 7, ")
    assert out.splitlines()[2].startswith("sealed.Page: 7 of 7, ")
    assert "7 rows encrypted again under the key aXb." in out
    assert (set(key_ids()), set(key_ids("answers"))) == ({"aXb"}, {"aXb", None})
    keys(NEW)
    assert [(p.body, p.answers) for p in Page.objects.order_by("pk")] == [
        (f"text {n}", {"n": n} if n % 2 and n < 7 else None) for n in range(8)
    ]


@pytest.mark.django_db
def test_rotate_again_writes_nothing(keys):
    pages(3)
    keys(NEW, OLD)
    assert rotate()[0] == 0
    with CaptureQueriesContext(connection) as queries:
        assert rotate() == (0, "0 rows encrypted again under the key aXb.\n", "")
    assert not [q for q in queries if q["sql"].startswith("UPDATE")]


@pytest.mark.django_db
def test_rotate_touches_the_ciphertext_alone(keys):
    page = Page.objects.create(body="x", title="kept")
    keys(NEW, OLD)
    with CaptureQueriesContext(connection) as queries:
        rotate()
    [update] = [q["sql"] for q in queries if q["sql"].startswith("UPDATE")]
    assert update.split(" WHERE ")[0].count("=") == 1
    assert Page.objects.values_list("title", "code").get() == ("kept", page.code)


@pytest.mark.django_db
def test_dry_run_opens_everything_and_writes_nothing(keys):
    pages(3)
    keys(NEW, OLD)
    code, out, _err = rotate("--dry-run")
    assert (code, "3 rows would be encrypted again" in out) == (0, True)
    assert set(key_ids()) == {"a_b"}


@pytest.mark.django_db
def test_rotate_reports_what_does_not_open_and_goes_on(keys):
    good, tampered, lost = pages(3)
    keys(OTHER)
    sealed = seal(b"x", context=f"sealed.Page.body:{lost.code}")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sealed_page SET body = %s WHERE id = %s", [sealed.token, lost.pk])
        cursor.execute("UPDATE sealed_page SET body = %s WHERE id = %s", ["v1:a_b:" + "A" * 40, tampered.pk])
    keys(NEW, OLD)
    code, out, err = rotate("--batch", "1")
    assert code == 1
    assert f"sealed.Page pk {tampered.pk}: sealed.Page.body:{tampered.code} does not open" in err
    assert f"sealed.Page pk {lost.pk}: sealed.Page.body:{lost.code} was written with the key 'c'" in err
    assert "2 rows could not be opened" in err
    assert "2 rows encrypted again" in out
    assert key_ids() == ["aXb", "a_b", "c"]
    # The other value of the row that has a broken one went over all the same.
    assert key_ids("answers") == [None, "aXb", None]
    assert Page.objects.get(pk=good.pk).body == "text 0"
    keys(NEW, OLD, OTHER)
    rotate()
    assert Page.objects.get(pk=lost.pk).body == "x"


@pytest.mark.django_db
def test_check_says_which_keys_are_in_use(keys):
    pages(2)
    keys(NEW, OLD)
    Page.objects.create(body="x")
    code, out, err = rotate("--check")
    assert code == 1
    assert "sealed.Page.body: 2 under a_b (old)" in out
    assert "sealed.Page.body: 1 under aXb (current)" in out
    assert "3 values are not under the current key aXb" in err
    rotate()
    code, out, err = rotate("--check")
    assert (code, err) == (0, "")
    assert "The key a_b is used nowhere" in out
    assert "Every value is under the current key aXb." in out
    keys(OLD)
    code, out, err = rotate("--check")
    assert (code, "3 under aXb (NOT IN THE SETTING)" in out) == (1, True)
    assert "4 values need a key that is not in PORTAL_ENCRYPTION_KEYS" in err


@pytest.mark.django_db
def test_rotate_leaves_a_value_that_somebody_saved_meanwhile(keys):
    page = Page.objects.create(body="old words")
    keys(NEW, OLD)

    class Slow(Command):
        def write(self, model, changes):
            other = Page.objects.get(pk=page.pk)
            if other.body == "old words":
                other.body = "new words"
                other.save()
            return super().write(model, changes)

    out = StringIO()
    call_command(Slow(stdout=out))
    assert Page.objects.get().body == "new words"
    assert key_ids() == ["aXb"]


@pytest.mark.django_db
def test_rotate_bad_settings_are_said(keys):
    keys("nonsense")
    code, _out, err = rotate()
    assert (code, "not of the form id:base64" in err) == (1, True)
    keys(OLD)
    assert rotate("--batch", "0")[2] == "--batch must be at least 1."


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks no rows")
def test_rotate_waits_for_nobody_and_comes_back(keys):
    page, other = pages(2)
    keys(NEW, OLD)
    held, release = threading.Event(), threading.Event()

    def holder():
        with transaction.atomic():
            Page.objects.select_for_update().get(pk=page.pk)
            held.set()
            release.wait(20)
        connection.close()

    thread = threading.Thread(target=holder)
    thread.start()
    assert held.wait(10)
    began = time.monotonic()
    code, _out, err = rotate()
    assert (code, "1 rows were busy" in err, key_ids()) == (1, True, ["a_b", "aXb"])
    assert time.monotonic() - began < 5
    release.set()
    thread.join()
    assert rotate()[0] == 0
    assert key_ids() == ["aXb", "aXb"]
    assert other.body == "text 1"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_rotate_stopped_and_run_again(keys, number, settings):
    """A real process is stopped in the middle; what it did stays done, and the next run does the rest."""
    Page.objects.bulk_create([Page(body=f"text {n}") for n in range(1500)])
    keys(NEW, OLD)
    name = str(connection.settings_dict["NAME"])
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, name],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "PORTAL_ENCRYPTION_KEYS": f"{NEW},{OLD}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert runner.stdout.readline().startswith("sealed.Page: 2 of 1500")
    runner.send_signal(number)
    _out, err = runner.communicate(timeout=20)
    assert runner.returncode == {signal.SIGINT: 130, signal.SIGKILL: -9}[number]
    assert ("Stopped. What is done is done" in err) is (number == signal.SIGINT)
    done = key_ids().count("aXb")
    assert 2 <= done < 1500
    code, out, _err = rotate("--batch", "500")
    assert (code, f"{1500 - done} rows encrypted again" in out) == (0, True)
    assert set(key_ids()) == {"aXb"}
    assert {p.body for p in Page.objects.all()} == {f"text {n}" for n in range(1500)}


RUNNER = """
import sys, django
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()
from django.core.management import ManagementUtility
ManagementUtility(["manage.py", "rotate_keys", "--batch", "2", "--skip-checks"]).execute()
"""
