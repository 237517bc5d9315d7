from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.audit import chains, sealing
from portal.audit.models import Entry


class Command(BaseCommand):
    help = (
        "Walks every chain and says where the first one breaks, with exit code 1. Keep a printed head somewhere else, "
        "and give it back later with --expect: that shows if the end of the trail was cut off."
    )

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--no-seal", action="store_true", help="only look: leave the last minute's entries as they are"
        )
        parser.add_argument(
            "--expect", metavar="NUMBER:HASH", help="a head of the trail, as this command once printed it"
        )

    def handle(self, *, no_seal: bool, expect: str | None, **options: Any) -> None:
        if not no_seal:
            sealing.seal()
        broken = False
        for name, verdict in chains.verify_all():
            if verdict.broken:
                broken = True
                self.stderr.write(f"{name}: BROKEN after {verdict.links} links: {verdict.broken}")
            else:
                waiting = f", {verdict.waiting} not sealed yet" if verdict.waiting else ""
                self.stdout.write(f"{name}: {verdict.links} links hold{waiting}. Head {verdict.links}:{verdict.head}")
        if expect and not self._holds(expect):
            broken = True
            self.stderr.write(f"trail: BROKEN: it does not hold the link {expect}")
        if broken:
            raise CommandError("The trail can't be trusted as it stands. docs/trail.md says what to do.")

    def _holds(self, expect: str) -> bool:
        number, _, digest = expect.partition(":")
        if not number.isdigit() or len(digest) != len(chains.GENESIS):
            raise CommandError("--expect takes NUMBER:HASH, as this command prints it after Head.")
        if int(number) == 0:
            return digest == chains.GENESIS
        return Entry.objects.sealed().filter(seq=int(number), hash=digest).exists()
