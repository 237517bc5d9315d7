"""Whose pages these are, and in which place their day is."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portal.appointments.models import WorkingHours
from portal.clinic.models import ClinicSettings, Psychologist


def with_profile(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Sets `request.psychologist`. Who holds the role and has no profile yet is told what is missing."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        profile = Psychologist.objects.select_related("user").filter(user=request.actor.user).first()
        if profile is None:
            return render(request, "psychologist/no_profile.html", status=200)
        request.psychologist = profile
        return view(request, *args, **kwargs)

    return guarded


def home_zone(hours: list[WorkingHours], *, clinic: ClinicSettings) -> ZoneInfo:
    """The wall clock of the place where they work most; the clinic's own before they have hours."""
    worked: dict[ZoneInfo, int] = {}
    for window in hours:
        minutes = (window.ends.hour - window.starts.hour) * 60 + window.ends.minute - window.starts.minute
        worked[window.location.zone] = worked.get(window.location.zone, 0) + minutes
    return max(worked, key=worked.__getitem__) if worked else clinic.zone
