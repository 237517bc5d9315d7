"""Rows for tests: keyword-only, everything optional, each call a new and valid thing.

Rows are written as they are, past the actions, so that a test can begin in any state. Staff who sign in by `client_for`
have the second factor that their pages ask for.
"""

from __future__ import annotations

import html
import re
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from itertools import count

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.test import Client
from django.utils import timezone

from portal.accounts.models import Grant, User
from portal.accounts.roles import STAFF, Role
from portal.appointments.answers import DeclineReason
from portal.appointments.models import (
    Appointment,
    CancelReason,
    Offer,
    OutsideBusy,
    OutsideCalendar,
    Status,
    TimeSlot,
    Vacancy,
    WaitlistEntry,
    WorkingHours,
)
from portal.appointments.models.waitlist import ANY_PART, ANY_WAY, EVERY_DAY
from portal.billing.models import (
    AssignmentTerms,
    ClosedPayment,
    DayClose,
    PatientPayer,
    Payer,
    Payment,
    PayShare,
    SavedCard,
    SavedView,
    Waiver,
)
from portal.clinic.models import (
    ClinicSettings,
    Language,
    Location,
    Mode,
    OwnFee,
    ProviderNumber,
    Psychologist,
    Registration,
    Room,
    Service,
    Specialisation,
)
from portal.common.access.actors import Actor
from portal.common.documents import CleanFile, Kind
from portal.common.forms.names import MOST_DIGITS
from portal.medicare.models import BetterAccessLimits, MbsItem, Referral, Referrer
from portal.messaging.models import Message, Side, Thread
from portal.notifications.models import NoticeWording
from portal.patients.models import Carer, ChannelConsent, ContactWays, Patient
from portal.policies.models import PolicySettings
from portal.resources import storage
from portal.resources.actions.files import add_version
from portal.resources.models import Audience, BlogPost, Category, Resource, ResourceSlug, Share, Tag, UsedSlug
from tests.pages import form_with

# Parameters bear the names of the factories that make them, and hide them: make.location() is reached through here.
make = sys.modules[__name__]
PASSWORD = "a-long-enough-password"
_numbers = count(1)


def _few_digits(n: int) -> int:
    """The part of a number that a name may hold: with more digits it is refused as a telephone number."""
    return n % 10**MOST_DIGITS


# ---- The clinic ------------------------------------------------------------------------------------------------------


def clinic(**fields) -> ClinicSettings:
    """The clinic's one row, made or changed to `fields`."""
    settings, _ = ClinicSettings.objects.update_or_create(
        pk=1, defaults={"name": "Banksia Lane Psychology", "email": "desk@banksia.example", **fields}
    )
    return settings


def policy_settings(**fields) -> PolicySettings:
    """What the policies know, made or changed to `fields`."""
    return PolicySettings.objects.update_or_create(pk=1, defaults=fields)[0]


def location(*, name: str | None = None, time_zone: str = "Australia/Melbourne", **fields) -> Location:
    n = next(_numbers)
    defaults = {
        "slug": f"location-{n}",
        "street": f"{n} Banksia Lane",
        "suburb": "Brunswick",
        "state": "VIC",
        "postcode": "3056",
        # Tests happen on any day; those of public holidays say so.
        "works_on_holidays": True,
    }
    return Location.objects.create(name=name or f"Location {n}", time_zone=time_zone, **defaults | fields)


def room(*, location: Location | None = None, name: str | None = None, **fields) -> Room:
    return Room.objects.create(location=location or make.location(), name=name or f"Room {next(_numbers)}", **fields)


def service(*, name: str | None = None, minutes: int = 50, fee: Decimal | str = "220.00", **fields) -> Service:
    n = next(_numbers)
    return Service.objects.create(
        name=name or f"Service {n}", minutes=minutes, fee=Decimal(fee), **{"slug": f"service-{n}"} | fields
    )


def specialisation(*, name: str | None = None) -> Specialisation:
    n = next(_numbers)
    return Specialisation.objects.create(name=name or f"Specialisation {n}", slug=f"specialisation-{n}")


def language(*, code: str | None = None, name: str | None = None) -> Language:
    n = next(_numbers)
    return Language.objects.create(code=code or f"x-{n}", name=name or f"Language {n}")


# ---- People ----------------------------------------------------------------------------------------------------------


