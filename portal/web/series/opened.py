"""A page about one session, as somebody opened it or sent its form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, QueryDict
from django.utils import timezone

from portal.appointments import rows
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest


@dataclass(frozen=True, slots=True)
class Opened:
    """Who asks about which session, what they sent, and when: the one reading of the clock."""

    request: ActorRequest
    session: Appointment
    now: datetime
    clinic: ClinicSettings

    @property
    def by(self) -> Actor:
        """Who asks."""
        return self.request.actor

    @property
    def is_sent(self) -> bool:
        """Whether something is to be done, not only looked at."""
        return self.request.method == "POST"

    @property
    def sent(self) -> QueryDict | None:
        """What was sent to be done; None of a page that is only looked at."""
        return self.request.POST if self.is_sent else None

    @property
    def data(self) -> QueryDict:
        """What the page's forms read: what was sent, or what the address says."""
        return self.request.POST if self.is_sent else self.request.GET


def of_session(request: ActorRequest, code: UUID, *, of_series: bool = False) -> Opened:
    """The page of a session that whoever asks may see; `of_series` leaves those out that belong to none."""
    found = rows.one_visible(code, request.actor.person.pk, request.actor.role, of_series=of_series)
    if not found:
        raise Http404
    return Opened(request, found[0], timezone.now(), ClinicSettings.current())
