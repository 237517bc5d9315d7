from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from portal.audit import sealing
from portal.common.access.actors import Actor
from portal.common.crypto.keys import generate_key
from portal.notifications import heartbeat
from portal.ops import health
from portal.ops.demo import clinic
from portal.ops.health import State
from portal.policies import publishing
from tests import make


def states(look):
    return [finding.state for finding in look()]


def found(look, state):
    """The only finding of one state, which has a cure when it is not well."""
    (finding,) = [finding for finding in look() if finding.state is state]
    assert bool(finding.cure) is (state is not State.WELL)
    return finding


def test_packages_that_differ_from_the_lock_are_named(settings, tmp_path):
    assert states(health.packages) == [State.WELL]
    lock = (settings.BASE_DIR / "requirements.txt").read_text()
    (tmp_path / "requirements.txt").write_text(lock.replace("\nwhitenoise==", "\nwhitenoise==0.") + "nowhere==1.0\n")
    settings.BASE_DIR = tmp_path
    assert found(health.packages, State.WRONG).what == "Packages that differ from requirements.txt: whitenoise, nowhere"


@pytest.mark.django_db
def test_database_without_its_triggers_is_wrong():
    assert states(health.database_guards) == [State.WELL]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER audit_entry_no_delete")
        else:
            cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER audit_entry_guard")
    assert "the database does not guard the trail" in found(health.database_guards, State.WRONG).what


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no privileges")
def test_user_who_may_make_no_temporary_tables_is_told_so():
    database = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE portal_alone")
        cursor.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO portal_alone")
        cursor.execute(f'REVOKE TEMPORARY ON DATABASE "{database}" FROM PUBLIC')
        cursor.execute("SET LOCAL ROLE portal_alone")
        said = found(health.database_guards, State.WRONG)
        trail = sealing.verify().broken
        with pytest.raises(CommandError, match="GRANT TEMPORARY ON DATABASE"):
            call_command("migrate", verbosity=0)
        cursor.execute("RESET ROLE")
    assert said.what == "The user portal_alone may not make temporary tables, by which the guards are compared"
    assert said.cure.endswith(f'GRANT TEMPORARY ON DATABASE "{database}" TO "portal_alone";')
    assert trail == said.what


@pytest.mark.django_db
def test_texts_under_another_key_are_noticed(settings):
    assert states(health.encryption) == [State.WELL]
    old = settings.PORTAL_ENCRYPTION_KEYS
    call_command("setup", name="Fern", abn="", time_zone="Australia/Perth", manager_email="head@fern.example")
    settings.PORTAL_ENCRYPTION_KEYS = f"{generate_key('new')},{old}"
    assert found(health.encryption, State.MIND).cure == "python3 manage.py rotate_keys"
    settings.PORTAL_ENCRYPTION_KEYS = generate_key("new")
    assert found(health.encryption, State.WRONG).what == "Some texts need keys that are not set: test"
    settings.PORTAL_ENCRYPTION_KEYS = "nonsense"
    assert states(health.encryption) == [State.WRONG]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "state", "words"),
    [
        (None, State.WRONG, "The worker has never run"),
        (timedelta(seconds=50), State.WELL, "The worker is at work; 0 tasks wait"),
        (timedelta(minutes=9), State.WRONG, "The worker has been silent for 9 minutes"),
        (timedelta(hours=5), State.WRONG, "The worker has been silent for 5 hours"),
    ],
)
def test_silent_worker_is_wrong(age, state, words):
    if age is not None:
        heartbeat.beat(heartbeat.SWEEP, now=timezone.now() - age)
    # The tables of these tests may be older than a turn.
    Schedule.objects.update(next_run=timezone.now())
    assert found(health.queue, state).what == words


