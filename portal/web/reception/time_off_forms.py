"""Who or what is away or closed over some days: one form for a psychologist, a place and the whole clinic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.appointments.hours import main_zone
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist
from portal.common.forms.fields import LineField
from portal.common.forms.parts import field_of
from portal.web.hours.stretches import StretchForm

CLINIC, PLACE, PERSON = "clinic", "place", "person"


class TimeOffForm(StretchForm):
    """Days, or hours of them, on the clock of the place or of where the psychologist works."""

    whose = forms.ChoiceField(label=_("Who or what"), error_messages={"required": _("Who is away, or what is closed?")})
    modes = forms.TypedMultipleChoiceField(
        label=_("Closed only for"),
        required=False,
        coerce=Mode,
        choices=Mode.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen closes every way of meeting. “In person” closes the rooms, and video goes on."),
    )
    label = LineField(
        label=_("Shown in the diary as"),
        max_length=60,
        help_text=_("Everybody who works here reads it: “Leave”, “Christmas break”, “Painters”."),
        error_messages={"required": _("What is it called in the diary?")},
    )

    field_order = ("whose", "first_day", "from_time", "last_day", "until_time", "modes", "label")

    def __init__(self, *args: Any, clinic: ClinicSettings, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, now=now, **kwargs)
        self.clinic = clinic
        self.places = {place.slug: place for place in kept.places().values() if place.is_active}
        self.people = {p.slug: p for p in kept.psychologists().values() if not p.has_left}
        field_of(self, "whose", forms.ChoiceField).choices = [
            ("", _("Choose")),
            (CLINIC, _("The whole clinic is closed")),
            (_("A place is closed"), [(f"{PLACE}:{slug}", place.name) for slug, place in self.places.items()]),
            (_("A psychologist is away"), [(f"{PERSON}:{slug}", p.name) for slug, p in self.people.items()]),
        ]

    def _chosen(self, kind: str, among: Mapping[str, Any]) -> Any:
        what, _colon, slug = str(self.cleaned_data.get("whose") or "").partition(":")
        return among.get(slug) if what == kind else None

    @property
    def psychologist(self) -> Psychologist | None:
        """Who is away; none where a place or the clinic is closed."""
        person: Psychologist | None = self._chosen(PERSON, self.people)
        return person

    @property
    def location(self) -> Location | None:
        """What is closed; none of the whole clinic."""
        place: Location | None = self._chosen(PLACE, self.places)
        return place

    @property
    def zone(self) -> ZoneInfo:
        """The clock that its days and times are on; of the whole clinic, the one it is judged by."""
        if self.location:
            return self.location.zone
        return main_zone(self.psychologist.pk, clinic=self.clinic) if self.psychologist else self.clinic.zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        if self.psychologist and data.get("modes"):
            # Somebody who is away is met in no way; hours for one way alone are weekly hours.
            words = _("This is for a place or the clinic. Who is away can't be met in any way.")
            self.add_error("modes", ValidationError(words, code="away"))
        if stretch := self.stretch_in(self.zone):
            data |= asdict(stretch)
        return data
