"""Work that waits at the invented clinic's desk: one or two of each kind, come by as they do in life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import actions as appointments
from portal.appointments import diary
from portal.appointments.models import Appointment, CancelReason, TimeSlot
from portal.appointments.refusals import Refusal
from portal.appointments.series_forms import FORTNIGHTLY
from portal.billing import actions as billing
from portal.billing.models import Invoice, MedicareClaim, Method
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, HowBooked, Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.journeys import booking, closing, reading, reports_owing, time_away, to_do, voiding
from portal.journeys.rearranging.deciding import undecided_codes
from portal.journeys.repeating import asking as repeating
from portal.notifications.models import Notice, State
from portal.ops.demo import plans, reminders, sign_ins, stranding
from portal.patients import actions as patients
from portal.patients.models import Patient
from portal.patients.search import reindex
from portal.records.models import ProgressNote


def leave(*, accounts: Mapping[sign_ins.Person, User], now: datetime) -> None:
    """Leaves something undone of each kind. What was done long ago stays as it is."""
    desk, worklist = Actor(accounts[sign_ins.GRACE], Role.RECEPTION), Actor.system("worklist")
    tom = Psychologist.objects.get(user=accounts[sign_ins.TOM])
    leila = Psychologist.objects.get(user=accounts[sign_ins.LEILA])
    wei = Psychologist.objects.get(user=accounts[sign_ins.WEI])
    _left_open(tom, desk=desk, now=now)
    _to_check_out([leila, wei, tom], desk=desk, now=now)
    _voided(desk=desk, now=now)
    _mistyped(desk=desk, now=now)
    _paid_ahead(leila, desk=desk, now=now)
    _account(desk=desk, now=now)
    _read(leila, reader=tom, desk=desk, now=now)
    _away(wei, by=Actor(accounts[sign_ins.WEI], Role.PSYCHOLOGIST), now=now)
    stranding.long_leave(leila, desk=desk, now=now)
    stranding.later_evenings(wei, desk=desk, now=now)
    _fortnightly(tom, desk=desk, now=now)
    _asked_for(accounts[sign_ins.JORDAN], now=now)
    _untold(desk=desk, now=now)
    _team_day(by=desk, now=now)
    reminders.send(by=desk, now=now)
    to_do.sessions.raise_open_sessions(by=worklist, now=now)
    to_do.notices.raise_undelivered(by=worklist, now=now)
    plans.agree(desk=desk, now=now)
    _last_sessions(now=now)
    _registered_twice(now=now)
    to_do.people.compare_new_records(by=worklist, now=now)


def _last_sessions(*, now: datetime) -> None:
    """Somebody has had their last session under a referral: whom they saw owes the referrer a report."""
    claims = MedicareClaim.objects.standing().select_related("patient", "line__invoice__psychologist__user")
    if claim := claims.order_by("-starts_at").first():
        author = claim.line.invoice.psychologist
        by = Actor(author.user, Role.PSYCHOLOGIST)
        reports_owing.end_care(patient=claim.patient, author=author, by=by, now=now)
    reports_owing.go_round(by=Actor.system("reports"), now=now)


def _untold(*, desk: Actor, now: datetime) -> None:
    """The clinic called a session off of somebody who reads no e-mail: they are to be rung."""
    to_come = Appointment.objects.upcoming(now=now + timedelta(days=2)).exclude(code__in=undecided_codes())
    unread = to_come.filter(patient__user=None, patient__email="", patient__carers=None, patient__isnull=False)
    if session := unread.select_related("location", "patient").last():
        booking.cancel_session(appointment=session, reason=CancelReason.CLINIC, by=desk, now=now - timedelta(hours=1))


def _team_day(*, by: Actor, now: datetime) -> None:
    """Weeks after the last session that is booked, a Wednesday on which the whole clinic is closed.

    On the day after it rooms are painted, and video goes on.
    """
    day = ClinicSettings.current().today(now) + timedelta(weeks=6)
    day += timedelta(days=(2 - day.weekday()) % 7)
    closing.add_closure(location=None, first_day=day, last_day=day, label="Team day", by=by, now=now)
    painted = day + timedelta(days=1)
    place = Location.objects.filter(is_active=True).earliest("pk")
    closing.add_closure(
        location=place,
        first_day=painted,
        last_day=painted,
        label="Painters",
        modes=[Mode.IN_PERSON],
        by=by,
        now=now,
    )


def _registered_twice(*, now: datetime) -> None:
    """Somebody whom the desk knows made an account with another address, and booked without saying so."""
    known = Patient.objects.filter(user=None, legal_first_name="Hannah").first()
    if known is None or User.objects.filter(email="hannah@mail.example").exists():
        return
    account = User.objects.create_user("hannah@mail.example", first_name="Hannah", last_name=known.legal_last_name)
    patients.register_patient(
        values={
            "legal_first_name": "Hannah",
            "legal_last_name": known.legal_last_name,
            "date_of_birth": known.date_of_birth,
        },
        user=account,
        by=Actor(account, Role.PATIENT),
        now=now - timedelta(hours=1),
    )


def _left_open(psychologist: Psychologist, *, desk: Actor, now: datetime) -> None:
    """Yesterday evening, after the desk had gone home."""
    last = Appointment.objects.filter(psychologist=psychologist, completed_at__isnull=False).order_by("-starts_at")
    known = last.select_related("location", "patient").first()
    if known is None or known.patient is None:
        return
    yesterday = known.location.day_of(now) - timedelta(days=1)
    try:
        booking.book_for_patient(
            psychologist=psychologist,
            patient=known.patient,
            service=Service.objects.get(slug="session"),
            mode=Mode.IN_PERSON,
            starts_at=datetime.combine(yesterday, time(18), known.zone),
            location=known.location,
            by=desk,
            now=now - timedelta(days=3),
            outside_hours=True,
        )
    except Refusal:
        return


def _to_check_out(people: Sequence[Psychologist], *, desk: Actor, now: datetime) -> None:
    """Somebody of today is in their session, or came out of it and stands at the desk: at whatever hour it is."""
    begun = Appointment.objects.filter(starts_at__lte=now, starts_at__gt=now - timedelta(hours=8))
    here = (session for session in begun.select_related("location") if session.is_here)
    if any(session.local_start.date() == session.location.day_of(now) for session in here):
        return
    for psychologist in people:
        known = Appointment.objects.filter(psychologist=psychologist, completed_at__isnull=False)
        last = known.order_by("-starts_at").select_related("location", "patient").last()
        if last is None or last.patient is None:
            continue
        midnight = datetime.combine(last.location.day_of(now), time(), last.location.zone)
        for minutes in range(55, 0, -5):
            starts_at = max(midnight, (now - timedelta(minutes=minutes)).replace(second=0, microsecond=0))
            try:
                session = booking.book_for_patient(
                    psychologist=psychologist,
                    patient=last.patient,
                    service=Service.objects.get(slug="session"),
                    mode=Mode.IN_PERSON,
                    starts_at=starts_at,
                    location=last.location,
                    by=desk,
                    now=now - timedelta(days=3),
                    outside_hours=True,
                )
            except Refusal:
                continue
            appointments.check_in(appointment=session, by=desk, now=starts_at)
            return


def _read(author: Psychologist, *, reader: Psychologist, desk: Actor, now: datetime) -> None:
    """Somebody who came to another psychologist the evening before, and what was written of them earlier."""
    signed = ProgressNote.objects.signed().filter(author=author).select_related("appointment__location", "patient")
    note = signed.select_related("author__user").order_by("-signed_at").first()
    if note is None:
        return
    place = note.appointment.location
    try:
        booking.book_for_patient(
            psychologist=reader,
            patient=note.patient,
            service=Service.objects.get(slug="session"),
            mode=Mode.IN_PERSON,
            starts_at=datetime.combine(place.day_of(now) - timedelta(days=1), time(19), place.zone),
            location=place,
            by=desk,
            now=now - timedelta(days=3),
            outside_hours=True,
        )
    except Refusal:
        return
    reading.open_note(note=note, by=Actor(reader.user, Role.PSYCHOLOGIST), now=now - timedelta(hours=1))


def _voided(*, desk: Actor, now: datetime) -> None:
    owing = (
        Invoice.objects.owing()
        .filter(paid=0, appointment__completed_at__isnull=False, payer__isnull=True)
        .order_by("-issued_on", "-pk")
    )
    if invoice := owing.select_related("appointment").first():
        voiding.void_invoice(invoice=invoice, reason="Wrong item", by=desk, now=now - timedelta(hours=2))


def _mistyped(*, desk: Actor, now: datetime) -> None:
    """An address with a letter too few. The mail server's no is written down: there is none that could say it."""
    to_come = Appointment.objects.upcoming(now=now).filter(starts_at__gt=now, patient__legal_first_name="Hannah")
    session = to_come.select_related("patient").first()
    if session is None or session.patient is None:
        return
    # As it was typed when she was registered.
    session.patient.email = "hannah.moreu@post.example"
    session.patient.save(update_fields=["email"])
    reindex(session.patient)
    booking.notify(session, "appointment_booked", now=now)
    Notice.objects.about(session).filter(state=State.PENDING).update(
        state=State.FAILED, attempts=1, error="SMTPRecipientsRefused 550"
    )


