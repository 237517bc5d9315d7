"""The keys that people are found by are more and other ones: each patient's are worked out anew."""

from __future__ import annotations

from typing import Any

from django.db import migrations, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from portal.patients.search import keys_of

AT_ONCE = 500


def work_out(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """A few hundred people a transaction, so that nobody waits for their rows; a second run finds nothing to do."""
    database = schema_editor.connection.alias
    patients = apps.get_model("patients", "Patient").objects.using(database)
    keys = apps.get_model("patients", "SearchKey").objects.using(database)
    last = 0
    while some := list(patients.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        last = some[-1].pk
        with transaction.atomic(using=database):
            held: dict[int, dict[str, int]] = {patient.pk: {} for patient in some}
            for pk, whose, key in keys.filter(patient__in=some).values_list("pk", "patient_id", "key"):
                held[whose][key] = pk
            wanted = {patient.pk: keys_of(patient) for patient in some}
            gone = [pk for whose, own in held.items() for key, pk in own.items() if key not in wanted[whose]]
            keys.filter(pk__in=gone).delete()
            keys.bulk_create(
                keys.model(patient_id=whose, key=key)
                for whose, own in wanted.items()
                for key in sorted(own - held[whose].keys())
            )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("patients", "0007_accounts_addresses")]
    operations = [migrations.RunPython(work_out, migrations.RunPython.noop, elidable=True)]
