"""Compares the Medicare schedule's own file with the portal's rows, and writes what is new when it is told to."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.money import dollars
from portal.medicare import updating
from portal.medicare.mbs_file import FileRefused
from portal.medicare.refusals import AnotherIsApplied, NothingToApply
from portal.medicare.update_words import doubts_in_words, refused_in_words, what_in_words

BY = Actor.system("import_mbs_xml")


class Command(BaseCommand):
    help = (
        "Reads MBS-XML-YYYYMMDD.XML, which MBS Online publishes, and shows which fees of the items that psychologists "
        "bill would change. Nothing is written without --apply."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="The file, unpacked.")
        parser.add_argument("--apply", action="store_true", help="Write what is shown.")

    def handle(self, *, file: Path, apply: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            with file.open("rb") as opened:
                schedule, digest = updating.read_file(file=opened)
        except FileRefused as refused:
            raise CommandError(refused_in_words(refused)) from None
        except OSError as wrong:
            raise CommandError(f"{file} can't be opened: {wrong.strerror or wrong}.") from None
        comparison = updating.compare(schedule.items)
        self.stdout.write(f"{file.name}: {schedule.records} items, {len(schedule.items)} that psychologists bill.")
        for line in comparison.lines:
            if line.what == updating.What.SAME:
                continue
            figures = f"{dollars(line.fee)}, benefit {dollars(line.benefit)}. " if line.fee else ""
            self.stdout.write(f"  {line.item}  {figures}{what_in_words(line)}.")
            for doubt in doubts_in_words(line):
                self.stdout.write(self.style.WARNING(f"         {doubt}"))
        self.stdout.write(f"{len(comparison.same)} say the same as the portal.")
        if not apply:
            changes = len(comparison.changes)
            self.stdout.write(
                f"{changes} would change. Run it again with --apply to write them."
                if changes
                else "Nothing would change."
            )
            return
        try:
            with transaction.atomic():
                update = updating.keep(schedule=schedule, digest=digest, name=file.name, by=BY, now=now)
                updating.ask_to_apply(update=update, seen=comparison.seen, by=BY, now=now, queue=False)
        except NothingToApply:
            raise CommandError("Nothing in this file can be written. Look at what is said above.") from None
        except AnotherIsApplied:
            raise CommandError(
                "Another file is being applied. Wait until it is through, then run this again."
            ) from None
        updating.apply(update_id=update.pk, today=ClinicSettings.current().today(now), now=now, by=BY)
        self.stdout.write(self.style.SUCCESS(f"Written: {len(comparison.changes)} changed."))
