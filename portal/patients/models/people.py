from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, Protocol, cast

from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Cast, Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.database.phone_numbers import PhoneNumberField
from portal.common.privacy import classed
from portal.common.text.normalise import full_name
from portal.patients.ages import OF_AGE, last_birthday_of_adults
from portal.patients.validators import card_written, validate_irn, validate_medicare_number


class _Sessions(Protocol):
    """Appointments live a floor up: this is all that is known of them here."""

    def in_care_of(self, user: User) -> models.QuerySet[Any]: ...

    def treating(self, user: User, *, now: datetime) -> models.QuerySet[Any]: ...


def _sessions() -> _Sessions:
    return cast(_Sessions, apps.get_model("appointments", "Appointment")._default_manager)


class PatientRow(Protocol):
    """A patient as a list shows them; `phone_kept` is the number as text, not yet taken apart."""

    pk: int
    code: uuid.UUID
    legal_first_name: str
    legal_last_name: str
    preferred_name: str
    pronouns: str
    date_of_birth: date
    phone_kept: str


class PatientQuerySet(models.QuerySet["Patient"]):
    def managed_by(self, user: User) -> PatientQuerySet:
        """The person themself, and those they care for now."""
        # Two narrow look-ups; an OR of them would read every patient, and with it every session and invoice.
        themself = Patient.objects.order_by().filter(user=user).values("pk")
        cared_for = Carer.objects.in_force().order_by().filter(user=user).values("patient")
        return self.filter(pk__in=themself.union(cared_for))

    def approved(self) -> PatientQuerySet:
        """Those who book online what is for approved people alone."""
        return self.filter(approved_at__isnull=False)

    def themself_first(self, user: User) -> PatientQuerySet:
        """In the order in which an account's people are named: whoever it belongs to, then as they were registered."""
        return self.order_by(Case(When(user=user, then=0), default=1), "pk")

    def with_files_open_to(self, user: User, *, today: date) -> PatientQuerySet:
        """Whose shared files an account opens: its person's own, a child's in their care, an adult's who agreed."""
        themself = Patient.objects.order_by().filter(user=user).values("pk")
        is_child = Q(patient__date_of_birth__gt=last_birthday_of_adults(today))
        carers = Carer.objects.in_force().order_by().filter(is_child | Q(reads_files=True), user=user)
        return self.filter(pk__in=themself.union(carers.values("patient")))

    def in_care_of(self, user: User) -> PatientQuerySet:
        """Those who were booked with this psychologist: who they are, and how to reach them."""
        return self.filter(pk__in=_sessions().in_care_of(user).values("patient"))

    def treated_by(self, user: User, *, now: datetime) -> PatientQuerySet:
        """Those whom this psychologist treats at `now`, and whose colleagues' records are open to them.

        `Appointment.objects.treating` says who, and nobody else does.
        """
        return self.filter(pk__in=_sessions().treating(user, now=now).values("patient"))

    def visible_to(self, actor: Actor) -> PatientQuerySet:
        match actor.role:
            case Role.PATIENT:
                return self.managed_by(actor.person)
            case Role.PSYCHOLOGIST:
                return self.in_care_of(actor.person)
            case Role.RECEPTION | Role.MANAGER:
                return self.all()
        return self.none()

    def at_address(self, email: str) -> PatientQuerySet:
        """Those on whose record this e-mail address stands, in any case; nobody for no address."""
        return self.alias(address=Lower("email")).filter(address=email.lower()) if email else self.none()

    def for_table(self, *annotated: str) -> models.QuerySet[Patient, PatientRow]:
        """Named tuples of what a list shows, and of what was `annotated`."""
        shown = ("pk", "code", "legal_first_name", "legal_last_name", "preferred_name", "pronouns", "date_of_birth")
        kept = self.annotate(phone_kept=Cast("phone", models.CharField()))
        return kept.values_list(*shown, "phone_kept", *annotated, named=True)


