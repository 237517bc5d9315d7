"""The blog to measure: ten articles, then ten thousand, read warm (as it is kept for readers) and cold (drawn anew)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import cycle
from random import Random

from django.urls import reverse

from portal.common.text.normalise import fold
from portal.resources.models import BlogPost, Category, Tag, UsedSlug
from tests.bench.load import Browser, Request, Timing
from tests.bench.seed import Clinic
from tests.bench.targets import Target, browser

FEW, MANY = 10, 10_000
CHUNK = 1_000
CATEGORIES = ("Starting out", "Worry and low mood", "Families", "Work", "Sleep", "Grief")
TAGS = tuple(f"Tag {n}" for n in range(40))
WORDS = [
    *("sleep", "worry", "morning", "session", "family", "school", "work", "people", "talk", "listen", "walk"),
    *("breathe", "evening", "question", "answer", "doctor", "referral", "plan", "friend", "change", "small"),
    *("step", "week", "month", "feel", "think", "body", "rest", "letter", "phone", "hour", "door", "garden"),
]
# A word that stands in one article of each thousand, and one that stands in none.
RARE, NOWHERE = "quokka", "xylophone"
# Rendering takes longer than anything else here: so many different texts, of which each article has one.
TEXTS = 12
WORDS_IN_ONE = 900
# Drawn anew each time: a parameter that no view knows is never kept, and changes nothing of what is drawn.
COLD = "?drawn=anew"
WARM_POSTS, COLD_POSTS = 3, 60
# What the issue asks for, as shares of the bare page's rate.
WARM_AT_LEAST, COLD_AT_LEAST = 0.5, 0.1


def fill(clinic: Clinic, *, count: int, random: Random) -> None:
    """Adds articles until there are `count`, an hour between one and the next."""
    shelves = [
        Category.objects.get_or_create(slug=fold(name).replace(" ", "-"), defaults={"name": name, "position": n})[0]
        for n, name in enumerate(CATEGORIES)
    ]
    tags = [Tag.objects.get_or_create(slug=fold(name).replace(" ", "-"), defaults={"name": name})[0] for name in TAGS]
    texts = [_text(random) for _ in range(TEXTS)]
    models = [BlogPost() for _ in texts]
    for model, text in zip(models, texts, strict=True):
        model.write(title="", body=text, excerpt="")
    newest = datetime(2026, 11, 1, tzinfo=UTC)
    numbers = range(BlogPost.objects.count(), count)
    for start in range(numbers.start, numbers.stop, CHUNK):
        chunk = [
            _post(n, models[n % TEXTS], clinic, shelves, newest - timedelta(hours=n))
            for n in range(start, min(start + CHUNK, numbers.stop))
        ]
        BlogPost.objects.bulk_create(chunk)
        UsedSlug.objects.bulk_create(UsedSlug(slug=post.slug, post=post, since=post.published_at) for post in chunk)
        through = BlogPost.tags.through
        through.objects.bulk_create(
            through(blogpost=post, tag=tag) for post in chunk for tag in random.sample(tags, 1 + post.pk % 3)
        )


def _text(random: Random) -> str:
    parts = []
    for n in range(6):
        sentences = (" ".join(random.choices(WORDS, k=15)).capitalize() + "." for _ in range(WORDS_IN_ONE // 90))
        parts.append(f"## Part {n + 1}\n\n" + "\n\n".join(sentences))
    return "\n\n".join(parts)


def _post(n: int, model: BlogPost, clinic: Clinic, shelves: list[Category], at: datetime) -> BlogPost:
    title = f"Article {n} on {WORDS[n % len(WORDS)]} and {WORDS[n * 7 % len(WORDS)]}"
    rare = f" {RARE}" if n % 1_000 == 999 else ""
    return BlogPost(
        code=uuid.uuid4(),
        title=title,
        slug=f"article-{n}",
        slug_is_settled=True,
        body=model.body,
        body_html=model.body_html,
        render_version=model.render_version,
        summary=model.summary,
        words=model.words,
        search_text=fold(f"{title}\n{model.search_text}{rare}"),
        author=clinic.psychologists[n % len(clinic.psychologists)].user,
        category=shelves[n % len(shelves)],
        status="published",
        published_at=at,
        first_published_at=at,
        created_at=at,
        saved_at=at,
    )


def targets(*, random: Random) -> Iterator[Target]:
    visitor, path = browser(), reverse("public:blog")
    slugs = list(BlogPost.objects.order_by("-published_at").values_list("slug", flat=True))
    posts = [reverse("public:post", args=[slug]) for slug in random.sample(slugs, min(COLD_POSTS, len(slugs)))]
    inside = [f"{path}?page=after-{slug}" for slug in slugs[10:-12:97]] or [f"{path}{COLD}"]
    yield _read(visitor, "blog: list, warm", [path], holds='class="lead"')
    yield _read(visitor, "blog: article, warm", posts[:WARM_POSTS], holds='class="article-body"')
    yield _read(visitor, "blog: list, cold", [path + COLD], holds='class="lead"')
    yield _read(visitor, "blog: list, further pages, cold", [f"{p}&drawn=anew" for p in inside], holds="post-card")
    yield _read(visitor, "blog: article, cold", [post + COLD for post in posts], holds='class="article-body"')
    category = reverse("public:category", args=[fold(CATEGORIES[0]).replace(" ", "-")])
    yield _read(visitor, "blog: category, cold", [category + COLD], holds='class="lead"')
    yield _read(visitor, "blog: feed, cold", [reverse("public:feed") + COLD], holds="<entry")
    yield _read(visitor, "blog: search, a common word", [f"{path}?q=sleep"], holds="post-card")
    yield _read(visitor, "blog: search, a rare word", [f"{path}?q={RARE}"], holds='id="results"')
    yield _read(visitor, "blog: search, nothing", [f"{path}?q={NOWHERE}"], holds="Nothing found")


def _read(by: Browser, name: str, addresses: list[str], *, holds: str) -> Target:
    return Target(name, cycle([(Request(address, by, holds=holds),) for address in addresses]))


def rates(results: Mapping[str, Timing], *, bare: str, hello: str = "hello") -> list[str]:
    """How the blog's rate of answers stands to those of the two bare views, and whether that is enough."""
    lines: list[str] = []
    if not (results[bare].seconds and results[hello].seconds):
        # Nothing was answered in time, which is said of them.
        return lines
    for name, timing in results.items():
        if not name.endswith((", warm", ", cold")):
            continue
        least = WARM_AT_LEAST if name.endswith("warm") else COLD_AT_LEAST
        share = timing.per_second / results[bare].per_second
        lines.append(
            f"{name}: {share:.2f} of the bare page's rate, {timing.per_second / results[hello].per_second:.2f} of "
            f"hello's; asked for: {least:.2f}{'' if share >= least else ', MISSED'}"
        )
    return lines
