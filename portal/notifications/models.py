from __future__ import annotations

import uuid
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.common.access.actors import Actor
from portal.common.crypto.ciphertext import Sealed
from portal.common.crypto.fields import EncryptedJSONField, EncryptedTextField
from portal.common.labels import code_of, labels_of
from portal.common.privacy import classed
from portal.notifications.recipients import Channel, Recipient

SEES_NOTICES = frozenset({"reception", "manager"})
# What is taken off a secret notice once it is over: its words, and those of every other way.
ERASED: Final[dict[str, None]] = {"text": None, "html": None, "attachments": None, "otherwise": None}


class State(models.TextChoices):
    """Where a notice is on its way; only a worker or a person moves it on."""

    PENDING = "pending", _("Waiting")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Not sent")
    UNKNOWN = "unknown", _("Perhaps sent")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Delivery(models.TextChoices):
    """What the provider said of a notice that it took, in the order in which these can come."""

    TAKEN = "taken", _("Taken by the provider")
    ON_ITS_WAY = "on_its_way", _("On its way")
    BOUNCED = "bounced", _("Did not arrive")
    ARRIVED = "arrived", _("Arrived")
    READ = "read", _("Read")


_NEEDING_EYES = (Q(state__in=["failed", "unknown"]) | Q(delivery="bounced")) & Q(
    settled_at__isnull=True, withdrawn_at__isnull=True
)


class NoticeQuerySet(models.QuerySet["Notice"]):
    def visible_to(self, actor: Actor) -> NoticeQuerySet:
        """All for the staff who see to notices, none for others."""
        return self.all() if actor.role in SEES_NOTICES else self.none()

    def due(self, now: datetime) -> NoticeQuerySet:
        """Those that wait, may be tried now, and are still of use."""
        of_use = Q(useless_after__isnull=True) | Q(useless_after__gt=now)
        return self.filter(of_use, state=State.PENDING, next_attempt_at__lte=now)

    def stale(self, now: datetime) -> NoticeQuerySet:
        """Those that wait and are of use to nobody any more."""
        return self.filter(state=State.PENDING, useless_after__lte=now)

    def overrun(self, now: datetime) -> NoticeQuerySet:
        """Claimed by a worker that never said how it went."""
        return self.filter(state=State.SENDING, lease_until__lt=now)

    def needing_eyes(self) -> NoticeQuerySet:
        """Those that the portal can't settle alone, and that nobody has settled: a person has to look."""
        return self.filter(_NEEDING_EYES)

    def for_the_desk(self) -> NoticeQuerySet:
        """Those that need somebody, and those that did: what went well is not looked at."""
        return self.filter(
            Q(state__in=[State.FAILED, State.UNKNOWN])
            | Q(delivery=Delivery.BOUNCED)
            | Q(settled_at__isnull=False)
            | Q(withdrawn_at__isnull=False)
        )

    def about(self, target: models.Model) -> NoticeQuerySet:
        """Those about this row, under whatever name its model had then."""
        return self.filter(about_label__in=labels_of(target), about_code=code_of(target))


