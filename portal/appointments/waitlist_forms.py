"""What somebody waits for, as a patient or the desk writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.appointments.actions import WaitlistWish
from portal.appointments.models import WaitlistEntry, Weekday
from portal.appointments.models.waitlist import DAYS, PARTS, WAYS, bits_of, chosen_in
from portal.appointments.parts_of_day import PartOfDay
from portal.appointments.waitlist import last_day
from portal.clinic.models import Location, Mode, Psychologist, Service
from portal.common.forms.fields import DateField, WholeNumberField
from portal.common.languages.times import date_short
from portal.website.texts import Texts

# What an end date begins with; whoever waits longer says so.
USUALLY = timedelta(weeks=8)
ANY = ""


class WishForm(forms.Form):
    """For which service, with whom, where, how and when; what is ticked first is whatever helps most people."""

    service = forms.ChoiceField(label=_("Which service"))
    psychologists = forms.MultipleChoiceField(
        label=_("With whom"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nobody if it may be anybody who is free."),
    )
    location = forms.ChoiceField(label=_("Where"), required=False)
    modes = forms.MultipleChoiceField(label=_("How"), choices=Mode.choices, widget=forms.CheckboxSelectMultiple)
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On which days"), choices=Weekday.choices, coerce=int, widget=forms.CheckboxSelectMultiple
    )
    parts = forms.MultipleChoiceField(
        label=_("At what time of day"),
        choices=[(part.value, part.with_hours) for part in PartOfDay],
        widget=forms.CheckboxSelectMultiple,
    )
    ends_on = DateField(
        label=_("Until when would a time help"),
        picker=True,
        help_text=_("The last day on which you would take one. After it you are off the list."),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        services: Sequence[Service],
        psychologists: Sequence[Psychologist],
        places: Sequence[Location],
        today: date,
        entry: WaitlistEntry | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        begins = self._said(entry) if entry is not None else self._usual(today)
        super().__init__(data, initial=begins | (initial or {}))
        self.today, self.entry = today, entry
        self._services = {service.slug: service for service in services}
        self._people = {person.slug: person for person in psychologists}
        self._places = {place.slug: place for place in places}
        named = Texts()
        self._set("service", [(slug, named.of(service, "name").text) for slug, service in self._services.items()])
        self._set("psychologists", [(slug, person.name) for slug, person in self._people.items()])
        self._set("location", [(ANY, _("Any place")), *((slug, place.name) for slug, place in self._places.items())])
        if entry is not None:
            # What the page knew of it: an old page changes nothing.
            self.fields["seen"] = WholeNumberField(
                min_value=0, max_value=32_767, widget=forms.HiddenInput, initial=entry.revision
            )
        # What they wait for stays: another service is another place in the queue.
        self.fields["service"].disabled = entry is not None
        if len(self._places) < 2:
            del self.fields["location"]

    def _set(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices

    @staticmethod
    def _usual(today: date) -> dict[str, Any]:
        return {
            "modes": list(WAYS),
            "weekdays": [day for day in DAYS if day < Weekday.SATURDAY],
            "parts": list(PARTS),
            "ends_on": today + USUALLY,
        }

    @staticmethod
    def _said(entry: WaitlistEntry) -> dict[str, Any]:
        return {
            "service": entry.service.slug,
            "psychologists": [person.slug for person in entry.psychologists.all()],
            "location": entry.location.slug if entry.location else ANY,
            "modes": chosen_in(entry.modes, WAYS),
            "weekdays": chosen_in(entry.weekdays, DAYS),
            "parts": chosen_in(entry.parts, PARTS),
            "ends_on": entry.ends_on,
            "urgent": entry.urgent,
            "desk_note": entry.desk_note,
        }

    def clean_ends_on(self) -> date:
        """A day to come, and not in another age; raises ValidationError."""
        day: date = self.cleaned_data["ends_on"]
        if day < self.today:
            raise ValidationError(_("This day is over."), code="past")
        if day > (latest := last_day(today=self.today)):
            words = _("Choose a day until %(latest)s. If you still wait then, join again.")
            raise ValidationError(words, code="far", params={"latest": date_short(latest)})
        return day

    def clean(self) -> dict[str, Any]:
        """Somebody named gives the service, in one of the ways that are ticked."""
        data = super().clean() or {}
        service, named = self._services.get(data.get("service", "")), data.get("psychologists", ())
        if service is None or "modes" not in data:
            return data
        people = [self._people[slug] for slug in named] or list(self._people.values())
        if not any(set(data["modes"]) & {str(way) for way in person.modes_for(service)} for person in people):
            words = _("Nobody whom you ticked gives this service in this way. Tick more people, or more ways.")
            self.add_error("modes", ValidationError(words, code="ways"))
        return data

    @property
    def chosen_service(self) -> Service:
        """The service that was chosen; call it once the form is valid."""
        return self._services[self.cleaned_data["service"]]

    @property
    def seen_revision(self) -> int:
        """Which revision of the entry the page showed; call it once the form is valid."""
        return int(self.cleaned_data["seen"])

    @property
    def wish(self) -> WaitlistWish:
        """What was written, for the actions; call it once the form is valid."""
        data = self.cleaned_data
        return WaitlistWish(
            psychologists=[self._people[slug] for slug in data["psychologists"]],
            location=self._places.get(data.get("location", ANY)),
            modes=bits_of(data["modes"], WAYS),
            weekdays=bits_of(data["weekdays"], DAYS),
            parts=bits_of(data["parts"], PARTS),
            ends_on=data["ends_on"],
            urgent=data.get("urgent", False),
            desk_note=data.get("desk_note", ""),
        )
