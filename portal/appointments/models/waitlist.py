from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Invitation
from portal.accounts.roles import Role
from portal.appointments.models.appointment import Appointment
from portal.appointments.models.hours import Weekday
from portal.appointments.parts_of_day import PartOfDay
from portal.clinic.models import Location, Mode, Psychologist, Service
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient

WAYS: Final[Sequence[str]] = tuple(Mode.values)
DAYS: Final[Sequence[int]] = tuple(Weekday.values)
PARTS: Final[Sequence[str]] = tuple(PartOfDay.values)
ANY_WAY: Final[int] = 2 ** len(WAYS) - 1
EVERY_DAY: Final[int] = 2 ** len(DAYS) - 1
ANY_PART: Final[int] = 2 ** len(PARTS) - 1

T = TypeVar("T", str, int)


def bits_of(chosen: Iterable[T], among: Sequence[T]) -> int:
    """What was chosen of a list, as one number: a bit for each, in the list's order."""
    picked = set(chosen)
    return sum(1 << n for n, each in enumerate(among) if each in picked)


def chosen_in(bits: int, among: Sequence[T]) -> list[T]:
    """What such a number stands for, in the list's order."""
    return [each for n, each in enumerate(among) if bits >> n & 1]


# ---- Who waits ------------------------------------------------------------------------------------------------------


class WaitlistEntryQuerySet(models.QuerySet["WaitlistEntry"]):
    def visible_to(self, actor: Actor) -> WaitlistEntryQuerySet:
        """All for the desk and the manager, for patients those of whom they care for, none for others."""
        match actor.role:
            case Role.PATIENT:
                return self.filter(patient__in=Patient.objects.managed_by(actor.person))
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()

    def waiting(self) -> WaitlistEntryQuerySet:
        """Those that nobody ended; the worker ends what is over by its date."""
        return self.filter(ended_at__isnull=True)

    def in_turn(self) -> WaitlistEntryQuerySet:
        """Urgent first, then who waits longest."""
        return self.order_by("-urgent", "joined_at", "pk")


