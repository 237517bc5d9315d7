"""What visitors send: choices of who, how and when. Anything that can't be read falls back to the widest choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.online.cards import consent_words, hash_of
from portal.clinic.models import Location, Mode, Psychologist, Service
from portal.common.forms.fields import MarkField, SlugLineField
from portal.common.forms.parts import field_of
from portal.journeys import choosing
from portal.journeys.times_form import TimesForm
from portal.patients.models import Patient
from portal.web.public.held_time import Chosen


class Preference(forms.Form):
    """Whom somebody comes to see, from a link on a profile."""

    psychologist = SlugLineField(max_length=80, required=False)

    @classmethod
    def read(cls, data: Any) -> str:
        """The slug that the profile has in its address; empty where nobody could have it."""
        form = cls(data)
        form.full_clean()
        return str(form.cleaned_data.get("psychologist", ""))


class Choice(TimesForm):
    """Who and how, from the query string or a posted time. `any` is whoever is free."""

    psychologist = MarkField(label=_("Psychologist"), required=False, max_length=80)
    mode = MarkField(label=_("How"), required=False, max_length=10)
    # A time that was lost to somebody else: the page says so and offers the nearest.
    taken = MarkField(required=False, max_length=200)

    def __init__(self, *args: Any, service: Service, psychologists: list[Psychologist], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        self.psychologists = psychologists

    def clean_psychologist(self) -> Psychologist | None:
        slug = self.cleaned_data["psychologist"]
        return next((p for p in self.psychologists if p.slug == slug), None)

    def clean_mode(self) -> str:
        """A way that we know stays as it was asked for, also where nobody gives the service so: the page says it."""
        mode = self.cleaned_data["mode"]
        return mode if mode in Mode.values else self.usual_mode()

    def usual_mode(self) -> str:
        """What somebody who said nothing books: the first way that the psychologist, or anybody, gives it in."""
        chosen = self.cleaned_data.get("psychologist")
        ways = choosing.ways_to_meet([chosen] if chosen else self.psychologists, self.service)
        return (ways or self.service.modes)[0].value

    def clean_taken(self) -> tuple[datetime, Location] | None:
        try:
            return choosing.read_whose_time(self.cleaned_data["taken"])[:2] if self.cleaned_data["taken"] else None
        except ValueError:
            return None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("mode") != Mode.IN_PERSON:
            # By video or phone nobody goes anywhere.
            cleaned["place"] = None
        return cleaned

    def chosen(self) -> dict[str, Any]:
        chosen = super().chosen()
        return chosen | {"mode": chosen["mode"] or self.usual_mode()}


class TimeChoice(Choice):
    """The same, and the time that was pressed."""

    time = MarkField(max_length=200)
    named: Psychologist | None = None

    def clean_time(self) -> tuple[datetime, Location]:
        """The time; whom a page for anybody named with it is who was chosen."""
        try:
            starts_at, location, slug = choosing.read_whose_time(self.cleaned_data["time"])
        except ValueError as error:
            raise ValidationError(_("Choose one of the times shown."), code="time") from error
        if slug and slug not in {p.slug for p in self.psychologists}:
            raise ValidationError(_("Choose one of the times shown."), code="time")
        self.named = next((p for p in self.psychologists if p.slug == slug), None)
        return starts_at, location


class ShownForm(forms.Form):
    """What a page about a held time showed, and the other time that was pressed on it."""

    hold = forms.UUIDField(required=False)
    chosen = MarkField(required=False, max_length=250)
    shown = MarkField(required=False, max_length=40)
    again = MarkField(required=False, max_length=250)


class LetGoForm(forms.Form):
    """The held time that a page showed, and the page: both may be missing or anything."""

    hold = forms.UUIDField(required=False)
    back = MarkField(required=False, max_length=2000)


@dataclass(frozen=True, slots=True)
class Shown:
    """The time that a page showed, by its code and its choices; `word` is `booking.as_shown` of it.

    `again` is the other time that was pressed there, to be held instead.
    """

    code: UUID | None
    chosen: Chosen
    word: str
    again: Chosen | None

    @classmethod
    def read(cls, data: Mapping[str, Any], *, service: Service) -> Shown:
        """What was sent to the page of a service; what can't be read was not shown."""
        form = ShownForm(data)
        form.full_clean()
        sent = form.cleaned_data
        again = Chosen.read(sent.get("again", ""), service=service) if "again" in data else None
        return cls(sent.get("hold"), Chosen.read(sent.get("chosen", ""), service=service), sent.get("shown", ""), again)


class WhoseForm(forms.Form):
    """For whom of the people that an account books for; somebody it doesn't know is the first of them."""

    who = forms.ChoiceField(label=_("Who are these sessions for?"))

    def __init__(self, *args: Any, patients: Sequence[Patient], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patients = {str(patient.code): patient for patient in patients}
        field_of(self, "who", forms.ChoiceField).choices = [(code, p.name) for code, p in self.patients.items()]

    @property
    def chosen(self) -> Patient:
        """Who was chosen."""
        code = self.cleaned_data["who"] if self.is_valid() else next(iter(self.patients))
        return self.patients[code]


class OfferAnswer(forms.Form):
    """What is answered to an offered time: which button, and for a yes what the page showed and what is moved here."""

    YES, NO, LEAVE = "yes", "no", "leave"

    answer = forms.ChoiceField(choices=[(each, each) for each in (YES, NO, LEAVE)])
    shown = MarkField(max_length=40, required=False)
    instead_of = forms.UUIDField(required=False)


class KeepCard(forms.Form):
    """Whether a card is put on file as a session is booked; `card_words` is the hash of the words beside it."""

    keep_card = forms.BooleanField(label=_("I agree: keep a card on file for this fee"), required=False)
    card_words = MarkField(max_length=64, required=False, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        self.said = consent_words()
        super().__init__(data, initial={"card_words": hash_of(self.said)})

    @property
    def agreed(self) -> str:
        """The hash of the words that were agreed to; empty where nobody did."""
        return str(self.cleaned_data["card_words"]) if self.is_valid() and self.cleaned_data["keep_card"] else ""

    @property
    def shown_words(self) -> str:
        """The hash of the words that this page shows, whatever came before."""
        return hash_of(self.said)
