"""A busy portal whose database stops, and whose line to it is cut: seconds here, a minute by `manage.py outage`."""

import os
import socket
import sys
from contextlib import closing

import pytest
from django.conf import settings
from django.db import connection

from tests.outage import trial
from tests.outage.proxy import Proxy

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("postgres" not in settings.DATABASES["default"]["ENGINE"], reason="SQLite has no line"),
]

SECONDS = float(os.environ.get("PORTAL_OUTAGE_SECONDS", "6"))


@pytest.fixture
def proxy():
    told = connection.settings_dict
    host, port = told["HOST"] or "127.0.0.1", int(told["PORT"] or 5432)
    made = Proxy(f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port))
    yield made
    made.close()


def free_port():
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_outages_are_answered_at_once_and_end_with_their_cause(proxy, tmp_path, capsys):
    told, port = connection.settings_dict, free_port()
    who = f"{told['USER']}:{told['PASSWORD']}" if told["PASSWORD"] else told["USER"]
    environment = {
        "PORTAL_ENV": "test",
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": f"postgres://{who}@127.0.0.1:{proxy.port}/{told['NAME']}",
        # As in production, and unlike all other tests.
        "DATABASE_POOL": "on",
        "PORTAL_DATA_DIR": str(tmp_path),
        "PORT": str(port),
        "BIND": f"127.0.0.1:{port}",
        "WEB_CONCURRENCY": "2",
        "WEB_THREADS": "4",
        "WEB_LOG_LEVEL": "warning",
        "LOG_LEVEL": "CRITICAL",
    }
    with capsys.disabled():
        outcome = trial.run(
            proxy=proxy, environment=environment, host="127.0.0.1", seconds=SECONDS, say=sys.stdout.write
        )
    assert trial.faults(outcome) == []
