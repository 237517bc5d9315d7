"""Two sessions of one patient on one day: Medicare pays for both only if each was an attendance of its own."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from portal.appointments.models import Appointment
from portal.billing.models import Invoice, Purpose
from portal.billing.models.payer import billed_to_family
from portal.common.languages.punctuation import listed
from portal.common.languages.times import clock
from portal.journeys import better_access
from portal.medicare.telling import standing_in_words


def others_with_a_rebate(session: Appointment, *, now: datetime) -> list[Appointment]:
    """The patient's other sessions that Medicare may pay for on the day of this one, where it takes place.

    Empty where Medicare pays nothing for this one. What was cancelled or missed was no attendance, and what is invoiced
    without an item, or goes to an insurer, asks Medicare for nothing. One query at most.
    """
    if not session.service.medicare:
        return []
    midnight = datetime.combine(session.local_start.date(), time(), session.zone)
    own = Appointment.objects.filter(patient=session.patient_id, service__medicare=True).exclude(pk=session.pk)
    day = own.filter(starts_at__gte=midnight, starts_at__lt=midnight + timedelta(days=1))
    live = Invoice.objects.live().for_purpose(Purpose.SESSION).filter(appointment=OuterRef("pk")).order_by()
    day = day.filter(
        Exists(live.filter(lines__item_number__gt=""))
        | Q(pk__in=billed_to_family(own.filter(~Exists(live))).order_by().values("pk"))
    )
    rows = day.taking_time(now=now).without_holds().select_related("psychologist__user", "location")
    return list(rows.order_by("starts_at", "pk"))


def to_say(session: Appointment, *, now: datetime) -> str:
    """What the desk is told as a session is booked; empty for nothing.

    Where Medicare pays nothing for it anyway, such as without a referral, that is what matters, and not a second
    attendance: said of one that is over, or is not alone on its day.
    """
    others = others_with_a_rebate(session, now=now)
    if not others and session.starts_at > now:
        return ""
    standing = better_access.standing_of(session, now=now)
    if standing is not None and standing.why is not None:
        return standing_in_words(standing)
    return in_words(others)


def in_words(others: list[Appointment]) -> str:
    """What the desk is told of them; empty for none.

    Source: servicesaustralia.gov.au, `mbs-billing-rules-for-mental-health-services` (docs/australia.md).
    """
    if not others:
        return ""
    names = listed(f"{clock(other.starts_at, other.zone)}, {other.psychologist.name}" for other in others)
    return _(
        "The patient has another session with a Medicare item on that day (%(others)s). Medicare pays for a second one "
        "only if it was an attendance of its own, not the first one carried on; both show their times on the invoice. "
        "If it was one session, bill it once."
    ) % {"others": names}
