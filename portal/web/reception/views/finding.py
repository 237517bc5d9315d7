"""The head's search, for who sees all patients."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.web.finding import pages


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def find(request: ActorRequest) -> HttpResponse:
    return pages.answer(
        request,
        page="reception:patient",
        listing="reception:patients",
        register="reception:new_patient",
        bill="reception:invoice",
    )
