"""Addresses of articles: made from the title, given once, and never to two articles.

Every address that an article has or had is a row of UsedSlug, whose column is unique: two people who publish the same
title at the same moment get two addresses, and an old link never leads to something else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime
from itertools import count

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from portal.common.text.normalise import fold
from portal.resources.models import BlogPost, UsedSlug
from portal.resources.refusals import AddressTaken, NoAddress

LONGEST = 80
# Fixed parts of the blog's own addresses, and what reads as a page of the site.
KEPT_FREE = frozenset({"category", "feed", "preview", "search", "tag", "page", "new", "archive"})
# A title of another script leaves at most a word or two: `CBT 是什么` would be `cbt`.
_SHORTEST = 4


def made_from(title: str) -> str:
    """Latin letters of the title, folded; empty where too few are left to tell one article from another."""
    folded = fold(title)
    stem = slugify(folded)
    letters = sum(c.isalpha() for c in folded)
    said = sum(c.isalpha() for c in stem)
    if len(stem) < _SHORTEST or said * 2 < letters:
        return ""
    if len(stem) > LONGEST - 6:
        stem = stem[: LONGEST - 6].rsplit("-", 1)[0] or stem[: LONGEST - 6]
    return stem.strip("-")


def tidy(typed: str) -> str:
    """An address as somebody typed it, made fit; raises NoAddress."""
    slug = slugify(fold(typed))[:LONGEST].strip("-_")
    if not slug or slug in KEPT_FREE:
        raise NoAddress
    return slug


def follow_title(post: BlogPost, *, now: datetime) -> bool:
    """Gives an article whose address readers can't know yet the one that its title makes; whether it changed.

    The post must have been saved, and be locked.
    """
    if post.slug_is_settled:
        return False
    stem = made_from(post.title)
    if stem and _is_of(post.slug, stem):
        return False
    if not stem and post.slug == short_code(post):
        return False
    for candidate in _candidates(post, stem):
        if _take(post, candidate, now=now):
            post.used_slugs.exclude(slug=candidate).delete()
            post.slug = candidate
            return True
    raise AssertionError("There is always another number.")


def give(post: BlogPost, slug: str, *, keep_old: bool, now: datetime) -> None:
    """Gives an article the address that somebody chose; raises AddressTaken. Its own old ones it may have again."""
    if not post.used_slugs.filter(slug=slug).exists() and not _take(post, slug, now=now):
        raise AddressTaken
    if not keep_old:
        post.used_slugs.exclude(slug=slug).delete()
    post.slug = slug


def post_at(slug: str) -> BlogPost | None:
    """The article that has or had this address. The caller asks whether it may be read, and sends to `post.slug`."""
    used = UsedSlug.objects.select_related("post__author", "post__category").filter(slug=slug).first()
    return used.post if used else None


def short_code(post: BlogPost) -> str:
    return f"a-{post.code.hex[:8]}"


def unguessable() -> str:
    """Holds the place until the row is there to be named after."""
    return f"a-{secrets.token_hex(12)}"


def _is_of(slug: str, stem: str) -> bool:
    head, _, number = slug.rpartition("-")
    return slug == stem or (head == stem and number.isdecimal())


def _candidates(post: BlogPost, stem: str) -> Iterator[str]:
    if not stem:
        yield short_code(post)
        yield f"a-{post.code.hex}"
        return
    if stem not in KEPT_FREE:
        yield stem
    taken = set(UsedSlug.objects.filter(slug__startswith=f"{stem}-").values_list("slug", flat=True))
    for n in count(2):
        if f"{stem}-{n}" not in taken:
            yield f"{stem}-{n}"


def _take(post: BlogPost, slug: str, *, now: datetime) -> bool:
    """Writes the row, unless somebody has it: the unique column decides, not a look beforehand."""
    try:
        with transaction.atomic():
            UsedSlug.objects.create(slug=slug, post=post, since=now)
    except IntegrityError:
        return False
    return True
