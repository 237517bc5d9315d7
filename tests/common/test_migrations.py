"""The short way that an empty database takes leads where the long way of the older ones led."""

from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader

from tests import older

# At nearly each step Django makes the models of the whole project anew. The 537 small steps took a minute of a
# processor, whenever somebody tried the portal or ran its checks; the 78 that stood for them took ten seconds, and what
# stands on top since takes some more.
STEPS = 200


def _ours(loader):
    return [each for each in loader.graph.nodes.values() if type(each).__module__.startswith("portal.")]


def test_an_empty_database_is_made_in_few_steps():
    """Where this fails, squash what came on top: docs/operations.md, Migrations."""
    steps = sum(len(migration.operations) for migration in _ours(MigrationLoader(None)))
    assert steps <= STEPS


def test_what_is_squashed_adds_up_to_what_it_replaces():
    short, long = MigrationLoader(None), older.SmallSteps(None)
    assert len(_ours(short)) < len(_ours(long))
    detector = MigrationAutodetector(long.project_state(), short.project_state())
    assert detector.changes(short.graph) == {}
