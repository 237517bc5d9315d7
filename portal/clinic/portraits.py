"""Psychologists' photos on pages: which sizes there are, and at which addresses."""

from __future__ import annotations

from django.urls import reverse

from portal.clinic.models import Psychologist
from portal.common.media.pictures import PORTRAIT, Picture, draw


def portrait_of(person: Psychologist) -> Picture | None:
    """What `{% picture %}` draws of somebody, or None of somebody with no photo; the same address in every language."""

    def address(width: int, kind: str) -> str:
        return reverse("machines:portrait", args=[person.slug, f"{width}.{kind}"])

    return draw(person.photo, widths=PORTRAIT, address=address)
