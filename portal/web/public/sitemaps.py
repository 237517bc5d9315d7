"""What search engines may find: every public page in every language, with the time of its last change where we know it.

A file names at most 50,000 addresses, so there is an index of files, each with a bounded number of pages. An unknown
time is left out: a made-up one is soon believed by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from xml.sax.xmlreader import AttributesImpl

from django.conf import settings
from django.db.models import Max, Q
from django.db.models.functions import Coalesce, Greatest
from django.urls import NoReverseMatch, reverse
from django.utils.xmlutils import SimplerXMLGenerator

from portal.clinic.models import Psychologist, Service
from portal.common.languages.offered import path_in
from portal.common.web.addresses import absolute, language_tag
from portal.resources.models import BlogPost, Category, Resource

PROTOCOL = "http://www.sitemaps.org/schemas/sitemap/0.9"
XHTML = "http://www.w3.org/1999/xhtml"
# Pages, not addresses: each has one in each language, with all the others beside it.
IN_A_FILE = 2_000
PAGES = (
    *("home", "services", "fees", "psychologists", "crisis", "accessibility", "privacy"),
    *("book", "blog", "resources"),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page by its path in the default language."""

    path: str
    changed: datetime | None = None


# When readers last got something new.
_CHANGED = Greatest("published_at", Coalesce("updated_at", "published_at"))


def _pages(now: datetime) -> Iterator[Listed]:
    newest = BlogPost.objects.readable(now).annotate(changed=_CHANGED).aggregate(newest=Max("changed"))["newest"]
    for name in PAGES:
        try:
            path = reverse(f"public:{name}")
        except NoReverseMatch:
            continue
        yield Listed(path, newest if name == "blog" else None)
    for slug in Service.objects.bookable_online().order_by("pk").values_list("slug", flat=True):
        yield Listed(reverse("public:times", args=[slug]))
    for slug, changed in Resource.objects.on_the_website().order_by("pk").values_list("slug", "updated_at"):
        yield Listed(reverse("public:resource", args=[slug]), changed)


def _people(now: datetime) -> Iterator[Listed]:
    for slug in Psychologist.objects.practising().order_by("pk").values_list("slug", flat=True):
        yield Listed(reverse("public:psychologist", args=[slug]))


def _categories(now: datetime) -> Iterator[Listed]:
    readable = Q(posts__status="published", posts__published_at__lte=now)
    found = Category.objects.annotate(
        changed=Max(
            Greatest("posts__published_at", Coalesce("posts__updated_at", "posts__published_at")), filter=readable
        )
    ).filter(changed__isnull=False)
    for slug, changed in found.order_by("pk").values_list("slug", "changed"):
        yield Listed(reverse("public:category", args=[slug]), changed)


def _articles(now: datetime, part: int) -> Iterator[Listed]:
    posts = BlogPost.objects.readable(now).annotate(changed=_CHANGED).order_by("pk").values_list("slug", "changed")
    for slug, changed in posts[(part - 1) * IN_A_FILE : part * IN_A_FILE]:
        yield Listed(reverse("public:post", args=[slug]), changed)


WHOLE: dict[str, Callable[[datetime], Iterator[Listed]]] = {
    "pages": _pages,
    "psychologists": _people,
    "categories": _categories,
}
ARTICLES = "articles-"


def files(now: datetime) -> Iterator[tuple[str, datetime | None]]:
    """The names of the files, with the time of the last change in each."""
    for name in WHOLE:
        yield name, None
    readable = BlogPost.objects.readable(now).annotate(changed=_CHANGED)
    count = readable.count()
    for part in range(1, -(-count // IN_A_FILE) + 1):
        within = readable.order_by("pk")[(part - 1) * IN_A_FILE : part * IN_A_FILE]
        yield f"{ARTICLES}{part}", max(within.values_list("changed", flat=True))


def listed_in(name: str, *, now: datetime) -> list[Listed] | None:
    """The pages of one file, or None if there is no such file."""
    if name in WHOLE:
        return list(WHOLE[name](now))
    number = name.removeprefix(ARTICLES)
    if not name.startswith(ARTICLES) or not number.isascii() or not number.isdecimal() or len(number) > 6:
        return None
    return list(_articles(now, int(number))) or None if int(number) else None


_PLAIN: AttributesImpl[str] = AttributesImpl({})


def index(now: datetime) -> str:
    def write(xml: SimplerXMLGenerator) -> None:
        for name, changed in files(now):
            xml.startElement("sitemap", _PLAIN)
            _loc(xml, absolute(reverse("machines:sitemap_part", args=[name])), changed)
            xml.endElement("sitemap")

    return _written("sitemapindex", {"xmlns": PROTOCOL}, write)


def urlset(pages: Iterable[Listed]) -> str:
    codes = [code for code, _name in settings.LANGUAGES]

    def write(xml: SimplerXMLGenerator) -> None:
        for page in pages:
            addresses = {language_tag(code): absolute(path_in(page.path, code)) for code in codes}
            default = addresses[language_tag(settings.LANGUAGE_CODE)]
            for address in addresses.values():
                xml.startElement("url", _PLAIN)
                _loc(xml, address, page.changed)
                for language, other in [*addresses.items(), ("x-default", default)]:
                    link = {"rel": "alternate", "hreflang": language, "href": other}
                    xml.addQuickElement("xhtml:link", attrs=link)
                xml.endElement("url")

    return _written("urlset", {"xmlns": PROTOCOL, "xmlns:xhtml": XHTML}, write)


def _loc(xml: SimplerXMLGenerator, address: str, changed: datetime | None) -> None:
    xml.addQuickElement("loc", address)
    if changed:
        xml.addQuickElement("lastmod", changed.isoformat(timespec="seconds"))


def _written(root: str, attrs: dict[str, str], write: Callable[[SimplerXMLGenerator], None]) -> str:
    out = StringIO()
    xml = SimplerXMLGenerator(out, "utf-8")
    xml.startDocument()
    xml.startElement(root, AttributesImpl(attrs))
    write(xml)
    xml.endElement(root)
    xml.endDocument()
    return out.getvalue()
