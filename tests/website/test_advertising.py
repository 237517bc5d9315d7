"""What the law says of advertising, found in words as people write them."""

import time

import pytest

from portal.clinic.models import Registration
from portal.website.advertising import MOST, warnings_for


def rules(text, **more):
    return [(caution.rule, caution.phrase) for caution in warnings_for(text, **more)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("People tell me that sessions feel calm.", [("testimonial", "People tell me")]),
        ("My clients say I listen.", [("testimonial", "My clients say")]),
        ("“It changed my life.”", [("testimonial", "changed my life")]),
        ("One client wrote: thank you", [("testimonial", "One client wrote")]),
        ("I can cure your anxiety.", [("promise", "cure your anxiety")]),
        ("Results guaranteed, 100% of the time", [("promise", "guaranteed"), ("promise", "100%")]),
        (
            "A trauma specialist who specialises in EMDR",
            [("specialist", "specialist"), ("specialist", "specialises in")],
        ),
        ("Melbourne’s best team", [("comparison", "Melbourne's best")]),
        ("an award-winning expert", [("comparison", "award-winning"), ("comparison", "expert")]),
        ("Your free first session", [("offer", "free first session")]),
        ("Don’t wait.", [("pressure", "Don't wait")]),
    ],
)
def test_doubtful_words_are_found(text, found):
    assert rules(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I work mainly with adults, and have fourteen years of experience in hospitals.",
        "Sessions are free of jargon. We decide together what to try.",
        "I try to do my best. Insecure attachment; a secure base; the accuracy of memory; obscured feelings.",
        "Psychology is not a cure-all, and I say so.",
        "I am a member of the Australian Clinical Psychology Association.",
        "People tell stories; we look at them together.",
    ],
)
def test_plain_words_are_left_alone(text):
    assert rules(text, registration=Registration.GENERAL) == []


@pytest.mark.parametrize(
    ("text", "registration", "found"),
    [
        ("I am a clinical psychologist.", Registration.CLINICAL, []),
        ("I am a clinical psychologist.", Registration.GENERAL, [("title", "clinical psychologist")]),
        ("I am a psychologist.", Registration.GENERAL, []),
        ("I am a psychologist.", Registration.PROVISIONAL, [("title", "psychologist")]),
        ("I am a provisional psychologist.", Registration.PROVISIONAL, []),
        ("A forensic psychologist", Registration.CLINICAL, [("title", "forensic psychologist")]),
        ("Not a psychiatrist", Registration.CLINICAL, [("title", "psychiatrist")]),
        ("I am a clinical psychologist.", None, []),
    ],
)
def test_titles_follow_the_registration(text, registration, found):
    assert rules(text, registration=registration) == found


def test_each_phrase_once_in_the_order_of_the_text_and_not_too_many():
    assert rules("Guaranteed! The best clinic. GUARANTEED!") == [("promise", "Guaranteed"), ("comparison", "The best")]
    text = " ".join(f"{n}% off" for n in range(30))
    assert len(rules(text)) == MOST


def test_every_caution_says_why():
    for caution in warnings_for("My clients say I am the best specialist, guaranteed. 20% off. Don't wait."):
        assert str(caution.why).endswith(".")


def test_a_long_text_takes_no_long_time():
    text = "my clients cure the best of a free " * 30_000
    began = time.perf_counter()
    warnings_for(text)
    assert time.perf_counter() - began < 5