def user(*, email: str | None = None, role: Role | None = None, roles: tuple[Role, ...] = (), **fields) -> User:
    """An account with a verified address, the password `PASSWORD` and the named staff roles."""
    n = next(_numbers)
    names = {"first_name": "Robin", "last_name": f"Person{_few_digits(n)}"}
    made = User.objects.create_user(email or f"person{n}@example.com", PASSWORD, **names | fields)
    EmailAddress.objects.create(user=made, email=made.email, verified=True, primary=True)
    for held in {role, *roles} & STAFF:
        Grant.objects.create(user=made, role=held)
    return made


def staff(role: Role = Role.RECEPTION, **fields) -> User:
    return user(role=role, **fields)


def psychologist(
    *,
    user: User | None = None,
    services: tuple[Service, ...] = (),
    languages: tuple[Language, ...] = (),
    specialisations: tuple[Specialisation, ...] = (),
    registration: Registration = Registration.CLINICAL,
    **fields,
) -> Psychologist:
    """A psychologist without hours; see `hours` and `week`."""
    n = next(_numbers)
    account = user or make.user(role=Role.PSYCHOLOGIST)
    made = Psychologist.objects.create(
        user=account, registration=registration, **{"slug": f"psychologist-{n}", "title": "Dr"} | fields
    )
    made.services.set(services)
    made.languages.set(languages)
    made.specialisations.set(specialisations)
    return made


def own_fee(psychologist: Psychologist, service: Service, fee: str) -> OwnFee:
    """What a psychologist charges for a service, in dollars before GST."""
    psychologist.__dict__.pop("fees", None)
    return OwnFee.objects.create(psychologist=psychologist, service=service, fee=Decimal(fee))


def provider_number(
    *, psychologist: Psychologist | None = None, location: Location | None = None, number: str = "4024742F"
) -> ProviderNumber:
    return ProviderNumber.objects.create(
        psychologist=psychologist or make.psychologist(),
        location=location or make.location(),
        number=number,
    )


def patient(*, user: User | None = None, date_of_birth: date = date(1990, 5, 17), **fields) -> Patient:
    """A person in care, without an account unless `user` is given."""
    n = next(_numbers)
    defaults = {
        "legal_first_name": "Ash",
        "legal_last_name": f"Patient{_few_digits(n)}",
        "email": user.email if user else f"patient{n}@example.com",
    }
    return Patient.objects.create(user=user, date_of_birth=date_of_birth, **defaults | fields)


def ways(*, patient: Patient | None = None, **fields) -> ContactWays:
    """How a patient wants to be reached, with what they said of each phone channel that is open."""
    patient = patient or make.patient(phone="+61491570156")
    for channel in ("sms", "whatsapp"):
        if fields.get(f"by_{channel}"):
            ChannelConsent.objects.create(
                patient=patient, channel=channel, agrees=True, how="text", said_at=timezone.now(), language="en-au"
            )
    return ContactWays.objects.create(patient=patient, **{"changed_at": timezone.now()} | fields)


def wording(*, template: str = "appointment_booked", language: str = "en-au", words: dict[str, str]) -> NoticeWording:
    """The next version of a notice's own words, whatever it says."""
    before = NoticeWording.objects.of(template, language).count()
    return NoticeWording.objects.create(
        template=template,
        language=language,
        number=before + 1,
        words=words,
        written_by="1",
        written_at=timezone.now(),
    )


def carer(*, patient: Patient | None = None, user: User | None = None, **fields) -> Carer:
    return Carer.objects.create(
        patient=patient or make.patient(),
        user=user or make.user(),
        **{"relationship": Carer.Relationship.PARENT} | fields,
    )


# ---- The diary -------------------------------------------------------------------------------------------------------


def hours(
    *,
    psychologist: Psychologist | None = None,
    location: Location | None = None,
    weekday: int = 0,
    starts: str = "09:00",
    ends: str = "17:00",
    **fields,
) -> WorkingHours:
    """Weekly hours on one weekday (0 is Monday), on the location's wall clock."""
    return WorkingHours.objects.create(
        psychologist=psychologist or make.psychologist(),
        location=location or make.location(),
        weekday=weekday,
        starts=time.fromisoformat(starts),
        ends=time.fromisoformat(ends),
        **fields,
    )


