import threading
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from portal.audit import chains, sealing, tasks, trail
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from tests import triggers

JOB = Actor.system("tests")
COLUMNS = {
    "at": "2020-01-01 00:00:00",
    "actor_id": "7",
    "actor_role": "manager",
    "actor_name": "x",
    "verb": "note.burnt",
    "target_label": "x",
    "target_code": "x",
    "facts": '{"x": 1}',
}


def write(count, start=0):
    for n in range(start, start + count):
        trail.record("page.made", by=JOB, number=n, at=datetime(2026, 11, 22, 3, n % 60, tzinfo=UTC))


def execute(sql, *params):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, params)


def without_guards(sql, *params):
    """Does to the table what somebody who owns the database can do."""
    with triggers.lifted(connection, "audit_entry"), connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def verify(capsys):
    def run(*args):
        out, err = StringIO(), StringIO()
        try:
            call_command("verify_trail", *args, stdout=out, stderr=err)
            code = 0
        except CommandError as problem:
            code = problem.returncode
        return code, out.getvalue(), err.getvalue()

    return run


# ---- The chain


@pytest.mark.django_db
def test_seal_gives_each_entry_the_next_place():
    write(3)
    assert tasks.seal() == 3
    write(2, start=3)
    assert tasks.seal() == 2
    assert tasks.seal() == 0
    rows = list(Entry.objects.order_by("seq").values_list("seq", "facts", "previous", "hash"))
    assert [(seq, facts["number"]) for seq, facts, _p, _h in rows] == [(n + 1, n) for n in range(5)]
    assert [p for _s, _f, p, _h in rows] == [chains.GENESIS, *[h for _s, _f, _p, h in rows[:-1]]]
    assert len({h for _s, _f, _p, h in rows}) == 5
    assert sealing.verify() == chains.Verdict(links=5, head=rows[-1][3])


@pytest.mark.django_db
def test_seal_goes_on_past_one_batch(monkeypatch):
    monkeypatch.setattr(sealing, "BATCH", 4)
    write(10)
    assert sealing.seal() == 10
    assert sealing.verify().links == 10


@pytest.mark.django_db
def test_verify_says_how_many_wait():
    write(2)
    verdict = sealing.verify()
    assert (verdict.links, verdict.waiting, verdict.broken) == (0, 2, "")


@pytest.mark.django_db
@pytest.mark.parametrize("column", [*COLUMNS, "id"])
def test_verify_finds_a_changed_column(column, verify):
    write(5)
    sealing.seal()
    pk = Entry.objects.get(seq=3).pk
    without_guards(f"UPDATE audit_entry SET {column} = %s WHERE seq = 3", {**COLUMNS, "id": 999_999}[column])
    code, out, err = verify()
    assert code == 1
    assert err.startswith("trail: BROKEN after 2 links: link 3 (entry ")
    assert ("its hash does not fit" in err, f"entry {pk}" in err) == (True, column != "id")
    assert "trail:" not in out


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "links", "words"),
    [
        ("DELETE FROM audit_entry WHERE seq = 1", 0, "link 1 is missing"),
        ("DELETE FROM audit_entry WHERE seq = 3", 2, "link 3 is missing"),
        ("UPDATE audit_entry SET seq = seq + 1 WHERE seq = 5", 4, "link 5 is missing"),
        ("UPDATE audit_entry SET previous = hash WHERE seq = 3", 2, "does not follow the link before it"),
        ("UPDATE audit_entry SET hash = previous WHERE seq = 3", 2, "its hash does not fit"),
    ],
)
def test_verify_finds_what_is_gone_or_moved(sql, links, words, verify):
    write(5)
    sealing.seal()
    without_guards(sql)
    code, _out, err = verify()
    assert (code, f"BROKEN after {links} links" in err, words in err) == (1, True, True)


@pytest.mark.django_db
def test_verify_finds_a_cut_end_by_a_head_kept_elsewhere(verify):
    write(5)
    code, out, _err = verify()
    head = out.split("Head ")[1].split()[0]
    assert (code, head.partition(":")[0]) == (0, "5")
    write(2)
    assert verify("--expect", head)[0] == 0
    assert verify("--expect", "0:" + chains.GENESIS)[0] == 0
    without_guards("DELETE FROM audit_entry WHERE seq >= 5")
    assert verify()[0] == 0
    code, _out, err = verify("--expect", head)
    assert (code, err) == (1, f"trail: BROKEN: it does not hold the link {head}\n")
    assert verify("--expect", "nonsense")[0] == 1


@pytest.mark.django_db
def test_verify_needs_the_key(settings, verify):
    write(3)
    sealing.seal()
    key = settings.TRAIL_KEY
    settings.TRAIL_KEY = "another key that somebody made up"
    assert "BROKEN after 0 links" in verify()[2]
    settings.TRAIL_KEY_FALLBACKS = [key]
    assert verify()[0] == 0


@pytest.mark.django_db
def test_verify_never_goes_back_to_an_old_key(settings, verify):
    old, settings.TRAIL_KEY_FALLBACKS = settings.TRAIL_KEY, []
    write(2)
    sealing.seal()
    settings.TRAIL_KEY, settings.TRAIL_KEY_FALLBACKS = "the new key of this clinic", [old]
    write(2)
    sealing.seal()
    assert verify()[0] == 0
    settings.TRAIL_KEY, settings.TRAIL_KEY_FALLBACKS = old, []
    write(1)
    sealing.seal()
    settings.TRAIL_KEY, settings.TRAIL_KEY_FALLBACKS = "the new key of this clinic", [old]
    assert "BROKEN after 4 links" in verify()[2]


