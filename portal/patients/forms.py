"""What is asked about a person in care: by the desk, by themselves, and shortly while they book."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

from django import forms
from django.conf import settings
from django.utils.functional import lazy
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.clinic.validators import postcode_fits_state
from portal.common.database.columns import longest, text_column
from portal.common.forms.fields import (
    BirthDateField,
    DigitsField,
    EmailLineField,
    LineField,
    MonthField,
    PhoneField,
    PostcodeField,
    WithWarnings,
    state_choices,
)
from portal.common.forms.names import NameLineField
from portal.common.forms.parts import field_of
from portal.common.forms.raw import put
from portal.common.forms.shown import ADDRESS, MergesChanges
from portal.common.text.names import spellings, telling_keys
from portal.common.text.typed import plain
from portal.common.web.search_words import SearchWords
from portal.patients.locking import hold_record
from portal.patients.models import Carer, Patient
from portal.patients.validators import card_written, clean_medicare_number, split_card, validate_irn

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OLDEST = 125


class MedicareNumberField(DigitsField):
    """Ten digits with the card's spaces or without."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}))
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> str:
        value = super().clean(value)
        return clean_medicare_number(value) if value else ""

    def prepare_value(self, value: Any) -> Any:
        """Shown as the card prints it: 2951 87312 5."""
        if isinstance(value, str) and len(value) == 10 and value.isdigit():
            return card_written(value)
        return value


# At each reading: at import the language is English.
capfirst_lazy = lazy(capfirst, str)


class Asking(TypedDict, total=False):
    """How a form asks for one thing."""

    label: StrOrPromise
    help_text: StrOrPromise
    autocomplete: str
    required: bool


# By the first three somebody is greeted, here and in e-mails.
_PERSONS_NAMES = {
    *("legal_first_name", "legal_last_name", "preferred_name"),
    *("emergency_name", "gp_name", "medicare_name"),
}


def _line(name: str, **asking: Unpack[Asking]) -> LineField:
    """The form field of one of Patient's text columns, which says what is not said here."""
    column = text_column(Patient, name)
    kind = DigitsField if name == "medicare_irn" else NameLineField if name in _PERSONS_NAMES else LineField
    return kind(
        max_length=longest(Patient, name),
        label=asking.get("label", capfirst_lazy(column.verbose_name)),
        help_text=asking.get("help_text", ""),
        required=asking.get("required", not column.blank),
        widget=forms.TextInput(attrs={"autocomplete": asking.get("autocomplete", "off")}),
    )


def _born(*, autocomplete: str = "off") -> BirthDateField:
    return BirthDateField(
        label=_("Date of birth"), autocomplete=autocomplete, help_text=_("Day, month and year, such as 23/4/1990.")
    )


class _AsksBirthDate(forms.Form):
    """A form that asks when somebody was born; `today` is the clinic's own date."""

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        self.today = today
        super().__init__(*args, **kwargs)
        if "date_of_birth" in self.fields:
            field_of(self, "date_of_birth", BirthDateField).today = today


