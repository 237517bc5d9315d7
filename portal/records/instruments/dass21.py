"""The short Depression Anxiety Stress Scales. Each sum is doubled, and the cut-offs are those of doubled sums.

Its authors offer it to professionals, unchanged and not sold: it is only given by a psychologist, and never stands on a
public page.
"""

from __future__ import annotations

from typing import Final

from portal.records.instruments.shape import BandSet, Flag, Instrument, Scale, answers, bands

_SOURCE: Final = "Lovibond and Lovibond (1995)"


def _bands(*edges: int) -> BandSet:
    names = ("normal", "mild", "moderate", "severe", "extremely severe")
    least = (0, *(edge + 1 for edge in edges))
    return bands(_SOURCE, *zip(least, (*edges, 42), names, strict=True))


DASS21: Final = Instrument(
    key="dass21",
    version=1,
    name="DASS-21",
    full_name="Depression Anxiety Stress Scales (DASS-21)",
    lead="How much did each statement apply to you over the past week? There are no right or wrong answers. "
    "Do not spend too much time on any statement.",
    items=(
        "I found it hard to wind down",
        "I was aware of dryness of my mouth",
        "I couldn’t seem to experience any positive feeling at all",
        (
            "I experienced breathing difficulty (e.g. excessively rapid breathing, breathlessness in the absence of "
            "physical exertion)"
        ),
        "I found it difficult to work up the initiative to do things",
        "I tended to over-react to situations",
        "I experienced trembling (e.g. in the hands)",
        "I felt that I was using a lot of nervous energy",
        "I was worried about situations in which I might panic and make a fool of myself",
        "I felt that I had nothing to look forward to",
        "I found myself getting agitated",
        "I found it difficult to relax",
        "I felt down-hearted and blue",
        "I was intolerant of anything that kept me from getting on with what I was doing",
        "I felt I was close to panic",
        "I was unable to become enthusiastic about anything",
        "I felt I wasn’t worth much as a person",
        "I felt that I was rather touchy",
        (
            "I was aware of the action of my heart in the absence of physical exertion (e.g. sense of heart rate "
            "increase, heart missing a beat)"
        ),
        "I felt scared without any good reason",
        "I felt that life was meaningless",
    ),
    answers=answers(
        (
            "Did not apply to me at all",
            "Applied to me to some degree, or some of the time",
            "Applied to me to a considerable degree, or a good part of the time",
            "Applied to me very much, or most of the time",
        )
    ),
    scales=(
        Scale(
            key="depression",
            name="Depression",
            items=(3, 5, 10, 13, 16, 17, 21),
            factor=2,
            least=0,
            most=42,
            bands=(_bands(9, 13, 20, 27),),
        ),
        Scale(
            key="anxiety",
            name="Anxiety",
            items=(2, 4, 7, 9, 15, 19, 20),
            factor=2,
            least=0,
            most=42,
            bands=(_bands(7, 9, 14, 19),),
        ),
        Scale(
            key="stress",
            name="Stress",
            items=(1, 6, 8, 11, 12, 14, 18),
            factor=2,
            least=0,
            most=42,
            bands=(_bands(14, 18, 25, 33),),
        ),
    ),
    flags=(Flag(key="dass21_depression", scale="depression", at_least=28),),
    minutes=4,
    notice="Lovibond, S. H. and Lovibond, P. F. (1995). Manual for the Depression Anxiety Stress Scales (2nd ed.). "
    "Sydney: Psychology Foundation. In the public domain: dass.psy.unsw.edu.au",
    source="Lovibond and Lovibond (1995), scoring template of the DASS-21",
)
