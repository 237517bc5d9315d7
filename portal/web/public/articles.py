"""Articles as the website shows them, in a number of queries that does not grow with how many there are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import unescape
from zoneinfo import ZoneInfo

from django.core.cache import caches
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from portal.accounts.models import User
from portal.clinic.models import Psychologist
from portal.common.languages.offered import Language, languages
from portal.common.media.pictures import WIDE, Picture, draw
from portal.common.text.normalise import full_name
from portal.common.web.pagecache import LONGEST, STORE
from portal.resources.models import BlogPost, Category, PostStatus, Tag
from portal.resources.models.categories import CategoryQuerySet
from portal.resources.models.posts import BlogPostQuerySet
from portal.website.texts import Texts, Wording

RELATED = 3
# So many of the newest with a tag in common, and of the same category, are looked at for those most alike.
LOOKED_AT = 60
# An article's page is kept, too, with the cards in it: together no longer than anything that was withdrawn may be seen.
PAGE_FOR = READ_ON_FOR = LONGEST // 2
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
        name = psychologist.name if psychologist else full_name(user.first_name, user.last_name)
        return cls("" if "@" in name else name, psychologist if psychologist and psychologist.is_active else None)


@dataclass(frozen=True, slots=True)
class Card:
    """An article as lists show it, and nothing more: two that are equal are drawn once. `language` is there if it is
    not the page's own; `topic` is the name of its category in the page's, where it has one there."""

    url: str
    title: str
    summary: str
    topic: Wording | None
    author: str
    published_at: datetime | None
    minutes: int
    picture: Picture | None
    language: Language | None

    @classmethod
    def of(cls, post: BlogPost, site_texts: Texts) -> Card:
        return cls(
            url=reverse("public:post", args=[post.slug]),
            title=post.title,
            summary=post.summary,
            topic=site_texts.name_of(post.category) if post.category else None,
            author=Author.of(post.author).name,
            published_at=post.published_at,
            minutes=post.minutes,
            picture=picture_of(post),
            language=foreign(post.language),
        )

    def html(self, zone: ZoneInfo) -> SafeString:
        """As a list shows it. Drawing a card costs more than all else about it, so each is drawn once a process."""
        return _drawn(self, zone, get_language())


@lru_cache(maxsize=1024)
def _drawn(card: Card, zone: ZoneInfo, language: str | None) -> SafeString:
    return render_to_string("components/_post_card.html", {"card": card, "zone": zone})


# What a card shows, and no column more: most of what a list costs is making rows into objects.
SHOWN = ("title", "slug", "code", "summary", "language", "picture", "published_at", "updated_at", "words")
OF_OTHERS = (
    "category__name",
    "category__code",
    "author__first_name",
    "author__last_name",
    "author__psychologist__user_id",
    "author__psychologist__title",
    "author__psychologist__is_active",
)


def listed(posts: BlogPostQuerySet) -> BlogPostQuerySet:
    """With all that a card shows; one query."""
    return posts.select_related("author__psychologist", "category").only(*SHOWN, *OF_OTHERS, "author", "category")


def foreign(code: str) -> Language | None:
    """The language of an article, if the page speaks another."""
    return None if code == get_language() else next((one for one in languages() if one.code == code), None)


def picture_of(post: BlogPost, *, token: str = "") -> Picture | None:
    """The article's picture; that of a draft is served by its preview link."""

    if not post.picture:
        return None
    where = ("public:preview_picture", token) if token else ("machines:post_picture", post.code)
    # Asked for once: a picture has a dozen addresses, which differ in their last part only.
    folder = reverse(where[0], args=[where[1], "w"])
    return draw(post.picture, widths=WIDE, address=lambda width, kind: f"{folder}{width}.{kind}")


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


def shelves(now: datetime) -> CategoryQuerySet:
    """The categories in which there is something to read; one query."""
    readable = BlogPost.objects.readable(now).filter(category=OuterRef("pk"))
    return Category.objects.active().filter(Exists(readable))


def related(post: BlogPost, tags: Sequence[Tag], *, now: datetime) -> list[BlogPost]:
    """Up to three others in its language: those with most tags in common, then of its category, then the newest.

    Three queries, or four where there are few; each reads a bounded number of rows, however many articles there are.
    """
    others = BlogPost.objects.readable(now).in_language(post.language).exclude(pk=post.pk)
    alike: Counter[int] = Counter()
    when: dict[int, datetime] = {}
    if tags:
        through = BlogPost.tags.through.objects
        newest = through.filter(tag__in=tags).order_by("-pk").values("pk")[:LOOKED_AT]
        in_common = through.exclude(blogpost=post.pk).filter(
            pk__in=newest,
            blogpost__status=PostStatus.PUBLISHED,
            blogpost__published_at__lte=now,
            blogpost__language=post.language,
        )
        rows = in_common.values_list("blogpost_id", "blogpost__category_id", "blogpost__published_at")
        for pk, category, at in rows:
            if at is None:
                continue
            # A tag in common tells more than the category, which counts once.
            alike[pk] += 2 + (pk not in when and category == post.category_id)
            when[pk] = at
    if post.category:
        for pk, at in _newest(others.in_category(post.category)):
            alike[pk] = alike[pk] or 1
            when[pk] = at
    if len(when) < RELATED:
        when |= dict(_newest(others))
    chosen = sorted(when, key=lambda pk: (alike[pk], when[pk], pk), reverse=True)[:RELATED]
    found = listed(others).in_bulk(chosen)
    return [found[pk] for pk in chosen if pk in found]


def _newest(posts: BlogPostQuerySet) -> Iterator[tuple[int, datetime]]:
    """The few newest, each by its id and when it came out; one query."""
    for pk, at in posts.newest_first().values_list("pk", "published_at")[:RELATED]:
        if at is not None:
            yield pk, at


def read_on(
    post: BlogPost, tags: Sequence[Tag], *, now: datetime, zone: ZoneInfo, site_texts: Texts
) -> list[SafeString]:
    """The cards of related articles. To find them is a quarter of what an article costs, so each process does it once
    in READ_ON_FOR seconds for all of its readers; it changes when another article comes out."""
    store, key = caches[STORE], f"read-on:{post.pk}:{get_language()}"
    kept: list[SafeString] | None = store.get(key)
    if kept is None:
        kept = [Card.of(one, site_texts).html(zone) for one in related(post, tags, now=now)]
        store.set(key, kept, READ_ON_FOR)
    return kept
