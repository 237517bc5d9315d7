from __future__ import annotations


class MedicareRefused(Exception):
    """Something of Medicare that can't be done."""


class ChangedMeanwhile(MedicareRefused):
    """Somebody else said something newer since the page was opened."""


class MergedMeanwhile(MedicareRefused):
    """An entry of the register was found to be a double since the page was opened."""


class NothingChanged(MedicareRefused):
    """A correction that says what is written down already."""


class InUse(MedicareRefused):
    """Something is billed to Medicare under the referral."""


class AlreadyApplied(MedicareRefused):
    """This file of the schedule is applied, or about to be."""


class AnotherIsApplied(MedicareRefused):
    """Another file of the schedule is being applied."""


class ScheduleChanged(MedicareRefused):
    """The rows of the schedule changed since the file was compared with them."""


class NothingToApply(MedicareRefused):
    """The file says what the rows say already."""


class LimitsKnown(MedicareRefused):
    """Limits from that day are written down."""
