"""The forms of the Medicare schedule: a file of it, and limits that changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import DateField, LineField, WholeNumberField
from portal.medicare import updating
from portal.medicare.mbs_file import FileRefused, Schedule
from portal.medicare.models import BetterAccessLimits
from portal.medicare.update_words import refused_in_words


class ScheduleFileForm(forms.Form):
    """The schedule's own file; `schedule` and `digest` are what was read of it."""

    file = forms.FileField(
        label=_("MBS XML file"),
        help_text=_("MBS-XML and a date, from MBS Online, unpacked: about 10 MB. Nothing changes until you say so."),
        widget=forms.ClearableFileInput(attrs={"accept": ".xml,text/xml,application/xml"}),
        allow_empty_file=True,
        error_messages={"required": _("Choose the file.")},
    )
    schedule: Schedule
    digest: str

    def clean_file(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            self.schedule, self.digest = updating.read_file(file=file)
        except FileRefused as refused:
            raise ValidationError(refused_in_words(refused), code=refused.why.value) from None
        return file


class LimitsForm(forms.Form):
    """Limits from a day on, with where they were read."""

    valid_from = DateField(label=_("For services from"))
    individual_a_year = WholeNumberField(label=_("Individual services in a year"), min_value=1, max_value=100)
    group_a_year = WholeNumberField(label=_("Group services in a year"), min_value=1, max_value=100)
    carer_a_year = WholeNumberField(label=_("Of these, with a family member or carer"), min_value=0, max_value=100)
    initial_course = WholeNumberField(label=_("Services of a first course"), min_value=1, max_value=100)
    source = LineField(label=_("Where you read it"), max_length=120)
    source_url = LineField(label=_("Its address"), max_length=200, help_text=_("https:// and the page."))

    def __init__(self, *args: Any, since: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.since = since

    def clean_valid_from(self) -> date:
        day: date = self.cleaned_data["valid_from"]
        if BetterAccessLimits.objects.filter(valid_from=day).exists():
            raise ValidationError(_("There are limits from that day already. Rows never change: choose a later day."))
        if day < self.since:
            raise ValidationError(_("Choose a day after the one from which the newest limits hold."))
        return day

    def clean_source_url(self) -> str:
        address: str = self.cleaned_data["source_url"]
        if not address.startswith("https://") or " " in address:
            raise ValidationError(_("An address begins with https://."))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        most = data.get("individual_a_year")
        for name in ("carer_a_year", "initial_course"):
            if most is not None and (data.get(name) or 0) > most:
                self.add_error(name, ValidationError(_("It is among the individual services, so it can't be more.")))
        return data
