"""Sealing gives entries their place in the chain, after they are committed.

Entries are written without a place, so that no two transactions of the clinic wait for each other. One sealer at a
time then chains what is committed and has no place yet. An entry whose transaction ends late simply comes later in
the chain: the order of `seq` is the order of sealing, and `at` says when the deed was done.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django.db import connection, connections, router, transaction

from portal.audit.chains import GENESIS, Verdict, Walk, link
from portal.audit.guards import TRAIL
from portal.audit.models import Entry
from portal.common import guards

# Any fixed number of our own; PostgreSQL's advisory locks are one space for the whole database.
LOCK = 7_214_803_311
BATCH = 500


def seal() -> int:
    """Chains every committed entry that has no place yet, in short transactions, and says how many."""
    total = 0
    while sealed := _seal_some():
        total += sealed
        if sealed < BATCH:
            break
    return total


def _seal_some() -> int:
    using = router.db_for_write(Entry)
    # On SQLite the transaction itself is the lock: it begins IMMEDIATE.
    with transaction.atomic(using=using):
        if connections[using].vendor == "postgresql":
            with connections[using].cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        entries = Entry.objects.using(using)
        last = entries.sealed().order_by("-seq").first()
        seq, head = (last.seq or 0, last.hash) if last else (0, GENESIS)
        count = 0
        for entry in entries.waiting().order_by("id")[:BATCH]:
            seq += 1
            count += 1
            entry.seq = seq
            digest = link(head, entry.payload())
            entries.filter(pk=entry.pk).update(seq=seq, previous=head, hash=digest)
            head = digest
    return count


def verify() -> Verdict:
    """Walks the whole trail; memory does not grow with it."""
    walk = Walk()
    broken = guards.problem(connection, TRAIL)
    if not broken:
        for entry in _in_order():
            expected = walk.links + 1
            if entry.seq != expected:
                broken = f"link {expected} is missing"
            elif wrong := walk.step(previous=entry.previous, hash=entry.hash, payload=entry.payload()):
                broken = f"link {entry.seq} (entry {entry.pk}, {entry.verb}, {entry.at:%Y-%m-%d %H:%M} UTC): {wrong}"
            if broken:
                break
    return Verdict(links=walk.links, head=walk.head, broken=broken, waiting=Entry.objects.waiting().count())


def _in_order(page: int = 2000) -> Iterator[Entry]:
    # Pages by seq rather than one cursor: no transaction stays open while a long trail is walked.
    after = 0
    while rows := list(Entry.objects.sealed().filter(seq__gt=after).order_by("seq")[:page]):
        yield from rows
        after = cast(int, rows[-1].seq)  # sealed rows have one
