from __future__ import annotations

from typing import Any

from django import template

from portal.common.languages.times import clock_of
from portal.patients import ringing, ways
from portal.patients.models import Patient

register = template.Library()


@register.inclusion_tag("calendar/_before_ringing.html")
def before_ringing(patient: Patient) -> dict[str, Any]:
    """What staff have to know before they ring or write: nothing, for most. In lists, read the ways with the rows."""
    wanted = ways.of(patient)
    hours = wanted.safe_hours
    return {"wanted": wanted, "hours": [clock_of(one) for one in hours] if hours else []}


@register.inclusion_tag("calendar/_ring_note.html")
def ring_note(patient: Patient) -> dict[str, Any]:
    """The same in one short line behind a number in a list, which reads the ways by `ringing.read_ways`."""
    return {"note": ringing.in_short(patient)}
