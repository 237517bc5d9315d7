"""Who waits for a time at the invented clinic, one of them new; a time offered to one of them, and one refilled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import actions, diary
from portal.appointments.actions import WaitlistWish
from portal.appointments.models import Appointment, CancelReason, Offer, WaitlistEntry, Weekday
from portal.appointments.models.waitlist import ANY_PART, ANY_WAY, DAYS, EVERY_DAY, PARTS, WAYS, bits_of
from portal.appointments.parts_of_day import PartOfDay
from portal.appointments.refusals import Refusal
from portal.appointments.waitlist import FreeTime
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.journeys import booking
from portal.journeys.waitlist import answering, joining, offered, turns
from portal.ops.demo import sign_ins
from portal.patients import consents
from portal.patients.models import Patient
from portal.patients.search import reindex

WORKING_DAYS = bits_of([day for day in Weekday if day < Weekday.SATURDAY], DAYS)


@dataclass(frozen=True)
class Waits:
    """Somebody of the invented people who waits, by their first name; `email` is where they are asked."""

    first: str
    email: str
    days_ago: int
    with_whom: tuple[sign_ins.Person, ...] = ()
    modes: int = ANY_WAY
    weekdays: int = WORKING_DAYS
    parts: int = ANY_PART
    urgent: bool = False
    desk_note: str = ""


# Whoever takes the refilled time comes first: they wait no longer afterwards.
REFILLS = Waits("Siobhán", "siobhan@post.example", 19, (sign_ins.MAI,), weekdays=EVERY_DAY)
OTHERS = (
    Waits("Amira", "amira@post.example", 3, (sign_ins.MAI, sign_ins.LEILA), urgent=True, desk_note="Ring after 3 pm"),
    Waits("Kiri", "kiri@post.example", 16, parts=bits_of([PartOfDay.EVENING], PARTS)),
    Waits(
        "Chidi",
        "chidi@post.example",
        9,
        (sign_ins.MAI,),
        bits_of([Mode.VIDEO, Mode.PHONE], WAYS),
        bits_of([Weekday.TUESDAY, Weekday.THURSDAY], DAYS),
    ),
    # No address: whoever finds that a time would suit her rings her.
    Waits("Mei-Ling", "", 6, (sign_ins.WEI,), desk_note="Ring; she reads no e-mail"),
    Waits("Ethan", "ethan@post.example", 2, weekdays=bits_of([Weekday.SATURDAY], DAYS)),
)


# Somebody who found no time that suited, and waits for a first visit before ever booking.
NEW = sign_ins.Person("farah@post.example", "Farah", "Rahimi", "waits for a first visit")


def tell(*, accounts: Mapping[sign_ins.Person, User], now: datetime) -> None:
    """Puts people on the list over the last weeks, and lets two freed times find somebody."""
    desk = Actor(accounts[sign_ins.GRACE], Role.RECEPTION)
    session, mai = Service.objects.get(slug="session"), Psychologist.objects.get(user=accounts[sign_ins.MAI])
    people = {person: kept.psychologists()[one.pk] for person, one in _psychologists(accounts).items()}
    first = _join(REFILLS, people, service=session, desk=desk, now=now)
    if first is not None:
        _refill(mai, first, desk=desk, now=now)
    for waits in OTHERS:
        _join(waits, people, service=session, desk=desk, now=now)
    _join_first(NEW, people, service=Service.objects.get(slug="first-visit"), now=now)
    _offer(mai, _join_themself(accounts[sign_ins.JORDAN], mai, service=session, now=now), desk=desk, now=now)


def _psychologists(accounts: Mapping[sign_ins.Person, User]) -> dict[sign_ins.Person, Psychologist]:
    by_user = {one.user_id: one for one in Psychologist.objects.all()}
    return {person: by_user[user.pk] for person, user in accounts.items() if user.pk in by_user}


def _join(
    waits: Waits, people: Mapping[sign_ins.Person, Psychologist], *, service: Service, desk: Actor, now: datetime
) -> WaitlistEntry | None:
    patient = Patient.objects.filter(user=None, legal_first_name=waits.first).first()
    if patient is None:
        return None
    if waits.email:
        patient.email = waits.email
        patient.save(update_fields=["email"])
        reindex(patient)
    joined = now - timedelta(days=waits.days_ago)
    wish = WaitlistWish(
        psychologists=[people[person] for person in waits.with_whom],
        location=None,
        modes=waits.modes,
        weekdays=waits.weekdays,
        parts=waits.parts,
        ends_on=ClinicSettings.current().today(joined) + timedelta(weeks=8),
        urgent=waits.urgent,
        desk_note=waits.desk_note,
    )
    return actions.join_waitlist(patient=patient, service=service, wish=wish, by=desk, now=joined)


def _join_themself(user: User, psychologist: Psychologist, *, service: Service, now: datetime) -> WaitlistEntry:
    joined = now - timedelta(days=5)
    wish = WaitlistWish(
        psychologists=[psychologist],
        location=None,
        modes=ANY_WAY,
        weekdays=WORKING_DAYS,
        parts=ANY_PART,
        ends_on=ClinicSettings.current().today(joined) + timedelta(weeks=8),
    )
    patient = Patient.objects.get(user=user)
    return actions.join_waitlist(patient=patient, service=service, wish=wish, by=Actor(user, Role.PATIENT), now=joined)


def _join_first(
    person: sign_ins.Person,
    people: Mapping[sign_ins.Person, Psychologist],
    *,
    service: Service,
    now: datetime,
) -> WaitlistEntry:
    user, joined = sign_ins.open_account(person), now - timedelta(hours=20)
    today = ClinicSettings.current().today(joined)
    wish = WaitlistWish(
        psychologists=[people[sign_ins.LEILA]],
        location=None,
        modes=ANY_WAY,
        weekdays=WORKING_DAYS,
        parts=bits_of([PartOfDay.MORNING], PARTS),
        ends_on=today + timedelta(weeks=8),
    )
    return joining.join_first(
        user=user,
        values={
            "legal_first_name": person.first_name,
            "legal_last_name": person.last_name,
            "date_of_birth": date(1987, 9, 2),
            "phone": "+61491574632",
        },
        relationship=None,
        service=service,
        wish=wish,
        agreed=[each.version for each in consents.asked_for(today=today)],
        by=Actor(user, Role.PATIENT),
        now=joined,
    )


def _refill(psychologist: Psychologist, entry: WaitlistEntry, *, desk: Actor, now: datetime) -> None:
    """Somebody called off today, too late for nothing; the desk offered the time, and it was taken an hour later."""
    freed = now - timedelta(hours=3)
    soon = Appointment.objects.upcoming(now=now).filter(psychologist=psychologist, starts_at__gt=now)
    for session in soon.exclude(patient=entry.patient_id).for_listing()[:6]:
        booking.cancel_session(appointment=session, reason=CancelReason.PATIENT, by=desk, now=freed)
        free = FreeTime(psychologist, session.location, session.starts_at, session.ends_at)
        try:
            offer = turns.offer_by_hand(free=free, entry=entry, by=desk, now=freed + timedelta(minutes=10))
            _accept(offer, now=freed + timedelta(hours=1))
        except Refusal:
            continue
        return


def _accept(offer: Offer, *, now: datetime) -> None:
    asked = Offer.objects.for_listing().get(pk=offer.pk)
    shown = booking.as_shown(offered.session_of(asked), clinic=ClinicSettings.current())
    answering.accept(offer=asked, instead_of=None, shown=shown, by=offered.BY_LINK, now=now)


def _offer(psychologist: Psychologist, entry: WaitlistEntry, *, desk: Actor, now: datetime) -> None:
    """A time in some days, offered by e-mail a moment ago: its link stands in the folder of the demo's mails."""
    clinic = ClinicSettings.current()
    free = diary.next_openings(
        [psychologist], service=entry.service, now=now + timedelta(days=2), clinic=clinic, mode=Mode.IN_PERSON, count=9
    )
    for whose, opening in free:
        time = FreeTime(whose, kept.places()[opening.location_id], opening.starts_at, opening.ends_at)
        try:
            turns.offer_by_hand(free=time, entry=entry, by=desk, now=now)
        except Refusal:
            continue
        return
