from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.privacy import classed

# More than these are a list that has to be searched itself.
MOST_VIEWS = 12
LONGEST_NAME = 40


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    def visible_to(self, actor: Actor) -> SavedViewQuerySet:
        """The desk's and the manager's own."""
        if actor.role in (Role.RECEPTION, Role.MANAGER):
            return self.filter(owner=actor.user)
        return self.none()


@classed(plain="id code owner position query created_at", personal="name")
class SavedView(models.Model):
    """Filters of the list of invoices that somebody kept under a name: `query` is what the list's address asks for.

    Words that somebody looked for are no part of it. `position` is its place among theirs, so that there are no more
    than `MOST_VIEWS`.
    """

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False, db_index=False
    )
    position = models.PositiveSmallIntegerField(editable=False)
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.CharField(max_length=500, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(condition=~Q(name="") & ~Q(query=""), name="saved_view_says_what"),
            models.CheckConstraint(condition=Q(position__range=(1, MOST_VIEWS)), name="saved_view_is_one_of_few"),
            models.UniqueConstraint(fields=["owner", "position"], name="saved_view_has_its_place"),
            models.UniqueConstraint("owner", Lower("name"), name="saved_view_has_its_own_name"),
        ]

    def __str__(self) -> str:
        return self.name
