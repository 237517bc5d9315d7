from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.clinic.models.zones import InTimeZone
from portal.clinic.validators import validate_time_zone
from portal.common.database.phone_numbers import PhoneNumberField
from portal.common.privacy import classed


@classed(
    plain="id code name slug street suburb state postcode phone time_zone directions is_active position "
    "works_on_holidays",
)
class Location(InTimeZone, models.Model):
    """A place where the clinic sees people. Working hours are in its time zone."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    slug = models.SlugField(_("address on the website"), max_length=60, unique=True)
    street = models.CharField(_("street address"), max_length=200, blank=True)
    suburb = models.CharField(_("suburb"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=3, blank=True)
    postcode = models.CharField(_("postcode"), max_length=4, blank=True)
    phone = PhoneNumberField(_("phone"), blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=40, default="Australia/Melbourne", validators=[validate_time_zone]
    )
    # If not, it is closed on those of its state (clinic/holidays.py).
    works_on_holidays = models.BooleanField(
        _("open on public holidays"),
        default=False,
        help_text=_("If not, nobody can book there on a public holiday of its state, but in extra hours of that day."),
    )
    directions = models.TextField(_("how to find it"), max_length=1000, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """On one line: `12 Lane St, Brunswick VIC 3056`."""
        town = " ".join(part for part in (self.suburb, self.state, self.postcode) if part)
        return ", ".join(part for part in (self.street, town) if part)


@classed(plain="id location name is_active")
class Room(models.Model):
    """A room that holds one session at a time."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="rooms")
    name = models.CharField(_("name"), max_length=60)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        ordering = ["location", "name"]
        constraints = [models.UniqueConstraint(fields=["location", "name"], name="room_name_once_per_location")]

    def __str__(self) -> str:
        return self.name
