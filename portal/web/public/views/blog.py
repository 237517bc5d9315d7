"""The blog: lists of articles, an article, its pictures, the feed, and the link that shows a draft."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import open_to_all
from portal.common.forms.fields import SearchField, findable
from portal.common.media import pictures
from portal.common.web import keyset
from portal.common.web.addresses import absolute, language_tag
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.pagecache import for_readers
from portal.resources import slugs
from portal.resources.models import BlogPost, Category, Tag
from portal.resources.models.posts import BlogPostQuerySet
from portal.web.public import articles, schema_org
from portal.web.public.articles import Author, Card
from portal.website.texts import Texts, Wording

PER_PAGE = 11
IN_THE_FEED = 20
_Response = TypeVar("_Response", bound=HttpResponseBase)


class Search(forms.Form):
    q = SearchField()

    @classmethod
    def read(cls, request: HttpRequest) -> str:
        """The words that were typed, on one line."""
        form = cls(request.GET)
        form.full_clean()
        return str(form.cleaned_data["q"])


# ---- Lists -----------------------------------------------------------------------------------------------------------


@for_readers(params=("page",), fragments=("results",))
@open_to_all(reason="articles are written for everybody")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The newest articles, or those that say what is searched for."""
    words, now = Search.read(request), timezone.now()
    posts = BlogPost.objects.readable(now)
    if words:
        # Of signs alone there is nothing to look for; and nothing is not everything.
        posts = posts.saying(words) if any(sign.isalnum() for sign in words) else posts.none()
    return _list(request, posts, words=words, now=now)


@for_readers(params=("page",), fragments=("results",))
@open_to_all(reason="articles are written for everybody")
@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles of one category. One that was put away keeps its address as long as something is there to read."""
    now = timezone.now()
    shelf = get_object_or_404(Category, slug=slug)
    posts = BlogPost.objects.readable(now).in_category(shelf)
    if not shelf.is_active and not posts.exists():
        raise Http404
    return _list(request, posts, shelf=shelf, now=now)


@for_readers(params=("page",), fragments=("results",))
@open_to_all(reason="articles are written for everybody")
@require_safe
def tagged(request: HttpRequest, slug: str) -> HttpResponse:
    """The articles with one tag. A tag that only drafts have is nobody's to see."""
    now = timezone.now()
    tag = get_object_or_404(Tag, slug=findable(slug))
    posts = BlogPost.objects.readable(now).tagged(tag)
    if not posts.exists():
        raise Http404
    return _list(request, posts, tag=tag, now=now)


def _list(
    request: HttpRequest,
    posts: BlogPostQuerySet,
    *,
    now: datetime,
    shelf: Category | None = None,
    tag: Tag | None = None,
    words: str = "",
) -> HttpResponse:
    asked = request.GET.get("page", "")[:100]
    page = keyset.page_of(
        articles.listed(posts),
        order="-published_at",
        page=asked,
        size=PER_PAGE,
        marker="slug",
        among=BlogPost.objects.readable(now),
    )
    if asked and not page.before:
        # The first page has one address, and a page that isn't there none.
        return redirect_to(request, f"{request.path}?{urlencode({'q': words})}" if words else request.path)
    site_texts, clinic = Texts(), ClinicSettings.current()
    cards = [Card.of(post, site_texts) for post in page]
    topic, reading_room = shelf or tag, (_("Reading"), reverse("public:blog"))
    named: Wording | None = site_texts.name_of(topic) if topic else None
    context = {
        "site_texts": site_texts,
        "clinic": clinic,
        "words": words,
        "shelf": shelf,
        "tag": tag,
        "topic": named,
        "shelves": list(articles.shelves(now)),
        "page": page,
        "lead": cards[0] if cards and not (asked or words) else None,
        "cards": [card.html(clinic.zone) for card in (cards if asked or words else cards[1:])],
        "crumbs": [reading_room[::-1]] if named else [],
        "json_ld": [
            schema_org.breadcrumbs(
                [
                    (clinic.name, reverse("public:home")),
                    reading_room,
                    *([(named.text, request.path)] if named else []),
                ]
            ),
            *([] if named or words else [schema_org.blog(_("Reading"), clinic=clinic, posts=page.rows)]),
        ],
    }
    return page_or_fragment(request, "public/blog.html", context, fragment="results")


# ---- One article -----------------------------------------------------------------------------------------------------


@for_readers(seconds=articles.PAGE_FOR)
@open_to_all(reason="articles are written for everybody")
@require_safe
def post(request: HttpRequest, slug: str) -> HttpResponse:
    """An article. An address that it once had leads to the one it has."""
    now = timezone.now()
    found = _whole(BlogPost.objects.readable(now)).filter(slug=slug).first()
    if found is None:
        moved = slugs.post_at(slug)
        if moved is None or moved.slug == slug or not moved.is_readable(now):
            raise Http404
        return redirect("public:post", moved.slug, permanent=True)
    return render(request, "public/post.html", _article(found, now=now))


# What an article shows beside what its card does.
WHOLE = ("body_html", "render_version", "excerpt", "picture_alt", "status", "category__slug")
OF_THE_AUTHOR = tuple(
    f"author__psychologist__{name}" for name in ("slug", "code", "headline", "photo", "registration", "ahpra_number")
)


