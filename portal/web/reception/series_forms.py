"""What the desk sends about a series."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import DateField, TimeField
from portal.journeys.repeating.cancelling import Which


class MoveForm(forms.Form):
    """To which day and time one session goes, and which others of its series go with it."""

    day = DateField(label=_("This session goes to"), picker=True)
    at = TimeField(label=_("At"))
    which = forms.ChoiceField(
        label=_("Which sessions"),
        choices=[(Which.FOLLOWING.value, _("This one and those after it")), (Which.ALL.value, _("All to come"))],
    )
