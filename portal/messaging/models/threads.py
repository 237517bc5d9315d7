from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, When
from django.db.models.functions import Coalesce

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedTextField
from portal.common.privacy import classed
from portal.common.text.phones import national
from portal.patients.models import Patient

MOST_IN_ABOUT = 100


class ThreadQuerySet(models.QuerySet["Thread"]):
    def visible_to(self, actor: Actor, *, now: datetime) -> ThreadQuerySet:
        """The patient's side its own, a psychologist those with them, the desk and the manager the front desk's.

        The patient's side is whoever opens their shared files: themself, a child's carers, an adult's who agreed.
        """
        match actor.role:
            case Role.PATIENT:
                today = ClinicSettings.current().today(now)
                return self.filter(patient__in=Patient.objects.with_files_open_to(actor.person, today=today))
            case Role.PSYCHOLOGIST:
                return self.filter(psychologist__user=actor.person)
            case Role.RECEPTION | Role.MANAGER:
                return self.at_the_desk()
        return self.none()

    def at_the_desk(self) -> ThreadQuerySet:
        return self.filter(psychologist__isnull=True)

    def still_open(self) -> ThreadQuerySet:
        return self.filter(closed_at__isnull=True)

    def waiting(self) -> ThreadQuerySet:
        """Those in which somebody waits for an answer of ours."""
        return self.filter(waiting_since__isnull=False)

    def with_unread(self, user: User, *, staff: bool) -> ThreadQuerySet:
        """Adds `read_to`, the number up to which this account has read, and `unread`, whether there is more."""
        mark = ReadMark.objects.filter(thread=OuterRef("pk"), user=user).values("upto")
        newest = F("last_number") if staff else F("last_from_clinic")
        is_more = Case(When(read_to__lt=newest, then=True), default=False, output_field=models.BooleanField())
        # By name, for the model says that it may have them.
        read: dict[str, Any] = {"read_to": Coalesce(Subquery(mark), 0)}
        more: dict[str, Any] = {"unread": is_more}
        return self.annotate(**read).annotate(**more)

    def new_to(self, user: User) -> ThreadQuerySet:
        """Those in which the clinic wrote something that this account, on the patient's side, has not read."""
        read = ReadMark.objects.filter(thread=OuterRef("pk"), user=user, upto__gte=OuterRef("last_from_clinic"))
        return self.filter(~Exists(read), last_from_clinic__gt=0)

    def for_listing(self) -> ThreadQuerySet:
        return self.select_related("patient", "psychologist__user", "assigned_to")

    def newest_first(self) -> ThreadQuerySet:
        return self.order_by("-last_at", "-pk")

    def longest_waiting_first(self) -> ThreadQuerySet:
        """Who waits for an answer, the longest first; then the others, the newest first."""
        return self.order_by(F("waiting_since").asc(nulls_last=True), "-last_at", "-pk")


@classed(
    plain="id code patient psychologist by_text started_at started_by last_number last_from_clinic last_at turn "
    "waiting_since assigned_to assigned_at closed_at closed_by",
    personal="phone",
    clinical="about",
)
class Thread(models.Model):
    """One conversation about one thing. Without a psychologist it is the front desk's.

    `turn` goes up with whatever the clinic does in it: a page that shows another one is old.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Not known yet of a text from a number that several people have, or nobody.
    patient = models.ForeignKey(
        Patient, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="threads"
    )
    psychologist = models.ForeignKey(
        Psychologist, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="threads"
    )
    about = EncryptedTextField(bound_to="code", blank=True, max_length=MOST_IN_ABOUT)
    # Begun by a text from a phone, of which the number is kept.
    by_text = models.BooleanField(default=False, editable=False)
    phone = EncryptedTextField(bound_to="code", blank=True, max_length=20)
    started_at = models.DateTimeField(editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    last_number = models.PositiveIntegerField(default=0, editable=False)
    last_from_clinic = models.PositiveIntegerField(default=0, editable=False)
    last_at = models.DateTimeField(editable=False)
    turn = models.PositiveIntegerField(default=0, editable=False)
    # When the first message came that the clinic has not answered.
    waiting_since = models.DateTimeField(null=True, editable=False)
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    assigned_at = models.DateTimeField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    # What `with_unread` adds.
    read_to: int
    unread: bool

    objects = ThreadQuerySet.as_manager()

    class Meta:
        ordering = ["-last_at", "-id"]
        constraints = [
            models.CheckConstraint(
                name="thread_of_a_patient_or_of_a_phone",
                condition=Q(patient__isnull=False) | Q(psychologist__isnull=True, by_text=True),
            ),
            models.CheckConstraint(
                name="thread_begun_by_somebody_or_by_text", condition=Q(started_by__isnull=False) | Q(by_text=True)
            ),
            models.CheckConstraint(
                name="thread_assigned_to_and_at",
                condition=Q(assigned_to__isnull=True, assigned_at__isnull=True)
                | Q(assigned_to__isnull=False, assigned_at__isnull=False, psychologist__isnull=True),
            ),
            models.CheckConstraint(
                name="thread_closed_at_and_by_and_waits_no_more",
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False, waiting_since__isnull=True),
            ),
            models.CheckConstraint(name="thread_numbers_in_order", condition=Q(last_from_clinic__lte=F("last_number"))),
        ]
        indexes = [
            models.Index(fields=["patient", "-last_at"], name="thread_by_patient"),
            models.Index(fields=["psychologist", "-last_at"], name="thread_by_psychologist"),
            models.Index(fields=["waiting_since"], name="thread_waiting", condition=Q(waiting_since__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"conversation {self.code}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_at_the_desk(self) -> bool:
        return self.psychologist_id is None

    @property
    def phone_shown(self) -> str:
        """The number that texts came from, as people here write it; empty where none did."""
        return national(self.phone) if self.phone else ""

    @property
    def mark(self) -> str:
        """What a page showed of it: whatever the clinic did, and the last message."""
        return f"{self.turn}.{self.last_number}"


@classed(plain="id thread user upto at")
class ReadMark(models.Model):
    """Up to which message an account has read a conversation, and when it got that far."""

    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    upto = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["thread", "user"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"read to {self.upto}"
