from __future__ import annotations

from django.db import migrations

from portal.patients.models import CONSENT_GUARD


class Migration(migrations.Migration):
    """A consent never changes: the database itself refuses."""

    dependencies = [("patients", "0002_consents")]

    operations = [migrations.RunPython(CONSENT_GUARD.for_migration, CONSENT_GUARD.undo_migration, elidable=False)]
