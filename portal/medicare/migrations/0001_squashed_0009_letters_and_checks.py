"""What 0001 to 0009 add up to, in one step, for a database that begins empty (docs/operations.md).

The rows to begin with come along; what moves the rows of older databases is left out.
"""

import uuid
from importlib import import_module

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models

import portal.clinic.validators
import portal.common.crypto.fields
import portal.common.database.many_tables


class Migration(migrations.Migration):
    replaces = [
        ("medicare", "0001_initial"),
        ("medicare", "0002_seed_items_of_2025_and_2026"),
        ("medicare", "0003_referrals_are_never_replaced"),
        ("medicare", "0004_courses_and_limits"),
        ("medicare", "0005_seed_limits"),
        ("medicare", "0006_files_of_the_schedule"),
        ("medicare", "0007_register_of_referrers"),
        ("medicare", "0008_enter_known_referrers"),
        ("medicare", "0009_letters_and_checks"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("patients", "0001_squashed_0011_bulk_billed_patients"),
    ]

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="MbsItem",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("item", models.CharField(max_length=5, verbose_name="item")),
                        ("valid_from", models.DateField(verbose_name="from")),
                        ("valid_until", models.DateField(blank=True, null=True, verbose_name="last day")),
                        (
                            "registration",
                            models.CharField(
                                choices=[
                                    ("clinical", "Clinical psychologist"),
                                    ("general", "Registered psychologist"),
                                    ("provisional", "Provisional psychologist"),
                                ],
                                max_length=12,
                                verbose_name="registration",
                            ),
                        ),
                        (
                            "mode",
                            models.CharField(
                                choices=[("in_person", "In person"), ("video", "Video"), ("phone", "Phone")],
                                max_length=10,
                                verbose_name="how",
                            ),
                        ),
                        (
                            "setting",
                            models.CharField(
                                choices=[
                                    ("rooms", "Consulting rooms"),
                                    ("outside", "Outside consulting rooms"),
                                    ("anywhere", "Anywhere, by video or phone"),
                                ],
                                max_length=10,
                                verbose_name="where",
                            ),
                        ),
                        ("min_minutes", models.PositiveSmallIntegerField(verbose_name="minutes, at least")),
                        (
                            "max_minutes",
                            models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="minutes, less than"),
                        ),
                        ("fee", models.DecimalField(decimal_places=2, max_digits=8, verbose_name="schedule fee")),
                        ("benefit", models.DecimalField(decimal_places=2, max_digits=8, verbose_name="benefit")),
                        ("description", models.CharField(max_length=200, verbose_name="description")),
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
                        (
                            "evidence",
                            models.CharField(
                                choices=[
                                    ("published", "Read in a published schedule"),
                                    ("derived", "Follows from a published fee"),
                                    ("inferred", "Inferred: confirm before relying on it"),
                                ],
                                max_length=10,
                                verbose_name="how the fee is known",
                            ),
                        ),
                        ("evidence_note", models.CharField(blank=True, max_length=200)),
                        ("source", models.CharField(max_length=120, verbose_name="source")),
                        ("source_url", models.URLField(verbose_name="address of the source")),
                        ("read_on", models.DateField(blank=True, null=True)),
                        ("replaced_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name": "Medicare item",
                        "ordering": ["item", "-valid_from"],
                        "indexes": [
                            models.Index(fields=["registration", "mode", "valid_from"], name="mbs_item_by_session")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_until__isnull", True),
                                    ("valid_until__gte", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="mbs_item_ends_after_it_begins",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("max_minutes__isnull", True),
                                    ("max_minutes__gt", models.F("min_minutes")),
                                    _connector="OR",
                                ),
                                name="mbs_item_minutes_are_a_span",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("benefit__gt", 0), ("benefit__lte", models.F("fee"))),
                                name="mbs_item_benefit_is_part_of_the_fee",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("registration__in", ["clinical", "general"])),
                                name="mbs_item_registration_may_bill",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("replaced_on__isnull", True)),
                                fields=("item", "valid_from"),
                                name="mbs_item_one_fee_from_a_day",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("replaced_on__isnull", True), ("valid_until__isnull", True)),
                                fields=("item",),
                                name="mbs_item_one_fee_is_open",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BetterAccessLimits",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("valid_from", models.DateField(unique=True, verbose_name="from")),
                        (
                            "individual_a_year",
                            models.PositiveSmallIntegerField(
                                validators=[django.core.validators.MinValueValidator(1)],
                                verbose_name="individual services in a calendar year",
                            ),
                        ),
                        (
                            "group_a_year",
                            models.PositiveSmallIntegerField(
                                validators=[django.core.validators.MinValueValidator(1)],
                                verbose_name="group services in a calendar year",
                            ),
                        ),
                        (
                            "carer_a_year",
                            models.PositiveSmallIntegerField(
                                verbose_name="of these, with a family member or carer alone"
                            ),
                        ),
                        (
                            "initial_course",
                            models.PositiveSmallIntegerField(
                                validators=[django.core.validators.MinValueValidator(1)],
                                verbose_name="services of a first course",
                            ),
                        ),
                        ("source", models.CharField(max_length=120, verbose_name="source")),
                        ("source_url", models.URLField(verbose_name="address of the source")),
                        ("read_on", models.DateField(verbose_name="read on")),
                    ],
                    options={
                        "verbose_name": "Better Access limits",
                        "ordering": ["valid_from"],
                    },
                ),
                migrations.CreateModel(
                    name="UsedElsewhere",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("year", models.PositiveSmallIntegerField(verbose_name="year")),
                        (
                            "individual",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                default=0,
                                validators=[django.core.validators.MaxValueValidator(40)],
                                verbose_name="Individual sessions elsewhere",
                            ),
                        ),
                        (
                            "carer",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                default=0,
                                validators=[django.core.validators.MaxValueValidator(40)],
                                verbose_name="Of these, with a family member or carer alone",
                            ),
                        ),
                        (
                            "group",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                default=0,
                                validators=[django.core.validators.MaxValueValidator(40)],
                                verbose_name="Group sessions elsewhere",
                            ),
                        ),
                        ("said_at", models.DateTimeField(editable=False)),
                        (
                            "patient",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="used_elsewhere",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "said_by",
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
                        "ordering": ["said_at", "pk"],
                        "indexes": [
                            models.Index(fields=["patient", "year", "said_at"], name="used_elsewhere_of_patient")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("carer__lte", models.F("individual"))),
                                name="used_elsewhere_carers_are_individual",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ScheduleUpdate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("file_name", models.CharField(max_length=120, verbose_name="file")),
                        ("digest", models.CharField(max_length=64)),
                        ("records", models.PositiveIntegerField()),
                        ("items", models.JSONField()),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("read", "Compared, not applied"),
                                    ("applying", "Being applied"),
                                    ("applied", "Applied"),
                                ],
                                default="read",
                                max_length=10,
                                verbose_name="status",
                            ),
                        ),
                        ("lines", models.JSONField(default=list)),
                        ("done", models.PositiveSmallIntegerField(default=0)),
                        ("read_at", models.DateTimeField()),
                        ("asked_at", models.DateTimeField(null=True)),
                        ("applied_at", models.DateTimeField(null=True)),
                        (
                            "asked_by",
                            models.ForeignKey(
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "read_by",
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
                        "ordering": ["-read_at", "-pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("status__in", ["read", "applying", "applied"])),
                                name="schedule_update_status_is_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("status", "applying")),
                                fields=("status",),
                                name="schedule_update_one_at_a_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("asked_at__isnull", True), ("status", "read")),
                                    models.Q(models.Q(("status", "read"), _negated=True), ("asked_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="schedule_update_asked_iff_not_only_read",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("applied_at__isnull", False), ("status", "applied")),
                                    models.Q(
                                        models.Q(("status", "applied"), _negated=True), ("applied_at__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="schedule_update_applied_at_iff_applied",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("asked_at__isnull", True), ("asked_at__gte", models.F("read_at")), _connector="OR"
                                ),
                                name="schedule_update_read_first",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Referrer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("gp", "GP"),
                                    ("pmp", "Prescribed medical practitioner"),
                                    ("psychiatrist", "Psychiatrist"),
                                    ("paediatrician", "Paediatrician"),
                                    ("other", "Somebody else"),
                                ],
                                default="gp",
                                max_length=16,
                                verbose_name="profession",
                            ),
                        ),
                        (
                            "provider_number",
                            models.CharField(
                                blank=True,
                                max_length=8,
                                validators=[portal.clinic.validators.validate_provider_number],
                                verbose_name="provider number",
                            ),
                        ),
                        ("practice", models.CharField(blank=True, max_length=200, verbose_name="practice")),
                        ("street", models.CharField(blank=True, max_length=120, verbose_name="street")),
                        ("suburb", models.CharField(blank=True, max_length=60, verbose_name="suburb")),
                        ("state", models.CharField(blank=True, max_length=3, verbose_name="state")),
                        ("postcode", models.CharField(blank=True, max_length=4, verbose_name="postcode")),
                        (
                            "phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="phone"
                            ),
                        ),
                        (
                            "fax",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="fax"
                            ),
                        ),
                        (
                            "is_in_use",
                            models.BooleanField(
                                default=True,
                                help_text="Untick it for somebody who has left.",
                                verbose_name="offered when a letter is put on file",
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("found_by", models.CharField(editable=False, max_length=700)),
                        ("merged_at", models.DateTimeField(editable=False, null=True)),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("changed_at", models.DateTimeField(editable=False)),
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
                            "merged_by",
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
                            "merged_into",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="doubles",
                                to="medicare.referrer",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "referrer",
                        "ordering": ["name", "pk"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("merged_into__isnull", True)),
                                fields=["name", "id"],
                                name="referrer_by_name",
                            ),
                            models.Index(fields=["provider_number"], name="referrer_by_number"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("provider_number", ""), _negated=True),
                                    models.Q(("practice", ""), _negated=True),
                                    models.Q(("street", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="referrer_says_where",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("merged_at__isnull", True),
                                        ("merged_by__isnull", True),
                                        ("merged_into__isnull", True),
                                    ),
                                    models.Q(("merged_at__isnull", False), ("merged_into__isnull", False)),
                                    _connector="OR",
                                ),
                                name="referrer_merged_with_when",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("merged_into__isnull", True),
                                    models.Q(("merged_into", models.F("id")), _negated=True),
                                    _connector="OR",
                                ),
                                name="referrer_merged_into_another",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Referral",
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
                                    ("gp_plan", "GP, under a treatment plan"),
                                    ("psychiatrist_plan", "Psychiatrist, under a management plan"),
                                    ("psychiatrist", "Psychiatrist, directly"),
                                    ("paediatrician", "Paediatrician, directly"),
                                    ("other", "Another referral, without Medicare"),
                                ],
                                default="gp_plan",
                                max_length=20,
                                verbose_name="kind",
                            ),
                        ),
                        ("referrer_name", models.CharField(max_length=120, verbose_name="referrer's name")),
                        (
                            "referrer_provider_number",
                            models.CharField(
                                blank=True,
                                max_length=8,
                                validators=[portal.clinic.validators.validate_provider_number],
                                verbose_name="referrer's provider number",
                            ),
                        ),
                        (
                            "referrer_practice",
                            models.CharField(
                                blank=True, max_length=400, verbose_name="referrer's practice and address"
                            ),
                        ),
                        (
                            "written_on",
                            models.DateField(
                                help_text="The date on the letter, not the day it came.", verbose_name="date written"
                            ),
                        ),
                        (
                            "services",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Leave empty if the letter doesn't say, and ask the referrer.",
                                null=True,
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(50),
                                ],
                                verbose_name="number of services",
                            ),
                        ),
                        (
                            "period",
                            models.CharField(
                                blank=True,
                                help_text="Leave empty to print the number of services.",
                                max_length=60,
                                verbose_name="period, as printed on invoices",
                            ),
                        ),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        (
                            "created_by",
                            models.ForeignKey(
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
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="referrals",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "continues_elsewhere",
                            models.BooleanField(
                                default=False,
                                help_text="Medicare limits the first course to fewer sessions than a later one.",
                                verbose_name="An earlier course was given elsewhere",
                            ),
                        ),
                        ("is_for_group", models.BooleanField(default=False, verbose_name="For group sessions")),
                        (
                            "used_elsewhere",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                default=0,
                                help_text="Sessions under this letter with a psychologist of another practice.",
                                validators=[django.core.validators.MaxValueValidator(50)],
                                verbose_name="Of these, used elsewhere",
                            ),
                        ),
                        (
                            "corrects",
                            models.OneToOneField(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="correction",
                                to="medicare.referral",
                            ),
                        ),
                        ("course", models.UUIDField(default=uuid.uuid4, editable=False)),
                        (
                            "decided",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                help_text="Where the letter names no number, or one too high. It counts instead of the letter's.",
                                null=True,
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(50),
                                ],
                                verbose_name="number decided since",
                            ),
                        ),
                        (
                            "decided_how",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("asked", "The referrer was asked"),
                                    ("judgement", "Clinical judgement: the referrer could not be reached"),
                                ],
                                max_length=10,
                                verbose_name="how it was decided",
                            ),
                        ),
                        (
                            "decided_note",
                            models.CharField(
                                blank=True,
                                help_text="Who decided, when, and how the referrer was tried. Nothing of why they come.",
                                max_length=200,
                                verbose_name="note",
                            ),
                        ),
                        (
                            "end",
                            models.CharField(
                                blank=True,
                                choices=[("corrected", "Corrected"), ("taken_off", "Taken off file")],
                                editable=False,
                                max_length=10,
                            ),
                        ),
                        ("ended_at", models.DateTimeField(editable=False, null=True)),
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
                            "ended_why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("mistyped", "It was typed wrongly"),
                                    ("amended", "The referrer changed the letter"),
                                    ("asked", "The referrer was asked"),
                                    ("other_patient", "It is another patient's letter"),
                                    ("doubled", "It is on file twice"),
                                    ("elsewhere", "They take it to another practice"),
                                    ("withdrawn", "The referrer took it back"),
                                ],
                                editable=False,
                                max_length=14,
                            ),
                        ),
                        (
                            "referrer",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="referrals",
                                to="medicare.referrer",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-written_on", "-id"],
                        "indexes": [
                            models.Index(fields=["patient", "-written_on"], name="referral_of_patient"),
                            models.Index(fields=["course"], name="referral_of_course"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("referrer_provider_number", ""), _negated=True),
                                    models.Q(("referrer_practice", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="referral_says_where_the_referrer_is",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("services__isnull", True), ("services__gte", 1), _connector="OR"),
                                name="referral_services_at_least_one",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("course",),
                                name="referral_one_of_a_course_stands",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided__isnull", True), ("decided_how", ""), ("decided_note", "")),
                                    models.Q(("decided__gte", 1), ("decided_how", "asked")),
                                    models.Q(
                                        ("decided__gte", 1),
                                        ("decided_how", "judgement"),
                                        models.Q(("decided_note", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="referral_decided_with_how",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("end", ""),
                                        ("ended_at__isnull", True),
                                        ("ended_by__isnull", True),
                                        ("ended_why", ""),
                                    ),
                                    models.Q(
                                        ("end", "corrected"),
                                        ("ended_at__isnull", False),
                                        ("ended_why__in", ["mistyped", "amended", "asked"]),
                                    ),
                                    models.Q(
                                        ("end", "taken_off"),
                                        ("ended_at__isnull", False),
                                        ("ended_why__in", ["other_patient", "doubled", "elsewhere", "withdrawn"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="referral_ended_with_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("decided__isnull", False), ("used_elsewhere__lte", models.F("decided"))),
                                    models.Q(("decided__isnull", True), ("services__isnull", True)),
                                    models.Q(("decided__isnull", True), ("used_elsewhere__lte", models.F("services"))),
                                    _connector="OR",
                                ),
                                name="referral_used_elsewhere_within_services",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ReferrerHistory",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("gp", "GP"),
                                    ("pmp", "Prescribed medical practitioner"),
                                    ("psychiatrist", "Psychiatrist"),
                                    ("paediatrician", "Paediatrician"),
                                    ("other", "Somebody else"),
                                ],
                                default="gp",
                                max_length=16,
                                verbose_name="profession",
                            ),
                        ),
                        (
                            "provider_number",
                            models.CharField(
                                blank=True,
                                max_length=8,
                                validators=[portal.clinic.validators.validate_provider_number],
                                verbose_name="provider number",
                            ),
                        ),
                        ("practice", models.CharField(blank=True, max_length=200, verbose_name="practice")),
                        ("street", models.CharField(blank=True, max_length=120, verbose_name="street")),
                        ("suburb", models.CharField(blank=True, max_length=60, verbose_name="suburb")),
                        ("state", models.CharField(blank=True, max_length=3, verbose_name="state")),
                        ("postcode", models.CharField(blank=True, max_length=4, verbose_name="postcode")),
                        (
                            "phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="phone"
                            ),
                        ),
                        (
                            "fax",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="fax"
                            ),
                        ),
                        (
                            "is_in_use",
                            models.BooleanField(
                                default=True,
                                help_text="Untick it for somebody who has left.",
                                verbose_name="offered when a letter is put on file",
                            ),
                        ),
                        ("since", models.DateTimeField(editable=False)),
                        (
                            "referrer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="history",
                                to="medicare.referrer",
                            ),
                        ),
                        (
                            "said_by",
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
                        "ordering": ["-since", "-pk"],
                    },
                ),
                migrations.CreateModel(
                    name="LetterCheck",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("course", models.UUIDField(editable=False)),
                        ("checked_at", models.DateTimeField(editable=False)),
                        ("has_name", models.BooleanField()),
                        ("has_birth_date", models.BooleanField()),
                        ("has_address", models.BooleanField()),
                        ("has_diagnosis", models.BooleanField()),
                        ("has_medication", models.BooleanField()),
                        ("has_services", models.BooleanField()),
                        ("has_plan", models.BooleanField(null=True)),
                        ("is_signed", models.BooleanField()),
                        ("is_dated", models.BooleanField()),
                        ("has_usual", models.BooleanField(null=True)),
                        ("asked_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "asked_how",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("phone", "By phone"),
                                    ("fax", "By fax"),
                                    ("post", "By post"),
                                    ("email", "By e-mail"),
                                ],
                                editable=False,
                                max_length=5,
                                verbose_name="how",
                            ),
                        ),
                        ("answered_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "answered_by",
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
                            "asked_by",
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
                            "checked_by",
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
                            "referral",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="checks",
                                to="medicare.referral",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-checked_at", "-pk"],
                        "indexes": [models.Index(fields=["course", "checked_at"], name="letter_check_of_course")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("asked_at__isnull", True), ("asked_by__isnull", True), ("asked_how", "")),
                                    models.Q(
                                        ("asked_at__isnull", False),
                                        ("asked_how__in", ["phone", "fax", "post", "email"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="letter_check_asked_with_how",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("answered_at__isnull", True), ("answered_by__isnull", True)),
                                    models.Q(("answered_at__gte", models.F("asked_at")), ("asked_at__isnull", False)),
                                    _connector="OR",
                                ),
                                name="letter_check_answered_once_asked",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ReferralLetter",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("course", models.UUIDField(editable=False)),
                        ("name", portal.common.crypto.fields.EncryptedTextField(bound_to="code", max_length=140)),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("pdf", "PDF"),
                                    ("docx", "Word document"),
                                    ("xlsx", "Spreadsheet"),
                                    ("odt", "OpenDocument text"),
                                    ("txt", "Plain text"),
                                    ("png", "Picture (PNG)"),
                                    ("jpg", "Picture (JPEG)"),
                                    ("mp3", "Audio"),
                                ],
                                max_length=4,
                            ),
                        ),
                        ("size", models.PositiveIntegerField()),
                        ("sha256", models.CharField(max_length=64)),
                        ("path", models.CharField(max_length=80)),
                        ("key", portal.common.crypto.fields.EncryptedTextField(bound_to="code")),
                        ("added_at", models.DateTimeField(editable=False)),
                        ("replaced_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "replaced_why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("amended", "The referrer sent an amended letter"),
                                    ("better_copy", "This is a better copy"),
                                    ("wrong_file", "The wrong file was put here"),
                                ],
                                editable=False,
                                max_length=11,
                            ),
                        ),
                        (
                            "added_by",
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
                            "referral",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="letters",
                                to="medicare.referral",
                            ),
                        ),
                        (
                            "replaced_by",
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
                        "ordering": ["-added_at", "-pk"],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("replaced_at__isnull", True)),
                                fields=("course",),
                                name="referral_letter_one_of_a_course",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("replaced_at__isnull", True),
                                        ("replaced_by__isnull", True),
                                        ("replaced_why", ""),
                                    ),
                                    models.Q(
                                        ("replaced_at__isnull", False),
                                        ("replaced_why__in", ["amended", "better_copy", "wrong_file"]),
                                    ),
                                    _connector="OR",
                                ),
                                name="referral_letter_replaced_with_why",
                            ),
                        ],
                    },
                ),
            ],
        ),
        migrations.RunPython(
            import_module("portal.medicare.migrations.0002_seed_items_of_2025_and_2026").seed, migrations.RunPython.noop
        ),
        migrations.RunPython(
            import_module("portal.medicare.migrations.0005_seed_limits").seed, migrations.RunPython.noop
        ),
    ]
