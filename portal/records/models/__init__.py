from portal.records.models.alerts import RiskAlert
from portal.records.models.chain import ChainHead
from portal.records.models.handovers import Handover
from portal.records.models.measures import Measure, MeasureKey, MeasurePlan
from portal.records.models.notes import MOST_CHARACTERS, Addendum, ProgressNote, State, Template
from portal.records.models.reports import Report

__all__ = [
    "MOST_CHARACTERS",
    "Addendum",
    "ChainHead",
    "Handover",
    "Measure",
    "MeasureKey",
    "MeasurePlan",
    "ProgressNote",
    "Report",
    "RiskAlert",
    "State",
    "Template",
]
