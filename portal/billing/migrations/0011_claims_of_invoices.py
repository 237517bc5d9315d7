"""A claim for each line with an item that was issued before claims were kept, under the referral that it prints."""

from typing import Any

from django.db import migrations
from django.db.models import Sum
from django.utils import timezone


def write_down(apps: Any, schema_editor: Any) -> None:
    line_model, claim_model = apps.get_model("billing", "Line"), apps.get_model("billing", "MedicareClaim")
    referral_model, item_model = apps.get_model("medicare", "Referral"), apps.get_model("medicare", "MbsItem")
    kinds = dict(item_model.objects.order_by("valid_from").values_list("item", "counts_towards"))
    now = timezone.now()
    lines = (
        line_model.objects.filter(
            invoice__status="issued", service_date__isnull=False, starts_at__isnull=False, claim__isnull=True
        )
        .exclude(item_number="")
        .select_related("invoice")
        .annotate(off=Sum("credit_notes__amount"))
        .order_by("pk")
    )
    waiting = []
    for line in lines.iterator(chunk_size=500):
        printed = (line.invoice.snapshot or {}).get("referral")
        if not printed or line.off == line.total:
            continue
        referral = (
            referral_model.objects.filter(
                patient_id=line.invoice.patient_id,
                written_on=printed["written_on"],
                referrer_name=printed["name"],
                referrer_provider_number=printed["number"],
            )
            .order_by("pk")
            .first()
        )
        if referral is None:
            continue
        waiting.append(
            claim_model(
                line=line,
                patient_id=line.invoice.patient_id,
                referral=referral,
                item_number=line.item_number,
                counts_towards=kinds.get(line.item_number, "individual"),
                service_date=line.service_date,
                starts_at=line.starts_at,
                created_at=now,
            )
        )
    claim_model.objects.bulk_create(waiting, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_medicare_claims")]
    operations = [migrations.RunPython(write_down, migrations.RunPython.noop)]
