"""The privacy policy and the fees policy, as they are in force and as they were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import open_to_all
from portal.common.kept import drawn
from portal.common.languages.offered import path_in
from portal.common.web.pagecache import for_readers
from portal.medicare.models import MbsItem
from portal.policies import publishing
from portal.policies.models import PolicyKind, PolicyVersion
from portal.web.public.views.pages import price_list
from portal.website.texts import Texts, own_words


@for_readers()
@open_to_all(reason="the law asks that anybody can read it")
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    return render(request, "public/policy.html", _in_force(request, PolicyKind.PRIVACY, now=now))


@for_readers()
@open_to_all(reason="fees are told before anybody books")
@require_safe
def fees(request: HttpRequest) -> HttpResponse:
    """Today's prices, then the rules as they were published."""
    now = timezone.now()
    context = _in_force(request, PolicyKind.FEES, now=now)
    context["prices"] = _prices(ClinicSettings.current().today(now), get_language() or "")
    return render(request, "public/fees.html", context)


@drawn(kept.practising, kept.services, ClinicSettings, MbsItem, own_words)
def _prices(today: date, language: str) -> SafeString:
    prices = price_list(kept.offered_services(), kept.practising(), today=today)
    return render_to_string("public/fees.html#prices", {"prices": prices, "site_texts": Texts(language)})


@for_readers()
@open_to_all(reason="what somebody agreed to must stay readable")
@require_safe
def version(request: HttpRequest, kind: str, day: str) -> HttpResponse:
    """One version, whether it is in force, was, or is still to come."""
    found = get_object_or_404(PolicyVersion, kind=kind, day=day)
    document, spoken = found.document()
    context = _context(request, publishing.Reading(kind, found, document, spoken), now=timezone.now())
    return render(request, "public/policy.html", context | {"is_dated": True, "text": _drawn(document)})


def _in_force(request: HttpRequest, kind: str, *, now: datetime) -> dict[str, Any]:
    reading, today = publishing.read(kind, now=now), ClinicSettings.current().today(now)
    return _context(request, reading, now=now) | {"text": _text_in_force(kind, today, get_language() or "")}


@drawn(publishing.in_force)
def _text_in_force(kind: str, today: date, language: str) -> SafeString:
    _version, document, _spoken = publishing.in_force(kind, today, language)
    return _drawn(document)


def _drawn(document: Mapping[str, Any]) -> SafeString:
    return render_to_string("components/_policy.html", {"document": document})


def _context(request: HttpRequest, reading: publishing.Reading, *, now: datetime) -> dict[str, Any]:
    today = ClinicSettings.current().today(now)
    versions = [version for version in publishing.published() if version.kind == reading.kind]
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
