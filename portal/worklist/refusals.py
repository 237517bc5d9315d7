"""Why something was not done with a thing to do; pages turn these into words."""

from __future__ import annotations


class Refusal(Exception):
    """A rule of the worklist said no."""


class AlreadyDone(Refusal):
    """Somebody, or its cause, closed it meanwhile."""


class TakenMeanwhile(Refusal):
    """Somebody else is on it than the page showed."""


class NotByHand(Refusal):
    """Only its cause closes it, or this is no way in which it ends."""