@classed(
    plain="id code patient service location modes weekdays parts urgent ends_on joined_at joined_by ended_at "
    "ended_why revision",
    personal="desk_note",
)
class WaitlistEntry(models.Model):
    """A patient who waits for a time, and which times would help. Why they wait is nowhere written.

    No psychologist named means anybody who gives the service, no place any place.
    """

    class Ended(models.TextChoices):
        """Why somebody waits no longer."""

        BOOKED = "booked", _("Booked a session")
        LEFT = "left", _("Left the waitlist")
        REMOVED = "removed", _("Taken off by the desk")
        OVER = "over", _("The end date has passed")
        BEEN_HERE = "been_here", _("Has been here before")
        WAITS_TOO = "waits_too", _("Waits for it already")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="waitlist_entries", db_index=False)
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="waitlist_entries")
    psychologists = models.ManyToManyField(Psychologist, blank=True, related_name="waitlist_entries")
    location = models.ForeignKey(
        Location, null=True, blank=True, on_delete=models.PROTECT, related_name="waitlist_entries"
    )
    # Bits, in the order of WAYS, DAYS and PARTS: at least one of each.
    modes = models.PositiveSmallIntegerField()
    weekdays = models.PositiveSmallIntegerField()
    parts = models.PositiveSmallIntegerField()
    # Only staff say so.
    urgent = models.BooleanField(_("urgent"), default=False)
    # The last day on which a time would still help, on the calendar of its place.
    ends_on = models.DateField(_("until"))
    # For the desk: "ring first, works shifts". Never why somebody comes.
    desk_note = models.CharField(_("note for the desk"), max_length=120, blank=True)
    joined_at = models.DateTimeField(default=timezone.now, editable=False)
    joined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=10, choices=Ended.choices, blank=True)
    # Counts changes, so that an old page changes nothing.
    revision = models.PositiveSmallIntegerField(default=0)

    objects = WaitlistEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-urgent", "joined_at", "id"]
        verbose_name_plural = "waitlist entries"
        indexes = [
            models.Index(fields=["patient", "ended_at"], name="waitlist_of_patient"),
            models.Index(
                fields=["-urgent", "joined_at", "id"], name="waitlist_in_turn", condition=Q(ended_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(modes__gte=1, modes__lte=ANY_WAY), name="waitlist_has_a_way"),
            models.CheckConstraint(condition=Q(weekdays__gte=1, weekdays__lte=EVERY_DAY), name="waitlist_has_a_day"),
            models.CheckConstraint(condition=Q(parts__gte=1, parts__lte=ANY_PART), name="waitlist_has_a_part"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_why="") | (Q(ended_at__isnull=False) & ~Q(ended_why="")),
                name="waitlist_ended_with_why",
            ),
            models.UniqueConstraint(
                fields=["patient", "service"], condition=Q(ended_at__isnull=True), name="waitlist_once_a_service"
            ),
        ]

    def __str__(self) -> str:
        return f"waits since {self.joined_at:%Y-%m-%d}"

    @property
    def is_waiting(self) -> bool:
        return self.ended_at is None

    @property
    def ways(self) -> list[Mode]:
        """In which ways they would meet."""
        return [Mode(way) for way in chosen_in(self.modes, WAYS)]

    @property
    def days(self) -> list[Weekday]:
        return [Weekday(day) for day in chosen_in(self.weekdays, DAYS)]

    @property
    def parts_of_day(self) -> list[PartOfDay]:
        return [PartOfDay(part) for part in chosen_in(self.parts, PARTS)]

    @property
    def is_for_every_day(self) -> bool:
        return self.weekdays == EVERY_DAY

    @property
    def is_for_any_part(self) -> bool:
        return self.parts == ANY_PART

    def suits(self, starts_at: datetime, zone: ZoneInfo) -> bool:
        """Whether a session that starts then would help, by the wall clock of its place."""
        local = starts_at.astimezone(zone)
        return (
            local.date() <= self.ends_on
            and local.weekday() in self.days
            and PartOfDay.of(starts_at, zone) in self.parts_of_day
        )


# ---- What is offered on ---------------------------------------------------------------------------------------------


class VacancyQuerySet(models.QuerySet["Vacancy"]):
    def still_open(self) -> VacancyQuerySet:
        """Those that are still offered on, or wait for the morning."""
        return self.filter(closed_at__isnull=True)


@classed(
    plain="id code psychologist location session starts_at ends_at in_turn goes_on of_hours opened_at opened_by "
    "closed_at closed_why",
)
class Vacancy(models.Model):
    """A time that was freed, or that the desk named, while it is offered to those who wait. Aware UTC."""

    class Closed(models.TextChoices):
        """Why it is offered no longer."""

        FILLED = "filled", _("Taken from the waitlist")
        TAKEN = "taken", _("Booked by somebody else")
        NOBODY = "nobody", _("Nobody else waits for it")
        PASSED = "passed", _("Too soon to offer it")
        STOPPED = "stopped", _("Stopped by the desk")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    # What was cancelled or moved away; none for a time that the desk named. The database refuses to delete it: asked
    # first, as PROTECT does, each hold that is given back would cost a query more. The same below.
    session = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="vacancies"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # The clinic's rule as it was when the time was freed: one after the other, or all who match at once.
    in_turn = models.BooleanField(default=True)
    # Whether it goes to the next who waits once an offer came to nothing.
    goes_on = models.BooleanField(default=True)
    # Hours that opened, such as leave taken back: what is left of them once somebody has booked is offered on.
    of_hours = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_why = models.CharField(max_length=10, choices=Closed.choices, blank=True)

    objects = VacancyQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-id"]
        verbose_name_plural = "vacancies"
        indexes = [models.Index(fields=["starts_at"], name="vacancy_open", condition=Q(closed_at__isnull=True))]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="vacancy_ends_after_start"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_why="") | (Q(closed_at__isnull=False) & ~Q(closed_why="")),
                name="vacancy_closed_with_why",
            ),
            models.UniqueConstraint(
                fields=["psychologist", "starts_at"], condition=Q(closed_at__isnull=True), name="vacancy_open_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC"

    def is_past(self, *, now: datetime) -> bool:
        """Whether no session can begin in it any more."""
        return (self.ends_at if self.of_hours else self.starts_at) <= now


# ---- Who is asked ---------------------------------------------------------------------------------------------------


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, actor: Actor) -> OfferQuerySet:
        """Those of the entries that are visible to somebody."""
        return self.filter(entry__in=WaitlistEntry.objects.visible_to(actor))

    def still_open(self) -> OfferQuerySet:
        """Those that nobody answered or ended; the time to answer may be over."""
        return self.filter(ended_at__isnull=True)

    def with_token(self, token: str) -> OfferQuerySet:
        """The one that a mailed link leads to."""
        return self.filter(token_hash=Offer.hash_of(token))

    def for_listing(self) -> OfferQuerySet:
        """With the people, the service and the place that a list names."""
        return self.select_related(
            "entry__patient__user", "entry__service", "vacancy__psychologist__user", "vacancy__location", "booked"
        )