def _whole(posts: BlogPostQuerySet) -> BlogPostQuerySet:
    shown = (*articles.SHOWN, *articles.OF_OTHERS, *WHOLE, *OF_THE_AUTHOR)
    return posts.select_related("author__psychologist", "category").only(*shown, "author", "category")


def _article(found: BlogPost, *, now: datetime, token: str = "") -> dict[str, Any]:
    clinic, author, tags = ClinicSettings.current(), Author.of(found.author), list(found.tags.all())
    site_texts, picture = Texts(), articles.picture_of(found, token=token)
    shelf = site_texts.name_of(found.category) if found.category else Wording("")
    shared = schema_org.sharing(
        found,
        section=shelf.text,
        tags=[site_texts.name_of(tag).text for tag in tags],
        picture=picture,
        address=articles.shared_picture(found, schema_org.shared_width(picture)) if picture else "",
    )
    steps = [(Wording(_("Reading")), reverse("public:blog"))]
    if found.category:
        steps.append((shelf, reverse("public:category", args=[found.category.slug])))
    modified = schema_org.modified(found)
    return {
        "site_texts": site_texts,
        "clinic": clinic,
        "post": found,
        "author": author,
        "tags": tags,
        "picture": picture,
        "foreign": articles.foreign(found.language),
        "contents": articles.contents(found),
        "updated": modified if modified != found.published_at else None,
        "related": articles.read_on(found, tags, now=now, zone=clinic.zone, site_texts=site_texts),
        "crumbs": [(url, step.html) for step, url in steps],
        "shared": shared,
        "json_ld": [
            schema_org.posting(
                found,
                clinic=clinic,
                author=author.name,
                psychologist=author.psychologist,
                shared=shared,
            ),
            schema_org.breadcrumbs(
                [
                    (clinic.name, reverse("public:home")),
                    *((step.text, url) for step, url in steps),
                    (found.title, reverse("public:post", args=[found.slug])),
                ]
            ),
        ],
    }


@open_to_all(reason="the picture of an article that anybody may read")
@require_safe
def post_picture(request: HttpRequest, code: UUID, name: str) -> HttpResponseBase:
    found = get_object_or_404(BlogPost.objects.readable(timezone.now()).only("picture"), code=code)
    return _picture(request, found, name, public=True)


def _picture(request: HttpRequest, found: BlogPost, name: str, *, public: bool) -> HttpResponseBase:
    asked = articles.read_picture_name(name)
    if asked is None:
        raise Http404
    width, kind = asked
    return pictures.rendition_response(
        found.picture, width=width, kind=kind, public=public, request=request, widths=pictures.WIDE
    )


# ---- Drafts ----------------------------------------------------------------------------------------------------------


@open_to_all(reason="whoever was given the link may read the draft; nobody guesses 192 bits")
@require_safe
def preview(request: HttpRequest, token: str) -> HttpResponse:
    """A draft as it will look. Once it may be read by all, the link leads to its own page."""
    now = timezone.now()
    found = get_object_or_404(_whole(BlogPost.objects.all()), preview_token=token[:40])
    if found.is_readable(now):
        return redirect("public:post", found.slug)
    context = _article(found, now=now, token=token) | {"preview": True, "state": found.state(now), "json_ld": []}
    return _unlisted(render(request, "public/post.html", context))


@open_to_all(reason="the picture of a draft, for whoever was given its link")
@require_safe
def preview_picture(request: HttpRequest, token: str, name: str) -> HttpResponseBase:
    found = get_object_or_404(BlogPost.objects.only("picture"), preview_token=token[:40])
    return _unlisted(_picture(request, found, name, public=False))


def _unlisted(response: _Response) -> _Response:
    """Not for search engines, and the link is told to nobody whom the page links to, ourselves included."""
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response


# ---- The feed --------------------------------------------------------------------------------------------------------


class Articles(Atom1Feed):
    """Atom with the language of each article, and an honest time while there is none."""

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["language"]}

    def latest_post_date(self) -> datetime:
        return max((item["updateddate"] for item in self.items), default=datetime(2000, 1, 1, tzinfo=UTC))


@for_readers()
@open_to_all(reason="articles are written for everybody")
@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """The newest articles for feed readers: what each is about, and where it is read.

    Not their text: a copy elsewhere would go on saying what was corrected here, and without the lines for a crisis.
    """
    clinic, site_texts, blog = ClinicSettings.current(), Texts(), absolute(reverse("public:blog"))
    atom = Articles(
        title=clinic.name,
        subtitle=_("Plain words by our psychologists on things that people ask us."),
        link=blog,
        feed_url=absolute(reverse("public:feed")),
        feed_guid=blog,
        language=language_tag(get_language() or ""),
        description="",
        author_name=clinic.name,
    )
    for one in articles.listed(BlogPost.objects.readable(timezone.now())).newest_first()[:IN_THE_FEED]:
        atom.add_item(
            title=one.title,
            link=absolute(reverse("public:post", args=[one.slug])),
            # Feeds give a summary as HTML: words in angle brackets would be taken for marks, and vanish.
            description=escape(one.summary),
            unique_id=f"urn:uuid:{one.code}",
            author_name=Author.of(one.author).name or clinic.name,
            pubdate=one.published_at,
            updateddate=schema_org.modified(one),
            categories=[site_texts.name_of(one.category).text] if one.category else [],
            language=language_tag(one.language),
        )
    return HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8")
