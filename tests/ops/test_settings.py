"""What the settings do with their environment, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "PORTAL_ENV": "production",
    "SECRET_KEY": "a" * 64,
    "PORTAL_ENCRYPTION_KEYS": "one:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
    "TRAIL_KEY": "b" * 64,
    "PORTAL_BASE_URL": "https://portal.example.com",
    "DEFAULT_FROM_EMAIL": "Clinic <desk@example.com>",
    "EMAIL_URL": "submission://user:password@mail.example.com:587",
    "PORTAL_NO_VENV": "1",
}


def environment(**values):
    """A shell with these values and nothing else of ours; None leaves one out."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {name: value for name, value in {**kept, **PRODUCTION, **values}.items() if value is not None}


def read(expression, **values):
    """Imports the settings in a process of its own and prints an expression of them."""
    return subprocess.run(
        [sys.executable, "-c", f"from portal import settings; print({expression})"],
        cwd=ROOT,
        env=environment(**values),
        capture_output=True,
        text=True,
        check=False,
    )


def manage(*words, **values):
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment(**values),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(autouse=True)
def _no_env_file():
    # A developer's own .env would answer for values that these tests leave out.
    if (ROOT / ".env").exists():
        pytest.fail("move .env away: these tests are about settings without one")


def test_production_starts_with_its_values():
    done = read("settings.DEBUG, settings.ALLOWED_HOSTS")
    assert (done.stdout, done.stderr) == ("False ['portal.example.com']\n", "")


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("SECRET_KEY", "python3 manage.py make_key secret"),
        ("PORTAL_ENCRYPTION_KEYS", "python3 manage.py make_key encryption"),
        ("TRAIL_KEY", "python3 manage.py make_key trail"),
        ("PORTAL_BASE_URL", "such as https://portal.example.com"),
        ("DEFAULT_FROM_EMAIL", "Set the sender of e-mails"),
        ("EMAIL_URL", "Set the mail server"),
    ],
)
def test_production_refuses_to_start_without(name, cure):
    done = read("settings.DEBUG", **{name: None})
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"  - {name} is not set. ")
    assert cure in last


@pytest.mark.parametrize("name", ["SECRET_KEY", "TRAIL_KEY"])
def test_production_refuses_a_secret_that_can_be_guessed(name):
    done = read("settings.DEBUG", **{name: "x" * 31})
    assert done.returncode != 0
    assert f"{name} is too short to be a secret. Make one with:" in done.stderr
    assert read("settings.DEBUG", **{name: "x" * 32}).returncode == 0


def test_cookies_of_production_are_this_hosts_alone():
    cookies = read("settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.SESSION_COOKIE_SECURE").stdout
    assert cookies == "__Host-portal_session __Host-csrftoken True\n"
    assert read("settings.COOKIE_PREFIX, settings.CSRF_COOKIE_SECURE").stdout == "__Host- True\n"


def test_forms_lead_nowhere_else_while_nobody_takes_cards():
    assert read("settings.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action']").stdout == "[\"'self'\"]\n"


def test_everything_missing_is_said_at_once_and_without_a_traceback():
    names = [name for name in PRODUCTION if name not in {"PORTAL_ENV", "PORTAL_NO_VENV"}]
    done = manage("migrate", **dict.fromkeys(names))
    assert done.returncode == 1
    assert [line.split()[1] for line in done.stderr.splitlines() if line.startswith("  - ")] == names
    assert done.stderr.endswith("Every setting is explained in .env.example.\n")
    assert "Traceback" not in done.stderr


def test_first_key_is_made_before_there_are_any():
    done = manage("make_key", "secret", SECRET_KEY=None, PORTAL_ENCRYPTION_KEYS=None, TRAIL_KEY=None)
    assert done.returncode == 0, done.stderr
    name, value = done.stdout.strip().split("=", 1)
    assert name == "SECRET_KEY"
    assert len(value) >= 50


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("STAFF_IDLE_MINUTES", "a quarter", "STAFF_IDLE_MINUTES"),
        ("STAFF_SECOND_FACTOR", "perhaps", "STAFF_SECOND_FACTOR"),
        ("WORKERS", "two", "WORKERS"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL"),
        ("DATABASE_URL", "oracle-of-delphi", "DATABASE_URL"),
        ("EMAIL_URL", "pigeon://mail.example.com", "EMAIL_URL"),
        ("EMAIL_URL", "smtp://user:password@mail.example.com:25", "EMAIL_URL would send its password in clear"),
        ("PORTAL_ENV", "staging", "PORTAL_ENV is 'staging'"),
        ("PORTAL_BASE_URL", "http://portal.example.com", "production is served over https"),
        ("DEBUG", "1", "DEBUG is on in production"),
    ],
)
def test_value_that_cannot_be_read_stops_the_start(name, value, words):
    done = manage("check", **{name: value})
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_database_is_sqlite_until_database_url_names_another(tmp_path):
    engine = "settings.DATABASES['default']['ENGINE'].rsplit('.')[-1], settings.DATABASES['default']['NAME']"
    done = read(engine, PORTAL_DATA_DIR=str(tmp_path))
    assert done.stdout == f"sqlite3 {tmp_path}/portal.sqlite3\n"
    done = read(engine, DATABASE_URL="postgres://portal:secret@db.example.com:5433/clinic")
    assert done.stdout == "postgresql clinic\n"


@pytest.mark.parametrize("kind", ["demo", "test"])
def test_demo_and_tests_never_read_the_clinics_env_file(kind, tmp_path):
    copy = tmp_path / "portal"
    copy.mkdir()
    for name in ("__init__.py", "settings.py", "queue_settings.py"):
        (copy / name).write_bytes((ROOT / "portal" / name).read_bytes())
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://portal:secret@db.example.com/clinic\n")
    values = {name: None for name in PRODUCTION if name != "PORTAL_ENV"}

    def engine(env):
        code = "from portal import settings; print(settings.DATABASES['default']['ENGINE'])"
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment(**{**values, **env}),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout.strip() or done.stderr

    assert engine({"PORTAL_ENV": kind}) == "django.db.backends.sqlite3"
    # The same file counts in production, so it could have been read.
    assert engine({**PRODUCTION, "PORTAL_ENV": "production"}) == "portal.common.database.postgresql"


def test_every_setting_is_explained_in_the_example():
    import re

    read = ("settings.py", "ops/gunicorn.py", "ops/bounded_worker.py")
    source = "".join((ROOT / "portal" / name).read_text() for name in read)
    read_by_settings = set(re.findall(r"""(?:env\.\w+|required|environ\.get)\(\s*["']([A-Z_]+)["']""", source))
    example = (ROOT / ".env.example").read_text()
    explained = set(re.findall(r"^#? ?([A-Z_]+)=", example, re.MULTILINE))
    assert read_by_settings - explained == set()
    assert explained - read_by_settings == {"PORTAL_NO_VENV"}
