"""The web server's own settings, on a small application that says which process answers."""

import http.client
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from wsgiref.util import setup_testing_defaults

import pytest
from gunicorn.http.errors import LimitRequestLine

from portal.ops import bounded_worker
from portal.ops.bounded_worker import BoundedWorker, Whole
from portal.ops.processes import Child, wait_until_it_answers

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = """
import gc, os
def application(environ, start_response):
    start_response("200 OK", [])
    return [f"{os.getpid()} {gc.get_freeze_count() > 0} {gc.get_threshold()[0]} {os.getppid()}".encode()]
"""

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads connections over listeners")


@pytest.fixture
def port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def command(tmp_path):
    (tmp_path / "who_answers.py").write_text(APPLICATION)
    config = str(ROOT / "portal" / "ops" / "gunicorn.py")
    return [sys.executable, "-m", "gunicorn", "who_answers", "--config", config, "--chdir", str(tmp_path)]


@contextmanager
def serving(command, port):
    server = Child(command, env={"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "2", "WEB_LOG_LEVEL": "warning"})
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/", server, seconds=20)
        yield server
    finally:
        server.stop(grace=10)


def ask(port):
    """What is answered to 32 connections, one after the other: each goes to any of the processes."""
    answers = []
    for _ in range(32):
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as line:
            line.request("GET", "/")
            answers.append(line.getresponse().read().decode().split())
    return answers


def wait_until(condition):
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.1)


@linux
def test_kept_connections_are_spread_over_the_processes(command, port):
    with serving(command, port):
        # The first process answers before the second is there.
        wait_until(lambda: len({process for process, *_ in ask(port)}) == 2)
        lines = [http.client.HTTPConnection("127.0.0.1", port, timeout=20) for _ in range(32)]
        answers = []
        for line in lines:
            line.request("GET", "/")
            answers.append(line.getresponse().read().decode().split())
        for line in lines:
            line.close()
    by_process = Counter(process for process, *_ in answers)
    # Each of 32 goes to either by chance: fewer than 4 on one of them happens once in half a million times.
    assert len(by_process) == 2
    assert min(by_process.values()) >= 4
    assert {tuple(rest[:2]) for _, *rest in answers} == {("True", "50000")}


@linux
def test_port_of_another_portal_is_refused(command, port):
    with serving(command, port):
        second = subprocess.run(
            command, env={**os.environ, "BIND": f"127.0.0.1:{port}"}, capture_output=True, text=True, timeout=60
        )
    assert second.returncode == 1
    assert f"Can't listen on 127.0.0.1:{port}: Address already in use" in second.stderr


@pytest.mark.parametrize("bind", ["unix:/run/portal.sock", "fd://3"])
def test_socket_that_can_not_be_shared_is_not(bind):
    """Each process would put a socket file of its own in the place of the one before."""
    code = "import runpy; print(runpy.run_path('portal/ops/gunicorn.py')['reuse_port'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "BIND": bind}, cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout == "False\n"


@linux
def test_upgrade_in_place_starts_the_new_beside_the_old(command, port, tmp_path):
    """USR2 with listeners of its own: gunicorn has none to hand over."""

    def masters():
        return {master for *_, master in ask(port)}

    with serving(command, port) as server:
        old = str(server.pid)
        assert masters() == {old}
        os.kill(server.pid, signal.SIGUSR2)
        wait_until(lambda: len(masters()) == 2)
        (new,) = masters() - {old}
        try:
            os.kill(server.pid, signal.SIGTERM)
            wait_until(lambda: not server.is_running())
            assert masters() == {new}
        finally:
            os.kill(int(new), signal.SIGKILL)


def test_an_address_longer_than_is_read_is_answered_in_the_portals_words():
    """No database mark: a query would fail this test."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        worker = object.__new__(BoundedWorker)
        worker.handle_error(None, ours, None, LimitRequestLine(9000, 8190))
        ours.shutdown(socket.SHUT_WR)
        with theirs.makefile("rb") as answer:
            head, _blank, page = answer.read().partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0] == b"HTTP/1.1 414 URI Too Long"
    assert f"Content-Length: {len(page)}".encode() in head
    assert b"<h1>This address is too long</h1>" in page


@pytest.mark.parametrize(
    ("front", "words"), [("/", "That was too much at once"), ("/vi/", "Nội dung gửi cùng lúc quá lớn")]
)
def test_a_body_longer_than_is_read_is_answered_in_the_portals_words(monkeypatch, front, words):
    """No database mark: a query would fail this test."""
    monkeypatch.setattr(bounded_worker, "LONGEST_BODY", 1000)
    lines, said = SimpleNamespace(own=SimpleNamespace(until=0.0)), []

    def never(environ, start_response):
        raise AssertionError("it came to the portal")

    environ = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": "POST", "PATH_INFO": f"{front}my/documents/", "wsgi.input": io.BytesIO(b"d" * 1001)}
    [page] = Whole(never, 1, lines)(environ, lambda status, headers: said.append((status, dict(headers))))
    [(status, headers)] = said
    assert status == "413 Content Too Large"
    assert (headers["Content-Type"], headers["Content-Length"]) == ("text/html; charset=utf-8", str(len(page)))
    assert headers["Connection"] == "close"
    assert f"<h1>{words}</h1>" in page.decode()
