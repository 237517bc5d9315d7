from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedTextField
from portal.common.documents import Kind
from portal.common.privacy import classed
from portal.messaging.models.threads import Thread

MOST_CHARACTERS = 5_000


class Side(models.TextChoices):
    PATIENT = "patient", _("Patient")
    CLINIC = "clinic", _("The clinic")


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, actor: Actor, *, now: datetime) -> MessageQuerySet:
        return self.filter(thread__in=Thread.objects.visible_to(actor, now=now))

    def for_reading(self) -> MessageQuerySet:
        return self.select_related("author", "attachment").order_by("number")


@classed(plain="id code thread number side author source sent_at", clinical="body")
class Message(models.Model):
    """What somebody wrote, once and for ever: the database refuses any change (portal/messaging/guards.py)."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    thread = models.ForeignKey(Thread, on_delete=models.PROTECT, related_name="messages")
    # 1, 2, 3 in its thread.
    number = models.PositiveIntegerField()
    side = models.CharField(max_length=8, choices=Side.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    # What the provider calls a text that came from a phone: told twice, it is written once.
    source = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField()
    body = EncryptedTextField(bound_to="code", max_length=MOST_CHARACTERS)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["thread", "number"]
        # How much one account wrote within the hour.
        indexes = [models.Index(fields=["author", "sent_at"], name="message_by_author")]
        constraints = [
            models.UniqueConstraint(fields=["thread", "number"], name="message_number_once"),
            models.UniqueConstraint(fields=["source"], condition=~Q(source=""), name="message_source_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="message_counts_from_one"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="message_side_is_known"),
            models.CheckConstraint(
                name="message_by_somebody_or_from_a_phone",
                condition=Q(author__isnull=False, source="")
                | (Q(author__isnull=True, side=Side.PATIENT) & ~Q(source="")),
            ),
        ]

    def __str__(self) -> str:
        return f"message {self.number}"

    @property
    def is_from_clinic(self) -> bool:
        return self.side == Side.CLINIC


@classed(plain="id code message kind size sha256 path", clinical="name key")
class Attachment(models.Model):
    """A file that came with a message, encrypted under a key of its own as files shared with a patient are."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    message = models.OneToOneField(Message, on_delete=models.PROTECT, related_name="attachment")
    name = EncryptedTextField(bound_to="code", max_length=140)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    # Bytes, and their digest, in clear.
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # Where it lies in the private storage, under a random name.
    path = models.CharField(max_length=80)
    key = EncryptedTextField(bound_to="code")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="attachment_kind_is_known"),
            models.CheckConstraint(condition=~Q(path=""), name="attachment_lies_somewhere"),
        ]

    def __str__(self) -> str:
        return f"attachment {self.code}"

    @property
    def what(self) -> Kind:
        return Kind(self.kind)
