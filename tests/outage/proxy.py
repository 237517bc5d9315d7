"""A line to the database that can be cut: it closes everything, or takes everything and passes nothing on."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import StrEnum


class Way(StrEnum):
    THROUGH = "through"
    # As a server that was stopped: connections are closed, new ones refused.
    STOPPED = "stopped"
    # As a cable that was cut, behind something that still answers for it: nothing is closed, nothing comes back.
    CUT = "cut"


class Proxy:
    """Listens on a port of this machine and passes on to `target`, one thread each way."""

    def __init__(self, target: tuple[str, int] | str) -> None:
        self.target = target
        self.way = Way.THROUGH
        self._lines: set[socket.socket] = set()
        self._listener: socket.socket | None = None
        self._closed = threading.Event()
        self.port = self._listen(0)

    def _listen(self, port: int) -> int:
        listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener.getsockname()[1]

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self._lines.add(near)
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        if self.way == Way.CUT:
            # Taken, and never spoken to; also after the line is mended.
            return
        try:
            far = socket.create_connection(self.target) if isinstance(self.target, tuple) else _unix(self.target)
        except OSError:
            near.close()
            return
        self._lines.add(far)
        for pair in ((near, far), (far, near)):
            threading.Thread(target=self._pump, args=pair, daemon=True).start()

    def _pump(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if self.way == Way.CUT:
                    # This connection is lost for good: the other end's packets went nowhere.
                    self._closed.wait()
                    break
                to.sendall(data)
        for line in (source, to):
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
            line.close()
            self._lines.discard(line)

    def turn(self, way: Way) -> None:
        """From now on the line is like this."""
        before, self.way = self.way, way
        if way == Way.STOPPED and self._listener is not None:
            self._end(self._listener)
            self._listener = None
            for line in list(self._lines):
                self._end(line)
            self._lines.clear()
        if before == Way.STOPPED and way != Way.STOPPED:
            self._listen(self.port)

    @staticmethod
    def _end(line: socket.socket) -> None:
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)
        line.close()

    def close(self) -> None:
        self._closed.set()
        self.turn(Way.STOPPED)


def _unix(path: str) -> socket.socket:
    far = socket.socket(socket.AF_UNIX)
    far.connect(path)
    return far
