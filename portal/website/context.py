from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.clinic.models import ClinicSettings, Service
from portal.common.kept import kept
from portal.website import crisis
from portal.website.models import SiteText
from portal.website.texts import Texts


def website(request: HttpRequest) -> dict[str, Any]:
    """The clinic, its own words and its list of crisis lines, each read only by pages that name it, and once."""
    return {
        "clinic": SimpleLazyObject(ClinicSettings.current),
        "site_texts": Texts(),
        "crisis_lines": SimpleLazyObject(crisis.lines),
        "crisis_lines_in_short": SimpleLazyObject(crisis.lines_in_short),
    }


def for_notices() -> dict[str, Any]:
    """What every e-mail names: the clinic that sends it, where the portal is, and who interprets for its reader."""
    return {
        "clinic": ClinicSettings.current(),
        "base_url": settings.PORTAL_BASE_URL,
        "interpreters": SimpleLazyObject(crisis.interpreters),
    }


@kept(Service, SiteText)
def never_named() -> frozenset[str]:
    """What no notice says: the name of every service, in each language, also of those that are no longer offered."""
    translated = SiteText.objects.filter(key__startswith="service.", key__endswith=".name")
    return frozenset([*Service.objects.values_list("name", flat=True), *translated.values_list("text", flat=True)])
