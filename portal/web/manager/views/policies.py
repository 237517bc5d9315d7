"""The clinic's policies: what is in force, what no longer matches the settings, and publishing the next version."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.parts import sent_with
from portal.common.text import differences
from portal.common.web.once import making, once
from portal.patients import consents
from portal.policies import facts, publishing
from portal.policies.forms import PolicySettingsForm, PublishForm, mark_of
from portal.policies.models import PolicyKind, PolicySettings, PolicyVersion
from portal.policies.refusals import PublishedMeanwhile, TooEarly
from portal.web.manager.responses import form_page


def _crumbs() -> list[tuple[str, str]]:
    return [(reverse("manager:policies"), _("Policies"))]


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    today = ClinicSettings.current().today(timezone.now())
    policies = []
    for kind in PolicyKind:
        versions = list(PolicyVersion.objects.of(kind).without_text().select_related("published_by"))
        policies.append(
            {
                "kind": kind,
                "versions": versions,
                "current": next((each for each in versions if each.effective_from <= today), None),
                "drift": publishing.drift(kind),
                "public_url": reverse(f"public:{kind}"),
                "version_url": f"public:{kind}_version",
            }
        )
    return form_page(request, "manager/policies.html", {"policies": policies})


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: ActorRequest, kind: str) -> HttpResponse:
    """The next version: what would change, all of its words, and the button that publishes it."""
    if kind not in PolicyKind.values:
        raise Http404
    now = timezone.now()
    drift, known = publishing.drift(kind), facts.gather(kind)
    today = ClinicSettings.current().today(now)
    earliest = max(today, drift.newest.effective_from) if drift.newest else today
    data = request.POST if request.method == "POST" else None
    agreed = consents.agreed_to(kind, today=today)
    form = PublishForm(data, earliest=earliest, facts=known, newest=drift.newest, agreed=agreed)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        try:
            with making(request, now=now) as made:
                version = publishing.publish(
                    kind=kind,
                    effective_from=sent["effective_from"],
                    changes=sent["changes"],
                    ask_again=sent.get("ask_again", False),
                    after=sent["after"],
                    by=request.actor,
                    now=now,
                )
                made.leads_to("manager:policies")
        except PublishedMeanwhile:
            messages.info(request, _("There is a newer version than the one you looked at; no other was published."))
            return redirect("manager:policies")
        except TooEarly:  # a second window was faster
            return redirect("manager:policy", kind=kind)
        messages.success(request, _("Version %(number)d is published.") % {"number": version.number})
        return made.answer
    if form.is_bound:
        # What is looked at now is this page: sent again, it is what is published.
        form.data = sent_with(form.data, "seen", mark_of(known))
        form.data = sent_with(form.data, "after", str(form.initial["after"]))
    context = {
        "kind": PolicyKind(kind),
        "drift": drift,
        "paragraphs": differences.changed_only(drift.paragraphs),
        "document": publishing.write(kind, known),
        "form": form,
        "crumbs": _crumbs(),
    }
    return form_page(request, "manager/policy.html", context, form)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: ActorRequest) -> HttpResponse:
    form = PolicySettingsForm(
        request.POST if request.method == "POST" else None, instance=PolicySettings.for_changing()
    )
    save = partial(publishing.update_settings, by=request.actor, now=timezone.now())
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("Saved. Publish a new version to show it on the website."))
        return redirect("manager:policies")
    return form_page(request, "manager/policy_settings.html", {"form": form, "crumbs": _crumbs()}, form)
