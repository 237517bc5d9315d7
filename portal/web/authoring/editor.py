"""The list of articles, and the page one is written on."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest
from portal.common.forms.parts import field_of
from portal.common.languages.times import clock, date_short, day, local_day
from portal.common.media import pictures
from portal.common.media.pictures import rendition_response
from portal.common.text import differences
from portal.common.text.markdown import Rendered
from portal.common.web.addresses import each
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.stencils import Row, Stencil
from portal.resources.actions import posts as actions
from portal.resources.forms import PREVIEW, PUBLISH, SCHEDULE, ArticleForm, ArticleSearch, BodyField, PreviewForm
from portal.resources.models import BlogPost, Tag
from portal.resources.refusals import ChangedMeanwhile, InThePast, NotADraft, NotTheirs, NotWhole
from portal.web.authoring.area import Area
from portal.web.authoring.comparison import compare
from portal.website.advertising import warnings_for
from portal.website.texts import OWN_LANGUAGE

PER_PAGE = 25
# So long before its day comes, the list says when an article is to be looked over.
SOON = timedelta(days=60)
# A longer list of suggestions is read by nobody.
MOST_SUGGESTIONS = 200


def listing(request: ActorRequest, area: Area) -> HttpResponse:
    now, clinic = timezone.now(), ClinicSettings.current()
    zone, today = clinic.zone, clinic.today(now)
    own = BlogPost.objects.visible_to(request.actor)
    search = ArticleSearch(request.GET)
    found = search.found_in(own, now=now, today=today).for_listing().order_by("-saved_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "area": area,
        "search": search,
        "page": page,
        "rows": _ROW.rows(_row(post, area, now=now, today=today, zone=zone) for post in page),
        "due": own.due_for_review(today).count(),
        "is_asking": any(request.GET.get(name) for name in search.fields),
    }
    return page_or_fragment(request, "authoring/articles.html", context, fragment="results")


_ROW = Stencil(
    "authoring/_article_row.html", holes="page language title words author category day time review_by saved"
)


def _row(post: BlogPost, area: Area, *, now: datetime, today: date, zone: ZoneInfo) -> Row:
    at = post.published_at
    return (
        {
            "has_author": area.namespace == "manager",
            "foreign": post.get_language_display() if post.language != OWN_LANGUAGE else "",
            "state": str(post.state(now)),
            "due": post.is_due_for_review(today),
            "due_soon": post.is_due_for_review(today + SOON),
        },
        (
            each(area.article)(post.code),
            post.language,
            post.title or _("Without a title"),
            ngettext("%(n)s word", "%(n)s words", post.words) % {"n": post.words},
            post.author.name,
            post.category.name if post.category else "–",
            date_short(at, zone) if at else "",
            clock(at, zone) if at else "",
            date_short(post.review_by) if post.review_by else "",
            date_short(post.saved_at, zone),
        ),
    )


def begin(request: ActorRequest, area: Area) -> HttpResponse:
    """An empty page. It has a code already: whatever saves it first, and however often, makes one article."""
    form = ArticleForm(actor=request.actor, zone=ClinicSettings.current().zone)
    return _editor(request, area, uuid.uuid4(), None, form, now=timezone.now())


def article(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    """The page to write on. A POST keeps what was written, and may publish it, or only show how it will look."""
    now, clinic = timezone.now(), ClinicSettings.current()
    zone, today = clinic.zone, clinic.today(now)
    post = _post_or_new(request, code)
    if request.method != "POST":
        if post is None:
            raise Http404
        return _editor(request, area, code, post, ArticleForm(actor=request.actor, zone=zone, post=post), now=now)
    form = ArticleForm(request.POST, request.FILES, actor=request.actor, zone=zone, today=today, post=post, code=code)
    if not form.is_valid():
        return _editor(request, area, code, post, form, now=now, status=422)
    do = form.cleaned_data["do"]
    if do == PREVIEW:
        return _editor(request, area, code, post, form, now=now)
    before = post
    try:
        with _kept(request, code, form, now=now) as post:
            if do == PUBLISH:
                post = actions.publish(post=post, version=post.version, by=request.actor, now=now)
            elif form.publish_time:
                post = actions.schedule(
                    post=post, at=form.publish_time, version=post.version, by=request.actor, now=now
                )
    except ChangedMeanwhile as changed:
        return _editor(request, area, code, before, form, now=now, conflict=changed.stored, status=409)
    except NotWhole as refused:
        form.say_missing(refused.missing)
        return _editor(request, area, code, before, form, now=now, status=422)
    except InThePast:
        form.add_error("publish_on", ValidationError(_("This time has passed. Choose one to come."), code="past"))
        return _editor(request, area, code, before, form, now=now, status=422)
    form.drop_pictures()
    _say(request, post, do, now=now, zone=zone)
    return redirect_to(request, area.url("article", code))


def _post_or_new(request: ActorRequest, code: UUID) -> BlogPost | None:
    """The article, or None where no one has written anything under this code yet; raises Http404 for a colleague's."""
    post = BlogPost.objects.visible_to(request.actor).select_related("author", "category").filter(code=code).first()
    if post is None and BlogPost.objects.filter(code=code).exists():
        raise Http404
    return post


