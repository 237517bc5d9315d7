"""What somebody waits for, as the desk writes it down."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

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


class WhomForm(forms.Form):
    """Which of those who wait is asked."""

    entry = forms.UUIDField()
