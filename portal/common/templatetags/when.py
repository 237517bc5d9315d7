"""Filters for dates, times and lengths of time: `{{ a.starts_at|clock:a.zone }}`, `{{ service.minutes|minutes }}`."""

from __future__ import annotations

from django import template

from portal.common.languages import durations, times

register = template.Library()

for _filter in (
    durations.minutes,
    durations.hours,
    durations.days,
    durations.years,
    times.clock,
    times.day,
    times.day_no_year,
    times.day_short,
    times.date_short,
    times.weekday_short,
    times.day_month,
    times.month_year,
    times.within,
    times.local_day,
    times.when,
    times.when_short,
    times.when_dated,
    times.when_there,
    times.clock_there,
    times.iso,
    times.place_of_zone,
    times.utc_offset,
):
    register.filter(_filter.__name__, _filter)
