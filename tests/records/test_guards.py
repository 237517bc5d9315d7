"""What the database itself refuses, by raw SQL."""

import re

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from portal.records import chain, guards
from portal.records.models import Addendum, ProgressNote
from tests import make

POSTGRES = settings.ON_POSTGRES


def _refused(sql, *parameters):
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)
    return str(refused.value).splitlines()[0]


def _run(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


def _other(field):
    """A value that a column of this kind may hold, and doesn't."""
    match field:
        case models.ForeignKey() | models.IntegerField():
            return 987_654
        case models.DateTimeField():
            return "2020-01-01 00:00:00+00" if POSTGRES else "2020-01-01 00:00:00"
        case models.UUIDField():
            return "0b5c6a9e-5c39-4f0c-9d2f-3f8d4f6b1a11" if POSTGRES else "0b5c6a9e5c394f0c9d2f3f8d4f6b1a11"
    return "draft" if field.name == "state" else "x"


@pytest.mark.parametrize("model", [ProgressNote, Addendum])
def test_no_column_of_a_signed_record_changes(addendum, model):
    row = model.objects.get()
    for field in model._meta.local_concrete_fields:
        words = _refused(
            f'UPDATE {model._meta.db_table} SET "{field.column}" = %s WHERE id = %s', _other(field), row.pk
        )
        assert "never changes" in words, field.name


def test_every_column_is_guarded():
    assert {f.column for f in ProgressNote._meta.local_concrete_fields} == {*guards.NOTE_COLUMNS, "body"}
    assert {f.column for f in Addendum._meta.local_concrete_fields} == {*guards.ADDENDUM_COLUMNS, "body"}


def test_signed_records_are_never_deleted(addendum):
    assert "An addendum is never deleted." in _refused("DELETE FROM records_addendum")
    with connection.constraint_checks_disabled():
        assert "A signed note is never deleted." in _refused("DELETE FROM records_progressnote")


def test_a_draft_may_be_deleted(draft):
    assert _run("DELETE FROM records_progressnote") == 1


@pytest.mark.skipif(not POSTGRES, reason="TRUNCATE is PostgreSQL's")
@pytest.mark.parametrize("table", ["records_addendum", "records_progressnote", "appointments_appointment"])
def test_truncate_is_refused(db, table):
    # Which of the tables that go along is asked first is PostgreSQL's to choose.
    assert re.search("never (deleted|changes)", _refused(f"TRUNCATE {table} CASCADE"))


@pytest.mark.skipif(POSTGRES, reason="OR REPLACE is SQLite's")
@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_replacing_a_signed_record_is_refused(addendum, session, recursive):
    """Without recursive triggers, as in any other program that opens the file, REPLACE fires no delete trigger."""
    _run(f"PRAGMA recursive_triggers = {recursive}")
    columns = ", ".join(f'"{c}"' for c in (*guards.NOTE_COLUMNS, "body"))
    values = columns.replace('"body"', "'x'")
    assert "never" in _refused(
        f"INSERT OR REPLACE INTO records_progressnote ({columns}) SELECT {values} FROM records_progressnote"
    )
    columns = ", ".join(f'"{c}"' for c in (*guards.ADDENDUM_COLUMNS, "body"))
    values = columns.replace('"body"', "'x'")
    assert "never" in _refused(
        f"INSERT OR REPLACE INTO records_addendum ({columns}) SELECT {values} FROM records_addendum"
    )
    draft = make.appointment(psychologist=session.psychologist, patient=session.patient)
    note = ProgressNote(
        appointment=draft, patient=draft.patient, author=draft.psychologist, body="", created_at=draft.starts_at,
        updated_at=draft.starts_at,
    )  # fmt: skip
    note.save()
    for column, value in (("id", ProgressNote.objects.signed().get().pk), ("sequence", 1)):
        words = _refused(f"UPDATE OR REPLACE records_progressnote SET {column} = %s WHERE id = %s", value, note.pk)
        assert "never" in words
    _run("PRAGMA recursive_triggers = ON")


def test_a_note_stays_with_its_session(draft, session):
    other = make.appointment(psychologist=session.psychologist, patient=session.patient)
    for column, value in (
        ("appointment_id", other.pk),
        ("patient_id", make.patient().pk),
        ("author_id", make.psychologist().pk),
    ):
        words = _refused(f"UPDATE records_progressnote SET {column} = %s", value)
        assert "A note stays with its session" in words


def test_a_note_of_another_patient_or_by_another_psychologist_is_refused(session):
    for people in (
        {"patient": make.patient(), "author": session.psychologist},
        {"patient": session.patient, "author": make.psychologist()},
    ):
        note = ProgressNote(
            appointment=session, body="", created_at=session.starts_at, updated_at=session.starts_at, **people
        )
        with pytest.raises(IntegrityError, match="of the patient and by the psychologist"), transaction.atomic():
            note.save()


def test_an_addendum_to_a_draft_is_refused(draft, psychologist):
    addendum = Addendum(
        note=draft, author=draft.author, body="", signed_at=draft.created_at, signed_by=psychologist.user, sequence=1,
        hash="f" * 64,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="belongs to a signed note"), transaction.atomic():
        addendum.save()


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("state", "signed", "note_signed_wholly_or_not_at_all"),
        ("sequence", 1, "note_signed_wholly_or_not_at_all"),
        ("hash", "ff", "note_signed_wholly_or_not_at_all"),
        ("template", "rhyme", "note_template_is_known"),
        ("version", 0, "note_version_counts_from_one"),
    ],
)
def test_constraints_of_a_draft(draft, column, value, constraint):
    assert constraint in _refused(f"UPDATE records_progressnote SET {column} = %s", value)


