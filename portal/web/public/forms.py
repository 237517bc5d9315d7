"""What visitors send: choices of who, how and when. Anything that can't be read falls back to the widest choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.clinic.models import Location, Mode, Psychologist, Service
from portal.common.forms.fields import MarkField, SlugLineField
from portal.common.forms.parts import field_of
from portal.journeys import choosing
from portal.journeys.times_form import TimesForm
from portal.patients.models import Carer, Patient
from portal.policies.models import PolicyKind, PolicyVersion
from portal.web.public.held_time import Chosen

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Preference(forms.Form):
    """Whom somebody comes to see, from a link on a profile."""

    psychologist = SlugLineField(max_length=80, required=False)

    @classmethod
    def read(cls, data: Any) -> str:
        """The slug that the profile has in its address; empty where nobody could have it."""
        form = cls(data)
        form.full_clean()
        return str(form.cleaned_data.get("psychologist", ""))


class Choice(TimesForm):
    """Who and how, from the query string or a posted time. `any` is whoever is free."""

    psychologist = MarkField(label=_("Psychologist"), required=False, max_length=80)
    mode = MarkField(label=_("How"), required=False, max_length=10)
    # A time that was lost to somebody else: the page says so and offers the nearest.
    taken = MarkField(required=False, max_length=200)

    def __init__(self, *args: Any, service: Service, psychologists: list[Psychologist], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.service = service
        self.psychologists = psychologists

    def clean_psychologist(self) -> Psychologist | None:
        slug = self.cleaned_data["psychologist"]
        return next((p for p in self.psychologists if p.slug == slug), None)

    def clean_mode(self) -> str:
        """A way that we know stays as it was asked for, also where nobody gives the service so: the page says it."""
        mode = self.cleaned_data["mode"]
        return mode if mode in Mode.values else self.usual_mode()

    def usual_mode(self) -> str:
        """What somebody who said nothing books: the first way that the psychologist, or anybody, gives it in."""
        chosen = self.cleaned_data.get("psychologist")
        ways = choosing.ways_to_meet([chosen] if chosen else self.psychologists, self.service)
        return (ways or self.service.modes)[0].value

    def clean_taken(self) -> tuple[datetime, Location] | None:
        try:
            return choosing.read_whose_time(self.cleaned_data["taken"])[:2] if self.cleaned_data["taken"] else None
        except ValueError:
            return None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("mode") != Mode.IN_PERSON:
            # By video or phone nobody goes anywhere.
            cleaned["place"] = None
        return cleaned

    def chosen(self) -> dict[str, Any]:
        chosen = super().chosen()
        return chosen | {"mode": chosen["mode"] or self.usual_mode()}


class TimeChoice(Choice):
    """The same, and the time that was pressed."""

    time = MarkField(max_length=200)
    named: Psychologist | None = None

    def clean_time(self) -> tuple[datetime, Location]:
        """The time; whom a page for anybody named with it is who was chosen."""
        try:
            starts_at, location, slug = choosing.read_whose_time(self.cleaned_data["time"])
        except ValueError as error:
            raise ValidationError(_("Choose one of the times shown."), code="time") from error
        if slug and slug not in {p.slug for p in self.psychologists}:
            raise ValidationError(_("Choose one of the times shown."), code="time")
        self.named = next((p for p in self.psychologists if p.slug == slug), None)
        return starts_at, location


class ShownForm(forms.Form):
    """What a page about a held time showed, and the other time that was pressed on it."""

    hold = forms.UUIDField(required=False)
    chosen = MarkField(required=False, max_length=250)
    shown = MarkField(required=False, max_length=40)
    again = MarkField(required=False, max_length=250)


class LetGoForm(forms.Form):
    """The held time that a page showed, and the page: both may be missing or anything."""

    hold = forms.UUIDField(required=False)
    back = MarkField(required=False, max_length=2000)


@dataclass(frozen=True, slots=True)
class Shown:
    """The time that a page showed, by its code and its choices; `word` is `booking.as_shown` of it.

    `again` is the other time that was pressed there, to be held instead.
    """

    code: UUID | None
    chosen: Chosen
    word: str
    again: Chosen | None

    @classmethod
    def read(cls, data: Mapping[str, Any], *, service: Service) -> Shown:
        """What was sent to the page of a service; what can't be read was not shown."""
        form = ShownForm(data)
        form.full_clean()
        sent = form.cleaned_data
        again = Chosen.read(sent.get("again", ""), service=service) if "again" in data else None
        return cls(sent.get("hold"), Chosen.read(sent.get("chosen", ""), service=service), sent.get("shown", ""), again)


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

    def clean_relationship(self) -> str:
        return str(self.cleaned_data["relationship"] or Carer.Relationship.OTHER.value)


class WhoseForm(forms.Form):
    """For whom of the people that an account books for; somebody it doesn't know is the first of them."""

    who = forms.ChoiceField(label=_("Who are these sessions for?"))

    def __init__(self, *args: Any, patients: Sequence[Patient], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.patients = {str(patient.code): patient for patient in patients}
        field_of(self, "who", forms.ChoiceField).choices = [(code, p.name) for code, p in self.patients.items()]

    @property
    def chosen(self) -> Patient:
        """Who was chosen."""
        code = self.cleaned_data["who"] if self.is_valid() else next(iter(self.patients))
        return self.patients[code]


class OfferAnswer(forms.Form):
    """What is answered to an offered time: which button, and for a yes what the page showed and what is moved here."""

    YES, NO, LEAVE = "yes", "no", "leave"

    answer = forms.ChoiceField(choices=[(each, each) for each in (YES, NO, LEAVE)])
    shown = MarkField(max_length=40, required=False)
    instead_of = forms.UUIDField(required=False)
