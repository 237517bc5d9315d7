"""What 0001 to 0026 add up to, in one step, for a database that begins empty (docs/operations.md).

The rows to begin with come along; what moves the rows of older databases is left out.
"""

import uuid
from decimal import Decimal
from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.math
import django.db.models.lookups
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import portal.clinic.validators
import portal.common.crypto.binary
import portal.common.database.many_tables


class Migration(migrations.Migration):
    replaces = [
        ("billing", "0001_initial"),
        ("billing", "0002_guards"),
        ("billing", "0003_drawn_papers"),
        ("billing", "0004_purposes_and_credit_notes"),
        ("billing", "0005_payable_is_the_total"),
        ("billing", "0006_purposes_hold"),
        ("billing", "0007_held_ahead"),
        ("billing", "0008_credited"),
        ("billing", "0009_waivers_taken_back"),
        ("billing", "0010_medicare_claims"),
        ("billing", "0011_claims_of_invoices"),
        ("billing", "0012_payers"),
        ("billing", "0013_where_claims_stand"),
        ("billing", "0014_paying_online"),
        ("billing", "0015_claim_overrides"),
        ("billing", "0016_closed_days"),
        ("billing", "0017_watching_card_payments"),
        ("billing", "0018_typed_invoices"),
        ("billing", "0019_waived_once_a_year"),
        ("billing", "0020_items_of_ones_own_choice"),
        ("billing", "0021_takings"),
        ("billing", "0022_whose_money"),
        ("billing", "0023_paid_ahead"),
        ("billing", "0024_parts_and_bulk"),
        ("billing", "0025_how_benefits_are_assigned"),
        ("billing", "0026_seed_assignment_terms"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("appointments", "0001_squashed_0020_promised_second_fee"),
        ("clinic", "0024_bulk_billed_services"),
        ("medicare", "0001_squashed_0009_letters_and_checks"),
        ("patients", "0001_squashed_0011_bulk_billed_patients"),
    ]

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="Waiver",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("session", "Session"),
                                    ("deposit", "Paid ahead"),
                                    ("late_fee", "Late cancellation"),
                                    ("no_show", "Missed session"),
                                    ("other", "Other services"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("reason", models.CharField(max_length=200)),
                        ("waived_at", models.DateTimeField(editable=False)),
                        (
                            "appointment",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="waivers",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "waived_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("taken_back_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "taken_back_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="patients.patient",
                            ),
                        ),
                        ("year", models.PositiveSmallIntegerField(editable=False, null=True)),
                    ],
                    options={
                        "ordering": ["waived_at"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("purpose__in", ["late_fee", "no_show"])), name="waiver_is_of_a_fee"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True), name="waiver_says_why"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("taken_back_at__isnull", True)),
                                fields=("appointment", "purpose"),
                                name="waiver_once_per_session_and_fee",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("taken_back_at__isnull", False), ("taken_back_by__isnull", True), _connector="OR"
                                ),
                                name="waiver_taken_back_with_when",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("taken_back_at__isnull", True)),
                                fields=("patient", "year"),
                                name="waiver_by_rule_once_a_year",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("patient__isnull", True), ("year__isnull", True)),
                                    models.Q(("patient__isnull", False), ("year__isnull", False)),
                                    _connector="OR",
                                ),
                                name="waiver_by_rule_says_whose_and_when",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Payer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("person", "Parent or another person"),
                                    ("plan_manager", "NDIS plan manager"),
                                    ("employer", "Employer"),
                                    ("insurer", "Insurer"),
                                    ("government", "Government agency"),
                                    ("other", "Somebody else"),
                                ],
                                max_length=15,
                                verbose_name="kind",
                            ),
                        ),
                        (
                            "name",
                            models.CharField(
                                help_text="As bills are made out to them.", max_length=200, verbose_name="name"
                            ),
                        ),
                        (
                            "contact",
                            models.CharField(
                                blank=True,
                                help_text="A person or a department, such as Accounts.",
                                max_length=150,
                                verbose_name="for the attention of",
                            ),
                        ),
                        (
                            "abn",
                            models.CharField(
                                blank=True,
                                max_length=11,
                                validators=[portal.clinic.validators.validate_abn],
                                verbose_name="ABN",
                            ),
                        ),
                        ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail for bills")),
                        ("phone", models.CharField(blank=True, max_length=30, verbose_name="phone")),
                        ("street", models.CharField(blank=True, max_length=200, verbose_name="street address")),
                        ("suburb", models.CharField(blank=True, max_length=100, verbose_name="suburb")),
                        ("state", models.CharField(blank=True, max_length=3, verbose_name="state")),
                        ("postcode", models.CharField(blank=True, max_length=4, verbose_name="postcode")),
                        (
                            "terms_days",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Leave empty for the clinic's own terms.",
                                null=True,
                                validators=[django.core.validators.MaxValueValidator(365)],
                                verbose_name="days to pay",
                            ),
                        ),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("retired_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "retired_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["name", "id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True), name="payer_has_a_name"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("terms_days__isnull", True), ("terms_days__lte", 365), _connector="OR"
                                ),
                                name="payer_terms_within_a_year",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("retired_at__isnull", False), ("retired_by__isnull", True), _connector="OR"
                                ),
                                name="payer_retired_with_when",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Invoice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("number", models.CharField(editable=False, max_length=12, unique=True, verbose_name="number")),
                        ("bill_to_name", models.CharField(max_length=400, verbose_name="billed to")),
                        ("bill_to_address", models.CharField(blank=True, max_length=400, verbose_name="address")),
                        ("bill_to_abn", models.CharField(blank=True, max_length=11, verbose_name="ABN")),
                        (
                            "status",
                            models.CharField(
                                choices=[("draft", "Draft"), ("issued", "Issued"), ("void", "Void")],
                                default="draft",
                                editable=False,
                                max_length=10,
                                verbose_name="status",
                            ),
                        ),
                        ("issued_on", models.DateField(verbose_name="issued")),
                        ("due_on", models.DateField(verbose_name="due")),
                        (
                            "subtotal",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("0.00"), max_digits=10, verbose_name="subtotal"
                            ),
                        ),
                        (
                            "gst",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("0.00"), max_digits=10, verbose_name="GST"
                            ),
                        ),
                        (
                            "total",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("0.00"), max_digits=10, verbose_name="total"
                            ),
                        ),
                        (
                            "rebate",
                            models.DecimalField(
                                decimal_places=2,
                                default=Decimal("0.00"),
                                max_digits=10,
                                verbose_name="expected Medicare rebate",
                            ),
                        ),
                        (
                            "out_of_pocket",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("0.00"), max_digits=10, verbose_name="out of pocket"
                            ),
                        ),
                        (
                            "paid",
                            models.DecimalField(
                                decimal_places=2,
                                default=Decimal("0.00"),
                                editable=False,
                                max_digits=10,
                                verbose_name="paid",
                            ),
                        ),
                        ("snapshot", models.JSONField(editable=False, null=True)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("voided_at", models.DateTimeField(editable=False, null=True)),
                        ("void_reason", models.CharField(blank=True, max_length=200, verbose_name="why it was voided")),
                        (
                            "appointment",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "billed_user",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "voided_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "payable",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("0.00"), editable=False, max_digits=10
                            ),
                        ),
                        (
                            "purpose",
                            models.CharField(
                                choices=[
                                    ("session", "Session"),
                                    ("deposit", "Paid ahead"),
                                    ("late_fee", "Late cancellation"),
                                    ("no_show", "Missed session"),
                                    ("other", "Other services"),
                                ],
                                default="session",
                                editable=False,
                                max_length=10,
                            ),
                        ),
                        ("claim_number", models.CharField(blank=True, max_length=60, verbose_name="claim number")),
                        ("purchase_order", models.CharField(blank=True, max_length=60, verbose_name="purchase order")),
                        (
                            "payer",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="invoices",
                                to="billing.payer",
                            ),
                        ),
                        ("bulk_billed", models.BooleanField(default=False, editable=False)),
                    ],
                    options={
                        "ordering": ["-issued_on", "-id"],
                        "indexes": [
                            models.Index(fields=["issued_on", "id"], name="invoice_by_issue"),
                            models.Index(fields=["due_on", "id"], name="invoice_by_due"),
                            models.Index(fields=["total", "id"], name="invoice_by_total"),
                            models.Index(fields=["patient", "issued_on", "id"], name="invoice_of_patient"),
                            models.Index(fields=["psychologist", "issued_on", "id"], name="invoice_of_psychologist"),
                            models.Index(
                                condition=models.Q(("status", "issued"), _negated=True),
                                fields=["issued_on", "id"],
                                name="invoice_not_issued",
                            ),
                            models.Index(
                                condition=models.Q(("paid__lt", models.F("payable")), ("status", "issued")),
                                fields=["issued_on", "id"],
                                name="invoice_owing_by_issue",
                            ),
                            models.Index(
                                condition=models.Q(("paid__lt", models.F("payable")), ("status", "issued")),
                                fields=["due_on", "id"],
                                name="invoice_owing_by_due",
                            ),
                            models.Index(
                                condition=models.Q(("paid__lt", models.F("payable")), ("status", "issued")),
                                fields=["total", "id"],
                                name="invoice_owing_by_total",
                            ),
                            models.Index(
                                condition=models.Q(("paid__gt", 0), ("purpose", "deposit")),
                                fields=["appointment"],
                                name="invoice_held_ahead",
                            ),
                            models.Index(
                                condition=models.Q(models.Q(("payable", 0), ("total__gt", 0)), ("status", "issued")),
                                fields=["issued_on", "id"],
                                name="invoice_credited",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("status__in", ["draft", "issued", "void"])),
                                name="invoice_status_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "total",
                                        django.db.models.functions.math.Round(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("subtotal"), "+", models.F("gst")
                                            ),
                                            2,
                                        ),
                                    )
                                ),
                                name="invoice_total_is_subtotal_and_gst",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "out_of_pocket",
                                        django.db.models.functions.math.Round(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("total"), "-", models.F("rebate")
                                            ),
                                            2,
                                        ),
                                    )
                                ),
                                name="invoice_gap_is_total_less_rebate",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("rebate__gte", 0), ("rebate__lte", models.F("total"))),
                                name="invoice_rebate_within_total",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("gst__gte", 0), ("total__gte", 0)),
                                name="invoice_total_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("due_on__gte", models.F("issued_on"))),
                                name="invoice_due_after_issue",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status", "draft"),
                                    ("snapshot__isnull", False),
                                    ("status", "void"),
                                    _connector="OR",
                                ),
                                name="invoice_issued_with_its_snapshot",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("status", "void"),
                                        ("voided_at__isnull", False),
                                        models.Q(("void_reason", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("status", "void"), _negated=True),
                                        ("void_reason", ""),
                                        ("voided_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="invoice_voided_at_and_why_iff_void",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "void"), _negated=True),
                                fields=("appointment", "purpose"),
                                name="invoice_one_live_per_session_and_purpose",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("purpose", "session"), ("rebate", 0), _connector="OR"),
                                name="invoice_rebate_for_sessions",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("payable__gte", 0), ("payable__lte", models.F("total"))),
                                name="invoice_payable_within_total",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("paid__gte", 0), ("paid__lte", models.F("payable"))),
                                name="invoice_paid_within_payable",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("payer__isnull", True), ("billed_user__isnull", True), _connector="OR"
                                ),
                                name="invoice_billed_to_one",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("purpose__in", ["session", "deposit", "late_fee", "no_show", "other"])
                                ),
                                name="invoice_purpose_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("bill_to_name", ""), _negated=True), name="invoice_names_its_buyer"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("bulk_billed", False),
                                    models.Q(("out_of_pocket", 0), ("purpose", "session"), ("rebate__gt", 0)),
                                    _connector="OR",
                                ),
                                name="invoice_bulk_billed_at_the_benefit",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Line",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("description", models.CharField(max_length=200, verbose_name="description")),
                        ("item_number", models.CharField(blank=True, max_length=5, verbose_name="item")),
                        ("service_date", models.DateField(blank=True, null=True, verbose_name="date of service")),
                        ("starts_at", models.DateTimeField(blank=True, null=True)),
                        ("minutes", models.PositiveSmallIntegerField(blank=True, null=True)),
                        (
                            "mode",
                            models.CharField(
                                blank=True,
                                choices=[("in_person", "In person"), ("video", "Video"), ("phone", "Phone")],
                                max_length=10,
                            ),
                        ),
                        (
                            "quantity",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("1"), max_digits=7, verbose_name="quantity"
                            ),
                        ),
                        ("unit_price", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="price")),
                        (
                            "tax_code",
                            models.CharField(
                                choices=[("gst_free", "GST-free"), ("taxable", "10% GST added")],
                                max_length=10,
                                verbose_name="GST",
                            ),
                        ),
                        ("gst", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("total", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("benefit", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=8)),
                        (
                            "invoice",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="lines",
                                to="billing.invoice",
                            ),
                        ),
                        ("item_proposed", models.CharField(blank=True, max_length=5, null=True)),
                        ("item_reason", models.CharField(blank=True, max_length=200)),
                    ],
                    options={
                        "ordering": ["position"],
                        "constraints": [
                            models.UniqueConstraint(fields=("invoice", "position"), name="line_one_per_position"),
                            models.CheckConstraint(
                                condition=models.Q(("quantity__gt", 0)), name="line_quantity_above_zero"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("tax_code", "taxable"), ("gst", 0), _connector="OR"),
                                name="line_gst_only_if_taxable",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("gst", 0),
                                    django.db.models.lookups.LessThanOrEqual(
                                        django.db.models.functions.math.Abs(
                                            models.ExpressionWrapper(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("gst"),
                                                    "-",
                                                    django.db.models.expressions.CombinedExpression(
                                                        django.db.models.expressions.CombinedExpression(
                                                            models.F("total"), "-", models.F("gst")
                                                        ),
                                                        "*",
                                                        models.Value(Decimal("0.1")),
                                                    ),
                                                ),
                                                output_field=models.DecimalField(decimal_places=4, max_digits=14),
                                            )
                                        ),
                                        models.Value(
                                            Decimal("0.0051"),
                                            output_field=models.DecimalField(decimal_places=4, max_digits=10),
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="line_gst_is_a_tenth",
                            ),
                            models.CheckConstraint(
                                condition=django.db.models.lookups.LessThanOrEqual(
                                    django.db.models.functions.math.Abs(
                                        models.ExpressionWrapper(
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("total"),
                                                "-",
                                                django.db.models.expressions.CombinedExpression(
                                                    django.db.models.expressions.CombinedExpression(
                                                        models.F("quantity"), "*", models.F("unit_price")
                                                    ),
                                                    "+",
                                                    models.F("gst"),
                                                ),
                                            ),
                                            output_field=models.DecimalField(decimal_places=4, max_digits=14),
                                        )
                                    ),
                                    models.Value(
                                        Decimal("0.0051"),
                                        output_field=models.DecimalField(decimal_places=4, max_digits=10),
                                    ),
                                ),
                                name="line_total_is_its_price",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("item_proposed__isnull", True),
                                    ("item_proposed", models.F("item_number")),
                                    models.Q(("item_reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="line_another_item_says_why",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DrawnPaper",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("digest", models.CharField(max_length=64)),
                        ("pdf", portal.common.crypto.binary.EncryptedBytesField(bound_to="code")),
                        ("drawn_at", models.DateTimeField(db_index=True)),
                        (
                            "invoice",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.CASCADE, related_name="drawn", to="billing.invoice"
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="CreditNote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("number", models.CharField(editable=False, max_length=12, unique=True)),
                        ("issued_on", models.DateField()),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("gst", models.DecimalField(decimal_places=2, default=Decimal("0.00"), max_digits=10)),
                        ("reason", models.CharField(max_length=200)),
                        ("key", models.CharField(editable=False, max_length=100, unique=True)),
                        ("snapshot", models.JSONField(editable=False)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credit_notes",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "line",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="credit_notes",
                                to="billing.line",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("correction", "Credited"), ("write_off", "Written off")],
                                default="correction",
                                editable=False,
                                max_length=10,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["created_at", "id"],
                        "indexes": [models.Index(fields=["created_at"], name="credit_note_by_moment")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount__gt", 0), ("gst__gte", 0)),
                                name="credit_note_amount_above_zero",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("gst__lte", models.F("amount"))),
                                name="credit_note_gst_within_amount",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("amount", django.db.models.functions.math.Round("amount", 2)),
                                    ("gst", django.db.models.functions.math.Round("gst", 2)),
                                ),
                                name="credit_note_in_whole_cents",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True), name="credit_note_says_why"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("key", ""), _negated=True), name="credit_note_has_a_key"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["correction", "write_off"])),
                                name="credit_note_kind_is_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PatientPayer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "pays",
                            models.CharField(
                                choices=[
                                    ("sessions", "Sessions, by itself"),
                                    ("everything", "Sessions and fees for late or missed ones, by itself"),
                                    ("asked", "Only what is chosen for them"),
                                ],
                                default="sessions",
                                max_length=10,
                                verbose_name="pays for",
                            ),
                        ),
                        ("purchase_order", models.CharField(blank=True, max_length=60, verbose_name="purchase order")),
                        (
                            "claim_number",
                            models.CharField(
                                blank=True,
                                help_text="It is printed on the bill.",
                                max_length=60,
                                verbose_name="claim or participant number",
                            ),
                        ),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("ended_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "ended_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payers",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "services",
                            models.ManyToManyField(
                                blank=True,
                                help_text="None ticked means every service.",
                                to="clinic.service",
                                verbose_name="only these services",
                            ),
                        ),
                        (
                            "payer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="patients", to="billing.payer"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "indexes": [models.Index(fields=["patient", "id"], name="payer_of_patient")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("patient", "payer"),
                                name="payer_once_per_patient",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("pays__in", ["sessions", "everything", "asked"])),
                                name="patient_payer_pays_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ended_at__isnull", False), ("ended_by__isnull", True), _connector="OR"
                                ),
                                name="patient_payer_ended_with_when",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StripeEvent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("event_id", models.CharField(max_length=100, unique=True)),
                        ("kind", models.CharField(max_length=80)),
                        ("object_id", models.CharField(blank=True, max_length=100)),
                        ("happened_at", models.DateTimeField()),
                        ("received_at", models.DateTimeField()),
                        ("handled_at", models.DateTimeField(null=True)),
                        ("outcome", models.CharField(blank=True, max_length=40)),
                    ],
                    options={
                        "ordering": ["received_at", "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("handled_at__isnull", True)),
                                fields=["received_at"],
                                name="stripe_event_waiting",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("event_id", ""), _negated=True), name="stripe_event_has_its_name"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("handled_at__isnull", True), ("outcome", "")),
                                    models.Q(("handled_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="stripe_event_handled_with_outcome",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClaimOverride",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("findings", models.JSONField()),
                        ("reason", models.CharField(max_length=200)),
                        ("made_at", models.DateTimeField(editable=False)),
                        (
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="claim_overrides",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "made_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-made_at", "-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True), name="claim_override_says_why"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DayClose",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("day", models.DateField()),
                        ("closed_at", models.DateTimeField()),
                        ("opening", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("cash", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("counted", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("kept", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("card", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("terminal", models.DecimalField(decimal_places=2, max_digits=10, null=True)),
                        ("difference", models.DecimalField(decimal_places=2, max_digits=10)),
                        ("explanation", models.CharField(blank=True, max_length=400, verbose_name="why they differ")),
                        ("sheet", models.JSONField()),
                        (
                            "closed_by",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="closes", to="clinic.location"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-day", "-id"],
                        "constraints": [
                            models.UniqueConstraint(fields=("location", "day"), name="day_close_once_per_place"),
                            models.CheckConstraint(
                                condition=models.Q(("counted__gte", 0), ("opening__gte", 0)),
                                name="day_close_drawer_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kept__gte", 0), ("kept__lte", models.F("counted"))),
                                name="day_close_keeps_what_is_there",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "difference",
                                        django.db.models.functions.math.Round(
                                            django.db.models.expressions.CombinedExpression(
                                                django.db.models.expressions.CombinedExpression(
                                                    models.F("counted"), "-", models.F("opening")
                                                ),
                                                "-",
                                                models.F("cash"),
                                            ),
                                            2,
                                        ),
                                    )
                                ),
                                name="day_close_difference_is_counted",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("explanation", ""), _negated=True),
                                    models.Q(
                                        ("difference", 0),
                                        models.Q(
                                            ("terminal__isnull", True), ("terminal", models.F("card")), _connector="OR"
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="day_close_difference_is_explained",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Reconciliation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("began_at", models.DateTimeField()),
                        ("since", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(null=True)),
                        ("payments", models.PositiveIntegerField(default=0)),
                        ("refunds", models.PositiveIntegerField(default=0)),
                        ("found_payments", models.PositiveIntegerField(default=0)),
                        ("found_refunds", models.PositiveIntegerField(default=0)),
                        ("troubles", models.PositiveIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ["-began_at", "-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="BillLink",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("expires_at", models.DateTimeField()),
                        ("revoked_at", models.DateTimeField(null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="bill_links",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "revoked_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["created_at", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("created_at"))),
                                name="bill_link_ends_after_it_begins",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("revoked_at__isnull", False), ("revoked_by__isnull", True), _connector="OR"
                                ),
                                name="bill_link_revoked_with_when",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OnlineTrouble",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("odd", "A payment does not fit its invoice"),
                                    ("refund_failed", "A refund could not be sent"),
                                    ("refund_returned", "A refund came back from the bank"),
                                    ("unknown_payment", "Stripe has a payment that the portal does not know"),
                                    ("unknown_refund", "Stripe has a refund that the portal does not know"),
                                    ("dispute", "A payer disputes a payment"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("about", models.CharField(max_length=100)),
                        (
                            "amount",
                            models.DecimalField(decimal_places=2, max_digits=10, null=True, verbose_name="amount"),
                        ),
                        ("raised_at", models.DateTimeField(editable=False)),
                        ("settled_at", models.DateTimeField(null=True)),
                        ("how", models.CharField(blank=True, max_length=200)),
                        (
                            "invoice",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="online_troubles",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "settled_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["raised_at", "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("settled_at__isnull", True)),
                                fields=["raised_at"],
                                name="online_trouble_open",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(fields=("kind", "about"), name="online_trouble_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        (
                                            "odd",
                                            "refund_failed",
                                            "refund_returned",
                                            "unknown_payment",
                                            "unknown_refund",
                                            "dispute",
                                        ),
                                    )
                                ),
                                name="online_trouble_kind_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("how", ""), ("settled_at__isnull", True), ("settled_by__isnull", True)),
                                    models.Q(("settled_at__isnull", False), models.Q(("how", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="online_trouble_settled_with_how",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Taking",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("number", models.CharField(editable=False, max_length=12, unique=True)),
                        ("received_on", models.DateField()),
                        ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("handed", models.DecimalField(decimal_places=2, max_digits=10, null=True)),
                        ("key", models.CharField(editable=False, max_length=100, unique=True)),
                        (
                            "location",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="takings",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "received_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["recorded_at", "id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("key", ""), _negated=True), name="taking_has_a_key"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("handed__isnull", True), ("handed__gt", 0), _connector="OR"),
                                name="taking_handed_above_zero",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("handed__isnull", True),
                                    ("handed", django.db.models.functions.math.Round("handed", 2)),
                                    _connector="OR",
                                ),
                                name="taking_in_whole_cents",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Payment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "number",
                            models.CharField(editable=False, max_length=16, unique=True, verbose_name="receipt number"),
                        ),
                        (
                            "method",
                            models.CharField(
                                choices=[
                                    ("card", "Card"),
                                    ("cash", "Cash"),
                                    ("transfer", "Bank transfer"),
                                    ("medicare", "Medicare"),
                                    ("stripe", "Card, online"),
                                ],
                                max_length=10,
                                verbose_name="method",
                            ),
                        ),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                        ("received_on", models.DateField(verbose_name="date")),
                        ("recorded_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("reference", models.CharField(blank=True, max_length=100, verbose_name="reference")),
                        ("key", models.CharField(editable=False, max_length=100, unique=True)),
                        (
                            "received_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reverses",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reversals",
                                to="billing.payment",
                            ),
                        ),
                        (
                            "corrects",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="corrections",
                                to="billing.payment",
                            ),
                        ),
                        (
                            "from_account",
                            models.DecimalField(
                                decimal_places=2, default=Decimal("0.00"), editable=False, max_digits=10
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="patients.patient",
                            ),
                        ),
                        ("reason", models.CharField(blank=True, editable=False, max_length=200)),
                        (
                            "taking",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="parts",
                                to="billing.taking",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["recorded_at", "id"],
                        "indexes": [
                            models.Index(fields=["received_on", "method"], name="payment_by_day"),
                            models.Index(fields=["recorded_at"], name="payment_by_moment"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("method__in", ["card", "cash", "transfer", "medicare", "stripe"])),
                                name="payment_method_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("amount__gt", 0), ("reverses__isnull", True)),
                                    models.Q(("amount__lt", 0), ("reverses__isnull", False)),
                                    _connector="OR",
                                ),
                                name="payment_minus_iff_it_reverses",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("key", ""), _negated=True), name="payment_has_a_key"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount", django.db.models.functions.math.Round("amount", 2))),
                                name="payment_in_whole_cents",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("from_account", 0),
                                    models.Q(
                                        ("from_account__gt", 0),
                                        (
                                            "from_account__lte",
                                            django.db.models.expressions.CombinedExpression(
                                                models.F("amount"), "*", models.Value(-1)
                                            ),
                                        ),
                                        ("reverses__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="payment_from_account_iff_it_goes_back",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("corrects__isnull", True), models.Q(("reason", ""), _negated=True), _connector="OR"
                                ),
                                name="payment_corrects_with_a_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Allocation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                        (
                            "invoice",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="allocations",
                                to="billing.payment",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                        "indexes": [models.Index(fields=["payment", "invoice"], name="allocation_of_payment")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("amount", 0), _negated=True), name="allocation_is_not_nothing"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount", django.db.models.functions.math.Round("amount", 2))),
                                name="allocation_in_whole_cents",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PaymentAttempt",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                        (
                            "status",
                            models.CharField(
                                choices=[("open", "Open"), ("expired", "Not paid"), ("paid", "Paid")],
                                default="open",
                                max_length=10,
                            ),
                        ),
                        ("language", models.CharField(max_length=10)),
                        (
                            "came_by",
                            models.CharField(
                                choices=[
                                    ("portal", "their own pages"),
                                    ("mail", "a link in an e-mail"),
                                    ("booking", "booking a session"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("session_id", models.CharField(blank=True, max_length=100)),
                        ("payment_intent", models.CharField(blank=True, max_length=100)),
                        ("url", models.TextField(blank=True)),
                        ("odd", models.CharField(blank=True, max_length=40)),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("expires_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attempts",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "payment",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attempt",
                                to="billing.payment",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["created_at", "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("status", "open")), fields=["expires_at"], name="attempt_open"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("status", "open")),
                                fields=("invoice",),
                                name="attempt_one_open_per_invoice",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("session_id", ""), _negated=True),
                                fields=("session_id",),
                                name="attempt_has_its_own_session",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("payment_intent", ""), _negated=True),
                                fields=("payment_intent",),
                                name="attempt_has_its_own_intent",
                            ),
                            models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="attempt_is_of_money"),
                            models.CheckConstraint(
                                condition=models.Q(("status__in", ["open", "expired", "paid"])),
                                name="attempt_status_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("payment__isnull", False), ("status", "paid")),
                                    models.Q(models.Q(("status", "paid"), _negated=True), ("payment__isnull", True)),
                                    _connector="OR",
                                ),
                                name="attempt_paid_with_its_payment",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("closed_at__isnull", True), ("status", "open")),
                                    models.Q(models.Q(("status", "open"), _negated=True), ("closed_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="attempt_closed_with_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("came_by", "booking"), ("invoice__isnull", True)),
                                    models.Q(
                                        models.Q(("came_by", "booking"), _negated=True), ("invoice__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="attempt_of_an_invoice_or_a_booking",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StripeRefund",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=10, verbose_name="amount")),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("asked", "Being sent"),
                                    ("pending", "On its way"),
                                    ("done", "Refunded"),
                                    ("failed", "Failed"),
                                    ("returned", "Came back"),
                                ],
                                default="asked",
                                max_length=10,
                            ),
                        ),
                        (
                            "why",
                            models.CharField(
                                choices=[
                                    ("desk", "Given back by the clinic"),
                                    ("paid_twice", "Paid twice"),
                                    ("not_booked", "The time was gone"),
                                    ("at_stripe", "Given back at Stripe"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        ("stripe_id", models.CharField(blank=True, max_length=100)),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("changed_at", models.DateTimeField()),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "invoice",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="card_refunds",
                                to="billing.invoice",
                            ),
                        ),
                        (
                            "payment",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="card_refunds",
                                to="billing.payment",
                            ),
                        ),
                        (
                            "refund",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="card_refund",
                                to="billing.payment",
                            ),
                        ),
                        (
                            "returned",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="billing.payment",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["created_at", "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("status__in", ("asked", "pending"))),
                                fields=["created_at"],
                                name="card_refund_under_way",
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("stripe_id", ""), _negated=True),
                                fields=("stripe_id",),
                                name="card_refund_has_its_own_name",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("amount__gt", 0)), name="card_refund_is_of_money"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("status__in", ["asked", "pending", "done", "failed", "returned"])),
                                name="card_refund_status_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("refund__isnull", False), ("status__in", ("done", "returned"))),
                                    models.Q(
                                        models.Q(("status__in", ("done", "returned")), _negated=True),
                                        ("refund__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="card_refund_done_with_its_row",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("returned__isnull", False), ("status", "returned")),
                                    models.Q(
                                        models.Q(("status", "returned"), _negated=True), ("returned__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="card_refund_returned_with_its_row",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClosedPayment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("is_late", models.BooleanField(default=False)),
                        (
                            "payment",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="closed", to="billing.payment"
                            ),
                        ),
                        (
                            "close",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="payments",
                                to="billing.dayclose",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="PaidBooking",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("hold_code", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                        (
                            "mode",
                            models.CharField(
                                choices=[("in_person", "In person"), ("video", "Video"), ("phone", "Phone")],
                                max_length=10,
                                verbose_name="how",
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("agreed", models.JSONField(default=list)),
                        ("lost_at", models.DateTimeField(null=True)),
                        (
                            "appointment",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="paid_booking",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "attempt",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="booking",
                                to="billing.paymentattempt",
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "service",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="clinic.service",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("appointment__isnull", True), ("lost_at__isnull", True), _connector="OR"
                                ),
                                name="paid_booking_booked_or_lost",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BulkRun",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("kind", models.CharField(choices=[("print", "Print"), ("send", "E-mail")], max_length=10)),
                        ("invoices", models.JSONField()),
                        ("done", models.PositiveIntegerField(default=0)),
                        ("skipped", models.PositiveIntegerField(default=0)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("finished_at", models.DateTimeField(null=True)),
                        ("pdf", portal.common.crypto.binary.EncryptedBytesField(bound_to="code", null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-created_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ("print", "send"))), name="bulk_run_kind_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("skipped__lte", models.F("done"))),
                                name="bulk_run_skips_what_it_did",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PayShare",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "percent",
                            models.DecimalField(decimal_places=2, max_digits=5, verbose_name="part in percent"),
                        ),
                        ("from_day", models.DateField(verbose_name="from")),
                        ("said_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pay_shares",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "said_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["psychologist", "-from_day", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("percent__gte", 0), ("percent__lte", 100)), name="share_is_a_part"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AssignmentOfBenefit",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("item_number", models.CharField(max_length=5, verbose_name="item")),
                        ("service_date", models.DateField(verbose_name="date of service")),
                        ("benefit", models.DecimalField(decimal_places=2, max_digits=8, verbose_name="benefit")),
                        (
                            "way",
                            models.CharField(
                                choices=[("electronic", "Signed on the screen"), ("verbal", "Said it")],
                                max_length=10,
                                verbose_name="how",
                            ),
                        ),
                        ("reason", models.CharField(blank=True, max_length=200, verbose_name="why it was not signed")),
                        ("agreed_by", models.CharField(max_length=120, verbose_name="who agreed")),
                        ("agreed_on", models.DateField()),
                        ("agreed_at", models.DateTimeField()),
                        ("keep_until", models.DateField()),
                        ("facts", models.JSONField()),
                        (
                            "appointment",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="assignments",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="assignments",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "recorded_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-agreed_at", "-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("way__in", ["electronic", "verbal"])),
                                name="assignment_way_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("way", "verbal"), models.Q(("reason", ""), _negated=True)),
                                    models.Q(("way", "electronic"), ("reason", "")),
                                    _connector="OR",
                                ),
                                name="assignment_verbal_says_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("agreed_by", ""), _negated=True), name="assignment_says_who"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("benefit__gt", 0)), name="assignment_of_something"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("keep_until__gt", models.F("agreed_on"))), name="assignment_is_kept"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MedicareClaim",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("item_number", models.CharField(max_length=5, verbose_name="item")),
                        (
                            "counts_towards",
                            models.CharField(
                                choices=[
                                    ("individual", "Individual services"),
                                    ("group", "Group services"),
                                    ("carer", "Family and carer services"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("service_date", models.DateField(verbose_name="date of service")),
                        ("starts_at", models.DateTimeField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("pending", "To be claimed"),
                                    ("sent", "Claimed"),
                                    ("approved", "Approved"),
                                    ("rejected", "Rejected"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="pending",
                                editable=False,
                                max_length=10,
                                verbose_name="status",
                            ),
                        ),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("withdrawn_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "created_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "line",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT, related_name="claim", to="billing.line"
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="medicare_claims",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "referral",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="claims",
                                to="medicare.referral",
                            ),
                        ),
                        (
                            "withdrawn_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "amount",
                            models.DecimalField(
                                decimal_places=2,
                                editable=False,
                                max_digits=8,
                                null=True,
                                verbose_name="paid by Medicare",
                            ),
                        ),
                        ("changed_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "changed_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "channel",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("hpos", "HPOS"),
                                    ("terminal", "Easyclaim, at the card terminal"),
                                    ("software", "Another program or gateway"),
                                    ("paper", "On paper"),
                                    ("patient", "The patient claims"),
                                ],
                                editable=False,
                                max_length=10,
                                verbose_name="claimed by",
                            ),
                        ),
                        ("decided_on", models.DateField(editable=False, null=True, verbose_name="decided on")),
                        ("exported_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "exported_by",
                            models.ForeignKey(
                                db_index=False,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "reason",
                            models.CharField(
                                blank=True, editable=False, max_length=200, verbose_name="why it was rejected"
                            ),
                        ),
                        (
                            "reference",
                            models.CharField(blank=True, editable=False, max_length=60, verbose_name="reference"),
                        ),
                        ("revision", models.PositiveSmallIntegerField(default=0, editable=False)),
                        ("sent_on", models.DateField(editable=False, null=True, verbose_name="claimed on")),
                        (
                            "assignment",
                            models.OneToOneField(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="claim",
                                to="billing.assignmentofbenefit",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["starts_at", "pk"],
                        "indexes": [
                            models.Index(fields=["patient", "starts_at"], name="claim_of_patient"),
                            models.Index(fields=["status", "starts_at", "id"], name="claim_by_status"),
                            models.Index(
                                condition=models.Q(("status__in", ["pending", "sent"])),
                                fields=["starts_at", "id"],
                                name="claim_open",
                            ),
                            models.Index(fields=["starts_at", "id"], name="claim_by_start"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("counts_towards__in", ["individual", "group", "carer"])),
                                name="claim_counts_towards_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "withdrawn"), ("withdrawn_at__isnull", False)),
                                    models.Q(
                                        models.Q(("status", "withdrawn"), _negated=True),
                                        ("withdrawn_at__isnull", True),
                                        ("withdrawn_by__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="claim_withdrawn_with_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status__in", ["pending", "sent", "approved", "rejected", "withdrawn"])
                                ),
                                name="claim_status_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("channel__in", ["", "hpos", "terminal", "software", "paper", "patient"])
                                ),
                                name="claim_channel_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("status", "sent"), _negated=True),
                                    models.Q(("sent_on__isnull", False), models.Q(("channel", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="claim_sent_says_when_and_how",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("amount", django.db.models.functions.math.Round("amount", 2)),
                                        ("amount__gt", 0),
                                        ("decided_on__isnull", False),
                                        ("status", "approved"),
                                    ),
                                    models.Q(models.Q(("status", "approved"), _negated=True), ("amount__isnull", True)),
                                    _connector="OR",
                                ),
                                name="claim_amount_iff_approved",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("decided_on__isnull", False),
                                        ("status", "rejected"),
                                        models.Q(("reason", ""), _negated=True),
                                    ),
                                    models.Q(models.Q(("status", "rejected"), _negated=True), ("reason", "")),
                                    _connector="OR",
                                ),
                                name="claim_reason_iff_rejected",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ClaimStep",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("pending", "To be claimed"),
                                    ("sent", "Claimed"),
                                    ("approved", "Approved"),
                                    ("rejected", "Rejected"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("day", models.DateField(null=True)),
                        ("amount", models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                        ("reference", models.CharField(blank=True, max_length=60)),
                        ("reason", models.CharField(blank=True, max_length=200)),
                        (
                            "by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "claim",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="steps",
                                to="billing.medicareclaim",
                            ),
                        ),
                        (
                            "payment",
                            models.OneToOneField(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="claim_step",
                                to="billing.payment",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["claim", "number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("claim", "number"), name="claim_step_one_per_number"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status__in", ["pending", "sent", "approved", "rejected", "withdrawn"])
                                ),
                                name="claim_step_status_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("payment__isnull", True), ("status", "approved"), _connector="OR"),
                                name="claim_step_paid_iff_approved",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="AssignmentTerms",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("valid_from", models.DateField(unique=True)),
                        ("verbal", models.BooleanField()),
                        ("kept_years", models.PositiveSmallIntegerField()),
                        ("source", models.CharField(max_length=120)),
                        ("source_url", models.URLField()),
                        ("read_on", models.DateField()),
                    ],
                    options={
                        "ordering": ["valid_from"],
                    },
                ),
            ],
        ),
        migrations.RunPython(
            import_module("portal.billing.migrations.0026_seed_assignment_terms").seed, migrations.RunPython.noop
        ),
    ]
