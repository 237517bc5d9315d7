"""Sessions that can't be held as they are booked, decided about by the desk."""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.web.rearranging import pages
from portal.web.rearranging.audience import Audience

DESK = Audience("reception", session="appointment", move="reschedule")


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def stranded(request: ActorRequest) -> HttpResponse:
    """Everybody's; a POST does what is decided, or shows the e-mails that it would send."""
    return pages.stranded(request, DESK)
