from __future__ import annotations


class MedicareRefused(Exception):
    """Something of Medicare that can't be done."""


class ChangedMeanwhile(MedicareRefused):
    """What was had elsewhere was said anew since the page was opened."""


class AlreadyApplied(MedicareRefused):
    """This file of the schedule is applied, or about to be."""


class AnotherIsApplied(MedicareRefused):
    """Another file of the schedule is being applied."""


class ScheduleChanged(MedicareRefused):
    """The rows of the schedule changed since the file was compared with them."""


class NothingToApply(MedicareRefused):
    """The file says what the rows say already."""
