"""Small forms of the manager's pages. What several audiences fill in stands with its app."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.clinic.forms import ProviderNumberForm
from portal.clinic.models import Location, Psychologist, Room


class RoomChoice(forms.Form):
    room = forms.ModelChoiceField(queryset=Room.objects.none())
    do = forms.ChoiceField(choices=[("retire", "retire"), ("restore", "restore")])

    def __init__(self, *args: Any, location: Location, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["room"].queryset = location.rooms.all()


def number_forms(psychologist: Psychologist | None, data: Any = None) -> list[ProviderNumberForm]:
    """One form for each location in use, with the number held there now."""
    held = {} if psychologist is None else dict(psychologist.provider_numbers.values_list("location_id", "number"))
    found = []
    for location in Location.objects.filter(is_active=True):
        form = ProviderNumberForm(
            data, prefix=location.slug, initial={"location": location, "number": held.get(location.pk, "")}
        )
        # Which location it is says the place of the box, not the person who fills it in.
        del form.fields["location"]
        form.location = location
        form.fields["number"].label = _("Provider number at %(place)s") % {"place": location.name}
        found.append(form)
    return found
