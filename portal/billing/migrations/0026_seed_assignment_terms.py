"""How a benefit may be assigned: docs/australia.md has the rules."""

from datetime import date
from typing import Any

from django.db import migrations

SOURCE = {
    "source": "Eastern Melbourne PHN: assignment of benefit changes from 1 July 2026",
    "source_url": "https://emphn.org.au/",
    "read_on": date(2026, 11, 22),
}


def seed(apps: Any, schema_editor: Any) -> None:
    """Since 1 July 2026 no form is prescribed; saying it is enough until 30 June 2027; agreements are kept two years."""
    terms = apps.get_model("billing", "AssignmentTerms")
    for valid_from, verbal in ((date(2026, 7, 1), True), (date(2027, 7, 1), False)):
        terms.objects.create(valid_from=valid_from, verbal=verbal, kept_years=2, **SOURCE)


class Migration(migrations.Migration):
    dependencies = [("billing", "0025_how_benefits_are_assigned")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
