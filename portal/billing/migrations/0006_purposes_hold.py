from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0005_payable_is_the_total")]
    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("paid__lt", models.F("payable")), ("status", "issued")),
                fields=["issued_on", "id"],
                name="invoice_owing_by_issue",
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("paid__lt", models.F("payable")), ("status", "issued")),
                fields=["due_on", "id"],
                name="invoice_owing_by_due",
            ),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(
                condition=models.Q(("paid__lt", models.F("payable")), ("status", "issued")),
                fields=["total", "id"],
                name="invoice_owing_by_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "void"), _negated=True),
                fields=("appointment", "purpose"),
                name="invoice_one_live_per_session_and_purpose",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose__in", ["session", "deposit", "late_fee", "no_show"])),
                name="invoice_purpose_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("purpose", "session"), ("rebate", 0), _connector="OR"),
                name="invoice_rebate_for_sessions",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("payable__gte", 0), ("payable__lte", models.F("total"))),
                name="invoice_payable_within_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="invoice",
            constraint=models.CheckConstraint(
                condition=models.Q(("paid__gte", 0), ("paid__lte", models.F("payable"))),
                name="invoice_paid_within_payable",
            ),
        ),
    ]
