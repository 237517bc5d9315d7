from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Once put up triggers; now `migrate` itself puts up portal/audit/guards.py."""

    dependencies = [("audit", "0001_entries")]
