"""What somebody waits for, as a patient or the desk writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.appointments import eligibility, waitable
from portal.appointments.actions import WaitlistWish
from portal.appointments.models import WaitlistEntry, Weekday
from portal.appointments.models.waitlist import DAYS, PARTS, WAYS, bits_of, chosen_in
from portal.appointments.parts_of_day import PartOfDay
from portal.appointments.waitlist import last_day
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.forms.fields import DateField, MarkField, WholeNumberField
from portal.common.languages.times import date_short
from portal.patients.models import Patient
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
    # Which hint the page showed: whoever sends the same wish again wants it all the same.
    hinted = MarkField(max_length=16, required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Any = None,
        *,
        people: Sequence[Patient],
        services: Sequence[Service],
        psychologists: Sequence[Psychologist],
        places: Sequence[Location],
        now: datetime,
        clinic: ClinicSettings,
        entry: WaitlistEntry | None = None,
        initial: dict[str, Any] | None = None,
    ) -> None:
        today = clinic.today(now)
        ways = _ways_of(services, psychologists, entry)
        begins = self._said(entry) if entry is not None else self._usual(today, ways)
        super().__init__(data, initial=begins | (initial or {}))
        self.today, self.entry, self.clinic = today, entry, clinic
        self.hint = ""
        self._patients = {str(patient.code): patient for patient in people}
        self._standings = eligibility.standings(people, now=now)
        self._services = {service.slug: service for service in services}
        self._people = {person.slug: person for person in psychologists}
        self._places = {place.slug: place for place in places}
        named = Texts()
        self._set("service", [(slug, named.of(service, "name").text) for slug, service in self._services.items()])
        self._set("psychologists", [(slug, person.name) for slug, person in self._people.items()])
        self._set("location", [(ANY, _("Any place")), *((slug, place.name) for slug, place in self._places.items())])
        self._set("modes", [(way, label) for way, label in Mode.choices if way in ways])
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
    def _usual(today: date, ways: Sequence[str]) -> dict[str, Any]:
        return {
            "modes": ways,
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
        self._check_who(service)
        if not self.errors:
            self._hint()
        return data

    def _check_who(self, service: Service) -> None:
        """Refuses what the rules of booking online keep from them; the desk is bound by none of these."""

    def _doubts(self) -> list[str]:
        """Why this may be waited for in vain, in words for whoever sends the form."""
        wish = self.cleaned_data
        if waitable.can_come(
            self.chosen_service,
            self.standing,
            psychologists=[self._people[slug] for slug in wish["psychologists"]],
            location=self._places.get(wish.get("location", ANY)),
            modes=wish["modes"],
            weekdays=wish["weekdays"],
            parts=wish["parts"],
            today=self.today,
            ends_on=wish["ends_on"],
        ):
            return []
        return [
            gettext(
                "By the weekly hours no such time comes: nobody whom it could be with works on these days, at these "
                "times of day and in these ways. Tick more, or send it again to wait all the same."
            )
        ]

    def _hint(self) -> None:
        """Takes a wish that no time can meet only once its page said so."""
        if not (doubts := self._doubts()):
            return
        said = sorted((name, str(value)) for name, value in self.cleaned_data.items() if name not in {"hinted", "seen"})
        word = sha256(repr((doubts, said)).encode()).hexdigest()[:16]
        # Said again by a page that comes back for another reason, so that it is not asked for twice.
        self.hint = word
        if self.cleaned_data["hinted"] != word:
            for words in doubts:
                self.add_error(None, ValidationError(words, code="hint"))

    @property
    def patient(self) -> Patient:
        """Who waits; call it once what was sent is read."""
        return next(iter(self._patients.values()))

    @property
    def standing(self) -> eligibility.Standing:
        """What the rules of who may book ask of them."""
        return self._standings[self.patient.pk]

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


def _ways_of(
    services: Sequence[Service], psychologists: Sequence[Psychologist], entry: WaitlistEntry | None
) -> list[str]:
    """The ways of meeting in which anybody gives any of these, and those that somebody chose before."""
    found = {str(way) for person in psychologists for service in services for way in person.modes_for(service)}
    if entry is not None:
        found |= set(chosen_in(entry.modes, WAYS))
    return [way for way in WAYS if way in found]
