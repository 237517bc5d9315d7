from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.common.crypto import keys


class Command(BaseCommand):
    help = "Makes a secret and prints it as a line for .env. Nothing is stored: keep it where the backups are not."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", nargs="?", choices=sorted(keys.MAKERS), default="encryption")

    def handle(self, *args: Any, kind: str, **options: Any) -> None:
        name, make = keys.MAKERS[kind]
        self.stdout.write(f"{name}={make()}")