@classed(
    plain="id code channel template language dedupe_key secret about_label about_code about_revision about_before "
    "hours state attempts next_attempt_at useless_after claimed_at lease_until leased_by message_id provider_id "
    "delivery delivery_at delivery_error error created_at sent_at settled_by settled_at withdrawn_at withdrawn_why",
    personal="to subject text html attachments otherwise",
)
class Notice(models.Model):
    """One message to one address, rendered when its cause happened."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.CharField(max_length=20, choices=Channel, default=Channel.EMAIL)
    template = models.CharField(max_length=100)
    language = models.CharField(max_length=10)
    to = EncryptedTextField(bound_to="code")
    subject = EncryptedTextField(bound_to="code", blank=True)
    # The words of a secret notice are erased once it was sent, or may have been: then all of ERASED are null.
    text = EncryptedTextField(bound_to="code", null=True)
    html = EncryptedTextField(bound_to="code", null=True, blank=True)
    # [[name, media type, base64], ...]
    attachments = EncryptedJSONField(bound_to="code", null=True, blank=True)
    # The other ways in which it may go, in order, each with its words, if this one comes to nothing:
    # [[channel, address, subject, text, html], ...]
    otherwise = EncryptedJSONField(bound_to="code", null=True, blank=True)
    dedupe_key = models.CharField(max_length=200, unique=True)
    secret = models.BooleanField(default=False)
    # What it is about, by model and code: so that it is found, and withdrawn when it no longer holds.
    about_label = models.CharField(max_length=80, blank=True)
    about_code = models.CharField(max_length=40, blank=True)
    # Which state of it, where that is counted: what tells of an earlier one is withdrawn when a newer one is told.
    about_revision = models.PositiveIntegerField(null=True, blank=True)
    # Of word of a change, how it stood before, in its owner's own terms: if this is withdrawn unsent, its reader still
    # believes that.
    about_before = models.JSONField(null=True, blank=True)
    # The hours in which it may leave, by its reader's clock (notifications/hours.py); none where it may at any.
    hours = models.JSONField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=State, default=State.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    # From then on nobody wants it: a reminder once the session has begun. It is withdrawn unsent.
    useless_after = models.DateTimeField(null=True, blank=True)
    # When a worker last took it in hand.
    claimed_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    leased_by = models.CharField(max_length=32, blank=True)
    message_id = models.CharField(max_length=200, blank=True)
    provider_id = models.CharField(max_length=100, blank=True)
    # What came of it after the provider took it; e-mail tells nothing.
    delivery = models.CharField(max_length=10, choices=Delivery, blank=True)
    delivery_at = models.DateTimeField(null=True, blank=True)
    delivery_error = models.CharField(max_length=20, blank=True)
    # The kind of error and its code; never what a server said, which may quote the address or the words.
    error = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    # Who decided about a notice that failed or may have been sent: their id.
    settled_by = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    # Since when it no longer holds, and why, as one word. On one that was being sent just then, it came too late.
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_why = models.CharField(max_length=40, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="notice_state_is_known", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="notice_lease_iff_sending",
                condition=Q(state=State.SENDING, lease_until__isnull=False)
                | (~Q(state=State.SENDING) & Q(lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="notice_sent_at_iff_sent",
                condition=Q(state=State.SENT, sent_at__isnull=False) | (~Q(state=State.SENT) & Q(sent_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="notice_words_erased_only_when_secret_and_over",
                condition=Q(text__isnull=False)
                | Q(secret=True, state__in=[State.SENT, State.FAILED, State.UNKNOWN, State.WITHDRAWN]),
            ),
            models.CheckConstraint(
                name="notice_delivery_is_known", condition=Q(delivery="") | Q(delivery__in=Delivery.values)
            ),
            models.CheckConstraint(
                name="notice_delivered_at_iff_told",
                condition=Q(delivery="", delivery_at__isnull=True) | (~Q(delivery="") & Q(delivery_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="notice_settled_as_a_whole",
                condition=Q(settled_by="", settled_at__isnull=True) | (~Q(settled_by="") & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="notice_withdrawn_with_when_and_why",
                condition=(Q(withdrawn_at__isnull=True, withdrawn_why="") & ~Q(state=State.WITHDRAWN))
                | (Q(withdrawn_at__isnull=False) & ~Q(withdrawn_why="")),
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], name="notice_due", condition=Q(state="pending")),
            models.Index(fields=["lease_until"], name="notice_overrun", condition=Q(state="sending")),
            models.Index(fields=["created_at"], name="notice_needing_eyes", condition=_NEEDING_EYES),
            models.Index(fields=["about_label", "about_code"], name="notice_about"),
            models.Index(fields=["useless_after"], name="notice_stale", condition=Q(state="pending")),
            models.Index(fields=["provider_id"], name="notice_provider_id", condition=~Q(provider_id="")),
            models.Index(fields=["created_at"], name="notice_created_at"),
        ]

    # Beside `text`, which opens it: what the column holds.
    text_sealed: Sealed | None

    @property
    def recipient(self) -> Recipient:
        """Channel and address."""
        return Recipient(self.channel, self.to)

    @property
    def erased(self) -> bool:
        """Whether its words are gone: those of a secret one go once it is over."""
        return self.text_sealed is None


class InboundQuerySet(models.QuerySet["InboundText"]):
    def visible_to(self, actor: Actor) -> InboundQuerySet:
        """All for the staff who see to notices, none for others."""
        return self.all() if actor.role in SEES_NOTICES else self.none()

    def of_phone(self, channel: str, number: str) -> InboundQuerySet:
        """What came from this number by this channel, the newest first."""
        return self.filter(channel=channel, number_digest=Recipient(channel, number).digest).order_by("-pk")


@classed(
    plain="id code sid channel number_digest received_at outcome about_label about_code asked",
    personal="number words answer",
)
class InboundText(models.Model):
    """One text that somebody sent to the clinic, and what came of it. Never changes; each of Twilio's ids once."""

    class Outcome(models.TextChoices):
        """What the portal did with it."""

        CONFIRMED = "confirmed"
        CANCELLING = "cancelling"  # told what it costs, and where
        STOPPED = "stopped"
        STARTED = "started"  # texts again
        ASKED = "asked"  # whom it is about
        KEPT = "kept"  # left to the front desk

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sid = models.CharField(max_length=64, unique=True)
    channel = models.CharField(max_length=20, choices=Channel)
    number = EncryptedTextField(bound_to="code")
    # Tells numbers apart without showing them.
    number_digest = models.CharField(max_length=16)
    words = EncryptedTextField(bound_to="code", blank=True)
    received_at = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome)
    # What was answered, so that the same is answered where Twilio brings it again.
    answer = EncryptedTextField(bound_to="code", blank=True, default="")
    # The session that it was about, where it is known.
    about_label = models.CharField(max_length=80, blank=True)
    about_code = models.CharField(max_length=40, blank=True)
    # Where it was asked whom it is about: what they meant, and the reminders, by code, in the order of their numbers.
    asked = models.JSONField(null=True, blank=True)

    objects = InboundQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["channel", "number_digest", "-id"], name="inbound_of_phone")]
        constraints = [
            models.CheckConstraint(
                name="inbound_asks_iff_asked",
                condition=Q(outcome="asked", asked__isnull=False) | (~Q(outcome="asked") & Q(asked__isnull=True)),
            ),
        ]


