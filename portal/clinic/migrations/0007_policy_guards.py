from __future__ import annotations

from django.db import migrations

from portal.common.guards.frozen import Frozen

# As it stood then: the table has moved since, and its guard with it (portal.policies.models).
GUARD = Frozen(
    name="policy",
    table="clinic_policyversion",
    words="A published policy never changes.",
    keys=(("kind", "number"), ("kind", "day")),
)


class Migration(migrations.Migration):
    """A published policy never changes: the database itself refuses."""

    dependencies = [("clinic", "0006_policies")]

    operations = [migrations.RunPython(GUARD.for_migration, GUARD.undo_migration, elidable=False)]
