"""The Patient Health Questionnaire for depression."""

from __future__ import annotations

from typing import Final

from portal.records.instruments.shape import Flag, Instrument, Scale, answers, bands

NOTICE: Final = (
    "Developed by Drs Robert L. Spitzer, Janet B. W. Williams, Kurt Kroenke and colleagues, with an educational grant "
    "from Pfizer Inc. No permission required to reproduce, translate, display or distribute."
)
LEAD: Final = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
HOW_OFTEN: Final = answers(("Not at all", "Several days", "More than half the days", "Nearly every day"))
DIFFICULT: Final = (
    "If you checked off any problems, how difficult have these problems made it for you to do your work, take care of "
    "things at home, or get along with other people?"
)
HOW_DIFFICULT: Final = answers(("Not difficult at all", "Somewhat difficult", "Very difficult", "Extremely difficult"))

PHQ9: Final = Instrument(
    key="phq9",
    version=1,
    name="PHQ-9",
    full_name="Patient Health Questionnaire (PHQ-9)",
    lead=LEAD,
    items=(
        "Little interest or pleasure in doing things",
        "Feeling down, depressed, or hopeless",
        "Trouble falling or staying asleep, or sleeping too much",
        "Feeling tired or having little energy",
        "Poor appetite or overeating",
        "Feeling bad about yourself – or that you are a failure or have let yourself or your family down",
        "Trouble concentrating on things, such as reading the newspaper or watching television",
        (
            "Moving or speaking so slowly that other people could have noticed? Or the opposite – being so fidgety or "
            "restless that you have been moving around a lot more than usual"
        ),
        "Thoughts that you would be better off dead or of hurting yourself in some way",
    ),
    answers=HOW_OFTEN,
    unscored=DIFFICULT,
    unscored_answers=HOW_DIFFICULT,
    scales=(
        Scale(
            key="total",
            name="Depression",
            items=tuple(range(1, 10)),
            least=0,
            most=27,
            bands=(
                bands(
                    "Kroenke, Spitzer and Williams (2001)",
                    (0, 4, "minimal"),
                    (5, 9, "mild"),
                    (10, 14, "moderate"),
                    (15, 19, "moderately severe"),
                    (20, 27, "severe"),
                ),
            ),
            reliable_change=6,
            reliable_source="NHS Talking Therapies",
        ),
    ),
    flags=(Flag(key="phq9_item9", item=9, at_least=1),),
    notice=NOTICE,
    source="Kroenke, Spitzer and Williams (2001), J Gen Intern Med 16:606",
)
