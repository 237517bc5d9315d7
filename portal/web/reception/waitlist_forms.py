"""What somebody waits for, as the desk writes it down."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.appointments import eligibility
from portal.appointments.models import WaitlistEntry
from portal.appointments.waitlist_forms import WishForm
from portal.common.database.columns import longest
from portal.common.forms.fields import LineField


class DeskWishForm(WishForm):
    """The same at the desk, which also says what is urgent."""

    urgent = forms.BooleanField(
        label=_("Urgent"), required=False, help_text=_("Asked before everybody else. Never write why.")
    )
    desk_note = LineField(
        label=_("Note for the desk"),
        max_length=longest(WaitlistEntry, "desk_note"),
        required=False,
        help_text=_("Such as: ring after 3. Nothing about why they come."),
    )

    def _doubts(self) -> list[str]:
        """Also what the rules of booking online keep from them: the desk alone can book it for them."""
        found = super()._doubts()
        match eligibility.why_not_wait(self.chosen_service, self.standing, clinic=self.clinic):
            case "":
                return found
            case eligibility.FIRST_VISIT_ONLY:
                words = gettext(
                    "%(name)s has been here, and this is for people who are new. No time is offered to them by e-mail. "
                    "Choose another service, or send it again."
                )
            case eligibility.FIRST_VISIT_AHEAD:
                words = gettext(
                    "%(name)s has a first visit booked, and books one at a time online. No time is offered to them by "
                    "e-mail: move the one that is booked, choose another service, or send it again."
                )
            case _:
                words = gettext(
                    "%(name)s can't book this service online, so no time is offered to them by e-mail. Choose another "
                    "service, or send it again and book it for them."
                )
        return [words % {"name": self.patient.name}, *found]


class WhomForm(forms.Form):
    """Which of those who wait is asked."""

    entry = forms.UUIDField()
