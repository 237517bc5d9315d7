"""When somebody stops working here: the account, and the profile on the website."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.clinic import actions as clinic
from portal.clinic.models import Psychologist
from portal.common.access.actors import Actor


@transaction.atomic
def stop_working_here(*, user: User, by: Actor, now: datetime) -> None:
    """Closes the account and takes the profile out of booking; what is booked stays booked. Raises LastManager."""
    accounts.deactivate(user=user, by=by, now=now)
    if psychologist := Psychologist.objects.filter(user=user, is_active=True).first():
        clinic.retire_psychologist(psychologist=psychologist, by=by, now=now)
