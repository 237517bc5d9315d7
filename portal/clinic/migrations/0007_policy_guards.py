from __future__ import annotations

from django.db import migrations

from portal.clinic.models.policies import GUARD


class Migration(migrations.Migration):
    """A published policy never changes: the database itself refuses."""

    dependencies = [("clinic", "0006_policies")]

    operations = [migrations.RunPython(GUARD.for_migration, GUARD.undo_migration, elidable=False)]
