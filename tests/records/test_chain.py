"""The chain of signed records: what it proves, and that each kind of tampering is found."""

import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit import chains
from portal.common.access.actors import Actor
from portal.common.crypto.ciphertext import seal
from portal.records import actions, chain
from portal.records.models import Addendum, ChainHead, ProgressNote
from tests import make, triggers
from tests.records.conftest import BEGAN, NOW


def _signed(psychologist, patient, n):
    session = make.appointment(
        psychologist=psychologist, patient=patient, starts_at=BEGAN - timedelta(days=n), status=Status.COMPLETED
    )
    by = Actor(user=psychologist.user, role=Role.PSYCHOLOGIST)
    draft = actions.save_draft(appointment=session, body=f"Session {n}", version=0, by=by, now=NOW)
    return actions.sign(appointment=session, version=draft.version, by=by, now=NOW)


@pytest.fixture
def three(db):
    """Two notes and an addendum to the first, in the order: note, note, addendum."""
    psychologist, patient = make.psychologist(), make.patient()
    first, second = _signed(psychologist, patient, 1), _signed(psychologist, patient, 2)
    by = Actor(user=psychologist.user, role=Role.PSYCHOLOGIST)
    added = actions.add_addendum(note=first, body="More of session 1", by=by, now=NOW)
    return first, second, added


def _without_guards(sql, *parameters):
    """What somebody does who has the database and knows it well."""
    with triggers.lifted(connection), connection.constraint_checks_disabled(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_an_empty_chain_holds(db):
    assert chain.verify() == chains.Verdict(links=0)


def test_notes_and_addenda_are_one_chain_in_the_order_of_signing(three):
    first, second, added = three

    assert [e.sequence for e in three] == [1, 2, 3]
    assert [e.previous_hash for e in three] == [chains.GENESIS, first.hash, second.hash]
    assert chain.verify() == chains.Verdict(links=3, head=added.hash)


def test_the_chain_is_one_of_those_that_verify_trail_walks(three, capsys):
    call_command("verify_trail")

    assert f"records: 3 links hold. Head 3:{three[2].hash}" in capsys.readouterr().out


@pytest.mark.parametrize("column", ["signed_at", "template", "body"])
def test_a_changed_note_is_found(three, column):
    first = three[0]
    value = {
        "signed_at": "2026-11-24 02:00:00+00",
        "template": "soap",
        # Even by somebody who has the encryption keys.
        "body": seal(b"Session one", context=f"records.ProgressNote.body:{first.code}").token,
    }[column]

    _without_guards(f"UPDATE records_progressnote SET {column} = %s WHERE id = %s", value, first.pk)

    assert chain.verify().broken == f"signed record 1 (progressnote {first.code}): its hash does not fit what it says"


def test_a_note_given_to_another_patient_is_found(three):
    other = make.appointment(psychologist=three[0].author)

    _without_guards(
        "UPDATE records_progressnote SET patient_id = %s, appointment_id = %s WHERE id = %s",
        other.patient_id,
        other.pk,
        three[0].pk,
    )

    assert "its hash does not fit" in chain.verify().broken


def test_a_ciphertext_of_another_row_is_found(three):
    _without_guards(
        "UPDATE records_progressnote SET body = (SELECT body FROM records_progressnote WHERE id = %s) WHERE id = %s",
        three[1].pk,
        three[0].pk,
    )

    assert "does not open" in chain.verify().broken


def test_an_addendum_moved_to_another_note_is_found(three):
    _without_guards("UPDATE records_addendum SET note_id = %s", three[1].pk)

    assert chain.verify().broken.startswith(f"signed record 3 (addendum {three[2].code})")


@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_record_that_is_gone_is_found(three, place):
    entry = three[place - 1]
    if place == 1:
        _without_guards("DELETE FROM records_addendum")
    _without_guards(f"DELETE FROM {entry._meta.db_table} WHERE id = %s", entry.pk)

    assert chain.verify().broken == f"signed record {place} is missing"


def test_two_records_that_changed_places_are_found(three):
    _without_guards("UPDATE records_progressnote SET sequence = 9 WHERE sequence = 1")
    _without_guards("UPDATE records_progressnote SET sequence = 1 WHERE sequence = 2")
    _without_guards("UPDATE records_progressnote SET sequence = 2 WHERE sequence = 9")

    assert "it does not follow the link before it" in chain.verify().broken


def test_a_head_that_was_turned_back_is_found(three):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE records_chainhead SET sequence = 2, hash = %s", [three[1].hash])

    assert chain.verify().broken == "the last signed record is not the one that the head of the chain names"


def test_verify_trail_fails_on_a_broken_chain(three, capsys):
    _without_guards("UPDATE records_progressnote SET template = 'soap' WHERE id = %s", three[0].pk)

    with pytest.raises(CommandError):
        call_command("verify_trail")

    assert "records: BROKEN after 0 links" in capsys.readouterr().err


def test_the_chain_holds_over_many_pages(db, monkeypatch):
    monkeypatch.setattr(chain, "PAGE", 2)
    psychologist, patient = make.psychologist(), make.patient()
    notes = [_signed(psychologist, patient, n) for n in range(5)]
    by = Actor(user=psychologist.user, role=Role.PSYCHOLOGIST)
    for note in notes:
        actions.add_addendum(note=note, body="More", by=by, now=NOW)

    assert chain.verify().links == 10


@pytest.mark.django_db(transaction=True)
def test_signatures_at_once_each_take_a_place_of_their_own():
    psychologists = [make.psychologist() for _ in range(6)]
    patient = make.patient()
    sessions = [
        make.appointment(psychologist=p, patient=patient, starts_at=BEGAN - timedelta(days=n), status=Status.COMPLETED)
        for n, p in enumerate(psychologists)
    ]
    for session in sessions:
        by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)
        actions.save_draft(appointment=session, body="Words", version=0, by=by, now=NOW)
    together, failures = threading.Barrier(len(sessions)), []

    def sign(session):
        try:
            together.wait()
            by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)
            actions.sign(appointment=session, version=1, by=by, now=NOW)
        except Exception as problem:
            failures.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=sign, args=[session]) for session in sessions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert sorted(ProgressNote.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert (chain.verify().links, chain.verify().broken) == (6, "")
    assert ChainHead.objects.get().sequence == 6


def test_a_new_trail_key_takes_over_and_the_old_links_hold(three, settings):
    settings.TRAIL_KEY_FALLBACKS = [settings.TRAIL_KEY]
    settings.TRAIL_KEY = "a-newer-key-" * 4
    by = Actor(user=three[0].author.user, role=Role.PSYCHOLOGIST)

    actions.add_addendum(note=three[0], body="Under the new key", by=by, now=NOW)

    assert (chain.verify().links, chain.verify().broken) == (4, "")
    assert Addendum.objects.count() == 2


def test_a_rolled_back_signature_leaves_no_gap(three):
    session = make.appointment(
        psychologist=three[0].author,
        patient=three[0].patient,
        starts_at=BEGAN - timedelta(days=9),
        status=Status.COMPLETED,
    )
    by = Actor(user=three[0].author.user, role=Role.PSYCHOLOGIST)
    actions.save_draft(appointment=session, body="Words", version=0, by=by, now=NOW)

    with transaction.atomic():
        actions.sign(appointment=session, version=1, by=by, now=NOW)
        transaction.set_rollback(True)
    actions.sign(appointment=session, version=1, by=by, now=NOW)

    assert (chain.verify().links, chain.verify().broken) == (4, "")
