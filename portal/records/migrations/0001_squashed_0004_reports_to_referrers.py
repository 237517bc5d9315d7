"""What 0001 to 0004 add up to, in one step, for a database that begins empty (docs/operations.md)."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.common.crypto.fields
import portal.common.database.many_tables


class Migration(migrations.Migration):
    replaces = [
        ("records", "0001_notes"),
        ("records", "0002_guards"),
        ("records", "0003_handovers"),
        ("records", "0004_reports_to_referrers"),
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
                    name="ChainHead",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("sequence", models.PositiveBigIntegerField(default=0)),
                        ("hash", models.CharField(blank=True, max_length=64)),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="chain_head_is_one_row")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProgressNote",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "template",
                            models.CharField(
                                choices=[("free", "Free text"), ("soap", "SOAP"), ("dap", "DAP"), ("birp", "BIRP")],
                                default="free",
                                max_length=8,
                                verbose_name="headings",
                            ),
                        ),
                        (
                            "body",
                            portal.common.crypto.fields.EncryptedTextField(
                                bound_to="code", max_length=100000, verbose_name="note"
                            ),
                        ),
                        (
                            "state",
                            models.CharField(
                                choices=[("draft", "Draft"), ("signed", "Signed")],
                                default="draft",
                                max_length=8,
                                verbose_name="state",
                            ),
                        ),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("updated_at", models.DateTimeField(editable=False)),
                        (
                            "signed_at",
                            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="signed"),
                        ),
                        (
                            "sequence",
                            models.PositiveBigIntegerField(blank=True, editable=False, null=True, unique=True),
                        ),
                        ("previous_hash", models.CharField(blank=True, editable=False, max_length=64)),
                        ("hash", models.CharField(blank=True, editable=False, max_length=64)),
                        (
                            "appointment",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="note",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="notes",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="patients.patient"
                            ),
                        ),
                        (
                            "signed_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-appointment__starts_at"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("template__in", ["free", "soap", "dap", "birp"])),
                                name="note_template_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("version__gte", 1)), name="note_version_counts_from_one"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("hash", ""),
                                        ("previous_hash", ""),
                                        ("sequence__isnull", True),
                                        ("signed_at__isnull", True),
                                        ("signed_by__isnull", True),
                                        ("state", "draft"),
                                    ),
                                    models.Q(
                                        ("sequence__isnull", False),
                                        ("signed_at__isnull", False),
                                        ("signed_by__isnull", False),
                                        ("state", "signed"),
                                        models.Q(("hash", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="note_signed_wholly_or_not_at_all",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Addendum",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "body",
                            portal.common.crypto.fields.EncryptedTextField(
                                bound_to="code", max_length=100000, verbose_name="addendum"
                            ),
                        ),
                        ("signed_at", models.DateTimeField(editable=False, verbose_name="signed")),
                        ("sequence", models.PositiveBigIntegerField(editable=False, unique=True)),
                        ("previous_hash", models.CharField(blank=True, editable=False, max_length=64)),
                        ("hash", models.CharField(editable=False, max_length=64)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="addenda",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "signed_by",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "note",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="addenda",
                                to="records.progressnote",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "addenda",
                        "ordering": ["sequence"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("hash", ""), _negated=True), name="addendum_is_chained"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Handover",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("given_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="handed_over",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="handovers",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "reader",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="taken_over",
                                to="clinic.psychologist",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("patient", "author", "reader"),
                                name="handover_once_in_force",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("author", models.F("reader")), _negated=True),
                                name="handover_to_somebody_else",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Report",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("course", models.UUIDField(editable=False)),
                        (
                            "cause",
                            models.CharField(
                                choices=[
                                    ("course", "The course has ended"),
                                    ("last", "It was their last session"),
                                    ("quiet", "No session for sixty days, and none booked"),
                                ],
                                max_length=6,
                            ),
                        ),
                        (
                            "stage",
                            models.CharField(
                                choices=[
                                    ("owed", "To write"),
                                    ("draft", "Draft"),
                                    ("signed", "To send"),
                                    ("sent", "Sent"),
                                    ("dropped", "Not owed any more"),
                                ],
                                default="owed",
                                max_length=7,
                            ),
                        ),
                        ("last_service", models.DateField()),
                        ("service_dates", models.JSONField(default=list)),
                        (
                            "body",
                            portal.common.crypto.fields.EncryptedTextField(
                                blank=True, bound_to="code", max_length=100000, null=True, verbose_name="report"
                            ),
                        ),
                        (
                            "paper",
                            portal.common.crypto.fields.EncryptedJSONField(blank=True, bound_to="code", null=True),
                        ),
                        ("version", models.PositiveIntegerField(default=0)),
                        ("owed_at", models.DateTimeField(editable=False)),
                        ("updated_at", models.DateTimeField(editable=False)),
                        ("signed_at", models.DateTimeField(editable=False, null=True)),
                        ("sent_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "sent_how",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("post", "By post"),
                                    ("fax", "By fax"),
                                    ("secure", "By secure messaging"),
                                    ("hand", "Handed over"),
                                ],
                                editable=False,
                                max_length=6,
                                verbose_name="how",
                            ),
                        ),
                        ("dropped_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reports",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reports",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "referral",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reports",
                                to="medicare.referral",
                            ),
                        ),
                        (
                            "sent_by",
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
                            "signed_by",
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
                        "ordering": ["-owed_at", "-pk"],
                        "indexes": [
                            models.Index(fields=["author", "stage", "owed_at"], name="report_of_author"),
                            models.Index(fields=["course"], name="report_of_course"),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("stage", "dropped"), _negated=True),
                                fields=("course", "last_service"),
                                name="report_once_owed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("stage__in", ["owed", "draft", "signed", "sent", "dropped"])),
                                name="report_stage_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("signed_at__isnull", True),
                                        ("signed_by__isnull", True),
                                        ("stage__in", ["owed", "draft", "dropped"]),
                                    ),
                                    models.Q(
                                        ("body__isnull", False),
                                        ("paper__isnull", False),
                                        ("signed_at__isnull", False),
                                        ("stage__in", ["signed", "sent"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="report_signed_wholly_or_not",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("sent_at__isnull", False),
                                        ("sent_how__in", ["post", "fax", "secure", "hand"]),
                                        ("stage", "sent"),
                                    ),
                                    models.Q(
                                        models.Q(("stage", "sent"), _negated=True),
                                        ("sent_at__isnull", True),
                                        ("sent_by__isnull", True),
                                        ("sent_how", ""),
                                    ),
                                    _connector="OR",
                                ),
                                name="report_sent_with_how",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("body__isnull", True), ("dropped_at__isnull", False), ("stage", "dropped")
                                    ),
                                    models.Q(
                                        models.Q(("stage", "dropped"), _negated=True), ("dropped_at__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="report_dropped_unwritten",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
