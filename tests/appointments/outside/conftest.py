"""Servers that answer on this machine, and a net in which their names have public numbers."""

import socket
import threading
from contextlib import suppress

import pytest

from portal.appointments.outside.fetching import Net

PUBLIC = "93.184.216.34"


class Server:
    """Answers each connection in a thread of its own by `answer(request, send)`, and remembers what it was asked."""

    def __init__(self, answer):
        self.answer, self.requests = answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                line, _address = self.listener.accept()
                threading.Thread(target=self._talk, args=[line], daemon=True).start()

    def _talk(self, line):
        with line, suppress(OSError):
            asked = b""
            while b"\r\n\r\n" not in asked:
                part = line.recv(4096)
                if not part:
                    return
                asked += part
            self.requests.append(asked.decode())
            self.answer(asked.decode(), line.sendall)

    def close(self):
        self.listener.close()


@pytest.fixture
def serve(settings):
    """Starts a server; gives it back with the net in which every name leads to it."""
    settings.OUTSIDE_CALENDARS_OVER_HTTP = True
    servers = []

    def start(answer, numbers=None, **limits):
        if isinstance(answer, bytes):
            body = answer

            def answer(asked, send):
                send(b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n\r\n" + body)

        server = Server(answer)
        servers.append(server)
        looked_up = server.looked_up = []

        def look_up(host, port):
            looked_up.append(host)
            return (numbers or {}).get(host, [PUBLIC])

        def connect(number, port, timeout):
            server.number = number
            return socket.create_connection(("127.0.0.1", server.port), timeout=timeout)

        return server, Net(look_up=look_up, connect=connect, **limits)

    yield start
    for server in servers:
        server.close()
