"""What 0001 to 0011 add up to, in one step, for a database that begins empty (docs/operations.md).

What moves the rows of older databases is left out.
"""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models

import portal.common.database.many_tables
import portal.patients.fields
import portal.patients.validators


class Migration(migrations.Migration):
    replaces = [
        ("patients", "0001_initial"),
        ("patients", "0002_consents"),
        ("patients", "0003_consent_guards"),
        ("patients", "0004_consents_point_to_policies"),
        ("patients", "0005_readings"),
        ("patients", "0006_reaching_a_record"),
        ("patients", "0007_accounts_addresses"),
        ("patients", "0008_found_however_it_is_typed"),
        ("patients", "0009_carers_added_by_and_their_files"),
        ("patients", "0010_who_books_online"),
        ("patients", "0011_bulk_billed_patients"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("policies", "0002_fees_by_rule"),
    ]

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="Patient",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("legal_first_name", models.CharField(max_length=100, verbose_name="legal first name")),
                        (
                            "legal_last_name",
                            models.CharField(blank=True, max_length=100, verbose_name="legal last name"),
                        ),
                        (
                            "preferred_name",
                            models.CharField(blank=True, max_length=100, verbose_name="preferred first name"),
                        ),
                        ("pronouns", models.CharField(blank=True, max_length=40, verbose_name="pronouns")),
                        ("date_of_birth", models.DateField(verbose_name="date of birth")),
                        (
                            "phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="phone"
                            ),
                        ),
                        ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                        ("language", models.CharField(blank=True, max_length=10, verbose_name="language")),
                        ("street", models.CharField(blank=True, max_length=200, verbose_name="street address")),
                        ("suburb", models.CharField(blank=True, max_length=100, verbose_name="suburb")),
                        ("state", models.CharField(blank=True, max_length=3, verbose_name="state")),
                        ("postcode", models.CharField(blank=True, max_length=4, verbose_name="postcode")),
                        (
                            "medicare_number",
                            models.CharField(
                                blank=True,
                                max_length=10,
                                validators=[portal.patients.validators.validate_medicare_number],
                                verbose_name="Medicare card number",
                            ),
                        ),
                        (
                            "medicare_irn",
                            models.CharField(
                                blank=True,
                                max_length=1,
                                validators=[portal.patients.validators.validate_irn],
                                verbose_name="number beside the name",
                            ),
                        ),
                        ("medicare_expires", models.DateField(blank=True, null=True, verbose_name="valid to")),
                        ("medicare_name", models.CharField(blank=True, max_length=40, verbose_name="name on the card")),
                        (
                            "emergency_name",
                            models.CharField(blank=True, max_length=120, verbose_name="emergency contact"),
                        ),
                        (
                            "emergency_relationship",
                            models.CharField(blank=True, max_length=60, verbose_name="who they are to you"),
                        ),
                        (
                            "emergency_phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="their phone"
                            ),
                        ),
                        ("gp_name", models.CharField(blank=True, max_length=120, verbose_name="GP")),
                        ("gp_practice", models.CharField(blank=True, max_length=200, verbose_name="GP's practice")),
                        (
                            "gp_phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="GP's phone"
                            ),
                        ),
                        ("desk_note", models.CharField(blank=True, max_length=200, verbose_name="note for the desk")),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        (
                            "user",
                            models.OneToOneField(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="patient",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("compared_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("approved_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "approved_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("bulk_billed", models.BooleanField(default=False, verbose_name="bulk billed")),
                    ],
                    options={
                        "ordering": ["legal_last_name", "legal_first_name", "id"],
                        "indexes": [
                            models.Index(fields=["legal_last_name", "legal_first_name", "id"], name="patient_by_name"),
                            models.Index(django.db.models.functions.text.Lower("email"), name="patient_by_email"),
                            models.Index(
                                condition=models.Q(("compared_at__isnull", True)),
                                fields=["created_at"],
                                name="patient_not_compared",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("medicare_number", ""),
                                    models.Q(("medicare_irn", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="patient_medicare_number_has_its_irn",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("approved_at__isnull", True), ("approved_by__isnull", True)),
                                    models.Q(("approved_at__isnull", False), ("approved_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="patient_approved_at_iff_by_somebody",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Carer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "relationship",
                            models.CharField(
                                choices=[
                                    ("parent", "Parent"),
                                    ("guardian", "Guardian"),
                                    ("partner", "Partner"),
                                    ("other", "Other"),
                                ],
                                max_length=10,
                                verbose_name="relationship",
                            ),
                        ),
                        ("is_billed", models.BooleanField(default=False, verbose_name="invoices go to this person")),
                        ("started_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="caring_for",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="carers",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "added_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("reads_files", models.BooleanField(default=False, verbose_name="opens shared files")),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("patient", "user"),
                                name="carer_once_in_force",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("is_billed", True)),
                                fields=("patient",),
                                name="carer_one_is_billed",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SearchKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", portal.patients.fields.ByteOrderedCharField(max_length=254)),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="search_keys",
                                to="patients.patient",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["key", "patient"], name="search_key_by_key")],
                        "constraints": [
                            models.UniqueConstraint(fields=("patient", "key"), name="search_key_once_per_patient")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Consent",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("role", models.CharField(max_length=20)),
                        ("agreed_at", models.DateTimeField()),
                        ("language", models.CharField(max_length=10)),
                        (
                            "agreed_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="consents",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="consents",
                                to="policies.policyversion",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("patient", "version"), name="consent_once_per_version")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Reading",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("kind", models.CharField(choices=[("note", "notes"), ("file", "files")], max_length=8)),
                        ("day", models.DateField()),
                        ("first_at", models.DateTimeField()),
                        ("last_at", models.DateTimeField()),
                        ("times", models.PositiveIntegerField(default=1)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="readings",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "reader",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["author", "last_at"], name="reading_by_author")],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "kind", "reader", "author", "day"), name="reading_once_a_day"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reader", models.F("author")), _negated=True),
                                name="reading_of_a_colleagues_words",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("times__gte", 1)), name="reading_counts_from_one"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MailedLink",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "purpose",
                            models.CharField(
                                choices=[("invitation", "Invitation"), ("address", "Address")], max_length=10
                            ),
                        ),
                        ("email", models.EmailField(max_length=254)),
                        ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                        ("sent_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("wrong_dates", models.PositiveSmallIntegerField(default=0)),
                        ("used_at", models.DateTimeField(blank=True, null=True)),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        ("closed_why", models.CharField(blank=True, max_length=20)),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mailed_links",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "sent_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "used_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("sent_at"))),
                                name="mailed_link_expires_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("closed_at__isnull", True), ("closed_why", "")),
                                    models.Q(("closed_at__isnull", False), models.Q(("closed_why", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="mailed_link_closed_with_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("used_at__isnull", True), ("closed_at__isnull", True), _connector="OR"
                                ),
                                name="mailed_link_used_or_closed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("used_by__isnull", True), ("used_at__isnull", False), _connector="OR"
                                ),
                                name="mailed_link_used_by_once_used",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True), ("used_at__isnull", True)),
                                fields=("patient", "purpose"),
                                name="mailed_link_outstanding_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WrongBirthDate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("address", models.CharField(max_length=64)),
                        ("at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["user", "at"], name="wrong_birth_date_by_user"),
                            models.Index(fields=["address", "at"], name="wrong_birth_date_by_address"),
                        ],
                    },
                ),
            ],
        ),
    ]
