from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Renames the tables that now belong to `website` and `policies`: rows, constraints and triggers stay on them."""

    dependencies = [("clinic", "0008_psychologists_have_modes")]

    operations = [
        migrations.AlterModelTable(name="sitetext", table="website_sitetext"),
        migrations.AlterModelTable(name="crisisline", table="website_crisisline"),
        migrations.AlterModelTable(name="policysettings", table="policies_policysettings"),
        migrations.AlterModelTable(name="policyversion", table="policies_policyversion"),
    ]
