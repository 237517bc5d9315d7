"""The privacy policy and the fees policy, as they are in force and as they were."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import open_to_all
from portal.common.languages.offered import path_in
from portal.common.web.pagecache import for_readers
from portal.policies import publishing
from portal.policies.models import PolicyKind, PolicyVersion
from portal.web.public.views.pages import price_list


@for_readers()
@open_to_all(reason="the law asks that anybody can read it")
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    reading = publishing.read(PolicyKind.PRIVACY, now=timezone.now())
    return render(request, "public/policy.html", _context(request, reading))


@for_readers()
@open_to_all(reason="fees are told before anybody books")
@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """Today's prices, then the rules as they were published."""
    now = timezone.now()
    prices = price_list(kept.offered_services(), kept.practising(), now=now)
    context = _context(request, publishing.read(PolicyKind.FEES, now=now))
    return render(request, "public/fees.html", context | {"prices": prices})


@for_readers()
@open_to_all(reason="what somebody agreed to must stay readable")
@require_safe
def version(request: HttpRequest, kind: str, day: str) -> HttpResponse:
    """One version, whether it is in force, was, or is still to come."""
    found = get_object_or_404(PolicyVersion, kind=kind, day=day)
    document, spoken = found.document()
    context = _context(request, publishing.Reading(kind, found, document, spoken))
    return render(request, "public/policy.html", context | {"is_dated": True})


def _context(request: HttpRequest, reading: publishing.Reading) -> dict[str, Any]:
    today = ClinicSettings.current().today(timezone.now())
    versions = list(PolicyVersion.objects.of(reading.kind).without_text())
    current = next((each for each in versions if each.effective_from <= today), None)
    return {
        "reading": reading,
        "document": reading.document,
        "version": reading.version,
        "current": current,
        "is_coming": bool(reading.version and reading.version.effective_from > today),
        "coming": [each for each in versions if each.effective_from > today],
        "versions": versions,
        "policy_url": f"public:{reading.kind}",
        "version_url": f"public:{reading.kind}_version",
        "in_english": path_in(request.path, settings.LANGUAGE_CODE),
    }
