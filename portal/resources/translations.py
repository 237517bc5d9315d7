"""The names and descriptions of categories and tags, as texts that the manager translates at /manage/texts/."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from portal.resources.models import Category, Tag
from portal.website.texts import Page, page_of_rows


def pages() -> Iterator[Page]:
    """As `portal.website.texts.row_pages`; two queries."""
    for key, label, rows, fields in (
        ("category", _("Categories of articles and files"), Category.objects.all(), ("name", "description")),
        ("tag", _("Tags of articles"), Tag.objects.all(), ("name",)),
    ):
        yield from page_of_rows(key, label, "public:blog", rows, fields)
