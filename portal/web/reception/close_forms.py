"""What is said when a day is closed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from portal.billing import actions
from portal.billing.models import DayClose, Method
from portal.billing.refusals import Unexplained
from portal.billing.takings import Takings
from portal.common.forms.fields import LineField, MoneyField
from portal.common.forms.parts import sent_with
from portal.common.money import ZERO, dollars


class CloseForm(forms.Form):
    """What was found in the drawer. `seen` is what the page knew of the day's money."""

    opening = MoneyField(label=_("In the drawer before"))
    counted = MoneyField(label=_("Counted now"), help_text=_("All the notes and coins that are in it."))
    kept = MoneyField(label=_("Stays in it for tomorrow"), help_text=_("The rest goes to the bank or the safe."))
    terminal = MoneyField(
        label=_("Total of the card machine"),
        required=False,
        help_text=_("From its own end-of-day slip, if there is one."),
    )
    explanation = LineField(
        label=_("Why they differ"), max_length=400, required=False, help_text=_("Only where something is more or less.")
    )
    anyway = forms.BooleanField(required=False)
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, takings: Takings, last: DayClose | None, unfinished: str
    ) -> None:
        """`unfinished` says who is still here and what is still to come: somebody then says to close all the same."""
        super().__init__(data, initial={"opening": last.kept if last else ZERO, "seen": takings.seen_as})
        self.takings, self.last, self.unfinished = takings, last, unfinished
        if last is not None:
            self.fields["opening"].help_text = _("What the last close left in it, before anything came since.")
        # Each box stands for what its page said: where that is something else by now, it is asked again.
        self.fields["anyway"].label = _("%(unfinished)s: close it all the same") % {"unfinished": unfinished}
        self.fields["anyway"].widget = forms.CheckboxInput(
            attrs={"value": unfinished}, check_test=lambda value: bool(value)
        )

    def clean(self) -> dict[str, Any]:
        """Asks for all that is missing at one time."""
        data = super().clean() or {}
        counted, kept = data.get("counted"), data.get("kept")
        if counted is not None and kept is not None and kept > counted:
            self.add_error("kept", ValidationError(_("More than was counted can't stay."), code="too_much"))
        if self.unfinished and self.data.get("anyway") != self.unfinished:
            words = _("%(unfinished)s. Close the day all the same?")
            self.add_error("anyway", ValidationError(words, code="unfinished", params={"unfinished": self.unfinished}))
            self.data = sent_with(self.data, "anyway", "")
        data.pop("anyway", None)
        opening, counted, terminal = data.get("opening"), data.get("counted"), data.get("terminal")
        if opening is not None and counted is not None and not data.get("explanation"):
            differs = actions.differences(
                self.takings, last=self.last, opening=opening, counted=counted, terminal=terminal
            )
            if differs:
                self.unexplained(differs, morning=opening)
        return data

    def unexplained(self, refused: Unexplained, *, morning: Decimal) -> None:
        """Says what differs and by how much; `morning` is what is said to have been in the drawer, in dollars."""
        drawer, terminal, opening = refused.drawer, refused.terminal, refused.opening
        expected, card = morning + self.takings.cash, self.takings.net(Method.CARD)
        left = self.last.kept if self.last else ZERO
        if opening:
            words = _("The last close left %(expected)s in it: this is %(by)s more.")
            if opening < 0:
                words = _("The last close left %(expected)s in it: this is %(by)s less.")
            self._differs("opening", words, left, opening)
        if drawer:
            words = _("The books say %(expected)s: this is %(by)s more.")
            if drawer < 0:
                words = _("The books say %(expected)s: this is %(by)s less.")
            self._differs("counted", words, expected, drawer)
        if terminal:
            words = _("The books say %(expected)s by card: this is %(by)s more.")
            if terminal < 0:
                words = _("The books say %(expected)s by card: this is %(by)s less.")
            self._differs("terminal", words, card, terminal)
        self.add_error("explanation", ValidationError(_("Count again, or say why they differ."), code="required"))

    def _differs(self, name: str, words: Any, expected: Decimal, by: Decimal) -> None:
        params = {"expected": dollars(expected), "by": dollars(abs(by))}
        self.add_error(name, ValidationError(words, code="differs", params=params))

    @property
    def is_old(self) -> bool:
        """Whether the page knew less of the money than is written by now."""
        return self.has_error(NON_FIELD_ERRORS, "changed")

    def shown_anew(self, takings: Takings) -> None:
        """Lets what was typed be sent again by a page that knows the money as it is now."""
        self.takings, self.data = takings, sent_with(self.data, "seen", takings.seen_as)
        words = _("Money was entered since the page was opened, and the day is not closed yet. Look at it again.")
        self.add_error(None, ValidationError(words, code="changed"))
