"""Categories and tags. A category is put away, never deleted while articles or files stand in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.database.columns import longest
from portal.common.text.normalise import fold
from portal.resources.models import BlogPost, Category, Tag
from portal.resources.refusals import InUse, NameTaken
from portal.website import actions, texts

LONGEST_TAG = longest(Tag, "name")
MOST_TAGS = 12


@transaction.atomic
def add_category(*, name: str, description: str = "", by: Actor, now: datetime) -> Category:
    """Adds a category at the end; its address is made from its name, and stays. Raises NameTaken."""
    last = Category.objects.order_by("-position").values_list("position", flat=True).first()
    stem = slugify(fold(name))[:50].strip("-") or "topic"
    taken = set(Category.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
    slug = next(s for s in [stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))] if s not in taken)
    category = Category(name=name, slug=slug, description=description, position=0 if last is None else last + 1)
    _keep(category)
    trail.record("category.added", by=by, target=category, at=now)
    return category


@transaction.atomic
def change_category(*, category: Category, values: Mapping[str, str], by: Actor, now: datetime) -> Category:
    """Changes its `name`, its `description` or both; its address stays. Raises NameTaken."""
    category = Category.objects.select_for_update().get(pk=category.pk)
    changed = {name: words for name, words in values.items() if getattr(category, name) != words}
    if not changed:
        return category
    for name, words in changed.items():
        setattr(category, name, words)
    _keep(category)
    trail.record("category.changed", by=by, target=category, at=now)
    return category


def _keep(category: Category) -> None:
    try:
        with transaction.atomic():
            category.save()
    except IntegrityError:
        raise NameTaken from None


@transaction.atomic
def put_away_category(*, category: Category, by: Actor, now: datetime) -> None:
    """No new article is put there; those in it stay."""
    if Category.objects.filter(pk=category.pk, is_active=True).update(is_active=False):
        trail.record("category.put_away", by=by, target=category, at=now)


@transaction.atomic
def take_up_category(*, category: Category, by: Actor, now: datetime) -> None:
    if Category.objects.filter(pk=category.pk, is_active=False).update(is_active=True):
        trail.record("category.taken_up", by=by, target=category, at=now)


@transaction.atomic
def move_category(*, category: Category, earlier: bool, by: Actor, now: datetime) -> None:
    """One place towards the beginning or the end of the list. Raises Category.DoesNotExist."""
    everything = list(Category.objects.select_for_update().order_by("position", "name"))
    here = next((n for n, other in enumerate(everything) if other.pk == category.pk), None)
    if here is None:
        raise Category.DoesNotExist
    there = here - 1 if earlier else here + 1
    if not 0 <= there < len(everything):
        return
    everything[here], everything[there] = everything[there], everything[here]
    for position, other in enumerate(everything):
        if other.position != position:
            Category.objects.filter(pk=other.pk).update(position=position)
    trail.record("category.placed", by=by, target=category, at=now, position=there)


@transaction.atomic
def delete_category(*, category: Category, by: Actor, now: datetime) -> None:
    """Raises InUse where an article stands in it, a draft too, or a file."""
    category = Category.objects.select_for_update().get(pk=category.pk)
    if BlogPost.objects.in_category(category).exists() or category.files.exists():
        raise InUse
    trail.record("category.deleted", by=by, target=category, at=now)
    actions.words_end(at=texts.place_of(category))
    category.delete()


# ---- Tags ------------------------------------------------------------------------------------------------------------


def tag_slug(name: str) -> str:
    """By this two names are one tag; letters of any script stay."""
    return slugify(fold(unicodedata.normalize("NFC", name)), allow_unicode=True)[:LONGEST_TAG].strip("-")


def tags_named(names: Iterable[str], *, make: bool = True) -> list[Tag]:
    """The tags of these names, made where there are none (or only named, not kept, with `make` off)."""
    wanted: dict[str, str] = {}
    for name in names:
        if slug := tag_slug(name):
            wanted.setdefault(slug, name.strip()[:LONGEST_TAG])
    found = {tag.slug: tag for tag in Tag.objects.filter(slug__in=wanted)}
    for slug, name in wanted.items():
        if slug not in found:
            found[slug] = Tag.objects.get_or_create(slug=slug, defaults={"name": name})[0] if make else Tag(slug=slug)
    return [found[slug] for slug in wanted]


@transaction.atomic
def rename_tag(*, tag: Tag, name: str, by: Actor, now: datetime) -> Tag:
    """Changes a tag's name; where another tag has that name, its articles go there and it is gone.

    Its names in other languages go along. Gives the tag that has the name from now on. Raises NameTaken if no letter or
    digit is in it, Tag.DoesNotExist.
    """
    tag = Tag.objects.select_for_update().get(pk=tag.pk)
    slug = tag_slug(name)
    if not slug:
        raise NameTaken
    other = Tag.objects.filter(slug=slug).exclude(pk=tag.pk).first()
    actions.words_follow(was=texts.place_of(tag), to=texts.place_of(other or Tag(slug=slug)))
    if other is None:
        tag.name, tag.slug = name, slug
        tag.save(update_fields=["name", "slug"])
        trail.record("tag.renamed", by=by, target=tag, at=now)
        return tag
    tagging = BlogPost.tags.through
    both = [tagging(blogpost_id=post, tag=other) for post in tag.posts.values_list("pk", flat=True)]
    # Articles that have both tags already are left as they are.
    tagging.objects.bulk_create(both, ignore_conflicts=True)
    trail.record("tag.merged", by=by, target=other, at=now, merged=tag.pk)
    tag.delete()
    return other


@transaction.atomic
def delete_tag(*, tag: Tag, by: Actor, now: datetime) -> None:
    """Takes a tag off every article. Raises Tag.DoesNotExist."""
    tag = Tag.objects.select_for_update().get(pk=tag.pk)
    trail.record("tag.deleted", by=by, target=tag, at=now)
    actions.words_end(at=texts.place_of(tag))
    tag.delete()
