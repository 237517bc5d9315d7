"""What every test stands on: no network, no memory of the test before, and a database that can be emptied."""

import gc
import ipaddress
import signal
import socket
from pathlib import Path

import hypothesis
import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.management.commands import flush
from django.db import connections, transaction
from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from django.db.backends.sqlite3.base import DatabaseOperations as SqliteOperations
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

from portal.common import guards, kept, schedules
from portal.common.web import once
from tests import slow_work, triggers
from tests.clock.readers import Readers, noted
from tests.selection import FEW_EXAMPLES, is_never_selected, selected_for_a_second_database, takes_long
from tests.template import begin_with_a_copy

# The same code gets the same answer, on a busy machine too. `--hypothesis-profile=default` goes looking further.
hypothesis.settings.register_profile(
    "portal", derandomize=True, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
# What is asked anew each time, and takes minutes: see tests/appointments/test_openings_*.py.
hypothesis.settings.register_profile(
    "thorough", max_examples=50_000, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile("few", hypothesis.settings.get_profile("portal"), max_examples=FEW_EXAMPLES)
hypothesis.settings.load_profile("portal")


# A run in a shell's background ignores SIGINT, and so would every process that a test starts and interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser):
    parser.addoption("--database-only", action="store_true", help="leave out what differs on no database")
    parser.addoption("--note-clock-readers", type=Path, help="write the names of tests that read the clock there")
    parser.addoption("--clock-readers-only", type=Path, help="run only those whose names were written there")


# Few objects hold each other in rings: at Python's own threshold, looking for them would be a tenth of a run.
GARBAGE_EVERY = 50_000


def pytest_configure(config):
    # What is collected and imported stays until the end: there is nothing to find among it.
    gc.disable()
    if config.getoption("--database-only"):
        hypothesis.settings.load_profile("few")
    if folder := config.getoption("--note-clock-readers"):
        config.pluginmanager.register(Readers(folder))


def pytest_ignore_collect(collection_path, config):
    if config.getoption("--database-only") and collection_path.name.startswith("test_"):
        name = collection_path.relative_to(config.rootpath).as_posix()
        return True if is_never_selected(collection_path, name) else None
    return None


def pytest_collection_modifyitems(config, items):
    items.sort(key=takes_long, reverse=True)

    def keep(is_wanted):
        config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
        items[:] = [item for item in items if is_wanted(item)]

    # Minutes each, of steps that never change again: before a release, and where one of them is touched.
    if "older" not in config.getoption("markexpr"):
        keep(lambda item: not item.get_closest_marker("older"))
    if config.getoption("--database-only"):
        keep(selected_for_a_second_database(items).__contains__)
        for item in items:
            made_up_values = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
            if made_up_values is not None:
                few = hypothesis.settings(made_up_values, max_examples=min(FEW_EXAMPLES, made_up_values.max_examples))
                item.obj._hypothesis_internal_use_settings = few
    if folder := config.getoption("--clock-readers-only"):
        names = noted(folder)
        keep(lambda item: item.nodeid in names)


def pytest_collection_finish():
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_EVERY, 20, 20)
    gc.enable()


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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix) -> None:
    """Gives each worker a database of its own: a copy of the run's template, where there is one."""
    begin_with_a_copy()


@pytest.fixture(scope="session", autouse=True)
def _network_is_shut():
    """Lets tests reach this machine only: a fake of a provider is on loopback, the real one must never hear from us."""
    real_connect, real_connect_ex, real_lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def connect(self, address):
        if not _is_here(address):
            raise NetworkIsShut(f"a test tried to reach {address!r}")
        slow_work.refuse("another server is called")
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
def _nothing_slow_while_others_wait():
    """Fails what draws a PDF, encodes a picture, hashes a password or puts a file away inside a transaction."""
    with pytest.MonkeyPatch.context() as patch:
        slow_work.watch(patch)
        yield


# Rows that Django writes after a migration, and that no test changes.
FOLLOW_MIGRATIONS = {"django_content_type", "auth_permission"}
# Rows that migrations themselves write, such as Medicare's items, by their models.
_migrated = {}
# The names of the triggers that a new database has.
_triggers = set()


class LeftUnguarded(AssertionError):
    pass


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Remembers what a new database holds, to put it back after a test with real transactions.

    Which tests share a database with one is up to whichever worker is free.
    """
    with django_db_blocker.unblock():
        for model in apps.get_models():
            is_cleared = model._meta.managed and model._meta.db_table not in FOLLOW_MIGRATIONS
            if is_cleared and (rows := [*model._base_manager.all()]):
                _migrated[model] = rows
        _triggers.update(triggers.standing(connections["default"]))


@pytest.fixture(scope="session", autouse=True)
def _database_can_be_emptied():
    """Clears up after a test with real transactions, past the triggers that keep the trail and signed notes.

    What migrations wrote comes back. Django would empty every table, then do all that follows a migration, and guard
    every table anew. On PostgreSQL that takes longer than most of these tests.
    """

    def execute_sql_flush(self, sql_list):
        tables = self.connection.introspection.django_table_names(only_existing=True, include_views=False)
        with self.connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT '{t}' WHERE EXISTS (SELECT 1 FROM \"{t}\")" for t in tables))
            held = {table for (table,) in cursor.fetchall()} - FOLLOW_MIGRATIONS
        with triggers.lifted(self.connection, *held), transaction.atomic(), self.connection.cursor() as cursor:
            for table in held:
                cursor.execute(f'DELETE FROM "{table}"')
            for model, rows in _migrated.items():
                model._base_manager.using(self.connection.alias).bulk_create(rows)

    def after_flush(verbosity, interactive, database):
        """Of what the signal does, the two things that a test needs; the triggers that renew the stamp were lifted."""
        schedules.ensure()
        kept.renew(connections[database])
        # No model either: what was pressed in one test is nothing to the next.
        with connections[database].cursor() as cursor:
            cursor.execute(f"DELETE FROM {once.TABLE}")
        # The tests after it would fail in its place: what processes keep would never be read again.
        if gone := _triggers - triggers.standing(connections[database]):
            guards.restore(connections[database])
            raise LeftUnguarded(f"{len(gone)} triggers are gone, such as {min(gone)}: migrate by the command")

    with pytest.MonkeyPatch.context() as patch:
        for operations in (SqliteOperations, PostgresOperations):
            patch.setattr(operations, "execute_sql_flush", execute_sql_flush)
        patch.setattr(flush, "emit_post_migrate_signal", after_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_listed_once():
    """Every client of a test has middleware of its own, and each would look all the files up again: 20 ms of work."""
    listed: dict[str, dict[str, object]] = {}
    look = WhiteNoiseMiddleware.add_files_from_finders

    def add_files_from_finders(self: WhiteNoiseMiddleware) -> None:
        if self.static_prefix not in listed:
            look(self)
            listed[self.static_prefix] = dict(self.files)
        self.files.update(listed[self.static_prefix])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files_from_finders)
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """Forgets rate limits and a chosen language between tests."""
    cache.clear()
    translation.deactivate()
