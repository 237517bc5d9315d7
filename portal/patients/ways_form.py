"""The form of how somebody wants to be reached: their own page and the desk's have the same."""

from __future__ import annotations

from datetime import time
from typing import Any, Final, Self

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.common.forms.fields import TextField, TimeField
from portal.common.forms.shown import MergesChanges
from portal.notifications.recipients import Channel
from portal.patients import ways
from portal.patients.locking import hold_record
from portal.patients.models import Patient

MOST_NAMED: Final = 600


class WaysForm(MergesChanges):
    """Which channels are open, which comes first, at which hours, and who must not learn of it."""

    together = (("prefers", "by_email", "by_sms", "by_whatsapp", "nobody_writes"), ("safe_from", "safe_until"))
    one_of = frozenset({"by_email", "by_sms", "by_whatsapp"})

    by_email = forms.BooleanField(label=_("E-mail"), required=False)
    by_sms = forms.BooleanField(label=_("Text message"), required=False)
    by_whatsapp = forms.BooleanField(label=_("WhatsApp"), required=False)
    prefers = forms.ChoiceField(
        label=_("Which first"),
        choices=Channel.choices,
        widget=forms.RadioSelect,
        help_text=_("Where this one does not get through, we try the others that are ticked."),
    )
    safe_from = TimeField(label=_("From"), required=False)
    safe_until = TimeField(label=_("Until"), required=False)
    nobody_writes = forms.BooleanField(
        label=_("Don't write at all"),
        required=False,
        help_text=_("No reminders, no confirmations, no bills. Whoever comes asks our front desk."),
    )
    not_told = TextField(
        label=_("People who must not learn of it"),
        required=False,
        max_length=MOST_NAMED,
        help_text=_("One name a line. Our staff see them before they ring, and tell these people nothing."),
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )

    def __init__(self, data: Any = None, *, patient: Patient) -> None:
        self.patient = patient
        stored = ways.of(patient)
        super().__init__(data, initial={name: getattr(stored, name) for name in ways.FIELDS})

    def form_now(self) -> Self:
        """On what is stored now, with the record locked."""
        return type(self)(patient=hold_record(self.patient))

    @cached_property
    def sections(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The fields as the page groups them."""
        return [
            (_("How may we write to you?"), [self["by_email"], self["by_sms"], self["by_whatsapp"], self["prefers"]]),
            (_("Hours in which it is safe to write"), [self["safe_from"], self["safe_until"]]),
            (_("What must not happen"), [self["nobody_writes"], self["not_told"]]),
        ]

    def clean(self) -> dict[str, Any]:
        """One channel at least, unless nobody writes at all; a phone needs its number; hours come in pairs."""
        cleaned: dict[str, Any] = super().clean() or {}
        first = cleaned.get("prefers")
        if not cleaned.get("nobody_writes"):
            if not any(cleaned.get(column) for column in ways.COLUMNS):
                words = _("Tick at least one way, or say that we should not write at all.")
                self.add_error("by_email", forms.ValidationError(words, code="none"))
            elif first and not cleaned.get(f"by_{first}"):
                words = _("The way that comes first is not ticked. Tick it, or choose another.")
                self.add_error("prefers", forms.ValidationError(words, code="closed"))
        for column in ("by_sms", "by_whatsapp"):
            if cleaned.get(column) and not self.patient.phone:
                words = _("No phone number is on file. Add it to the details first.")
                self.add_error(column, forms.ValidationError(words, code="no_phone"))
        begins: time | None = cleaned.get("safe_from")
        ends: time | None = cleaned.get("safe_until")
        if {"safe_from", "safe_until"}.isdisjoint(self.errors):
            if (begins is None) != (ends is None):
                words = _("Give both times, or neither.")
                self.add_error("safe_until" if ends is None else "safe_from", forms.ValidationError(words, code="pair"))
            elif begins is not None and begins == ends:
                self.add_error("safe_until", forms.ValidationError(_("The two times are the same."), code="same"))
        return cleaned
