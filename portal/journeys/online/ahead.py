"""Paying ahead at booking: the time is held while it is paid, and booked once by the money that arrives.

Whoever paid has the session, if nobody else was given the time since: a held time that ran out a moment before is taken
up again. Where it is gone, all of the money goes back by itself, and the payer is told so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from portal.accounts.roles import Role
from portal.appointments import actions as diary
from portal.appointments import eligibility
from portal.appointments.actions.keeping import keep_held
from portal.appointments.models import Appointment
from portal.appointments.refusals import HoldExpired, Refusal
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.actions import links_of
from portal.billing.bulk import is_bulk_billed
from portal.billing.models import AttemptStatus, PaidBooking, PaymentAttempt, Purpose, StripeRefund
from portal.billing.models.payer import chosen_by_itself
from portal.billing.online import attempts, cards, settling
from portal.billing.online.client import is_on
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import Ahead, ClinicSettings, Service
from portal.common.access.actors import Actor
from portal.common.money import ZERO, cents
from portal.journeys import booking
from portal.journeys.online.addresses import ways_back
from portal.notifications import outbox
from portal.patients.models import Patient
from portal.patients.reaching import readers_of
from portal.policies.models import PolicyVersion

if TYPE_CHECKING:
    from stripe.checkout import Session

# Word of the money may take a moment longer than Stripe's page is open.
AFTER: Final = timedelta(minutes=3)
# As often a time is kept for half an hour more; nobody keeps it for ever by beginning to pay.
MOST_TRIES: Final = 2


def asked(held: Appointment, *, patient: Patient | None, clinic: ClinicSettings, now: datetime) -> Decimal:
    """What is to be paid by card before the session is booked, in dollars; nothing where no cards are taken online.

    `patient` is None for somebody new. Nothing is asked ahead of a request: nobody knows yet whether it takes place;
    nor of what is bulk-billed or billed to somebody else, which costs the patient nothing.
    """
    rules = rules_of(held.service, clinic=clinic)
    is_bulk = is_bulk_billed(held) or (held.service.medicare and patient is not None and patient.bulk_billed)
    if not is_on() or rules.is_on_request or is_bulk:
        return ZERO
    if patient is not None and chosen_by_itself(links_of(patient), service=held.service, is_fee=False):
        return ZERO
    match _rule(held, patient=patient, clinic=clinic, now=now):
        case Ahead.FULL:
            return charges.price_of(held, clinic=clinic)
        case Ahead.DEPOSIT:
            return cents(charges.price_of(held, clinic=clinic) * clinic.deposit_percent / 100)
    return ZERO


def may_be_asked(service: Service, *, clinic: ClinicSettings) -> bool:
    """Whether anybody who books it online pays some of it ahead, before it is known who books."""
    rules = rules_of(service, clinic=clinic)
    return is_on() and not rules.is_on_request and {rules.ahead, rules.ahead_first} != {Ahead.NONE}


def each_by_itself() -> str:
    """Why several are not booked in one go, in words."""
    return _("Sessions of this kind are paid ahead, so each is booked by itself: choose each one from the free times.")


def _rule(held: Appointment, *, patient: Patient | None, clinic: ClinicSettings, now: datetime) -> str:
    rules = rules_of(held.service, clinic=clinic)
    if rules.ahead == rules.ahead_first:
        return rules.ahead
    is_first = held.service.first_visit_only or patient is None
    if not is_first and patient is not None:
        standing = eligibility.standings_of(Patient.objects.filter(pk=patient.pk), now=now).get(patient.pk)
        is_first = standing is None or not standing.was_here
    return rules.ahead_first if is_first else rules.ahead


def begin(
    *,
    hold: Appointment,
    patient: Patient,
    agreed: Sequence[PolicyVersion],
    amount: Decimal,
    language: str,
    by: Actor,
    now: datetime,
    look: attempts.Look,
    keeps_card: str = "",
) -> PaymentAttempt:
    """Keeps the time while it is paid and opens Stripe's page; a second press is led to the same one.

    With `keeps_card`, the hash of the words that somebody agreed to, the card that it is paid with stays on file.
    Whoever comes back and says otherwise of the card is led to another page, and `look` says what became of the first;
    where that was often enough, to the one that is open, if it keeps no card that they don't want kept: `keeps` says.
    Raises HoldExpired, attempts.Underway, what booking it would raise, OtherWords, and what `asking` raises.
    """
    if keeps_card and keeps_card != cards.hash_of(cards.consent_words()):
        raise cards.OtherWords
    write = partial(_write, hold=hold, patient=patient, agreed=agreed, amount=amount, language=language, by=by, now=now)
    attempt = write()
    if attempt.url and bool(keeps_card) != keeps(attempt):
        tries = PaymentAttempt.objects.filter(booking__hold_code=hold.code).count()
        if keeps_card and tries >= MOST_TRIES:
            return attempt
        attempts.close(attempt, look=look)
        # A card that is not to be kept after all is not: that page is one more, and the last.
        attempt = write(most=MOST_TRIES + (not keeps_card))
    if attempt.url:
        return attempt
    name = str(ClinicSettings.current())
    if not keeps_card:
        attempts.open_page(attempt, addresses=ways_back, name=name)
        return attempt
    card = cards.agree(patient=patient, agreed=keeps_card, language=language, by=by, now=now)
    customer = cards.customer_of(card)
    attempts.open_page(attempt, addresses=ways_back, name=name, customer=customer)
    cards.opened_with(card, page=attempt.session_id, customer=customer, now=now)
    return attempt


def keeps(attempt: PaymentAttempt) -> bool:
    """Whether the card that it is paid with stays on file."""
    return cards.begun_on(attempt.session_id) is not None


@diary.in_transaction
def _write(
    *,
    hold: Appointment,
    patient: Patient,
    agreed: Sequence[PolicyVersion],
    amount: Decimal,
    language: str,
    by: Actor,
    now: datetime,
    most: int = MOST_TRIES,
) -> PaymentAttempt:
    until = (now + attempts.OPEN_FOR).replace(microsecond=0)
    # Of two presses the second waits here, and finds the first's.
    held = keep_held(hold=hold, until=now, now=now)
    tried = PaymentAttempt.objects.filter(booking__hold_code=held.code)
    if existing := tried.open().select_related("booking").first():
        if existing.amount == amount and existing.booking.patient_id == patient.pk and existing.expires_at > now:
            return existing
        raise attempts.Underway
    if tried.count() >= most:
        raise HoldExpired
    held = keep_held(hold=hold, until=until + AFTER, now=now)
    held.service = hold.service
    if refusal := diary.refusal_of(hold=held, patient=patient, by=by, now=now):
        raise refusal
    attempt = PaymentAttempt.objects.create(
        amount=amount,
        came_by=PaymentAttempt.CameBy.BOOKING,
        language=language,
        created_at=now,
        created_by=by.user,
        expires_at=until,
    )
    PaidBooking.objects.create(
        attempt=attempt,
        hold_code=held.code,
        patient=patient,
        psychologist_id=held.psychologist_id,
        service_id=held.service_id,
        location_id=held.location_id,
        mode=held.mode,
        starts_at=held.starts_at,
        agreed=[version.pk for version in agreed],
    )
    return attempt


@diary.in_transaction
def settle(attempt: PaymentAttempt, page: Session | None, *, now: datetime) -> PaymentAttempt:
    """Writes down what Stripe's page of a booking says, and books, once. The try as it is then."""
    wanted = (
        PaidBooking.objects.select_for_update(of=("self",))
        .select_related("attempt", "patient__user", "psychologist__user", "service", "location")
        .get(attempt=attempt)
    )
    attempt = wanted.attempt
    if attempt.status == AttemptStatus.PAID:
        return attempt
    if page is not None and page.payment_status == "paid":
        if odd := settling.differs(attempt, page):
            PaymentAttempt.objects.filter(pk=attempt.pk).update(odd=odd)
            attempt.odd = odd
            return attempt
        return _arrived(wanted, settling.intent_of(page), now=now)
    if page is None or page.status == "expired":
        PaymentAttempt.objects.filter(pk=attempt.pk, status=AttemptStatus.OPEN).update(
            status=AttemptStatus.EXPIRED, closed_at=now
        )
        attempt.refresh_from_db()
    return attempt


