from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed


class CategoryQuerySet(models.QuerySet["Category"]):
    def active(self) -> CategoryQuerySet:
        return self.filter(is_active=True)


@classed(plain="id code name slug description is_active position")
class Category(models.Model):
    """A shelf of the blog. One that is put away keeps its articles and its address, and takes no new ones."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(_("address on the website"), max_length=60, unique=True)
    description = models.CharField(_("description"), max_length=300, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        verbose_name_plural = "categories"
        constraints = [
            models.UniqueConstraint(Lower("name"), name="category_name_unique_in_any_case"),
            models.CheckConstraint(condition=~Q(name="") & ~Q(slug=""), name="category_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


@classed(plain="id name slug")
class Tag(models.Model):
    """A word that articles have in common. It is made by being used."""

    name = models.CharField(_("name"), max_length=40)
    # The name folded: `Anxiety` and `anxiety` are one tag.
    slug = models.SlugField(max_length=40, unique=True, allow_unicode=True)

    class Meta:
        ordering = ["slug"]
        constraints = [models.CheckConstraint(condition=~Q(name="") & ~Q(slug=""), name="tag_has_a_name")]

    def __str__(self) -> str:
        return self.name
