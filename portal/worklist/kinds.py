"""What a kind of work is: whose it is, its words, and how it may end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of thing to do. It is told in plain words, and never says how somebody is."""

    name: str
    # Whose work it is: "reception", "psychologist" or "manager".
    role: str
    # One of them, and what stands above many.
    title: Promise
    heading: Promise
    # What there is to do about it, in one sentence, and on the button that leads there.
    advice: Promise
    action: Promise
    # What a person may say when they are done with it, by a machine word; without any, only its cause closes it.
    outcomes: Mapping[str, Promise] = field(default_factory=dict)

    @property
    def is_closed_by_hand(self) -> bool:
        """Whether a person says how it ended; all others are closed by their cause."""
        return bool(self.outcomes)
