"""The WHO-5 Well-Being Index: a raw score of 0 to 25, times four. High is well."""

from __future__ import annotations

from typing import Final

from portal.records.instruments.shape import Answer, Instrument, Scale, bands

WHO5: Final = Instrument(
    key="who5",
    version=1,
    name="WHO-5",
    full_name="WHO-5 Well-Being Index",
    lead="For each statement, choose the answer that is closest to how you have been feeling over the last two weeks.",
    items=(
        "I have felt cheerful and in good spirits",
        "I have felt calm and relaxed",
        "I have felt active and vigorous",
        "I woke up feeling fresh and rested",
        "My daily life has been filled with things that interest me",
    ),
    answers=(
        Answer(5, "All of the time"),
        Answer(4, "Most of the time"),
        Answer(3, "More than half of the time"),
        Answer(2, "Less than half of the time"),
        Answer(1, "Some of the time"),
        Answer(0, "At no time"),
    ),
    scales=(
        Scale(
            key="total",
            name="Well-being",
            items=(1, 2, 3, 4, 5),
            factor=4,
            least=0,
            most=100,
            # A raw score below 13 is poor well-being: 12 times four is 48, and no answers give 49 to 51.
            bands=(
                bands(
                    "Topp and colleagues (2015)",
                    (0, 28, "very low"),
                    (29, 51, "low"),
                    (52, 100, "good"),
                    worst_first=True,
                ),
            ),
            reliable_change=10,
            reliable_source="Topp and colleagues (2015)",
            higher_is_better=True,
        ),
    ),
    notice="© World Health Organization. WHO-5 Well-Being Index, 2024 (1998). CC BY-NC-SA 3.0 IGO.",
    source="Topp, Østergaard, Søndergaard and Bech (2015), Psychother Psychosom 84:167",
)
