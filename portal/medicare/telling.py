"""How the ledger is said in a line, to those who bill and those who pay."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from portal.common.languages.times import date_short
from portal.medicare.ledger import CourseCount, Doubt, Ledger, Standing, Why, YearCount

NBSP = "\N{NO-BREAK SPACE}"


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


def standing_in_short(standing: Standing) -> str:
    """The same in a few signs, for a list of sessions: "4 of 6 · 7 of 10 (2 elsewhere) · report due"."""
    words = {"used": standing.in_year, "cap": standing.cap, "elsewhere": standing.elsewhere}
    year = (
        _("%(used)d of %(cap)d (%(elsewhere)d elsewhere)") if standing.elsewhere else _("%(used)d of %(cap)d")
    ) % words
    match standing.why:
        case None:
            place = _("%(number)d of %(of)d") % {"number": standing.number, "of": standing.of}
            return " · ".join([place, year, *([_("report due")] if standing.is_last else [])])
        case Why.NO_REFERRAL:
            return _("no referral")
        case Why.WRITTEN_AFTER:
            return _("referral is newer")
        case Why.USED_UP:
            return _("referral used up")
        case Why.YEAR_IS_USED_UP:
            return _("year used up: %(count)s") % {"count": year}
        case Why.CARERS_ARE_USED_UP:
            return _("carer sessions used up")


def on_a_line(standing: Standing) -> str:
    """The same among other words of a line, which breaks before it or before the brackets: no line ends in its dot."""
    return standing_in_short(standing).replace(" ", NBSP).replace(f"{NBSP}(", " (")


def ledger_in_words(ledger: Ledger, year: int) -> str:
    """All of it in a line: "4 of 6 on this referral · 7 of 10 this year (2 elsewhere) · report due after next"."""
    course, count = ledger.current, ledger.year(year)
    individual, carer = count.individual, count.carer
    words = {"used": individual.used, "cap": individual.cap, "elsewhere": individual.elsewhere}
    if individual.elsewhere:
        of_year = _("%(used)d of %(cap)d this year (%(elsewhere)d elsewhere)") % words
    else:
        of_year = _("%(used)d of %(cap)d this year") % words
    parts = [of_year]
    if course is not None:
        said = _("%(used)d of %(allowed)d on this referral") % {"used": course.used, "allowed": course.allowed}
        parts.insert(0, said)
    if carer.used:
        parts.append(_("carer %(used)d of %(cap)d") % {"used": carer.used, "cap": carer.cap})
    if course is not None and course.is_last_next:
        parts.append(_("report due after next"))
    elif course is not None and course.is_used_up:
        parts.append(_("report due"))
    if not individual.left:
        parts.append(_("no more rebates this year"))
    return " · ".join(parts)


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


def all_within() -> str:
    """Of sessions that are about to be booked, each of which falls within the referral and the year."""
    return _("Medicare: all of these fall within the referral on file and the year.")


def from_then_on(standing: Standing, *, number: int) -> str:
    """Why Medicare pays nothing from this one on, which is the `number`th of a series; empty where it pays."""
    day = standing.service.day
    words = {"number": number, "day": date_short(day)}
    match standing.why:
        case Why.WRITTEN_AFTER:
            return _("Medicare: the referral on file was written after some of these, and pays nothing towards those.")
        case Why.USED_UP:
            said = _("Medicare: from session %(number)d on (%(day)s), the referral on file is used up.")
            return f"{said} " % words + _("It pays on with a new referral.")
        case Why.YEAR_IS_USED_UP:
            return _(
                "Medicare: from session %(number)d on (%(day)s), the year's %(cap)d services are used. It pays again "
                "for sessions from %(date)s on."
            ) % (words | {"cap": standing.cap, "date": date_short(date(day.year + 1, 1, 1))})
    return ""
