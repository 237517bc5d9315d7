"""Results of answered measures in words and pictures: bands, how they changed, and what somebody answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from portal.common.languages.times import date_short
from portal.common.web import charts
from portal.records.instruments import scoring
from portal.records.instruments.scoring import Direction
from portal.records.instruments.shape import Scale
from portal.records.models import Measure

# A band of less than so much of the whole has no room for its name.
THIN: Final = 0.08


class Named(NamedTuple):
    """What one source calls a score."""

    band: str
    source: str
    level: int


class Result(NamedTuple):
    """One scale's score: with the highest there is, and what each of its sources calls it."""

    scale: str
    score: int
    most: int
    named: tuple[Named, ...]


class Given(NamedTuple):
    """An item as it was answered."""

    item: str
    answer: str
    value: int | None


class Moved(NamedTuple):
    """How far a score moved since an earlier one, and whether that is more than chance, where its source says."""

    by: str
    verdict: str
    tone: str


class Course(NamedTuple):
    """The scores of one scale over time, the oldest first, as a picture and in words."""

    scale: str
    chart: charts.Chart
    latest: Result
    # Since the time before, and since the first where there were more.
    moved: list[Moved]


def results_of(measure: Measure) -> tuple[Result, ...]:
    """The scores of an answered measure, by the scales of its instrument."""
    return tuple(_result(scale, measure) for scale in measure.form.scales)


def given_of(measure: Measure) -> list[Given]:
    """What was answered to each item, as it was worded."""
    form, given = measure.form, measure.given
    words = {answer.value: answer.words for answer in form.answers}
    found = [Given(item, words[given[n]], given[n]) for n, item in enumerate(form.items, start=1)]
    unscored = (measure.answers or {}).get("unscored")
    if unscored is not None:
        said = next(answer.words for answer in form.unscored_answers if answer.value == unscored)
        found.append(Given(form.unscored, said, None))
    return found


def courses_of(measures: Sequence[Measure], *, zone: ZoneInfo) -> list[Course]:
    """How each scale of one instrument went, from answered measures of it, the oldest first; none without any."""
    if not measures:
        return []
    return [_course(scale, measures, zone=zone) for scale in measures[-1].form.scales]


def causes_in_words(measure: Measure, causes: Sequence[str]) -> list[str]:
    """Why an alert was raised: the item and what was answered, or the scale and its score."""
    form, given = measure.form, measure.given
    words = {answer.value: answer.words for answer in form.answers}
    found = []
    for flag in form.flags:
        if flag.key not in causes:
            continue
        if flag.item is not None:
            found.append(
                _("Question %(number)d, “%(item)s”: %(answer)s")
                % {"number": flag.item, "item": form.items[flag.item - 1], "answer": words[given[flag.item]]}
            )
        else:
            result = _result(form.scale(flag.scale), measure)
            found.append(
                _("%(scale)s: %(score)d of %(most)d, %(band)s")
                % {"scale": result.scale, "score": result.score, "most": result.most, "band": result.named[0].band}
            )
    return found


def _result(scale: Scale, measure: Measure) -> Result:
    score = int((measure.scores or {})[scale.key])
    named = tuple(Named(one.of(score).name, one.source, one.of(score).level) for one in scale.bands)
    return Result(scale.name, score, scale.most, named)


def _course(scale: Scale, measures: Sequence[Measure], *, zone: ZoneInfo) -> Course:
    results = [_result(scale, measure) for measure in measures]
    latest, scores = results[-1], [result.score for result in results]
    last = scoring.change(scale, before=scores[-2], now=scores[-1]) if len(scores) > 1 else None
    first = scoring.change(scale, before=scores[0], now=scores[-1]) if len(scores) > 2 else None
    days = [date_short(measure.answered_at, zone) if measure.answered_at else "" for measure in measures]
    chart = charts.line(
        zip(days, (result.score for result in results), strict=True),
        title=scale.name,
        label_heading=_("Answered"),
        value_heading=_("Score"),
        summary=_("%(score)d of %(most)d: %(band)s")
        % {"score": latest.score, "most": latest.most, "band": latest.named[0].band},
        highest=scale.most,
        bands=_bands(scale),
    )
    moved = [_moved(last, _("since the time before"))] if last else []
    moved += [_moved(first, _("since the first"))] if first else []
    return Course(scale.name, chart, latest, moved)


def _bands(scale: Scale) -> list[tuple[str, int, int]]:
    """The ranges of the first source, the mildest first, without a gap; too thin a one bears no name."""
    bands = scale.bands[0].bands
    ends = [after.least for after in bands[1:]] + [scale.most]
    drawn = [
        (
            band.level,
            band.name if end - band.least > scale.most * THIN else "",
            0 if band is bands[0] else band.least,
            end,
        )
        for band, end in zip(bands, ends, strict=True)
    ]
    return [(name, least, end) for _level, name, least, end in sorted(drawn)]


_TONES = {Direction.IMPROVED: "gum", Direction.WORSE: "ochre"}


def _moved(change: scoring.Change, since: str) -> Moved:
    by = f"{change.by:+d}".replace("-", "−") if change.by else "±0"
    verdict = {
        Direction.IMPROVED: _("reliably better"),
        Direction.WORSE: _("reliably worse"),
        Direction.NOT_MORE_THAN_CHANCE: _("no reliable change"),
    }.get(change.direction, "")
    return Moved(f"{by} {since}", verdict, _TONES.get(change.direction, "outline"))
