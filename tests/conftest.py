"""What every test stands on: no network, no memory of the test before, and a database that can be emptied."""

import ipaddress
import signal
import socket
from pathlib import Path

import hypothesis
import pytest
from django.core.cache import cache
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from django.db.backends.sqlite3.base import DatabaseOperations as SqliteOperations
from django.utils import translation

from tests import triggers
from tests.clock.readers import Readers, noted

# The same code gets the same answer, on a busy machine too. `--hypothesis-profile=default` goes looking further.
hypothesis.settings.register_profile(
    "portal", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("portal")


# A run in a shell's background ignores SIGINT, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--database-only", action="store_true", help="leave out what touches no database")
    parser.addoption("--note-clock-readers", type=Path, help="write the names of tests that read the clock there")
    parser.addoption("--clock-readers-only", type=Path, help="run only those whose names were written there")


def pytest_configure(config):
    if folder := config.getoption("--note-clock-readers"):
        config.pluginmanager.register(Readers(folder))


def pytest_collection_modifyitems(config, items):
    def keep(is_wanted):
        config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
        items[:] = [item for item in items if is_wanted(item)]

    if config.getoption("--database-only"):
        keep(lambda item: item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames))
    if folder := config.getoption("--clock-readers-only"):
        names = noted(folder)
        keep(lambda item: item.nodeid in names)


class NetworkIsShut(AssertionError):
    pass


def _is_here(address):
    if isinstance(address, (str, bytes)):  # a Unix socket
        return True
    host = address[0]
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _network_is_shut():
    """Lets tests reach this machine only: a fake of a provider is on loopback, the real one must never hear from us."""
    real_connect, real_connect_ex, real_lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def connect(self, address):
        if not _is_here(address):
            raise NetworkIsShut(f"a test tried to reach {address!r}")
        return real_connect(self, address)

    def connect_ex(self, address):
        if not _is_here(address):
            raise NetworkIsShut(f"a test tried to reach {address!r}")
        return real_connect_ex(self, address)

    def getaddrinfo(host, *args, **kwargs):
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _is_here((name, 0)):
            raise NetworkIsShut(f"a test tried to look up {name!r}")
        return real_lookup(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(scope="session", autouse=True)
def _database_can_be_emptied():
    """Lifts the triggers that keep the trail and signed notes while a test with real transactions clears up."""

    def without_triggers(flush):
        def execute_sql_flush(self, sql_list):
            with triggers.lifted(self.connection):
                flush(self, sql_list)

        return execute_sql_flush

    with pytest.MonkeyPatch.context() as patch:
        for operations in (SqliteOperations, PostgresOperations):
            patch.setattr(operations, "execute_sql_flush", without_triggers(operations.execute_sql_flush))
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Forgets rate limits and a chosen language between tests."""
    cache.clear()
    translation.deactivate()
