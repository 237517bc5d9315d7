"""The clinic's own data as its manager types it. What only looks odd is a warning, and is taken."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypedDict, TypeVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from portal.clinic.models import ClinicSettings, Location, Mode, ProviderNumber, Room, Service
from portal.clinic.validators import clean_abn, postcode_fits_state, provider_number_is_right, validate_provider_number
from portal.common.database.columns import limit_of, longest
from portal.common.database.phone_numbers import PhoneNumberField
from portal.common.forms.asking import AsksOnce
from portal.common.forms.fields import (
    CodeField,
    DateField,
    DigitsField,
    EmailLineField,
    LineField,
    MoneyField,
    PhoneField,
    PostcodeField,
    SlugLineField,
    TextField,
    WholeNumberField,
    WithWarnings,
    state_choices,
)
from portal.common.forms.shown import ADDRESS, MergesChanges
from portal.common.media.uploads import LOGO_BYTES, LOGO_EDGE, PictureField
from portal.common.text.normalise import fold

# Where Australians live, in the words of the tz database; any other zone is accepted when it is typed into settings.
ZONES = [
    ("Australia/Sydney", _("New South Wales, Australian Capital Territory")),
    ("Australia/Melbourne", _("Victoria")),
    ("Australia/Hobart", _("Tasmania")),
    ("Australia/Brisbane", _("Queensland")),
    ("Australia/Adelaide", _("South Australia")),
    ("Australia/Broken_Hill", _("Broken Hill")),
    ("Australia/Darwin", _("Northern Territory")),
    ("Australia/Perth", _("Western Australia")),
    ("Australia/Eucla", _("Eucla")),
    ("Australia/Lord_Howe", _("Lord Howe Island")),
    ("Pacific/Norfolk", _("Norfolk Island")),
    ("Indian/Christmas", _("Christmas Island")),
    ("Indian/Cocos", _("Cocos (Keeling) Islands")),
]


if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A title of the page, and the names of the fields under it.
Group = tuple["StrOrPromise", list[str]]


def names_in(groups: Sequence[Group]) -> list[str]:
    """The names of all fields in the groups, in the order of the page."""
    return [name for _title, names in groups for name in names]


class _Words(TypedDict):
    label: str
    help_text: StrOrPromise


def our_field(column: models.Field[Any, Any], **kwargs: Any) -> forms.Field | None:
    """Our own fields for the model's columns: tidied text, Australian phones, dollars, cleaned pictures."""
    name = str(column.verbose_name)
    common = _Words(label=name[:1].upper() + name[1:], help_text=column.help_text)
    if column.name == "postcode":
        return PostcodeField(required=False, **common)
    if column.name == "state":
        return forms.ChoiceField(choices=state_choices, required=False, **common)
    if column.name == "time_zone":
        return TimeZoneField(**common)
    if column.name == "abn":
        return AbnField(required=False, **common)
    if column.name in {"ahpra_number", "referrer_provider_number"}:
        return CodeField(max_length=2 * limit_of(column), required=False, **common)
    if column.name in {"bank_bsb", "bank_account"}:
        return DigitsField(max_length=limit_of(column), required=False, **common)
    match column:
        case models.ImageField() if column.name == "logo":
            return PictureField(required=False, max_bytes=LOGO_BYTES, max_edge=LOGO_EDGE, **common)
        case models.ImageField():
            return PictureField(required=False, **common)
        case models.EmailField():
            return EmailLineField(required=not column.blank, **common)
        case models.SlugField():
            return SlugLineField(max_length=limit_of(column), required=not column.blank, **common)
        case models.CharField() if column.choices:
            return column.formfield(**kwargs)
        case models.IntegerField() if not column.choices:
            return column.formfield(form_class=WholeNumberField, **kwargs)
        case models.DateField():
            return DateField(picker=True, required=not column.blank, **common)
        case models.DecimalField():
            return MoneyField(required=not column.blank, **common)
        case models.TextField():
            return TextField(max_length=limit_of(column), required=not column.blank, **common)
        case models.ManyToManyField():
            return column.formfield(widget=forms.CheckboxSelectMultiple, **kwargs)
        case PhoneNumberField():
            return PhoneField(required=False, **common)
        case models.CharField():
            return LineField(max_length=limit_of(column), required=not column.blank, **common)
    return column.formfield(**kwargs)


