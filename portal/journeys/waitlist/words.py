"""What somebody waits for, in words that pages of the desk and of patients share."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from portal.appointments.models import Offer, WaitlistEntry, Weekday
from portal.appointments.parts_of_day import PartOfDay
from portal.clinic import kept
from portal.common.languages.punctuation import listed


@dataclass(frozen=True, slots=True)
class Line:
    """One who waits, as a list shows them; `offer` is what is offered to them now."""

    entry: WaitlistEntry
    with_whom: str
    when: str
    how: str
    offer: Offer | None = None


def line_of(entry: WaitlistEntry, *, offer: Offer | None = None) -> Line:
    """Needs the entry's psychologists prefetched; the rest is kept in the process."""
    entry.service = kept.services()[entry.service_id]
    people = [kept.psychologists()[person.pk].name for person in entry.psychologists.all()]
    place = None if entry.location_id is None else kept.places()[entry.location_id].name
    how = _ways(entry)
    return Line(
        entry=entry,
        with_whom=listed(people) if people else _("anybody who is free"),
        when=f"{_days(entry)} · {_parts(entry)}",
        how=how if place is None else f"{how} · {place}",
        offer=offer,
    )


def lines_of(entries: list[WaitlistEntry]) -> list[Line]:
    """The same for many, with what is offered to each now. One query."""
    offers = Offer.objects.still_open().filter(entry__in=entries).select_related("vacancy")
    open_ones = {offer.entry_id: offer for offer in offers}
    for offer in open_ones.values():
        offer.vacancy.location = kept.places()[offer.vacancy.location_id]
        offer.vacancy.psychologist = kept.psychologists()[offer.vacancy.psychologist_id]
    return [line_of(entry, offer=open_ones.get(entry.pk)) for entry in entries]


def _ways(entry: WaitlistEntry) -> str:
    """Such as “In person, video or phone”."""
    first, *others = (str(way.label) for way in entry.ways)
    words = [first, *(word[:1].lower() + word[1:] for word in others)]
    before_last = pgettext("between several ways of meeting", ", ").join(words[:-1])
    return pgettext("ways of meeting", " or ").join(part for part in (before_last, words[-1]) if part)


def _days(entry: WaitlistEntry) -> str:
    if entry.is_for_every_day:
        return _("any day")
    if entry.days == [day for day in Weekday if day < Weekday.SATURDAY]:
        return _("Monday to Friday")
    return listed(str(day.label) for day in entry.days)


def _parts(entry: WaitlistEntry) -> str:
    if entry.is_for_any_part:
        return _("any time of day")
    words = {
        PartOfDay.MORNING: _("mornings"),
        PartOfDay.AFTERNOON: _("afternoons"),
        PartOfDay.EVENING: _("evenings"),
    }
    return listed(words[part] for part in entry.parts_of_day)