def week(
    *,
    psychologist: Psychologist,
    location: Location | None = None,
    starts: str = "09:00",
    ends: str = "17:00",
    weekdays: tuple[int, ...] = (0, 1, 2, 3, 4),
) -> list[WorkingHours]:
    """The same hours on several weekdays, Monday to Friday unless said otherwise."""
    place = location or make.location()
    return [hours(psychologist=psychologist, location=place, weekday=day, starts=starts, ends=ends) for day in weekdays]


def time_slot(
    *,
    psychologist: Psychologist | None = None,
    location: Location | None = None,
    kind: TimeSlot.Kind = TimeSlot.Kind.BLOCKED,
    starts_at: datetime | None = None,
    minutes: int = 60,
    **fields,
) -> TimeSlot:
    start = starts_at or _soon()
    if kind == TimeSlot.Kind.EXTRA and location is None:
        location = make.location()
    return TimeSlot.objects.create(
        psychologist=psychologist or make.psychologist(),
        location=location,
        kind=kind,
        starts_at=start,
        ends_at=start + timedelta(minutes=minutes),
        **fields,
    )


def busy_elsewhere(
    *, psychologist: Psychologist, starts_at: datetime, minutes: int = 60, **calendar: object
) -> OutsideBusy:
    """A time that a psychologist's calendar elsewhere takes, read a moment before it starts unless told otherwise."""
    defaults = {"added_at": starts_at, "read_at": starts_at, "next_try_at": starts_at}
    row = OutsideCalendar(psychologist=psychologist, **defaults | calendar)
    row.address = "https://calendar.example/basic.ics"
    row.save(force_insert=True)
    return OutsideBusy.objects.create(
        calendar=row, psychologist=psychologist, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=minutes)
    )


def _soon() -> datetime:
    """A whole hour, a week ahead of the clock."""
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=7)


def appointment(
    *,
    psychologist: Psychologist | None = None,
    patient: Patient | None = None,
    service: Service | None = None,
    location: Location | None = None,
    room: Room | None = None,
    mode: Mode = Mode.IN_PERSON,
    starts_at: datetime | None = None,
    minutes: int | None = None,
    status: Status = Status.BOOKED,
    fee: Decimal | str | None = None,
    **fields,
) -> Appointment:
    """A session in any state, with the times and marks that its state asks for; its buffers are the service's."""
    service = service or make.service()
    start = starts_at or _soon()
    end = start + timedelta(minutes=minutes or service.minutes)
    marks: dict = {}
    if status == Status.HELD:
        marks["held_until"] = timezone.now() + timedelta(minutes=10)
    else:
        patient = patient or make.patient()
        marks["booked_at"] = start - timedelta(days=7)
    if status in {Status.REQUESTED, Status.DECLINED}:
        marks |= {"booked_at": None, "requested_at": start - timedelta(days=7)}
    if status == Status.REQUESTED:
        marks["answer_by"] = start - timedelta(days=6)
    if status == Status.DECLINED:
        marks |= {"declined_at": start - timedelta(days=6), "decline_reason": DeclineReason.TIME}
    if status == Status.CANCELLED:
        marks |= {"cancelled_at": start - timedelta(days=3), "cancel_reason": CancelReason.PATIENT}
    if status in {Status.ARRIVED, Status.COMPLETED}:
        marks["arrived_at"] = start
    if status == Status.COMPLETED:
        marks["completed_at"] = end
    return Appointment.objects.create(
        psychologist=psychologist or make.psychologist(),
        patient=patient,
        service=service,
        location=location or (room.location if room else make.location()),
        room=room,
        mode=mode,
        starts_at=start,
        ends_at=end,
        status=status,
        fee=Decimal(fee) if fee is not None else service.fee,
        **{
            "occupied_from": start - timedelta(minutes=service.buffer_before),
            "occupied_until": end + timedelta(minutes=service.buffer_after),
        }
        | marks
        | fields,
    )


def hold(**fields) -> Appointment:
    """A time held for a visitor for ten minutes from now."""
    return appointment(status=Status.HELD, **fields)


def payer(*, name: str | None = None, **fields) -> Payer:
    """Somebody who pays for others."""
    n = next(_numbers)
    defaults = {
        "kind": Payer.Kind.INSURER,
        "abn": "51824753556",
        "email": f"bills{n}@example.com",
        "street": "1 Harbour Street",
        "created_at": _soon(),
    }
    return Payer.objects.create(name=name or f"Harbour Insurance {n}", **defaults | fields)


