"""Filters and tags of the look."""

from __future__ import annotations

from django import template

from portal.common import money

register = template.Library()
register.filter("dollars", money.dollars)
