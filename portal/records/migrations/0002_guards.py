from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Once put up triggers; now `migrate` itself puts up portal/records/guards.py."""

    dependencies = [("records", "0001_notes"), ("appointments", "0001_initial")]
