from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.common.privacy import classed
from portal.patients.models import Patient
from portal.records.models.measures import Measure


class RiskAlertQuerySet(models.QuerySet["RiskAlert"]):
    def visible_to(self, actor: Actor, *, now: datetime) -> RiskAlertQuerySet:
        """Whom it waits for: who asked, and from the time it was passed on to them who is on duty. Or who treats."""
        if actor.role != Role.PSYCHOLOGIST:
            return self.none()
        treated = Patient.objects.treated_by(actor.person, now=now)
        return self.filter(Q(author__user=actor.user) | Q(passed_to__user=actor.user) | Q(patient__in=treated))

    def unseen(self) -> RiskAlertQuerySet:
        """Those that nobody has said to be looking at."""
        return self.filter(seen_at__isnull=True)

    def still_open(self) -> RiskAlertQuerySet:
        return self.filter(ended_at__isnull=True)


@classed(
    plain="id code patient author measure raised_at escalates_at seen_at seen_by passed_to passed_at ended_at ended_by",
    clinical="causes done",
)
class RiskAlert(models.Model):
    """Answers to look at the same day: raised with them, seen, passed on if not, ended with what was done.

    `causes` are the keys of the warnings that were set off; `done` is what the psychologist did, in their words.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="risk_alerts")
    author = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="risk_alerts")
    measure = models.OneToOneField(Measure, on_delete=models.PROTECT, related_name="risk_alert")
    causes = EncryptedJSONField(bound_to="code")
    raised_at = models.DateTimeField(editable=False)
    escalates_at = models.DateTimeField(editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    passed_to = models.ForeignKey(
        Psychologist, null=True, blank=True, on_delete=models.PROTECT, related_name="alerts_on_duty", db_index=False
    )
    passed_at = models.DateTimeField(null=True, editable=False)
    done = EncryptedTextField(_("what was done"), bound_to="code", null=True, blank=True, max_length=5000)
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = RiskAlertQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at", "-pk"]
        indexes = [
            models.Index(
                fields=["escalates_at"],
                name="risk_alert_unseen",
                condition=Q(seen_at__isnull=True, passed_at__isnull=True),
            )
        ]
        constraints = [
            models.CheckConstraint(condition=Q(escalates_at__gt=F("raised_at")), name="risk_alert_has_time"),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True, seen_by__isnull=True)
                | Q(seen_at__isnull=False, seen_by__isnull=False),
                name="risk_alert_seen_with_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(passed_to__isnull=True) | Q(passed_at__isnull=False), name="risk_alert_passed_with_when"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by__isnull=True, done__isnull=True)
                | Q(ended_at__isnull=False, ended_by__isnull=False, done__isnull=False, seen_at__isnull=False),
                name="risk_alert_ended_wholly_or_not",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.code}"
