"""What the desk sends. Whatever can't be read in an address falls back to the page as it begins."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from portal.billing import charges
from portal.billing.forms import METHODS, too_much_words
from portal.billing.models import Invoice, PatientPayer
from portal.clinic.models import Location, Mode, Psychologist, Service, TaxCode
from portal.common.forms.fields import (
    DateField,
    LineField,
    MarkField,
    MoneyField,
    TimeField,
    WholeNumberField,
    moment,
)
from portal.common.forms.parts import field_of, sent_with
from portal.common.money import dollars
from portal.journeys import choosing, profiles
from portal.journeys.checking_out import AS_HELD, NO_ITEM, Claim, Held, Taken
from portal.patients.models import Carer, Patient
from portal.web.reception.bulk_form import BulkFields
from portal.web.reception.held_forms import HowHeldForm, item_choices
from portal.web.reception.old_debts import OldDebts
from portal.web.reception.split_form import SplitFields

ANY = "any"


class _OneDay(forms.Form):
    day = DateField(picker=True, required=False)
    week = DateField(picker=True, required=False)
    # The week that was on the page when somebody else was chosen: it stays, unless they have no time in it.
    near = DateField(picker=True, required=False)


def day_in(data: Mapping[str, Any], name: str = "day") -> date | None:
    """The day named in an address; none if it is no day, or of another age."""
    form = _OneDay(data)
    form.full_clean()
    day: date | None = form.cleaned_data.get(name)
    return day


# ---- Today ----------------------------------------------------------------------------------------------------------


class ArrivalsFilter(forms.Form):
    """Which of the day's sessions to list, and in which order."""

    TIME, PERSON = "time", "psychologist"

    by = forms.ChoiceField(choices=[(TIME, _("By time")), (PERSON, _("By psychologist"))], required=False)
    at = MarkField(required=False, max_length=60)

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> dict[str, str]:
        form = cls(data)
        form.full_clean()
        return {"by": form.cleaned_data.get("by") or cls.TIME, "at": form.cleaned_data.get("at", "")}


# ---- Patients -------------------------------------------------------------------------------------------------------


class EndCarerForm(forms.Form):
    carer = forms.ModelChoiceField(queryset=Carer.objects.none())

    def __init__(self, *args: Any, patient: Patient, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_of(self, "carer", forms.ModelChoiceField).queryset = patient.carers.select_related("user", "patient")


# ---- Booking --------------------------------------------------------------------------------------------------------


class BookingChoice(forms.Form):
    """What is to be booked, with whom and how; what isn't said, or isn't offered, becomes the first that is."""

    service = MarkField(required=False, max_length=80)
    psychologist = MarkField(required=False, max_length=80)
    mode = MarkField(required=False, max_length=10)

    @classmethod
    def read(
        cls, data: Mapping[str, Any], *, services: Sequence[Service], psychologists: Sequence[Psychologist]
    ) -> tuple[Service, list[Psychologist], Psychologist | None, Mode]:
        """The service, who gives it, with whom of them (None for whoever is free) and the way it is held.

        `psychologists` need their services prefetched. A way that we know stays as it was asked for, also where this
        psychologist doesn't meet people so.
        """
        form = cls(data)
        form.full_clean()
        cleaned = form.cleaned_data
        service = next((s for s in services if s.slug == cleaned.get("service")), services[0])
        able = [p for p in psychologists if profiles.services_of(p, [service])]
        psychologist = next((p for p in able if p.slug == cleaned.get("psychologist")), None)
        ways = choosing.ways_to_meet([psychologist] if psychologist else able, service) or service.modes
        mode = next((m for m in Mode if m.value == cleaned.get("mode")), ways[0])
        return service, able, psychologist, mode


class OfferedTime(forms.Form):
    """A time that the week showed, and the slug of whom it named with it; empty where it named nobody."""

    time = MarkField(max_length=200)

    def clean_time(self) -> tuple[datetime, Location, str]:
        try:
            return choosing.read_whose_time(self.cleaned_data["time"])
        except ValueError as error:
            raise ValidationError(_("Choose one of the times shown."), code="time") from error


class AnyTime(forms.Form):
    """A time that nobody offers: before or after hours, or beside the usual steps. On the location's wall clock."""

    day = DateField(label=_("Day"), picker=True, error_messages={"required": _("Which day?")})
    at = TimeField(label=_("Time"), error_messages={"required": _("What time?")})
    with_whom = forms.ModelChoiceField(
        label=_("With"),
        queryset=Psychologist.objects.none(),
        empty_label=_("Choose"),
        to_field_name="slug",
        error_messages={"required": _("With whom?")},
    )
    location = forms.ModelChoiceField(
        label=_("Where"), queryset=Location.objects.none(), empty_label=None, to_field_name="slug"
    )

    def __init__(self, *args: Any, psychologists: QuerySet[Psychologist], **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "any_%s", **kwargs})
        field_of(self, "with_whom", forms.ModelChoiceField).queryset = psychologists
        field_of(self, "location", forms.ModelChoiceField).queryset = Location.objects.filter(is_active=True)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day, at, location = data.get("day"), data.get("at"), data.get("location")
        if day and at and location:
            try:
                data["starts_at"] = moment(day, at, location.zone)
            except ValidationError as error:
                self.add_error("at", error)
        return data


