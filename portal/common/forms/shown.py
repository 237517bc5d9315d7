"""Forms that edit what somebody else may change meanwhile: in another tab, at another desk.

A page carries, hidden in its form, what it showed: each field's value as a browser would send it back untouched. With
that, what was typed and what is stored by now, each field is one of three cases. Not changed on this page: what is
stored stays, and the form is judged with it. Changed on this page alone, or to the same on both sides: it is saved.
Changed on both sides to different things: nothing is saved, both values are shown beside the field, and the page that
comes back carries what is stored now, so that sending it again is a decision, and a third change is told as well.
Fields that belong `together` are one case: the lines of an address, a bank account, a price and its tax.

The values themselves are carried, not digests: a field reads both as it reads what is typed (`0400 000 000` is as good
as `0400000000`), and they stand on the page anyway. Nor are they signed: who forges them may write these fields in any
case, and overwrites or refuses themself what they could have typed. A page that says nothing of a field, of before this
was built or made by hand, is asked about it wherever it differs from what is stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, Self

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from portal.common.forms.raw import Raw, Said, alike, hidden, in_words, put, raw_of, read, several, without, written

SHOWN, TAKEN = "shown", "theirs"
# The lines of an address, which are one thing wherever they are asked for.
ADDRESS = ("street", "suburb", "state", "postcode")


class Action(Protocol):
    """Saves what was changed; everything else that it needs is given to it before."""

    def __call__(self, *, values: dict[str, Any]) -> object: ...


class Conflict(NamedTuple):
    """A field that was changed on both sides: what was saved meanwhile and what was typed here, in words."""

    theirs: str
    mine: str
    # The labels of all that the box beside it takes; empty where it is this field alone.
    along: str = ""
    has_box: bool = True


class _Sides(NamedTuple):
    """One field: what was sent, None where nothing was; what the page showed, None where it did not say; and now."""

    mine: Raw | None
    base: Raw | None
    stored: Raw


class MergesChanges(forms.Form):
    """Keeps what others saved since the page was drawn, and asks where both changed the same field.

    `changed_here` names the fields that this page changed; `changes` holds their values, for the action. The page draws
    `{{ form.shown }}` inside its form. `form_now` locks what is stored and gives the same form on it.
    """

    conflicts: dict[str, Conflict]
    # Names of fields that say something only with each other, such as a BSB and an account number: where each side
    # changed some of them, a value of either would make a pair that nobody typed.
    together: Sequence[tuple[str, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conflicts = {}
        self.changed_here: set[str] = set()
        self._sent, self._sent_files = self.data, self.files
        self._stored: dict[str, Raw] | None = None
        # In place of what is stored, for a page that is drawn again before anything was judged.
        self.mark: str | None = None

    # ---- What each form says of itself -------------------------------------------------------------------------------

    @property
    def is_edit(self) -> bool:
        """Whether something is stored that could be undone."""
        return True

    def form_now(self) -> Self:
        """The same form, with nothing sent, on what is stored now, which is locked until the transaction ends."""
        raise NotImplementedError

    def raw(self, name: str, value: Any) -> Raw:
        """What the field shows of this value, as it is sent back untouched; of a file, its name."""
        return raw_of(self.fields[name], value)

    def sent(self, name: str) -> Raw | None:
        """What was sent of the field; None where that is nothing at all. Of a file, True where something was done."""
        field, key = self.fields[name], self.add_prefix(name)
        value = field.widget.value_from_datadict(self._sent, self._sent_files, key)
        if isinstance(field, forms.FileField):
            return None if value is None else True
        if field.widget.value_omitted_from_data(self._sent, self._sent_files, key):
            return None
        if isinstance(value, bool):
            return value
        if isinstance(value, list | tuple) or getattr(field.widget, "allow_multiple_selected", False):
            return [str(one) for one in value or []]
        return "" if value is None else str(value)

    def is_stored(self, name: str, mine: Raw, stored: Raw) -> bool:
        """Whether what was sent is what is stored already. Of a file, whether the one that was sent is."""
        return alike(self.fields[name], mine, stored)

    def in_words(self, name: str, value: Raw) -> str:
        """A value of the field for a person."""
        return in_words(self.fields[name], value)

    @property
    def values(self) -> dict[str, Any]:
        """What the action takes; only of a valid form."""
        return dict(self.cleaned_data)

    # ---- The page ----------------------------------------------------------------------------------------------------

    @property
    def shown(self) -> SafeString:
        """The hidden field that says what the page shows; nothing where nothing is stored yet."""
        if not self.is_edit:
            return SafeString()
        return hidden(self.add_prefix(SHOWN), self.mark or written(self.stored))

    @property
    def stored(self) -> Said:
        """What the fields show of what is stored, as far as this form knows."""
        if self._stored is None:
            self._stored = {
                name: self.raw(name, self.get_initial_for_field(field, name)) for name, field in self.fields.items()
            }
        return self._stored

    # ---- What was sent -----------------------------------------------------------------------------------------------

    @property
    def changes(self) -> dict[str, Any]:
        """The values of the fields that this page changed; only of a valid form."""
        return {name: value for name, value in self.values.items() if name in self.changed_here}

    def full_clean(self) -> None:
        """Judges what would be stored: what was typed, and elsewhere what others saved."""
        if self.is_bound and self.is_edit:
            self._merge()
        super().full_clean()
        for name in list(self.conflicts):
            if self._is_the_same_file(name):
                del self.conflicts[name]
                continue
            self.add_error(name, ValidationError(changed_meanwhile(), code="changed"))

    def saves(self, action: Action) -> bool:
        """Does the action with the changes of a valid form; False, with errors, if somebody else was faster."""
        with transaction.atomic():
            if not self.still_stands():
                return False
            action(values=self.changes)
        return True

    def still_stands(self) -> bool:
        """Looks once more, when nobody else can save: the first statement of the transaction that saves.

        False means that there are errors.
        """
        if not self.is_edit:
            return self.is_valid()
        fresh = self.form_now()
        if fresh.stored == self.stored:
            return self.is_valid()
        self._begin_at(fresh)
        for remembered in ("changed_data", "_warnings"):
            self.__dict__.pop(remembered, None)
        self.full_clean()
        return self.is_valid()

    def is_as_shown(self) -> bool:
        """Whether the page that was sent showed what is stored now, which is locked.

        Asked, in its transaction, by a step that throws away what is stored; a page that says nothing showed something
        else.
        """
        return read(self._sent.get(self.add_prefix(SHOWN))) == dict(self.form_now().stored)

    def _begin_at(self, fresh: Self) -> None:
        """Takes over what is stored now."""
        self.initial = {name: fresh.get_initial_for_field(fresh.fields[name], name) for name in fresh.stored}
        self._stored = None

    def _merge(self) -> None:
        self.conflicts, self.changed_here = {}, set()
        self.data, self.files = self._sent, self._sent_files
        shown = read(self._sent.get(self.add_prefix(SHOWN)))
        taken = several(self._sent, self.add_prefix(TAKEN))
        for names in self._parts():
            sides = {name: self._sides(name, shown) for name in names}
            self._merge_part(sides, is_taken=any(name in taken and sides[name].base is not None for name in names))
        self.__dict__["_bound_fields_cache"].clear()

    def _parts(self) -> list[list[str]]:
        """Fields that stand or fall together, and every other one by itself, in the order of the page."""
        whole = {name: names for names in self.together for name in names}
        parts = {whole.get(name, (name,)): None for name in self.stored}
        return [[name for name in names if name in self.stored] for names in parts]

    def _sides(self, name: str, shown: Said) -> _Sides:
        stored, base = self.stored[name], shown.get(name)
        return _Sides(self.sent(name), base if type(base) is type(stored) else None, stored)

    def _merge_part(self, sides: Mapping[str, _Sides], *, is_taken: bool) -> None:
        """Settles what belongs together: one side's values are taken as a whole, never some of either."""
        differs = {
            name
            for name, (mine, _base, stored) in sides.items()
            if mine is not None and not self.is_stored(name, mine, stored)
        }
        here = {
            name for name, (mine, base, _stored) in sides.items() if mine is not None and self._moved(name, base, mine)
        }
        there = {name for name, (_mine, base, stored) in sides.items() if self._moved(name, base, stored)}
        if is_taken or not here & differs:
            for name in sides.keys() - (set() if is_taken else here):
                self._put(name, sides[name].stored)
            return
        if there & differs:
            self.changed_here |= differs
            asked = [name for name in sides if name in differs]
            along = ", ".join(str(self.fields[name].label) for name in asked) if len(asked) > 1 else ""
            for name in asked:
                mine, _base, stored = sides[name]
                words = self.in_words(name, stored), self.in_words(name, mine if mine is not None else "")
                self.conflicts[name] = Conflict(*words, along, has_box=name == asked[0])
            return
        self.changed_here |= here & differs
        for name in sides.keys() - here:
            self._put(name, sides[name].stored)

    def _moved(self, name: str, base: Raw | None, now: Raw) -> bool:
        """Whether a value is another one than the page showed; of what it said nothing, it may be."""
        return base is None or not alike(self.fields[name], base, now)

    def _put(self, name: str, value: Raw) -> None:
        """Writes what is stored in the place of what was sent."""
        key = self.add_prefix(name)
        if isinstance(self.fields[name], forms.FileField):
            if self.sent(name) is not None:
                self.files = {one: file for one, file in self.files.items() if one != key}  # type: ignore[assignment]
                self.data = without(self.data, key, f"{key}-clear", f"{key}-waiting")
        elif self.sent(name) != value:
            self.data = put(self.data, key, value)

    def _is_the_same_file(self, name: str) -> bool:
        """Whether two presses of one button sent one file."""
        if not isinstance(self.fields[name], forms.FileField) or name in self.errors or self.sent(name) is None:
            return False
        sent, kept = self.cleaned_data.get(name), self.stored_file(name)
        if isinstance(sent, FieldFile):
            return True
        if not kept or not isinstance(sent, File):
            return sent is False and not kept
        sent.seek(0)
        try:
            with kept.storage.open(str(kept.name)) as file:
                same = bool(file.read() == sent.read())
        except OSError:
            return False
        sent.seek(0)
        return same

    def stored_file(self, name: str) -> Any:
        """The file that the field holds now."""
        return self.get_initial_for_field(self.fields[name], name)


def changed_meanwhile() -> str:
    """Beside a field that both sides changed."""
    return gettext("This was changed meanwhile, in another tab or by somebody else. Save again to keep yours.")
