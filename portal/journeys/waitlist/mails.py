"""The mail that offers a time: until when, and a link that shows it and takes an answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import override

from portal.accounts.links import absolute
from portal.appointments.models import Appointment, Offer
from portal.clinic.models import ClinicSettings
from portal.journeys import changing
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.patients.reaching import readers_of

TEMPLATE = "waitlist_offer"


def send(offer: Offer, token: str, *, session: Appointment, now: datetime) -> None:
    """Queues the offer for each of its readers, in their language; `session` is what they would book."""
    terms = changing.terms_of(session, now=now, clinic=ClinicSettings.current(), is_mailed=True)
    for reader in readers_of(offer.entry.patient):
        with override(reader.language):
            url = absolute("public:offered", token)
        context: dict[str, Any] = {
            "appointment": session,
            "zone": offer.zone,
            "until": offer.expires_at,
            "is_kept": offer.hold_code is not None,
            "called": reader.called,
            "whose": reader.about,
            "url": url,
            "terms": terms,
        }
        outbox.queue(
            template=TEMPLATE,
            to=reader.to(TEMPLATE),
            about=offer,
            context=context,
            dedupe_key=f"{TEMPLATE}:{offer.code}:{reader.digest}",
            language=reader.language,
            # Whoever holds the link books with it.
            secret=True,
        )


def reached_nobody(offer: Offer) -> bool:
    """Whether none of the mails of an open offer was sent, or will be: the outbox gave all of them up."""
    states = list(Notice.objects.about(offer).order_by().values_list("state", flat=True))
    # One whose state is unknown may have been read; one that was sent again is a notice of its own.
    return bool(states) and set(states) == {State.FAILED}


def withdraw(offer: Offer, *, now: datetime) -> None:
    """Sends no mail of an offer that is over, if it still waits."""
    outbox.withdraw(about=offer, why=offer.outcome, now=now)
