"""One's outside calendars in words: where each leads, when it was read, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.appointments.models import OutsideCalendar
from portal.appointments.outside import addresses
from portal.common.access.actors import Actor
from portal.common.crypto.ciphertext import EncryptionError
from portal.common.forms.fields import LineField

PROBLEMS: dict[str, Promise] = {
    "refused": _("The address leads into a private network, or not to the web."),
    "own": _("The address leads back to this portal."),
    "slow": _("It did not answer in time."),
    "certificate": _("Its certificate could not be verified, so it may be somebody else's."),
    "unreachable": _("It could not be reached, or answered with an error."),
    "sign_in": _("It asks to sign in. Use the secret address that your calendar gives out for other programs."),
    "gone": _("There is nothing at this address any more. It may have been renewed: add the new one."),
    "packed": _("It sends the calendar packed, which is not read."),
    "large": _("The calendar is larger than 5 MB."),
    "redirects": _("It leads on and on."),
    "calendar": _("What stands there is no calendar file."),
    "complex": _("The calendar holds more than can be worked out."),
    "key": _("The address can't be opened any more. Remove it and add it again."),
}
REFUSED: dict[str, Promise] = {
    "scheme": _("The address begins with https:// or webcal://."),
    "own": _("That is an address of this portal: your sessions here close their times already."),
    "address": _("Copy the whole address, as your calendar shows it."),
}


class OutsideForm(forms.Form):
    """The address of a calendar elsewhere."""

    address = LineField(
        label=_("Address of the calendar (iCal, .ics)"),
        max_length=addresses.LONGEST,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Google Calendar: Settings of the calendar, “Secret address in iCal format”. Outlook: Shared calendars, "
            "Publish, ICS. iCloud: Public calendar."
        ),
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One calendar; `problem` says why it could not be read the last time, and is empty where it could."""

    calendar: OutsideCalendar
    shown: str
    problem: Promise | str
    is_stale: bool
    is_given_up: bool


def lines(actor: Actor, *, now: datetime) -> list[Line]:
    """Those of whoever asks. One query."""
    return [
        Line(
            calendar=calendar,
            shown=_shown(calendar),
            problem=PROBLEMS.get(calendar.problem, ""),
            is_stale=calendar.is_stale(now=now),
            is_given_up=calendar.is_given_up(now=now),
        )
        for calendar in OutsideCalendar.objects.visible_to(actor)
    ]


def _shown(calendar: OutsideCalendar) -> str:
    try:
        return calendar.shown
    except EncryptionError:
        return "…"