class AbnField(DigitsField):
    """Eleven digits, shown as the register prints them: 51 824 753 556."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)

    def clean(self, value: Any) -> str:
        value = super().clean(value)
        return clean_abn(value) if value else ""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) == 11 and value.isdigit():
            return f"{value[:2]} {value[2:5]} {value[5:8]} {value[8:]}"
        return value


class TimeZoneField(forms.ChoiceField):
    """A zone by its name in the tz database, offered with what the place is called."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[(zone, f"{name} ({zone})") for zone, name in ZONES], **kwargs)

    def valid_value(self, value: str) -> bool:
        """A zone set by other means stays valid; the list is only what is offered."""
        return value in available_timezones()


_TAKEN = {
    "name": _("Another one has this name already. Choose a different one."),
    "slug": _("Another page has this address already. Choose a different one."),
}


Row = TypeVar("Row", bound=models.Model)
if TYPE_CHECKING:
    _ModelForm = forms.ModelForm
else:

    class _ModelForm(forms.ModelForm, Generic[Row]):
        pass


class ClinicForm(MergesChanges, WithWarnings, _ModelForm[Row]):
    """Cleans; the action saves. `values` is what adds a row, `changes` what changes one.

    `groups` names fields in the order of the page: `form.fieldsets` walks them.
    """

    groups: Sequence[Group] = ()

    class Meta:
        formfield_callback = our_field

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django's own sentence names the table and the column.
        for name in _TAKEN.keys() & self.fields.keys():
            self.fields[name].error_messages["unique"] = _TAKEN[name]
        if "position" in self.fields and not self.is_edit:
            # What is new stands behind what people know, until somebody says otherwise.
            self.initial.setdefault("position", _next_position(self._meta.model))

    @property
    def is_edit(self) -> bool:
        """Whether there is a row; the clinic's one row of settings counts before anything was said in it."""
        return self.instance.pk is not None

    def form_now(self) -> Self:
        """The form on the row as it is now, locked."""
        return type(self)(instance=self.locked_row(), **self._made_with())

    def _begin_at(self, fresh: Self) -> None:
        super()._begin_at(fresh)
        self.instance = fresh.instance

    def locked_row(self) -> Row:
        """The row as it is now, locked until the transaction ends."""
        rows = type(self.instance)._default_manager.select_for_update(no_key=True, of=("self",))
        row: Row = rows.get(pk=self.instance.pk)
        return row

    def _made_with(self) -> Mapping[str, Any]:
        """What else the form is made with."""
        return {}

    @property
    def fieldsets(self) -> Iterator[tuple[StrOrPromise, list[forms.BoundField]]]:
        """The title of each group and its bound fields, in the order of the page."""
        for title, names in self.groups:
            yield title, [self[name] for name in names if name in self.fields]

    @property
    def values(self) -> dict[str, Any]:
        """What was typed, by the column it is for; only of a valid form."""
        return {name: self.cleaned_data[name] for name in self.cleaned_data if name in self.fields}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not postcode_fits_state(cleaned.get("postcode", ""), cleaned.get("state", "")):
            self.warn("postcode", _("This postcode is usually in another state. Check it, or leave it if it is right."))
        return cleaned

    def save(self, commit: bool = True) -> NoReturn:
        raise TypeError("Actions save, and write the trail.")

    def _post_clean(self) -> None:
        """Validates against the model without touching what a picture field holds: files are written by the action."""
        pictures = {name: self.cleaned_data.pop(name) for name in list(self.cleaned_data) if self._is_picture(name)}
        super()._post_clean()  # type: ignore[misc]  # a hook of Django's that its stubs leave out
        self.cleaned_data.update(pictures)

    def _is_picture(self, name: str) -> bool:
        return isinstance(self.fields.get(name), PictureField)


