"""What is sent about hours: a week of windows, and a dated exception."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from itertools import count, zip_longest
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.appointments.actions import Shift
from portal.appointments.models import TimeSlot, WorkingHours
from portal.appointments.models.hours import Weekday
from portal.clinic.models import Location, Mode, Psychologist
from portal.common.forms.fields import DateField, LineField, TimeField
from portal.common.forms.parts import field_of
from portal.common.forms.raw import Said, hidden, read, several, written
from portal.common.forms.shown import SHOWN, TAKEN, Conflict
from portal.common.languages.punctuation import listed
from portal.common.languages.times import day_short
from portal.web.hours.stretches import StretchForm


class ShiftForm(forms.Form):
    """One window of a week. All of it empty is no window."""

    weekday = forms.TypedChoiceField(label=_("Day"), choices=Weekday.choices, coerce=int, widget=forms.HiddenInput)
    starts = TimeField(label=_("From"), required=False)
    ends = TimeField(label=_("Until"), required=False, is_end=True)
    location = forms.TypedChoiceField(label=_("Where"), required=False, empty_value=None)
    modes = forms.TypedMultipleChoiceField(
        label=_("Only for"), required=False, coerce=Mode, choices=Mode.choices, widget=forms.CheckboxSelectMultiple
    )
    valid_from = DateField(label=_("First day"), picker=True, required=False)
    valid_until = DateField(label=_("Last day"), picker=True, required=False)
    remove = forms.BooleanField(label=_("Remove"), required=False)

    def __init__(
        self, *args: Any, locations: Sequence[Location], ways: Sequence[Mode], usual: int | None = None, **kwargs: Any
    ) -> None:
        """`ways` are those that may be named. `usual` is the id of the place that is suggested; without one, and with
        several, none is chosen silently."""
        super().__init__(*args, **kwargs)
        self.ways = ways
        field_of(self, "modes", forms.TypedMultipleChoiceField).choices = [(way, way.label) for way in ways]
        by_id = {str(place.pk): place for place in locations}
        where = field_of(self, "location", forms.TypedChoiceField)
        where.choices = [(pk, place.name) for pk, place in by_id.items()]
        where.coerce = by_id.__getitem__
        where.initial = locations[0].pk if len(locations) == 1 else usual
        if where.initial is None:
            where.choices = [("", _("Choose where")), *where.choices]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("remove"):
            self.errors.clear()
        if data.get("remove") or not self.is_filled:
            return data
        for name, words in (("starts", _("From when?")), ("ends", _("Until when?"))):
            if not data.get(name) and name not in self.errors:
                self.add_error(name, ValidationError(words, code="required"))
        if not data.get("location") and "location" not in self.errors:
            self.add_error("location", ValidationError(_("Where?"), code="required"))
        starts, ends = data.get("starts"), data.get("ends")
        if starts is not None and ends is not None and time(0) != ends <= starts:
            self.add_error("ends", ValidationError(_("This is before the time it starts."), code="order"))
        first, last = data.get("valid_from"), data.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", ValidationError(_("This is before the first day."), code="order"))
        return data

    @property
    def is_filled(self) -> bool:
        """Whether somebody typed a time: the place alone is only the row's own suggestion."""
        return any(str(self.data.get(self.add_prefix(name)) or "").strip() for name in ("starts", "ends"))

    @property
    def shift(self) -> Shift | None:
        data = self.cleaned_data
        if data.get("remove") or not self.is_filled:
            return None
        modes = frozenset(data["modes"])
        # Every way there is needs no naming, and one that is added later is for these hours too.
        return Shift(
            data["weekday"],
            data["starts"],
            data["ends"],
            data["location"],
            frozenset() if modes == frozenset(self.ways) else modes,
            data["valid_from"],
            data["valid_until"],
        )

    @property
    def terms(self) -> str:
        """What is said of it, in words: `Video only, from Mon 1 Feb 2027`; empty for always, every way."""
        typed = [str(way) for way in self["modes"].value() or []]
        ways = [way.label for way in Mode if way.value in typed]
        first, last = (_as_day(self[name].value()) for name in ("valid_from", "valid_until"))
        return terms_in_words(ways, first, last)


class CopyForm(forms.Form):
    """Which day's hours are to be copied, and to which other days; a page that names none copies nothing."""

    copy = forms.TypedChoiceField(choices=Weekday.choices, coerce=int)
    to = forms.TypedMultipleChoiceField(choices=Weekday.choices, coerce=int)

    @classmethod
    def read(cls, data: QueryDict) -> tuple[int, list[int]] | None:
        """The day and the other days; None where that is not what was pressed."""
        if "copy" not in data:
            return None
        form = cls({"copy": data["copy"], "to": data.getlist(f"copy-{data['copy']}")})
        if not form.is_valid():
            return 0, []
        day: int = form.cleaned_data["copy"]
        return day, [other for other in form.cleaned_data["to"] if other != day]


