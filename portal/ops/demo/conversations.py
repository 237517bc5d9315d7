"""Conversations of the invented clinic: one answered, two that wait, and a text from a number that nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.journeys import conversations
from portal.messaging import actions
from portal.messaging.models import ReplyTemplate
from portal.ops.demo import sign_ins
from portal.patients.models import Patient

TEMPLATES = (
    ("Receipt sent", "Thank you for writing. The receipt is in your pages under Invoices, to keep or to claim."),
    ("Parking", "There is two-hour parking in Banksia Lane, and the tram stops at the corner."),
)


def hold(*, accounts: Mapping[sign_ins.Person, User], now: datetime) -> None:
    """Holds them, past the journey where somebody would be told: the demo's mailbox begins empty."""
    jordan, mai = Actor(accounts[sign_ins.JORDAN], Role.PATIENT), Actor(accounts[sign_ins.MAI], Role.PSYCHOLOGIST)
    grace, patient = Actor(accounts[sign_ins.GRACE], Role.RECEPTION), Patient.objects.get(user=jordan.person)
    psychologist = Psychologist.objects.get(user=mai.person)

    begun = now - timedelta(days=4)
    first = actions.begin(
        patient=patient,
        psychologist=None,
        about="Receipt for my health fund",
        body="Hello, could you send me the receipt for my last session? My fund asks for it.",
        by=jordan,
        now=begun,
    ).thread
    actions.write(thread=first, body=TEMPLATES[0][1], seen=first.mark, by=grace, now=begun + timedelta(hours=3))

    asked = now - timedelta(hours=20)
    conversations.begin(
        patient=patient,
        psychologist=psychologist,
        about="The sheet from last week",
        body="Hi Mai, I filled in the sheet on three days and missed the weekend. Is that enough for next time?",
        by=jordan,
        now=asked,
    )
    conversations.begin(
        patient=patient,
        psychologist=None,
        about="A different time in December",
        body="I start a new roster on the 14th and can't do mornings any more. What do you have after four?",
        by=jordan,
        now=now - timedelta(hours=2),
    )
    conversations.receive_text(
        patient=None,
        phone="+61491570156",
        body="Hi is there parking near you?",
        source="SMdemo1",
        by=Actor.system("texts"),
        now=now - timedelta(hours=1),
    )
    for title, words in TEMPLATES:
        ReplyTemplate.objects.create(title=title, words=words, added_at=begun, added_by=grace.person)