def _arrived(wanted: PaidBooking, intent: str, *, now: datetime) -> PaymentAttempt:
    attempt, clinic = wanted.attempt, ClinicSettings.current()
    by = Actor(user=attempt.created_by, role=Role.PATIENT) if attempt.created_by else settling.STRIPE
    try:
        with transaction.atomic():
            session = _book(wanted, by=by, now=now)
    except Refusal:
        session = None
    if session is None:
        # Not theirs any more: all of it goes back.
        payment = settling.take(
            None,
            patient=wanted.patient,
            amount=attempt.amount,
            intent=intent,
            now=now,
            why=StripeRefund.Why.NOT_BOOKED,
        )
        PaidBooking.objects.filter(pk=wanted.pk).update(lost_at=now)
        _tell_lost(wanted, now=now)
    else:
        amount = min(attempt.amount, charges.price_of(session, clinic=clinic))
        invoice = billing.bill(
            appointment=session,
            purpose=Purpose.DEPOSIT,
            charges=[charges.paid_ahead(session, amount)],
            by=settling.STRIPE,
            now=now,
        )
        payment = settling.take(invoice, patient=wanted.patient, amount=attempt.amount, intent=intent, now=now)
        PaidBooking.objects.filter(pk=wanted.pk).update(appointment=session)
    PaymentAttempt.objects.filter(pk=attempt.pk).update(
        status=AttemptStatus.PAID, closed_at=now, payment=payment, payment_intent=intent
    )
    return PaymentAttempt.objects.get(pk=attempt.pk)


