from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F


def forwards(apps: Any, schema_editor: Any) -> None:
    """Has records hold the address that their person signs in with; those that are there already were compared."""
    patients, keys = apps.get_model("patients", "Patient").objects, apps.get_model("patients", "SearchKey").objects
    patients.filter(compared_at__isnull=True).update(compared_at=F("created_at"))
    apart = patients.filter(user__isnull=False).exclude(email=F("user__email"))
    for pk, old, new in list(apart.values_list("pk", "email", "user__email")):
        patients.filter(pk=pk).update(email=new)
        keys.filter(patient_id=pk, key=old.lower()).delete()
        keys.get_or_create(patient_id=pk, key=new.lower())


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("patients", "0006_reaching_a_record")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
