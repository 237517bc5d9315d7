"""What staff have to know before they ring somebody, in one short line, wherever a number stands in a list."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from portal.common.languages.punctuation import listed
from portal.common.languages.times import clock_of
from portal.patients import ways
from portal.patients.models import Patient


def read_ways(patients: Iterable[Patient | None]) -> None:
    """Reads how these are reached with them, for a list. One query, however many they are."""
    rows = [patient for patient in patients if patient is not None]
    if rows:
        prefetch_related_objects(rows, "ways")


def in_short(patient: Patient) -> str:
    """`tell nothing to Sam Lee · ring only 6:00 pm – 8:00 pm`; empty for most."""
    wanted, said = ways.of(patient), []
    if wanted.people_not_told:
        said.append(_("tell nothing to %(names)s") % {"names": listed(wanted.people_not_told)})
    if hours := wanted.safe_hours:
        said.append(_("ring only %(from)s – %(until)s") % {"from": clock_of(hours[0]), "until": clock_of(hours[1])})
    if wanted.nobody_writes:
        said.append(_("don't write"))
    return " · ".join(said)