class WordingQuerySet(models.QuerySet["NoticeWording"]):
    def of(self, template: str, language: str) -> WordingQuerySet:
        """Every version of one notice in one language, the newest first."""
        return self.filter(template=template, language=language).order_by("-number")

    def newest(self) -> WordingQuerySet:
        """The last version of each."""
        later = NoticeWording.objects.filter(
            template=OuterRef("template"), language=OuterRef("language"), number__gt=OuterRef("number")
        )
        return self.filter(~Exists(later))


@classed(plain="id code template language number words written_by written_at")
class NoticeWording(models.Model):
    """The clinic's own words for one kind of notice in one language, of one day. Never changes: the last one stands."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    template = models.CharField(max_length=60)
    language = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    # By part of the notice (`wording.kinds`). What is not in it is in the standard words; {} is back to those.
    words = models.JSONField(default=dict, blank=True)
    # Whose: their id.
    written_by = models.CharField(max_length=40)
    written_at = models.DateTimeField()

    objects = WordingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["template", "language", "number"], name="wording_number_once"),
            models.CheckConstraint(name="wording_numbers_begin_at_one", condition=Q(number__gte=1)),
        ]


@classed(plain="channel until error")
class ChannelPause(models.Model):
    """Until when a channel is left alone, because its provider did not answer: one at a time tries whether it does."""

    channel = models.CharField(max_length=20, primary_key=True)
    until = models.DateTimeField()
    error = models.CharField(max_length=100, blank=True)


@classed(plain="name at")
class Heartbeat(models.Model):
    """When a job last ran to its end, for /healthz and doctor."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