def _next_position(model: type[models.Model]) -> int:
    highest = model._default_manager.aggregate(highest=models.Max("position"))["highest"]
    return 0 if highest is None else min(highest + 1, 32767)


_SETTINGS = [
    (_("The clinic"), ["name", "legal_name", "abn", "gst_registered", "logo"]),
    (_("Where and how to reach it"), ["street", "suburb", "state", "postcode", "phone", "email", "time_zone"]),
    (
        _("How people book"),
        [
            "notice_hours",
            "horizon_days",
            "slot_step_minutes",
            "hold_minutes",
            "cancel_hours",
            "late_fee_percent",
            "grace_minutes",
            "max_open_bookings",
        ],
    ),
    (
        _("How it is paid"),
        ["payment_terms_days", "bank_name", "bank_bsb", "bank_account", "invoice_footer"],
    ),
]


class ClinicSettingsForm(ClinicForm[ClinicSettings]):
    """The clinic's name and tax, how people book, and how it is paid."""

    groups = _SETTINGS
    together = (
        ("legal_name", "abn", "gst_registered"),
        ADDRESS,
        ("notice_hours", "horizon_days"),
        ("slot_step_minutes", "hold_minutes"),
        ("cancel_hours", "late_fee_percent", "grace_minutes"),
        ("bank_name", "bank_bsb", "bank_account"),
    )

    class Meta(ClinicForm.Meta):
        model = ClinicSettings
        fields = names_in(_SETTINGS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bank_account"].help_text = _("Unpaid invoices name the new account at once.")

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
        return cleaned

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


class SluggedForm(ClinicForm[Row]):
    """Makes the address on the website from the name, when none is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["slug"].required = False
        self.fields["slug"].help_text = _("Small letters, digits and hyphens. Leave empty to take it from the name.")

    def slug_source(self) -> str:
        """The words that the address is made from where none was typed."""
        return str(self.cleaned_data.get("name", ""))

    def clean_slug(self) -> str:
        """The address that was typed, or a free one made from the words: `sleep`, then `sleep-2`."""
        if slug := self.cleaned_data.get("slug"):
            return str(slug)
        model = type(self.instance)
        stem = slugify(fold(self.slug_source()))[: longest(model, "slug") - 4] or "page"
        taken = set(
            model._default_manager.exclude(pk=self.instance.pk)
            .filter(slug__startswith=stem)
            .values_list("slug", flat=True)
        )
        return next(s for s in [stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))] if s not in taken)


_LOCATION = [
    (_("The place"), ["name", "slug", "street", "suburb", "state", "postcode", "phone", "time_zone"]),
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
    (_("The service"), ["name", "slug", "description", "in_person", "video", "phone"]),
    (_("Time"), ["minutes", "buffer_before", "buffer_after"]),
    (_("Price"), ["fee", "tax_code", "medicare"]),
    (_("Booking"), ["online", "first_visit_only", "position"]),
]


class ServiceForm(AsksOnce, SluggedForm[Service]):
    """A service: how it is given, its minutes, its price and how it is booked.

    A new one begins with nothing ticked: how it is given and whether visitors book it is somebody's word, no default.
    """

    groups = _SERVICE
    together = (("minutes", "buffer_before", "buffer_after"), ("fee", "tax_code", "medicare"))
    one_of = frozenset(Mode.values)

    class Meta(ClinicForm.Meta):
        model = Service
        fields = names_in(_SERVICE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ClinicSettings.current().gst_registered:
            self.fields["tax_code"].help_text = _("The clinic isn't registered for GST, so none is added.")
        if not self.is_edit:
            for name in (*Mode.values, "online", "medicare"):
                self.initial.setdefault(name, False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not any(cleaned.get(mode) for mode in ("in_person", "video", "phone")):
            self.add_error("in_person", ValidationError(_("Choose at least one way it is given."), code="mode"))
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
