from __future__ import annotations

import uuid
from collections.abc import Iterable
from decimal import Decimal
from functools import reduce
from operator import or_

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.clinic.models.places import Location
from portal.clinic.models.services import Mode, Service, modes_of
from portal.clinic.validators import validate_ahpra, validate_provider_number, validate_video_link
from portal.common.privacy import classed


def titled(title: str, name: str) -> str:
    """`Dr Anna Berg`: how a psychologist is called everywhere.

    Without any name, what they are: an account's address is nobody else's business.
    """
    return f"{title} {name}".strip() if name else str(_("Psychologist"))


class Registration(models.TextChoices):
    """What decides the Medicare items: an endorsement in clinical psychology, or general registration."""

    CLINICAL = "clinical", _("Clinical psychologist")
    GENERAL = "general", _("Registered psychologist")
    PROVISIONAL = "provisional", _("Provisional psychologist")


@classed(plain="id name slug position")
class Specialisation(models.Model):
    """What somebody may work with, such as sleep; profiles name several, in an order of their own."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


@classed(plain="id code name")
class Language(models.Model):
    """A language that sessions are held in, named as its speakers name it."""

    code = models.CharField(max_length=10, unique=True)
    name = models.CharField(_("name"), max_length=60, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PsychologistQuerySet(models.QuerySet["Psychologist"]):
    def practising(self) -> PsychologistQuerySet:
        """Those who work here now, whether or not they take new patients."""
        return self.filter(is_active=True)

    def taking_bookings(self) -> PsychologistQuerySet:
        """Those who are not full: times are offered with them."""
        return self.practising().filter(accepting_patients=True)

    def naming(self, service: Service) -> PsychologistQuerySet:
        """Those whose profile has this service; a psychologist with no services named has all."""
        return self.filter(Q(services=service) | Q(services__isnull=True)).distinct()

    def meeting(self, modes: Iterable[Mode | str]) -> PsychologistQuerySet:
        """Those who meet people in at least one of these ways."""
        return self.filter(reduce(or_, (Q(**{Mode(mode).value: True}) for mode in modes), Q(pk__in=())))

    def offering(self, service: Service) -> PsychologistQuerySet:
        """Those who give this service: they have it, and meet people in a way that it is given in."""
        return self.naming(service).meeting(service.modes)


@classed(
    plain="id code user slug title headline bio qualifications photo photo_box registration ahpra_number "
    "in_person video phone video_link accepting_patients is_active position created_at",
    personal="photo_source",
)
class Psychologist(models.Model):
    """A psychologist's public profile and professional details. Their name is their account's."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="psychologist")
    slug = models.SlugField(_("address on the website"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=20, blank=True)
    headline = models.CharField(_("one line about you"), max_length=160, blank=True)
    bio = models.TextField(_("about you"), max_length=5000, blank=True)
    qualifications = models.TextField(_("qualifications, one a line"), max_length=1000, blank=True)
    photo = models.ImageField(_("photo"), upload_to="psychologists/", blank=True)
    # What the photo was cropped from, so that another part can be chosen without sending it again. It is shown to
    # nobody but the psychologist and the manager: there may be a reason why the rest was cut off.
    photo_source = models.ImageField(upload_to="psychologists/whole/", blank=True, editable=False)
    # Which part that is: a `portal.common.media.pictures.Box` as text.
    photo_box = models.CharField(max_length=60, blank=True, editable=False)
    specialisations = models.ManyToManyField(
        Specialisation, blank=True, related_name="psychologists", through="PsychologistSpecialisation"
    )
    languages = models.ManyToManyField(Language, blank=True, related_name="psychologists")
    services = models.ManyToManyField(
        Service, blank=True, related_name="psychologists", help_text=_("Leave empty for all services.")
    )
    registration = models.CharField(
        _("registration"), max_length=12, choices=Registration.choices, default=Registration.GENERAL
    )
    ahpra_number = models.CharField(_("AHPRA number"), max_length=13, blank=True, validators=[validate_ahpra])
    # How they meet people. A service is given in the ways that both it and they have: see `modes_for`.
    in_person = models.BooleanField(_("in person"), default=True)
    video = models.BooleanField(_("by video"), default=True)
    phone = models.BooleanField(_("by phone"), default=True)
    # A room of their own at a service for video. Everybody who sees them by video gets this one address.
    video_link = models.CharField(
        _("link for sessions by video"),
        max_length=300,
        blank=True,
        validators=[validate_video_link],
    )
    accepting_patients = models.BooleanField(_("accepting patients"), default=True)
    is_active = models.BooleanField(_("practises here"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PsychologistQuerySet.as_manager()

    class Meta:
        ordering = ["position", "user__last_name", "user__first_name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(in_person=True) | Q(video=True) | Q(phone=True), name="psychologist_has_a_mode"
            ),
            models.CheckConstraint(
                condition=Q(video_link="") | Q(video_link__startswith="https://"),
                name="psychologist_video_link_is_safe",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """Needs `select_related("user")` in lists."""
        return titled(self.title, self.user.public_name)

    @property
    def has_left(self) -> bool:
        """Whether their account is closed: what is booked with them is to be moved or cancelled."""
        return not self.user.is_active

    @property
    def why_not_bookable(self) -> str:
        """Why nobody books them any more, in a few words for the desk; empty of who practises here."""
        if self.has_left:
            return str(_("Account closed"))
        return "" if self.is_active else str(_("Not on the website"))

    @property
    def topics(self) -> list[Specialisation]:
        """Their specialisations in their own order. Needs `prefetch_related("focuses")` in lists."""
        return [focus.specialisation for focus in self.focuses.all()]

    @property
    def modes(self) -> list[Mode]:
        """The ways in which they meet people, whatever the service."""
        return modes_of(self)

    def modes_for(self, service: Service) -> list[Mode]:
        """The ways in which they give a service: those that both have, in their usual order; perhaps none."""
        return modes_of(self, service)

    @cached_property
    def fees(self) -> dict[int, Decimal]:
        """What they charge by a service's id, where it is not what the service costs. Needs `own_fees` in lists."""
        return {own.service_id: own.fee for own in self.own_fees.all()}

    def fee_for(self, service: Service) -> Decimal:
        """Dollars for one session, before GST: their own fee for the service, or else the service's."""
        return self.fees.get(service.pk, service.fee)


class FocusManager(models.Manager["PsychologistSpecialisation"]):
    def get_queryset(self) -> models.QuerySet[PsychologistSpecialisation]:
        """Names come along: a focus is never read without them."""
        return super().get_queryset().select_related("specialisation")


@classed(plain="id psychologist specialisation position")
class PsychologistSpecialisation(models.Model):
    """What a psychologist works with, at the place they gave it: what they do most stands first."""

    psychologist = models.ForeignKey(Psychologist, on_delete=models.CASCADE, related_name="focuses")
    specialisation = models.ForeignKey(Specialisation, on_delete=models.CASCADE, related_name="focuses")
    position = models.PositiveSmallIntegerField(default=0)

    objects = FocusManager()

    class Meta:
        # The table that Django made while there was no order, with the constraint that it made.
        db_table = "clinic_psychologist_specialisations"
        unique_together = [("psychologist", "specialisation")]
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.specialisation.name


@classed(plain="id psychologist service fee")
class OwnFee(models.Model):
    """What a psychologist charges for a service, instead of what it costs with others; dollars before GST."""

    psychologist = models.ForeignKey(Psychologist, on_delete=models.CASCADE, related_name="own_fees", db_index=False)
    service = models.ForeignKey(Service, on_delete=models.CASCADE, related_name="own_fees")
    fee = models.DecimalField(_("fee"), max_digits=8, decimal_places=2, validators=[MinValueValidator(0)])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["psychologist", "service"], name="own_fee_once_per_service"),
            models.CheckConstraint(condition=Q(fee__gte=0), name="own_fee_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.fee}"


@classed(plain="id psychologist location number")
class ProviderNumber(models.Model):
    """Medicare knows a practitioner by one number for each place they practise at."""

    psychologist = models.ForeignKey(Psychologist, on_delete=models.PROTECT, related_name="provider_numbers")
    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="+")
    number = models.CharField(_("provider number"), max_length=8, validators=[validate_provider_number])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["psychologist", "location"], name="provider_number_once_per_location"),
        ]

    def __str__(self) -> str:
        return self.number
