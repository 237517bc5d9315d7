"""Forms that ask once before they do what is seldom meant or reaches many people.

The form draws `{% include "portal_forms/questions.html" %}` above its button. Its `clean` says what it asks; nothing is
done until the same form comes again with the digest of those very questions, which the page that asked carries hidden.
Whoever then changes the figure, or finds that another number of people is reached, is asked anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django import forms

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# The field in which a page says which questions it asked.
SURE = "sure"


class AsksOnce(forms.Form):
    """A form that is valid only when who sends it was asked what it asks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._questions: list[str] = []

    def ask(self, words: StrOrPromise) -> None:
        """Asks this before the form is taken; called while it is cleaned."""
        self._questions.append(str(words))

    @property
    def questions(self) -> list[str]:
        """What is to be said yes to; nothing while there are mistakes, or where it was asked already."""
        if not self.is_bound or self.errors:
            return []
        return [] if self._were_asked() else self._questions

    @property
    def questions_digest(self) -> str:
        """Names these questions, for the page that asks them."""
        return sha256("\n".join(self._questions).encode()).hexdigest()[:32]

    def full_clean(self) -> None:
        """Judges anew, and asks anew."""
        self._questions = []
        super().full_clean()

    def is_valid(self) -> bool:
        """Whether nothing is wrong and nothing is left to ask."""
        return super().is_valid() and not self.questions

    def _were_asked(self) -> bool:
        sent: Mapping[str, Any] = self.data
        return not self._questions or sent.get(self.add_prefix(SURE)) == self.questions_digest
