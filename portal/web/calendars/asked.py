"""What an address asks a calendar for. Whatever can't be read falls back to the calendar as it begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.appointments.calendars import STATUSES, Only
from portal.clinic.models import Location, Mode, Psychologist
from portal.common.forms.fields import DateField, MarkField
from portal.journeys.choosing import monday_of

DAY, WEEK, MONTH, AGENDA = "day", "week", "month", "agenda"
VIEWS: Mapping[str, Promise] = {DAY: _("Day"), WEEK: _("Week"), MONTH: _("Month"), AGENDA: _("Agenda")}
# A day's columns: who works, or where they sit.
ROOMS = "rooms"


class _Words(forms.Form):
    view = MarkField(required=False, max_length=10)
    day = DateField(picker=True, required=False)
    # As addresses of a week have always been.
    week = DateField(picker=True, required=False)
    psychologist = MarkField(required=False, max_length=80)
    at = MarkField(required=False, max_length=60)
    mode = forms.ChoiceField(choices=Mode.choices, required=False)
    status = forms.ChoiceField(choices=STATUSES, required=False)
    all = MarkField(required=False, max_length=1)
    by = MarkField(required=False, max_length=10)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which days a calendar shows, how, and what it is narrowed to; `usual` is the view that goes without saying."""

    view: str
    day: date
    usual: str
    psychologist: Psychologist | None = None
    location: Location | None = None
    mode: str = ""
    status: str = ""
    # Those too who neither work then nor have a session.
    everybody: bool = False
    # Of a day: a column is a room, not a psychologist.
    by_room: bool = False

    @classmethod
    def read(
        cls,
        data: Mapping[str, Any],
        *,
        usual: str,
        today: date,
        psychologists: Sequence[Psychologist],
        places: Sequence[Location],
    ) -> Asked:
        """Reads an address; people and places that it names are looked for among those given."""
        form = _Words(data)
        form.full_clean()
        said = form.cleaned_data
        day: date | None = said.get("day") or said.get("week")
        view = said.get("view") or (WEEK if said.get("week") else usual)
        return cls(
            view=view if view in VIEWS else usual,
            day=day or today,
            usual=usual,
            psychologist=next((p for p in psychologists if p.slug == said.get("psychologist")), None),
            location=next((place for place in places if place.slug == said.get("at")), None),
            mode=said.get("mode", ""),
            status=said.get("status", ""),
            everybody=said.get("all") == "1",
            by_room=said.get("by") == ROOMS,
        )

    @property
    def only(self) -> Only:
        """What it is narrowed to, as the diary reads it."""
        return Only(location=self.location.pk if self.location else None, mode=self.mode, status=self.status)

    @property
    def narrowed_to(self) -> list[str]:
        """What it is narrowed to, each by its name."""
        said = [one.name for one in (self.psychologist, self.location) if one]
        said += [str(Mode(self.mode).label)] if self.mode else []
        return said + ([str(dict(STATUSES)[self.status])] if self.status else [])

    def query(self, **changes: Any) -> str:
        """The address of the same with something changed, from its question mark on."""
        new = replace(self, **changes)
        said = {
            "view": "" if new.view == new.usual else new.view,
            "day": f"{new.day:%Y-%m-%d}",
            "psychologist": new.psychologist.slug if new.psychologist else "",
            "at": new.location.slug if new.location else "",
            "mode": new.mode,
            "status": new.status,
            "all": "1" if new.everybody else "",
            "by": ROOMS if new.by_room else "",
        }
        return "?" + urlencode({name: word for name, word in said.items() if word})

    # ---- The days ----------------------------------------------------------------------------------------------------

    @property
    def first(self) -> date:
        """The first day shown: of a week its Monday, of a month the Monday of the week that it begins in."""
        if self.view == WEEK:
            return monday_of(self.day)
        return monday_of(self.day.replace(day=1)) if self.view == MONTH else self.day

    @property
    def days(self) -> int:
        """How many days are shown, from `first` on."""
        if self.view == MONTH:
            last = _next_month(self.day) - timedelta(days=1)
            return (monday_of(last) - self.first).days + 7
        return 1 if self.view == DAY else 7

    @property
    def before(self) -> date:
        """A day of what stands before this."""
        return self.day.replace(day=1) - timedelta(days=1) if self.view == MONTH else self.day - self._step

    @property
    def after(self) -> date:
        """A day of what stands after this."""
        return _next_month(self.day) if self.view == MONTH else self.day + self._step

    @property
    def _step(self) -> timedelta:
        return timedelta(days=self.days)

    def shows(self, day: date) -> bool:
        """Whether a day is one of those that are asked for."""
        if self.view == MONTH:
            return (day.year, day.month) == (self.day.year, self.day.month)
        return self.first <= day < self.first + timedelta(days=self.days)


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
