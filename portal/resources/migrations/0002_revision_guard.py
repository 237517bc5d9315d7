from __future__ import annotations

from django.db import migrations

from portal.resources.models.posts import REVISION_GUARD


class Migration(migrations.Migration):
    """What an article said before never changes: the database itself refuses."""

    dependencies = [("resources", "0001_initial")]

    operations = [migrations.RunPython(REVISION_GUARD.for_migration, REVISION_GUARD.undo_migration, elidable=False)]