@pytest.mark.django_db
def test_mail_server_that_does_not_answer_is_wrong(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    # Port 1 of this machine: nobody listens there.
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    assert found(health.mail, State.WRONG).cure == "Check EMAIL_URL."


@pytest.mark.django_db
def test_clinic_that_cannot_take_bookings_says_what_it_lacks():
    assert found(health.clinic, State.WRONG).cure == "python3 manage.py setup"
    call_command("setup", name="Fern", abn="", time_zone="Australia/Perth", manager_email="head@fern.example")
    assert found(health.clinic, State.MIND).what == (
        "The clinic lacks a manager who can sign in, a service, a psychologist with working hours"
    )


@pytest.mark.django_db
def test_clinic_with_people_and_hours_is_well():
    clinic.found(is_demo=False)
    assert states(health.clinic) == [State.WELL]


@pytest.mark.django_db
def test_policies_that_are_not_published_or_no_longer_true_are_minded():
    assert states(health.policies) == []
    make.clinic(cancel_hours=48)
    assert states(health.policies) == [State.MIND, State.MIND]
    publishing.publish_first(by=Actor.system("test"), now=timezone.now())
    assert states(health.policies) == [State.WELL]
    make.clinic(cancel_hours=24)
    assert [finding.what for finding in health.policies()] == [
        "No longer matches the settings: Privacy policy (Free cancelling until, hours before)",
        "No longer matches the settings: Fees and cancellation policy (Free cancelling until, hours before)",
    ]


def test_folder_that_others_can_read_is_minded(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o700)
    assert State.MIND not in states(health.files)
    tmp_path.chmod(0o755)
    assert found(health.files, State.MIND).cure == f"chmod o-rwx {tmp_path}"


@pytest.mark.django_db
def test_doctor_ends_with_one_while_something_is_wrong(capsys):
    clinic.found(is_demo=False)
    with pytest.raises(SystemExit) as ended:
        call_command("doctor")
    assert ended.value.code == 1
    assert " wrong  The worker has never run\n        Start it: python3 manage.py worker\n" in capsys.readouterr().out

    heartbeat.beat(heartbeat.SWEEP, now=timezone.now())
    Schedule.objects.update(next_run=timezone.now())
    call_command("doctor")
    assert capsys.readouterr().out.endswith("\nNothing is wrong.\n")


@pytest.mark.django_db
def test_what_rests_on_a_database_that_is_away_is_left_out(monkeypatch):
    monkeypatch.setattr(health, "database", lambda: iter([health.wrong("SQLite can't be reached", "Mend it.")]))
    monkeypatch.setattr(health, "BEFORE_THE_DATABASE", (health.python, health.database))
    whats = [finding.what for finding in health.examine()]
    assert "SQLite can't be reached" in whats
    assert not any("worker" in what for what in whats)
    assert any("Invoices" in what for what in whats)


# ---- What stands in front --------------------------------------------------------------------------------------------


@pytest.fixture
def no_limits_set(monkeypatch):
    for name in ("WEB_LINES", "WEB_THREADS"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("no_limits_set")
def test_the_limits_of_slow_visitors_and_who_is_believed_are_said(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.SECURE_PROXY_SSL_HEADER = 0, None
    assert [finding.what for finding in health.front()] == [
        "Slow visitors are bounded: 64 threads of each web process wait, 4 run the portal",
        "No proxy is believed; one address holds 16 waiting threads at most",
    ]
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.SECURE_PROXY_SSL_HEADER = 2, ("HTTP_X_FORWARDED_PROTO", "https")
    assert [finding.what for finding in health.front()][1] == (
        "A proxy ends TLS, and 2 proxies are believed about visitors' addresses. "
        "Check that it buffers requests: docs/operations.md, What stands in front."
    )


@pytest.mark.usefixtures("no_limits_set")
def test_a_proxy_that_is_believed_and_is_not_there_is_wrong(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.SECURE_PROXY_SSL_HEADER = 1, None
    assert "visitors write their own addresses" in found(health.front, State.WRONG).cure
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.SECURE_PROXY_SSL_HEADER = 0, ("HTTP_X_FORWARDED_PROTO", "https")
    assert "TRUSTED_PROXIES" in found(health.front, State.MIND).cure


def test_few_waiting_threads_are_minded(settings, monkeypatch):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT, settings.SECURE_PROXY_SSL_HEADER = 0, None
    monkeypatch.setenv("WEB_LINES", "8")
    monkeypatch.setenv("WEB_THREADS", "4")
    assert "Raise WEB_LINES" in found(health.front, State.MIND).cure
