from __future__ import annotations

import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed


class Mode(models.TextChoices):
    """A way of giving a session."""

    IN_PERSON = "in_person", _("In person")
    VIDEO = "video", _("Video")
    PHONE = "phone", _("Phone")


# Enumerations are slow to walk, and lists of psychologists ask hundreds of times.
_COLUMNS = tuple((mode, str(mode.value)) for mode in Mode)


def modes_of(*rows: models.Model) -> list[Mode]:
    """The ways that the columns of a service or a psychologist name, or of both, in their usual order."""
    return [mode for mode, column in _COLUMNS if all(getattr(row, column) for row in rows)]


class TaxCode(models.TextChoices):
    """Treatment is GST-free by law (GST Act s 38-10); reports for courts or insurers are not."""

    GST_FREE = "gst_free", _("GST-free")
    TAXABLE = "taxable", _("10% GST added")


class WhoBooks(models.TextChoices):
    """For whom a service can be booked online; whoever the desk approved may book what is for people known here.

    `appointments.eligibility` says who has been here.
    """

    ANYONE = "anyone", _("Anybody")
    KNOWN = "known", _("People who have been here")
    APPROVED = "approved", _("Only people whom the desk has approved")


class HowBooked(models.TextChoices):
    """What confirming online does: it books, or asks for the time."""

    AT_ONCE = "at_once", _("At once")
    ON_REQUEST = "on_request", _("On request: the clinic confirms each")


class Ahead(models.TextChoices):
    """What is paid by card before a session that is booked online counts as booked."""

    NONE = "none", _("Nothing")
    DEPOSIT = "deposit", _("A deposit")
    FULL = "full", _("The whole fee")


class RoomNeed(models.TextChoices):
    """When a session of a service takes one of its location's rooms."""

    NEVER = "never", _("Never: it is held elsewhere")
    IN_PERSON = "in_person", _("When it is in person")
    ALWAYS = "always", _("Always, also by video or phone")


class ServiceQuerySet(models.QuerySet["Service"]):
    def offered(self) -> ServiceQuerySet:
        """Those that the clinic gives now."""
        return self.filter(is_active=True)

    def bookable_online(self) -> ServiceQuerySet:
        """Those that visitors can book by themselves; the desk books all that are offered."""
        return self.offered().filter(online=True)


@classed(
    plain="id code name slug description minutes buffer_before buffer_after fee tax_code in_person video phone "
    "online first_visit_only notice_hours horizon_days hold_minutes cancel_hours max_open_bookings who_books "
    "late_fee_percent near_hours near_fee_percent no_show_percent "
    "room_need how_booked ahead answer_hours medicare bulk_billed is_active position",
)
class Service(models.Model):
    """What the clinic offers: how long it takes, what it costs, how it is given."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("address on the website"), max_length=80, unique=True)
    description = models.TextField(_("description"), max_length=2000, blank=True)
    minutes = models.PositiveSmallIntegerField(
        _("length, minutes"), validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    buffer_before = models.PositiveSmallIntegerField(
        _("kept free before, minutes"), default=0, validators=[MaxValueValidator(120)]
    )
    buffer_after = models.PositiveSmallIntegerField(
        _("kept free after, minutes"), default=0, validators=[MaxValueValidator(120)]
    )
    fee = models.DecimalField(_("fee"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])
    tax_code = models.CharField(_("GST"), max_length=10, choices=TaxCode.choices, default=TaxCode.GST_FREE)
    in_person = models.BooleanField(_("in person"), default=True)
    video = models.BooleanField(_("by video"), default=True)
    phone = models.BooleanField(_("by phone"), default=False)
    online = models.BooleanField(_("can be booked online"), default=True)
    first_visit_only = models.BooleanField(_("first visits only"), default=False)
    # Its own rules of booking; empty: the clinic's. `booking_rules.rules_of` says what is in force.
    notice_hours = models.PositiveSmallIntegerField(
        _("shortest notice for an online booking, hours"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(24 * 30)],
    )
    horizon_days = models.PositiveSmallIntegerField(
        _("how far ahead people may book, days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("a chosen time is held for, minutes"),
        null=True,
        blank=True,
        validators=[MinValueValidator(2), MaxValueValidator(60)],
    )
    cancel_hours = models.PositiveSmallIntegerField(
        _("free cancelling until, hours before"), null=True, blank=True, validators=[MaxValueValidator(24 * 14)]
    )
    # What cancelling after that, shortly before it, and not coming cost; empty: as the clinic's terms say.
    late_fee_percent = models.PositiveSmallIntegerField(
        _("fee for cancelling later, percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    near_hours = models.PositiveSmallIntegerField(
        _("another fee for cancelling less than, hours before"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(24 * 14)],
    )
    near_fee_percent = models.PositiveSmallIntegerField(
        _("that fee, percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    no_show_percent = models.PositiveSmallIntegerField(
        _("fee for not coming, percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    max_open_bookings = models.PositiveSmallIntegerField(
        _("most sessions one patient may have booked online"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
    )
    room_need = models.CharField(
        _("it needs a room"), max_length=10, choices=RoomNeed.choices, default=RoomNeed.IN_PERSON
    )
    who_books = models.CharField(_("who may book online"), max_length=10, choices=WhoBooks.choices, blank=True)
    how_booked = models.CharField(_("a booking counts"), max_length=10, choices=HowBooked.choices, blank=True)
    ahead = models.CharField(_("paid by card when booking online"), max_length=10, choices=Ahead.choices, blank=True)
    answer_hours = models.PositiveSmallIntegerField(
        _("requests are answered within, hours"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 7)],
    )
    medicare = models.BooleanField(_("a Medicare rebate may apply"), default=True)
    bulk_billed = models.BooleanField("bulk billed", default=False)
    is_active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(fee__gte=0), name="service_fee_not_negative"),
            models.CheckConstraint(condition=Q(minutes__gte=5), name="service_lasts_five_minutes"),
            models.CheckConstraint(
                condition=Q(first_visit_only=False) | ~Q(who_books=WhoBooks.KNOWN),
                name="service_for_first_visits_is_not_for_known_people",
            ),
            models.CheckConstraint(
                condition=Q(in_person=True) | Q(video=True) | Q(phone=True), name="service_has_a_mode"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def takes_room(self, mode: Mode | str) -> bool:
        """Whether a session of it that is held so takes a room, where its place has rooms on file."""
        match self.room_need:
            case RoomNeed.NEVER:
                return False
            case RoomNeed.ALWAYS:
                return True
        return mode == Mode.IN_PERSON

    @property
    def modes(self) -> list[Mode]:
        """The ways in which it is given at all, whoever gives it."""
        return modes_of(self)
