"""Answers that the manager's views share: a page with a form, and a question before a step that is hard to undo."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from portal.common.forms.hidden import OWN_FIELDS
from portal.journeys.stranded import StillBooked
from portal.policies import publishing
from portal.web.still_booked import KNOWN, TURN, question


def form_page(
    request: HttpRequest, template: str, context: dict[str, Any], *forms_sent: forms.BaseForm
) -> HttpResponse:
    """The page of a form; 422 when what was sent can't be taken, so that nobody takes it for done."""
    wrong = any(form.is_bound and not form.is_valid() for form in forms_sent)
    return render(request, template, context, status=422 if wrong else 200)


def pass_on_warnings(request: HttpRequest, *forms_taken: Any) -> None:
    """What looked odd and was taken all the same, said above the next page."""
    for form in forms_taken:
        for field, words in form.warnings:
            messages.warning(request, f"{form.fields[field].label}: {words}")


def untrue_policies() -> set[tuple[str, str]]:
    """What published policies say that no longer holds: the policy, and which of its facts, in words."""
    return {
        (drift.newest.get_kind_display(), difference.label)
        for drift in publishing.drifts()
        if drift.newest is not None
        for difference in drift.settings
    }


def warn_of_policies(request: HttpRequest, before: set[tuple[str, str]]) -> None:
    """Says which policies tell patients something else since a change; `before` is what was untrue ahead of it."""
    fallen: defaultdict[str, list[str]] = defaultdict(list)
    for policy, label in sorted(untrue_policies() - before):
        fallen[policy].append(label)
    for policy, labels in fallen.items():
        words = _("What patients read under “%(policy)s” is no longer true: %(what)s. Publish it again under Policies.")
        messages.warning(request, words % {"policy": policy, "what": "; ".join(labels)})


def confirm_page(
    request: HttpRequest, *, booked: StillBooked | None = None, status: int = 200, **asked: Any
) -> HttpResponse:
    """Asks; the same address, posted, does it.

    Parameters: title, text, button, back, danger, crumbs, note; booked, the sessions to come that would be stranded;
    fields, what the form that was asked about sent (`sent_again`).
    """
    asked["asked"] = question(booked, request.POST) if booked and booked.sessions else None
    return render(request, "manager/confirm.html", asked, status=status)


def sent_again(request: HttpRequest) -> list[tuple[str, str]]:
    """What a form sent, for the page that asks about it: said yes to, it is sent once more."""
    own = OWN_FIELDS | {KNOWN, TURN}
    return [(name, str(value)) for name in request.POST if name not in own for value in request.POST.getlist(name)]
