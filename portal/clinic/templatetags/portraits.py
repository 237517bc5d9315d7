"""Psychologists' photos in templates."""

from __future__ import annotations

from django import template

from portal.clinic.models import Psychologist
from portal.clinic.portraits import portrait_of
from portal.common.media.pictures import Picture

register = template.Library()


@register.filter
def portrait(person: Psychologist) -> Picture | None:
    """`{% with photo=person|portrait %}{% picture photo alt="" sizes="4.5rem" %}`."""
    return portrait_of(person)
