from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.appointments import eligibility
from portal.appointments.waitlist_forms import WishForm
from portal.billing.online.cards import consent_words, hash_of
from portal.clinic.models import Location, Service
from portal.common.forms.fields import MarkField, SlugLineField, WholeNumberField
from portal.common.forms.parts import field_of
from portal.journeys import choosing, who_books
from portal.patients.models import Carer, Patient
from portal.policies.models import PolicyKind


class NewTime(forms.Form):
    """The time to move a session to, as the week's calendar sends it."""

    time = MarkField(max_length=120)

    def clean_time(self) -> tuple[datetime, Location]:
        try:
            return choosing.read_time(self.cleaned_data["time"])
        except ValueError as error:
            raise ValidationError(_("Choose one of the times shown."), code="time") from error


class Agreeing(forms.Form):
    """Which version of which policy was read, and for whom the page asked."""

    kind = forms.ChoiceField(choices=PolicyKind.choices)
    number = WholeNumberField(min_value=1, max_value=1_000_000)
    patients = MarkField(max_length=2_000)

    def clean_patients(self) -> set[str]:
        return set(self.cleaned_data["patients"].split())


class ChosenCarer(forms.Form):
    """One of those who care for a patient, or did."""

    carer = forms.ModelChoiceField(queryset=Carer.objects.none())

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_of(self, "carer", forms.ModelChoiceField).queryset = patient.carers.select_related("user", "patient")


class WaitFor(forms.Form):
    """Which service, and with whom, the page of free times led to the waitlist with."""

    service = SlugLineField(max_length=80, required=False)
    psychologist = SlugLineField(max_length=80, required=False)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """What a wish begins with; what is no choice on its page ticks nothing."""
        form = cls(data)
        form.full_clean()
        service, psychologist = (str(form.cleaned_data.get(name, "")) for name in ("service", "psychologist"))
        return ({"service": service} if service else {}) | ({"psychologists": [psychologist]} if psychologist else {})


class NewCard(forms.Form):
    """For whose fees a card is put on file, and that its words were read: `words` is their hash, as they were shown."""

    patient = forms.ModelChoiceField(
        label=_("Whose fees"), queryset=Patient.objects.none(), to_field_name="code", empty_label=None
    )
    agree = forms.BooleanField(
        label=_("I agree"),
        error_messages={"required": _("Tick this if you agree. Without it no card is saved.")},
    )
    words = MarkField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, patients: Sequence[Patient]) -> None:
        self.said = consent_words()
        super().__init__(data, initial={"words": hash_of(self.said), "patient": patients[0] if patients else None})
        self.patients = patients
        whose = field_of(self, "patient", forms.ModelChoiceField)
        whose.queryset = Patient.objects.filter(pk__in=[patient.pk for patient in patients])
        if len(patients) < 2:
            whose.widget = forms.HiddenInput()


class AgreeAnew(forms.Form):
    """That the words and the fees policy beside a card were read once more: their hash, and its number."""

    words = MarkField(max_length=64, widget=forms.HiddenInput)
    number = forms.IntegerField(min_value=1, widget=forms.HiddenInput)


class OwnWishForm(WishForm):
    """What somebody waits for: `chosen`, one of the `people`, or None for somebody who has no record yet."""

    def __init__(self, data: Any = None, *, people: Sequence[Patient], chosen: Patient | None, **kwargs: Any) -> None:
        super().__init__(data, people=people, **kwargs)
        self.chosen = chosen

    @property
    def standing(self) -> eligibility.Standing:
        """Of whom it is for; somebody new has seen nobody here."""
        return eligibility.NEW if self.chosen is None else self._standings[self.chosen.pk]

    def _check_who(self, service: Service) -> None:
        if self.entry is not None or not (
            barred := eligibility.why_not_wait(service, self.standing, clinic=self.clinic)
        ):
            return
        self.add_error("service", ValidationError(who_books.in_words(barred, self.chosen), code="who"))
