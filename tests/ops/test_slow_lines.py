"""Slow people hold no thread that others need: half-sent heads and bodies, and readers that read nothing."""

import http.client
import os
import socket
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest

from portal.ops.processes import Child, wait_until_it_answers

ROOT = Path(__file__).resolve().parents[2]
APPLICATION = """
class Answer(list):
    streaming = False
    content = b""
    def close(self):
        pass
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    answer = Answer()
    answer.content = b"x" * 8_000_000 if environ["PATH_INFO"] == "/long" else str(len(body)).encode()
    start_response("200 OK", [("Content-Length", str(len(answer.content)))])
    return answer
"""
MANY = 20


@pytest.fixture
def port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(tmp_path, port, **more):
    (tmp_path / "slow_lines.py").write_text(APPLICATION)
    config = str(ROOT / "portal" / "ops" / "gunicorn.py")
    command = [sys.executable, "-m", "gunicorn", "slow_lines", "--config", config, "--chdir", str(tmp_path)]
    given = {"BIND": f"127.0.0.1:{port}", "WEB_CONCURRENCY": "1", "WEB_THREADS": "2", "WEB_LOG_LEVEL": "warning"}
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    server = Child(command, env={**given, "PYTHONPATH": path, **more})
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/", server, seconds=20)
        yield
    finally:
        server.stop(grace=10)


def seconds_to_answer(port, body=b""):
    """How long somebody in the same moment waits for a small page; the answer is the length of what they sent."""
    began = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as line:
        line.request("POST", "/", body)
        assert line.getresponse().read() == str(len(body)).encode()
    return time.monotonic() - began


SLOW = {
    "half a head": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nhalf",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\nhalf",
    "a reader that reads nothing": b"GET /long HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "nothing at all": b"",
}


@pytest.mark.parametrize("what", SLOW)
def test_others_are_answered_meanwhile(tmp_path, port, what):
    with serving(tmp_path, port), ExitStack() as held:
        for _ in range(MANY):
            line = held.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
            line.sendall(SLOW[what])
        time.sleep(1)
        assert max(seconds_to_answer(port, b"y" * 200_000) for _ in range(3)) < 2


@pytest.mark.parametrize("what", ["half a head", "half a body", "half a chunk"])
def test_a_line_that_drips_ends_all_the_same(tmp_path, port, what):
    """A byte a second would begin a wait for silence anew each time."""
    with serving(tmp_path, port), closing(socket.create_connection(("127.0.0.1", port))) as line:
        line.sendall(SLOW[what])
        began, ended = time.monotonic(), None
        while ended is None and time.monotonic() < began + 20:
            time.sleep(1)
            try:
                line.sendall(b"z")
                line.settimeout(0.01)
                if line.recv(100) == b"":
                    ended = time.monotonic() - began
            except TimeoutError:
                continue
            except OSError:
                ended = time.monotonic() - began
        assert ended is not None
        assert ended < 15


def test_without_a_proxy_one_address_holds_a_quarter(tmp_path, port):
    with serving(tmp_path, port, BEHIND_PROXY="off", WEB_LINES="16"), ExitStack() as held:
        for _ in range(MANY):
            line = held.enter_context(closing(socket.create_connection(("127.0.0.1", port))))
            line.sendall(SLOW["half a head"])
        time.sleep(1)
        # Of the same address, so refused as well; from another, answered at once.
        with pytest.raises((OSError, http.client.HTTPException)):
            seconds_to_answer(port)
        with closing(socket.create_connection(("127.0.0.1", port), source_address=("127.0.0.2", 0))) as other:
            other.settimeout(5)
            other.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert other.recv(100).startswith(b"HTTP/1.1 200")


def test_a_body_comes_whole(tmp_path, port):
    with serving(tmp_path, port):
        assert seconds_to_answer(port, b"z" * 3_000_000) < 5
