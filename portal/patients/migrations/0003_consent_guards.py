from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Once put up triggers; now `migrate` itself puts up portal/patients/guards.py."""

    dependencies = [("patients", "0002_consents")]
