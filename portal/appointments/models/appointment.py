from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import states
from portal.appointments.answers import DeclineReason
from portal.appointments.models.series import Series
from portal.appointments.states import Status
from portal.clinic.models import Location, Mode, Psychologist, Room, Service
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient

# A session with its buffers takes no longer: the database holds it, and readers may begin their search that far back.
LONGEST = timedelta(days=1)


class CancelReason(models.TextChoices):
    """Why, in words that say nothing of anybody's health."""

    PATIENT = "patient", _("Patient can't come")
    PSYCHOLOGIST = "psychologist", _("Psychologist is away")
    CLINIC = "clinic", _("Clinic is closed")
    MISTAKE = "mistake", _("Booked by mistake")
    OTHER = "other", _("Other")


# What lists show of a patient, and what they therefore don't read.
_IN_LISTS = {
    *("id", "code", "legal_first_name", "legal_last_name", "preferred_name", "date_of_birth", "phone"),
    "bulk_billed",
}
_NOT_IN_LISTS = [f"patient__{column.name}" for column in Patient._meta.concrete_fields if column.name not in _IN_LISTS]


def which_of(position: int | None, sessions: int | None) -> str:
    """Which session of how many; empty without a series."""
    return (
        pgettext("a session of a series", "%(n)d of %(all)d") % {"n": position, "all": sessions}
        if position and sessions
        else ""
    )


# When a session starts, and the name of the zone where it is.
NextSession = tuple[datetime, str]


