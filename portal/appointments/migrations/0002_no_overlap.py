from __future__ import annotations

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations


class Migration(migrations.Migration):
    """What PostgreSQL's exclusion constraints need; `migrate` itself puts up portal/appointments/guards.py."""

    dependencies = [("appointments", "0001_initial")]

    operations = [BtreeGistExtension()]
