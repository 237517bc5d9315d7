"""Sets up and runs a believable clinic on this machine: database, people, web server and queue."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import signal
import socket
import sys
import time
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from portal.common.crypto import keys
from portal.ops import demo
from portal.ops.demo import cards
from portal.ops.processes import Child, gunicorn, manage, wait_until_it_answers

# Seconds that the server may take to answer for the first time, and that each part has to end.
STARTS_WITHIN, STOPS_WITHIN = 60, 20
# What the stand-ins keep: for Stripe its payments, for Twilio its texts.
STAND_IN, PHONES = "stripe-stand-in.json", "twilio-stand-in.json"
# Of the range that is kept for fiction.
FROM = "+61491570990"


class Command(BaseCommand):
    help = "Sets up and runs a believable clinic on this machine."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=os.environ.get("PORT", "8000"), help="8000 by default.")
        parser.add_argument(
            "--host", default="127.0.0.1", help="The address to listen at; this machine only by default."
        )
        parser.add_argument("--fresh", action="store_true", help="Forget what was done in the demo and begin again.")
        parser.add_argument("--set-up-only", action="store_true", help="Set everything up, but don't run it.")

    def handle(self, *, port: int, host: str, fresh: bool, set_up_only: bool, **options: Any) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.default_int_handler)
        folder = settings.DATA_DIR
        self._refuse_a_real_clinic()
        if not set_up_only:
            _refuse_a_busy_port(host, port)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _only_one(folder):
                if fresh:
                    self._forget(folder)
                _make_keys(folder)
                # The clinic moves in with mails behind it: their links lead to where the demo will run.
                settings.PORTAL_BASE_URL = f"http://{host}:{port}"
                settings.VIDEO = "http://127.0.0.1:0"
                self._fill(folder)
                if not set_up_only:
                    self._run(host, port)
        except KeyboardInterrupt:
            self.stdout.write("\nThe demo has stopped. What was done in it is kept; --fresh begins again.")

    def _refuse_a_real_clinic(self) -> None:
        if os.environ.get("DATABASE_URL"):
            raise CommandError(
                "DATABASE_URL is set, and the demo never touches a clinic's database. "
                "Unset it for the demo: env -u DATABASE_URL python3 manage.py demo"
            )
        path = Path(settings.DATABASES["default"]["NAME"])
        if path.exists() and not demo.may_use_database():
            raise CommandError(
                f"{path} holds something other than a demo, so the demo leaves it alone. "
                "Give the demo a folder of its own: PORTAL_DATA_DIR=/some/folder python3 manage.py demo"
            )

    def _forget(self, folder: Path) -> None:
        self.stdout.write("Beginning afresh ...")
        connections.close_all()
        for path in folder.iterdir():
            if path.name.startswith("portal.sqlite3") or path.name in {"keys.env", STAND_IN, PHONES}:
                path.unlink()
            elif path.name in {"mail", "uploads"}:
                shutil.rmtree(path)

    def _fill(self, folder: Path) -> None:
        self.stdout.write("Preparing the database ...")
        # Asking first is much quicker than `migrate`, which looks at everything again.
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
            call_command("createcachetable", verbosity=0)
        if not demo.is_seeded():
            self.stdout.write("Moving a clinic in ...")
            with cards.taken_online():
                demo.seed(say=self.stdout.write)
            cards.put_on_file(path=folder / STAND_IN)
        Path(settings.EMAIL_FILE_PATH).mkdir(exist_ok=True)
        connections.close_all()

    def _run(self, host: str, port: int) -> None:
        address = f"http://{host}:{port}/"
        environment = {"BIND": f"{host}:{port}", "PORTAL_BASE_URL": address, "WEB_LOG_LEVEL": "warning"}
        till = _free_port(host, port + 1)
        environment |= _stripe_keys(f"http://{_reached_at(host)}:{till}")
        lines = _free_port("127.0.0.1", till + 1)
        environment["VIDEO"] = f"http://127.0.0.1:{lines}"
        phones = _free_port(host, lines + 1)
        environment |= _twilio_keys(f"http://{_reached_at(host)}:{phones}")
        self.stdout.write("Starting the web server and the queue ...")
        children = {}
        try:
            children["web server"] = Child(gunicorn(), env=environment)
            try:
                wait_until_it_answers(address, children["web server"], seconds=STARTS_WITHIN)
            except TimeoutError:
                raise CommandError("The web server did not start; its own words are above.") from None
            children["queue"] = Child(manage("worker"), env=environment)
            for name, command, at in (("Stripe", "stripe_stand_in", till), ("Twilio", "twilio_stand_in", phones)):
                portal = f"http://{_reached_at(host)}:{port}"
                where = ("--host", _reached_at(host), "--port", str(at), "--portal", portal)
                children[f"stand-in for {name}"] = Child(manage(command, *where), env=environment)
            children["stand-in for video"] = Child(manage("video_stand_in", "--port", str(lines)), env=environment)
            self._say_where(address, phones=f"http://{_reached_at(host)}:{phones}/phones/")
            while True:
                for name, child in children.items():
                    if not child.is_running():
                        raise CommandError(f"The {name} ended by itself; its own words are above.")
                time.sleep(0.5)
        finally:
            # A second Ctrl-C must not leave either of them behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            for child in children.values():
                child.ask_to_stop()
            for child in children.values():
                child.stop(grace=STOPS_WITHIN)

    def _say_where(self, address: str, *, phones: str) -> None:
        width = max(len(person.email) for person in demo.SIGN_INS)
        people = "\n".join(f"    {person.email:<{width}}   {person.about}" for person in demo.SIGN_INS)
        self.stdout.write(
            f"\nThe portal is running at {self.style.SUCCESS(address)}\n\n"
            f"  Sign in as one of these, each with the password {demo.PASSWORD}\n{people}\n\n"
            f"  Cards are taken by a stand-in for Stripe: pay with 4242 4242 4242 4242. No money moves.\n"
            f"  Sessions by video meet by a stand-in too: two browsers on this machine, an own camera in each.\n"
            f"  Texts go to the patients' phones, from which you can answer: {phones}\n"
            f"  E-mails are written to {Path(settings.EMAIL_FILE_PATH)}\n"
            "  Ctrl-C stops it.\n"
        )
        self.stdout.flush()


def _reached_at(host: str) -> str:
    """Where this machine's browser finds what listens at `host`."""
    return "127.0.0.1" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104 - compared, not listened at


