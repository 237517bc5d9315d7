from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.crypto.fields import EncryptedTextField
from portal.common.documents import Kind
from portal.common.languages.offered import Language
from portal.common.languages.offered import languages as spoken
from portal.common.privacy import classed
from portal.common.text.normalise import full_name
from portal.patients.models import Patient
from portal.resources.models.categories import Category
from portal.resources.models.posts import languages

MOST_IN_NOTE = 500


class Audience(models.TextChoices):
    PUBLIC = "public", _("Everybody, on the website")
    PATIENTS = "patients", _("Patients, when signed in")
    SHARED_ONLY = "shared_only", _("Only those it is shared with")


class ResourceQuerySet(models.QuerySet["Resource"]):
    def library(self) -> ResourceQuerySet:
        """The clinic's own shelf, without what was made for one person."""
        return self.filter(made_for__isnull=True)

    def in_use(self) -> ResourceQuerySet:
        return self.filter(is_active=True, current__isnull=False)

    def on_the_website(self) -> ResourceQuerySet:
        return self.in_use().filter(audience=Audience.PUBLIC)

    def for_patients(self) -> ResourceQuerySet:
        """What every patient may have."""
        return self.in_use().filter(audience__in=(Audience.PUBLIC, Audience.PATIENTS))

    def visible_to(self, actor: Actor, *, now: datetime) -> ResourceQuerySet:
        """A manager never sees what was made for one person; nor does anybody at the desk."""
        match actor.role:
            case Role.PATIENT:
                managed = Patient.objects.managed_by(actor.person)
                shared = Share.objects.live().opened_by(actor.person, now=now).values("resource")
                # Whoever signs in may book; only whoever is a patient, or cares for one, reads what patients read.
                return self.in_use().filter(
                    Q(audience=Audience.PUBLIC) | Q(Exists(managed), audience=Audience.PATIENTS) | Q(pk__in=shared)
                )
            case Role.PSYCHOLOGIST:
                treated = Patient.objects.treated_by(actor.person, now=now)
                return self.in_use().filter(
                    Q(made_for__isnull=True) | Q(created_by=actor.user) | Q(made_for__in=treated)
                )
            case Role.RECEPTION:
                return self.for_patients()
            case Role.MANAGER:
                return self.library()
        return self.none()

    def with_counts(self, *, since: date) -> ResourceQuerySet:
        """Adds `opened`, how often it was ever opened, and `opened_lately`, since that day."""
        counts = DownloadCount.objects.filter(resource=OuterRef("pk")).order_by().values("resource")
        every, late = counts.annotate(n=Sum("times")), counts.filter(day__gte=since).annotate(n=Sum("times"))
        return self.annotate(
            opened=Coalesce(Subquery(every.values("n")), 0), opened_lately=Coalesce(Subquery(late.values("n")), 0)
        )

    def for_listing(self) -> ResourceQuerySet:
        return self.select_related("category", "current")


@classed(
    plain="id code slug title description language category audience made_for current position is_active created_at "
    "created_by updated_at",
    clinical="own_title",
)
class Resource(models.Model):
    """A file with a lasting address. What it says may be replaced; the address stays.

    One made for a single person is part of their care: what it is called is encrypted, and so is the file itself.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    slug = models.SlugField(_("address on the website"), max_length=80, unique=True)
    title = models.CharField(_("title"), max_length=120, blank=True)
    own_title = EncryptedTextField(_("title"), bound_to="code", null=True, blank=True, max_length=120)
    description = models.CharField(_("description"), max_length=400, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=languages, default="en-au")
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="files", verbose_name=_("category")
    )
    audience = models.CharField(_("who may have it"), max_length=12, choices=Audience.choices, default=Audience.PUBLIC)
    made_for = models.ForeignKey(
        Patient, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="own_files"
    )
    current = models.OneToOneField(
        "ResourceFile", null=True, editable=False, on_delete=models.PROTECT, related_name="current_of"
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("offered"), default=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.PROTECT, related_name="+"
    )
    # The last time that readers got another file.
    updated_at = models.DateTimeField(editable=False)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        ordering = ["category__position", "category__name", "position", "title", "id"]
        verbose_name = _("file")
        constraints = [
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="resource_audience_is_known"),
            models.CheckConstraint(condition=~Q(slug=""), name="resource_has_an_address"),
            models.CheckConstraint(
                name="resource_of_the_library_or_of_one_person",
                condition=(Q(made_for__isnull=True, own_title__isnull=True, category__isnull=False) & ~Q(title=""))
                | Q(
                    made_for__isnull=False,
                    own_title__isnull=False,
                    title="",
                    description="",
                    category__isnull=True,
                    audience=Audience.SHARED_ONLY,
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["audience", "is_active"], name="resource_by_audience"),
        ]

    def __str__(self) -> str:
        return f"file {self.code}"

    @property
    def name(self) -> str:
        """What it is called; decrypts that of a file made for one person."""
        return (self.own_title or "") if self.made_for_id else self.title

    @property
    def is_public(self) -> bool:
        return self.audience == Audience.PUBLIC

    @property
    def other_language(self) -> Language | None:
        """The language it is in, where that is not the reader's."""
        if self.language == get_language() or self.made_for_id:
            return None
        return next((known for known in spoken() if known.code == self.language), None)