def _profile_of(user: User) -> models.QuerySet[Psychologist, int]:
    """Whose diary it is, as one value: by a join, no database would walk that diary's index in order and stop early."""
    return Psychologist.objects.filter(user=user).order_by().values_list("pk", flat=True)[:1]


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def visible_to(self, actor: Actor) -> AppointmentQuerySet:
        """All for the desk and the manager, their own for psychologists, for patients those of whom they care for."""
        match actor.role:
            case Role.PATIENT:
                return self.filter(patient__in=Patient.objects.managed_by(actor.person)).without_holds()
            case Role.PSYCHOLOGIST:
                return self.filter(psychologist=_profile_of(actor.person))
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()

    def live(self) -> AppointmentQuerySet:
        """Held, booked or arrived: those that may not overlap (`states.LIVE`)."""
        return self.filter(status__in=states.LIVE)

    def taking_time(self, *, now: datetime) -> AppointmentQuerySet:
        """What stands in a diary at `now`: all but the cancelled, the missed, and holds that ran out."""
        return self.filter(status__in=states.TAKING_TIME).without_expired_holds(now=now)

    def without_expired_holds(self, *, now: datetime) -> AppointmentQuerySet:
        """All but times that somebody held and did not book in time."""
        return self.exclude(status=Status.HELD, held_until__lte=now)

    def without_holds(self) -> AppointmentQuerySet:
        """All but held times."""
        return self.exclude(status=Status.HELD)

    def holds(self) -> AppointmentQuerySet:
        """Times that somebody holds while they fill in their details."""
        return self.filter(status=Status.HELD)

    def without_cancelled(self) -> AppointmentQuerySet:
        """All but those that were called off, and what was asked for in vain: neither takes place."""
        return self.exclude(status__in=(Status.CANCELLED, Status.DECLINED))

    def with_a_person(self) -> AppointmentQuerySet:
        """What was agreed with somebody and not called off, past or to come: it makes them the psychologist's."""
        return self.filter(status__in=states.WITH_A_PERSON, patient__isnull=False)

    def seen(self, *, now: datetime) -> AppointmentQuerySet:
        """What somebody came to, latest first."""
        return self.filter(status__in=states.SEEN, starts_at__lte=now).order_by("-starts_at")

    def requests(self) -> AppointmentQuerySet:
        """What somebody asked for and nobody has answered, the most pressing first."""
        return self.filter(status=Status.REQUESTED).order_by("answer_by", "pk")

    def coming_or_asked_for(self, *, now: datetime) -> AppointmentQuerySet:
        """What is booked or asked for by somebody, and not over, soonest first."""
        ahead = self.filter(status__in=states.AHEAD, patient__isnull=False, ends_at__gt=now)
        return ahead.order_by("starts_at", "pk")

    def unanswered(self, *, now: datetime) -> AppointmentQuerySet:
        """Requests whose time for an answer is over."""
        return self.requests().filter(answer_by__lte=now)

    def over(self) -> AppointmentQuerySet:
        """Held, missed or called off: nothing more is to come of it."""
        return self.filter(status__in=states.OVER)

    def left_open(self, *, now: datetime) -> AppointmentQuerySet:
        """What is over by the clock, and nobody said how it went."""
        return self.filter(status__in=states.OPEN, ends_at__lte=now)

    def expired_holds(self, *, now: datetime) -> AppointmentQuerySet:
        """Held times that nobody booked in time."""
        return self.holds().filter(held_until__lte=now)

    def between(self, start: datetime, end: datetime) -> AppointmentQuerySet:
        """Sessions that touch the time from `start` (inclusive) to `end` (exclusive)."""
        return self.filter(starts_at__gt=start - LONGEST, starts_at__lt=end, ends_at__gt=start)

    def occupying(self, start: datetime, end: datetime) -> AppointmentQuerySet:
        """Those that touch the time from `start` (inclusive) to `end` (exclusive) with their buffers."""
        return self.filter(occupied_from__gt=start - LONGEST, occupied_from__lt=end, occupied_until__gt=start)

    def occupying_any(self, spans: Collection[tuple[datetime, datetime]]) -> AppointmentQuerySet:
        """Those that touch any of these times, each from (inclusive) and until (exclusive), with their buffers."""
        if not spans:
            return self.none()
        each = [Q(occupied_from__lt=end, occupied_until__gt=start) for start, end in spans]
        # All of them lie within one stretch, which an index finds.
        whole = self.occupying(min(start for start, _end in spans), max(end for _start, end in spans))
        return whole.filter(Q(*each, _connector=Q.OR))

    def in_care_of(self, user: User) -> AppointmentQuerySet:
        """Those that make their patient this psychologist's: agreed with a person and not called off.

        A hold opens nothing, nor does a session that was cancelled or is a colleague's now.
        `Patient.objects.in_care_of` asks it: who they are, and what one writes and shares oneself.
        """
        return self.filter(psychologist=_profile_of(user), patient__isnull=False).with_a_person()

    def treating(self, user: User, *, now: datetime) -> AppointmentQuerySet:
        """Those of them that were held or have begun at `now` (aware): what colleagues wrote is open from then on.

        This is the only rule on who treats whom; `Patient.objects.treated_by` asks it. A time that is booked for a
        coming day opens nothing of theirs, for whoever books it could open anybody's record; nor does one that the
        person missed, or that the psychologist, who is at the desk too, put on record themself afterwards.
        """
        begun = self.in_care_of(user).filter(status__in=states.STANDING, starts_at__lte=now)
        return begun.exclude(booked_by=user, booked_at__gte=F("starts_at"))

    def upcoming(self, *, now: datetime) -> AppointmentQuerySet:
        """Open ones whose end is still to come, the next first."""
        return self.filter(status__in=states.OPEN, ends_at__gt=now).order_by("starts_at")

    def next_of(self, patients: Sequence[int], *, now: datetime) -> dict[int, NextSession]:
        """When each of these patients (primary keys) comes next, and on which clock; who doesn't is left out."""
        coming = self.filter(patient__in=patients).upcoming(now=now)
        found: dict[int, NextSession] = {}
        for patient, starts_at, zone in coming.values_list("patient", "starts_at", "location__time_zone"):
            found.setdefault(patient, (starts_at, zone))
        return found

    def ahead(self, *, now: datetime) -> AppointmentQuerySet:
        """What somebody has ahead of them: booked, or asked for and not answered yet."""
        return self.filter(status__in=states.AHEAD, ends_at__gt=now)

    def past(self, *, now: datetime) -> AppointmentQuerySet:
        """Those that have ended or were closed before, the latest first; no holds."""
        return self.without_holds().filter(Q(ends_at__lte=now) | Q(status__in=states.OVER)).order_by("-starts_at")

    def for_lists(self) -> AppointmentQuerySet:
        """With the patient's name and birth date and no more of them; `listing.with_clinic` adds the rest."""
        return self.select_related("patient", "series").defer(*_NOT_IN_LISTS)

    def for_listing(self) -> AppointmentQuerySet:
        """With the people, the service and the place that a list names."""
        return self.select_related("psychologist__user", "patient", "service", "location", "room", "series")


