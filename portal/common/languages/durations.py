"""Lengths of time in words. Sentences take them whole, for Arabic bends the word by its number in six ways."""

from __future__ import annotations

from django.utils.translation import ngettext


def minutes(number: int) -> str:
    """`50 minutes`"""
    return ngettext("%(minutes)d minute", "%(minutes)d minutes", number) % {"minutes": number}


def hours(number: int) -> str:
    """`1 hour`, `3 hours`, in the active language."""
    return ngettext("%(hours)d hour", "%(hours)d hours", number) % {"hours": number}


def days(number: int) -> str:
    """`1 day`, `3 days`, in the active language."""
    return ngettext("%(days)d day", "%(days)d days", number) % {"days": number}


def years(number: int) -> str:
    """`1 year`, `7 years`, in the active language."""
    return ngettext("%(years)d year", "%(years)d years", number) % {"years": number}