def _book(wanted: PaidBooking, *, by: Actor, now: datetime) -> Appointment:
    """The session: of the held time, or of the same time held anew, if it is free and still offered."""
    held = Appointment.objects.filter(code=wanted.hold_code).first()
    if held is not None and held.is_hold:
        held = keep_held(hold=held, until=now + AFTER, now=now, may_be_over=True)
    elif held is None:
        held = diary.hold(
            psychologist=wanted.psychologist,
            service=wanted.service,
            mode=wanted.mode,
            starts_at=wanted.starts_at,
            location=wanted.location,
            by=by,
            now=now,
        )
    elif held.patient_id != wanted.patient_id:
        raise HoldExpired
    agreed = list(PolicyVersion.objects.filter(pk__in=wanted.agreed))
    return booking.book_session(
        hold=held, patient=wanted.patient, agreed=agreed, paid_ahead=wanted.attempt.amount, by=by, now=now
    )


def _tell_lost(wanted: PaidBooking, *, now: datetime) -> None:
    """Says that the time was gone, and that all of the money goes back."""
    for reader in readers_of(wanted.patient):
        with override(reader.language):
            link = settings.PORTAL_BASE_URL + reverse("public:times", args=[wanted.service.slug])
        outbox.queue(
            template="paid_time_gone",
            to=reader.to("paid_time_gone"),
            context={
                "called": reader.called,
                "amount": wanted.attempt.amount,
                "starts_at": wanted.starts_at,
                "zone": wanted.location.zone,
                "link": link,
            },
            dedupe_key=f"paid_time_gone:{wanted.attempt.code}:{reader.digest}",
            language=reader.language,
            hours=reader.hours(zone=wanted.location.zone),
            about=wanted.patient,
        )
