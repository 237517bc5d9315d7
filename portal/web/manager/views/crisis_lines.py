"""Whom readers are told to call: the clinic keeps the list, and checks it twice a year."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.web.manager.responses import confirm_page, form_page
from portal.web.manager.website_forms import CrisisLineForm
from portal.website import actions, crisis
from portal.website.models import CrisisLine


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("manager:crisis_lines"), _("Crisis lines"))]


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    oldest = ClinicSettings.current().today(timezone.now()) - crisis.CHECKED_WITHIN
    lines = list(CrisisLine.objects.select_related("checked_by"))
    context = {"lines": lines, "oldest": oldest, "none_shown": not any(line.is_active for line in lines)}
    return render(request, "manager/crisis_lines.html", context)


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ActorRequest) -> HttpResponse:
    form, now = CrisisLineForm(request.POST or None), timezone.now()
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            line = actions.add_crisis_line(values=form.cleaned_data, by=request.actor, now=now)
            made.leads_to("manager:crisis_lines")
        if line.checked_on:
            messages.success(request, _("%(name)s is on the list, and on the website.") % {"name": line.name})
        else:
            words = _("%(name)s is on the list, and on the website. It is to be checked: ring it, then say so here.")
            messages.success(request, words % {"name": line.name})
        _warn_of_twins(request, line)
        return made.answer
    return form_page(request, "manager/crisis_line.html", {"form": form, "crumbs": _crumbs()}, form)


def _warn_of_twins(request: ActorRequest, line: CrisisLine) -> None:
    """Says which other line is reached at the same number or address."""
    reached = line.number.replace(" ", "") or line.link
    for other in CrisisLine.objects.filter(kind=line.kind).exclude(pk=line.pk):
        if reached and reached in (other.number.replace(" ", ""), other.link):
            words = _("%(name)s stands on the list with the same number or address. Take one of them off.")
            messages.warning(request, words % {"name": other.name})
            return


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    line = get_object_or_404(CrisisLine, code=code)
    form = CrisisLineForm(request.POST or None, line=line)
    save = partial(actions.update_crisis_line, line=line, by=request.actor, now=timezone.now())
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("%(name)s is saved.") % {"name": form.cleaned_data["name"]})
        line.refresh_from_db()
        _warn_of_twins(request, line)
        return redirect("manager:crisis_lines")
    return form_page(request, "manager/crisis_line.html", {"form": form, "line": line, "crumbs": _crumbs()}, form)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def take_off(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks first: somebody may be looking for this number right now."""
    line = get_object_or_404(CrisisLine, code=code)
    name = {"name": line.name}
    if request.method == "POST":
        actions.show_crisis_line(line=line, shown=False, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is off the website.") % name)
        return redirect("manager:crisis_lines")
    return confirm_page(
        request,
        title=_("Take %(name)s off the website?") % name,
        text=_("Readers find it nowhere from now on, on no page and in no e-mail. It stays on this list."),
        note=f"{line.shown_as} · {line.get_situation_display()}",
        button=_("Take it off"),
        danger=True,
        back=reverse("manager:crisis_lines"),
        crumbs=_crumbs(),
    )


@allow(Role.MANAGER)
@require_POST
def change(request: ActorRequest, code: UUID) -> HttpResponse:
    """Checks a line off for today, moves it, or puts it back on the website."""
    line, now = get_object_or_404(CrisisLine, code=code), timezone.now()
    name = {"name": line.name}
    match request.POST.get("do"):
        case "checked":
            actions.mark_crisis_line_checked(line=line, by=request.actor, now=now)
            messages.success(request, _("%(name)s is checked for the next half year.") % name)
        case "up" | "down" as way:
            actions.move_crisis_line(line=line, up=way == "up", by=request.actor, now=now)
        case "show":
            actions.show_crisis_line(line=line, shown=True, by=request.actor, now=now)
            messages.success(request, _("%(name)s is on the website again.") % name)
    return redirect("manager:crisis_lines")
