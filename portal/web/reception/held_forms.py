"""What decides the Medicare item besides minutes and mode, and why another one is billed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import LineField, WholeNumberField
from portal.journeys.checking_out import AS_HELD, NO_ITEM, Claim, Preview
from portal.medicare.proposing import Group

ROOMS, OUTSIDE = "rooms", "outside"
PATIENT, CARER, GROUP = "patient", "carer", "group"


def item_choices(claim: Claim, *, mode: str) -> list[Any]:
    """What may be billed: what fits a session held in this way first, and behind it what does so seldom.

    Without a referral nothing fits.
    """
    fits: list[tuple[str, str]] = []
    others: list[tuple[str, str]] = []
    for item in claim.items:
        usual = item.mode == mode and item.counts_towards == item.CountsTowards.INDIVIDUAL
        is_usual = claim.is_covered and usual and item.setting != item.Setting.OUTSIDE
        (fits if is_usual else others).append((item.item, f"{item.item} · {item.description}"))
    first = [(AS_HELD, _("As the session was held")), (NO_ITEM, _("None: no rebate"))]
    behind = _("Other items") if claim.is_covered else _("Other items: only with a referral")
    return [*first, *fits, *([(behind, others)] if others else [])]


class HowHeldForm(forms.Form):
    """Where the session was held and with whom; what isn't sent is as usual."""

    where = forms.ChoiceField(
        label=_("Where"),
        choices=[(ROOMS, _("In our rooms")), (OUTSIDE, _("Somewhere else, such as at home or at school"))],
        required=False,
        help_text=_("For a session in person."),
    )
    who_came = forms.ChoiceField(
        label=_("With whom"),
        choices=[
            (PATIENT, _("The patient, alone or with their partner or family")),
            (CARER, _("A family member or carer, without the patient")),
            (GROUP, _("A group of patients")),
        ],
        required=False,
    )
    attended = WholeNumberField(label=_("Patients who came"), min_value=1, max_value=100, required=False)
    remoteness = forms.TypedChoiceField(
        label=_("Modified Monash area of their home"),
        choices=[("", _("Not known")), *((str(area), f"MM {area}") for area in range(1, 8))],
        coerce=int,
        empty_value=None,
        required=False,
        help_text=_("For a group by video. The Health Workforce Locator tells it by the address."),
    )
    kilometres = WholeNumberField(
        label=_("Kilometres by road"),
        min_value=0,
        max_value=9999,
        required=False,
        help_text=_("For a group by video: to the patient's home."),
    )
    abroad = forms.BooleanField(label=_("The patient was outside Australia"), required=False)
    item_reason = LineField(
        label=_("Why another item than the proposed one"),
        max_length=200,
        required=False,
        help_text=_("Only where you chose one yourself. It is kept with the invoice: nothing about anybody's health."),
    )

    def how_held(self) -> dict[str, Any]:
        """What was said, as `Held` takes it."""
        data = self.cleaned_data
        return {
            "outside": data.get("where") == OUTSIDE,
            "carer": data.get("who_came") == CARER,
            "group": Group(data["attended"], data.get("remoteness"), data.get("kilometres"))
            if data.get("who_came") == GROUP and data.get("attended")
            else None,
            "abroad": data.get("abroad", False),
            "item_reason": data.get("item_reason", ""),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("who_came") == GROUP and not data.get("attended") and "attended" not in self.errors:
            self.add_error("attended", ValidationError(_("How many patients came?"), code="required"))
        if data.get("who_came") != GROUP and data.get("attended"):
            words = _("Choose “A group of patients” above, or clear this.")
            self.add_error("attended", ValidationError(words, code="no_group"))
        return data

    @property
    def is_group(self) -> bool:
        """Whether a group is chosen, so that what is asked of one stands open."""
        return bool(self["who_came"].value() == GROUP)

    def check_item(self, shown: Preview) -> None:
        """Adds that an item of one's own choice needs a reason."""
        if shown.is_overridden and not self.cleaned_data.get("item_reason") and "item_reason" not in self.errors:
            words = _("Say why this is billed, and not what is proposed.")
            self.add_error("item_reason", ValidationError(words, code="required"))
