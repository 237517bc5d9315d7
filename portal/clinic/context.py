from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.clinic.models import ClinicSettings


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic` in every template, read only by pages that name it."""
    return {"clinic": SimpleLazyObject(ClinicSettings.current)}


def for_notices() -> dict[str, Any]:
    """What every e-mail names: the clinic that sends it, and where the portal is."""
    return {"clinic": ClinicSettings.current(), "base_url": settings.PORTAL_BASE_URL}
