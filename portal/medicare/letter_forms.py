"""What is asked about a letter itself: its file, what it says, and how the referrer was asked for more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.common.documents import CleanFile, DocumentField, Kind
from portal.common.media.uploads import MB
from portal.medicare.contents import needed
from portal.medicare.models import LetterCheck, Referral, ReferralLetter

LETTER_BYTES = 10 * MB
TAKEN = (Kind.PDF, Kind.JPEG, Kind.PNG, Kind.DOCX, Kind.ODT)


class LetterField(DocumentField):
    """A letter as it came: scanned, photographed, or as a document."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_bytes=LETTER_BYTES, help_text=_("PDF, picture or Word, up to 10 MB."), **kwargs)
        self.widget.attrs["accept"] = ",".join([*(f".{kind.value}" for kind in TAKEN), ".jpeg", ".webp"])

    def to_python(self, data: Any) -> CleanFile | None:  # type: ignore[override]
        file = super().to_python(data)
        if file is not None and file.kind not in TAKEN:
            raise ValidationError(_("A letter is a PDF, a picture or a Word document. Choose that."), code="kind")
        return file


class LetterForm(forms.Form):
    """The file of a letter; where one is on file, why it is replaced. `seen` is the code of the one that was shown."""

    file = LetterField(label=_("The letter"))
    why = forms.ChoiceField(label=_("Why is it replaced?"), choices=[("", _("Choose")), *ReferralLetter.Why.choices])
    seen = forms.CharField(required=False, max_length=36, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, files: Any = None, *, there: ReferralLetter | None) -> None:
        super().__init__(data, files, initial={"seen": str(there.code) if there else ""})
        if there is None:
            del self.fields["why"]


class CheckForm(forms.Form):
    """A tick for each thing that this letter has to say. `ticks` is what `letters.check` takes."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, referral: Referral, newest: LetterCheck | None
    ) -> None:
        self.contents = needed(referral)
        names = [content.name for content in self.contents]
        super().__init__(data, initial={name: getattr(newest, name) for name in names} if newest else None)
        for content in self.contents:
            self.fields[content.name] = forms.BooleanField(label=str(content.label), required=False)

    @property
    def ticks(self) -> dict[str, bool]:
        return {content.name: self.cleaned_data[content.name] for content in self.contents}


class AskedForm(forms.Form):
    """How the referrer was asked."""

    how = forms.ChoiceField(label=_("How were they asked?"), choices=LetterCheck.How.choices)


def missing_of(found: LetterCheck) -> Iterator[tuple[Any, str]]:
    """What a check found missing: how it is called here, and how the referrer is asked for it."""
    lacks = set(found.missing)
    return ((content.label, content.asked) for content in needed(found.referral) if content.name in lacks)
