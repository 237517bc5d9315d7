"""Who to call now: the clinic's own list, and the one that ships with the portal, shown when the clinic has none.

Numbers as published by their services; source and day are those of docs/australia.md. They are checked by a person, who
then says so: `manage.py doctor` reminds of those that nobody checked, or not for half a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from django.conf import settings
from django.utils.translation import get_language, gettext_noop

from portal.common.kept import kept
from portal.website.models import CrisisLine

# How long a number may go without somebody looking whether it still is the right one.
CHECKED_WITHIN = timedelta(days=180)

TALK, YOUNG = CrisisLine.Situation.TALK, CrisisLine.Situation.YOUNG
FIRST_NATIONS, VIOLENCE = CrisisLine.Situation.FIRST_NATIONS, CrisisLine.Situation.VIOLENCE
LGBTIQ, MEN, DRUGS, LANGUAGE = (
    CrisisLine.Situation.LGBTIQ,
    CrisisLine.Situation.MEN,
    CrisisLine.Situation.DRUGS,
    CrisisLine.Situation.LANGUAGE,
)
ANY_HOUR = gettext_noop("Any hour, every day")

# Situation, name, kind, number, hours, for whom, on every page, checked on.
SHIPPED: tuple[tuple[str, str, str, str, str, str, bool, date], ...] = (
    (TALK, "Lifeline", "call", "13 11 14", ANY_HOUR,
     gettext_noop("Anybody who needs somebody to talk to."), True, date(2026, 2, 17)),
    (TALK, "Lifeline", "text", "0477 13 11 14", ANY_HOUR,
     gettext_noop("When writing is easier or safer than speaking."), True, date(2026, 2, 17)),
    (TALK, "Suicide Call Back Service", "call", "1300 659 467", ANY_HOUR,
     gettext_noop("Thoughts of suicide, worry about somebody else, or the loss of somebody."), True, date(2023, 10, 1)),
    (TALK, "Beyond Blue", "call", "1300 22 4636", ANY_HOUR,
     gettext_noop("When you feel anxious or low."), False, date(2026, 2, 17)),
    (FIRST_NATIONS, "13YARN", "call", "13 92 76", ANY_HOUR,
     gettext_noop("Aboriginal and Torres Strait Islander people answer."), True, date(2026, 2, 17)),
    (VIOLENCE, "1800RESPECT", "call", "1800 737 732", ANY_HOUR,
     gettext_noop("Violence at home or in the family, and sexual assault."), True, date(2026, 2, 17)),
    (YOUNG, "Kids Helpline", "call", "1800 551 800", ANY_HOUR,
     gettext_noop("From 5 to 25 years, and those who care for them."), True, date(2026, 2, 17)),
    (YOUNG, "headspace", "call", "1800 650 890", "",
     gettext_noop("From 12 to 25 years."), False, date(2023, 10, 1)),
    (LGBTIQ, "QLife", "call", "1800 184 527", gettext_noop("3 pm to midnight, every day"),
     gettext_noop("LGBTIQ+ people answer."), False, date(2023, 10, 1)),
    (MEN, "MensLine Australia", "call", "1300 789 978", ANY_HOUR,
     gettext_noop("Relationships, family, anger, work."), False, date(2023, 10, 1)),
    (DRUGS, "National Alcohol and Other Drug Hotline", "call", "1800 250 015", ANY_HOUR,
     gettext_noop("Your own use, or that of somebody you love."), False, date(2023, 10, 1)),
    (LANGUAGE, "TIS National", "call", "131 450", ANY_HOUR,
     gettext_noop("A free interpreter. Ask them to call one of these lines with you."), False, date(2023, 10, 1)),
)  # fmt: skip


def shipped() -> list[CrisisLine]:
    """The list that ships, as rows that are not stored."""
    names = ("situation", "name", "kind", "number", "hours", "audience", "everywhere", "checked_on")
    return [
        CrisisLine(position=position, **dict(zip(names, line, strict=True))) for position, line in enumerate(SHIPPED)
    ]


@kept(CrisisLine)
def lines() -> Sequence[CrisisLine]:
    """Whom to call, in order. A clinic that has taken every line away gets those that ship."""
    return list(CrisisLine.objects.shown()) or shipped()


def lines_in_short() -> list[CrisisLine]:
    """Where there is little room: the first line of every page, and an interpreter's on pages in another language."""
    shown = [line for line in lines() if line.on_this_page]
    return shown[:1] + [line for line in shown[1:] if line.situation == LANGUAGE]


def interpreters() -> list[CrisisLine]:
    """Whom to ring for an interpreter, as e-mails in another language say; nobody, unasked, in the clinic's own."""
    if get_language() == settings.LANGUAGE_CODE:
        return []
    return [line for line in lines() if line.situation == LANGUAGE and line.kind == CrisisLine.Kind.CALL]


def by_situation(shown: Sequence[CrisisLine]) -> list[tuple[str, list[CrisisLine]]]:
    """The lines under what people are in: situations in their own order, lines in the clinic's."""
    order = {value: place for place, value in enumerate(CrisisLine.Situation.values)}
    ordered = sorted(shown, key=lambda line: order[line.situation])
    return [
        (str(CrisisLine.Situation(value).label), list(group))
        for value, group in groupby(ordered, key=lambda line: line.situation)
    ]


def unchecked(*, today: date) -> list[CrisisLine]:
    """Lines shown, also those that ship, whose number nobody has looked at for half a year, or ever."""
    return [line for line in lines() if not line.checked_on or today - line.checked_on > CHECKED_WITHIN]
