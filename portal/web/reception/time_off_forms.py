"""Who or what is away or closed over some days: one form for a psychologist, a place and the whole clinic."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.appointments.hours import main_zone
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist
from portal.common.forms.fields import DateField, LineField, TimeField, moment
from portal.common.forms.parts import field_of

CLINIC, PLACE, PERSON = "clinic", "place", "person"
LONGEST = timedelta(days=366)


class TimeOffForm(forms.Form):
    """Days, or hours of them, on the clock of the place or of where the psychologist works."""

    whose = forms.ChoiceField(label=_("Who or what"), error_messages={"required": _("Who is away, or what is closed?")})
    first_day = DateField(label=_("From"), picker=True)
    from_time = TimeField(label=_("Start time"), required=False)
    last_day = DateField(label=_("Until"), picker=True, required=False)
    until_time = TimeField(label=_("End time"), required=False, is_end=True)
    modes = forms.TypedMultipleChoiceField(
        label=_("Closed only for"),
        required=False,
        coerce=Mode,
        choices=Mode.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen closes every way of meeting. “In person” closes the rooms, and video goes on."),
    )
    label = LineField(
        label=_("Shown in the diary as"),
        max_length=60,
        help_text=_("Everybody who works here reads it: “Leave”, “Christmas break”, “Painters”."),
        error_messages={"required": _("What is it called in the diary?")},
    )

    def __init__(self, *args: Any, clinic: ClinicSettings, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.clinic, self.now = clinic, now
        self.places = {place.slug: place for place in kept.places().values() if place.is_active}
        self.people = {p.slug: p for p in kept.psychologists().values() if not p.has_left}
        field_of(self, "whose", forms.ChoiceField).choices = [
            ("", _("Choose")),
            (CLINIC, _("The whole clinic is closed")),
            (_("A place is closed"), [(f"{PLACE}:{slug}", place.name) for slug, place in self.places.items()]),
            (_("A psychologist is away"), [(f"{PERSON}:{slug}", p.name) for slug, p in self.people.items()]),
        ]

    def _chosen(self, kind: str, among: Mapping[str, Any]) -> Any:
        what, _colon, slug = str(self.cleaned_data.get("whose") or "").partition(":")
        return among.get(slug) if what == kind else None

    @property
    def psychologist(self) -> Psychologist | None:
        """Who is away; none where a place or the clinic is closed."""
        person: Psychologist | None = self._chosen(PERSON, self.people)
        return person

    @property
    def location(self) -> Location | None:
        """What is closed; none of the whole clinic."""
        place: Location | None = self._chosen(PLACE, self.places)
        return place

    @property
    def zone(self) -> ZoneInfo:
        """The clock that its days and times are on; of the whole clinic, the one it is judged by."""
        if self.location:
            return self.location.zone
        return main_zone(self.psychologist.pk, clinic=self.clinic) if self.psychologist else self.clinic.zone

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first: date | None = data.get("first_day")
        if not first or self.errors:
            return data
        last: date = data.get("last_day") or first
        if self.psychologist and data.get("modes"):
            # Somebody who is away is met in no way; hours for one way alone are weekly hours.
            words = _("This is for a place or the clinic. Who is away can't be met in any way.")
            self.add_error("modes", ValidationError(words, code="away"))
        begins, until = data.get("from_time"), data.get("until_time")
        # No time is the end of that day, as 24:00 is; a picker has only 00:00, which begins a later day.
        is_whole = until is None or until.fold or (until == time() and last == first)
        if until == time() and not is_whole:
            last, is_whole = last - timedelta(days=1), True
        start = self._moment("from_time", first, begins or time())
        last_date = last + timedelta(days=is_whole)
        end = self._moment("until_time", last_date, time() if is_whole or until is None else until)
        if start and end:
            self._check_order(start, end, name="last_day" if last < first else "until_time")
        data |= {
            "starts_at": start,
            "ends_at": end,
            "last_day": last,
            "until_time": None if is_whole else until,
            "from_time": begins if begins != time() else None,
        }
        return data

    def _check_order(self, start: datetime, end: datetime, *, name: str) -> None:
        if end <= start:
            self.add_error(name, ValidationError(_("This is before it starts."), code="order"))
        elif end <= self.now.astimezone(UTC):
            self.add_error("first_day", ValidationError(_("This time is over. Check the date."), code="past"))
        elif end - start > LONGEST:
            self.add_error("last_day", ValidationError(_("That is more than a year. Check the dates."), code="long"))

    def _moment(self, name: str, day: date, at: time) -> datetime | None:
        try:
            return moment(day, at, self.zone)
        except ValidationError as skipped:
            self.add_error(name, skipped)
            return None
