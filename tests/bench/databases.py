"""An empty database to measure on, gone afterwards: on the server of DATABASE_URL, on one of our own, or a file."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

PLACES = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin")


# What a run of the tests has migrated: see tests/template.py.
TEMPLATE = "PORTAL_TEST_TEMPLATE"


class NoPostgres(Exception):
    """Carries one sentence that says the cure."""


def is_postgres(url: str) -> bool:
    return urlsplit(url).scheme in {"postgres", "postgresql", "pgsql"}


@contextmanager
def sqlite(folder: Path) -> Iterator[tuple[str, str]]:
    """The address of the database, and its name in words. In a run of the tests its tables are there already."""
    import sqlite3

    path = folder / "bench.sqlite3"
    if (migrated := Path(os.environ.get(TEMPLATE, ""))).is_file():
        shutil.copyfile(migrated, path)
    yield f"sqlite:///{path}", f"SQLite {sqlite3.sqlite_version}"


@contextmanager
def new_database(url: str) -> Iterator[tuple[str, str]]:
    """A database of our own beside the one that `url` names, which is not touched."""
    name = f"portal_bench_{secrets.token_hex(4)}"
    with closing(psycopg.connect(url, autocommit=True)) as server:
        version = server.info.parameter_status("server_version")
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}")), f"PostgreSQL {version}"
    finally:
        # By a new line: the server may have been restarted meanwhile.
        with closing(psycopg.connect(url, autocommit=True)) as server:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def find_postgres() -> Path | None:
    """The folder of the newest server programs on this machine."""
    if given := os.environ.get("PGBIN"):
        return Path(given)
    found = sorted((path for place in PLACES for path in Path("/").glob(f"{place[1:]}/initdb")), key=_version)
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def _version(path: Path) -> list[int]:
    return [int(part) for part in "".join(c if c.isdigit() else " " for c in str(path)).split()]


@contextmanager
def own_cluster(programs: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """A PostgreSQL with its own settings as they come, but for room to write ahead while rows pour in."""
    place = folder / "postgres"
    place.mkdir()
    if os.geteuid() == 0:
        # PostgreSQL refuses to run as root, and has to reach its folder.
        folder.chmod(0o711)
        shutil.chown(place, "postgres")
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    initdb: list[str | Path] = ["--username=portal", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    options = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={place} -c max_wal_size=4GB"
    _as_postgres([programs / "initdb", f"--pgdata={place}/data", *initdb])
    control: list[str | Path] = [programs / "pg_ctl", f"--pgdata={place}/data", "--silent"]
    try:
        _as_postgres([*control, f"--log={place}/log", "--wait", f"--options={options}", "start"])
        with new_database(f"postgres://portal@127.0.0.1:{port}/postgres") as made:
            yield made
    finally:
        _as_postgres([*control, "--mode=immediate", "stop"], must=False)


def restart(programs: Path, folder: Path) -> None:
    """Stops the cluster that `own_cluster` made in this folder as a power cut would, and starts it again."""
    place = folder / "postgres"
    words: list[str | Path] = [f"--pgdata={place}/data", "--silent", f"--log={place}/log", "--wait"]
    _as_postgres([programs / "pg_ctl", *words, "--mode=immediate", "restart"])


def _as_postgres(command: Sequence[str | Path], *, must: bool = True) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    # Not into a pipe: the server inherits it, and would keep it open.
    done = subprocess.run(words, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if must and done.returncode:
        raise NoPostgres(f"{words[-1]}: {Path(str(command[0])).name} failed. Give a server by DATABASE_URL instead.")
