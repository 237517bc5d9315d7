"""What `manage.py doctor` looks at. Each look is a function that yields what it found, with the cure of a fault."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import shutil
import smtplib
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_q.models import OrmQ

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings, Location, Psychologist, Service
from portal.common import guards
from portal.common.crypto.ciphertext import EncryptionError, KeyId, seal, unseal
from portal.common.crypto.fields import encrypted_fields
from portal.common.crypto.keys import BadKeys, ring
from portal.common.paper import fonts
from portal.notifications import heartbeat
from portal.notifications.channels import CHANNELS
from portal.notifications.models import Notice
from portal.notifications.twilio import texting
from portal.ops import bootstrap
from portal.ops.card_health import cards
from portal.ops.findings import Finding, Look, State, mind, well, wrong
from portal.policies import publishing
from portal.policies.models import PolicyKind
from portal.reports import queue as queue_figures
from portal.website import crisis

OLDEST_POSTGRES = 15
SCARCE_DISK = 2 * 1024**3


def python() -> Iterator[Finding]:
    version = sys.version_info[:2]
    words = f"Python {version[0]}.{version[1]}"
    if bootstrap.OLDEST <= version <= bootstrap.NEWEST:
        yield well(words)
    else:
        yield wrong(words, "Run the portal with Python 3.11, 3.12 or 3.13.")


def packages() -> Iterator[Finding]:
    lock = (settings.BASE_DIR / "requirements.txt").read_text()
    differing = []
    for name, version in re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;\\]+)(?: \\| *$)", lock, re.MULTILINE):
        try:
            if importlib.metadata.version(name) != version:
                differing.append(name)
        except importlib.metadata.PackageNotFoundError:
            differing.append(name)
    if differing:
        yield wrong(
            f"Packages that differ from requirements.txt: {', '.join(differing)}",
            "Delete the folder .venv; the next command sets it up again. (With PORTAL_NO_VENV=1: pip install "
            "--require-hashes -r requirements.txt)",
        )
    else:
        digest = hashlib.sha256(lock.encode()).hexdigest()[:12]
        yield well(f"Packages are those of requirements.txt ({digest})")


def framework() -> Iterator[Finding]:
    """Django's own checks and those of the portal, the ones for production among them."""
    found = [
        message
        for message in checks.run_checks(include_deployment_checks=settings.PRODUCTION)
        if message.level >= checks.WARNING and not message.is_silenced()
    ]
    for message in found:
        make = wrong if message.level >= checks.ERROR else mind
        yield make(f"{message.msg} ({message.id})", message.hint or "See .env.example for the setting.")
    if not found:
        yield well("The settings pass every check")


def database() -> Iterator[Finding]:
    kind = "PostgreSQL" if connection.vendor == "postgresql" else "SQLite"
    try:
        connection.ensure_connection()
    except DatabaseError as problem:
        yield wrong(f"{kind} can't be reached: {str(problem).strip()}", "Is it running, and is DATABASE_URL right?")
        return
    if connection.vendor == "postgresql":
        version = connection.get_database_version()[0]
        if version < OLDEST_POSTGRES:
            yield wrong(f"PostgreSQL {version}", f"Move to PostgreSQL {OLDEST_POSTGRES} or newer.")
        else:
            yield well(f"PostgreSQL {version} answers")
    else:
        yield well(f"SQLite at {connection.settings_dict['NAME']}")
    executor = MigrationExecutor(connection)
    if waiting := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield wrong(f"{len(waiting)} migrations have not been run", "python3 manage.py migrate")
    else:
        yield well("Every migration has been run")


# Whether whoever asks could drop what guards the tables: as their owner, or as a superuser.
_OWNS = """
SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    OR EXISTS (SELECT 1 FROM pg_tables
               WHERE schemaname = current_schema AND pg_has_role(current_user, tableowner, 'USAGE'))
"""


