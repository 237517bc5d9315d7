"""What a patient reads of a request that did not become a booking."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class DeclineReason(models.TextChoices):
    """Why a request did not become a booking, in neutral words that its patient reads."""

    TIME = "time", _("This time is not possible after all.")
    OTHER_SERVICE = "service", _("Another service suits better. Please phone us, and we find it with you.")
    TALK_FIRST = "talk", _("We would like to speak with you first. Please phone us.")
    NO_ROOM = "no_room", _("We can't take it on at the moment.")
    # Not for choosing: nobody answered, or the patient took it back.
    UNANSWERED = "unanswered", _("We could not answer in time. We are sorry.")
    WITHDRAWN = "withdrawn", _("The request was withdrawn.")


# What the clinic may answer.
ANSWERS: Final = (DeclineReason.TIME, DeclineReason.OTHER_SERVICE, DeclineReason.TALK_FIRST, DeclineReason.NO_ROOM)
