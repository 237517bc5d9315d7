from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.clinic.models import ClinicSettings


def clinic(request: HttpRequest) -> dict[str, Any]:
    """`clinic` in every template, read only by pages that name it."""
    return {"clinic": SimpleLazyObject(ClinicSettings.current)}
