"""The Medicare schedule as the portal knows it: fees, limits, where they were read, and files that bring new ones."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.medicare import actions, ages, updating
from portal.medicare.models import BetterAccessLimits, MbsItem, ScheduleUpdate
from portal.medicare.refusals import AlreadyApplied, AnotherIsApplied, LimitsKnown, NothingToApply, ScheduleChanged
from portal.medicare.update_words import doubts_in_words, what_in_words
from portal.medicare.updating import Line
from portal.web.manager.medicare_forms import LimitsForm, ScheduleFileForm
from portal.web.manager.responses import form_page

SHOWN = 10
# A file is through in seconds. One that waits longer is handed to the queue again by a button.
PATIENCE = timedelta(minutes=1)


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("manager:medicare"), _("Medicare"))]


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def schedule(request: ActorRequest) -> HttpResponse:
    """Fees and limits with their sources; sent a file, it reads it and shows what would change."""
    now = timezone.now()
    form = ScheduleFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form = ScheduleFileForm(request.POST, request.FILES)
        if form.is_valid():
            with making(request, now=now) as made:
                update = updating.keep(
                    schedule=form.schedule,
                    digest=form.digest,
                    name=form.cleaned_data["file"].name,
                    by=request.actor,
                    now=now,
                )
                made.leads_to("manager:schedule_update", update.code)
            return made.answer
    today = ClinicSettings.current().today(now)
    rows = list(MbsItem.objects.standing().order_by("item", "valid_from"))
    now_in_force = [row for row in rows if _in_force(row, today)]
    old = {row.pk for row in ages.old_items(now_in_force, today=today)}
    limits = list(BetterAccessLimits.objects.order_by("-valid_from"))
    current = next((each for each in limits if each.valid_from <= today), None)
    context = {
        "form": form,
        "rows": [(row, row.pk in old, row.valid_from > today) for row in rows if not _is_past(row, today)],
        "past": sum(_is_past(row, today) for row in rows),
        "old": len(old),
        "limits": limits,
        "current": current,
        "limits_are_old": current is not None and ages.limits_are_old(current, today=today),
        "updates": ScheduleUpdate.objects.select_related("read_by", "asked_by")[:SHOWN],
    }
    return form_page(request, "manager/medicare.html", context, form)


def _in_force(row: MbsItem, today: date) -> bool:
    return row.valid_from <= today and not _is_past(row, today)


def _is_past(row: MbsItem, today: date) -> bool:
    return row.valid_until is not None and row.valid_until < today


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def update(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a file would change; posted, it is handed to the queue; then how far that is, and what it did."""
    found, now = _update(code), timezone.now()
    status = 200
    if request.method == "POST":
        try:
            updating.ask_to_apply(
                update=found,
                seen=request.POST.get("seen", ""),
                leaves_out=request.POST.getlist("leave"),
                by=request.actor,
                now=now,
            )
        except AlreadyApplied:
            by = found.asked_by.name if found.asked_by else _("the command line")
            messages.info(request, _("This file was sent to be applied before, by %(name)s.") % {"name": by})
        except AnotherIsApplied:
            messages.warning(request, _("Another file is being applied. Wait until it is through, then look again."))
        except NothingToApply:
            messages.info(request, _("There is nothing in this file that can be written."))
        except ScheduleChanged:
            messages.warning(
                request,
                _("The fees changed since this page was opened, so nothing was written. Look at it again."),
            )
            status = 409
        if status == 200:
            return redirect("manager:schedule_update", code=found.code)
    comparison = None if found.asked_at else updating.comparison_of(found)
    waits = found.is_applying and found.asked_at is not None and now - found.asked_at > PATIENCE
    context = {
        "update": found,
        "comparison": comparison,
        "changes": _told(comparison.changes if comparison else updating.lines_of(found)),
        "odd": _told(comparison.odd) if comparison else [],
        "same": len(comparison.same) if comparison else 0,
        "waits": waits,
        "crumbs": _crumbs(),
    }
    return page_or_fragment(request, "manager/schedule_update.html", context, fragment="applying", status=status)


def _update(code: UUID) -> ScheduleUpdate:
    return get_object_or_404(ScheduleUpdate.objects.select_related("read_by", "asked_by"), code=code)


def _told(lines: list[Line]) -> list[tuple[Line, str, list[str]]]:
    return [(line, what_in_words(line), doubts_in_words(line)) for line in lines]


@allow(Role.MANAGER)
@require_POST
def go_on(request: ActorRequest, code: UUID) -> HttpResponse:
    """Hands a file to the queue again that got stuck on the way; each line is written once all the same."""
    found = _update(code)
    if found.is_applying:
        updating.apply_soon(found)
        messages.info(request, _("The file is in the queue again."))
    return redirect("manager:schedule_update", code=found.code)


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def limits(request: ActorRequest) -> HttpResponse:
    """Writes down limits that hold from a day on."""
    now = timezone.now()
    newest = BetterAccessLimits.objects.last()
    names = ("individual_a_year", "group_a_year", "carer_a_year", "initial_course", "source", "source_url")
    initial = {name: getattr(newest, name) for name in names} if newest else {}
    today = ClinicSettings.current().today(now)
    since = newest.valid_from + timedelta(days=1) if newest else today
    form = LimitsForm(request.POST if request.method == "POST" else None, since=since, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            with making(request, now=now) as made:
                actions.add_limits(values=form.cleaned_data, by=request.actor, today=today, now=now)
                made.leads_to("manager:medicare")
        except LimitsKnown:
            messages.info(request, _("Somebody wrote limits down for that day a moment ago."))
            return redirect("manager:medicare")
        messages.success(request, _("The limits are written down."))
        return made.answer
    return form_page(request, "manager/medicare_limits.html", {"form": form, "crumbs": _crumbs()}, form)
