"""Whom something is booked or waited for: somebody known, oneself, or somebody one cares for; and who is new.

The last step of booking and the waitlist ask the same: who it is, the details of somebody new, what they agree to. What
was typed may prove a record that is there (`known_before`), and a record is made only together with what it is for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.forms.parts import field_of
from portal.patients import actions as patients
from portal.patients import consents, signing_in
from portal.patients.forms import BookingDetailsForm
from portal.patients.models import Carer, Patient
from portal.policies.models import PolicyKind, PolicyVersion

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Agreement(forms.Form):
    """A box to tick for each policy that somebody may still have to agree to, `needed` or not for whom they chose.

    A box carries the number of the version that was read: one that was replaced meanwhile is not agreed to. Policies
    of which a `kind` is in `only_new` are a matter for new people alone; the others on this account have agreed.
    """

    WORDS = {
        PolicyKind.PRIVACY: _(
            "I agree to the privacy policy, and that the clinic collects health information as it says."
        ),
        PolicyKind.FEES: _("I agree to the fees and cancellation policy."),
    }

    def __init__(
        self,
        *args: Any,
        shown: list[PolicyVersion],
        needed: list[PolicyVersion],
        only_new: set[str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.shown, self.needed, self.only_new = shown, needed, only_new
        for version in shown:
            self.fields[self.name_of(version)] = forms.BooleanField(
                label=self.WORDS[PolicyKind(version.kind)],
                required=False,
                widget=forms.CheckboxInput(attrs={"value": version.number}),
                help_text=format_html(
                    '<a href="{}" target="_blank">{}</a>',
                    reverse(f"public:{version.kind}"),
                    gettext("Read it (opens a new tab)"),
                ),
            )

    @property
    def boxes(self) -> list[tuple[forms.BoundField, str]]:
        """Each with the class that hides it while somebody known is chosen."""
        return [
            (self[self.name_of(version)], "only-new" if version.kind in self.only_new else "") for version in self.shown
        ]

    @property
    def hidden_for_known(self) -> bool:
        return all(css_class for _box, css_class in self.boxes)

    @staticmethod
    def name_of(version: PolicyVersion) -> str:
        return f"agree_{version.kind}"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for version in self.needed:
            name = self.name_of(version)
            if not cleaned.get(name):
                words = _("Tick this to go on. If you have questions about it, phone us.")
                self.add_error(name, ValidationError(words, code="required"))
            elif self.data.get(name) != str(version.number):
                words = _("This policy has changed just now. Please look at it again.")
                self.add_error(name, ValidationError(words, code="changed"))
        return cleaned

    @property
    def agreed(self) -> list[PolicyVersion]:
        """Those that were ticked, the ones that need not be too."""
        return [
            version
            for version in self.shown
            if self.cleaned_data.get(self.name_of(version))
            and self.data.get(self.name_of(version)) == str(version.number)
        ]


class WhoFor(forms.Form):
    """Who the session is for: somebody already known, oneself, or somebody one cares for."""

    ME, OTHER = "me", "other"
    needed_where_shown = ("relationship",)

    who = forms.ChoiceField(label=_("Who is this session for?"), widget=forms.RadioSelect)
    relationship = forms.ChoiceField(
        label=_("You are their"), choices=Carer.Relationship.choices, required=False, initial=Carer.Relationship.PARENT
    )

    def __init__(
        self, *args: Any, user: User, patients: Sequence[Patient], takes_new: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.patients = {str(p.code): p for p in patients}
        own = any(p.user_id == user.pk for p in patients)
        choices: list[tuple[str, StrOrPromise]] = [
            (code, _("Me (%(name)s)") % {"name": p.name} if p.user_id == user.pk else p.name)
            for code, p in self.patients.items()
        ]
        # What is for people known here is no service for somebody who would be registered on this page.
        if takes_new or not patients:
            if not own:
                choices.insert(0, (self.ME, _("Me")))
            choices.append((self.OTHER, _("Somebody I care for")))
        who = field_of(self, "who", forms.ChoiceField)
        who.choices, who.initial = choices, choices[0][0]

    @property
    def chosen(self) -> Patient | None:
        """Who of those known is chosen, as it was sent or as the page begins; None for somebody new."""
        return self.patients.get(self["who"].value())

    @property
    def cares_as(self) -> str | None:
        """How the account's person cares for somebody new, None for themself; call it once the form is valid."""
        return None if self.cleaned_data["who"] == self.ME else str(self.cleaned_data["relationship"])

    def clean_relationship(self) -> str:
        return str(self.cleaned_data["relationship"] or Carer.Relationship.OTHER.value)