class PersonForm(MergesChanges, WithWarnings, _AsksBirthDate):
    """What the forms on a person share. `today` is the clinic's own date; `values` is what registers somebody,
    `changes` what changes their record.

    `groups` names fields in the order of the page: `form.fieldsets` walks them.
    """

    groups: Sequence[tuple[StrOrPromise, list[str]]] = []
    together = (
        ADDRESS,
        ("medicare_number", "medicare_irn", "medicare_expires", "medicare_name"),
        ("emergency_name", "emergency_relationship", "emergency_phone"),
        ("gp_name", "gp_practice", "gp_phone"),
    )

    def __init__(self, *args: Any, instance: Patient | None = None, **kwargs: Any) -> None:
        self.instance = instance
        if instance is not None:
            stored = {name: getattr(instance, name) for name in self.base_fields}
            kwargs["initial"] = stored | (kwargs.get("initial") or {})
        super().__init__(*args, **kwargs)
        if self.is_bound:
            self.data = self._sent = self._card_in_parts(self.data)

    def _card_in_parts(self, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        """What was sent, with a card as the portal writes it (2951 87312 5 / 1) in its two fields.

        Unless another digit stands in the second: which of them is right only who typed them knows.
        """
        number, irn = (self.add_prefix(name) for name in ("medicare_number", "medicare_irn"))
        parts = split_card(plain(str(sent.get(number) or "")[:40]))
        if parts is None or plain(str(sent.get(irn) or "")[:40]) not in {"", parts[1]}:
            return sent
        return put(put(sent, number, parts[0]), irn, parts[1])

    @property
    def is_edit(self) -> bool:
        return self.instance is not None

    def form_now(self) -> Self:
        """The form on the record as it is now, locked."""
        return type(self)(today=self.today, instance=hold_record(self.instance) if self.instance else None)

    def _begin_at(self, fresh: Self) -> None:
        super()._begin_at(fresh)
        self.instance = fresh.instance

    @property
    def fieldsets(self) -> Iterator[tuple[StrOrPromise, list[forms.BoundField]]]:
        for title, names in self.groups:
            yield title, [self[name] for name in names if name in self.fields]

    def clean_date_of_birth(self) -> date:
        born: date = self.cleaned_data["date_of_birth"]
        if born > self.today:
            raise forms.ValidationError(_("This date is still to come. Check the year."), code="future")
        if born.year < self.today.year - OLDEST:
            raise forms.ValidationError(
                _("This is more than %(years)d years ago. Check the year."), code="too_old", params={"years": OLDEST}
            )
        return born

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        number, irn = cleaned.get("medicare_number"), cleaned.get("medicare_irn")
        if number and not irn and "medicare_irn" in self.fields and "medicare_irn" not in self.errors:
            self.add_error(
                "medicare_irn", forms.ValidationError(_("Add the digit beside the name on the card."), code="irn")
            )
        if irn and not number and "medicare_number" not in self.errors:
            self.add_error(
                "medicare_number", forms.ValidationError(_("Add the card's number, or clear the other."), code="number")
            )
        if (expires := cleaned.get("medicare_expires")) and expires < self.today:
            self.warn("medicare_expires", _("This Medicare card has run out. Ask for the new one."))
        if not postcode_fits_state(cleaned.get("postcode", ""), cleaned.get("state", "")):
            self.warn("postcode", _("This postcode is usually in another state. Check it, or leave it if it is right."))
        return cleaned


_first_name: Asking = {"label": _("First name, as on legal documents"), "autocomplete": "given-name"}
_last_name: Asking = {
    "label": _("Last name"),
    "autocomplete": "family-name",
    "required": False,
    "help_text": _("Leave empty for a person with one name."),
}
# A parent fills these in for a child too: so none says "you".
_preferred: Asking = {
    "label": _("Preferred first name"),
    "autocomplete": "nickname",
    "help_text": _("If different."),
}
_number_help = _("The ten digits on the green card.")
_irn_help = _("The digit beside the name on the card.")


def _languages() -> list[tuple[str, StrOrPromise]]:
    return [("", _("English")), *settings.LANGUAGES[1:]]


class _ContactFields(forms.Form):
    phone = PhoneField(label=_("Phone"), required=False)
    email = EmailLineField(label=_("E-mail"), required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"}))
    language = forms.ChoiceField(label=_("Language of our messages"), choices=_languages, required=False)
    street = _line("street", autocomplete="address-line1")
    suburb = _line("suburb", autocomplete="address-level2")
    state = forms.ChoiceField(label=_("State"), choices=state_choices, required=False)
    postcode = PostcodeField(label=_("Postcode"), required=False)


class _MedicareFields(forms.Form):
    medicare_number = MedicareNumberField(label=_("Medicare card number"), required=False, help_text=_number_help)
    medicare_irn = _line("medicare_irn", label=_("Number beside the name"), help_text=_irn_help)
    medicare_expires = MonthField(label=_("Valid to"), required=False, help_text=_("Month and year, such as 04/2029."))
    medicare_name = _line(
        "medicare_name", label=_("Name on the card"), help_text=_("If the card spells it differently.")
    )

    def clean_medicare_irn(self) -> str:
        irn: str = self.cleaned_data["medicare_irn"]
        if irn:
            validate_irn(irn)
        return irn


class _OtherPeopleFields(forms.Form):
    emergency_name = _line("emergency_name", label=_("Emergency contact's name"))
    emergency_relationship = _line("emergency_relationship", label=_("Relationship"), help_text=_("Such as partner."))
    emergency_phone = PhoneField(label=_("Emergency contact's phone"), required=False)
    gp_name = _line("gp_name", label=_("GP's name"))
    gp_practice = _line("gp_practice", label=_("Practice"))
    gp_phone = PhoneField(label=_("Practice's phone"), required=False)


_MEDICARE = ["medicare_number", "medicare_irn", "medicare_expires", "medicare_name"]
_CONTACT = ["phone", "email", "language", "street", "suburb", "state", "postcode"]
_EMERGENCY = ["emergency_name", "emergency_relationship", "emergency_phone"]
_GP = ["gp_name", "gp_practice", "gp_phone"]


class PatientForm(PersonForm, _ContactFields, _MedicareFields, _OtherPeopleFields):
    """All that the desk keeps about a person."""

    legal_first_name = _line("legal_first_name", label=_("Legal first name"))
    legal_last_name = _line("legal_last_name", label=_("Legal last name"), help_text=_last_name["help_text"])
    preferred_name = _line("preferred_name", label=_("Preferred first name"), help_text=_("If different."))
    pronouns = _line("pronouns", label=_("Pronouns"))
    date_of_birth = _born()
    desk_note = _line(
        "desk_note",
        label=_("Note for the desk"),
        help_text=_("Practical things only, such as “rings the side door”. Never how somebody is."),
    )

    bulk_billed = forms.BooleanField(
        label=_("Bulk bill"),
        required=False,
        help_text=_("Medicare's benefit is taken as full payment: the patient pays nothing. Asked at each check-out."),
    )

    groups = [
        (_("Who"), ["legal_first_name", "legal_last_name", "preferred_name", "pronouns", "date_of_birth", "desk_note"]),
        (_("Contact"), _CONTACT),
        (_("Medicare"), [*_MEDICARE, "bulk_billed"]),
        (_("In an emergency"), _EMERGENCY),
        (_("GP"), _GP),
    ]
    field_order = [name for _title, names in groups for name in names]


class OwnDetailsForm(PersonForm, _ContactFields, _MedicareFields, _OtherPeopleFields):
    """What a person, or their carer, keeps right: all but legal name and birth date, which the desk checks."""

    preferred_name = _line("preferred_name", **_preferred)
    pronouns = _line("pronouns", label=_("Pronouns"))

    groups = [
        (_("Name"), ["preferred_name", "pronouns"]),
        (_("Contact"), _CONTACT),
        (_("Medicare"), _MEDICARE),
        (_("Whom we call in an emergency"), _EMERGENCY),
        (_("GP"), _GP),
    ]
    field_order = [name for _title, names in groups for name in names]


class BookingDetailsForm(PersonForm):
    """The least that a first booking needs. `carer` is who books for somebody else, whose name is not theirs."""

    def __init__(self, *args: Any, carer: User | None = None, **kwargs: Any) -> None:
        self.carer = carer
        super().__init__(*args, **kwargs)

    legal_first_name = _line("legal_first_name", **_first_name)
    legal_last_name = _line("legal_last_name", **_last_name)
    preferred_name = _line("preferred_name", **_preferred)
    date_of_birth = _born(autocomplete="bday")
    phone = PhoneField(label=_("Phone"), help_text=_("In case something changes on the day."))
    medicare_number = MedicareNumberField(label=_("Medicare card number"), required=False, help_text=_number_help)
    medicare_irn = _line("medicare_irn", label=_("Number beside the name"), help_text=_irn_help)

    groups = [
        (_("Who is coming"), ["legal_first_name", "legal_last_name", "preferred_name", "date_of_birth", "phone"]),
        (_("Medicare, if you have the card at hand"), ["medicare_number", "medicare_irn"]),
    ]

    clean_medicare_irn = _MedicareFields.clean_medicare_irn

    def clean(self) -> dict[str, Any]:
        """The names stand there as the account's, and without script they still do once somebody else is chosen."""
        cleaned = super().clean()
        typed = (cleaned.get("legal_first_name", ""), cleaned.get("legal_last_name", ""))
        own = (self.carer.first_name, self.carer.last_name) if self.carer else ("", "")
        is_own = any(own) and [spellings(part)[0] for part in typed] == [spellings(part)[0] for part in own]
        if is_own and not cleaned.get("preferred_name"):
            words = _(
                "This is your own name. Enter the name of the person who is coming. If it is the same as yours, fill "
                "in their preferred first name too."
            )
            self.add_error("legal_first_name", forms.ValidationError(words, code="carers_name"))
        return cleaned


class ClaimForm(_AsksBirthDate):
    """Whose record somebody asks for, and what proves that they know them."""

    ME, OTHER = "me", "other"
    OTHER_NAME = "other_name"
    needed_where_shown = ("relationship",)

    who = forms.ChoiceField(
        label=_("Whose details are you looking for?"),
        choices=[(ME, _("Mine")), (OTHER, _("Those of a child in my care"))],
        widget=forms.RadioSelect,
        initial=ME,
    )
    # Of a child nobody is the partner.
    relationship = forms.ChoiceField(
        label=_("You are their"),
        choices=[choice for choice in Carer.Relationship.choices if choice[0] != Carer.Relationship.PARTNER],
        required=False,
        initial=Carer.Relationship.PARENT,
    )
    first_name = LineField(
        label=_("First name"),
        max_length=longest(Patient, "legal_first_name"),
        help_text=_("As our front desk wrote it, in the same letters."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    date_of_birth = _born()

    def __init__(self, *args: Any, user: User, has_record: bool, **kwargs: Any) -> None:
        self.user = user
        kwargs["initial"] = {"first_name": "" if has_record else user.first_name}
        super().__init__(*args, **kwargs)
        if has_record:
            who = field_of(self, "who", forms.ChoiceField)
            who.choices, who.initial = [(self.OTHER, _("Those of a child in my care"))], self.OTHER

    def clean(self) -> dict[str, Any]:
        """Says that the account bears another first name before anything is looked up or counted.

        By `signing_in.claim` it would open nothing, and its holder would never know why. It tells only what they know.
        """
        cleaned = super().clean() or {}
        typed = cleaned.get("first_name")
        if (
            typed
            and cleaned.get("who") == self.ME
            and telling_keys(typed).isdisjoint(telling_keys(self.user.first_name))
        ):
            words = _("Your account is in the name %(name)s. As your own it opens only details of the same first name.")
            self.add_error("first_name", forms.ValidationError(words % {"name": self.user.name}, code=self.OTHER_NAME))
        return cleaned

    @property
    def is_of_another_name(self) -> bool:
        """Whether the account's name has to be changed first."""
        return self.has_error("first_name", self.OTHER_NAME)

    @property
    def proof(self) -> dict[str, Any]:
        """What `signing_in.claim` takes, once the form is valid."""
        is_other = self.cleaned_data["who"] == self.OTHER
        relationship = (self.cleaned_data["relationship"] or Carer.Relationship.OTHER.value) if is_other else None
        return {
            "first_name": self.cleaned_data["first_name"],
            "date_of_birth": self.cleaned_data["date_of_birth"],
            "relationship": relationship,
        }


class BornForm(_AsksBirthDate):
    """The one question to whoever opened a link about somebody without an account."""

    date_of_birth = _born()


class CarerForm(forms.Form):
    """Somebody with an account who is to sign in for the patient."""

    email = EmailLineField(
        label=_("E-mail address they sign in with"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    relationship = forms.ChoiceField(label=_("Relationship"), choices=Carer.Relationship.choices)
    is_billed = forms.BooleanField(label=_("Invoices go to this person"), required=False)
    checked = forms.BooleanField(
        label=_("I have checked with the person that this carer may open all of that"),
        error_messages={"required": _("Check it with the person first, or with a parent of a child.")},
    )


class SearchForm(forms.Form):
    """What is typed into a search box."""

    q = SearchWords(label=_("Find a patient"))

    @property
    def text(self) -> str:
        self.full_clean()
        return str(self.cleaned_data["q"])
