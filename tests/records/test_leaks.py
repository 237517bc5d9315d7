"""A clinical word stands nowhere in clear: not in a table, nor in the database's file, nor in a log or an error."""

import logging
import pickle
import traceback
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from portal.records import actions
from portal.records.models import Addendum, ProgressNote
from portal.records.refusals import AlreadySigned, StaleDraft
from tests.records.conftest import NOW

MARKER = "Quokkaphobia"
SPELLINGS = [MARKER.encode(), MARKER.encode("utf-16-le"), MARKER.encode().hex().encode(), b"UXVva2thcGhvYmlh"]


def _everything_stored():
    """Every value of every table, and on SQLite the bytes of the files too."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                yield table, "\x00".join(str(bytes(v) if isinstance(v, memoryview) else v) for v in row).encode()
    if not settings.ON_POSTGRES:
        name = connection.settings_dict["NAME"]
        for path in (Path(name), Path(f"{name}-wal")):
            if path.exists():
                yield path.name, path.read_bytes()


def _found():
    return {place for place, content in _everything_stored() if any(s in content for s in SPELLINGS)}


@pytest.mark.django_db(transaction=True)
def test_a_clinical_word_is_stored_nowhere_in_clear(session, psychologist, caplog):
    caplog.set_level(logging.DEBUG)
    note = actions.save_draft(appointment=session, body=MARKER, version=0, by=psychologist, now=NOW)
    note = actions.save_draft(appointment=session, body=f"{MARKER} again", version=1, by=psychologist, now=NOW)
    note = actions.sign(appointment=session, version=2, by=psychologist, now=NOW)
    actions.add_addendum(note=note, body=f"More {MARKER}", by=psychologist, now=NOW)
    actions.read(note=note, by=psychologist, now=NOW)

    assert _found() == set()
    assert MARKER not in caplog.text
    assert (ProgressNote.objects.get().body, Addendum.objects.get().body) == (f"{MARKER} again", f"More {MARKER}")


@pytest.mark.django_db(transaction=True)
def test_the_search_would_find_a_word_in_clear(session):
    type(session).objects.filter(pk=session.pk)
    session.patient.desk_note = MARKER
    session.patient.save(update_fields=["desk_note"])

    assert "patients_patient" in _found()


def test_nothing_that_is_printed_shows_a_clinical_word(session, psychologist):
    note = actions.save_draft(appointment=session, body=MARKER, version=0, by=psychologist, now=NOW)
    try:
        actions.save_draft(appointment=session, body="Other", version=9, by=psychologist, now=NOW)
    except StaleDraft as stale:
        told = "".join(traceback.format_exception(stale)) + repr(stale)
    note = actions.sign(appointment=session, version=1, by=psychologist, now=NOW)
    added = actions.add_addendum(note=note, body=f"More {MARKER}", by=psychologist, now=NOW)

    for thing in (note, added, AlreadySigned(note), note.__dict__, ProgressNote.objects.all(), note.body_sealed):
        told += f"{thing!r} {thing}"
    assert MARKER not in told
    assert MARKER.encode() not in pickle.dumps(ProgressNote.objects.get())