def _paid_ahead(psychologist: Psychologist, *, desk: Actor, now: datetime) -> None:
    """By telephone on the day before; then the clinic called the session off, and the money waits to be given back."""
    to_come = Appointment.objects.upcoming(now=now + timedelta(days=2)).filter(psychologist=psychologist)
    session = to_come.select_related("location", "patient").last()
    if session is None:
        return
    billing.take_ahead(
        appointment=session,
        amount=session.fee,
        method=Method.CARD,
        key=f"ahead:{session.code}",
        by=desk,
        now=now - timedelta(days=1),
    )
    booking.cancel_session(appointment=session, reason=CancelReason.CLINIC, by=desk, now=now - timedelta(hours=1))


def _account(*, desk: Actor, now: datetime) -> None:
    """Somebody paid an old debt by cash and card, and left what was more on their account."""
    owing = Invoice.objects.owing().filter(paid=0, appointment__completed_at__isnull=False, payer__isnull=True)
    invoice = owing.select_related("patient", "location").order_by("issued_on", "pk").first()
    if invoice is None:
        return
    cash = Decimal(100)
    billing.take(
        patient=invoice.patient,
        parts=[billing.TakenPart(Method.CASH, cash), billing.TakenPart(Method.CARD, invoice.balance)],
        settles=[billing.Settles(invoice, invoice.balance)],
        uses=Decimal(0),
        keeps=True,
        handed=cash,
        received_on=ClinicSettings.current().today(now),
        location=invoice.location,
        key=f"demo:taking:{invoice.code}",
        by=desk,
        now=now - timedelta(minutes=30),
    )


