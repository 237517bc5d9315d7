"""The clinic's shelf of files: what is on it, who may have it, how often it is opened."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import RequestConfig

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import day_month
from portal.common.web import charts
from portal.common.web.once import making, once
from portal.resources import downloads, storage
from portal.resources.actions import files
from portal.resources.models import Category, Resource
from portal.resources.refusals import AddressTaken, NoAddress
from portal.web.manager.files import FileForm, FileTable, ReplaceForm
from portal.web.manager.responses import confirm_page, form_page

LATELY = 30


def _lately() -> list[date]:
    """The last thirty days by the clinic's calendar, up to today: those that the list and a file's chart count."""
    today = ClinicSettings.current().today(timezone.now())
    return [today - timedelta(days=n) for n in reversed(range(LATELY))]


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(reverse("manager:downloads"), _("Files")), *more]


def _here(resource: Resource) -> tuple[str, str]:
    return reverse("manager:download", args=[resource.code]), resource.title


def _resource(request: ActorRequest, code: UUID) -> Resource:
    return get_object_or_404(Resource.objects.visible_to(request.actor, now=timezone.now()).for_listing(), code=code)


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    shelf = Resource.objects.visible_to(request.actor, now=timezone.now()).for_listing().with_counts(since=_lately()[0])
    table = FileTable(shelf.order_by("-is_active", "category__position", "category__name", "position", "title"))
    RequestConfig(request, paginate={"per_page": 50}).configure(table)
    return render(request, "manager/downloads.html", {"table": table})


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ActorRequest) -> HttpResponse:
    form, now = FileForm(request.POST or None, request.FILES or None), timezone.now()
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        with storage.put(file, sealed=False) as put, making(request, now=now) as made:
            resource = files.add_resource(values=form.values, file=file, put=put, by=request.actor, now=now)
            made.leads_to("manager:download", code=resource.code)
        messages.success(request, _("%(name)s is on the shelf.") % {"name": resource.title})
        return made.answer
    context = {"form": form, "crumbs": _crumbs(), "has_categories": Category.objects.active().exists()}
    return form_page(request, "manager/download_new.html", context, form)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    resource = _resource(request, code)
    form = FileForm(request.POST or None, instance=resource)
    if request.method == "POST" and form.is_valid():
        slug = form.cleaned_data["slug"] if "slug" in form.changed_here else None
        save = partial(files.change_resource, resource=resource, slug=slug, by=request.actor, now=timezone.now())
        try:
            saved = form.saves(save)
        except AddressTaken:
            form.add_error("slug", _("Another file has this address, or had it. Choose another one."))
        except NoAddress:
            form.add_error("slug", _("An address needs letters or figures, such as sleep-diary."))
        else:
            if saved:
                messages.success(request, _("%(name)s is saved.") % {"name": form.cleaned_data["title"]})
                return redirect("manager:downloads")
    return _file_page(request, resource, form=form)


def _file_page(
    request: HttpRequest, resource: Resource, *, form: FileForm | None = None, replacing: ReplaceForm | None = None
) -> HttpResponse:
    days = _lately()
    counts = dict(resource.download_counts.filter(day__gte=days[0]).values_list("day", "times"))
    total = sum(counts.values())
    shares = resource.shares.live()
    context = {
        "file": resource,
        "form": form or FileForm(instance=resource),
        "replacing": replacing or ReplaceForm(),
        "crumbs": _crumbs(),
        "versions": resource.versions.select_related("added_by"),
        # How many, not who: whom a psychologist gave what is between those two.
        "shared": shares.count(),
        "seen": shares.exclude(seen_at=None).count(),
        "chart": charts.bars(
            [(day_month(day), counts.get(day, 0)) for day in days],
            title=_("Opened, day by day"),
            label_heading=_("Day"),
            value_heading=_("Opened"),
            summary=ngettext("%(n)d time in 30 days", "%(n)d times in 30 days", total) % {"n": total},
        ),
    }
    return form_page(request, "manager/download.html", context, *(sent for sent in (form, replacing) if sent))


@allow(Role.MANAGER)
@require_POST
def replace(request: ActorRequest, code: UUID) -> HttpResponse:
    """Another file behind the same address."""
    resource = _resource(request, code)
    form = ReplaceForm(request.POST, request.FILES)
    if not form.is_valid():
        return _file_page(request, resource, replacing=form)
    before = resource.current_id
    version = files.replace_file(
        resource=resource, file=form.cleaned_data["file"], by=request.actor, now=timezone.now()
    )
    if version.pk == before:
        messages.info(request, _("That is the file which is there already. Nothing was changed."))
    else:
        messages.success(request, _("The new file is in place. Its address and its links are the same."))
    return redirect("manager:download", code=resource.code)


@allow(Role.MANAGER)
@require_safe
def file(request: ActorRequest, code: UUID) -> HttpResponse | StreamingHttpResponse:
    """A look at what is on the shelf, also when it was taken down; it counts as nobody's reading."""
    return downloads.send(request, _resource(request, code), public=False)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def take_down(request: ActorRequest, code: UUID) -> HttpResponse:
    resource = _resource(request, code)
    if request.method == "POST":
        files.take_down(resource=resource, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is taken down.") % {"name": resource.title})
        return redirect("manager:downloads")
    return confirm_page(
        request,
        title=_("Take %(name)s down?") % {"name": resource.title},
        text=_("Nobody finds it any more, neither on the website nor among what was shared with them."),
        button=_("Take it down"),
        danger=True,
        back=_here(resource)[0],
        crumbs=_crumbs(_here(resource)),
    )


@allow(Role.MANAGER)
@require_POST
def put_back(request: ActorRequest, code: UUID) -> HttpResponse:
    resource = _resource(request, code)
    files.put_back(resource=resource, by=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s is back on the shelf.") % {"name": resource.title})
    return redirect("manager:download", code=resource.code)