def _keep(request: ActorRequest, code: UUID, form: ArticleForm, *, now: datetime, by_itself: bool = False) -> BlogPost:
    try:
        return actions.save_post(
            code=code,
            writing=form.writing,
            version=form.written_on,
            by=request.actor,
            now=now,
            by_itself=by_itself,
            small_change=form.cleaned_data.get("small_change", False),
            in_place=form.cleaned_data.get("instead_of") is not None,
        )
    except (NotTheirs, BlogPost.DoesNotExist):
        raise Http404 from None


@contextmanager
def _kept(request: ActorRequest, code: UUID, form: ArticleForm, *, now: datetime) -> Iterator[BlogPost]:
    """Keeps what was written together with what the block does, or neither; raises what either of them raises.

    A new picture's file would outlive the row that is rolled back, and no row would ever name it: it goes too.
    """
    post = None
    try:
        with transaction.atomic():
            post = _keep(request, code, form, now=now)
            yield post
    except BaseException:
        if post is not None and form.cleaned_data.get("picture"):
            pictures.delete_picture(post.picture)
        raise


def _say(request: HttpRequest, post: BlogPost, do: str, *, now: datetime, zone: ZoneInfo) -> None:
    if do == PUBLISH:
        messages.success(request, _("It is published. Everybody can read it now."))
    elif do == SCHEDULE and post.published_at:
        at = {"day": day(post.published_at, zone), "time": clock(post.published_at, zone)}
        messages.success(request, _("It is scheduled: readers see it from %(day)s, %(time)s.") % at)
    elif post.is_draft:
        messages.success(request, _("The draft is kept."))
    elif post.is_readable(now):
        messages.success(request, _("The changes are kept. Readers see them now."))
    else:
        messages.success(request, _("The changes are kept."))


