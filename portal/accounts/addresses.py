"""The address that somebody signs in with, changed to one that they have just proved to read."""

from __future__ import annotations

from allauth.account.internal.flows.manage_email import emit_email_changed
from allauth.account.models import EmailAddress
from django.db import transaction
from django.http import HttpRequest

from portal.accounts.models import User
from portal.accounts.refusals import AddressTaken


@transaction.atomic
def change_address(request: HttpRequest, user: User, email: str) -> None:
    """Signs in by the new address from now on, and tells the old one; raises AddressTaken."""
    email = email.lower()
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    taken = EmailAddress.objects.filter(email__iexact=email, verified=True).exclude(user=user).exists()
    if taken or User.objects.filter(email__iexact=email).exclude(pk=user.pk).exists():
        raise AddressTaken
    before = EmailAddress.objects.filter(user=user, primary=True).first()
    if before is not None and before.email == email:
        return
    EmailAddress.objects.filter(user=user).delete()
    new = EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    user.email = email
    user.save(update_fields=["email"])
    emit_email_changed(request, before, new)
