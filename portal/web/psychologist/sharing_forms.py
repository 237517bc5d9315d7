from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.common.access.actors import Actor
from portal.common.documents import DocumentField
from portal.common.forms.fields import LineField, TextField
from portal.common.forms.parts import field_of
from portal.patients.models import Patient
from portal.resources.models import Resource, Share
from portal.resources.models.files import MOST_IN_NOTE

NOTE_HELP = _(
    "Only they and those who treat them read it; a child's carers too, an adult's once the patient agreed. It is not in"
    " the e-mail."
)


if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    _Choices = forms.models.ModelChoiceIterator[Resource]
    _ChoiceField = forms.ModelChoiceField[Resource]
else:
    _Choices, _ChoiceField = forms.models.ModelChoiceIterator, forms.ModelChoiceField


def _shelf(one: Resource) -> str:
    return one.category.name if one.category else ""


class _ByCategory(_Choices):
    # The stubs know a flat list alone.
    def __iter__(self) -> Iterator[tuple[Any, StrOrPromise | list[tuple[Any, str]]]]:  # type: ignore[override]
        yield ("", self.field.empty_label or "")
        for shelf, files in groupby(self.queryset, key=_shelf):
            yield (shelf, [self.choice(one) for one in files])


class _ShelfField(_ChoiceField):
    iterator = _ByCategory

    def label_from_instance(self, one: Resource) -> str:
        return f"{one.title} ({one.current.what.label})" if one.current else one.title


class ShareForm(forms.Form):
    """A file of the shelf for one patient; those that they have are not offered."""

    resource = _ShelfField(
        label=_("File"), queryset=Resource.objects.none(), to_field_name="code", empty_label=_("Choose a file")
    )
    note = TextField(
        label=_("A word with it"),
        help_text=NOTE_HELP,
        max_length=MOST_IN_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    code = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, patient: Patient, actor: Actor, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        had = Share.objects.live().filter(patient=patient)
        if sent := self.data.get("code") if self.is_bound else None:
            # The same form sent again still names its file.
            had = had.exclude(code=sent) if _is_uuid(sent) else had
        field_of(self, "resource", _ShelfField).queryset = (
            Resource.objects.visible_to(actor, now=now).library().exclude(pk__in=had.values("resource")).for_listing()
        )


def _is_uuid(text: str) -> bool:
    try:
        forms.UUIDField().clean(text)
    except forms.ValidationError:
        return False
    return True


class OwnFileForm(forms.Form):
    """A file for one patient alone."""

    own_title = LineField(label=_("What it is called"), max_length=120)
    file = DocumentField(label=_("File"))
    own_note = TextField(
        label=_("A word with it"),
        help_text=NOTE_HELP,
        max_length=MOST_IN_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    own_code = forms.UUIDField(widget=forms.HiddenInput)
