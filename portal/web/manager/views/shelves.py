"""The categories of articles and files, and the tags of articles."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import findable
from portal.common.web.gone import leads_on_when_gone
from portal.common.web.once import making, once
from portal.resources.actions import categories as actions
from portal.resources.forms import CategoryForm, TagForm
from portal.resources.models import Category, Tag
from portal.resources.refusals import InUse, NameTaken
from portal.website import texts


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, *, form: CategoryForm | None = None, tag_form: TagForm | None = None) -> HttpResponse:
    wrong = any(sent is not None and sent.errors for sent in (form, tag_form))
    context = {
        "categories": Category.objects.with_counts(),
        "tags": Tag.objects.annotate(used=Count("posts")).order_by("slug"),
        "form": form or CategoryForm(),
        "tag_form": tag_form,
        "tongues": texts.other_languages(),
        "crumbs": _crumbs(),
    }
    return render(request, "manager/shelves.html", context, status=422 if wrong else 200)


def _crumbs(*further: tuple[str, str]) -> list[tuple[str, str]]:
    return [(reverse("manager:articles"), _("Articles")), *further]


@allow(Role.MANAGER)
@leads_on_when_gone("manager:shelves")
@once
@require_POST
def categories(request: ActorRequest) -> HttpResponse:
    """Adds a category, or moves one (`earlier`, `later`: its slug)."""
    now = timezone.now()
    for direction in ("earlier", "later"):
        if slug := request.POST.get(direction):
            chosen = get_object_or_404(Category, slug=findable(slug))
            actions.move_category(category=chosen, earlier=direction == "earlier", by=request.actor, now=now)
            return redirect("manager:shelves")
    form = CategoryForm(request.POST)
    if form.is_valid():
        try:
            with making(request, now=now) as made:
                added = actions.add_category(**form.cleaned_data, by=request.actor, now=now)
                made.leads_to("manager:shelves")
        except NameTaken:
            form.add_error("name", _taken())
        else:
            messages.success(request, _("%(name)s is added.") % {"name": added.name})
            return made.answer
    return _page(request, form=form)


def _taken() -> ValidationError:
    return ValidationError(_("There is a category of this name already."), code="taken")


@allow(Role.MANAGER)
@leads_on_when_gone("manager:shelves", Category)
@require_http_methods(["GET", "HEAD", "POST"])
def category(request: ActorRequest, code: UUID) -> HttpResponse:
    """Its name and words; put away, taken up again, deleted while it is empty."""
    chosen = get_object_or_404(Category.objects.with_counts(), code=code)
    now = timezone.now()
    match request.POST.get("do"):
        case "put_away":
            actions.put_away_category(category=chosen, by=request.actor, now=now)
            messages.success(request, _("%(name)s is put away. What stands in it stays.") % {"name": chosen.name})
            return redirect("manager:shelves")
        case "take_up":
            actions.take_up_category(category=chosen, by=request.actor, now=now)
            messages.success(request, _("%(name)s is in use again.") % {"name": chosen.name})
            return redirect("manager:shelves")
        case "delete":
            return _delete(request, chosen, now=now)
    form = CategoryForm(request.POST or None, category=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            saved = form.saves(partial(actions.change_category, category=chosen, by=request.actor, now=now))
        except NameTaken:
            form.add_error("name", _taken())
        else:
            if saved:
                messages.success(request, _("Saved."))
                return redirect("manager:shelves")
    context = {
        "category": chosen,
        "form": form,
        "key": texts.key_of(chosen, "name"),
        "tongues": texts.in_other_languages(chosen, "name"),
        "crumbs": _crumbs((reverse("manager:shelves"), _("Categories and tags"))),
    }
    return render(request, "manager/category.html", context, status=422 if form.errors else 200)


def _delete(request: ActorRequest, chosen: Category, *, now: datetime) -> HttpResponse:
    try:
        with transaction.atomic():
            if is_as_shown := CategoryForm(request.POST, category=chosen).is_as_shown():
                actions.delete_category(category=chosen, by=request.actor, now=now)
    except InUse:
        messages.error(request, _("Articles or files stand in it. Put it away instead, or move them first."))
        return redirect("manager:category", chosen.code)
    if not is_as_shown:
        messages.error(request, _("It was changed meanwhile, and not deleted. Look at it again, then decide."))
        return redirect("manager:category", chosen.code)
    messages.success(request, _("%(name)s is deleted.") % {"name": chosen.name})
    return redirect("manager:shelves")


@allow(Role.MANAGER)
@leads_on_when_gone("manager:shelves")
@require_POST
def tags(request: ActorRequest) -> HttpResponse:
    """Renames a tag, or takes it off every article (`remove`)."""
    chosen = get_object_or_404(Tag, slug=findable(request.POST.get("remove") or request.POST.get("tag", "")))
    now = timezone.now()
    if request.POST.get("remove"):
        actions.delete_tag(tag=chosen, by=request.actor, now=now)
        messages.success(request, _("The tag %(name)s is removed.") % {"name": chosen.name})
        return redirect("manager:shelves")
    form = TagForm(request.POST, tag=chosen)
    if not form.is_valid():
        return _page(request, tag_form=form)
    actions.rename_tag(tag=chosen, name=form.cleaned_data["name"], by=request.actor, now=now)
    messages.success(request, _("The tag is renamed."))
    return redirect("manager:shelves")
