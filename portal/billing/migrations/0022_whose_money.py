"""Whose each payment is, and at which place it came: the patient and the place of the first invoice that it settled."""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

from portal.common import guards


def fill(apps: Any, schema_editor: Any) -> None:
    payment_model, allocation_model = apps.get_model("billing", "Payment"), apps.get_model("billing", "Allocation")
    first = allocation_model.objects.filter(payment=OuterRef("pk")).order_by("pk")
    with guards.lifted(schema_editor.connection, "billing_payment"):
        rows = payment_model.objects.filter(patient__isnull=True)
        rows.update(patient=Subquery(first.values("invoice__patient")[:1]))
        at_the_desk = payment_model.objects.filter(location__isnull=True, method__in=["card", "cash", "transfer"])
        at_the_desk.update(location=Subquery(first.values("invoice__location")[:1]))


class Migration(migrations.Migration):
    dependencies = [("billing", "0021_takings")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
