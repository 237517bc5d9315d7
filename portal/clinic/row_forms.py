"""Forms of the clinic's rows: our own fields for their columns, and what every form on a row shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypedDict, TypeVar
from zoneinfo import available_timezones

from django import forms
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from portal.clinic.validators import clean_abn, postcode_fits_state
from portal.common.database.columns import limit_of, longest
from portal.common.database.phone_numbers import PhoneNumberField
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
    TimeField,
    WholeNumberField,
    WithWarnings,
    state_choices,
)
from portal.common.forms.shown import MergesChanges
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
    if column.name in {"ahpra_number", "referrer_provider_number", "provider_number"}:
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
        case models.TimeField():
            return TimeField(required=not column.blank, **common)
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
