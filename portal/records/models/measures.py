from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedJSONField
from portal.common.privacy import classed
from portal.patients.models import Patient
from portal.records.instruments import instrument
from portal.records.instruments.shape import Instrument


class MeasureKey(models.TextChoices):
    """Which instruments there are. Their names are the authors' own, in every language."""

    K10 = "k10", "K10"
    DASS21 = "dass21", "DASS-21"
    PHQ9 = "phq9", "PHQ-9"
    GAD7 = "gad7", "GAD-7"
    WHO5 = "who5", "WHO-5"


@classed(plain="id code patient author every at_sessions started_at ended_at", personal="instrument")
class MeasurePlan(models.Model):
    """A measure that is asked for before sessions: every so many, or at some of them, counted from its start."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="measure_plans")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="measure_plans")
    instrument = models.CharField(max_length=8, choices=MeasureKey.choices)
    # One of the two: before every so many sessions, or before these, counted from 1.
    every = models.PositiveSmallIntegerField(null=True, blank=True)
    at_sessions = models.JSONField(default=list, blank=True)
    started_at = models.DateTimeField(editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "author", "instrument"],
                condition=Q(ended_at__isnull=True),
                name="measure_plan_once_in_force",
            ),
            models.CheckConstraint(
                condition=Q(every__gte=1, every__lte=20, at_sessions=[]) | (Q(every__isnull=True) & ~Q(at_sessions=[])),
                name="measure_plan_every_or_at",
            ),
        ]

    def __str__(self) -> str:
        return f"measure plan {self.code}"

    def asks_at(self, number: int) -> bool:
        """Whether it asks before the session of this number, counted from 1 since the plan began."""
        return number in self.at_sessions if self.every is None else (number - 1) % self.every == 0


class MeasureQuerySet(models.QuerySet["Measure"]):
    def visible_to(self, actor: Actor, *, now: datetime) -> MeasureQuerySet:
        """A psychologist's: what they asked for, and what was answered by people they treat. A patient's own.

        An adult's carer reads what the adult lets them read of files; a child's carers, who answer for the child, all.
        """
        match actor.role:
            case Role.PSYCHOLOGIST:
                treated = Patient.objects.treated_by(actor.person, now=now)
                return self.filter(Q(author__user=actor.user) | Q(patient__in=treated, state=Measure.State.ANSWERED))
            case Role.PATIENT:
                today = ClinicSettings.current().today(now)
                own = Patient.objects.with_files_open_to(actor.person, today=today)
                return self.filter(patient__in=own)
        return self.none()

    def waiting(self, *, now: datetime) -> MeasureQuerySet:
        """Those that can still be answered."""
        return self.filter(state=Measure.State.ASKED, open_until__gt=now)

    def answered(self) -> MeasureQuerySet:
        return self.filter(state=Measure.State.ANSWERED)

    def without_answers(self) -> MeasureQuerySet:
        """For lists: which, when and how far, and not one ciphertext read."""
        return self.defer("answers", "scores")


@classed(
    plain="id code patient author plan appointment version state how asked_at open_until answered_at answered_by "
    "scorer released_at released_by withdrawn_at sequence previous_hash hash",
    personal="instrument",
    clinical="answers scores",
)
class Measure(models.Model):
    """One asking of an outcome measure, and its answers. The database keeps an answered one, which joins the chain.

    `answers` are the values by the items' numbers, as text: {"1": 3, …}, with "unscored" where that was answered;
    `scores` the score of each scale by its key, made once by the `scorer` of that time.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("Not answered yet")
        ANSWERED = "answered", _("Answered")
        WITHDRAWN = "withdrawn", _("Not asked any more")

    class How(models.TextChoices):
        PORTAL = "portal", _("In the portal")
        PAPER = "paper", _("On paper, entered by the psychologist")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="measures")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="measures")
    plan = models.ForeignKey(MeasurePlan, null=True, blank=True, on_delete=models.PROTECT, related_name="measures")
    # Before which session a plan asked for it.
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="measures"
    )
    instrument = models.CharField(max_length=8, choices=MeasureKey.choices)
    version = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.ASKED)
    how = models.CharField(max_length=6, choices=How.choices, blank=True)
    asked_at = models.DateTimeField(editable=False)
    open_until = models.DateTimeField()
    answers = EncryptedJSONField(bound_to="code", null=True, blank=True)
    scores = EncryptedJSONField(bound_to="code", null=True, blank=True)
    scorer = models.PositiveSmallIntegerField(null=True, editable=False)
    answered_at = models.DateTimeField(null=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    # The psychologist sees a result first, and lets the patient see it.
    released_at = models.DateTimeField(null=True, editable=False)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    sequence = models.PositiveBigIntegerField(null=True, unique=True, editable=False)
    previous_hash = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(fields=["patient", "instrument", "answered_at"], name="measure_of_patient"),
            models.Index(fields=["author", "asked_at"], name="measure_asked", condition=Q(state="asked")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "author", "instrument"], condition=Q(state="asked"), name="measure_asked_once"
            ),
            models.UniqueConstraint(fields=["plan", "appointment"], name="measure_once_before_a_session"),
            models.CheckConstraint(condition=Q(instrument__in=MeasureKey.values), name="measure_instrument_is_known"),
            models.CheckConstraint(condition=Q(open_until__gt=F("asked_at")), name="measure_open_after_asked"),
            models.CheckConstraint(
                condition=Q(
                    state="answered",
                    how__in=["portal", "paper"],
                    answers__isnull=False,
                    scores__isnull=False,
                    scorer__isnull=False,
                    answered_at__isnull=False,
                    answered_by__isnull=False,
                    sequence__isnull=False,
                    withdrawn_at__isnull=True,
                )
                & ~Q(hash="")
                | Q(
                    state__in=["asked", "withdrawn"],
                    how="",
                    answers__isnull=True,
                    scores__isnull=True,
                    scorer__isnull=True,
                    answered_at__isnull=True,
                    answered_by__isnull=True,
                    released_at__isnull=True,
                    sequence__isnull=True,
                    previous_hash="",
                    hash="",
                ),
                name="measure_answered_wholly_or_not",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                | (~Q(state="withdrawn") & Q(withdrawn_at__isnull=True)),
                name="measure_withdrawn_with_when",
            ),
            models.CheckConstraint(
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False),
                name="measure_released_with_who_and_when",
            ),
        ]

    def __str__(self) -> str:
        return f"measure {self.code}, {self.state}"

    @property
    def form(self) -> Instrument:
        """The questionnaire as it was when it was asked."""
        return instrument(self.instrument, self.version)

    @property
    def is_answered(self) -> bool:
        return self.state == self.State.ANSWERED

    def can_be_answered(self, *, now: datetime) -> bool:
        """Whether it still waits, and its time is not over."""
        return self.state == self.State.ASKED and now < self.open_until

    @property
    def given(self) -> dict[int, int]:
        """The values of the scored items by their numbers; of an answered measure alone."""
        answers: dict[str, Any] = self.answers or {}
        return {int(item): value for item, value in answers.items() if item != "unscored"}
