"""What a patient was given: files shared with them by their psychologist, and those for all patients."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment
from portal.patients.models import Patient
from portal.resources import downloads
from portal.resources.actions import sharing
from portal.resources.models import Audience, Resource, Share

PER_PAGE = 20
MOST_FOR_ALL = 60


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """The newest first; and, for whoever is in care or cares for somebody, what all patients may have."""
    now = timezone.now()
    shared = Share.objects.visible_to(request.actor, now=now)
    page = Paginator(shared.for_listing(), PER_PAGE).get_page(request.GET.get("page"))
    for_all = Resource.objects.visible_to(request.actor, now=now).filter(audience=Audience.PATIENTS).for_listing()
    context: dict[str, Any] = {
        "page": page,
        "shares": list(page),
        "several": Patient.objects.managed_by(request.user).count() > 1,
        "for_all": list(for_all[:MOST_FOR_ALL]),
    }
    return page_or_fragment(request, "patient/documents.html", context, fragment="shared")


@allow(Role.PATIENT)
@require_safe
def file(request: ActorRequest, code: UUID) -> HttpResponseBase:
    """A shared file. Opening it tells the psychologist that it was seen, and the page that it is not new."""
    now = timezone.now()
    share = get_object_or_404(Share.objects.visible_to(request.actor, now=now).for_listing(), code=code)
    response = downloads.send(request, share.resource, public=False)
    if downloads.is_first_part(request, response):
        sharing.mark_seen(share=share, by=request.actor, now=now)
        downloads.count_opening(share.resource, now=now)
    return response
