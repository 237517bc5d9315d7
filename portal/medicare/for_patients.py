"""The ledger in the words of those who pay, in their language. It stops a rebate, never a session."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.common.languages.times import date_short
from portal.medicare.ledger import Ledger, Standing, Why


def left_in_words(standing: Standing) -> str:
    """Beside a price: which session with a rebate this one would be, or why there is no rebate for it."""
    match standing.why:
        case None:
            left = standing.cap - standing.in_year
            words = {"number": standing.number, "of": standing.of, "left": left, "year": standing.service.day.year}
            # Both sentences in one: not every language puts a space between them.
            said = ngettext(
                "With your referral: session %(number)d of %(of)d. After it, Medicare pays towards %(left)d more in "
                "%(year)d.",
                "With your referral: session %(number)d of %(of)d. After it, Medicare pays towards %(left)d more in "
                "%(year)d.",
                left,
            )
            return said % words
        case Why.NO_REFERRAL:
            return _("Medicare pays this back only with a referral, and we have none from you yet.")
        case Why.WRITTEN_AFTER:
            return _("Your referral is newer than this session, so Medicare pays nothing towards it.")
        case Why.USED_UP:
            return _("Your referral is used up. With a new one from your doctor, Medicare pays on.")
        case Why.YEAR_IS_USED_UP:
            again = date_short(date(standing.service.day.year + 1, 1, 1))
            return _(
                "The %(cap)d sessions that Medicare pays towards in a year are used, so there is no rebate for "
                "this one. You can keep coming. Medicare pays again from %(day)s on."
            ) % {"cap": standing.cap, "day": again}
        case Why.CARERS_ARE_USED_UP:
            return _("The sessions with a family member or carer that Medicare pays towards this year are used.")


def so_far_in_words(ledger: Ledger, year: int) -> list[str]:
    """What was used of the referral and of the year, a sentence each; empty for who has neither."""
    course, count = ledger.current, ledger.year(year)
    said = []
    if course is not None:
        words = {"used": course.used, "allowed": course.allowed}
        said.append(_("%(used)d of %(allowed)d sessions of your referral are used.") % words)
    if course is not None or count.individual.used:
        words = {"used": count.individual.used, "cap": count.individual.cap, "year": year}
        said.append(_("%(used)d of the %(cap)d sessions that Medicare pays towards in %(year)d are used.") % words)
    if elsewhere := count.individual.elsewhere:
        there = ngettext("%(n)d of them was elsewhere.", "%(n)d of them were elsewhere.", elsewhere)
        said.append(there % {"n": elsewhere})
    if count.carer.used:
        words = {"used": count.carer.used, "cap": count.carer.cap}
        said.append(_("With a family member or carer alone: %(used)d of %(cap)d.") % words)
    if not count.individual.left:
        said.append(_("Medicare pays towards no more this year. You can keep coming at the full fee."))
    elif course is not None and course.is_used_up:
        said.append(_("With a new referral from your doctor, Medicare pays on."))
    return said


def all_paid() -> str:
    """Beside sessions that are about to be booked, each of which falls within their referral and the year."""
    return _("With your referral, Medicare pays towards all of these sessions.")


def from_then_on(standing: Standing, *, number: int) -> str:
    """Why Medicare pays nothing from this one on, which is the `number`th of a series; empty where it pays."""
    day = standing.service.day
    words = {"number": number, "day": date_short(day)}
    match standing.why:
        case Why.WRITTEN_AFTER:
            return _("Your referral is newer than some of these sessions, so Medicare pays nothing towards those.")
        case Why.USED_UP:
            return (
                _(
                    "From session %(number)d on (%(day)s), your referral is used up. With a new one from your doctor, "
                    "Medicare pays on."
                )
                % words
            )
        case Why.YEAR_IS_USED_UP:
            return _(
                "From session %(number)d on (%(day)s), the %(cap)d sessions that Medicare pays towards in a year are "
                "used, so there is no rebate. You can keep coming. Medicare pays again from %(date)s on."
            ) % (words | {"cap": standing.cap, "date": date_short(date(day.year + 1, 1, 1))})
    return ""
