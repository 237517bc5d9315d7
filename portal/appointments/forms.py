"""What pages of several audiences send about a session."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.appointments.models import CancelReason
from portal.appointments.states import MOVES, Verb
from portal.common.forms.fields import MarkField, MoneyField
from portal.common.money import ZERO


class SeenForm(forms.Form):
    """What the page knew of the session when its button was drawn."""

    seen = MarkField(max_length=20)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> str:
        """The word that `states.as_seen` gave the page; empty, which no session is seen as, if there is none."""
        form = cls(data)
        form.full_clean()
        return str(form.cleaned_data.get("seen", ""))


class FeeShown(forms.Form):
    """What the page said that cancelling costs, in dollars."""

    fee = MoneyField()

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Decimal:
        """The fee that was shown; none, where the page said nothing of it."""
        form = cls(data)
        form.full_clean()
        return form.cleaned_data.get("fee") or ZERO


class UndoForm(forms.Form):
    """Why a step is taken back."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, verb: Verb) -> None:
        super().__init__(data)
        reasons = [(reason.value, reason.label) for reason in MOVES[verb].reasons]
        self.fields["reason"] = forms.ChoiceField(label=_("Why"), choices=reasons, widget=forms.RadioSelect)


class CancelForm(forms.Form):
    """Why a session is called off."""

    reason = forms.ChoiceField(label=_("Why"), choices=CancelReason.choices, widget=forms.RadioSelect)
