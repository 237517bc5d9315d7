"""Which of the free times a page shows, as its address says it; what can't be read falls back to the widest choice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms

from portal.appointments.parts_of_day import PartOfDay
from portal.clinic.models import Location
from portal.common.forms.fields import DateField, MarkField
from portal.journeys import choosing, clocks


class TimesForm(forms.Form):
    """The week and the day that somebody turned to, where and when in a day they can come, and their own clock."""

    place = MarkField(required=False, max_length=80)
    part = MarkField(required=False, max_length=10)
    zone = MarkField(required=False, max_length=40)
    week = DateField(picker=True, required=False)
    day = DateField(picker=True, required=False)
    # The week that was on the page when somebody else was chosen: it stays, unless they have no time in it.
    near = DateField(picker=True, required=False)

    def clean_place(self) -> Location | None:
        slug = self.cleaned_data["place"]
        return next((place for place in choosing.open_places().values() if place.slug == slug), None)

    def clean_part(self) -> PartOfDay | None:
        return next((part for part in PartOfDay if part.value == self.cleaned_data["part"]), None)

    def clean_zone(self) -> str:
        return clocks.read(self.cleaned_data["zone"])

    def clean_week(self) -> date | None:
        return choosing.week_asked_for(self.cleaned_data["week"])

    def clean_day(self) -> date | None:
        """A day of the week that is asked for too, or of its own, which it then asks for."""
        day, week = self.cleaned_data["day"], self.cleaned_data.get("week")
        own = choosing.week_asked_for(day)
        if week is None:
            self.cleaned_data["week"] = own
        return day if own and week in {None, own} else None

    def clean_near(self) -> date | None:
        return choosing.week_asked_for(self.cleaned_data["near"])

    def chosen(self) -> dict[str, Any]:
        """What was cleaned, None for each that can't be read."""
        self.full_clean()
        return dict.fromkeys(self.fields) | {"zone": ""} | self.cleaned_data

    @classmethod
    def read(cls, data: Mapping[str, Any], **kwargs: Any) -> dict[str, Any]:
        """The choices in an address or in what a page sent."""
        return cls(data, **kwargs).chosen()


def kept_in_links(chosen: Mapping[str, Any]) -> dict[str, str]:
    """What stays chosen while days and weeks are turned, as parameters of an address."""
    place = {"place": chosen["place"].slug} if chosen["place"] else {}
    return place | {name: str(chosen[name]) for name in ("part", "zone") if chosen[name]}
