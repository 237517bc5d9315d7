"""The profile of the psychologist who is signed in: pages that need one, and the clock that their day goes by."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.http.response import HttpResponseBase
from django.shortcuts import render

from portal.clinic.models import Psychologist
from portal.common.access.decorators import ActorRequest

P = ParamSpec("P")


class PsychologistRequest(ActorRequest):
    """A request past `with_profile`: whoever sent it has a profile as a psychologist."""

    psychologist: Psychologist


def with_profile(
    view: Callable[Concatenate[PsychologistRequest, P], HttpResponseBase],
) -> Callable[Concatenate[ActorRequest, P], HttpResponseBase]:
    """Sets `request.psychologist`. Who holds the role and has no profile yet is told what is missing."""

    @wraps(view)
    def guarded(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        profile = Psychologist.objects.select_related("user").filter(user=request.actor.user).first()
        if profile is None:
            return render(request, "psychologist/no_profile.html", status=200)
        with_one = cast(PsychologistRequest, request)
        with_one.psychologist = profile
        return view(with_one, *args, **kwargs)

    return guarded
