"""The chain of signed records: each note, addendum and answered measure carries a seal over itself and the one before.

The seal covers the clear text, so it outlives a change of encryption keys, and it is keyed, so it tells nobody whether
a guess at a short note is right. `manage.py verify_trail` walks it; the trail keeps each seal a second time.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import Any

from django.db import connection, transaction

from portal.audit import chains
from portal.audit.chains import GENESIS, Verdict, Walk
from portal.common import guards
from portal.common.crypto.ciphertext import EncryptionError
from portal.records.guards import RECORDS
from portal.records.models import Addendum, ChainHead, Measure, ProgressNote

Entry = ProgressNote | Addendum | Measure
PAGE = 200


def register() -> None:
    chains.register("records", verify)


def payload(entry: Entry) -> dict[str, Any]:
    """Everything that a signature stands for, but for the seal before it."""
    match entry:
        case ProgressNote():
            about = _signature(entry) | {
                "kind": "note",
                "appointment": entry.appointment.code,
                "patient": entry.patient.code,
                "template": entry.template,
            }
        case Addendum():
            about = _signature(entry) | {"kind": "addendum", "note": entry.note.code}
        case Measure():
            # What was asked, and what was answered, when and by whom; who may see it since is no part of that.
            about = {
                "kind": "measure",
                "patient": entry.patient.code,
                "author": entry.author.code,
                "instrument": entry.instrument,
                "version": entry.version,
                "how": entry.how,
                "answers": entry.answers,
                "scores": entry.scores,
                "scorer": entry.scorer,
                "answered_at": entry.answered_at,
                "answered_by": entry.answered_by_id,
            }
    return about | {"code": entry.code, "sequence": entry.sequence}


def _signature(entry: ProgressNote | Addendum) -> dict[str, Any]:
    return {
        "author": entry.author.code,
        "signed_by": entry.signed_by_id,
        "signed_at": entry.signed_at,
        "body": entry.body,
    }


def append(entry: Entry) -> None:
    """Gives an entry that is signed just now its place in the chain; the caller saves it in the same transaction.

    Locks the chain's head until then, so that two signatures at once can't take one place.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("A link of the chain is made in the transaction that saves its entry.")
    head, _made = ChainHead.objects.select_for_update().get_or_create(pk=1, defaults={"hash": GENESIS})
    entry.sequence, entry.previous_hash = head.sequence + 1, head.hash
    entry.hash = chains.link(head.hash, payload(entry))
    head.sequence, head.hash = entry.sequence, entry.hash
    head.save(update_fields=["sequence", "hash"])


def verify() -> Verdict:
    """Walks all signed records in the order of signing; memory does not grow with them."""
    walk = Walk()
    broken = guards.problem(connection, RECORDS)
    if not broken:
        for entry in _in_order():
            expected = walk.links + 1
            if entry.sequence != expected:
                broken = f"signed record {expected} is missing"
            elif wrong := _wrong(walk, entry):
                broken = f"signed record {expected} ({entry._meta.model_name} {entry.code}): {wrong}"
            if broken:
                break
    if not broken:
        head = ChainHead.objects.filter(pk=1).first() or ChainHead(hash=GENESIS)
        if head.sequence > walk.links:
            broken = f"signed record {walk.links + 1} is missing"
        elif (head.sequence, head.hash) != (walk.links, walk.head):
            broken = "the last signed record is not the one that the head of the chain names"
    return Verdict(links=walk.links, head=walk.head, broken=broken)


def _wrong(walk: Walk, entry: Entry) -> str:
    try:
        return walk.step(previous=entry.previous_hash, hash=entry.hash, payload=payload(entry))
    except EncryptionError as problem:
        return str(problem)


def _in_order() -> Iterator[Entry]:
    notes = ProgressNote.objects.signed().select_related("appointment", "patient", "author")
    addenda = Addendum.objects.select_related("note", "author")
    measures = Measure.objects.answered().select_related("patient", "author")
    yield from merge(_pages(notes), _pages(addenda), _pages(measures), key=lambda entry: entry.sequence or 0)


def _pages(entries: Any) -> Iterator[Entry]:
    # Pages rather than one cursor: no transaction stays open while a long chain is walked.
    after = 0
    while rows := list(entries.filter(sequence__gt=after).order_by("sequence")[:PAGE]):
        yield from rows
        after = rows[-1].sequence
