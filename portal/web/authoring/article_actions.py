"""Pages for everything about an article but its text: revisions, address, preview link, unpublishing, deleting."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest
from portal.common.text import differences
from portal.resources.actions import posts as actions
from portal.resources.forms import AddressForm, ReviewForm, RevisionChoice, VersionShown
from portal.resources.models import BlogPost, Revision
from portal.resources.refusals import AddressTaken, ChangedMeanwhile, InThePast, IsADraft, NoAddress, WasPublished
from portal.web.authoring.area import Area
from portal.web.authoring.comparison import compare

PER_PAGE = 50


# ---- Revisions -------------------------------------------------------------------------------------------------------


def revisions(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    """Every revision, and one of them beside the one before it."""
    post = area.post(request, code)
    found = post.revisions.without_text()
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    choice = RevisionChoice(request.GET)
    number = choice.cleaned_data["number"] if choice.is_valid() else None
    chosen = post.revisions.select_related("by").filter(number=number).first() if number else post.revisions.first()
    if number and chosen is None:
        raise Http404
    context = {
        "area": area,
        "post": post,
        "page": page,
        "chosen": chosen,
        "is_latest": chosen is not None and (chosen.title, chosen.body, chosen.excerpt) == _says(post),
        "zone": ClinicSettings.current().zone,
        "crumbs": area.crumbs_of(post),
    }
    if chosen is not None:
        before = post.revisions.filter(number__lt=chosen.number).first()
        context |= {"before": before, "changes": _changes(before, chosen)}
    return render(request, "authoring/revisions.html", context)


def _says(post: BlogPost) -> tuple[str, str, str]:
    return post.title, post.body, post.excerpt


def _changes(before: Revision | None, after: Revision) -> dict[str, Any]:
    old = before or Revision()
    body = compare(old.body, after.body)
    return {
        "title": differences.by_words(old.title, after.title),
        "excerpt": differences.by_words(old.excerpt, after.excerpt),
        "body": body,
        # Of the first one everything is new: it stands there once.
        "body_changes": differences.changed_only(body) if before else [],
        "title_changed": old.title != after.title,
        "excerpt_changed": old.excerpt != after.excerpt,
        "body_changed": old.body != after.body,
    }


def restore(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    post = area.post(request, code)
    choice = RevisionChoice(request.POST)
    if not choice.is_valid():
        raise Http404
    number, version = choice.cleaned_data["number"], choice.cleaned_data["version"] or 0
    try:
        actions.restore_revision(post=post, number=number, version=version, by=request.actor, now=timezone.now())
    except Revision.DoesNotExist:
        raise Http404 from None
    except ChangedMeanwhile:
        return _look_again(request, area.url("article_revisions", code))
    messages.success(request, _("Revision %(number)d is what it says now.") % {"number": number})
    return redirect(area.url("article", code))


# ---- Address and link ------------------------------------------------------------------------------------------------


def address(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    post = area.post(request, code)
    stored = post.slug
    form = AddressForm(request.POST or None, post=post)

    def save(*, values: dict[str, str]) -> None:
        # Left as it is, it is settled all the same: it does not follow the title any more.
        slug = values.get("slug") or form.cleaned_data["slug"]
        actions.change_slug(post=post, slug=slug, by=request.actor, now=timezone.now())

    if request.method == "POST" and form.is_valid():
        try:
            saved = form.saves(save)
        except AddressTaken:
            form.add_error("slug", ValidationError(_("Another article has this address, or had it."), code="taken"))
        except NoAddress:
            words = _("This can't be an address. Use letters from a to z, digits and hyphens.")
            form.add_error("slug", ValidationError(words, code="none"))
        else:
            if saved:
                messages.success(request, _("The address is changed."))
                return redirect(area.url("article", code))
    context = {
        "area": area,
        "post": post,
        "stored": stored,
        "form": form,
        "old": post.used_slugs.exclude(slug=stored),
        "was_public": post.first_published_at is not None,
        "crumbs": area.crumbs_of(post),
    }
    return render(request, "authoring/address.html", context, status=422 if form.errors else 200)


def link(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    post = area.post(request, code)
    actions.renew_preview(post=post, by=request.actor, now=timezone.now())
    messages.success(request, _("The preview has a new link. The old one shows nothing any more."))
    return redirect(area.url("article", code))


# ---- Where it stands -------------------------------------------------------------------------------------------------


def reviewed(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    """Says that it still holds, and until when."""
    post = area.post(request, code)
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    form = ReviewForm(request.POST or None, today=today)
    if request.method == "POST" and form.is_valid():
        try:
            actions.mark_reviewed(
                post=post, review_by=form.cleaned_data["review_by"], by=request.actor, now=now, today=today
            )
        except InThePast:
            form.add_error("review_by", ValidationError(_("Choose a day to come."), code="past"))
        except IsADraft:
            messages.error(request, _("It is not published any more."))
            return redirect(area.url("article", code))
        else:
            messages.success(request, _("Thank you. It is listed again when that day comes."))
            return redirect(area.url("articles"))
    context = {"area": area, "post": post, "form": form, "crumbs": area.crumbs_of(post)}
    return render(request, "authoring/reviewed.html", context, status=422 if form.errors else 200)


def take_back(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    post = area.post(request, code)
    if request.method == "POST":
        try:
            version = VersionShown.read(request.POST)
            actions.unpublish(post=post, version=version, by=request.actor, now=timezone.now())
        except ChangedMeanwhile:
            return _look_again(request, area.url("take_back_article", code))
        messages.success(request, _("It is a draft again. Nobody else can read it."))
        return redirect(area.url("article", code))
    return _ask(
        request,
        area,
        post,
        title=_("Take this article back?"),
        text=_("It becomes a draft again, and readers can't see it any more. Its address stays its own."),
        button=_("Take it back"),
    )


def delete(request: ActorRequest, area: Area, code: UUID) -> HttpResponse:
    post = area.post(request, code)
    if request.method == "POST":
        try:
            version = VersionShown.read(request.POST)
            actions.delete_draft(post=post, version=version, by=request.actor, now=timezone.now())
        except ChangedMeanwhile:
            return _look_again(request, area.url("delete_article", code))
        except WasPublished:
            messages.error(request, _("It was published: take it back, and it stays as a draft."))
            return redirect(area.url("article", code))
        messages.success(request, _("The draft is deleted."))
        return redirect(area.url("articles"))
    return _ask(
        request,
        area,
        post,
        title=_("Delete this draft?"),
        text=_("The text, its picture and its revisions are gone for good."),
        button=_("Delete it"),
    )


def _look_again(request: HttpRequest, where: str) -> HttpResponse:
    messages.error(request, _("It was changed in another window meanwhile. Look at it again, then decide."))
    return redirect(where)


def _ask(request: HttpRequest, area: Area, post: BlogPost, **question: Any) -> HttpResponse:
    context = {"area": area, "post": post, "back": area.url("article", post.code), "crumbs": area.crumbs_of(post)}
    return render(request, "authoring/confirm.html", context | question)
