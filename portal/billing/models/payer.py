"""Who pays for somebody else: a parent without an account, a plan manager, an employer, an insurer."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import Service
from portal.clinic.validators import validate_abn
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.patients.models import Patient


class PayerQuerySet(models.QuerySet["Payer"]):
    def visible_to(self, actor: Actor) -> PayerQuerySet:
        """All for the desk and the manager. A payer has no account: what they see is the paper that is sent to them."""
        return self.all() if actor.role in (Role.RECEPTION, Role.MANAGER) else self.none()

    def in_use(self) -> PayerQuerySet:
        """Those that may be chosen for a new bill."""
        return self.filter(retired_at__isnull=True)


@classed(
    plain="id code kind terms_days created_at created_by retired_at retired_by",
    personal="name contact email phone street suburb state postcode abn",
)
class Payer(models.Model):
    """A person or an organisation that bills are made out to in place of the patient.

    What a bill printed stays on it whatever changes here: an invoice keeps its own copy.
    """

    class Kind(models.TextChoices):
        PERSON = "person", _("Parent or another person")
        PLAN_MANAGER = "plan_manager", _("NDIS plan manager")
        EMPLOYER = "employer", _("Employer")
        INSURER = "insurer", _("Insurer")
        GOVERNMENT = "government", _("Government agency")
        OTHER = "other", _("Somebody else")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=15, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=200, help_text=_("As bills are made out to them."))
    contact = models.CharField(
        _("for the attention of"),
        max_length=150,
        blank=True,
        help_text=_("A person or a department, such as Accounts."),
    )
    abn = models.CharField(_("ABN"), max_length=11, blank=True, validators=[validate_abn])
    email = models.EmailField(_("e-mail for bills"), blank=True)
    phone = models.CharField(_("phone"), max_length=30, blank=True)
    street = models.CharField(_("street address"), max_length=200, blank=True)
    suburb = models.CharField(_("suburb"), max_length=100, blank=True)
    state = models.CharField(_("state"), max_length=3, blank=True)
    postcode = models.CharField(_("postcode"), max_length=4, blank=True)
    terms_days = models.PositiveSmallIntegerField(
        _("days to pay"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(365)],
        help_text=_("Leave empty for the clinic's own terms."),
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    retired_at = models.DateTimeField(null=True, editable=False)
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = PayerQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="payer_has_a_name"),
            models.CheckConstraint(
                condition=Q(terms_days__isnull=True) | Q(terms_days__lte=365), name="payer_terms_within_a_year"
            ),
            models.CheckConstraint(
                condition=Q(retired_at__isnull=False) | Q(retired_by__isnull=True), name="payer_retired_with_when"
            ),
        ]

    def __str__(self) -> str:
        return f"payer {self.code}"

    @property
    def is_active(self) -> bool:
        return self.retired_at is None

    @property
    def is_third_party(self) -> bool:
        """Whether it is no family: Medicare pays nothing of what they are billed, and their bills say the least."""
        return self.kind != self.Kind.PERSON

    @property
    def address(self) -> str:
        """In one line, as bills print it."""
        town = " ".join(part for part in (self.suburb, self.state, self.postcode) if part)
        return ", ".join(part for part in (self.street, town) if part)

    @property
    def bill_to(self) -> str:
        """The name on the bill, with whoever it is for the attention of."""
        return f"{self.name}, attention {self.contact}" if self.contact else self.name


class PatientPayerQuerySet(models.QuerySet["PatientPayer"]):
    def in_force(self) -> PatientPayerQuerySet:
        """Those that were not ended, of payers that are in use."""
        return self.filter(ended_at__isnull=True, payer__retired_at__isnull=True)


@classed(
    plain="id code patient payer pays created_at created_by ended_at ended_by",
    personal="purchase_order claim_number",
)
class PatientPayer(models.Model):
    """That a payer pays for a patient: for what by itself, and under which numbers of theirs."""

    class Pays(models.TextChoices):
        SESSIONS = "sessions", _("Sessions, by itself")
        EVERYTHING = "everything", _("Sessions and fees for late or missed ones, by itself")
        ASKED = "asked", _("Only what is chosen for them")

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="payers", db_index=False)
    payer = models.ForeignKey(Payer, on_delete=models.PROTECT, related_name="patients")
    pays = models.CharField(_("pays for"), max_length=10, choices=Pays.choices, default=Pays.SESSIONS)
    services = models.ManyToManyField(
        Service, blank=True, verbose_name=_("only these services"), help_text=_("None ticked means every service.")
    )
    purchase_order = models.CharField(_("purchase order"), max_length=60, blank=True)
    claim_number = models.CharField(
        _("claim or participant number"), max_length=60, blank=True, help_text=_("It is printed on the bill.")
    )
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    ended_at = models.DateTimeField(null=True, editable=False)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )

    objects = PatientPayerQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["patient", "id"], name="payer_of_patient")]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "payer"], condition=Q(ended_at__isnull=True), name="payer_once_per_patient"
            ),
            models.CheckConstraint(
                condition=Q(pays__in=["sessions", "everything", "asked"]), name="patient_payer_pays_is_known"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(ended_by__isnull=True), name="patient_payer_ended_with_when"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer_id} for {self.patient_id}"


def chosen_by_itself(links: Iterable[PatientPayer], *, service: Service, is_fee: bool) -> PatientPayer | None:
    """Whose bill a session's invoice is unless somebody says otherwise; None is the patient's own.

    One that names the service goes before one for all services, and of two alike the newer. `links` are in force, the
    newest first, with their services.
    """
    fits = {PatientPayer.Pays.EVERYTHING} if is_fee else {PatientPayer.Pays.EVERYTHING, PatientPayer.Pays.SESSIONS}
    of_all = None
    for link in links:
        if link.pays not in fits:
            continue
        named = {each.pk for each in link.services.all()}
        if service.pk in named:
            return link
        if not named and of_all is None:
            of_all = link
    return of_all


def billed_to_family(sessions: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Of these, those whose invoice goes to no insurer, employer or agency by itself: as `chosen_by_itself` says."""
    links = (
        PatientPayer.objects.in_force()
        .filter(patient=OuterRef("patient"), pays__in=(PatientPayer.Pays.EVERYTHING, PatientPayer.Pays.SESSIONS))
        .filter(Q(services=OuterRef("service")) | Q(services=None))
        .order_by(F("services").desc(nulls_last=True), "-created_at", "-pk")
    )
    kind = Subquery(links.values("payer__kind")[:1])
    return sessions.alias(billed_kind=Coalesce(kind, Value(Payer.Kind.PERSON))).filter(billed_kind=Payer.Kind.PERSON)