@classed(
    plain="id code psychologist patient service location room mode starts_at ends_at occupied_from occupied_until "
    "status fee cancel_hours late_fee_percent near_hours near_fee_percent no_show_percent grace_minutes "
    "held_until booked_at booked_by "
    "requested_at answer_by declined_at declined_by decline_reason "
    "confirmed_at arrived_at completed_at cancelled_at cancelled_by cancel_reason late revision "
    "series position planned_at",
)
class Appointment(models.Model):
    """A session in a diary, or a time held for one.

    `occupied_from` and `occupied_until` are the session with its buffers: what may not overlap for the psychologist
    and the room. The patient's own time is `starts_at` to `ends_at`. All are aware UTC on whole minutes.
    guards.py keeps live rows of one psychologist, patient or room apart, in the database itself.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # The three that may not overlap have indexes of their own below, with the time.
    psychologist = models.ForeignKey(
        Psychologist, on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    # Nobody yet, while a visitor fills in who they are.
    patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    service = models.ForeignKey(Service, on_delete=models.PROTECT, related_name="appointments")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="appointments")
    room = models.ForeignKey(
        Room, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    mode = models.CharField(_("how"), max_length=10, choices=Mode.choices)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"))
    occupied_from = models.DateTimeField(editable=False)
    occupied_until = models.DateTimeField(editable=False)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    # What the person was told it costs, before GST; the price card's promise.
    fee = models.DecimalField(_("fee"), max_digits=8, decimal_places=2)
    # The rules for cancelling and not coming as they were promised: hours before, percent of the price, and minutes
    # after booking in which cancelling is free all the same. None: those in force.
    cancel_hours = models.PositiveSmallIntegerField(null=True, editable=False)
    late_fee_percent = models.PositiveSmallIntegerField(null=True, editable=False)
    # The second fee, for cancelling less than so many hours before; none where only the first was promised.
    near_hours = models.PositiveSmallIntegerField(null=True, editable=False)
    near_fee_percent = models.PositiveSmallIntegerField(null=True, editable=False)
    no_show_percent = models.PositiveSmallIntegerField(null=True, editable=False)
    grace_minutes = models.PositiveSmallIntegerField(null=True, editable=False)
    held_until = models.DateTimeField(null=True, blank=True)
    # Of what was asked for: when, and until when the clinic answers.
    requested_at = models.DateTimeField(null=True, blank=True, editable=False)
    answer_by = models.DateTimeField(null=True, blank=True, editable=False)
    booked_at = models.DateTimeField(null=True, blank=True)
    booked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cancel_reason = models.CharField(max_length=12, choices=CancelReason.choices, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Nobody, where a request ended by itself.
    declined_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    decline_reason = models.CharField(max_length=12, choices=DeclineReason.choices, blank=True, editable=False)
    late = models.BooleanField(_("cancelled late"), default=False)
    # Calendar programs take an invitation with a higher SEQUENCE as the newer one.
    revision = models.PositiveSmallIntegerField(default=0)
    # The recurring sessions that it is one of, which of them, and when the series would have it start: one that starts
    # at another time was placed or moved alone, and stays where it is when the others move.
    series = models.ForeignKey(
        Series, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments", db_index=False
    )
    position = models.PositiveSmallIntegerField(null=True, blank=True, editable=False)
    planned_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        ordering = ["starts_at"]
        indexes = [
            models.Index(fields=["psychologist", "occupied_from"], name="appointment_of_psychologist"),
            models.Index(fields=["patient", "starts_at"], name="appointment_of_patient"),
            # All that tells who is in somebody's care and what waits for a note, so that no row is read to count them.
            models.Index(
                fields=["psychologist", "starts_at", "status", "ends_at", "patient", "id"], name="appointment_in_diary"
            ),
            models.Index(fields=["room", "occupied_from"], name="appointment_in_room"),
            models.Index(fields=["starts_at"], name="appointment_by_start"),
            models.Index(fields=["answer_by"], name="appointment_to_answer", condition=Q(status=Status.REQUESTED)),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"),
            models.CheckConstraint(
                condition=Q(near_hours__isnull=True, near_fee_percent__isnull=True)
                | Q(
                    near_hours__isnull=False,
                    near_hours__gte=1,
                    near_fee_percent__isnull=False,
                    near_fee_percent__lte=100,
                    late_fee_percent__isnull=False,
                ),
                name="appointment_promises_a_second_fee_whole",
            ),
            models.CheckConstraint(
                condition=Q(occupied_from__lte=F("starts_at"), occupied_until__gte=F("ends_at")),
                name="appointment_occupies_its_session",
            ),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="appointment_status_is_known"),
            models.CheckConstraint(
                condition=Q(status="held", held_until__isnull=False) | (~Q(status="held") & Q(held_until__isnull=True)),
                name="appointment_held_until_iff_held",
            ),
            models.CheckConstraint(
                condition=Q(status="held") | Q(patient__isnull=False), name="appointment_has_a_patient"
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | (~Q(status="cancelled") & Q(cancelled_at__isnull=True)),
                name="appointment_cancelled_at_iff_cancelled",
            ),
            models.CheckConstraint(
                condition=Q(status="completed", completed_at__isnull=False)
                | (~Q(status="completed") & Q(completed_at__isnull=True)),
                name="appointment_completed_at_iff_completed",
            ),
            models.CheckConstraint(
                condition=Q(status="requested", answer_by__isnull=False, requested_at__isnull=False)
                | (~Q(status="requested") & Q(answer_by__isnull=True)),
                name="appointment_answer_by_iff_requested",
            ),
            models.CheckConstraint(
                condition=(Q(status="declined", declined_at__isnull=False) & ~Q(decline_reason=""))
                | (~Q(status="declined") & Q(declined_at__isnull=True, decline_reason="")),
                name="appointment_declined_at_iff_declined",
            ),
            models.CheckConstraint(
                condition=Q(late=False) | Q(status="cancelled"), name="appointment_late_only_if_cancelled"
            ),
            models.CheckConstraint(condition=Q(fee__gte=0), name="appointment_fee_not_negative"),
            models.CheckConstraint(
                condition=Q(series__isnull=True, position__isnull=True, planned_at__isnull=True)
                | Q(series__isnull=False, position__gte=1, planned_at__isnull=False),
                name="appointment_position_iff_in_series",
            ),
            models.UniqueConstraint(fields=["series", "position"], name="appointment_position_once_in_series"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%Y-%m-%d %H:%M} UTC, {self.status}"

    @property
    def zone(self) -> ZoneInfo:
        """The wall clock of its place."""
        return self.location.zone

    @property
    def local_start(self) -> datetime:
        """On the location's wall clock."""
        return timezone.localtime(self.starts_at, self.zone)

    @property
    def person(self) -> Patient:
        """Whose session it is; raises ValueError for a time that is held, and nobody's yet."""
        if self.patient is None:
            raise ValueError("a held time is nobody's session yet")
        return self.patient

    @property
    def minutes(self) -> int:
        """How long it is, breaks not counted."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def is_moved_alone(self) -> bool:
        """Whether it stands off the series that it is one of."""
        return self.planned_at is not None and self.planned_at != self.starts_at

    @property
    def is_placed_apart(self) -> bool:
        """Whether it stands off its series since it was booked, as the series' own time was not to be had."""
        return self.is_moved_alone and not self.revision

    @property
    def of_series(self) -> str:
        """Which of its series it is, such as `3 of 8`; empty where it is in none. Lists read the series with it."""
        return which_of(self.position, self.series.sessions) if self.series is not None else ""

    def is_held(self, *, now: datetime) -> bool:
        """Whether somebody still holds the time."""
        return self.status == Status.HELD and self.held_until is not None and self.held_until > now

    # What a template may ask of the state; what may become of it is asked of `states.steps`.

    @property
    def is_hold(self) -> bool:
        """Whether it is a held time, also one whose time is over."""
        return self.status == Status.HELD

    @property
    def is_booked(self) -> bool:
        return self.status == Status.BOOKED

    @property
    def is_request(self) -> bool:
        """Somebody asked for it, and the clinic has not answered yet: the time is theirs until it does."""
        return self.status == Status.REQUESTED

    @property
    def is_declined(self) -> bool:
        """It was asked for and did not become a booking."""
        return self.status == Status.DECLINED

    @property
    def is_here(self) -> bool:
        """The patient is checked in, and the session is not completed."""
        return self.status == Status.ARRIVED

    @property
    def is_completed(self) -> bool:
        return self.status == Status.COMPLETED

    @property
    def is_missed(self) -> bool:
        return self.status == Status.NO_SHOW

    @property
    def is_cancelled(self) -> bool:
        return self.status == Status.CANCELLED

    @property
    def is_open(self) -> bool:
        """It is still to be held, or was and nobody said how it went."""
        return self.status in states.OPEN

    @property
    def is_standing(self) -> bool:
        """It is neither called off nor missed: it takes place, or took place."""
        return self.status in states.STANDING

    @property
    def seen_as(self) -> str:
        """The word that a button sends back, so that an old page changes nothing: `states.as_seen`."""
        return states.as_seen(self)