@classed(
    plain="id code user created_at compared_at language approved_at approved_by",
    personal="legal_first_name legal_last_name preferred_name pronouns date_of_birth phone email street suburb state "
    "postcode medicare_number medicare_irn medicare_expires medicare_name bulk_billed emergency_name "
    "emergency_relationship emergency_phone gp_name gp_practice gp_phone desk_note",
)
class Patient(models.Model):
    """The person in care. An account is optional: the desk books people who have none, parents sign in for children."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="patient"
    )
    legal_first_name = models.CharField(_("legal first name"), max_length=100)
    legal_last_name = models.CharField(_("legal last name"), max_length=100, blank=True)
    preferred_name = models.CharField(_("preferred first name"), max_length=100, blank=True)
    pronouns = models.CharField(_("pronouns"), max_length=40, blank=True)
    date_of_birth = models.DateField(_("date of birth"))
    phone = PhoneNumberField(_("phone"), blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)

    street = models.CharField(_("street address"), max_length=200, blank=True)
    suburb = models.CharField(_("suburb"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=3, blank=True)
    postcode = models.CharField(_("postcode"), max_length=4, blank=True)

    medicare_number = models.CharField(
        _("Medicare card number"), max_length=10, blank=True, validators=[validate_medicare_number]
    )
    medicare_irn = models.CharField(_("number beside the name"), max_length=1, blank=True, validators=[validate_irn])
    medicare_expires = models.DateField(_("valid to"), null=True, blank=True)
    medicare_name = models.CharField(_("name on the card"), max_length=40, blank=True)
    bulk_billed = models.BooleanField("bulk billed", default=False)

    emergency_name = models.CharField(_("emergency contact"), max_length=120, blank=True)
    emergency_relationship = models.CharField(_("who they are to you"), max_length=60, blank=True)
    emergency_phone = PhoneNumberField(_("their phone"), blank=True)
    gp_name = models.CharField(_("GP"), max_length=120, blank=True)
    gp_practice = models.CharField(_("GP's practice"), max_length=200, blank=True)
    gp_phone = PhoneNumberField(_("GP's phone"), blank=True)
    # For the desk: "rings the side door". Never how somebody is.
    desk_note = models.CharField(_("note for the desk"), max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When it was compared with the other records, in case one of them is the same person's: at the desk as it was made,
    # or of a record that somebody made while booking, shortly after.
    compared_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Since when they book online what is for approved people alone, and who said so at the desk.
    approved_at = models.DateTimeField(null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["legal_last_name", "legal_first_name", "id"]
        indexes = [
            models.Index(fields=["legal_last_name", "legal_first_name", "id"], name="patient_by_name"),
            models.Index(Lower("email"), name="patient_by_email"),
            models.Index(fields=["created_at"], name="patient_not_compared", condition=Q(compared_at__isnull=True)),
            models.Index(fields=["medicare_number"], name="patient_by_card", condition=~Q(medicare_number="")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(medicare_number="") | ~Q(medicare_irn=""), name="patient_medicare_number_has_its_irn"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="patient_approved_at_iff_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def medicare_card(self) -> str:
        """Their Medicare card as it is written everywhere: 2951 87312 5 / 1; empty where none is known."""
        return card_written(self.medicare_number, self.medicare_irn)

    @property
    def legal_name(self) -> str:
        """For invoices and claims."""
        return full_name(self.legal_first_name, self.legal_last_name)

    @property
    def name(self) -> str:
        """What the person is called: for greetings, diaries and notices."""
        return full_name(self.called, self.legal_last_name)

    @property
    def called(self) -> str:
        return self.preferred_name or self.legal_first_name

    def age(self, today: date) -> int:
        born = self.date_of_birth
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    def is_of_age(self, today: date) -> bool:
        return self.age(today) >= OF_AGE


class CarerQuerySet(models.QuerySet["Carer"]):
    def in_force(self) -> CarerQuerySet:
        return self.filter(ended_at__isnull=True)


@classed(plain="id patient user relationship started_at added_by ended_at is_billed reads_files")
class Carer(models.Model):
    """Somebody who signs in for a patient: a parent, a guardian, a partner. Ended, never deleted."""

    class Relationship(models.TextChoices):
        PARENT = "parent", _("Parent")
        GUARDIAN = "guardian", _("Guardian")
        PARTNER = "partner", _("Partner")
        OTHER = "other", _("Other")

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="carers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="caring_for")
    relationship = models.CharField(_("relationship"), max_length=10, choices=Relationship.choices)
    is_billed = models.BooleanField(_("invoices go to this person"), default=False)
    started_at = models.DateTimeField(default=timezone.now)
    # Who let them in, as the patient reads it; not known of those who began before this was kept.
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    # Of an adult patient, who alone says so; a child's carers open what was shared in any case.
    reads_files = models.BooleanField(_("opens shared files"), default=False)

    objects = CarerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "user"], condition=Q(ended_at__isnull=True), name="carer_once_in_force"
            ),
            models.UniqueConstraint(
                fields=["patient"],
                condition=Q(ended_at__isnull=True, is_billed=True),
                name="carer_one_is_billed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} for {self.patient_id}"
