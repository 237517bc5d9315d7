"""Files for everybody, and for those who are patients here: the shelf, a page for each, and the file itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import actors_of
from portal.common.access.decorators import open_to_all, to_sign_in
from portal.common.forms.fields import SearchField, SlugLineField
from portal.common.web.htmx import page_or_fragment
from portal.common.web.pagecache import for_readers
from portal.resources import downloads
from portal.resources.models import Category, Resource
from portal.resources.models.files import ResourceQuerySet

PER_PAGE = 36


class Wanted(forms.Form):
    """What is looked for. What can't be read is not looked for."""

    q = SearchField()
    category = SlugLineField(max_length=60, required=False)

    @classmethod
    def read(cls, data: Any) -> tuple[str, str]:
        form = cls(data)
        form.full_clean()
        return form.cleaned_data["q"], form.cleaned_data.get("category", "")


def _saying(files: ResourceQuerySet, words: str) -> ResourceQuerySet:
    for word in words.split()[:8]:
        files = files.filter(Q(title__icontains=word) | Q(description__icontains=word))
    return files


@for_readers(params=("category", "page"), fragments=("results",))
@open_to_all(reason="files that the clinic gives to everybody")
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """By category; or those of one, or those that say what is looked for."""
    words, slug = Wanted.read(request.GET)
    files = Resource.objects.on_the_website()
    shelves = list(Category.objects.filter(pk__in=files.values("category")))
    shelf = next((one for one in shelves if one.slug == slug), None)
    if shelf:
        files = files.filter(category=shelf)
    page = Paginator(_saying(files, words).for_listing(), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "shelves": shelves,
        "shelf": shelf,
        "words": words,
        "page": page,
        "files": list(page),
        "clinic": ClinicSettings.current(),
    }
    return page_or_fragment(request, "public/resources.html", context, fragment="results")


def _found(request: HttpRequest, slug: str, *, now: datetime) -> Resource | HttpResponse:
    """The file with this address, old or new, or where to go first; raises Http404.

    Whoever is not signed in hears of a patients' file only that one must sign in: not what it is called. Files that are
    shared with one person have no address here.
    """
    shelf = Resource.objects.for_patients().for_listing()
    resource = shelf.filter(used_slugs__slug=slug).first()
    if resource is None:
        raise Http404
    if resource.is_public:
        return resource
    if not request.user.is_authenticated:
        return to_sign_in(request)
    shelves = (shelf.visible_to(actor, now=now) for actor in actors_of(request.user, Role))
    if not any(visible.filter(pk=resource.pk).exists() for visible in shelves):
        raise Http404
    return resource


@for_readers()
@open_to_all(reason="a file that the clinic gives to everybody; a patients' file sends strangers to sign in")
@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """What a file is, before it is opened."""
    resource = _found(request, slug, now=timezone.now())
    if not isinstance(resource, Resource):
        return resource
    if resource.slug != slug:
        return redirect("public:resource", slug=resource.slug, permanent=resource.is_public)
    more = Resource.objects.on_the_website().for_listing().filter(category=resource.category).exclude(pk=resource.pk)
    return render(request, "public/resource.html", {"file": resource, "more": list(more[:4])})


@open_to_all(reason="a file that the clinic gives to everybody; a patients' file sends strangers to sign in")
@require_safe
def download(request: HttpRequest, slug: str) -> HttpResponse | StreamingHttpResponse:
    """The file itself, at an address that stays when the file is replaced."""
    now = timezone.now()
    resource = _found(request, slug, now=now)
    if not isinstance(resource, Resource):
        return resource
    if resource.slug != slug:
        return redirect("public:download", slug=resource.slug, permanent=resource.is_public)
    response = downloads.send(request, resource, public=resource.is_public)
    if downloads.is_first_part(request, response):
        downloads.count_opening(resource, now=now)
    return response
