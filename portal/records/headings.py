"""Headings to begin a note with. They are words on the page, to be written under, moved or deleted."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.records.models import Template


def headings(template: str) -> list[str]:
    """The headings of a template, in the reader's language; none for free text."""
    match template:
        case Template.SOAP:
            return [_("Subjective"), _("Objective"), _("Assessment"), _("Plan")]
        case Template.DAP:
            return [_("Data"), _("Assessment"), _("Plan")]
        case Template.BIRP:
            return [_("Behaviour"), _("Intervention"), _("Response"), _("Plan")]
    return []


def skeleton(template: str) -> str:
    """The text a note begins with under a template."""
    return "\n\n".join(f"{heading}\n" for heading in headings(template))
