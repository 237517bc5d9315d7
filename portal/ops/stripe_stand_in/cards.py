"""Stripe's test cards that the stand-in knows, by their numbers, and what happens with each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TestCard:
    """One of Stripe's test cards. `declines` is the code of the refusal; `asks` wants the cardholder to confirm."""

    number: str
    about: str
    brand: str = "visa"
    declines: str = ""
    asks: bool = False
    # Wants the cardholder each time, also when a clinic charges a card that is on file.
    asks_always: bool = False
    # Can be put on file, and is declined when it is charged.
    declines_later: bool = False
    # How a refund to it goes: at once, later, or it comes back.
    refunds: str = "succeeded"

    @property
    def last4(self) -> str:
        return self.number[-4:]


CARDS: Final = (
    TestCard("4242424242424242", "is paid at once"),
    TestCard("5555555555554444", "is paid at once", brand="mastercard"),
    TestCard("4000000000000002", "is declined", declines="generic_decline"),
    TestCard("4000000000009995", "has too little money", declines="insufficient_funds"),
    TestCard("4000002500003155", "asks to confirm (3-D Secure)", asks=True),
    TestCard("4000002760003184", "asks to confirm every time", asks=True, asks_always=True),
    TestCard("4000000000000341", "can be saved, and is declined later", declines_later=True),
    TestCard("4000000000007726", "a refund to it takes a while", refunds="pending"),
    TestCard("4000000000005126", "a refund to it fails", refunds="failed"),
)


def card_of(number: str) -> TestCard | None:
    """The card of a number as people type it; None for one that is no test card."""
    digits = "".join(letter for letter in number if letter.isascii() and letter.isdigit())
    return next((card for card in CARDS if card.number == digits), None)