def keep(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    """Keeps a draft while one writes, and answers with the time. A GET tells whether one is still signed in."""
    if request.method != "POST":
        return render(request, "authoring/article.html#saved", {"is_token": True})
    now, clinic = timezone.now(), ClinicSettings.current()
    zone, today = clinic.zone, clinic.today(now)
    post = _post_or_new(request, code)
    form = ArticleForm(request.POST, actor=request.actor, zone=zone, today=today, post=post, by_itself=True)
    version = post.version if post else 0
    if not form.is_valid():
        problem = next(words for errors in form.errors.values() for words in errors)
        problem = _("Not saved: %(problem)s") % {"problem": problem}
        return _answer(request, area, code, problem=problem, version=request.POST.get("version", version), status=422)
    if post is None and not _says_something(form):
        return _answer(request, area, code, version=0)
    try:
        kept = _keep(request, code, form, now=now, by_itself=True)
    except ChangedMeanwhile as changed:
        return _answer(
            request,
            area,
            code,
            problem=_("Not saved: this article was changed in another window."),
            version=form.cleaned_data["version"],
            conflict=_conflict(form, changed.stored, zone),
            status=409,
        )
    except NotADraft:
        problem = _("Not saved by itself: it is published. Press Save when the change is whole.")
        return _answer(request, area, code, problem=problem, version=form.cleaned_data["version"], status=409)
    response = _answer(request, area, code, saved_at=now, version=kept.version, zone=zone)
    if post is None:
        # The page of a new article gets the address under which it can be found again.
        response["HX-Replace-Url"] = area.url("article", code)
    return response


def _says_something(form: ArticleForm) -> bool:
    return any(form.cleaned_data[name].strip() for name in ("title", "body", "excerpt"))


def _answer(request: HttpRequest, area: Area, code: UUID, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {"conflict": None, "saved_at": None, "problem": "", "is_answer": True, "area": area} | context
    return render(request, "authoring/article.html#saved", context | {"article_code": code}, status=status)


# ---- Preview ---------------------------------------------------------------------------------------------------------


def preview(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    """How it looks so far, and what the law would say to it. Keeps nothing."""
    _post_or_new(request, code)
    form = PreviewForm(request.POST)
    form.full_clean()
    data = form.cleaned_data
    rendered = field_of(form, "body", BodyField).rendered if "body" in data else None
    problem = "" if rendered else " ".join(str(words) for words in form.errors.get("body", []))
    context = _preview(data.get("title", ""), data.get("excerpt", ""), data.get("language", "en-au"), rendered)
    context |= {"preview_problem": problem, "area": area, "article_code": code}
    return render(request, "authoring/article.html#preview", context)


def _preview(title: str, excerpt: str, language: str, rendered: Rendered | None) -> dict[str, Any]:
    text = rendered.text if rendered else ""
    words = rendered.words if rendered else 0
    return {
        "preview_title": title,
        "preview_language": language,
        "rendered": rendered,
        "cautions": warnings_for(f"{title}. {excerpt}. {text}"),
        "length": ngettext("%(n)d word", "%(n)d words", words) % {"n": words},
    }


def _preview_of(form: ArticleForm) -> dict[str, Any]:
    """Of what stands in the form, typed or kept."""
    values = {name: form[name].value() or "" for name in ("title", "body", "excerpt", "language")}
    field = BodyField(required=False)
    try:
        field.clean(values["body"])
        rendered = field.rendered
    except ValidationError:
        rendered = None
    return _preview(values["title"], values["excerpt"], values["language"], rendered)


# ---- The page --------------------------------------------------------------------------------------------------------


def _editor(
    request: HttpRequest,
    area: Area,
    code: UUID,
    post: BlogPost | None,
    form: ArticleForm,
    *,
    now: datetime,
    conflict: BlogPost | None = None,
    status: int = 200,
) -> HttpResponse:
    today, stored = local_day(now, form.zone), conflict or post
    if form.is_bound:
        form.keep_pictures()
    context = {
        "area": area,
        "article_code": code,
        "post": post,
        "form": form,
        "zone": form.zone,
        "now": now,
        "shown_state": post.state(now) if post else "draft",
        "is_due": bool(post and post.is_due_for_review(today)),
        "was_public": bool(post and post.first_published_at),
        "version": stored.version if stored else 0,
        "conflict": _conflict(form, conflict, form.zone) if conflict else None,
        "picture": area.picture_of(post),
        "suggestions": Tag.objects.values_list("name", flat=True)[:MOST_SUGGESTIONS],
        "crumbs": area.crumbs(),
    }
    if conflict is not None:
        # Until one decides, what was typed still stands on the version it was written on.
        context["version"] = form.cleaned_data["version"]
    elif form.is_bound:
        context["version"] = form.data.get("version", context["version"])
    context |= _preview_of(form)
    return page_or_fragment(request, "authoring/article.html", context, fragment="editor", status=status)


def _conflict(form: ArticleForm, stored: BlogPost, zone: ZoneInfo) -> dict[str, Any]:
    """Both texts, and what differs between them: from what the other window kept to what stands here."""
    return {
        "stored": stored,
        "zone": zone,
        "title": differences.by_words(stored.title, form.cleaned_data["title"]),
        "body": compare(stored.body, form.cleaned_data["body"]),
    }


def picture(request: ActorRequest, area: Area, code: UUID, name: str) -> HttpResponseBase:
    """The picture, also of a draft: for who may write it, and kept by no cache that others share."""
    post = get_object_or_404(BlogPost.objects.visible_to(request.actor).exclude(picture=""), code=code)
    width, _dot, kind = name.partition(".")
    if not width.isdecimal() or len(width) > 5:
        raise Http404
    return rendition_response(post.picture, width=int(width), kind=kind, public=False, request=request)
