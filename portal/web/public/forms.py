"""What visitors send: choices of who, how and when. Anything that can't be read falls back to the widest choice."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Location, Psychologist, Service
from portal.journeys import choosing
from portal.patients.models import Carer


class Choice(forms.Form):
    """Who and how, from the query string or a posted time. `any` is whoever is free."""

    psychologist = forms.CharField(label=_("Psychologist"), required=False, max_length=80)
    mode = forms.CharField(label=_("How"), required=False, max_length=10)
    week = forms.DateField(required=False)

    def __init__(self, *args: Any, service: Service, psychologists: list[Psychologist], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        self.psychologists = psychologists

    def clean_psychologist(self) -> Psychologist | None:
        slug = self.cleaned_data["psychologist"]
        return next((p for p in self.psychologists if p.slug == slug), None)

    def clean_mode(self) -> str:
        mode = self.cleaned_data["mode"]
        return mode if mode in self.service.modes else self.service.modes[0].value

    def clean_week(self) -> date | None:
        return choosing.week_asked_for(self.cleaned_data["week"])

    @classmethod
    def read(cls, data: Any, **kwargs: Any) -> dict[str, Any]:
        """The cleaned choices; a week that is no date is this week's."""
        form = cls(data, **kwargs)
        form.full_clean()
        return {"psychologist": None, "mode": kwargs["service"].modes[0].value, "week": None} | form.cleaned_data


class TimeChoice(Choice):
    """The same, and the time that was pressed."""

    time = forms.CharField(max_length=120)

    def clean_time(self) -> tuple[datetime, Location]:
        try:
            return choosing.read_time(self.cleaned_data["time"])
        except ValueError as error:
            raise ValidationError(_("Choose one of the times shown."), code="time") from error


class WhoFor(forms.Form):
    """Who the session is for: somebody already known, oneself, or somebody one cares for."""

    ME, OTHER = "me", "other"

    who = forms.ChoiceField(label=_("Who is this session for?"), widget=forms.RadioSelect)
    relationship = forms.ChoiceField(
        label=_("You are their"), choices=Carer.Relationship.choices, required=False, initial=Carer.Relationship.PARENT
    )

    def __init__(self, *args: Any, user: Any, patients: list, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patients = {str(p.code): p for p in patients}
        own = any(p.user_id == user.pk for p in patients)
        choices = [
            (code, _("Me (%(name)s)") % {"name": p.name} if p.user_id == user.pk else p.name)
            for code, p in self.patients.items()
        ]
        if not own:
            choices.insert(0, (self.ME, _("Me")))
        choices.append((self.OTHER, _("Somebody I care for")))
        self.fields["who"].choices = choices
        self.fields["who"].initial = choices[0][0]

    def clean_relationship(self) -> str:
        return self.cleaned_data["relationship"] or Carer.Relationship.OTHER
