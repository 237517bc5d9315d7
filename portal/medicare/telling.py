"""How the ledger is said in a line, to those who bill and those who pay."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from portal.common.languages.times import date_short
from portal.medicare.ledger import CourseCount, Doubt, Standing, Why, YearCount


def course_in_words(course: CourseCount) -> str:
    """What was used of a referral: "4 of 6 used"."""
    return _("%(used)d of %(allowed)d used") % {"used": course.used, "allowed": course.allowed}


def year_in_words(year: int, count: YearCount) -> list[str]:
    """What was used of a calendar year, a line for each kind that there is anything to say of."""
    lines = [_of_year(year, count.individual.used, count.individual.cap, count.individual.elsewhere)]
    if count.carer.used:
        words = _("%(used)d of %(cap)d with a family member or carer")
        lines.append(words % {"used": count.carer.used, "cap": count.carer.cap})
    if count.group.used:
        lines.append(_("Groups: %(used)d of %(cap)d") % {"used": count.group.used, "cap": count.group.cap})
    return lines


def _of_year(year: int, used: int, cap: int, elsewhere: int) -> str:
    words = {"used": used, "cap": cap, "year": year, "elsewhere": elsewhere}
    if elsewhere:
        return _("%(used)d of %(cap)d in %(year)d, %(elsewhere)d of them elsewhere") % words
    return _("%(used)d of %(cap)d in %(year)d") % words


def doubt_in_words(course: CourseCount) -> str:
    """What the referrer is to be asked about the letter; empty for nothing."""
    words = {"stated": course.course.stated, "allowed": course.allowed}
    match course.doubt:
        case Doubt.UNSTATED:
            line = _("The letter names no number of services: ask the referrer. Up to %(allowed)d count until then.")
        case Doubt.MORE_THAN_AN_INITIAL_COURSE:
            line = _("The letter names %(stated)d services; a first course has %(allowed)d at most. Ask the referrer.")
        case Doubt.MORE_THAN_A_YEAR:
            line = _("The letter names %(stated)d services; a year has %(allowed)d at most.")
        case None:
            return ""
    return line % words


def standing_in_words(standing: Standing) -> str:
    """Which service this one would be, or why Medicare pays nothing for it and what would help."""
    year = _of_year(standing.service.day.year, standing.in_year, standing.cap, standing.elsewhere)
    match standing.why:
        case None:
            place = _("Service %(number)d of %(of)d on this referral") % {"number": standing.number, "of": standing.of}
            return f"{place} · {year}"
        case Why.NO_REFERRAL:
            return _("No referral on file, so Medicare pays nothing towards this session.")
        case Why.WRITTEN_AFTER:
            return _("The referral on file was written after this session, so Medicare pays nothing towards it.")
        case Why.USED_UP:
            return _("Every service of the referral on file is used. Medicare pays on with a new referral.")
        case Why.YEAR_IS_USED_UP:
            words = _("The year's services are used (%(count)s). Medicare pays again for sessions from %(day)s on.")
            return words % {"count": year, "day": date_short(date(standing.service.day.year + 1, 1, 1))}
        case Why.CARERS_ARE_USED_UP:
            return _("The year's services with a family member or carer alone are used.")
