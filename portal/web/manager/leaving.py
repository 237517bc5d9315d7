"""What is asked before somebody stops working here, or is no psychologist any more, and has sessions to come."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.models import User
from portal.common.access.decorators import ActorRequest
from portal.journeys.stranded import StillBooked
from portal.web.manager.responses import confirm_page, sent_again
from portal.web.still_booked import with_requests

CRUMB: Final = gettext_lazy("Staff")


def ask_to_withdraw(request: ActorRequest, whose: User, booked: StillBooked) -> HttpResponse:
    """Of somebody who would be no psychologist here any more, and has sessions to come."""
    here, n = reverse("manager:person", args=[whose.code]), booked.booked
    note = ngettext(
        "%(n)d session is booked with them from now on. It stays booked and comes onto reception's list, with a "
        "proposed time. Until reception decides, nobody tells the patient.",
        "%(n)d sessions are booked with them from now on. They stay booked and come onto reception's list, each with "
        "a proposed time. Until reception decides, nobody tells the patients.",
        n,
    ) % {"n": n}
    return confirm_page(
        request,
        status=422,
        title=_("Take the psychologist's role from %(name)s?") % {"name": whose.name},
        text=_("Nobody can book them any more, and their profile leaves the website. Their notes keep their name."),
        note=with_requests(note, booked),
        booked=booked,
        fields=sent_again(request),
        button=_("Save the roles, and hand the sessions to reception"),
        danger=True,
        back=here,
        crumbs=[(reverse("manager:staff"), str(CRUMB)), (here, whose.name)],
    )


def ask_to_close(request: ActorRequest, whose: User, booked: StillBooked | None, *, status: int = 200) -> HttpResponse:
    """Of somebody whose account is to be closed."""
    here, n = reverse("manager:person", args=[whose.code]), booked.booked if booked else 0
    note = ngettext(
        "%(n)d session is booked with them from now on. It stays booked and comes onto reception's list: reception "
        "calls the patient to move or cancel it. Until then nobody tells the patient.",
        "%(n)d sessions are booked with them from now on. They stay booked and come onto reception's list: reception "
        "calls the patients to move or cancel them. Until then nobody tells the patients.",
        n,
    ) % {"n": n}
    return confirm_page(
        request,
        status=status,
        title=_("Close the account of %(name)s?") % {"name": whose.name},
        text=_(
            "They are signed out everywhere and can't sign in again, and their profile leaves the website. Notes, "
            "invoices and the trail keep their name. You can open the account again."
        ),
        note=with_requests(note, booked),
        booked=booked,
        button=_("Close the account, and hand them to reception")
        if booked and booked.sessions
        else _("Close the account"),
        danger=True,
        back=here,
        crumbs=[(reverse("manager:staff"), str(CRUMB)), (here, whose.name)],
    )
