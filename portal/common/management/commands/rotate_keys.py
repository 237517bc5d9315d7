from __future__ import annotations

import time
from collections.abc import Iterator
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, models, router, transaction
from django.db.models import Count, F, Q

from portal.common.crypto import keys
from portal.common.crypto.ciphertext import EncryptionError, KeyId, Sealed
from portal.common.crypto.fields import AnyEncryptedField, encrypted_fields, reseal

# The values of one row by their columns, `pk` among them.
Row = dict[str, Any]


class Change(NamedTuple):
    """What a row holds and is to hold, by the fields' names."""

    pk: object
    old: dict[str, Sealed]
    new: dict[str, Sealed]


class Command(BaseCommand):
    help = (
        "Encrypts again, under the first key of PORTAL_ENCRYPTION_KEYS, every value written with another one. "
        "Can be stopped at any time and run again: each value's own prefix says whether it is done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=200, help="rows a transaction (default 200)")
        parser.add_argument("--dry-run", action="store_true", help="open and seal everything, write nothing")
        parser.add_argument("--check", action="store_true", help="only say which keys are in use; exit 1 on an old one")

    def handle(self, *args: Any, batch: int, dry_run: bool, check: bool, **options: Any) -> None:
        if batch < 1:
            raise CommandError("--batch must be at least 1.")
        try:
            self.ring = keys.ring()
        except keys.BadKeys as problem:
            raise CommandError(str(problem)) from None
        if check:
            return self.report_use()
        self.dry_run, self.batch = dry_run, batch
        self.failures = 0
        self.left = 0
        done = 0
        try:
            for model, fields in encrypted_fields().items():
                done += self.rotate(model, fields)
        except KeyboardInterrupt:
            self.stdout.write("")
            raise CommandError("Stopped. What is done is done; run it again to go on.", returncode=130) from None
        verb = "would be encrypted again" if dry_run else "encrypted again"
        self.stdout.write(f"{done} rows {verb} under the key {self.ring.current}.")
        if self.failures:
            raise CommandError(f"{self.failures} rows could not be opened and were left as they are: see above.")
        if self.left:
            raise CommandError(f"{self.left} rows were busy all the time; run it again.")

    # ---- Rotating

    def rotate(self, model: type[models.Model], fields: list[AnyEncryptedField]) -> int:
        total = self.stale(model, fields).count()
        if not total:
            return 0
        self.label = model._meta.label
        self.total, self.began = total, time.monotonic()
        done, seen_failing = 0, set[tuple[object, str]]()
        # A row that somebody holds is skipped, not waited for, and met again in the next pass.
        for _attempt in range(5):
            skipped = 0
            for rows in self.batches(model, fields):
                changes = list(self.resealed(model, fields, rows, seen_failing))
                written = len(changes) if self.dry_run else self.write(model, changes)
                done += written
                skipped += len(changes) - written
                self.progress(done)
            if not skipped:
                break
            time.sleep(0.2)
        self.left += skipped
        self.stdout.write("")
        return done

    def stale(self, model: type[models.Model], fields: list[AnyEncryptedField]) -> models.QuerySet[models.Model]:
        conditions = [
            Q(**{f"{f.name}__isnull": False}) & ~Q(**{f"{f.name}__under_key": self.ring.current}) for f in fields
        ]
        return self.rows(model).filter(reduce(or_, conditions))

    def rows(self, model: type[models.Model]) -> models.QuerySet[models.Model]:
        # The base manager: a default manager may hide rows.
        return model._base_manager.using(router.db_for_write(model)).order_by("pk")

    def batches(self, model: type[models.Model], fields: list[AnyEncryptedField]) -> Iterator[list[Row]]:
        names = {f.name for f in fields} | {f.bound_to for f in fields}
        after = None
        while True:
            page = self.stale(model, fields)
            if after is not None:
                page = page.filter(pk__gt=after)
            rows = list(page.values("pk", *names)[: self.batch])
            if not rows:
                return
            after = rows[-1]["pk"]
            yield rows

    def resealed(
        self,
        model: type[models.Model],
        fields: list[AnyEncryptedField],
        rows: list[Row],
        seen_failing: set[tuple[object, str]],
    ) -> Iterator[Change]:
        """Yields what changes in each row, and reports the rows that don't open."""
        for row in rows:
            old, new = {}, {}
            for field in fields:
                sealed = row[field.name]
                if sealed is None or sealed.key_id == self.ring.current:
                    continue
                try:
                    new[field.name] = reseal(field, sealed, row[field.bound_to])
                    old[field.name] = sealed
                except EncryptionError as problem:
                    if (row["pk"], field.name) not in seen_failing:
                        seen_failing.add((row["pk"], field.name))
                        self.failures += 1
                        self.stderr.write(f"\n{model._meta.label} pk {row['pk']}: {problem}")
            if new:
                yield Change(row["pk"], old, new)

    def write(self, model: type[models.Model], changes: list[Change]) -> int:
        """One short transaction. It waits for nobody's lock, so it can't take part in a deadlock."""
        rows = self.rows(model)
        written = 0
        with transaction.atomic(using=rows.db):
            free = rows.filter(pk__in=[pk for pk, _old, _new in changes])
            if connections[rows.db].features.has_select_for_update_skip_locked:
                free = free.select_for_update(skip_locked=True, of=("self",))
            held = set(free.values_list("pk", flat=True))
            for pk, old, new in changes:
                if pk in held:
                    # Compare and swap: a value that somebody saved meanwhile stays theirs.
                    same = {f"{name}__sealed_as": sealed for name, sealed in old.items()}
                    written += rows.filter(pk=pk, **same).update(**new)
        return written

    def progress(self, done: int) -> None:
        rate = done / max(time.monotonic() - self.began, 0.001)
        line = f"{self.label}: {done} of {self.total}, {rate:.0f} a second"
        # On a terminal the line stays in place; in a log each batch is a line.
        self.stdout.write(f"\r{line}" if self.stdout.isatty() else line, ending="" if self.stdout.isatty() else "\n")
        self.stdout.flush()

    # ---- Reporting

    def report_use(self) -> None:
        old, unknown = 0, 0
        for model, fields in encrypted_fields().items():
            for field in fields:
                counts = (
                    self.rows(model)
                    .order_by()
                    .filter(**{f"{field.name}__isnull": False})
                    .annotate(under=KeyId(F(field.name)))
                    .values_list("under")
                    .annotate(n=Count("pk"))
                    .order_by("under")
                )
                for key_id, n in counts:
                    kind = "current"
                    if key_id != self.ring.current:
                        old += n
                        kind = "old"
                        if key_id not in self.ring:
                            unknown += n
                            kind = "NOT IN THE SETTING"
                    self.stdout.write(f"{field.place}: {n} under {key_id or '(no key)'} ({kind})")
        for key_id in self.ring:
            if key_id != self.ring.current and not old:
                self.stdout.write(
                    f"The key {key_id} is used nowhere in this database: it can be dropped, "
                    "once no backup that you may restore needs it."
                )
        if unknown:
            raise CommandError(f"{unknown} values need a key that is not in {keys.SETTING}. Add it back.")
        if old:
            raise CommandError(f"{old} values are not under the current key {self.ring.current}: run rotate_keys.")
        self.stdout.write(f"Every value is under the current key {self.ring.current}.")