class WeekForm:
    """The whole week: the windows there are, and an empty row for each day.

    A day is what two pages can quarrel about (portal/common/forms/shown.py): one that this page left alone is as it is
    stored, one that both changed to something else stands in `conflicts` by its number.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        hours: Sequence[WorkingHours],
        locations: Sequence[Location],
        psychologist: Psychologist,
        rows: int = 60,
    ) -> None:
        self.locations, self.conflicts = {str(place.pk): place for place in locations}, dict[int, Conflict]()
        self.psychologist = psychologist
        named = {mode for row in hours for mode in row.modes}
        # What they offer no more can be named no more, but by the hours that name it already.
        self.ways = [mode for mode in Mode if mode in named or mode in psychologist.modes]
        self.stored = {str(day.value): sorted(_window(h) for h in hours if h.weekday == day) for day in Weekday}
        if data is None:
            initial = [
                {
                    "weekday": h.weekday,
                    "starts": h.starts,
                    "ends": h.ends,
                    "location": h.location_id,
                    "modes": h.modes,
                    "valid_from": h.valid_from,
                    "valid_until": h.valid_until,
                }
                for h in hours
            ]
            initial += [{"weekday": day} for day in range(7)]
            usual = usual_place(hours)
            self.forms = [
                ShiftForm(initial=row, prefix=f"h{n}", locations=locations, ways=self.ways, usual=usual)
                for n, row in enumerate(initial)
            ]
        else:
            self.forms = [
                ShiftForm(data, prefix=f"h{n}", locations=locations, ways=self.ways)
                for n in range(rows)
                if f"h{n}-weekday" in data
            ]
            self._merge(read(data.get(SHOWN)), several(data, TAKEN))

    @property
    def shown(self) -> SafeString:
        """The hidden field that says what the page shows."""
        return hidden(SHOWN, written(self.stored))

    def _merge(self, shown: Said, taken: Sequence[str]) -> None:
        for key, stored in self.stored.items():
            day, base = int(key), shown.get(key)
            mine = base if key in taken and base is not None else self._typed(day)
            if base is not None and mine == base:
                if key in taken or mine != stored:
                    self._put(day, stored)
            elif mine != stored and base != stored:
                self.conflicts[day] = Conflict(theirs=self._in_words(stored), mine=self._in_words(self._typed(day)))

    def _of(self, day: int) -> list[ShiftForm]:
        return [form for form in self.forms if str(form["weekday"].value()) == str(day)]

    def _typed(self, day: int) -> list[str]:
        """The day's windows as they were typed, also those that can't be."""
        windows = []
        for form in self._of(day):
            if form.is_valid() and form.shift is None:
                continue
            if form.is_valid() and form.shift:
                windows.append(_window(form.shift))
            else:
                typed = (form[name].value() or "" for name in _PARTS)
                said = (",".join(map(str, one)) if isinstance(one, list | tuple) else str(one) for one in typed)
                windows.append("|".join(part.replace("|", " ") for part in said))
        return sorted(windows)

    def copy(self, day: int, to: Iterable[int]) -> None:
        """Puts the windows of one day, as they were typed, in the place of those of other days; nothing is saved."""
        windows = self._typed(day)
        for other in to:
            self._put(other, windows)

    def _put(self, day: int, windows: Sequence[str]) -> None:
        """Makes these windows the rows of the day, with an empty one behind them."""
        rows = self._of(day)
        self.forms = [form for form in self.forms if form not in rows]
        used = {form.prefix for form in self.forms}
        free = (prefix for n in count() if (prefix := f"h{n}") not in used)
        for window in [*windows, ""]:
            prefix = next(free)
            said: dict[str, Any] = {"weekday": day, **_parts_of(window)}
            said["modes"] = [way for way in said["modes"].split(",") if way]
            row = {f"{prefix}-{name}": value for name, value in said.items()}
            places = list(self.locations.values())
            self.forms.append(ShiftForm(row, prefix=prefix, locations=places, ways=self.ways))

    def _in_words(self, windows: Sequence[str]) -> str:
        """A line for each window: `09:00 – 12:00, Brunswick, Video only`."""
        lines = []
        for window in windows:
            said = _parts_of(window)
            where = self.locations.get(said["location"]) if len(self.locations) > 1 else None
            named = said["modes"].split(",")
            ways = [way.label for way in Mode if way.value in named]
            terms = terms_in_words(ways, _as_day(said["valid_from"]), _as_day(said["valid_until"]))
            times = f"{said['starts']} – {said['ends']}"
            lines.append(", ".join(part for part in (times, where.name if where else "", terms) if part))
        return "\n".join(lines) or gettext("Not working")

    def is_valid(self) -> bool:
        valid = [form for form in self.forms if form.is_valid()]
        fine = len(valid) == len(self.forms) and not self.conflicts
        taken = sorted(
            ((f.shift, f) for f in valid if f.shift),
            key=lambda pair: (pair[0].weekday, pair[0].starts, pair[0].validity),
        )
        for at, (shift, form) in enumerate(taken):
            if any(shift.overlaps(earlier) for earlier, _form in taken[:at]):
                form.add_error(
                    "starts", ValidationError(_("This overlaps other hours of the same day."), code="overlap")
                )
                fine = False
        return fine

    @property
    def shifts(self) -> list[Shift]:
        return [form.shift for form in self.forms if form.shift]

    @property
    def is_bound(self) -> bool:
        """Whether it holds what somebody typed."""
        return any(form.is_bound for form in self.forms)

    @property
    def filled(self) -> int:
        """How many windows somebody typed and has not ticked to be removed."""
        return sum(form.is_filled and not form["remove"].value() for form in self.forms)

    @property
    def readable(self) -> list[WorkingHours]:
        """The windows that can be read already, as rows that are not stored: what a picture shows of half a form."""
        shifts = [form.shift for form in self.forms if form.is_valid()]
        return [shift.as_row(self.psychologist) for shift in shifts if shift]

    def days(self) -> Iterator[tuple[int, Any, list[ShiftForm], ShiftForm | None]]:
        """Each weekday's number and name, its windows, and the row to add one, where that is still empty."""
        for day in Weekday:
            rows = [form for form in self.forms if str(form["weekday"].value()) == str(day.value)]
            empty = rows.pop() if rows and not rows[-1]["starts"].value() and not rows[-1]["ends"].value() else None
            yield day.value, day.label, rows, empty


