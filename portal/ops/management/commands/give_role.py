"""Gives a staff role from the server's own command line, where nobody on the portal's pages may."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.accounts import actions
from portal.accounts.models import User
from portal.accounts.roles import STAFF, Role
from portal.common.access.actors import Actor

BY = Actor.system("give_role")


class Command(BaseCommand):
    help = (
        "Gives a staff role to somebody who has an account. On the pages nobody gives a role to themself: this is for "
        "the only manager of a clinic, who is a psychologist as well. The trail says that it was done here."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="The address that they sign in with.")
        parser.add_argument("role", choices=sorted(role.value for role in STAFF))

    def handle(self, *, email: str, role: str, **options: Any) -> None:
        user = User.objects.active().filter(email__iexact=email).first()
        if user is None:
            raise CommandError("Nobody signs in with this address.")
        actions.grant_role(user=user, role=Role(role), by=BY, now=timezone.now())
        self.stdout.write(self.style.SUCCESS(f"{user.name} holds the role now: {Role(role).label}."))
