"""Several claims that were made at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.models import Channel
from portal.common.forms.fields import DateField, LineField


class SendManyForm(forms.Form):
    """By what, when and under which number the ticked claims were made."""

    channel = forms.ChoiceField(label=_("By what"), choices=Channel.choices)
    sent_on = DateField(label=_("Claimed on"), picker=True)
    reference = LineField(label=_("Reference"), max_length=60, required=False)

    def __init__(self, data: Mapping[str, Any] | None = None, *, today: date) -> None:
        super().__init__(data, initial={"sent_on": today}, auto_id="many_%s")
        self.today = today

    def clean_sent_on(self) -> date:
        day: date = self.cleaned_data["sent_on"]
        if day > self.today:
            raise ValidationError(_("This day is still to come."), code="future")
        return day