@pytest.mark.django_db
def test_verify_walks_in_constant_memory_and_few_queries(django_assert_num_queries):
    with CaptureQueriesContext(connection) as with_nothing:
        sealing.verify()
    write(30)
    sealing.seal()
    # One more page: that after the last.
    with django_assert_num_queries(len(with_nothing) + 1):
        assert sealing.verify().links == 30


@pytest.mark.django_db
def test_verify_walks_every_registered_chain(verify, monkeypatch):
    monkeypatch.setattr(chains, "_chains", dict(chains.registered()))
    chains.register("papers", lambda: chains.Verdict(links=2, broken="link 3: its hash does not fit"))
    write(1)
    code, out, err = verify()
    assert code == 1
    assert out.startswith("trail: 1 links hold. Head 1:")
    assert "papers: BROKEN after 2 links: link 3" in err


@pytest.mark.django_db
def test_verify_only_looks_when_asked(verify):
    write(2)
    code, out, _err = verify("--no-seal")
    assert (code, "trail: 0 links hold, 2 not sealed yet" in out) == (0, True)
    assert Entry.objects.waiting().count() == 2


# ---- What the database refuses


@pytest.mark.django_db
@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM audit_entry",
        *[f"UPDATE audit_entry SET {column} = '{value}'" for column, value in COLUMNS.items()],
        "UPDATE audit_entry SET id = id + 1000",
        "UPDATE audit_entry SET seq = 7, previous = 'x', hash = 'x'",
        "UPDATE audit_entry SET seq = NULL, previous = '', hash = ''",
        "UPDATE audit_entry SET seq = 2, previous = 'x', hash = 'x', verb = 'note.burnt'",
    ],
)
def test_database_refuses(sql, sealed):
    write(1)
    if sealed:
        sealing.seal()
    before = list(Entry.objects.values())
    with pytest.raises(IntegrityError, match="audit_entry"):
        execute(sql)
    assert list(Entry.objects.values()) == before


@pytest.mark.django_db
def test_database_refuses_the_orm_too():
    write(2)
    sealing.seal()
    entry = Entry.objects.first()
    entry.verb = "note.burnt"
    for attempt in (entry.save, entry.delete, Entry.objects.all().delete, lambda: Entry.objects.update(at=F("at"))):
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    assert sealing.verify().links == 2


@pytest.mark.django_db
def test_database_refuses_a_sealed_insert_and_half_a_seal():
    write(1)
    sealing.seal()
    fields = {"at": datetime(2026, 1, 1, tzinfo=UTC), "actor_role": "system", "verb": "x.y"}
    for seal in ({"seq": 2, "previous": "x", "hash": "x"}, {"hash": "x"}, {"previous": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.create(**fields, **seal)
    waiting = Entry.objects.create(**fields)
    for seal in ({"seq": 2}, {"seq": 2, "hash": "x"}, {"seq": 2, "previous": "x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.filter(pk=waiting.pk).update(**seal)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="REPLACE is SQLite's")
def test_database_refuses_replace():
    write(2)
    sealing.seal()
    before = list(Entry.objects.values())
    columns = "id, at, actor_id, actor_role, actor_name, verb, target_label, target_code, facts, seq, previous, hash"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA recursive_triggers = OFF")
    for sql in (
        f"INSERT OR REPLACE INTO audit_entry ({columns}) SELECT id, at, '', '', '', 'a.b', '', '', '{{}}', NULL, '', '' FROM audit_entry",  # noqa: E501
        "UPDATE OR REPLACE audit_entry SET seq = 1 WHERE seq = 2",
        "UPDATE OR REPLACE audit_entry SET id = (SELECT MIN(id) FROM audit_entry)",
    ):
        with pytest.raises(IntegrityError):
            execute(sql)
    assert list(Entry.objects.values()) == before


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="TRUNCATE is PostgreSQL's")
def test_database_refuses_truncate():
    write(2)
    with pytest.raises(IntegrityError):
        execute("TRUNCATE audit_entry")
    assert Entry.objects.count() == 2


@pytest.mark.django_db
def test_verify_misses_a_dropped_trigger(verify):
    write(1)
    name = "audit_entry_no_delete" if connection.vendor == "sqlite" else "audit_entry_guard"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {name}" + (" ON audit_entry" if connection.vendor == "postgresql" else ""))
    code, _out, err = verify("--no-seal")
    assert (code, f"does not guard the trail: {name} missing" in err) == (1, True)


# ---- Many at once


@pytest.mark.django_db(transaction=True)
def test_chain_holds_under_many_writers_and_sealers():
    writers, each = 6, 12
    start = threading.Barrier(writers + 2)
    problems = []

    def work(job):
        try:
            start.wait()
            job()
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    def writer():
        for n in range(each):
            with transaction.atomic():
                trail.record("page.made", by=JOB, number=n)
                trail.record("page.filed", by=JOB, number=n)

    def sealer():
        for _ in range(15):
            sealing.seal()

    threads = [threading.Thread(target=work, args=[job]) for job in [writer] * writers + [sealer] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    sealing.seal()
    verdict = sealing.verify()
    assert (verdict.links, verdict.broken, verdict.waiting) == (writers * each * 2, "", 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_writer_never_waits_for_a_sealer_nor_for_another_writer():
    held, release = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            trail.record("page.made", by=JOB, number=1)
            held.set()
            release.wait(10)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert held.wait(10)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '500ms'")
        trail.record("page.made", by=JOB, number=2)
        assert sealing.seal() == 1
    finally:
        release.set()
        thread.join()
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 0")
    # The entry that was committed late got the lower id and the later place.
    assert sealing.seal() == 1
    assert [e.facts["number"] for e in Entry.objects.order_by("seq")] == [2, 1]
    assert sealing.verify().links == 2