@classed(
    plain="id code vacancy entry mode starts_at ends_at hold_code token_hash offered_at offered_by expires_at "
    "ended_at outcome booked moved_from",
)
class Offer(models.Model):
    """One time offered to one who waits, until a moment. Aware UTC; only a hash of its link's token is kept."""

    class Outcome(models.TextChoices):
        """What came of it; empty while it is open."""

        ACCEPTED = "accepted", _("Accepted")
        DECLINED = "declined", _("Declined")
        EXPIRED = "expired", _("Not answered in time")
        TAKEN = "taken", _("Somebody else was faster")
        WITHDRAWN = "withdrawn", _("Withdrawn by the desk")
        NOT_NEEDED = "not_needed", _("No longer waiting")
        UNREACHED = "unreached", _("No e-mail reached them")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    vacancy = models.ForeignKey(Vacancy, on_delete=models.PROTECT, related_name="offers", db_index=False)
    entry = models.ForeignKey(WaitlistEntry, on_delete=models.PROTECT, related_name="offers")
    mode = models.CharField(max_length=10, choices=Mode.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # The code of the hold that keeps the time for them, where one is asked after the other: no key, it goes by itself.
    hold_code = models.UUIDField(null=True, blank=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    offered_at = models.DateTimeField()
    offered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True)
    booked = models.ForeignKey(Appointment, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="offers")
    # Where a later session of theirs was moved here: when it was.
    moved_from = models.DateTimeField(null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["-offered_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="offer_ends_after_start"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("offered_at")), name="offer_expires_later"),
            models.CheckConstraint(condition=Q(expires_at__lte=F("starts_at")), name="offer_expires_before_its_time"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="offer_ended_with_outcome",
            ),
            models.CheckConstraint(
                condition=Q(outcome="accepted", booked__isnull=False)
                | (~Q(outcome="accepted") & Q(booked__isnull=True, moved_from__isnull=True)),
                name="offer_booked_iff_accepted",
            ),
            models.UniqueConstraint(fields=["vacancy", "entry"], name="offer_once_a_time"),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(ended_at__isnull=True), name="offer_one_open_an_entry"
            ),
            models.UniqueConstraint(
                fields=["vacancy"],
                condition=Q(ended_at__isnull=True, hold_code__isnull=False),
                name="offer_one_holds_the_time",
            ),
            models.UniqueConstraint(
                fields=["vacancy"], condition=Q(outcome="accepted"), name="offer_accepted_once_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC, {self.outcome or 'open'}"

    # The token is 256 random bits, so a plain hash is enough, as of an invitation of staff.
    hash_of = staticmethod(Invitation.hash_of)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def is_accepted(self) -> bool:
        return self.outcome == self.Outcome.ACCEPTED

    @property
    def zone(self) -> ZoneInfo:
        """The wall clock of its place."""
        return self.vacancy.location.zone

    def is_late(self, *, now: datetime) -> bool:
        """Whether the time to answer is over."""
        return now >= self.expires_at
