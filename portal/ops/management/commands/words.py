from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from portal.ops import gather_messages


class Command(BaseCommand):
    help = "Gathers the words that readers and patients see into the catalogues, and says what each language lacks."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Write nothing; end with 1 when something is missing.")

    def handle(self, *, check: bool, **options: Any) -> None:
        gathered, wrong = gather_messages.gather(), 0
        for language in gather_messages.other_languages():
            if not check:
                gather_messages.update(language, gathered)
            catalogue = gather_messages.read(language)
            faults = [*gather_messages.missing(catalogue, gathered), *gather_messages.mismatched(catalogue)]
            wrong += len(faults)
            self.stdout.write(f"{language}: {len(gathered)} messages, {len(faults)} to mend")
            for fault in faults[:10]:
                self.stdout.write(f"    {fault.message[:80]!r} {fault.problem} ({', '.join(fault.places[:2])})")
        if wrong:
            sys.exit(1)