def patient_payer(*, patient: Patient | None = None, payer: Payer | None = None, services=(), **fields):
    """That a payer pays for a patient: for all sessions, unless `services` or `pays` say otherwise."""
    link = PatientPayer.objects.create(
        patient=patient or make.patient(), payer=payer or make.payer(), **{"created_at": _soon()} | fields
    )
    link.services.set(services)
    return link


def waiver(*, appointment: Appointment | None = None, **fields) -> Waiver:
    """Somebody did without the fee for a session that was cancelled late."""
    appointment = appointment or make.appointment(status=Status.CANCELLED, late=True)
    defaults = {"purpose": "late_fee", "reason": "Was in hospital", "waived_at": timezone.now()}
    return Waiver.objects.create(appointment=appointment, **defaults | fields)


# ---- The waitlist ----------------------------------------------------------------------------------------------------


def pay_share(*, psychologist: Psychologist, **fields) -> PayShare:
    """What a psychologist is paid by, from a day on."""
    defaults = {"percent": Decimal(60), "from_day": date(2026, 1, 1), "said_by": staff(Role.MANAGER)}
    return PayShare.objects.create(psychologist=psychologist, **defaults | fields)


def day_close(*, payment: Payment | None = None, **fields) -> DayClose:
    """A closed day of a place, with nothing in its drawer; with a payment that it counted, if one is given."""
    nothing = dict.fromkeys(("opening", "cash", "counted", "kept", "card", "difference"), Decimal(0))
    defaults = {"day": date(2026, 11, 23), "closed_at": datetime(2026, 11, 23, 7, tzinfo=UTC), "sheet": {}}
    where, who = fields.pop("location", None) or location(), fields.pop("closed_by", None) or staff()
    close = DayClose.objects.create(location=where, closed_by=who, **nothing | defaults | fields)
    if payment:
        ClosedPayment.objects.create(close=close, payment=payment)
    return close


def waiting(
    *, patient: Patient | None = None, service: Service | None = None, psychologists=(), ends_on=None, **fields
) -> WaitlistEntry:
    """Somebody who waits for any time with anybody, for two months unless said otherwise."""
    now = timezone.now()
    made = WaitlistEntry.objects.create(
        patient=patient or make.patient(),
        service=service or make.service(),
        ends_on=ends_on or now.date() + timedelta(days=60),
        **{"modes": ANY_WAY, "weekdays": EVERY_DAY, "parts": ANY_PART, "joined_at": now} | fields,
    )
    made.psychologists.set(psychologists)
    return made


def vacancy(*, session: Appointment | None = None, **fields) -> Vacancy:
    """A time that was freed by cancelling, and is still offered."""
    session = session or make.appointment(status=Status.CANCELLED)
    place = {name: getattr(session, name) for name in ("psychologist", "location", "starts_at", "ends_at")}
    return Vacancy.objects.create(session=session, **place | {"opened_at": timezone.now()} | fields)


def offer(
    *, vacancy: Vacancy | None = None, entry: WaitlistEntry | None = None, token: str = "", kept: bool = False, **fields
) -> Offer:
    """A time offered to one who waits, for two hours; `kept` for them by a hold."""
    vacancy, entry = vacancy or make.vacancy(), entry or make.waiting()
    now = timezone.now()
    times = {"starts_at": vacancy.starts_at, "ends_at": vacancy.starts_at + timedelta(minutes=entry.service.minutes)}
    marks: dict = {"offered_at": now, "expires_at": now + timedelta(hours=2), "mode": Mode.IN_PERSON}
    if kept:
        held = make.hold(
            psychologist=vacancy.psychologist,
            location=vacancy.location,
            service=entry.service,
            starts_at=vacancy.starts_at,
            held_until=now + timedelta(hours=2, minutes=5),
        )
        marks["hold_code"] = held.code
    token = token or f"token-{next(_numbers)}"
    return Offer.objects.create(vacancy=vacancy, entry=entry, token_hash=Offer.hash_of(token), **times | marks | fields)


# ---- Who acts --------------------------------------------------------------------------------------------------------


def actor(user: User | None = None, role: Role = Role.RECEPTION) -> Actor:
    """Somebody acting in `role`; a new member of staff unless `user` is given."""
    return Actor(user=user or make.user(role=role), role=role)


