"""The clinic's own data as its manager types it. What only looks odd is a warning, and is taken."""

from __future__ import annotations

from datetime import time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import (
    Ahead,
    ClinicSettings,
    HowBooked,
    Location,
    Mode,
    ProviderNumber,
    Room,
    Service,
    WhoBooks,
)
from portal.clinic.row_forms import ClinicForm, SluggedForm, names_in
from portal.clinic.validators import provider_number_is_right, validate_provider_number
from portal.common.database.columns import longest
from portal.common.forms.asking import AsksOnce
from portal.common.forms.fields import CodeField, WithWarnings
from portal.common.forms.parts import field_of
from portal.common.forms.shown import ADDRESS
from portal.common.languages import durations

# `appointments.eligibility`, as a manager reads it.
_WHO_HAS_BEEN_HERE = _(
    "Somebody has been here once a session of theirs was held: they were checked in, or it is over and was neither "
    "cancelled nor missed. Until then they book what is for first visits only, one at a time; whoever cancels or "
    "misses it may book another. Whom the desk has approved counts as having been here."
)

_AHEAD = _(
    "Only where cards are taken online. The time is held while it is paid, and booked once the money is here. Who "
    "takes an offer of the waitlist has the time at once, and is e-mailed the bill for it. Nothing is asked ahead of a "
    "session that is booked on request, or by the desk."
)

_SETTINGS = [
    (_("The clinic"), ["name", "notice_name", "legal_name", "abn", "gst_registered", "logo"]),
    (_("Where and how to reach it"), ["street", "suburb", "state", "postcode", "phone", "email", "time_zone"]),
    (
        _("How it is paid"),
        [
            *("payment_terms_days", "ahead", "ahead_first", "deposit_percent"),
            *("bank_name", "bank_bsb", "bank_account", "invoice_footer"),
        ],
    ),
    (
        _("How people book"),
        [
            "notice_hours",
            "horizon_days",
            "slot_step_minutes",
            "hold_minutes",
            "max_open_bookings",
            "who_books",
            "how_booked",
            "answer_hours",
        ],
    ),
    (
        _("Moving and cancelling"),
        ["cancel_hours", "late_fee_percent", "near_hours", "near_fee_percent", "grace_minutes"],
    ),
    (_("Reminders"), ["remind_hours", "remind_again_hours", "quiet_from", "quiet_until"]),
    (_("Messages"), ["message_days"]),
    (_("Worrying answers"), ["alert_minutes", "duty_psychologist"]),
    (_("The waitlist"), ["freed_times", "offer_minutes", "offers_from", "offers_until"]),
]