def _stripe_keys(address: str) -> dict[str, str]:
    """What lets the portal pay at the stand-in: words that look like no real key."""
    return {
        "STRIPE_SECRET_KEY": cards.KEY,
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "STRIPE_API_BASE": address,
        "STRIPE_CHECKOUT_ORIGIN": address,
    }


def _twilio_keys(address: str) -> dict[str, str]:
    """What lets the portal text by the stand-in: ids of the right shape that are nobody's."""
    return {
        "TWILIO_ACCOUNT_SID": f"AC{'0' * 32}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_API_KEY": f"SK{'0' * 32}",
        "TWILIO_API_SECRET": secrets.token_hex(16),
        "TWILIO_SMS_FROM": FROM,
        "TWILIO_WHATSAPP_FROM": FROM,
        "TWILIO_API_BASE": address,
    }


def _free_port(host: str, first: int) -> int:
    """A port that nobody has, the first if it can be had."""
    for port in (first, 0):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_reached_at(host), port if port <= 65535 else 0))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return first


def _make_keys(folder: Path) -> None:
    """Makes this demo's own secrets once; they have to be there before the settings are read, so we start again."""
    path = folder / "keys.env"
    if path.exists():
        return
    if Path(settings.DATABASES["default"]["NAME"]).exists():
        raise CommandError(f"The demo's keys ({path}) are gone, so its notes can't be read. Begin again with --fresh.")
    lines = [f"{name}={make()}" for name, make in keys.MAKERS.values()]
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write("\n".join(lines) + "\n")
    sys.stdout.flush()
    arguments = [argument for argument in sys.argv if argument != "--fresh"]
    os.execv(sys.executable, [sys.executable, *arguments])


def _only_one(folder: Path) -> closing[TextIO]:
    file = (folder / "demo.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CommandError(
            "The demo is already running on this machine: stop that one first (Ctrl-C in its window)."
        ) from None
    return closing(file)


def _refuse_a_busy_port(host: str, port: int) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            raise CommandError(f"{port} is no port: choose one from 1024 to 65535.") from None
        except OSError as problem:
            raise CommandError(
                f"Port {port} can't be used ({problem.strerror}): another program has it, perhaps another demo. "
                f"Choose another one: python3 manage.py demo --port {port + 1 if port < 65535 else 8000}"
            ) from None
