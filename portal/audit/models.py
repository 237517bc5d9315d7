from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from portal.common.access.actors import Actor
from portal.common.labels import label_of, labels_of
from portal.common.privacy import classed

MANAGER = "manager"


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, actor: Actor) -> EntryQuerySet:
        return self.all() if actor.role == MANAGER else self.none()

    def about(self, target: models.Model) -> EntryQuerySet:
        return self.filter(target_label__in=labels_of(target), target_code=address_of(target)[1])

    def done_by(self, user_id: int | str) -> EntryQuerySet:
        return self.filter(actor_id=str(user_id))

    def sealed(self) -> EntryQuerySet:
        return self.filter(seq__isnull=False)

    def waiting(self) -> EntryQuerySet:
        """Entries that no link of the chain holds yet: those of about the last minute."""
        return self.filter(seq__isnull=True)

    def newest_first(self) -> EntryQuerySet:
        return self.order_by("-id")


def address_of(target: models.Model) -> tuple[str, str]:
    """How the trail names a row: by its model and its code, or its id where it has no code."""
    code = getattr(target, "code", None)
    return label_of(target), str(target.pk if code is None else code)


@classed(
    plain="id at actor_id actor_role actor_name verb target_label target_code facts seq previous hash",
)
class Entry(models.Model):
    """One line of the trail. People and rows are named by id, so that it outlives both.

    `seq`, `previous` and `hash` are set once, by sealing. The database refuses any other change, and every deletion.
    """

    at = models.DateTimeField()
    actor_id = models.CharField(max_length=40, blank=True)
    actor_role = models.CharField(max_length=20)
    # A job's name. A person's name is never written here.
    actor_name = models.CharField(max_length=80, blank=True)
    verb = models.CharField(max_length=60)
    target_label = models.CharField(max_length=80, blank=True)
    target_code = models.CharField(max_length=60, blank=True)
    facts = models.JSONField(default=dict)
    seq = models.BigIntegerField(null=True, unique=True, editable=False)
    previous = models.CharField(max_length=64, blank=True, editable=False)
    hash = models.CharField(max_length=64, blank=True, editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.CheckConstraint(
                name="audit_entry_sealed_as_a_whole",
                condition=Q(seq__isnull=True, previous="", hash="") | (Q(seq__gte=1) & ~Q(previous="") & ~Q(hash="")),
            ),
        ]
        indexes = [
            models.Index(fields=["target_label", "target_code"], name="audit_entry_target"),
            models.Index(fields=["actor_id", "at"], name="audit_entry_actor_at"),
            models.Index(fields=["at"], name="audit_entry_at"),
            models.Index(fields=["id"], name="audit_entry_waiting", condition=Q(seq__isnull=True)),
        ]

    def payload(self) -> dict[str, Any]:
        """What its hash covers, apart from the hash before it."""
        return {
            "id": self.pk,
            "seq": self.seq,
            "at": self.at,
            "actor": [self.actor_id, self.actor_role, self.actor_name],
            "verb": self.verb,
            "target": [self.target_label, self.target_code],
            "facts": self.facts,
        }
