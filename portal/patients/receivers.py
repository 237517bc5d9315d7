"""What follows when django-allauth says that somebody signs in with another address: their record follows."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from django.dispatch import receiver
from django.utils import timezone

from portal.accounts.adapter import actor_of
from portal.accounts.models import User
from portal.patients import addresses
from portal.patients.models import Patient


@receiver(account.email_changed)
def _record_follows(user: User, **kwargs: Any) -> None:
    if patient := Patient.objects.filter(user=user).first():
        addresses.follow_account(patient, by=actor_of(user), now=timezone.now())
