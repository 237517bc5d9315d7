"""The forms and the table of the files that the clinic offers."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import django_tables2 as tables
from django import forms
from django.db.models import Q
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from portal.common.documents import DocumentField
from portal.common.forms.fields import LineField, TextField, WholeNumberField
from portal.common.forms.parts import field_of
from portal.common.forms.shown import MergesChanges
from portal.common.web.addresses import each
from portal.common.web.stencils import Stencil
from portal.common.web.tables import ListTable, Row
from portal.resources.actions.files import ABOUT
from portal.resources.models import Audience, Category, Resource
from portal.resources.models.posts import languages

NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class FileForm(MergesChanges):
    """What is said of a file; with `instance`, of one that stands on the shelf."""

    title = LineField(label=_("Title"), max_length=120)
    description = TextField(
        label=_("What it is for"),
        help_text=_("One or two plain sentences. They stand below the title."),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    category = forms.ModelChoiceField(label=_("Category"), queryset=Category.objects.none(), empty_label=_("Choose"))
    audience = forms.ChoiceField(
        label=_("Who may have it"), choices=Audience.choices, widget=forms.RadioSelect, initial=Audience.PUBLIC
    )
    language = forms.ChoiceField(label=_("Language it is written in"), choices=languages, initial="en-au")
    position = WholeNumberField(
        label=_("Place in its category"),
        help_text=_("Smaller numbers come first."),
        min_value=0,
        max_value=9999,
        initial=0,
    )
    slug = LineField(
        label=_("Address on the website"),
        help_text=_("The old address goes on leading here."),
        max_length=80,
    )
    file = DocumentField(label=_("File"))

    def __init__(self, *args: Any, instance: Resource | None = None, **kwargs: Any) -> None:
        self.instance = instance
        if instance is not None:
            kwargs["initial"] = {name: getattr(instance, name) for name in (*ABOUT, "slug")}
        super().__init__(*args, **kwargs)
        # One that was put away keeps the files that it has.
        offered = Q(is_active=True) | Q(pk=instance.category_id if instance else None)
        field_of(self, "category", forms.ModelChoiceField).queryset = Category.objects.filter(offered)
        del self.fields["slug" if instance is None else "file"]

    @property
    def is_edit(self) -> bool:
        return self.instance is not None

    def form_now(self) -> Self:
        """The form on the file as it is now, locked."""
        pk = self.instance.pk if self.instance else 0
        return type(self)(instance=Resource.objects.select_for_update(of=("self",)).library().filter(pk=pk).first())

    @property
    def values(self) -> dict[str, Any]:
        """What the actions take."""
        return {name: self.cleaned_data[name] for name in ABOUT}


class ReplaceForm(forms.Form):
    file = DocumentField(label=_("Another file"))


class FileTable(ListTable[Any]):
    """Of the shelf `with_counts`; bars are measured by the highest count on the page."""

    title = tables.Column(verbose_name=_("File"))
    category = tables.Column(accessor="category__name", verbose_name=_("Category"))
    audience = tables.Column(verbose_name=_("Who may have it"))
    opened_lately = tables.Column(verbose_name=_("Opened, last 30 days"), attrs=NUMBER)
    opened = tables.Column(verbose_name=_("Ever"), attrs=NUMBER)

    caption = _("Files")
    empty_title = _("No files yet")
    empty_text = _("Add a worksheet, a guide or a recording, and choose who may have it.")

    stencil = Stencil("manager/_download_row.html", holes="page title kind size category lately bar opened")

    class Meta:
        model = Resource
        fields = ("title", "category", "audience", "opened_lately", "opened")

    @cached_property
    def most(self) -> int:
        return max((row.record.opened_lately for row in self.paginated_rows), default=0)

    def row(self, record: Any) -> Row:
        bar = round(100 * record.opened_lately / self.most) if self.most else 0
        return (
            {"active": record.is_active, "audience": record.audience, "has_bar": bool(bar)},
            (
                each("manager:download")(record.code),
                record.title,
                record.current.what.label,
                filesizeformat(record.current.size),
                record.category.name,
                record.opened_lately,
                bar,
                record.opened,
            ),
        )
