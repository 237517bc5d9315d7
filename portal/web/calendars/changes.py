"""What a move changes of a session, line by line, as the question about it marks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from portal.appointments.models import Appointment
from portal.billing import charges
from portal.clinic.models import ClinicSettings
from portal.common.languages.times import when
from portal.common.money import dollars
from portal.web.calendars import fees


class Line(NamedTuple):
    """One thing that is known of a session: how it is and how it would be, and what else there is to say of it."""

    label: str
    was: str
    becomes: str
    note: str = ""

    @property
    def is_changed(self) -> bool:
        return self.was != self.becomes


def lines(session: Appointment, moved: Appointment, *, clinic: ClinicSettings) -> Iterator[Line]:
    """When, with whom, where, how and for how much; `moved` is a copy of the session as it would be.

    What the fee is afterwards is never left open.
    """
    yield Line(_("When"), when(session.starts_at, session.zone), when(moved.starts_at, moved.zone))
    yield Line(_("With"), session.psychologist.name, moved.psychologist.name)
    yield Line(_("Where"), session.location.name, moved.location.name)
    yield Line(_("How"), session.get_mode_display(), moved.get_mode_display())
    agreed = charges.price_of(session, clinic=clinic)
    note = fees.of_one(session, moved, agreed=agreed, clinic=clinic)
    yield Line(_("Fee"), dollars(agreed), dollars(agreed), note)
