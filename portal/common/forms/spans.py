"""Two days between which something lies."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class SpanOfDays(forms.Form):
    """What a list is narrowed by, with `since` and `until`: the wrong way round they are said to be so."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", ValidationError(_("It is before the first day. Swap the two days."), code="order"))
        return data
