"""Photos of those who work here. Uploads have no address of their own; these were written anew from pixels alone."""

from __future__ import annotations

import re

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from portal.clinic.models import Psychologist
from portal.common.access.decorators import open_to_all
from portal.common.media.pictures import PORTRAIT, rendition_response, size_of, widths_of

_NAME = re.compile(r"(?P<width>[1-9][0-9]{1,3})\.(?P<kind>avif|webp|jpg)")


def _of(slug: str) -> Psychologist:
    """Somebody who works here and has a photo that is there."""
    person = get_object_or_404(Psychologist.objects.practising().exclude(photo=""), slug=slug)
    if size_of(person.photo) is None:
        raise Http404
    return person


@open_to_all(reason="the photo of a public profile, in one size")
@require_safe
def portrait(request: HttpRequest, slug: str, name: str) -> HttpResponseBase:
    """`name` is the width in pixels and the kind: `320.avif`."""
    asked = _NAME.fullmatch(name)
    if asked is None:
        raise Http404
    person, width, kind = _of(slug), int(asked["width"]), asked["kind"]
    return rendition_response(person.photo, width=width, kind=kind, public=True, request=request, widths=PORTRAIT)


@open_to_all(reason="the photo of a public profile")
@require_safe
def photo(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The largest JPEG, at the address that other sites and older pages know."""
    person = _of(slug)
    size = size_of(person.photo)
    if size is None:
        raise Http404
    widest = widths_of(size, PORTRAIT)[-1]
    return rendition_response(person.photo, width=widest, kind="jpg", public=True, request=request, widths=PORTRAIT)
