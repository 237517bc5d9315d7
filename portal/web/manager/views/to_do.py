"""The manager's work, and what nobody else did in time. portal/web/to_do makes the pages."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.web.manager.to_do import ROOM
from portal.web.to_do import pages


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    return pages.listing(request, ROOM)


@allow(Role.MANAGER)
@require_POST
def acknowledge(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.acknowledge(request, ROOM, code)


@allow(Role.MANAGER)
@require_POST
def put_back(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.put_back(request, ROOM, code)


@allow(Role.MANAGER)
@require_POST
def finish(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.finish(request, ROOM, code)
