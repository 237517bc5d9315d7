from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor
from portal.common.privacy import classed


class ReplyTemplateQuerySet(models.QuerySet["ReplyTemplate"]):
    def visible_to(self, actor: Actor) -> ReplyTemplateQuerySet:
        """A psychologist their own, the desk and the manager the front desk's."""
        match actor.role:
            case Role.PSYCHOLOGIST:
                return self.filter(owner__user=actor.person)
            case Role.RECEPTION | Role.MANAGER:
                return self.filter(owner__isnull=True)
        return self.none()


@classed(plain="id code owner title words added_at added_by")
class ReplyTemplate(models.Model):
    """Words to begin an answer with. They are nobody's: what is about a person is written in the answer."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Without an owner it is the front desk's.
    owner = models.ForeignKey(
        Psychologist, null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="reply_templates"
    )
    title = models.CharField(_("title"), max_length=60)
    words = models.TextField(_("words"), max_length=2_000)
    added_at = models.DateTimeField(editable=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, editable=False, on_delete=models.PROTECT, related_name="+")

    objects = ReplyTemplateQuerySet.as_manager()

    class Meta:
        ordering = ["title", "id"]
        verbose_name = _("reply template")

    def __str__(self) -> str:
        return self.title
