"""The rows behind the pages that the tests look at: one psychologist's few weeks, and who looks."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Reminder, Status, WaitlistEntry
from portal.billing import actions as billing
from portal.billing.models import Invoice, MedicareClaim, Method, Payment
from portal.clinic.models import Location, Mode, ProviderNumber, Psychologist, Registration, Service
from portal.common.access.actors import Actor
from portal.common.documents import Kind
from portal.journeys import checking_out, to_do
from portal.journeys import measuring as journey
from portal.medicare.models import Referral, Referrer
from portal.messaging.models import Thread
from portal.notifications import outbox
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from portal.ops.demo import articles
from portal.ops.demo.drawings import Scene, draw
from portal.patients.models import Patient
from portal.records import actions as records
from portal.records import measuring
from portal.records.models import Measure, RiskAlert
from portal.resources.models import Audience, BlogPost, Resource
from tests import make
from tests.common.documents import made

VISITOR, NEWCOMER, PATIENT = "visitor", "newcomer", "patient"
PSYCHOLOGIST, RECEPTION, MANAGER = "psychologist", "reception", "manager"
RECEPTIONIST, HEAD = "reception@demo.example", "manager@demo.example"
WORDS = "Came late, a hard morning. Next time: values."


@dataclass
class Life:
    """One psychologist's few weeks, beside the clinic's own two, so that no other test meets their sessions."""

    newcomer: User
    psychologist: Psychologist
    service: Service
    patient: Patient
    upcoming: Appointment
    coming_in: Appointment
    arrived: Appointment
    unwritten: Appointment
    drafted: Appointment
    signed: Appointment
    owing: Invoice
    paid: Invoice
    payment: Payment
    handout: Resource
    article: BlogPost
    draft: BlogPost
    undelivered: Notice
    # Both of the patient: what they wait for, and the link of a time that is offered to them.
    waiting: WaitlistEntry
    offered: str
    # The link in a reminder of what is upcoming.
    reminded: str
    # With the psychologist, and with the front desk.
    conversation: Thread
    asked_the_desk: Thread
    referral: Referral
    referrer: Referrer
    # One that waits to be answered, one that was, and the alert that it set off.
    form: Measure
    answered: Measure
    alert: RiskAlert

    @property
    def claim(self) -> MedicareClaim:
        """Of the invoice that is owing."""
        return MedicareClaim.objects.get(line__invoice=self.owing)

    @property
    def accounts(self) -> dict[str, str]:
        """The address by which each looker signs in; the visitor has none."""
        assert self.patient.user is not None
        return {
            NEWCOMER: self.newcomer.email,
            PATIENT: self.patient.user.email,
            PSYCHOLOGIST: self.psychologist.user.email,
            RECEPTION: RECEPTIONIST,
            MANAGER: HEAD,
        }


def live() -> Life:
    """Writes the rows: sessions past, of today and to come, notes in every state, an invoice paid and one owing."""
    now = timezone.now().replace(second=0, microsecond=0)
    place = Location.objects.get(slug="brunswick")
    service = Service.objects.get(slug="session")
    anh = make.psychologist(
        user=make.user(first_name="Anh", last_name="Lê", role=Role.PSYCHOLOGIST),
        services=(service, Service.objects.get(slug="first-visit")),
        registration=Registration.CLINICAL,
        slug="anh-le",
        headline="Grief, and what comes after it",
    )
    ProviderNumber.objects.create(psychologist=anh, location=place, number="560113LJ")
    make.week(psychologist=anh, location=place, weekdays=(0, 1, 2, 3, 4, 5, 6))
    account = make.user(first_name="Wirihana", last_name="Ngata")
    own = make.patient(
        user=account,
        legal_first_name="Wirihana",
        legal_last_name="Ngata",
        phone="+61491570110",
        street="3/40 Fern Street",
        suburb="Brunswick East",
        state="VIC",
        postcode="3057",
    )
    wong = make.referrer(name="Dr Alice Wong", suburb="Brunswick", phone="+61390101234")
    make.referrer(name="Dr A. Wong")
    referral = make.referral(patient=own, written_on=timezone.localdate(now) - timedelta(days=40), referrer=wong)
    others = [make.patient(legal_first_name="Ines", legal_last_name=f"Carvalho-Whitmore {n}") for n in "AB"]

    def session(starts_at: datetime, patient: Patient = own, status: Status = Status.COMPLETED, **fields):
        return make.appointment(
            psychologist=anh, patient=patient, service=service, location=place, starts_at=starts_at, status=status,
            **fields,
        )  # fmt: skip

    past = [session(now - timedelta(days=days)) for days in (3, 10, 17, 24)]
    unwritten, drafted, signed, _ = past
    author, desk = Actor(anh.user, Role.PSYCHOLOGIST), Actor(User.objects.get(email=RECEPTIONIST), Role.RECEPTION)
    for written in (drafted, signed):
        note = records.save_draft(appointment=written, body=WORDS, version=0, by=author, now=written.ends_at)
        if written is signed:
            records.sign(appointment=written, version=note.version, by=author, now=written.ends_at)
    owing, paid = (
        checking_out.check_out(
            appointment=one, held=checking_out.as_booked(one), key=str(one.code), by=desk, now=one.ends_at
        )
        for one in past[:2]
    )
    payment = billing.record_payment(
        invoice=paid, amount=paid.total, method=Method.CARD, key=str(uuid.uuid4()), by=desk, now=drafted.ends_at
    )
    paid.refresh_from_db()
    handout = make.resource(
        title="Sleep diary for a week", description="One line each morning, guessed and not looked up.",
        file=make.document(content=made.pdf(), kind=Kind.PDF, name="Sleep diary.pdf"),
    )  # fmt: skip
    make.resource(title="Before your next session", audience=Audience.PATIENTS)
    make.resource(
        title="Breathing together", category=handout.category, file=make.document(content=made.mp3(), kind=Kind.MP3)
    )
    words = "For the nights before the early shifts. Two lines are enough."
    make.share(resource=handout, patient=own, shared_by=anh.user, note=words, shared_at=now - timedelta(days=2))
    plan = make.resource(made_for=own, title="What we wrote on the whiteboard", by=anh.user)
    make.share(resource=plan, patient=own, shared_by=anh.user, shared_at=now - timedelta(days=9), seen_at=now)
    article, draft = _publish(anh.user)
    make.waiting(patient=others[0], service=service, psychologists=[anh], urgent=True, desk_note="Ring after 3")
    waiting = make.waiting(patient=own, service=service, psychologists=[anh])
    upcoming = session(now + timedelta(days=12), status=Status.BOOKED, mode=Mode.VIDEO)
    form, answered, alert = _measure(own, by=author, now=now)
    return Life(
        newcomer=make.user(first_name="Noor", last_name="Rahman"),
        referral=referral,
        referrer=wong,
        psychologist=anh,
        service=service,
        patient=own,
        upcoming=upcoming,
        arrived=session(now - timedelta(minutes=30), others[0], Status.ARRIVED),
        coming_in=session(now + timedelta(minutes=30), others[1], Status.BOOKED),
        unwritten=unwritten,
        drafted=drafted,
        signed=signed,
        owing=owing,
        paid=paid,
        payment=payment,
        article=article,
        draft=draft,
        handout=handout,
        undelivered=_refuse(own, desk, now),
        waiting=waiting,
        offered=_offer(waiting, session(now + timedelta(days=5), status=Status.CANCELLED, mode=Mode.VIDEO)),
        reminded=_remind(upcoming),
        conversation=make.thread(patient=own, psychologist=anh, about="My next session"),
        asked_the_desk=make.thread(patient=own, about="My receipt"),
        form=form,
        answered=answered,
        alert=alert,
    )


def _measure(patient: Patient, *, by: Actor, now: datetime) -> tuple[Measure, Measure, RiskAlert]:
    """How somebody answered twice, the last time with what must be looked at; and what they are asked next."""
    items = range(1, 10)
    measuring.enter(
        patient=patient, instrument="phq9", given=dict.fromkeys(items, 1) | {9: 0}, by=by, now=now,
        answered_at=now - timedelta(days=21),
    )  # fmt: skip
    answered, _flags = journey.enter(
        patient=patient, instrument="phq9", given=dict.fromkeys(items, 2), unscored=2, answered_at=now, by=by, now=now
    )
    return measuring.ask(patient=patient, instrument="k10", by=by, now=now), answered, answered.risk_alert


def _offer(entry: WaitlistEntry, cancelled: Appointment) -> str:
    """A time that was freed, offered to one who waits; the address that was mailed."""
    token = secrets.token_urlsafe(32)
    make.offer(vacancy=make.vacancy(session=cancelled), entry=entry, token=token, mode=cancelled.mode)
    return f"/offer/{token}/"


def _remind(session: Appointment) -> str:
    """That somebody was reminded of a session; the address that was mailed."""
    token = secrets.token_urlsafe(12)
    Reminder.objects.create(
        session=session, starts_at=session.starts_at, which=1, went=1, token_hash=Reminder.hash_of(token)
    )
    return f"/a/{token}/"


def _refuse(patient: Patient, by: Actor, now: datetime) -> Notice:
    """An e-mail that the mail server refused, on the desk's list."""
    notice = outbox.queue(
        template="file_shared",
        to=Recipient.by_email("wirihana@post.example"),
        about=patient.shared_files.latest("pk"),
        context={"called": patient.called, "path": "/my/documents/"},
        dedupe_key=f"e2e:{patient.code}",
    )
    Notice.objects.filter(pk=notice.pk).update(state=State.FAILED, error="SMTPRecipientsRefused 550")
    to_do.notices.raise_undelivered(by=by, now=now)
    return notice


def _publish(author: User) -> tuple[BlogPost, BlogPost]:
    """A long article with a picture, one in Vietnamese, and a draft."""
    topic = make.category(name="Starting out", description="What to expect, before a first appointment and after it.")
    common = {"author": author, "category": topic, "tags": ("First visit",)}
    make.post(title="Lần đầu gặp chuyên viên tâm lý", body=articles.VIETNAMESE, language="vi", **common)
    draft = make.post(
        title="Going back to work",
        body="## Begin with the journey\n\nTravel the way once, without going in.",
        draft=True,
        **common,
    )
    article = make.post(
        title="Why worry is loudest at three in the morning", slug="worry-at-night", body=articles.WORRY * 2, **common
    )
    night = draw(Scene("#1b2f40", "#f3ead2", "#2b5f8a", "#23475f", "#101f2b", sun_at=(0.3, 0.25)))
    article.picture_alt = "The moon over dark hills"
    article.picture.save(night.name, night, save=True)
    return article, draft
