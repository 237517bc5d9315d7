"""Columns of tables."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import django_tables2 as tables
from django.template import Context, Template
from django.template.loader import get_template


class TemplateColumn(tables.TemplateColumn):
    """A column of small templates, read once and drawn in the page's own context.

    django-tables2 reads `template_code` anew for each cell, and gives a named template a context of its own, with all
    context processors, for each cell. Measured on 25 patients: two thirds of the page.
    """

    def render(self, record: Any, table: tables.Table, value: Any, bound_column: Any, **kwargs: Any) -> str:
        context = getattr(table, "context", None) or Context()
        own = self.get_context_data(record=record, table=table, value=value, bound_column=bound_column, **kwargs)
        with context.update(own):
            return _read(self.template_code, self.template_name).render(context)


@lru_cache(maxsize=256)
def _read(code: str | None, name: str | None) -> Template:
    return Template(code) if code else get_template(name).template
