"""The Kessler Psychological Distress Scale, scored from 10 to 50 as in Australia; from 0 to 40 is another scoring."""

from __future__ import annotations

from typing import Final

from portal.records.instruments.shape import Flag, Instrument, Scale, answers, bands

K10: Final = Instrument(
    key="k10",
    version=1,
    name="K10",
    full_name="Kessler Psychological Distress Scale (K10)",
    lead="In the past 4 weeks, about how often did you feel …",
    items=(
        "tired out for no good reason?",
        "nervous?",
        "so nervous that nothing could calm you down?",
        "hopeless?",
        "restless or fidgety?",
        "so restless you could not sit still?",
        "depressed?",
        "that everything was an effort?",
        "so sad that nothing could cheer you up?",
        "worthless?",
    ),
    answers=answers(
        ("None of the time", "A little of the time", "Some of the time", "Most of the time", "All of the time"), first=1
    ),
    scales=(
        Scale(
            key="total",
            name="Distress",
            items=tuple(range(1, 11)),
            least=10,
            most=50,
            bands=(
                bands(
                    "Australian Bureau of Statistics",
                    (10, 15, "low"),
                    (16, 21, "moderate"),
                    (22, 29, "high"),
                    (30, 50, "very high"),
                ),
                bands(
                    "Clinical practice (Andrews and Slade)",
                    (10, 19, "likely to be well"),
                    (20, 24, "likely to be mild"),
                    (25, 29, "likely to be moderate"),
                    (30, 50, "likely to be severe"),
                ),
            ),
        ),
    ),
    flags=(Flag(key="k10_total", scale="total", at_least=30),),
    notice="Kessler R. C. and colleagues (2002). May be used free of charge.",
    source="ABS 4817.0.55.001, Use of the Kessler Psychological Distress Scale in ABS health surveys",
)
