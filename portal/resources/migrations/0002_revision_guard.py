from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Once put up triggers; now `migrate` itself puts up portal/resources/guards.py."""

    dependencies = [("resources", "0001_initial")]
