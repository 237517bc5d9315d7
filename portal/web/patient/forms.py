from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.appointments import eligibility
from portal.appointments.waitlist_forms import WishForm
from portal.clinic.models import Location, Service
from portal.common.forms.fields import MarkField, MoneyField, WholeNumberField
from portal.common.forms.parts import field_of
from portal.common.money import ZERO
from portal.journeys import choosing
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


class Cancelling(forms.Form):
    """What the page said that cancelling costs, in dollars."""

    fee = MoneyField()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Decimal:
        """The fee that was shown; none, where the page said nothing of it."""
        form = cls(data)
        form.full_clean()
        return form.cleaned_data.get("fee") or ZERO


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


class OwnWishForm(WishForm):
    """What somebody waits for, and who it is for, where an account has several people."""

    def __init__(self, data: Any = None, *, people: Sequence[Patient], **kwargs: Any) -> None:
        super().__init__(data, people=people, **kwargs)
        if len(people) > 1:
            who = forms.ChoiceField(
                label=_("Who is it for"),
                choices=[(code, patient.name) for code, patient in self._patients.items()],
                widget=forms.RadioSelect,
                initial=str(people[0].code),
            )
            self.fields = {"who": who, **self.fields}

    @property
    def patient(self) -> Patient:
        """Whom it is for; call it once what was sent is read."""
        return self._patients[self.cleaned_data["who"]] if "who" in self.cleaned_data else super().patient

    def _check_who(self, service: Service) -> None:
        if self.entry is None and eligibility.why_not(service, self.standing, clinic=self.clinic):
            words = _("%(name)s can't book this service online. Choose another one, or phone us.")
            self.add_error("service", ValidationError(words, code="who", params={"name": self.patient.called}))
