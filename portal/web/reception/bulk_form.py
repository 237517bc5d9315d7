"""What a check-out asks where the session is bulk-billed: who assigns the benefit to the clinic, and how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing.bulk import Agreement
from portal.billing.models import Way
from portal.common.forms.fields import LineField
from portal.common.forms.parts import field_of


class BulkFields(forms.Form):
    """Nothing is taken, and nothing charged beside it. The agreement is recorded before there is a claim."""

    bulk = forms.BooleanField(label=_("Bulk bill: charge Medicare's benefit, and the patient nothing"), required=False)
    agreed_by = LineField(label=_("Who assigns the benefit"), max_length=120, required=False)
    way = forms.ChoiceField(label=_("How they agreed"), required=False, widget=forms.RadioSelect)
    way_reason = LineField(
        label=_("Why it was not signed"),
        max_length=200,
        required=False,
        help_text=_("If they said it: such as “on the phone”. Nothing about anybody's health."),
    )

    is_bulk = False

    def begin_bulk(self, ways: Sequence[tuple[str, str]]) -> None:
        """Says in which ways the benefit may be assigned today; without any nothing is bulk-billed."""
        self.is_bulk = bool(self.is_bound and self.data.get("bulk") and ways)
        field_of(self, "way", forms.ChoiceField).choices = list(ways)

    def check_bulk(self, data: dict[str, Any], *, is_paid: bool, is_theirs: bool) -> None:
        """Adds what keeps the session from being bulk-billed; `is_paid`: Medicare pays for it,
        `is_theirs`: nobody else is billed."""
        for name, is_wrong, words in (
            ("bulk", not is_paid, _("Medicare pays nothing for this session.")),
            ("extra_description", data.get("extra_description"), _("Nothing may be charged beside it: bill it apart.")),
            ("bill_to", not is_theirs, _("A bulk-billed session goes to Medicare alone.")),
            ("agreed_by", not data.get("agreed_by"), _("Who agreed?")),
            ("way", not data.get("way"), _("How did they agree?")),
            ("way_reason", data.get("way") == Way.VERBAL and not data.get("way_reason"), _("Why was it not signed?")),
        ):
            if is_wrong and name in self.fields and name not in self.errors:
                self.add_error(name, ValidationError(words, code="bulk"))

    @property
    def agreement(self) -> Agreement | None:
        """What was agreed; None where it is not bulk-billed."""
        if not self.is_bulk:
            return None
        said = self.cleaned_data
        way, by, reason = (said.get(name) or "" for name in ("way", "agreed_by", "way_reason"))
        return Agreement(way=way, agreed_by=by, reason=reason)
