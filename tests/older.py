"""The way back to what a database was in older days, which goes by the small steps that the squashed ones replace."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations import executor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


class SmallSteps(MigrationLoader):
    """Knows no squashed migration; what is built on one is built on the last that it replaces."""

    def load_disk(self) -> None:
        super().load_disk()
        squashed = {
            key: migration.replaces[-1] for key, migration in self.disk_migrations.items() if migration.replaces
        }
        for key in squashed:
            del self.disk_migrations[key]
        for migration in self.disk_migrations.values():
            migration.dependencies = [squashed.get(tuple(each), each) for each in migration.dependencies]


@contextmanager
def _by_small_steps() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executor, "MigrationLoader", SmallSteps)
        yield


def go_back(app: str, name: str) -> None:
    """Leaves the database as an older release left it; `migrate` then takes it on from there, as it does anywhere."""
    squashed = [key for key, migration in MigrationLoader(None).disk_migrations.items() if migration.replaces]
    recorder = MigrationRecorder(connection)
    for key in squashed:
        recorder.record_unapplied(*key)
    with _by_small_steps():
        call_command("migrate", app, name, verbosity=0)


def models_of(*states: tuple[str, str]) -> Any:
    """The models of those days."""
    return SmallSteps(None).project_state(list(states)).apps