def second_factor(user: User) -> Authenticator:
    return TOTP.activate(user, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").instance


class Browser(Client):
    """Django's test client, which can also send a form as somebody does who has just opened its page."""

    def shown(self, path, field=None) -> dict[str, str]:
        """What the forms of a page say that they show (portal/common/forms/shown.py), by the name it is sent under.

        Of several forms, that of the one which has this `field`.
        """
        page = self.get(path)
        return {"shown": form_with(page, field)["shown"][0]} if field else shown_in(page)

    def send(self, path, data=None, **extra):
        """Opens the page, and posts `data` with what it showed."""
        return self.post(path, self.shown(path) | (data or {}), **extra)


_SHOWN = re.compile(r'<input type="hidden" name="((?:[\w-]+-)?shown)" value="([^"]*)">')


def shown_in(response) -> dict[str, str]:
    """What the forms of a page that came back say that they show."""
    return {name: html.unescape(value) for name, value in _SHOWN.findall(response.content.decode())}


def client_for(user: User | None) -> Browser:
    """A browser in which `user` has signed in, by the second factor too if they are staff; None is nobody."""
    client = Browser()
    if user is not None:
        if user.is_staff_member and not Authenticator.objects.filter(user=user).exists():
            second_factor(user)
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        UserSession.objects.create(user=user, session_key=client.session.session_key, ip="127.0.0.1")
    return client


def signed_in_client(*, role: Role = Role.PATIENT, **fields) -> Client:
    """A browser of a new account in `role`; the account is `client.user`. A patient's has its own patient record."""
    account = user(role=role, **fields)
    if role == Role.PATIENT:
        patient(user=account)
    elif role == Role.PSYCHOLOGIST:
        psychologist(user=account)
    client = client_for(account)
    client.user = account
    return client


# ---- Medicare --------------------------------------------------------------------------------------------------------


def mbs_items() -> None:
    """Items and limits, sown again: a test with real transactions empties every table, seeded ones too."""
    if not MbsItem.objects.exists():
        import_module("portal.medicare.migrations.0002_seed_items_of_2025_and_2026").seed(apps, None)
    if not BetterAccessLimits.objects.exists():
        import_module("portal.medicare.migrations.0005_seed_limits").seed(apps, None)
    assignment_terms()


def referrer(**fields) -> Referrer:
    facts = {"name": "Dr Priya Raman", "provider_number": "2429581T", "practice": "Moreland Clinic"} | fields
    since = datetime(2026, 1, 5, 0, 0, tzinfo=UTC)
    made = Referrer(created_at=since, changed_at=since, **facts)
    made.found_by = made.words()
    made.save()
    return made


def assignment_terms() -> None:
    """How a benefit may be assigned, sown again."""
    if not AssignmentTerms.objects.exists():
        import_module("portal.billing.migrations.0026_seed_assignment_terms").seed(apps, None)


def referral(*, patient: Patient | None = None, written_on: date = date(2026, 1, 15), **fields) -> Referral:
    defaults = {"referrer_name": "Dr Priya Raman", "referrer_provider_number": "2429581T", "services": 6}
    return Referral.objects.create(patient=patient or make.patient(), written_on=written_on, **defaults | fields)


# ---- What the clinic publishes ---------------------------------------------------------------------------------------


def category(*, name: str | None = None, **fields) -> Category:
    n = next(_numbers)
    return Category.objects.create(name=name or f"Category {n}", **{"slug": f"category-{n}", "position": n} | fields)


def post(
    *,
    title: str | None = None,
    body: str = "Breathe out.\n\n## Then\n\nBreathe in.",
    excerpt: str = "",
    author: User | None = None,
    category: Category | None = None,
    tags: tuple[str, ...] = (),
    published_at: datetime | None = None,
    draft: bool = False,
    **fields,
) -> BlogPost:
    """An article that everybody may read since yesterday; `draft=True` is one that never was published."""
    n = next(_numbers)
    now = timezone.now()
    at = None if draft else published_at or now - timedelta(days=1)
    slug = fields.pop("slug", f"article-{n}")
    made = BlogPost(
        author=author or make.user(role=Role.PSYCHOLOGIST),
        category=category or make.category(),
        slug=slug,
        **{
            "status": "draft" if draft else "published",
            "published_at": at,
            "first_published_at": at,
            "slug_is_settled": not draft,
            "created_at": now,
            "saved_at": now,
        }
        | fields,
    )
    made.write(title=f"Article {n}" if title is None else title, body=body, excerpt=excerpt)
    made.save(force_insert=True)
    UsedSlug.objects.create(slug=slug, post=made, since=now)
    made.tags.set(Tag.objects.get_or_create(slug=tag.lower(), defaults={"name": tag})[0] for tag in tags)
    return made


def document(*, content: bytes = b"Breathe in, and out.", kind: Kind = Kind.TEXT, name: str = "") -> CleanFile:
    """A file as it is after it was checked."""
    return CleanFile(kind, name or f"document-{next(_numbers)}.{kind.value}", content)


def resource(
    *,
    title: str | None = None,
    file: CleanFile | None = None,
    audience: Audience = Audience.PUBLIC,
    category: Category | None = None,
    made_for: Patient | None = None,
    by: User | None = None,
    **fields,
) -> Resource:
    """A file on the shelf, or, with `made_for`, one for a single person."""
    n, now = next(_numbers), timezone.now()
    if made_for is not None:
        own = {"own_title": title or f"Own file {n}", "made_for": made_for, "audience": Audience.SHARED_ONLY}
    else:
        own = {"title": title or f"File {n}", "category": category or make.category(), "audience": audience}
    made = Resource(
        created_by=by or make.user(), **own | {"slug": f"file-{n}", "created_at": now, "updated_at": now} | fields
    )
    made.save(force_insert=True)
    ResourceSlug.objects.create(slug=made.slug, resource=made, since=now)
    file = file or document()
    with storage.put(file, sealed=made_for is not None) as put:
        add_version(made, file, put, by=Actor(made.created_by, Role.MANAGER), now=now)
    return made


def saved_card(*, patient: Patient | None = None, **fields) -> SavedCard:
    """What somebody agreed to; saved only where `fields` say so."""
    patient = patient or make.patient()
    defaults = {
        "given_by": make.user(),
        "created_at": timezone.now(),
        "expires_at": timezone.now() + timedelta(minutes=31),
        "language": "en-au",
        "consent": "I agree.",
        "consent_hash": "a" * 64,
    }
    return SavedCard.objects.create(patient=patient, **defaults | fields)


def saved_view(*, owner: User | None = None, position: int = 1, **fields) -> SavedView:
    """A view of the list of invoices."""
    defaults = {"name": f"View {position}", "query": "standing=overdue", "created_at": timezone.now()}
    return SavedView.objects.create(owner=owner or make.staff(), position=position, **defaults | fields)


def share(
    *,
    resource: Resource | None = None,
    patient: Patient | None = None,
    note: str = "",
    shared_by: User | None = None,
    **fields,
) -> Share:
    made = Share(
        resource=resource or make.resource(),
        patient=patient or make.patient(),
        note=note,
        shared_by=shared_by or make.user(role=Role.PSYCHOLOGIST),
        **{"shared_at": timezone.now()} | fields,
    )
    made.save(force_insert=True)
    return made


# ---- Conversations ---------------------------------------------------------------------------------------------------


def thread(
    *, patient: Patient | None = None, psychologist: Psychologist | None = None, said: str = "A question.", **fields
) -> Thread:
    """A conversation that its patient began, with that one message waiting for an answer."""
    patient = patient or make.patient(user=make.user())
    at = fields.pop("started_at", None) or timezone.now()
    defaults = {"about": "My next session", "started_by": patient.user or make.user(), "last_at": at}
    begun = Thread.objects.create(
        patient=patient, psychologist=psychologist, started_at=at, **{"waiting_since": at} | defaults | fields
    )
    make.message(thread=begun, said=said, sent_at=at)
    return begun


def message(*, thread: Thread, said: str = "A message.", author: User | None = None, **fields) -> Message:
    """The next message of a conversation: its patient's, or with an author the clinic's."""
    thread.last_number += 1
    if author is not None:
        thread.last_from_clinic = thread.last_number
    thread.save(update_fields=["last_number", "last_from_clinic"])
    side = Side.PATIENT if author is None else Side.CLINIC
    defaults = {"author": author or thread.started_by, "sent_at": timezone.now()}
    return Message.objects.create(thread=thread, number=thread.last_number, side=side, body=said, **defaults | fields)
