"""Sessions of one's own that can't be held as they are booked, decided about by who was to hold them."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.common.access.decorators import allow
from portal.journeys.to_do.kinds import OUTSIDE_HOURS, STRANDED
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile
from portal.web.rearranging import pages
from portal.web.rearranging.audience import Audience

OWN = Audience(
    "psychologist",
    session="session",
    move="move_in_calendar",
    of_one=True,
    titles={STRANDED.name: _("You are away then, or it is closed"), OUTSIDE_HOURS.name: _("Outside your new hours")},
)


@allow(Role.PSYCHOLOGIST)
@with_profile
@require_http_methods(["GET", "HEAD", "POST"])
def stranded(request: PsychologistRequest) -> HttpResponse:
    """One's own alone; a POST does what is decided, or shows the e-mails that it would send."""
    return pages.stranded(request, OWN)
