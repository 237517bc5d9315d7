"""The clinic's shelf of files: put there, changed, replaced behind the same address, taken down."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import date, datetime
from itertools import count
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.crypto.fields import clear
from portal.common.documents import CleanFile
from portal.resources import slugs, storage
from portal.resources.models import DownloadCount, Resource, ResourceFile, ResourceSlug
from portal.resources.refusals import AddressTaken

ABOUT = frozenset({"title", "description", "language", "category", "audience", "position"})
# What would stand in the way of an address of the shelf itself.
KEPT_FREE = frozenset({"new", "page", "search", "categories"})


def add_resource(
    *, values: Mapping[str, Any], file: CleanFile, put: storage.Put | None = None, by: Actor, now: datetime
) -> Resource:
    """Puts a file on the shelf; its address is made from its title, once.

    Whoever opens a transaction around it has `put` its bytes before that.
    """
    with storage.there(file, put, sealed=False) as there, transaction.atomic():
        return _add(values, file, there, by=by, now=now)


def _add(values: Mapping[str, Any], file: CleanFile, put: storage.Put, *, by: Actor, now: datetime) -> Resource:
    resource = Resource(created_at=now, updated_at=now, created_by=by.user, slug=unguessable(), **_known(values))
    resource.save(force_insert=True)
    resource.slug = _first_free(resource, slugs.made_from(resource.title), now=now)
    resource.save(update_fields=["slug"])
    add_version(resource, file, put, by=by, now=now)
    trail.record("resource.added", by=by, target=resource, at=now, audience=resource.audience, kind=file.kind)
    return resource


@transaction.atomic
def change_resource(
    *, resource: Resource, values: Mapping[str, Any], slug: str | None = None, by: Actor, now: datetime
) -> Resource:
    """Writes what differs. A changed address leads on from the old one. Raises AddressTaken or NoAddress."""
    stored = Resource.objects.select_for_update().library().get(pk=resource.pk)
    changed = sorted(name for name, value in _known(values).items() if getattr(stored, name) != value)
    for name in changed:
        setattr(stored, name, values[name])
    if slug is not None and (tidied := slugs.tidy(slug)) != stored.slug:
        _give(stored, tidied, now=now)
        changed.append("slug")
    if changed:
        stored.save(update_fields=changed)
        trail.record("resource.changed", by=by, target=stored, at=now, fields=changed, audience=stored.audience)
    return stored


def replace_file(*, resource: Resource, file: CleanFile, by: Actor, now: datetime) -> ResourceFile:
    """Puts another file behind the same address; the same file again changes nothing.

    What it was stays on record: size, kind, digest and when. Its bytes go, since a file is replaced because it is wrong
    or out of date, unless it was shared with somebody by name: what a patient was given belongs to their care.
    """
    with storage.put(file, sealed=False) as there, transaction.atomic():
        return _replace(resource, file, there, by=by, now=now)


def _replace(resource: Resource, file: CleanFile, put: storage.Put, *, by: Actor, now: datetime) -> ResourceFile:
    stored = Resource.objects.select_for_update().library().get(pk=resource.pk)
    old = stored.versions.get(replaced_at__isnull=True)
    if (old.sha256, old.kind, old.name) == (file.sha256, file.kind, file.name):
        return old
    old.replaced_at = now
    was_given = stored.shares.filter(Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gt=old.added_at)).exists()
    if not was_given:
        storage.remove_after_commit(old.path)
        old.path, old.removed_at = "", now
    old.save(update_fields=["path", "replaced_at", "removed_at"])
    version = add_version(stored, file, put, by=by, now=now)
    trail.record(
        "resource.replaced",
        by=by,
        target=stored,
        at=now,
        version=version.number,
        was=old.sha256,
        became=version.sha256,
        kept=was_given,
    )
    return version


@transaction.atomic
def take_down(*, resource: Resource, by: Actor, now: datetime) -> None:
    """Nobody gets it any more, those it was shared with neither; it can be put back."""
    if Resource.objects.library().filter(pk=resource.pk, is_active=True).update(is_active=False):
        trail.record("resource.taken_down", by=by, target=resource, at=now)


@transaction.atomic
def put_back(*, resource: Resource, by: Actor, now: datetime) -> None:
    if Resource.objects.library().filter(pk=resource.pk, is_active=False).update(is_active=True):
        trail.record("resource.put_back", by=by, target=resource, at=now)


def count_opening(*, resource: Resource, day: date) -> None:
    """Adds one to the day's count, whoever else does at the same moment. Nobody is named, so the trail has no line.

    What was made for one person is not counted: that would be a count of what one person does.
    """
    if resource.made_for_id:
        return
    todays = DownloadCount.objects.filter(resource=resource, day=day)
    if todays.update(times=F("times") + 1):
        return
    DownloadCount.objects.bulk_create([DownloadCount(resource=resource, day=day)], ignore_conflicts=True)
    todays.update(times=F("times") + 1)


# ---- What they have in common ----------------------------------------------------------------------------------------


def add_version(resource: Resource, file: CleanFile, put: storage.Put, *, by: Actor, now: datetime) -> ResourceFile:
    """Makes bytes that lie in the storage the current ones; sealed where the file is one person's. The caller locks."""
    if (put.key is not None) != (resource.made_for_id is not None):
        raise ValueError("what is one person's is sealed, and nothing else")
    last = resource.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version = ResourceFile(
        code=put.code,
        resource=resource,
        number=last + 1,
        path=put.path,
        **clear(name=file.name),
        kind=file.kind,
        size=file.size,
        sha256=file.sha256,
        added_at=now,
        added_by=by.user,
    )
    if put.key is not None:
        version.key = put.key
    version.save(force_insert=True)
    resource.current, resource.updated_at = version, now
    resource.save(update_fields=["current", "updated_at"])
    put.is_named = True
    return version


def unguessable() -> str:
    """Holds the place until the row is there to be named after; and the address of what is one person's."""
    return f"f-{secrets.token_hex(16)}"


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := values.keys() - ABOUT:
        raise TypeError(f"not what is said of a file: {', '.join(sorted(unknown))}")
    return dict(values)


def _first_free(resource: Resource, stem: str, *, now: datetime) -> str:
    stem = stem if stem and stem not in KEPT_FREE else f"file-{resource.code.hex[:8]}"
    for n in count(1):
        candidate = stem if n == 1 else f"{stem}-{n}"
        if _take(resource, candidate, now=now):
            return candidate
    raise AssertionError("There is always another number.")


def _give(resource: Resource, slug: str, *, now: datetime) -> None:
    if slug in KEPT_FREE:
        raise AddressTaken
    if not resource.used_slugs.filter(slug=slug).exists() and not _take(resource, slug, now=now):
        raise AddressTaken
    resource.slug = slug


def _take(resource: Resource, slug: str, *, now: datetime) -> bool:
    """Writes the row, unless another file has it: the unique column decides, not a look beforehand."""
    try:
        with transaction.atomic():
            ResourceSlug.objects.create(slug=slug, resource=resource, since=now)
    except IntegrityError:
        return False
    return True