# ---- Checking out ---------------------------------------------------------------------------------------------------

LATER = "later"
# What the clinic holds of the patient's settles it.
HELD = "held"
THEMSELVES = "patient"
TAKES_NOTHING = (LATER, HELD)
# What has to be right before anything can be added up.
PRICED = {
    *("bill_to", "minutes", "mode", "where", "who_came", "attended", "remoteness", "kilometres", "abroad", "fee"),
    *("item", "extra_description", "extra_amount", "extra_tax"),
}


class CheckOutForm(OldDebts, HowHeldForm, BulkFields, SplitFields):
    """The session as it was held, what it costs, and the money handed over."""

    minutes = WholeNumberField(label=_("Minutes"), min_value=1, max_value=600)
    mode = forms.ChoiceField(label=_("How"), choices=Mode.choices)
    fee = MoneyField(label=_("Fee"), max_value=Decimal("99999.99"))
    item = forms.ChoiceField(label=_("Medicare item"))
    extra_description = LineField(label=_("Something else"), max_length=200, required=False)
    extra_amount = MoneyField(label=_("Its price"), required=False, max_value=Decimal("99999.99"))
    extra_tax = forms.ChoiceField(label=_("GST"), choices=TaxCode.choices, required=False)
    bill_to = forms.ChoiceField(label=_("Billed to"))
    method = forms.ChoiceField(
        label=_("Paid now by"), choices=[*METHODS, (LATER, _("Not now: pays later"))], widget=forms.RadioSelect
    )
    amount = MoneyField(
        label=_("Amount"), max_value=Decimal("999999.99"), error_messages={"required": _("How much was paid?")}
    )
    reference = LineField(label=_("Reference"), max_length=100, required=False)
    # The form's own name: sent twice, it bills once.
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    # What the page knew of the session: an old page is refused.
    seen = MarkField(required=False, max_length=32, widget=forms.HiddenInput)
    # The total that the amount was proposed for: a changed fee takes an untouched amount with it.
    proposed_for = MarkField(required=False, max_length=20, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        claim: Claim,
        charges_gst: bool,
        place: Location | None = None,
        on_hold: Decimal = Decimal(0),
        payers: Sequence[PatientPayer] = (),
        old: Sequence[Invoice] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.payers = {str(link.code): link for link in payers}
        if payers:
            named = [(code, link.payer.name) for code, link in self.payers.items()]
            own = (THEMSELVES, _("The patient, or the carer who is billed"))
            field_of(self, "bill_to", forms.ChoiceField).choices = [own, *named]
        else:
            del self.fields["bill_to"]
        self.begin_bulk(claim.ways)
        self.begin_place(place)
        self.begin_old(old, is_theirs=not self.is_bulk and self.data.get("bill_to", THEMSELVES) == THEMSELVES)
        takes = not self.is_bulk and self.data.get("method") not in TAKES_NOTHING
        self.fields["amount"].required = not self.is_bound or takes
        self.fields["method"].required = not self.is_bulk
        self.claim, self.charges_gst, self.on_hold = claim, charges_gst, on_hold
        if on_hold:
            held = (HELD, _("From the %(amount)s that we hold") % {"amount": dollars(on_hold)})
            method = field_of(self, "method", forms.ChoiceField)
            method.choices = [held, *METHODS, (LATER, _("Not now: pays later"))]
        if not charges_gst:
            # A clinic that isn't registered for GST charges none, so none is offered.
            del self.fields["extra_tax"]
        field_of(self, "item", forms.ChoiceField).choices = item_choices(claim, mode=self["mode"].value())

    def clean_item(self) -> str:
        chosen: str = self.cleaned_data["item"]
        if chosen not in (AS_HELD, NO_ITEM) and not self.claim.is_covered:
            raise ValidationError(_("Medicare pays only with a referral. Add the referral first."), code="referral")
        return chosen

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("method") == HELD and data.get("bill_to", THEMSELVES) != THEMSELVES:
            words = _("What we hold is the patient's: it doesn't pay what somebody else is billed.")
            self.add_error("method", ValidationError(words, code="not_theirs"))
        link = self.payers.get(data.get("bill_to", THEMSELVES))
        if link and link.payer.is_third_party and data.get("item", NO_ITEM) not in (AS_HELD, NO_ITEM):
            words = _("Medicare pays nothing of what %(name)s is billed. Choose “None”, or bill the patient.")
            self.add_error("item", ValidationError(words, code="third_party", params={"name": link.payer.name}))
        described, amount = data.get("extra_description"), data.get("extra_amount")
        if described and amount is None and "extra_amount" not in self.errors:
            self.add_error("extra_amount", ValidationError(_("What does it cost?"), code="required"))
        if self.is_bulk:
            self.check_bulk(
                data,
                is_paid=self.claim.is_covered and data.get("item") != NO_ITEM and not data.get("abroad"),
                is_theirs=data.get("bill_to", THEMSELVES) == THEMSELVES,
            )
        if amount and not described and "extra_description" not in self.errors:
            self.add_error("extra_description", ValidationError(_("What is it for?"), code="required"))
        return data

    def check_amount(self, total: Decimal) -> None:
        """Adds what is wrong with the money taken, now that the total is known."""
        method = self.cleaned_data.get("method")
        if self.is_bulk or method in TAKES_NOTHING:
            # Without the page's own figure nobody can say whether the amount was typed.
            proposed = bool(self.data.get("proposed_for", "").strip())
            self.check_nothing_dropped(total=total, is_untouched=self.is_untouched or not proposed)
            return
        if method is None or "amount" in self.errors:
            return
        self.check_rest(self.cleaned_data, is_theirs=self.cleaned_data.get("bill_to", THEMSELVES) == THEMSELVES)
        amount = self.cleaned_data["amount"] + (self.cleaned_data.get("rest_amount") or 0)
        if not self.cleaned_data["amount"]:
            self.add_error("amount", ValidationError(_("How much was paid?"), code="required"))
        elif amount > total:
            self.too_much(total)

    def too_much(self, to_pay: Decimal) -> None:
        """Adds that less than this is left to pay, in dollars."""
        words = str(_("Nothing is left to pay. Choose “Not now”, and take nothing."))
        if to_pay:
            words = too_much_words(self.cleaned_data.get("method"), str(_("Only %(to_pay)s is left to pay.")))
        self.add_error("amount", ValidationError(words, code="too_much", params={"to_pay": dollars(to_pay)}))

    def shown_anew(self, seen: str) -> CheckOutForm:
        """The same form, with what was typed, on a page that knows the session as it is now."""
        return self._with(sent_with(self.data, "seen", seen))

    def with_total(self, total: Decimal) -> CheckOutForm:
        """The same form for another total: an amount that nobody touched goes with it."""
        data = sent_with(self.data, "proposed_for", str(total))
        if not self.data.get("amount", "").strip() or self.is_untouched:
            data = sent_with(data, "amount", str(total))
        return self._with(data)

    @property
    def is_untouched(self) -> bool:
        """Whether the amount is still the one that was proposed, for the total that the page showed."""
        proposed: str = self.data.get("proposed_for", "").strip()
        return bool(proposed) and self.data.get("amount", "").strip() == proposed

    def _with(self, data: Mapping[str, Any]) -> CheckOutForm:
        form = CheckOutForm(
            data,
            claim=self.claim,
            place=self.place,
            charges_gst=self.charges_gst,
            on_hold=self.on_hold,
            payers=list(self.payers.values()),
            old=self.old,
        )
        form.full_clean()
        return form

    @property
    def unpriced(self) -> list[tuple[str, str]]:
        """What keeps the figures from being added up: each field by its label, and what is wrong with it."""
        return [
            (str(self.fields[name].label), str(said))
            for name, errors in self.errors.items()
            if name in PRICED
            for said in errors
        ]

    @property
    def held(self) -> Held | None:
        """The session as it was held; None while something that has a price is not right."""
        if PRICED & self.errors.keys():
            return None
        data = self.cleaned_data
        extra: tuple[charges.Charge, ...] = ()
        if data["extra_description"]:
            tax_code = data.get("extra_tax") or TaxCode.GST_FREE
            extra = (charges.extra_line(data["extra_description"], data["extra_amount"], tax_code),)
        return Held(
            minutes=data["minutes"],
            mode=data["mode"],
            fee=data["fee"],
            item=data["item"],
            extra=extra,
            bill_to=self.payers.get(data.get("bill_to", THEMSELVES)),
            agreement=self.agreement,
            **self.how_held(),
        )

    @property
    def taken(self) -> Taken | None:
        data = self.cleaned_data
        if self.is_bulk or data["method"] in TAKES_NOTHING:
            return None
        return Taken(
            amount=data["amount"],
            method=data["method"],
            reference=data["reference"],
            rest=self.rest,
            old=tuple(self.old) if self.takes_old else (),
            location=data.get("location") or self.place,
        )


class SendForm(forms.Form):
    key = forms.UUIDField()
