"""A step on something that was deleted meanwhile: pressed twice, or sent after somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from portal.common.web.htmx import redirect_to

P = ParamSpec("P")
R = TypeVar("R", bound=HttpRequest)
View = Callable[Concatenate[R, P], HttpResponseBase]


def leads_on_when_gone(to: str, model: type[models.Model] | None = None) -> Callable[[View[R, P]], View[R, P]]:
    """Marks a view whose forms act on something that may be deleted: sent too late, they lead on to `to`, in words.

    The thing is found by its code. One of `model` that is there all the same is somebody else's: a 404 as ever.
    """

    def decorate(view: View[R, P]) -> View[R, P]:
        @wraps(view)
        def answered(request: R, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except (Http404, ObjectDoesNotExist):
                if request.method != "POST" or _is_there(model, kwargs.get("code")):
                    raise
                say_gone(request)
                return redirect_to(request, to)

        return answered

    return decorate


def say_gone(request: HttpRequest) -> None:
    """Says so; what the first sending said, and nobody has read yet, stands before it."""
    messages.info(request, _("It was deleted before this was sent, so there was nothing left to do."))


def _is_there(model: type[models.Model] | None, code: Any) -> bool:
    return model is not None and model._default_manager.filter(code=code).exists()
