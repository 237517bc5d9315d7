from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When

from portal.common.access.actors import Actor
from portal.common.labels import code_of, labels_of
from portal.common.privacy import classed

PSYCHOLOGIST, RECEPTION, MANAGER = "psychologist", "reception", "manager"
ROLES = (PSYCHOLOGIST, RECEPTION, MANAGER)
# What begins within it comes before all else, whatever is overdue.
SOON: Final = timedelta(days=2)


class ToDoQuerySet(models.QuerySet["ToDo"]):
    def visible_to(self, actor: Actor) -> ToDoQuerySet:
        """The manager sees everybody's, the desk its own, a psychologist those that wait for them by name."""
        if actor.role == MANAGER:
            return self.all()
        if actor.role == RECEPTION:
            return self.filter(role=RECEPTION)
        if actor.role == PSYCHOLOGIST and actor.user_id is not None:
            return self.filter(person=str(actor.user_id))
        return self.none()

    def still_open(self) -> ToDoQuerySet:
        """Those that nobody and nothing has closed."""
        return self.filter(done_at__isnull=True)

    def at_the_desk(self) -> ToDoQuerySet:
        """Those that wait for the front desk."""
        return self.filter(role=RECEPTION)

    def with_the_manager(self, *, now: datetime) -> ToDoQuerySet:
        """The manager's own, and what others did not do by its time: asked of the clock, so that no job can miss it."""
        return self.filter(Q(role=MANAGER) | Q(escalates_at__lte=now))

    def about(self, target: models.Model) -> ToDoQuerySet:
        """Those about this row, under whatever name its model had then."""
        return self.filter(about_label__in=labels_of(target), about_code=code_of(target))

    def of_kind(self, *kinds: str) -> ToDoQuerySet:
        """Those of one of these kinds, by their keys."""
        return self.filter(kind__in=kinds)

    def once_of(self, *kinds: str) -> ToDoQuerySet:
        """Of the open work of these kinds about one thing, only what was raised first; all of the other kinds."""
        earlier = ToDo.objects.still_open().of_kind(*kinds)
        earlier = earlier.filter(about_label=OuterRef("about_label"), about_code=OuterRef("about_code"))
        return self.exclude(Q(kind__in=kinds) & Exists(earlier.filter(pk__lt=OuterRef("pk"))))

    def most_pressing_first(self, *, now: datetime) -> ToDoQuerySet:
        """What begins within two days, soonest first; then by when it is due, and of one hour what begins first."""
        soon = Case(When(begins_at__gte=now, begins_at__lt=now + SOON, then=F("begins_at")))
        return self.order_by(soon.asc(nulls_last=True), "due_at", F("begins_at").asc(nulls_last=True), "pk")


@classed(
    plain="id code kind dedupe_key about_label about_code role person raised_at due_at begins_at escalates_at "
    "acknowledged_at acknowledged_by done_at done_by outcome"
)
class ToDo(models.Model):
    """One thing that a person must do, raised once for its cause and closed by it or by a person.

    Every column is an id, a code, a time or one machine word: whom and what it concerns stands where `about` leads,
    and only for those who may see that.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    # Names the occurrence: the same cause seen twice, or by two at once, is one thing to do.
    dedupe_key = models.CharField(max_length=200)
    about_label = models.CharField(max_length=80)
    about_code = models.CharField(max_length=40)
    role = models.CharField(max_length=20)
    # The account's id, where it waits for one person, alone or beside the role.
    person = models.CharField(max_length=40, blank=True)
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # When what it is about begins, where that is to come: too late to do anything about it.
    begins_at = models.DateTimeField(null=True, blank=True)
    # From then on it is the manager's too.
    escalates_at = models.DateTimeField(null=True, blank=True)
    # Who is on it, and since when.
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=40, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.CharField(max_length=80, blank=True)
    # How it ended, as one word: what its cause came to, or what the person said.
    outcome = models.CharField(max_length=40, blank=True)

    objects = ToDoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dedupe_key"], name="to_do_once_per_key"),
            models.CheckConstraint(condition=Q(role__in=ROLES), name="to_do_role_is_known"),
            models.CheckConstraint(
                condition=~Q(role=PSYCHOLOGIST) | ~Q(person=""), name="to_do_of_a_psychologist_by_name"
            ),
            models.CheckConstraint(condition=~Q(about_label="") & ~Q(about_code=""), name="to_do_is_about_something"),
            models.CheckConstraint(
                condition=Q(escalates_at__isnull=True) | Q(escalates_at__gte=F("due_at")),
                name="to_do_escalates_once_due",
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_at__isnull=True, acknowledged_by="")
                | (Q(acknowledged_at__isnull=False) & ~Q(acknowledged_by="")),
                name="to_do_acknowledged_with_who_and_when",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by="", outcome="")
                | (Q(done_at__isnull=False) & ~Q(done_by="") & ~Q(outcome="")),
                name="to_do_done_with_who_when_and_how",
            ),
        ]
        indexes = [
            models.Index(fields=["role", "due_at"], name="to_do_of_role", condition=Q(done_at__isnull=True)),
            models.Index(fields=["person", "due_at"], name="to_do_of_person", condition=Q(done_at__isnull=True)),
            models.Index(fields=["escalates_at"], name="to_do_escalated", condition=Q(done_at__isnull=True)),
            models.Index(fields=["about_label", "about_code"], name="to_do_about"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about_code}"

    def is_overdue(self, *, now: datetime) -> bool:
        """Whether it is open and its time has come."""
        return self.done_at is None and self.due_at <= now

    def is_escalated(self, *, now: datetime) -> bool:
        """Whether it is open for so long that the manager hears of it."""
        return self.done_at is None and self.escalates_at is not None and self.escalates_at <= now

    @property
    def holder(self) -> str:
        """Who is on it, as the forms of a page send it back: empty if nobody is."""
        return self.acknowledged_by