def usual_place(hours: Sequence[WorkingHours]) -> int | None:
    """The id of the place where most of the week is worked; none of an empty week."""
    worked: dict[int, int] = {}
    for window in hours:
        worked[window.location_id] = worked.get(window.location_id, 0) + window.minutes
    return max(worked, key=worked.__getitem__) if worked else None


# What a page carries of a window of one day, in this order.
_PARTS = ("starts", "ends", "location", "modes", "valid_from", "valid_until")


def _window(hours: WorkingHours | Shift) -> str:
    """A window of one day as a page carries it."""
    ways = ",".join(mode.value for mode in Mode if mode in hours.modes)
    first, last = (day.isoformat() if day else "" for day in (hours.valid_from, hours.valid_until))
    return f"{hours.starts:%H:%M}|{hours.ends:%H:%M}|{hours.location.pk}|{ways}|{first}|{last}"


def _parts_of(window: str) -> dict[str, str]:
    """The same taken apart; what isn't there is empty."""
    return dict(zip_longest(_PARTS, window.split("|")[: len(_PARTS)], fillvalue=""))


def _as_day(value: Any) -> date | None:
    """A day as a form holds or sends it; none where that is no day."""
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        return None


def terms_in_words(ways: Sequence[object], first: date | None, last: date | None) -> str:
    """`Video only, from Mon 1 Feb 2027`; empty where it is always, in every way."""
    said = [gettext("%(ways)s only") % {"ways": listed(str(way) for way in ways)}] if ways else []
    if first and last:
        said.append(gettext("%(first)s – %(last)s") % {"first": day_short(first), "last": day_short(last)})
    elif first:
        said.append(gettext("from %(day)s") % {"day": day_short(first)})
    elif last:
        said.append(gettext("until %(day)s") % {"day": day_short(last)})
    return ", ".join(said)


class SlotForm(StretchForm):
    """A dated exception. Days and times are on the wall clock of the place; being away, on one's own."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=[(TimeSlot.Kind.BLOCKED, _("Away")), (TimeSlot.Kind.EXTRA, _("Extra hours"))],
        initial=TimeSlot.Kind.BLOCKED,
        widget=forms.RadioSelect,
    )
    location = forms.ModelChoiceField(
        label=_("Where (extra hours)"), queryset=Location.objects.none(), required=False, empty_label=_("Choose")
    )
    label = LineField(
        label=_("Shown in the diary as"),
        max_length=60,
        required=False,
        help_text=_("Reception sees this. “Leave” or “Supervision” says enough."),
    )

    field_order = ("kind", "first_day", "from_time", "last_day", "until_time", "location", "label")

    def __init__(self, *args: Any, zone: ZoneInfo, now: datetime, is_own: bool, **kwargs: Any) -> None:
        super().__init__(*args, now=now, **kwargs)
        self.zone = zone
        if is_own:
            kinds = [(TimeSlot.Kind.BLOCKED, _("I'm away")), (TimeSlot.Kind.EXTRA, _("I work extra hours"))]
            field_of(self, "kind", forms.ChoiceField).choices = kinds
        field_of(self, "location", forms.ModelChoiceField).queryset = Location.objects.filter(is_active=True)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        is_extra = data["kind"] == TimeSlot.Kind.EXTRA
        if is_extra:
            for name, words in (
                ("from_time", _("From what time?")),
                ("until_time", _("Until what time?")),
                ("location", _("At which place?")),
            ):
                if not data.get(name):
                    self.add_error(name, ValidationError(words, code="required"))
            if self.errors:
                return data
        if stretch := self.stretch_in(data["location"].zone if is_extra else self.zone, a_day_at_most=is_extra):
            data |= {"starts_at": stretch.starts_at, "ends_at": stretch.ends_at}
        return data
