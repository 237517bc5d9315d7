"""Sends the current version of a file, and counts who opens it. Whether somebody may have it, the view has asked."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from portal.clinic.models import ClinicSettings
from portal.common.documents.kinds import served_as
from portal.common.media import serving
from portal.resources import storage
from portal.resources.actions import files
from portal.resources.models import Resource


def send(request: HttpRequest, resource: Resource, *, public: bool) -> HttpResponse | StreamingHttpResponse:
    """The current version; raises Http404 without one, and if the storage has lost it. `public`: caches may hold it."""
    version = resource.current
    if version is None:
        raise Http404
    try:
        file = storage.opened(version)
    except storage.FileGone:
        raise Http404 from None
    response = serving.file_response(
        request,
        file,
        size=version.size,
        media_type=served_as(version.what, version.name),
        name=version.name,
        digest=version.sha256,
        inline=version.what.opens_in_a_browser,
        public=public,
    )
    # Ours would say which language the page around it is in.
    response.headers["Content-Language"] = resource.language
    return response


def is_first_part(request: HttpRequest, response: HttpResponse | StreamingHttpResponse) -> bool:
    """Whether somebody begins to read; a player's later parts and a browser's questions are no reading."""
    return serving.is_first_part(request, response)


def count_opening(resource: Resource, *, now: datetime) -> None:
    """Counts one opening on the clinic's day."""
    files.count_opening(resource=resource, day=ClinicSettings.current().today(now))
