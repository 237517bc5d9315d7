"""How many Better Access services somebody has had, what is left of each, and why one more would not be paid.

Pure: facts come in, in any order, and counts come out. It speaks of what is known to this clinic and of what the
patient said of elsewhere; nobody but Medicare knows the rest. It stops a claim, never a session. Rules and their
sources: docs/australia.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum

from portal.medicare.models import BetterAccessLimits, MbsItem, Referral, UsedElsewhere

CountsTowards = MbsItem.CountsTowards

# ---- Facts -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A referral that counts for Medicare: a course of treatment. `key` is the code of its course, which a corrected
    referral keeps.

    `stated` is how many services it is for, None where neither the letter names a number nor anybody decided one.
    `continues` says that an earlier course was given elsewhere, `elsewhere` how many of this one were.
    """

    key: str
    written_on: date
    stated: int | None
    is_for_group: bool = False
    continues: bool = False
    elsewhere: int = 0

    @classmethod
    def of(cls, referral: Referral) -> Course:
        """The course that a referral begins."""
        return cls(
            key=str(referral.course),
            written_on=referral.written_on,
            stated=referral.agreed,
            is_for_group=referral.is_for_group,
            continues=referral.continues_elsewhere,
            elsewhere=referral.used_elsewhere,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service: given and claimed under the course `course`, or still to come, where that is None.

    `day` is the date of service: that on which it began, by the clock of where it took place.
    """

    key: str
    day: date
    starts_at: datetime
    counts_towards: str = CountsTowards.INDIVIDUAL
    course: str | None = None

    @property
    def is_given(self) -> bool:
        return self.course is not None


# ---- Counts ----------------------------------------------------------------------------------------------------------


class Why(Enum):
    """Why Medicare would pay nothing for a service."""

    NO_REFERRAL = "no_referral"
    WRITTEN_AFTER = "written_after"
    USED_UP = "used_up"
    YEAR_IS_USED_UP = "year_is_used_up"
    CARERS_ARE_USED_UP = "carers_are_used_up"


class Doubt(Enum):
    """What the referrer is to be asked about a letter."""

    UNSTATED = "unstated"
    MORE_THAN_AN_INITIAL_COURSE = "more_than_an_initial_course"
    MORE_THAN_A_YEAR = "more_than_a_year"


@dataclass(frozen=True, slots=True)
class CourseCount:
    """What a course allows, and how many services of it were used, elsewhere included."""

    course: Course
    allowed: int
    used: int
    doubt: Doubt | None = None
    last_day: date | None = None

    @property
    def left(self) -> int:
        return max(0, self.allowed - self.used)

    @property
    def is_used_up(self) -> bool:
        return self.used >= self.allowed

    @property
    def is_last_next(self) -> bool:
        """Whether the report to the referrer falls due after one more."""
        return self.left == 1


@dataclass(frozen=True, slots=True)
class Count:
    """Services of one kind in a calendar year."""

    cap: int
    here: int
    elsewhere: int

    @property
    def used(self) -> int:
        return self.here + self.elsewhere

    @property
    def left(self) -> int:
        return max(0, self.cap - self.used)


@dataclass(frozen=True, slots=True)
class YearCount:
    """A calendar year's services by the date of service. A carer's count to the individual ones too."""

    individual: Count
    group: Count
    carer: Count

    def towards(self, counts_towards: str) -> Count:
        """The count that a service of this kind is one more of."""
        return self.group if counts_towards == CountsTowards.GROUP else self.individual


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one service stands: the `number`th `of` its course and the `in_year`th of its year, or `why` not paid.

    Without being paid it is counted nowhere: `in_year` is then what was used before it. `elsewhere` of these were so.
    """

    service: Service
    course: Course | None
    number: int
    of: int
    in_year: int
    cap: int
    elsewhere: int
    why: Why | None = None

    @property
    def is_covered(self) -> bool:
        return self.why is None

    @property
    def would_a_referral_help(self) -> bool:
        """Whether it would be paid for with another letter on file."""
        return self.why in (Why.NO_REFERRAL, Why.WRITTEN_AFTER, Why.USED_UP)

    @property
    def is_last(self) -> bool:
        """Whether the course ends with it, and the report to the referrer falls due."""
        return self.is_covered and self.number >= self.of


@dataclass(frozen=True, slots=True)
class Ledger:
    """All counts of one patient."""

    courses: Sequence[CourseCount]
    standings: Mapping[str, Standing]
    _tally: _Tally = field(repr=False)

    def year(self, year: int) -> YearCount:
        """What was used of that calendar year's services. What is still to come counts nothing."""
        return self._tally.year(year)

    @property
    def current(self) -> CourseCount | None:
        """The course that the next individual session falls to: the oldest with a service left, else the last."""
        individual = [one for one in self.courses if not one.course.is_for_group]
        return next((one for one in individual if not one.is_used_up), individual[-1] if individual else None)

    def course(self, key: str) -> CourseCount:
        """The count of one course; raises KeyError for one that the ledger wasn't told of."""
        return {one.course.key: one for one in self.courses}[key]


# ---- Counting --------------------------------------------------------------------------------------------------------


def count(
    *,
    courses: Iterable[Course],
    services: Iterable[Service],
    limits: Sequence[BetterAccessLimits],
    elsewhere: Mapping[int, UsedElsewhere] | None = None,
) -> Ledger:
    """The ledger of one patient from all that is known, in whatever order it is given.

    Given services count whatever the day on which they are billed; those to come are laid behind them by their start,
    each on the oldest course that covers its day and has one left. `elsewhere` is by calendar year. Raises ValueError
    without any limits, and KeyError for a service under a course that isn't among `courses`.
    """
    tally = _Tally(courses, limits, elsewhere or {})
    ordered = sorted(services, key=lambda one: (one.starts_at, one.key))
    for service in ordered:
        if service.is_given:
            tally.add_given(service)
    counts = tally.courses()
    standings = tally.standings_of_given(ordered)
    ahead = tally.copy()
    for service in ordered:
        if not service.is_given:
            standings[service.key] = ahead.plan(service)
    return Ledger(counts, standings, tally)


class _Tally:
    def __init__(
        self, courses: Iterable[Course], limits: Sequence[BetterAccessLimits], elsewhere: Mapping[int, UsedElsewhere]
    ) -> None:
        self.ordered = sorted(courses, key=lambda one: (one.written_on, one.key))
        self.by_key = {one.key: one for one in self.ordered}
        if not limits:
            raise ValueError("no limits are known")
        self.limits = sorted(limits, key=lambda one: one.valid_from)
        self.elsewhere = elsewhere
        self.of_course: Counter[str] = Counter({one.key: one.elsewhere for one in self.ordered})
        self.of_year: Counter[tuple[int, str]] = Counter()
        self.last_day: dict[str, date] = {}

    def copy(self) -> _Tally:
        other = _Tally(self.ordered, self.limits, self.elsewhere)
        other.of_course, other.of_year = Counter(self.of_course), Counter(self.of_year)
        return other

    def limits_on(self, day: date) -> BetterAccessLimits:
        """Those in force that day; the first that are known, for a day before them."""
        return [*self.limits[:1], *(one for one in self.limits if one.valid_from <= day)][-1]

    # -- What a course allows --

    def allows(self, course: Course) -> tuple[int, Doubt | None]:
        limits = self.limits_on(course.written_on)
        most = limits.group_a_year if course.is_for_group else limits.individual_a_year
        doubt = Doubt.MORE_THAN_A_YEAR
        if not course.is_for_group and self._is_initial(course):
            most, doubt = limits.initial_course, Doubt.MORE_THAN_AN_INITIAL_COURSE
        if course.stated is None:
            return most, Doubt.UNSTATED
        return min(course.stated, most), doubt if course.stated > most else None

    def _is_initial(self, course: Course) -> bool:
        first = next(one for one in self.ordered if not one.is_for_group)
        return course is first and not course.continues

    # -- Counting --

    def add_given(self, service: Service) -> None:
        course = self.by_key[service.course or ""]
        self._add(service, course)
        self.last_day[course.key] = max(service.day, self.last_day.get(course.key, service.day))

    def _add(self, service: Service, course: Course) -> None:
        self.of_course[course.key] += 1
        self.of_year[service.day.year, service.counts_towards] += 1

    def courses(self) -> list[CourseCount]:
        return [
            CourseCount(one, allowed, self.of_course[one.key], doubt, self.last_day.get(one.key))
            for one in self.ordered
            for allowed, doubt in [self.allows(one)]
        ]

    def year(self, year: int) -> YearCount:
        # The caps of a year are those with which it begins.
        limits = self.limits_on(date(year, 1, 1))
        said = self.elsewhere.get(year, UsedElsewhere(year=year))
        carers = self.of_year[year, CountsTowards.CARER]
        return YearCount(
            individual=Count(
                limits.individual_a_year, self.of_year[year, CountsTowards.INDIVIDUAL] + carers, said.individual
            ),
            group=Count(limits.group_a_year, self.of_year[year, CountsTowards.GROUP], said.group),
            carer=Count(limits.carer_a_year, carers, said.carer),
        )

    # -- Each service --

    def standings_of_given(self, ordered: Sequence[Service]) -> dict[str, Standing]:
        """By the order of their dates of service, whatever the order in which they were billed."""
        so_far = _Tally(self.ordered, self.limits, self.elsewhere)
        standings = {}
        for service in ordered:
            if not service.is_given:
                continue
            course = self.by_key[service.course or ""]
            why = so_far.why_not(service, course)
            so_far.add_given(service)
            standings[service.key] = so_far.standing(service, course, why)
        return standings

    def plan(self, service: Service) -> Standing:
        wanted = [one for one in self.ordered if one.is_for_group == (service.counts_towards == CountsTowards.GROUP)]
        for course in wanted:
            if (why := self.why_not(service, course)) is None:
                self._add(service, course)
                return self.standing(service, course, None)
            if why in (Why.YEAR_IS_USED_UP, Why.CARERS_ARE_USED_UP):
                return self.standing(service, None, why)
        if not wanted:
            why = Why.NO_REFERRAL
        elif all(one.written_on > service.day for one in wanted):
            why = Why.WRITTEN_AFTER
        else:
            why = Why.USED_UP
        return self.standing(service, None, why)

    def why_not(self, service: Service, course: Course) -> Why | None:
        """Why one more service would not be paid under the course; the year's reasons before the letter's."""
        year = self.year(service.day.year)
        if not year.towards(service.counts_towards).left:
            return Why.YEAR_IS_USED_UP
        if service.counts_towards == CountsTowards.CARER and not year.carer.left:
            return Why.CARERS_ARE_USED_UP
        if course.written_on > service.day:
            return Why.WRITTEN_AFTER
        return Why.USED_UP if self.of_course[course.key] >= self.allows(course)[0] else None

    def standing(self, service: Service, course: Course | None, why: Why | None) -> Standing:
        year = self.year(service.day.year).towards(service.counts_towards)
        number, of = (self.of_course[course.key], self.allows(course)[0]) if course else (0, 0)
        return Standing(service, course, number, of, year.used, year.cap, year.elsewhere, why)
