"""Begins a real clinic: its tables, its settings, its first place and its first manager."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from portal.accounts import actions as accounts
from portal.accounts.models import User
from portal.accounts.refusals import AlreadyStaff
from portal.accounts.roles import Role
from portal.clinic import actions as clinic
from portal.clinic.models import ClinicSettings, Location
from portal.clinic.validators import clean_abn, validate_time_zone
from portal.common.access.actors import Actor
from portal.policies import publishing

BY = Actor.system("setup")


def _name(text: str) -> str:
    if not text:
        raise ValidationError("A clinic has a name.")
    if len(text) > 100:
        raise ValidationError("Keep the name within 100 letters.")
    return text


def _abn(text: str) -> str:
    return clean_abn(text) if text else ""


def _zone(text: str) -> str:
    validate_time_zone(text)
    return text


def _email(text: str) -> str:
    try:
        validate_email(text)
    except ValidationError:
        raise ValidationError("This is not an e-mail address.") from None
    return text.lower()


class Command(BaseCommand):
    help = "Begins a real clinic. Asks for what is not given as an option; run again, it goes on where it stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", help="The clinic's name, as patients know it.")
        parser.add_argument("--abn", help="Its ABN; may be empty.")
        parser.add_argument("--time-zone", help="Such as Australia/Melbourne.")
        parser.add_argument("--manager-email", help="Who is to manage the portal.")

    def handle(self, **options: Any) -> None:
        if settings.PORTAL_ENV == "demo":
            raise CommandError("This is the demo's folder. A real clinic has a .env of its own: see .env.example.")
        self.stdout.write("Preparing the database ...")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        if ClinicSettings.objects.filter(is_demo=True).exists():
            raise CommandError("This database holds a demo. Set DATABASE_URL or PORTAL_DATA_DIR to one of your own.")
        if ClinicSettings.objects.exists():
            self.stdout.write(f"The clinic is there already: {ClinicSettings.current().name}.")
        else:
            self._open_clinic(options)
        if manager := User.objects.active().holding(Role.MANAGER).first():
            self.stdout.write(f"Its manager is there already: {manager.email}.")
        else:
            self._invite_manager(options)
        self._say_what_is_next()

    def _open_clinic(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        name = self._ask("name", options, "What is the clinic called?", _name)
        abn = self._ask("abn", options, "What is its ABN? (Enter to add it later)", _abn)
        question = f"In which time zone? (Enter for {settings.TIME_ZONE})"
        zone = self._ask("time_zone", options, question, _zone, otherwise=settings.TIME_ZONE)
        with transaction.atomic():
            clinic.update_settings(values={"name": name, "abn": abn, "time_zone": zone}, by=BY, now=now)
            if not Location.objects.exists():
                values = {"name": name, "slug": slugify(name)[:60] or "clinic", "time_zone": zone}
                clinic.add_location(values=values, by=BY, now=now)
            # The law asks for a privacy policy from the first visitor on; the manager completes it and publishes again.
            publishing.publish_first(by=BY, now=now)
        self.stdout.write(self.style.SUCCESS(f"{name} is open."))

    def _invite_manager(self, options: dict[str, Any]) -> None:
        email = self._ask("manager_email", options, "What is the e-mail address of its manager?", _email)
        try:
            accounts.invite(email=email, roles=[Role.MANAGER], by=BY, now=timezone.now())
        except AlreadyStaff:
            raise CommandError(f"{email} is staff already, but may not sign in: choose another address.") from None
        self.stdout.write(self.style.SUCCESS(f"An invitation to {email} is waiting to be sent."))

    def _ask(
        self,
        option: str,
        options: dict[str, Any],
        question: str,
        clean: Callable[[str], str],
        *,
        otherwise: str = "",
    ) -> str:
        """The option as given, or what the person at the keyboard answers, who is asked until it can be used."""
        given = options[option]
        if given is not None or not sys.stdin.isatty():
            try:
                return clean((given or "").strip() or otherwise)
            except ValidationError as problem:
                raise CommandError(f"--{option.replace('_', '-')}: {problem.messages[0]}") from None
        while True:
            try:
                return clean(input(f"{question} ").strip() or otherwise)
            except ValidationError as problem:
                self.stdout.write(self.style.ERROR(problem.messages[0]))

    def _say_what_is_next(self) -> None:
        self.stdout.write(
            "\nNext:\n"
            "  1. python3 manage.py collectstatic --noinput\n"
            "  2. Start the web server and the worker: the Procfile says how. The worker sends the invitation.\n"
            "  3. The manager opens the link in it, chooses a password and a second factor, and adds services,\n"
            f"     places and staff at {settings.PORTAL_BASE_URL}/manage/\n"
            "     Then they read the privacy and fees policies there, complete them and publish them again.\n"
            "  4. python3 manage.py doctor   says whether anything is wrong.\n"
        )
