from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand

from portal.ops.findings import State
from portal.ops.health import examine


class Command(BaseCommand):
    help = "Finds what is wrong with this portal, and says the cure. Ends with 1 when something is."
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        marks = {
            State.WELL: self.style.SUCCESS("  well "),
            State.MIND: self.style.WARNING("  mind "),
            State.WRONG: self.style.ERROR(" wrong "),
        }
        wrong = 0
        for finding in examine():
            wrong += finding.state is State.WRONG
            self.stdout.write(f"{marks[finding.state]} {finding.what}")
            if finding.cure:
                self.stdout.write(f"        {finding.cure}")
            self.stdout.flush()
        if wrong:
            self.stdout.write(f"\n{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
            sys.exit(1)
        self.stdout.write("\nNothing is wrong.")
