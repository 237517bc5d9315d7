"""A request is confirmed or declined at the desk. portal/web/to_do makes the page."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.web.reception.views.stranded import DESK
from portal.web.to_do import answering


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: ActorRequest, code: UUID) -> HttpResponse:
    return answering.answer(request, code, DESK)
