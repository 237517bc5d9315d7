"""Morning, afternoon and evening, by which people say when they can come."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class PartOfDay(TextChoices):
    """A part of the day on the wall clock of the place: the afternoon begins at noon, the evening at five."""

    MORNING = "morning", _("Morning")
    AFTERNOON = "afternoon", _("Afternoon")
    EVENING = "evening", _("Evening")

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> PartOfDay:
        """The part in which a moment falls there."""
        hour = moment.astimezone(zone).hour
        return cls.MORNING if hour < 12 else cls.AFTERNOON if hour < 17 else cls.EVENING

    @property
    def with_hours(self) -> Promise:
        """Its name and from when until when it is, for whoever says when they can come."""
        return _WITH_HOURS[self]


_WITH_HOURS: dict[PartOfDay, Promise] = {
    PartOfDay.MORNING: _("Morning, until 12"),
    PartOfDay.AFTERNOON: _("Afternoon, 12 to 5"),
    PartOfDay.EVENING: _("Evening, from 5"),
}
