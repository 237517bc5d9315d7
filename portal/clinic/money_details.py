"""Where the clinic's money goes: what changed of it is kept by its last digits, and every manager is told.

Who gets into one manager's account would change the bank account on invoices first, so no change of it is silent.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.conf import settings

from portal.accounts.links import absolute
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.recipients import Recipient

_WATCHED = ("abn", "bank_name", "bank_bsb", "bank_account")
# A name has no digits: that it changed is said, and stands on the settings' page.
_NUMBERS = frozenset(_WATCHED) - {"bank_name"}
_SHOWN = 3


class Change(NamedTuple):
    """One field of those that say where money goes, before and after, as it is stored."""

    field: str
    before: str
    after: str

    @property
    def label(self) -> str:
        """What the settings call it."""
        name = str(getattr(ClinicSettings._meta.get_field(self.field), "verbose_name", self.field))
        return name[:1].upper() + name[1:]

    @property
    def last_digits(self) -> tuple[str, str]:
        """The last digits of a number before and after: three, or as many as tell one from the other; "" if none."""
        before, after = _digits(self.before), _digits(self.after)
        shown = _SHOWN
        while before[-shown:] == after[-shown:] and shown < max(len(before), len(after)):
            shown += 1
        return before[-shown:], after[-shown:]

    @property
    def in_words(self) -> tuple[str, str]:
        """What it was and is, for people: a number by its last digits."""
        if self.field not in _NUMBERS:
            return self.before or "–", self.after or "–"
        before, after = self.last_digits
        return f"…{before}" if before else "–", f"…{after}" if after else "–"


def of(clinic: ClinicSettings | None) -> dict[str, str]:
    """What says where money goes, by its field; nothing before the clinic is set up."""
    return {field: str(getattr(clinic, field)) if clinic else "" for field in _WATCHED}


def changes(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    """What now sends money elsewhere: how the digits of a number are spaced does not."""
    return [
        Change(field, before[field], after[field])
        for field in _WATCHED
        if _compared(field, before[field]) != _compared(field, after[field])
    ]


def facts(money: list[Change]) -> dict[str, str]:
    """What the trail keeps of numbers: their last digits before and after, or `none`."""
    return {
        f"{change.field}_{when}": digits or "none"
        for change in money
        if change.field in _NUMBERS
        for when, digits in zip(("before", "after"), change.last_digits, strict=True)
    }


def tell_managers(money: list[Change], *, by: Actor, now: datetime) -> None:
    """Writes to each manager who may sign in, whoever changed it too: they learn of what was done in their name."""
    told = [(change.label, *change.in_words) for change in money]
    for manager in User.objects.active().holding(Role.MANAGER).order_by("pk"):
        outbox.queue(
            template="clinic_money",
            to=Recipient.by_email(manager.email),
            about=manager,
            context={
                "name": manager.called,
                "who": by.user.name if by.user else "",
                "at": now,
                "changes": told,
                "settings_url": absolute("manager:settings"),
            },
            dedupe_key=f"clinic_money:{manager.code}:{now.isoformat()}",
            # The staff's rooms speak English.
            language=settings.LANGUAGE_CODE,
        )


def _digits(value: str) -> str:
    return "".join(c for c in value if c.isascii() and c.isdigit())


def _compared(field: str, value: str) -> str:
    return _digits(value) if field in _NUMBERS else value
