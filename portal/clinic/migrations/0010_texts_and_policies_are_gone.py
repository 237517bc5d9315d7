from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Forgets the models here; their tables live on in `website` and `policies`."""

    dependencies = [
        ("clinic", "0009_texts_and_policies_leave"),
        ("website", "0001_from_clinic"),
        ("policies", "0001_from_clinic"),
        ("patients", "0004_consents_point_to_policies"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name="SiteText"),
                migrations.DeleteModel(name="CrisisLine"),
                migrations.DeleteModel(name="PolicySettings"),
                migrations.DeleteModel(name="PolicyVersion"),
            ]
        )
    ]
