"""The questionnaire for generalised anxiety, by the authors of the PHQ-9."""

from __future__ import annotations

from typing import Final

from portal.records.instruments.phq9 import DIFFICULT, HOW_DIFFICULT, HOW_OFTEN, LEAD, NOTICE
from portal.records.instruments.shape import Instrument, Scale, bands

GAD7: Final = Instrument(
    key="gad7",
    version=1,
    name="GAD-7",
    full_name="Generalised Anxiety Disorder questionnaire (GAD-7)",
    lead=LEAD,
    items=(
        "Feeling nervous, anxious or on edge",
        "Not being able to stop or control worrying",
        "Worrying too much about different things",
        "Trouble relaxing",
        "Being so restless that it is hard to sit still",
        "Becoming easily annoyed or irritable",
        "Feeling afraid as if something awful might happen",
    ),
    answers=HOW_OFTEN,
    unscored=DIFFICULT,
    unscored_answers=HOW_DIFFICULT,
    scales=(
        Scale(
            key="total",
            name="Anxiety",
            items=tuple(range(1, 8)),
            least=0,
            most=21,
            bands=(
                bands(
                    "Spitzer, Kroenke, Williams and Löwe (2006)",
                    (0, 4, "minimal"),
                    (5, 9, "mild"),
                    (10, 14, "moderate"),
                    (15, 21, "severe"),
                ),
            ),
            reliable_change=4,
            reliable_source="NHS Talking Therapies",
        ),
    ),
    notice=NOTICE,
    source="Spitzer, Kroenke, Williams and Löwe (2006), Arch Intern Med 166:1092",
)