def test_the_chain_has_one_head(signed):
    with pytest.raises(IntegrityError), transaction.atomic():
        _run("INSERT INTO records_chainhead (id, sequence, hash) VALUES (2, 0, '')")


# ---- The one thing that may change ----------------------------------------------------------------------------------


@pytest.fixture
def keys(settings):
    """A key before the current one, and how to change over."""
    old = settings.PORTAL_ENCRYPTION_KEYS
    new = "next:" + "YW5vdGhlci0zMi1ieXRlLWtleS1mb3ItdGhlLXRlc3Q="
    return type("Keys", (), {"both": f"{new},{old}", "new": new})


def test_rotation_writes_signed_records_again_and_leaves_the_chain_whole(addendum, keys, settings):
    before = dict(ProgressNote.objects.values_list("pk", "body")), dict(Addendum.objects.values_list("pk", "body"))
    settings.PORTAL_ENCRYPTION_KEYS = keys.both

    call_command("rotate_keys")

    settings.PORTAL_ENCRYPTION_KEYS = keys.new
    for model, sealed_before in ((ProgressNote, before[0]), (Addendum, before[1])):
        row = model.objects.get()
        assert (row.body_sealed.key_id, sealed_before[row.pk].key_id) == ("next", "test")
    assert (ProgressNote.objects.get().body, Addendum.objects.get().body) == ("Slept badly.", "Sleep log attached.")
    verdict = chain.verify()
    assert (verdict.links, verdict.broken) == (2, "")


def test_a_ciphertext_under_the_same_key_is_refused(addendum):
    for table in ("records_progressnote", "records_addendum"):
        assert "never changes" in _refused(f"UPDATE {table} SET body = 'v1:test:AAAA'")
        assert "never changes" in _refused(f"UPDATE {table} SET body = 'in clear'")


def test_a_ciphertext_under_another_key_takes_nothing_else_with_it(addendum):
    for table, column in (("records_progressnote", "version"), ("records_addendum", "signed_by_id")):
        words = _refused(f"UPDATE {table} SET body = 'v1:other:AAAA', {column} = 7")
        assert "never changes" in words


# ---- The guards themselves ------------------------------------------------------------------------------------------


def test_a_chain_without_its_guards_does_not_hold(db):
    assert chain.verify().broken == ""
    _run("DROP TRIGGER note_signed_never_deleted" + (f" ON {guards.NOTE}" if POSTGRES else ""))
    assert chain.verify().broken == "the database does not guard the records: note_signed_never_deleted missing"
