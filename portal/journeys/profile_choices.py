"""Taking away what profiles choose from, and what the website says of it in other languages."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.clinic import actions as clinic
from portal.clinic.models import Language, Specialisation
from portal.common.access.actors import Actor
from portal.website import actions as website
from portal.website import texts


@transaction.atomic
def remove_choice(*, choice: Specialisation | Language, by: Actor, now: datetime) -> None:
    """Takes away a specialisation or a language that no profile names; raises InUse."""
    clinic.remove_choice(choice=choice, by=by, now=now)
    if isinstance(choice, Specialisation):
        website.words_end(at=texts.place_of(choice))
