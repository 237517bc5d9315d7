"""Who repeats, moves and calls off sessions of a series: their addresses, their words and what they may ask for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.urls import reverse

from portal.appointments.forms import CancelForm
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered
from portal.appointments.series_forms import MoveForm
from portal.appointments.states import Why
from portal.journeys.repeating.asking import Asked
from portal.journeys.repeating.moving import Moving
from portal.web.series.opened import Opened


class Audience(ABC):
    """What the pages of a series leave to those who use them."""

    # How loudly they are told that nothing was done, for a session was changed meanwhile.
    changed_level = messages.WARNING

    @property
    @abstractmethod
    def namespace(self) -> str:
        """Where their addresses are."""

    @property
    @abstractmethod
    def folder(self) -> str:
        """Where their templates are."""

    def address(self, name: str, session: Appointment) -> str:
        """The page of this name about this session."""
        return reverse(f"{self.namespace}:{name}", args=[session.code])

    def template(self, name: str) -> str:
        """What draws the page of this name."""
        return f"{self.folder}/{name}.html"

    @abstractmethod
    def session_url(self, session: Appointment) -> str:
        """Where one comes from, and goes back to."""

    @abstractmethod
    def done_url(self, session: Appointment, *, is_cancelled: bool = False) -> str:
        """Where one is led once something was done with this session and others."""

    @abstractmethod
    def move_alone_url(self, session: Appointment) -> str:
        """Where this session is moved alone."""

    @abstractmethod
    def say_done(self, opened: Opened, done: str, sessions: Sequence[Appointment]) -> None:
        """Says what was done with these sessions, and who is told of it."""

    def context(self, opened: Opened) -> dict[str, Any]:
        """What every page of theirs draws besides."""
        return {}

    # Repeating.

    @abstractmethod
    def why_not_repeated(self, opened: Opened) -> str:
        """Why no other session can follow this one, in words; empty where one can."""

    def most_more(self, opened: Opened) -> int | None:
        """How many more they may book now; None for any number."""
        return None

    @abstractmethod
    def why_not_booked(self, refused: NotOffered) -> str:
        """Why those that were asked for can't be booked, in words."""

    def about_repeating(self, opened: Opened, asked: Asked) -> dict[str, Any]:
        """What is said beside the times that are proposed."""
        return {}

    # Moving.

    @abstractmethod
    def why_not_moved(self, opened: Opened, why: Why) -> str:
        """Why this session can't be moved any more, in words."""

    @abstractmethod
    def move_form(self, opened: Opened) -> MoveForm:
        """Asks where the sessions go; it begins where they are."""

    @abstractmethod
    def why_not_there(self, reason: str) -> str:
        """Why they can't go where they were to go, in words, by the reason of a `NotOffered`."""

    def about_moving(self, opened: Opened, asked: Moving | None) -> dict[str, Any]:
        """What is said beside the times to which they go."""
        return {}

    # Calling off.

    def reason_form(self, opened: Opened) -> CancelForm | None:
        """Asks why they are called off; None where it is the patient who says so."""
        return None

    def left_to_do(self, gone: Sequence[Appointment]) -> str:
        """What else there is to do about those that were called off, in words; empty where there is nothing."""
        return ""
