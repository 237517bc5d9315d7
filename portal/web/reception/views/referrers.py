"""The register of referrers: found as one types, written down, changed, and two entries of one person made one."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.addresses import each
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.medicare import referrers
from portal.medicare.forms import FindReferrerForm, ReferrerForm
from portal.medicare.models import Referrer
from portal.medicare.refusals import MergedMeanwhile

PER_PAGE = 25
FOUND = 8
# Of one entry's history and letters.
SHOWN = 10


class Line(NamedTuple):
    """One entry as a list shows it."""

    url: str
    name: str
    kind: str
    where: str
    number: str
    phone: str


def lines(found: list[Referrer], *, to: str = "") -> list[Line]:
    """The entries as lists show them, each led to its page, or to this address with its code behind."""
    page_of = each("reception:referrer")
    return [
        Line(
            url=f"{to}{one.code}" if to else page_of(one.code),
            name=one.name,
            kind=one.get_kind_display(),
            where=one.address,
            number=one.provider_number,
            phone=one.phone.as_national if one.phone else "",
        )
        for one in found
    ]


def suggested(text: str, *, to: str) -> list[Line]:
    """Who of those in use fits what was typed, to be chosen for a letter; nobody for nothing."""
    found = Referrer.objects.in_use().found(text).order_by("name", "pk")[:FOUND] if text else []
    return lines(list(found), to=to)


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    text = FindReferrerForm.text_of(request.GET)
    found = Referrer.objects.visible_to(request.actor).standing().found(text).order_by("name", "pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    context = {"q": text, "page": page, "lines": lines(list(page))}
    return page_or_fragment(request, "reception/referrers.html", context, fragment="results")


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    now = timezone.now()
    form = ReferrerForm(request.POST if request.method == "POST" else None)
    same = (
        referrers.same_number(form.values["provider_number"]) if request.method == "POST" and form.is_valid() else None
    )
    if same:
        words = _("%(name)s has this provider number in the register already.") % {"name": same.name}
        form.add_error("provider_number", words)
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            added = referrers.add_referrer(values=form.values, by=request.actor, now=now)
            made.leads_to("reception:referrer", code=added.code)
        messages.success(request, _("%(name)s is in the register.") % {"name": added.name})
        _say_warnings(request, form)
        return made.answer
    status = 422 if request.method == "POST" else 200
    return render(request, "reception/referrer_new.html", {"form": form, "same": same}, status=status)


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def referrer(request: ActorRequest, code: UUID) -> HttpResponse:
    """What is known of somebody who refers, to be changed; what was known before, and who may be the same person."""
    found = _one(request, code)
    if found.merged_into is not None:
        return redirect("reception:referrer", found.merged_into.code)
    stored_name = found.name
    form = ReferrerForm(request.POST if request.method == "POST" else None, instance=found)
    save = partial(_change, found, request=request)
    if request.method == "POST" and form.is_valid():
        _warn_of_double(found, form)
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("%(name)s is saved.") % {"name": found.name})
        _say_warnings(request, form)
        return redirect("reception:referrer", found.code)
    stored = get_object_or_404(Referrer, pk=found.pk)
    letters = referrers.letters_of(stored)
    context = {
        "form": form,
        "referrer": stored,
        "name": stored_name,
        "history": list(stored.history.select_related("said_by")[: SHOWN + 1])[1:],
        "doubles": list(stored.doubles.order_by("-merged_at")[:SHOWN]),
        "alike": referrers.perhaps_the_same(stored),
        "letters": list(letters.select_related("patient").order_by("-written_on", "-pk")[:SHOWN]),
        "letter_count": letters.count(),
        "zone": ClinicSettings.current().zone,
    }
    return render(request, "reception/referrer.html", context, status=422 if request.method == "POST" else 200)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def merge(request: ActorRequest, code: UUID) -> HttpResponse:
    """Makes another entry lead to this one: both are of one person."""
    into = _one(request, code)
    form = FindReferrerForm(request.POST)
    form.full_clean()
    double = get_object_or_404(Referrer.objects.visible_to(request.actor), code=form.cleaned_data.get("double"))
    try:
        referrers.merge(double=double, into=into, by=request.actor, now=timezone.now())
    except MergedMeanwhile:
        messages.info(request, _("Nothing is changed: one of the two was merged already."))
    else:
        words = _("Both entries are one now. Letters and invoices keep what they were written with.")
        messages.success(request, words)
    return redirect("reception:referrer", into.code)


def _change(found: Referrer, *, request: ActorRequest, values: dict[str, object]) -> None:
    referrers.change_referrer(referrer=found, values=values, by=request.actor, now=timezone.now())


def _warn_of_double(found: Referrer, form: ReferrerForm) -> None:
    """Says whose the number is as well; both stand side by side below, where two entries of one person are merged."""
    same = referrers.same_number(form.values["provider_number"])
    if same is not None and same.pk != found.pk:
        form.warn("provider_number", _("%(name)s has this provider number too.") % {"name": same.name})


def _one(request: ActorRequest, code: UUID) -> Referrer:
    return get_object_or_404(Referrer.objects.visible_to(request.actor).select_related("merged_into"), code=code)


def _say_warnings(request: HttpRequest, form: ReferrerForm) -> None:
    for field, words in form.warnings:
        messages.warning(request, f"{form[field].label}: {words}")
