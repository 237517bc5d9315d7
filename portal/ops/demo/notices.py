"""What the invented clinic says in words of its own when it reminds people of a session."""

from __future__ import annotations

from datetime import datetime

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.journeys import wording

REMINDER = {
    "text": "{clinic}: see you {when}, behind the green door. {free until} {how to answer} {link}",
    "opening": "we look forward to seeing you:",
    "closing": "The bell is on the left of the green door. Come a little early, and there is tea.",
}


def say(manager: User, *, now: datetime) -> None:
    """The reminder in English; every other notice, and every other language, is as it ships."""
    by = Actor(manager, Role.MANAGER)
    wording.write(template="appointment_reminder", language="en-au", words=REMINDER, by=by, now=now)
