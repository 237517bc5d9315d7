from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The table of versions was renamed, and the key on it went along."""

    dependencies = [
        ("patients", "0003_consent_guards"),
        ("policies", "0001_from_clinic"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="consent",
                    name="version",
                    field=models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="consents",
                        to="policies.policyversion",
                    ),
                )
            ]
        )
    ]
