from __future__ import annotations

import uuid
from datetime import time

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.common.crypto.fields import EncryptedTextField
from portal.common.privacy import classed
from portal.notifications.recipients import Channel
from portal.patients.models.people import Patient


@classed(
    plain="id code patient prefers by_email by_sms by_whatsapp safe_from safe_until nobody_writes changed_at",
    personal="not_told",
)
class ContactWays(models.Model):
    """How a patient wants to be reached. Without such a row by e-mail alone, at any time."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="ways")
    prefers = models.CharField(max_length=20, choices=Channel.choices, default=Channel.EMAIL)
    by_email = models.BooleanField(default=True)
    # The database lets them stand only while the last word on file about the channel is a yes.
    by_sms = models.BooleanField(default=False)
    by_whatsapp = models.BooleanField(default=False)
    # Hours of their own clock in which it is safe to write to them; both or neither. The first may be the later: a day
    # that ends after midnight.
    safe_from = models.TimeField(null=True, blank=True)
    safe_until = models.TimeField(null=True, blank=True)
    # The clinic writes nothing at all; the desk tells them what they need to know.
    nobody_writes = models.BooleanField(default=False)
    # Who must not learn that they come here, one a line: shown to whoever is about to ring.
    not_told = EncryptedTextField(bound_to="code", blank=True, default="")
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="contact_ways_safe_hours_as_a_whole",
                condition=Q(safe_from__isnull=True, safe_until__isnull=True)
                | (Q(safe_from__isnull=False, safe_until__isnull=False) & ~Q(safe_from=models.F("safe_until"))),
            ),
            models.CheckConstraint(
                name="contact_ways_prefer_an_open_channel",
                condition=Q(nobody_writes=True)
                | Q(prefers=Channel.EMAIL, by_email=True)
                | Q(prefers=Channel.SMS, by_sms=True)
                | Q(prefers=Channel.WHATSAPP, by_whatsapp=True),
            ),
        ]

    def __str__(self) -> str:
        return f"how to reach {self.patient_id}"

    @property
    def open_channels(self) -> list[str]:
        """By which channels the clinic may write, the one that they prefer first."""
        said = {Channel.EMAIL: self.by_email, Channel.SMS: self.by_sms, Channel.WHATSAPP: self.by_whatsapp}
        if self.nobody_writes:
            return []
        return sorted((channel.value for channel, yes in said.items() if yes), key=lambda one: one != self.prefers)

    @property
    def people_not_told(self) -> list[str]:
        """Who must not learn of it, by name."""
        return [line.strip() for line in self.not_told.splitlines() if line.strip()]

    @property
    def safe_hours(self) -> tuple[time, time] | None:
        """From when until when it is safe to write to them, by their own clock."""
        return (self.safe_from, self.safe_until) if self.safe_from is not None and self.safe_until is not None else None


@classed(plain="id code patient channel agrees how said_by role said_at language")
class ChannelConsent(models.Model):
    """That a patient, or whoever cares for them, said yes or no to one channel. Never changes; the last word counts."""

    class How(models.TextChoices):
        """Where it was said."""

        PAGE = "page", _("On the portal")
        DESK = "desk", _("To the front desk")
        TEXT = "text", _("By text message")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="channel_consents")
    channel = models.CharField(max_length=20, choices=Channel.choices)
    agrees = models.BooleanField()
    how = models.CharField(max_length=10, choices=How.choices)
    # Who pressed the button, and as what; nobody where it was said by a text from the number on file.
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    role = models.CharField(max_length=20, blank=True)
    said_at = models.DateTimeField()
    language = models.CharField(max_length=10)

    class Meta:
        indexes = [models.Index(fields=["patient", "channel", "-id"], name="channel_consent_last_word")]
        constraints = [
            models.CheckConstraint(name="channel_consent_channel_is_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(
                name="channel_consent_by_somebody_or_by_text",
                condition=Q(how="text", said_by__isnull=True, role="")
                | (Q(how__in=["page", "desk"], said_by__isnull=False) & ~Q(role="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {'agrees to' if self.agrees else 'refuses'} {self.channel}"
