"""Articles as the website shows them, in a number of queries that does not grow with how many there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.translation import get_language

from portal.accounts.models import User
from portal.clinic.models import Psychologist
from portal.common.languages import Language, languages
from portal.common.pictures import WIDE, Picture, draw
from portal.resources.models import BlogPost, Category, Tag

RELATED = 3
# So many of the newest with a tag in common, and of the same category, are looked at for those most alike.
LOOKED_AT = 60
# A shorter article is read in one go: a list of its parts would only stand in the way.
LONG, FEWEST_PARTS = 450, 3

_HEADING = re.compile(r'<h([23]) id="([^"]+)">(.*?)</h\1>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote an article. The profile is there while they practise here; the name is empty where only an address is
    known, which is nobody's to read."""

    name: str
    psychologist: Psychologist | None

    @classmethod
    def of(cls, user: User) -> Author:
        psychologist = getattr(user, "psychologist", None)
        name = psychologist.name if psychologist else f"{user.first_name} {user.last_name}".strip()
        return cls("" if "@" in name else name, psychologist if psychologist and psychologist.is_active else None)


@dataclass(frozen=True, slots=True)
class Card:
    """An article as lists show it. `language` is there if it is not the page's own."""

    post: BlogPost
    url: str
    author: str
    picture: Picture | None
    language: Language | None

    @classmethod
    def of(cls, post: BlogPost) -> Card:
        return cls(
            post=post,
            url=reverse("public:post", args=[post.slug]),
            author=Author.of(post.author).name,
            picture=picture_of(post),
            language=foreign(post.language),
        )


def listed(queryset: Any) -> Any:
    """With all that a card shows; one query."""
    return queryset.for_listing().select_related("author__psychologist")


def foreign(code: str) -> Language | None:
    """The language of an article, if the page speaks another."""
    return None if code == get_language() else next((one for one in languages() if one.code == code), None)


def picture_of(post: BlogPost, *, token: str = "") -> Picture | None:
    """The article's picture; that of a draft is served by its preview link."""

    def address(width: int, kind: str) -> str:
        name = f"w{width}.{kind}"
        if token:
            return reverse("public:preview_picture", args=[token, name])
        return reverse("machines:post_picture", args=[post.code, name])

    return draw(post.picture, widths=WIDE, address=address)


def shared_picture(post: BlogPost, width: int) -> str:
    """The address of the picture in the size that previews elsewhere ask for."""
    return reverse("machines:post_picture", args=[post.code, f"w{width}.jpg"])


def read_picture_name(name: str) -> tuple[int, str] | None:
    """`w800.avif` as (800, "avif"), or None."""
    found = re.fullmatch(r"w([1-9][0-9]{1,4})\.([a-z]{3,4})", name)
    return (int(found[1]), found[2]) if found else None


@dataclass(frozen=True, slots=True)
class Part:
    level: int
    id: str
    text: str


def contents(post: BlogPost) -> list[Part]:
    """The parts of a long article, read from its HTML, which is ours; none of a short one."""
    if post.words < LONG:
        return []
    found = [Part(int(level), id, unescape(strip_tags(text))) for level, id, text in _HEADING.findall(post.html)]
    return found if len(found) >= FEWEST_PARTS else []


def shelves(now: datetime) -> Any:
    """The categories in which there is something to read; one query."""
    readable = BlogPost.objects.readable(now).filter(category=OuterRef("pk"))
    return Category.objects.active().filter(Exists(readable))


def related(post: BlogPost, tags: Sequence[Tag], *, now: datetime) -> list[BlogPost]:
    """Up to three others in its language: those with most tags in common, then of its category, then the newest.

    At most four queries, each of which reads a bounded number of rows, however many articles there are.
    """
    tagging = BlogPost.tags.through.objects.filter(tag__in=tags).exclude(blogpost=post.pk).order_by("-pk")
    shared: Counter[int] = Counter(tagging.values_list("blogpost_id", flat=True)[:LOOKED_AT]) if tags else Counter()
    others = listed(BlogPost.objects.readable(now).in_language(post.language)).exclude(pk=post.pk)
    found: Iterable[BlogPost] = list(others.filter(pk__in=list(shared))) if shared else []
    if post.category_id:
        found = [*found, *others.filter(category=post.category_id).newest_first()[:LOOKED_AT]]
    once = {one.pk: one for one in found}
    if len(once) < RELATED:
        once |= {one.pk: one for one in others.newest_first()[:RELATED]}

    def likeness(one: BlogPost) -> tuple[Any, ...]:
        return (2 * shared[one.pk] + (one.category_id == post.category_id), one.published_at, one.pk)

    return sorted(once.values(), key=likeness, reverse=True)[:RELATED]
