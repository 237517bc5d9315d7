"""The fences around the tests themselves."""

import socket
import urllib.request
import warnings
from contextlib import closing

import pytest
from django.core.management import call_command
from django.db import connection

from portal.audit import trail
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from tests import triggers


def test_network_is_shut():
    with (
        closing(socket.socket()) as line,
        pytest.raises(AssertionError, match=r"tried to reach \('192\.0\.2\.1', 443\)"),
    ):
        line.connect(("192.0.2.1", 443))
    with pytest.raises(AssertionError, match=r"tried to look up 'api\.stripe\.com'"):
        urllib.request.urlopen("https://api.stripe.com/")


def test_loopback_is_open():
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        closing(socket.create_connection(server.getsockname(), timeout=5)) as line,
    ):
        assert line.getpeername() == server.getsockname()


def test_warnings_are_errors():
    with pytest.raises(UserWarning, match="careful"):
        warnings.warn("careful", stacklevel=1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_guarded_tables_are_empty_again_for_the_next_test(turn, django_user_model):
    """The triggers that keep the trail are lifted between tests with real transactions, and put back."""
    assert Entry.objects.count() == 0
    trail.record("test.ran", by=Actor.system("test"))
    with connection.cursor() as cursor, pytest.raises(Exception, match="trail"):
        cursor.execute("DELETE FROM audit_entry")
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_leaves_a_table_unguarded_is_told_and_nobody_after_them_fails():
    before = triggers.standing(connection)
    with connection.cursor() as cursor:
        on = {"sqlite": "audit_entry_no_delete", "postgresql": "audit_entry_guard ON audit_entry"}
        cursor.execute(f"DROP TRIGGER {on[connection.vendor]}")
    with pytest.raises(AssertionError, match="1 triggers are gone, such as audit_entry_"):
        call_command("flush", interactive=False, verbosity=0)
    assert triggers.standing(connection) == before
