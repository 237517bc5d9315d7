"""The limits of Better Access as they were read on 17 February 2026; what they were before is not known to the portal."""

from datetime import date
from typing import Any

from django.db import migrations

FROM = date(2025, 1, 1)


def seed(apps: Any, schema_editor: Any) -> None:
    apps.get_model("medicare", "BetterAccessLimits").objects.create(
        valid_from=FROM,
        individual_a_year=10,
        group_a_year=10,
        carer_a_year=2,
        initial_course=6,
        source="Services Australia, MBS billing rules for mental health services",
        source_url="https://www.servicesaustralia.gov.au/mbs-billing-rules-for-mental-health-services",
        read_on=date(2026, 2, 17),
    )


def unseed(apps: Any, schema_editor: Any) -> None:
    apps.get_model("medicare", "BetterAccessLimits").objects.filter(valid_from=FROM).delete()


class Migration(migrations.Migration):
    dependencies = [("medicare", "0004_courses_and_limits")]
    operations = [migrations.RunPython(seed, unseed)]
