"""A few weeks of the invented clinic's life: patients, sessions, notes, invoices, and a day in full swing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import actions as diary
from portal.appointments.models import Appointment, CancelReason, WorkingHours
from portal.appointments.refusals import Refusal
from portal.billing import actions as billing
from portal.billing import charges
from portal.billing.models import Method
from portal.clinic.holidays import holidays_at
from portal.clinic.models import ClinicSettings, Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.journeys import checking_out, paying
from portal.medicare import actions as medicare
from portal.ops.demo import claims, closes, payers, policies, sign_ins
from portal.patients import actions as patients
from portal.patients.models import Patient
from portal.policies.models import PolicySettings
from portal.records import actions as records

# How far back and ahead the diary is filled, in days.
BACK, AHEAD = 21, 12
# So many fees the desk has still to decide about.
UNDECIDED = 2


@dataclass(frozen=True)
class Invented:
    """Somebody who does not exist. Telephone numbers are of the range that is kept for fiction."""

    first: str
    last: str
    born: date
    phone: str
    medicare: str = ""
    preferred: str = ""
    suburb: str = "Brunswick"
    postcode: str = "3056"
    refer: bool = True


MAIS = (
    Invented("Despina", "Papadopoulos", date(1971, 3, 9), "0491570156", "4123456721"),
    Invented("小明", "王", date(1988, 11, 2), "0491570157", preferred="Ming"),
    Invented("Amira", "Haddad", date(1995, 6, 30), "0491570158", "3456789081", suburb="Coburg", postcode="3058"),
    Invented("Siobhán", "O'Brien", date(1964, 1, 17), "0491570159", "2234567891"),
    Invented("Kiri", "Te Rangi", date(1999, 9, 12), "0491570110", suburb="Northcote", postcode="3070", refer=False),
    Invented("Roza", "Yılmaz", date(1983, 10, 5), "0370105511"),
    Invented("Grażyna", "Nowak", date(1958, 2, 28), "0370105512", suburb="Coburg", postcode="3058"),
    Invented("Chidi", "Okafor", date(1990, 12, 19), "0370105513"),
    Invented("Hannah", "Moreau", date(1986, 5, 3), "0370105514", suburb="Carlton", postcode="3053"),
    Invented("Lam", "Phạm", date(1978, 8, 23), "0370105515", refer=False),
    Invented("Ngaire", "Whitford", date(1949, 6, 11), "0370105516"),
    Invented("Tomasz", "Lim", date(2000, 1, 30), "0370105517"),
)
TOMS = (
    Invented("Matteo", "Ferrari", date(2010, 5, 21), "0491570313", preferred="Teo"),
    Invented("Priya", "Raman", date(2004, 12, 3), "0491570737", "5123456731"),
    Invented("Jack", "Whitlam", date(2008, 8, 8), "0491571266", suburb="Fitzroy North", postcode="3068"),
    Invented("Zahra", "Karimi", date(2001, 2, 26), "0491571491", refer=False),
    Invented("Oliver", "Davies", date(1992, 7, 14), "0491571804", "6123456741", suburb="Preston", postcode="3072"),
    Invented("Maya", "Singh", date(2011, 3, 1), "0370105521"),
    Invented("Lucas", "Tran", date(2009, 11, 27), "0370105522", suburb="Coburg", postcode="3058"),
    Invented("Eleni", "Georgiou", date(2006, 4, 15), "0370105523"),
    Invented("Samir", "Aziz", date(2003, 9, 8), "0370105524", refer=False),
    Invented("Charlotte", "Byrne", date(2012, 12, 24), "0370105525", preferred="Charlie"),
)
LEILAS = (
    Invented("Nadia", "Mansour", date(1984, 4, 2), "0370105531", suburb="Footscray", postcode="3011"),
    Invented("Yousef", "Khalil", date(1972, 9, 19), "0370105532", suburb="Sunshine", postcode="3020"),
    Invented("Hodan", "Warsame", date(1996, 1, 8), "0370105533", suburb="Flemington", postcode="3031", refer=False),
    Invented("Margaret", "Doyle", date(1951, 12, 5), "0370105534", suburb="Yarraville", postcode="3013"),
)
WEIS = (
    Invented("Jun", "Zhao", date(1991, 7, 22), "0370105541", suburb="Footscray", postcode="3011"),
    Invented("Mei-Ling", "Wong", date(1987, 3, 15), "0370105542", suburb="Maribyrnong", postcode="3032"),
    Invented("Ethan", "Lau", date(1998, 10, 30), "0370105543", suburb="Seddon", postcode="3011", refer=False),
)
NOTES = (
    "Talked through the week. Sleep is a little better; kept the evening walk on five days. Plan: the same again.",
    "Reviewed the plan. The first step of the ladder went well, the second was too high. Made it smaller together.",
    "Came late, a hard morning. Stayed with what happened at work. No concerns about safety. Next time: values.",
    "Good progress towards what was agreed in the first session. Discussed spacing sessions further apart.",
)


def tell(*, accounts: dict[sign_ins.Person, User], now: datetime, say: Callable[[str], object]) -> None:
    """Fills the weeks around `now`; each thing is done at its own time, by the one who would have done it."""
    desk = Actor(accounts[sign_ins.GRACE], Role.RECEPTION)
    brunswick, footscray = (Location.objects.get(slug=slug) for slug in ("brunswick", "footscray"))
    session, first_visit = Service.objects.get(slug="session"), Service.objects.get(slug="first-visit")
    begun = now - timedelta(days=BACK + 7)
    jordan = patients.register_patient(
        values={
            "legal_first_name": "Jordan",
            "legal_last_name": "Reid",
            "date_of_birth": date(1990, 4, 23),
            "phone": "+61491570006",
            "email": sign_ins.JORDAN.email,
            "street": "3/40 Fern Street",
            "suburb": "Brunswick East",
            "state": "VIC",
            "postcode": "3057",
            "medicare_number": "2951873125",
            "medicare_irn": "1",
            "emergency_name": "Sam Reid",
            "emergency_relationship": "Brother",
            "emergency_phone": "+61491570007",
            "gp_name": "Dr Alice Wong",
            "gp_practice": "Sydney Road Medical Centre",
        },
        user=accounts[sign_ins.JORDAN],
        by=desk,
        now=begun,
    )
    refer(jordan, by=desk, now=begun)
    for person, invented, place in (
        (sign_ins.MAI, MAIS, brunswick),
        (sign_ins.TOM, TOMS, brunswick),
        (sign_ins.LEILA, LEILAS, footscray),
        (sign_ins.WEI, WEIS, footscray),
    ):
        psychologist = Psychologist.objects.select_related("user").get(user=accounts[person])
        circle = [register(one, by=desk, now=begun) for one in invented]
        if person is sign_ins.MAI:
            circle.insert(0, jordan)
        policies.agree(circle, desk=desk, now=begun)
        payers.begin(circle, by=desk, now=begun)
        say(f"  {psychologist.name}'s last weeks and next ones ...")
        story = Story(psychologist, place, session, first_visit, desk, Actor(accounts[person], Role.PSYCHOLOGIST), now)
        story.fill(circle)
    decide_fees(by=desk, now=now)
    claims.follow(by=desk, now=now)
    closes.close_days(by=desk, now=now)


def decide_fees(*, by: Actor, now: datetime) -> None:
    """The desk asked for most fees of those who came not or called off late, and waived some; the last ones wait."""
    clinic, policy = ClinicSettings.current(), PolicySettings.current()
    over = Appointment.objects.over().filter(starts_at__lt=now).order_by("starts_at").for_listing()
    owed = [session for session in over if charges.fee_due(session, clinic=clinic, policy=policy)]
    for n, session in enumerate(owed[:-UNDECIDED]):
        at = min(now, session.ends_at + timedelta(hours=2))
        if n % 3 == 0:
            paying.waive_fee(appointment=session, reason="Was unwell and rang us", by=by, now=at)
            continue
        invoice = paying.bill_fee(appointment=session, by=by, now=at)
        if n % 3 == 1:
            billing.record_payment(
                invoice=invoice,
                amount=invoice.total,
                method=Method.CARD,
                key=f"demo:{invoice.number}",
                by=by,
                now=min(now, at + timedelta(days=3)),
            )


def register(one: Invented, *, by: Actor, now: datetime) -> Patient:
    patient = patients.register_patient(
        values={
            "legal_first_name": one.first,
            "legal_last_name": one.last,
            "preferred_name": one.preferred,
            "date_of_birth": one.born,
            "phone": f"+61{one.phone[1:]}",
            "suburb": one.suburb,
            "state": "VIC",
            "postcode": one.postcode,
        }
        | ({"medicare_number": one.medicare, "medicare_irn": "1"} if one.medicare else {}),
        by=by,
        now=now,
    )
    if one.refer:
        refer(patient, by=by, now=now)
    return patient


def refer(patient: Patient, *, by: Actor, now: datetime) -> None:
    medicare.add_referral(
        patient=patient,
        referrer_name="Dr Alice Wong",
        referrer_provider_number="2429581T",
        referrer_practice="Sydney Road Medical Centre, Brunswick",
        written_on=ClinicSettings.current().today(now),
        services=6,
        by=by,
        now=now,
    )


@dataclass
class Story:
    """One psychologist's weeks."""

    psychologist: Psychologist
    place: Location
    session: Service
    first_visit: Service
    desk: Actor
    self_: Actor
    now: datetime

    def fill(self, circle: list[Patient]) -> None:
        turns = deque(circle)
        last_seen: dict[int, datetime] = {}
        for index, starts_at in enumerate(self.times()):
            if index % 2 and self.place.day_of(starts_at) != self.today:
                continue  # half the hours are free, so that there is something to book
            patient = turns[0]
            if patient.pk in last_seen and starts_at - last_seen[patient.pk] < timedelta(days=6):
                continue  # nobody comes twice a week
            turns.rotate(-1)
            service = self.session if patient.pk in last_seen else self.first_visit
            mode = Mode.VIDEO if index % 5 == 4 and self.psychologist.video else Mode.IN_PERSON
            try:
                appointment = diary.book(
                    psychologist=self.psychologist,
                    patient=patient,
                    service=service,
                    mode=mode,
                    starts_at=starts_at,
                    location=self.place,
                    by=self.desk,
                    now=min(self.now, starts_at) - timedelta(days=2),
                    outside_hours=True,
                )
            except Refusal:
                continue
            last_seen[patient.pk] = starts_at
            self.live_through(appointment, index // 2)

    @property
    def today(self) -> date:
        return self.place.day_of(self.now)

    def times(self) -> Iterator[datetime]:
        """On the hour, in the hours worked; today always, also on a Sunday, so that the desk has something to show."""
        week: dict[int, list[WorkingHours]] = {}
        for hours in WorkingHours.objects.filter(psychologist=self.psychologist, location=self.place):
            week.setdefault(hours.weekday, []).append(hours)
        for offset in range(-BACK, AHEAD):
            day = self.today + timedelta(days=offset)
            is_off = day in holidays_at(self.place, first_day=day, last_day=day)
            windows = [(h.starts, h.ends) for h in week.get(day.weekday(), []) if not is_off]
            if offset == 0 and not windows:
                windows = [(time(9), time(16))]
            for starts, ends in windows:
                for hour in range(starts.hour, ends.hour or 24):
                    if hour != 12:
                        yield datetime.combine(day, time(hour), tzinfo=self.place.zone)

    def live_through(self, appointment: Appointment, index: int) -> None:
        starts, ends = appointment.starts_at, appointment.ends_at
        if starts > self.now + timedelta(minutes=12):
            return
        if index % 11 == 7 and ends < self.now:
            diary.mark_no_show(appointment=appointment, by=self.desk, now=ends)
            return
        if index % 13 == 5 and ends < self.now:
            diary.cancel(
                appointment=appointment, reason=CancelReason.PATIENT, by=self.desk, now=starts - timedelta(days=1)
            )
            return
        appointment = diary.check_in(appointment=appointment, by=self.desk, now=starts - timedelta(minutes=4))
        if ends > self.now:
            return
        diary.complete(appointment=appointment, by=self.desk, now=ends)
        self.write(appointment, index)
        self.bill(appointment, index)

    def write(self, appointment: Appointment, index: int) -> None:
        """Most notes are signed, some are drafts, and a few wait to be written."""
        lately = appointment.ends_at > self.now - timedelta(days=5)
        if lately and index % 3 == 0:
            return
        note = records.save_draft(
            appointment=appointment,
            body=NOTES[index % len(NOTES)],
            version=0,
            by=self.self_,
            now=appointment.ends_at + timedelta(minutes=3),
        )
        if not lately or index % 3 == 1:
            records.sign(
                appointment=appointment,
                version=note.version,
                by=self.self_,
                now=appointment.ends_at + timedelta(minutes=8),
            )

    def bill(self, appointment: Appointment, index: int) -> None:
        """Nearly everybody pays at once; a few owe, and some of them for too long."""
        invoice = checking_out.check_out(
            appointment=appointment,
            held=checking_out.as_booked(appointment),
            key=f"demo:{appointment.code}",
            by=self.desk,
            now=appointment.ends_at,
        )
        if invoice.payer_id is not None:
            payers.pay(invoice, by=self.desk, now=self.now)
            return
        if index % 31 == 4:
            return
        billing.record_payment(
            invoice=invoice,
            amount=invoice.total / 2 if index % 37 == 11 else invoice.total,
            method=(Method.CARD, Method.CARD, Method.TRANSFER, Method.CASH)[index % 4],
            key=f"demo:{invoice.number}",
            by=self.desk,
            now=appointment.ends_at + timedelta(minutes=2),
        )