@dataclass(frozen=True, slots=True)
class AskedWho:
    """The three forms that a page has for whom something is."""

    who: WhoFor
    details: BookingDetailsForm
    agreement: Agreement

    @property
    def as_list(self) -> list[forms.Form]:
        """All three, for what the page says of their mistakes."""
        return [self.who, self.details, self.agreement]

    @property
    def named(self) -> dict[str, forms.Form]:
        """Each under its name, as templates ask for it."""
        return {"who": self.who, "details": self.details, "agreement": self.agreement}

    @property
    def mistaken(self) -> bool:
        """Whether anything in them is wrong, as far as they were asked."""
        return any(form.errors for form in self.as_list)

    def are_valid(self) -> bool:
        """Asks each, so that everything that is missing is said at once; of somebody known no details."""
        known = self.who.chosen is not None
        return all([self.who.is_valid(), known or self.details.is_valid(), self.agreement.is_valid()])


def ask_who(
    user: User, *, today: date, takes_new: bool, data: QueryDict | None = None, typed: QueryDict | None = None
) -> AskedWho:
    """A page's three forms: empty, bound to `data`, or showing what was `typed` without judging it yet.

    `takes_new`: whether it may be for somebody who has no record yet.
    """
    known = list(Patient.objects.managed_by(user).themself_first(user))
    for patient in known:
        if patient.user_id == user.pk:
            # Known already: what is sent to them is in their account's language.
            patient.user = user
    who = WhoFor(data, user=user, patients=known, takes_new=takes_new)
    if typed is not None:
        for name in ("who", "relationship"):
            if name in typed:
                who.fields[name].initial = typed[name]
    chosen = who["who"].value()
    names = {"legal_first_name": user.first_name, "legal_last_name": user.last_name} if chosen == WhoFor.ME else {}
    initial = typed.dict() if typed is not None else names
    # The details of somebody already known are on file: what the hidden part of the page sent is not looked at.
    details = BookingDetailsForm(
        None if chosen in who.patients else data,
        today=today,
        initial=initial,
        carer=user if chosen == WhoFor.OTHER else None,
    )
    return AskedWho(who, details, _agreement(who, today=today, data=data, typed=typed))


def _agreement(who: WhoFor, *, today: date, data: QueryDict | None, typed: QueryDict | None) -> Agreement:
    """Everybody agrees to the policies once. Those who have are not asked, but somebody new on their page is."""
    asked = [each.version for each in consents.asked_for(today=today)]
    left = consents.outstanding(who.patients.values(), today=today)
    chosen = who.chosen
    ticked = {name: True for name in typed or {} if name.startswith("agree_")}
    known = {version.kind for versions in left.values() for version in versions}
    return Agreement(
        data,
        shown=asked,
        needed=left.get(chosen.pk, []) if chosen else asked,
        only_new={version.kind for version in asked} - known,
        initial=ticked,
    )


def known_before(asked: AskedWho, *, answer: str, user: User, by: Actor, now: datetime) -> tuple[Patient | None, bool]:
    """Whether what was typed, with the verified address, proves a record that is there: it is offered, never joined.

    `answer` is what was pressed when it was: "yes", "no", or nothing yet. The record once they said that it is theirs,
    and whether it is to be offered. Of everybody else nobody is told here: the desk compares the records later.
    """
    if answer == "no":
        return None, False
    told = asked.details.cleaned_data
    proof: dict[str, Any] = {
        "user": user,
        "first_name": f"{told['legal_first_name']} {told['preferred_name']}",
        "date_of_birth": told["date_of_birth"],
        "relationship": asked.who.cares_as,
        "now": now,
        "today": ClinicSettings.current().today(now),
    }
    if answer == "yes":
        return signing_in.claim(**proof, by=by), False
    return None, signing_in.match(**proof) is not None


def register(*, user: User, values: Mapping[str, Any], relationship: str | None, by: Actor, now: datetime) -> Patient:
    """Makes the record of the account's own person, or with a `relationship` of somebody that they care for.

    Call it in the transaction of what the record is for. Raises UserHasRecord.
    """
    if relationship is None:
        return patients.register_patient(values={**values, "email": user.email}, user=user, by=by, now=now)
    patient = patients.register_patient(values=values, by=by, now=now)
    patients.add_carer(patient=patient, user=user, relationship=relationship, is_billed=True, by=by, now=now)
    return patient
