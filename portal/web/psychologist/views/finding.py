"""The head's search, for those in one's own care."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.web.finding import pages


@allow(Role.PSYCHOLOGIST)
@require_POST
def find(request: ActorRequest) -> HttpResponse:
    return pages.answer(request, page="psychologist:patient", listing="psychologist:patients")
