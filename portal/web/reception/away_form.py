"""What the desk says of somebody who is away today."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import Psychologist
from portal.common.forms.fields import (
    TimeField,
    moment,
)
from portal.common.forms.parts import field_of
from portal.common.languages.times import local_day


class AwayForm(forms.Form):
    """Who is away today, from when until when on the clinic's clock: without times, for the rest of the day."""

    psychologist = forms.ModelChoiceField(
        label=_("Who is away"),
        queryset=Psychologist.objects.none(),
        empty_label=_("Choose"),
        to_field_name="slug",
        error_messages={"required": _("Who is away?")},
    )
    from_time = TimeField(label=_("From what time"), required=False)
    until_time = TimeField(label=_("Until what time"), required=False, is_end=True)

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone, self.now = zone, now
        people = Psychologist.objects.filter(user__is_active=True).select_related("user")
        field_of(self, "psychologist", forms.ModelChoiceField).queryset = people

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        today, begins, until = local_day(self.now, self.zone), data.get("from_time"), data.get("until_time")
        is_end_of_day = until is None or until.fold or until == time()
        try:
            start = moment(today, begins, self.zone) if begins else self.now.replace(second=0, microsecond=0)
            end = moment(today + timedelta(days=is_end_of_day), until or time(), self.zone)
        except ValidationError as error:
            self.add_error("from_time", error)
            return data
        if end <= start:
            self.add_error("until_time", ValidationError(_("This is before it starts."), code="order"))
        elif end <= self.now:
            self.add_error("until_time", ValidationError(_("This time is over."), code="past"))
        data["starts_at"], data["ends_at"] = start, end
        return data
