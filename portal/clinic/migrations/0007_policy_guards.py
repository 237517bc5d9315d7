from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Once put up triggers; now `migrate` itself puts up portal/policies/guards.py."""

    dependencies = [("clinic", "0006_policies")]
