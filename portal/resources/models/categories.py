from __future__ import annotations

import uuid

from django.apps import apps
from django.db import models
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower
from django.utils.translation import gettext_lazy as _

from portal.common.privacy import classed


class CategoryQuerySet(models.QuerySet["Category"]):
    def active(self) -> CategoryQuerySet:
        return self.filter(is_active=True)

    def with_counts(self) -> CategoryQuerySet:
        """Adds `articles` and `held`, how many stand in each: drafts too, and files that were taken down."""
        return self.annotate(articles=_how_many("BlogPost"), held=_how_many("Resource"))


def _how_many(model: str) -> Coalesce:
    """Counted apart: joined, the articles of a category would be multiplied by its files."""
    rows = apps.get_model("resources", model)._default_manager.filter(category=OuterRef("pk"))
    return Coalesce(Subquery(rows.order_by().values("category").annotate(n=Count("pk")).values("n")), 0)


@classed(plain="id code name slug description is_active position")
class Category(models.Model):
    """A shelf of articles and files. One that is put away keeps what it has and its address, and takes no new ones."""

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