def who_guards() -> Iterator[Finding]:
    """On PostgreSQL, guards that the portal's own user can't drop; a file of SQLite is its owner's."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(_OWNS)
        owns = cursor.fetchone()[0]
    if owns:
        yield mind(
            "The portal's own database user owns its tables, and could drop what guards them",
            "Give migrations a user of their own: docs/operations.md, Two users of the database.",
        )
    else:
        yield well("The portal's own database user can't drop what guards its tables")


def database_guards() -> Iterator[Finding]:
    """Triggers, their functions and exclusion constraints: which are gone, off, unknown or not what they were."""
    try:
        problems = guards.problems(connection)
    except guards.MayNotCompare as error:
        yield wrong(str(error), f"In psql, as who owns the database: {error.cure};")
        return
    for problem in problems:
        yield wrong(problem, "python3 manage.py migrate makes them what they should be, and drops the rest.")
    if not problems:
        yield well("The database guards the trail, the notes and the payments")


def encryption() -> Iterator[Finding]:
    try:
        keys = ring()
        if unseal(seal(b"well", context="doctor"), context="doctor") != b"well":
            raise EncryptionError("what was sealed does not open")
    except (BadKeys, EncryptionError) as problem:
        yield wrong(str(problem), "Put the clinic's own keys back into PORTAL_ENCRYPTION_KEYS.")
        return
    used: set[str] = set()
    for model, fields in encrypted_fields().items():
        for field in fields:
            rows = model._base_manager.filter(**{f"{field.name}__isnull": False}).order_by()
            used.update(rows.annotate(under=KeyId(field.name)).values_list("under", flat=True).distinct())
    if lost := sorted(used - set(keys)):
        yield wrong(
            f"Some texts need keys that are not set: {', '.join(lost)}", "Put these keys back: nothing else opens them."
        )
    elif used - {keys.current}:
        yield mind("Some texts are still under an older key", "python3 manage.py rotate_keys")
    else:
        yield well(f"The encryption key {keys.current} opens what it should")


def mail() -> Iterator[Finding]:
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield well(f"E-mails are written to {settings.EMAIL_FILE_PATH}")
    else:
        try:
            with closing(get_connection()) as server:
                server.open()
            yield well(f"The mail server {settings.EMAIL_HOST} lets us in")
        except (OSError, smtplib.SMTPException) as problem:
            yield wrong(
                f"The mail server {settings.EMAIL_HOST} can't be used: {type(problem).__name__}", "Check EMAIL_URL."
            )
    for channel in CHANNELS.values():
        if not channel.is_configured():
            yield mind(str(channel.off), "See .env.example for the setting.")
    if name := texting.sender_name():
        yield mind(
            f"Texts come from a name, {name}, which nobody can answer",
            "A name that isn't on ACMA's register has been shown as Unverified since 1 July 2026. Register it with "
            "Twilio, or set a number as TWILIO_SMS_FROM.",
        )
    if count := Notice.objects.needing_eyes().count():
        yield mind(
            f"{count} notices could not be sent",
            "They stand among the things to do of reception and the manager, who send them again. What held a link as "
            "good as a password is erased: its reader asks for a new one, and the manager invites staff anew.",
        )


def queue() -> Iterator[Finding]:
    now = timezone.now()
    age = heartbeat.age(heartbeat.SWEEP, now=now)
    waiting = OrmQ.objects.count()
    if age is None:
        yield wrong("The worker has never run", "Start it: python3 manage.py worker")
    elif age > queue_figures.SILENT_AFTER:
        yield wrong(f"The worker has been silent for {_minutes(age)}", "Start it again: python3 manage.py worker")
    elif late := queue_figures.late(now):
        yield wrong(f"Late: {', '.join(late)}", "The manager's page The queue says what failed; the log says why.")
    else:
        yield well(f"The worker is at work; {waiting} tasks wait")


def _minutes(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def memory() -> Iterator[Finding]:
    """The cache, where the limits on repeated sign-ins are counted."""
    try:
        cache.set("doctor", "well", 10)
        remembered = cache.get("doctor") == "well"
    except Exception as problem:
        # Each cache has errors of its own; whichever it is, sign-in would fail.
        yield wrong(f"The cache can't be used: {type(problem).__name__}", _cure_of_cache())
        return
    if remembered:
        yield well("The cache remembers")
    else:
        yield wrong("The cache forgets at once", _cure_of_cache())


def _cure_of_cache() -> str:
    return "Check REDIS_URL." if settings.REDIS_URL else "python3 manage.py createcachetable"


def files() -> Iterator[Finding]:
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.W_OK):
        yield wrong(f"{folder} can't be written", "Let the user who runs the portal own it.")
        return
    if (free := shutil.disk_usage(folder).free) < SCARCE_DISK:
        yield mind(f"Only {free // 1024**2} MB are free at {folder}", "Make room before uploads fail.")
    else:
        yield well(f"{folder} can be written, {free // 1024**3} GB are free")
    if folder.stat().st_mode & 0o007:
        yield mind(f"Everybody on this machine can look into {folder}", f"chmod o-rwx {folder}")
    if settings.STATIC_ROOT and not (settings.STATIC_ROOT / "staticfiles.json").is_file():
        yield wrong("Style sheets have not been collected", "python3 manage.py collectstatic --noinput")


_IN_FRONT = "docs/operations.md, What stands in front."


def front() -> Iterator[Finding]:
    """What bounds slow visitors, and whose word about visitors' addresses is believed. A proxy itself isn't seen."""
    lines, threads = (int(os.environ.get(name, usual)) for name, usual in (("WEB_LINES", "64"), ("WEB_THREADS", "4")))
    bounds = f"{lines} threads of each web process wait, {threads} run the portal"
    if lines < 4 * threads:
        yield mind(f"Few slow visitors hold up the portal: {bounds}", f"Raise WEB_LINES to 64: {_IN_FRONT}")
    else:
        yield well(f"Slow visitors are bounded: {bounds}")
    trusted = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    named = f"{trusted} {'proxy is' if trusted == 1 else 'proxies are'} believed"
    if not getattr(settings, "SECURE_PROXY_SSL_HEADER", None):
        if trusted:
            cure = "Set TRUSTED_PROXIES=0, or BEHIND_PROXY=on: else visitors write their own addresses."
            yield wrong(f"No proxy stands in front, but {named} about visitors' addresses", cure)
        else:
            yield well(f"No proxy is believed; one address holds {lines // 4} waiting threads at most")
    elif not trusted:
        cure = "Set TRUSTED_PROXIES to how many stand in front: else all visitors count as one who tries passwords."
        yield mind("A proxy ends TLS, but is not believed about visitors' addresses", cure)
    else:
        yield well(
            f"A proxy ends TLS, and {named} about visitors' addresses. Check that it buffers requests: {_IN_FRONT}"
        )


def paper() -> Iterator[Finding]:
    if missing := fonts.missing_scripts():
        yield mind(
            f"Invoices can't print names in: {', '.join(missing)}",
            "Debian or Ubuntu: apt-get install fonts-dejavu-core fonts-droid-fallback. Or put a TrueType font into "
            f"{Path(settings.DATA_DIR) / 'fonts'}",
        )
    else:
        yield well("Invoices can print names in every script of the clinic's languages")


def clinic() -> Iterator[Finding]:
    if not ClinicSettings.objects.exists():
        yield wrong("No clinic has been set up", "python3 manage.py setup")
        return
    lacking = [
        what
        for what, there in (
            ("a manager who can sign in", User.objects.active().holding(Role.MANAGER).exists()),
            ("a location", Location.objects.filter(is_active=True).exists()),
            ("a service", Service.objects.offered().exists()),
            (
                "a psychologist with working hours",
                Psychologist.objects.practising().filter(hours__isnull=False).exists(),
            ),
        )
        if not there
    ]
    if lacking:
        yield mind(f"The clinic lacks {', '.join(lacking)}", "The manager adds them at /manage/.")
    else:
        yield well("The clinic can take bookings")


def policies() -> Iterator[Finding]:
    """Whether what the website promises is what the settings do."""
    if not ClinicSettings.objects.exists():
        return
    sound = True
    for drift in publishing.drifts():
        name = PolicyKind(drift.kind).label
        if drift.is_unpublished:
            yield mind(f"Not published: {name}", "The manager publishes it at /manage/policies/.")
        elif drift.is_untrue:
            yield mind(
                f"No longer matches the settings: {name} ({drift.in_words})",
                "The manager sees what changed, and publishes a new version, at /manage/policies/.",
            )
        else:
            continue
        sound = False
    if sound:
        yield well("The policies match the settings")


def crisis_lines() -> Iterator[Finding]:
    """A wrong number on a bad day is worse than none."""
    if not ClinicSettings.objects.exists():
        return
    old = crisis.unchecked(today=ClinicSettings.current().today(timezone.now()))
    if old:
        yield mind(
            f"Nobody has checked these crisis lines, ever or for half a year: {', '.join(line.name for line in old)}",
            "Ring them, or read them on their own sites, then press “Checked today” at /manage/crisis-lines/.",
        )
    else:
        yield well("The crisis lines have been checked within half a year")


# In this order: what stands further down rests on what stands above it.
BEFORE_THE_DATABASE: tuple[Look, ...] = (python, packages, framework, database)
ON_THE_DATABASE: tuple[Look, ...] = (
    database_guards,
    who_guards,
    encryption,
    mail,
    cards,
    queue,
    memory,
    clinic,
    policies,
    crisis_lines,
)
BESIDE_THE_DATABASE: tuple[Look, ...] = (front, files, paper)


def examine() -> Iterator[Finding]:
    """Looks at everything. What rests on the database is left out while the database itself is wrong."""
    sound = True
    for look in BEFORE_THE_DATABASE:
        for finding in look():
            sound = sound and not (look is database and finding.state is State.WRONG)
            yield finding
    for look in (*(ON_THE_DATABASE if sound else ()), *BESIDE_THE_DATABASE):
        yield from look()