def _fortnightly(psychologist: Psychologist, *, desk: Actor, now: datetime) -> None:
    """Somebody who comes every two weeks for a while; where a time is taken, the nearest that is free."""
    to_come = Appointment.objects.upcoming(now=now).filter(psychologist=psychologist, starts_at__gt=now)
    session = to_come.filter(patient__isnull=False).for_listing().last()
    if session is None:
        return
    asked = repeating.read(
        session,
        {"repeat": FORTNIGHTLY, "count": "6"},
        is_sent=False,
        by=desk,
        now=now,
        clinic=ClinicSettings.current(),
    )
    if asked.proposal is not None and asked.proposal.is_whole:
        asked.book(by=desk, now=now - timedelta(minutes=40))


def _asked_for(user: User, *, now: datetime) -> None:
    """What is booked on request, by somebody who has been here: the desk and their psychologist have to answer."""
    jordan = Patient.objects.get(user=user)
    service = next((each for each in kept.services_online() if each.how_booked == HowBooked.ON_REQUEST), None)
    seen = Appointment.objects.with_a_person().filter(patient=jordan).order_by("starts_at").last()
    if service is None or seen is None:
        return
    by, clinic, mode = Actor(user, Role.PATIENT), ClinicSettings.current(), Mode.IN_PERSON
    person, when = kept.psychologists()[seen.psychologist_id], now - timedelta(hours=2)
    # A few days on, so that the answer is not due at once.
    free = diary.next_openings([person], service=service, now=when + timedelta(days=5), clinic=clinic, mode=mode)
    for whose, opening in free:
        try:
            held = booking.hold_time(
                psychologists=[whose],
                service=service,
                mode=mode,
                starts_at=opening.starts_at,
                location=kept.places()[opening.location_id],
                by=by,
                now=when,
            )
            booking.book_session(hold=held, patient=jordan, by=by, now=when)
        except Refusal:
            continue
        return


def _away(psychologist: Psychologist, *, by: Actor, now: datetime) -> None:
    """The afternoon of somebody who is booked then."""
    to_come = Appointment.objects.upcoming(now=now + timedelta(days=2)).filter(psychologist=psychologist)
    session = to_come.select_related("location").first()
    if session is None:
        return
    starts_at = session.starts_at - timedelta(minutes=30)
    time_away.add_time_slot(
        psychologist=psychologist,
        kind=TimeSlot.Kind.BLOCKED,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        label="Dentist",
        by=by,
        now=now - timedelta(hours=3),
    )