class ClinicSettingsForm(ClinicForm[ClinicSettings]):
    """The clinic's name and tax, how people book, and how it is paid."""

    groups = _SETTINGS
    together = (
        ("legal_name", "abn", "gst_registered"),
        ADDRESS,
        ("notice_hours", "horizon_days"),
        ("slot_step_minutes", "hold_minutes"),
        ("cancel_hours", "late_fee_percent", "near_hours", "near_fee_percent", "grace_minutes"),
        ("remind_hours", "remind_again_hours"),
        ("quiet_from", "quiet_until"),
        ("offers_from", "offers_until"),
        ("bank_name", "bank_bsb", "bank_account"),
    )

    class Meta(ClinicForm.Meta):
        model = ClinicSettings
        fields = names_in(_SETTINGS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].help_text = _("Unpaid invoices name the new account at once.")
        self.fields["ahead"].help_text = _AHEAD
        self.fields["who_books"].help_text = _WHO_HAS_BEEN_HERE
        self.fields["max_open_bookings"].help_text = _("Of all services together. The desk may book more.")

    def locked_row(self) -> ClinicSettings:
        """The clinic's one row, which is there from its setup on."""
        return (
            ClinicSettings.objects.select_for_update(no_key=True).filter(pk=1).first() or ClinicSettings.for_changing()
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("gst_registered") and not cleaned.get("abn") and "abn" not in self.errors:
            self.add_error("abn", ValidationError(_("A clinic registered for GST needs its ABN on invoices."), "abn"))
        if cleaned.get("gst_registered") and not cleaned.get("legal_name") and "legal_name" not in self.errors:
            words = _("A tax invoice names who sends it. Write the name that the ABN is registered to.")
            self.add_error("legal_name", ValidationError(words, "legal_name"))
        self._check_second_fee(cleaned)
        return cleaned

    def _check_second_fee(self, cleaned: dict[str, Any]) -> None:
        """It says from when on and how much, comes after the free time, and is no lower than the first."""
        near = {"near_hours", "near_fee_percent", "cancel_hours", "late_fee_percent"}
        if near & self.errors.keys():
            return
        hours, percent = cleaned.get("near_hours"), cleaned.get("near_fee_percent")
        if (hours is None) != (percent is None):
            name = "near_hours" if hours is None else "near_fee_percent"
            self.add_error(name, ValidationError(_("Say both, the hours and the fee, or neither."), code="both"))
        elif hours is not None and percent is not None:
            if hours >= (cleaned.get("cancel_hours") or 0):
                words = _("Fewer hours than those until which cancelling is free.")
                self.add_error("near_hours", ValidationError(words, code="order"))
            if percent < (cleaned.get("late_fee_percent") or 0):
                words = _("No less than the fee for cancelling earlier.")
                self.add_error("near_fee_percent", ValidationError(words, code="order"))

    def clean_remind_again_hours(self) -> int | None:
        """Nearer to the session than the first; raises ValidationError."""
        again: int | None = self.cleaned_data["remind_again_hours"]
        if again is None or "remind_hours" in self.errors:
            return again
        first = self.cleaned_data.get("remind_hours")
        if first is None or again >= first:
            raise ValidationError(_("Fewer hours than the first reminder."), code="order")
        return again

    def clean_offers_until(self) -> time:
        """Later than offers begin to go out; raises ValidationError."""
        until: time = self.cleaned_data["offers_until"]
        begins = self.cleaned_data.get("offers_from")
        if begins is not None and until <= begins:
            raise ValidationError(_("This is before they begin to go out."), code="order")
        return until

    def clean_slot_step_minutes(self) -> int:
        """A step that comes round with the hour: times are on the same minutes all day. What stands may stay."""
        step: int = self.cleaned_data["slot_step_minutes"]
        if 60 % step and step % 60 and step != self.initial.get("slot_step_minutes"):
            words = _("Times would wander through the hour. Choose 5, 6, 10, 12, 15, 20, 30 or 60, or whole hours.")
            raise ValidationError(words, code="step")
        return step

    def clean_bank_bsb(self) -> str:
        """Six digits as they are printed, 083-004; raises ValidationError for another number."""
        bsb = "".join(c for c in self.cleaned_data["bank_bsb"] if c not in " -")
        if bsb and not (len(bsb) == 6 and bsb.isascii() and bsb.isdecimal()):
            raise ValidationError(_("A BSB has six digits, such as 083-004."), code="bsb")
        return f"{bsb[:3]}-{bsb[3:]}" if bsb else ""


_LOCATION = [
    (_("The place"), ["name", "slug", "street", "suburb", "state", "postcode", "phone", "time_zone"]),
    (_("Public holidays"), ["works_on_holidays"]),
    (_("For visitors"), ["directions", "position"]),
]


class LocationForm(SluggedForm[Location]):
    """A place of the clinic."""

    groups = _LOCATION
    together = (ADDRESS,)

    class Meta(ClinicForm.Meta):
        model = Location
        fields = names_in(_LOCATION)


_ROOM = [(_("The room"), ["location", "name"])]


class RoomForm(ClinicForm[Room]):
    """A room of one place; its name is free there."""

    groups = _ROOM
    together = (("location", "name"),)

    class Meta(ClinicForm.Meta):
        model = Room
        fields = names_in(_ROOM)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        here = Room.objects.filter(location=cleaned.get("location"), name=cleaned.get("name", ""))
        if room := here.exclude(pk=self.instance.pk).first():
            words = _("There is a room of this name here already.")
            if not room.is_active:
                words = _("There is a room of this name here already, out of use. Put that one in use again.")
            self.add_error("name", ValidationError(words, code="unique"))
        return cleaned


_SERVICE = [
    (_("The service"), ["name", "slug", "description", "in_person", "video", "phone", "room_need"]),
    (_("Time"), ["minutes", "buffer_before", "buffer_after"]),
    (_("Price"), ["fee", "tax_code", "medicare", "bulk_billed"]),
    (_("Booking"), ["online", "first_visit_only", "who_books", "how_booked", "ahead", "position"]),
    (
        _("Its own rules, where they differ from the clinic's"),
        ["notice_hours", "horizon_days", "hold_minutes", "cancel_hours", "max_open_bookings", "answer_hours"],
    ),
    (
        _("Its own fees for cancelling late and not coming"),
        ["late_fee_percent", "near_hours", "near_fee_percent", "no_show_percent"],
    ),
]


class ServiceForm(AsksOnce, SluggedForm[Service]):
    """A service: how it is given, its minutes, its price and how it is booked.

    A new one begins with nothing ticked: how it is given and whether visitors book it is somebody's word, no default.
    """

    groups = _SERVICE
    together = (
        ("minutes", "buffer_before", "buffer_after"),
        ("fee", "tax_code", "medicare", "bulk_billed"),
        ("notice_hours", "horizon_days"),
        ("cancel_hours", "late_fee_percent", "near_hours", "near_fee_percent"),
    )
    one_of = frozenset(Mode.values)

    class Meta(ClinicForm.Meta):
        model = Service
        fields = names_in(_SERVICE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ClinicSettings.current().gst_registered:
            self.fields["tax_code"].help_text = _("The clinic isn't registered for GST, so none is added.")
        self._say_what_the_clinics_are()
        if not self.is_edit:
            for name in (*Mode.values, "online", "medicare"):
                self.initial.setdefault(name, False)

    def _say_what_the_clinics_are(self) -> None:
        """Beside each rule that a service may have of its own: what holds while it is left empty."""
        clinic = ClinicSettings.current()
        for name, words in (
            ("notice_hours", durations.hours(clinic.notice_hours)),
            ("horizon_days", durations.days(clinic.horizon_days)),
            ("hold_minutes", durations.minutes(clinic.hold_minutes)),
            ("cancel_hours", durations.hours(clinic.cancel_hours)),
            ("answer_hours", durations.hours(clinic.answer_hours)),
            ("late_fee_percent", f"{clinic.late_fee_percent}%"),
            *([("near_hours", durations.hours(clinic.near_hours))] if clinic.near_hours else []),
            *([("near_fee_percent", f"{clinic.near_fee_percent}%")] if clinic.near_hours else []),
        ):
            self.fields[name].help_text = _("Left empty, the clinic's: %(value)s.") % {"value": words}
        for name, kinds, general in (
            ("who_books", WhoBooks, clinic.who_books),
            ("how_booked", HowBooked, clinic.how_booked),
            ("ahead", Ahead, clinic.ahead),
        ):
            general = _("The clinic's rule: %(rule)s") % {"rule": kinds(general).label}
            field_of(self, name, forms.ChoiceField).choices = [("", general), *kinds.choices]
        self.fields["who_books"].help_text = _WHO_HAS_BEEN_HERE
        self.fields["first_visit_only"].help_text = _(
            "For people of whom no session was held yet. Whoever has one booked moves that instead of booking a second."
        )
        self.fields["no_show_percent"].help_text = _("Left empty, as the fees policy says.")
        self.fields["max_open_bookings"].label = _("Most sessions of it that one patient may have booked online")
        self.fields["max_open_bookings"].help_text = _(
            "Left empty, no limit of its own. The clinic's limit, %(most)d of all services, holds as well."
        ) % {"most": clinic.max_open_bookings}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(mode) for mode in ("in_person", "video", "phone")):
            self.add_error("in_person", ValidationError(_("Choose at least one way it is given."), code="mode"))
        if cleaned.get("first_visit_only") and cleaned.get("who_books") == WhoBooks.KNOWN:
            words = _("A first visit is for people who have not been here yet. Choose somebody else, or nothing.")
            self.add_error("who_books", ValidationError(words, code="first_visit"))
        if cleaned.get("fee") == 0 and (not self.is_edit or "fee" in self.changed_here):
            self.ask(_("The fee is $0.00: whoever books this pays nothing, and no invoice asks for it. Is it free?"))
        return cleaned


class ProviderNumberForm(WithWarnings, forms.Form):
    """One number for each place; `psychologist` tells what is set now."""

    location = forms.ModelChoiceField(label=_("Location"), queryset=Location.objects.filter(is_active=True))
    number = CodeField(label=_("Provider number"), max_length=20, required=False, help_text=_("Such as 4024742F."))

    def clean_number(self) -> str:
        """The number in capitals; only warns where its check letter does not fit, for some in use do not."""
        number: str = self.cleaned_data["number"]
        if number:
            if len(number) > longest(ProviderNumber, "number"):
                raise ValidationError(_("A provider number looks like 4024742F."), code="provider_number")
            validate_provider_number(number)
            if not provider_number_is_right(number):
                self.warn(
                    "number",
                    _("The last letter doesn't fit this provider number. Check it, or leave it if it is right."),
                )
        return number
