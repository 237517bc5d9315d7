"""A psychologist's one fee was what every service cost with them: it becomes a fee for each service that they give."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def spread(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    service, fees = apps.get_model("clinic", "Service"), apps.get_model("clinic", "OwnFee")
    everything = list(service.objects.values_list("pk", flat=True))
    for psychologist in apps.get_model("clinic", "Psychologist").objects.filter(fee__isnull=False):
        # Who names no service gives all.
        given = list(psychologist.services.values_list("pk", flat=True)) or everything
        fees.objects.bulk_create(fees(psychologist=psychologist, service_id=pk, fee=psychologist.fee) for pk in given)


def gather(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The way back: the dearest of somebody's fees, since one column holds one."""
    fees = apps.get_model("clinic", "OwnFee").objects
    for psychologist in apps.get_model("clinic", "Psychologist").objects.filter(own_fees__isnull=False).distinct():
        psychologist.fee = max(fees.filter(psychologist=psychologist).values_list("fee", flat=True))
        psychologist.save(update_fields=["fee"])


class Migration(migrations.Migration):
    dependencies = [("clinic", "0011_own_fees")]
    operations = [migrations.RunPython(spread, gather, elidable=True)]