class VersionNeverChanges(TypeError):
    """A version of a file is written once; all that can happen to it later is that another one takes its place."""


CHANGES_LATER = {"path", "replaced_at", "removed_at"}


@classed(
    plain="id code resource number kind size sha256 path added_at added_by replaced_at removed_at",
    clinical="name key",
)
class ResourceFile(models.Model):
    """One version of a file, only ever added. `path` is empty once the bytes of an old version are gone."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveSmallIntegerField()
    # What it is saved as. Names of files tell what they are about, so all of them are kept like clinical words.
    name = EncryptedTextField(bound_to="code", max_length=140)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    # Bytes, and their digest, in clear.
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    # Where it lies in the private storage, under a random name.
    path = models.CharField(max_length=80, blank=True)
    # The file's own key, where it is encrypted: erasing this row makes every copy unreadable, in backups too.
    key = EncryptedTextField(bound_to="code", null=True, blank=True)
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    replaced_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["resource", "number"], name="file_number_once_per_resource"),
            models.UniqueConstraint(
                fields=["resource"], condition=Q(replaced_at__isnull=True), name="file_one_is_current"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="file_kind_is_known"),
            models.CheckConstraint(
                name="file_removed_when_replaced",
                condition=Q(removed_at__isnull=True) & ~Q(path="")
                | Q(removed_at__isnull=False, replaced_at__isnull=False, path=""),
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding and not set(kwargs.get("update_fields") or ["*"]) <= CHANGES_LATER:
            raise VersionNeverChanges
        super().save(*args, **kwargs)

    @property
    def what(self) -> Kind:
        return Kind(self.kind)


class ShareQuerySet(models.QuerySet["Share"]):
    def live(self) -> ShareQuerySet:
        return self.filter(withdrawn_at__isnull=True)

    def readable(self) -> ShareQuerySet:
        """Live, and of a file that was not taken down."""
        return self.live().filter(resource__is_active=True, resource__current__isnull=False)

    def opened_by(self, user: User, *, now: datetime) -> ShareQuerySet:
        """What an account on the patient's side may open, by the patient's age on the clinic's day."""
        today = ClinicSettings.current().today(now)
        return self.filter(patient__in=Patient.objects.with_files_open_to(user, today=today))

    def unseen(self) -> ShareQuerySet:
        return self.filter(seen_at__isnull=True)

    def visible_to(self, actor: Actor, *, now: datetime) -> ShareQuerySet:
        """The patient's side sees what it may open; psychologists what they shared, and what people they treat got."""
        match actor.role:
            case Role.PATIENT:
                return self.readable().opened_by(actor.person, now=now)
            case Role.PSYCHOLOGIST:
                treated = Patient.objects.treated_by(actor.person, now=now)
                return self.filter(Q(shared_by=actor.person) | Q(patient__in=treated))
        return self.none()

    def for_listing(self) -> ShareQuerySet:
        return self.select_related("resource__current", "resource__category", "shared_by", "patient").order_by(
            "-shared_at", "-pk"
        )


@classed(
    plain="id code resource patient shared_by shared_at seen_at withdrawn_at withdrawn_by",
    clinical="note",
)
class Share(models.Model):
    """A file given to one patient by their psychologist. Withdrawn, never deleted."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.ForeignKey(Resource, on_delete=models.PROTECT, related_name="shares")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="shared_files")
    note = EncryptedTextField(_("note"), bound_to="code", blank=True, max_length=MOST_IN_NOTE)
    shared_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    shared_at = models.DateTimeField()
    # When it was first opened on the patient's side.
    seen_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ShareQuerySet.as_manager()

    class Meta:
        ordering = ["-shared_at", "-id"]
        verbose_name = _("shared file")
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "patient"], condition=Q(withdrawn_at__isnull=True), name="share_live_once"
            ),
            models.CheckConstraint(
                name="share_withdrawn_at_and_by",
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(seen_at__isnull=True) | Q(seen_at__gte=F("shared_at")), name="share_seen_after_shared"
            ),
        ]
        indexes = [models.Index(fields=["patient", "shared_at"], name="share_by_patient")]

    def __str__(self) -> str:
        return f"share {self.code}"

    @property
    def given_by(self) -> str:
        """Who shared it; empty where only an address is known, which is not the patient's to read."""
        return full_name(self.shared_by.first_name, self.shared_by.last_name)


@classed(plain="id slug resource since")
class ResourceSlug(models.Model):
    """An address that a file has or had. It is never given to another file, so an old link always finds its own.

    The present address is here too: one unique column then keeps old and present ones apart.
    """

    slug = models.SlugField(max_length=80, unique=True)
    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="used_slugs")
    since = models.DateTimeField()

    class Meta:
        ordering = ["-since", "-id"]

    def __str__(self) -> str:
        return self.slug


@classed(plain="id resource day times")
class DownloadCount(models.Model):
    """How often a file was opened on one day, by the clinic's calendar. Not by whom: that is nowhere."""

    resource = models.ForeignKey(Resource, on_delete=models.CASCADE, related_name="download_counts")
    day = models.DateField()
    times = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource", "day"], name="download_count_once_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.times} on {self.day}"
