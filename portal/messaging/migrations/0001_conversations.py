import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.common.crypto.fields
import portal.common.database.many_tables


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("clinic", "0027_messages_are_answered"),
        ("patients", "0012_found_by_card"),
    ]

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="ReplyTemplate",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("title", models.CharField(max_length=60, verbose_name="title")),
                        ("words", models.TextField(max_length=2000, verbose_name="words")),
                        ("added_at", models.DateTimeField(editable=False)),
                        (
                            "added_by",
                            models.ForeignKey(
                                editable=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "owner",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reply_templates",
                                to="clinic.psychologist",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "reply template",
                        "ordering": ["title", "id"],
                    },
                ),
                migrations.CreateModel(
                    name="Thread",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "about",
                            portal.common.crypto.fields.EncryptedTextField(blank=True, bound_to="code", max_length=100),
                        ),
                        ("by_text", models.BooleanField(default=False, editable=False)),
                        (
                            "phone",
                            portal.common.crypto.fields.EncryptedTextField(blank=True, bound_to="code", max_length=20),
                        ),
                        ("started_at", models.DateTimeField(editable=False)),
                        ("last_number", models.PositiveIntegerField(default=0, editable=False)),
                        ("last_from_clinic", models.PositiveIntegerField(default=0, editable=False)),
                        ("last_at", models.DateTimeField(editable=False)),
                        ("turn", models.PositiveIntegerField(default=0, editable=False)),
                        ("waiting_since", models.DateTimeField(editable=False, null=True)),
                        ("assigned_at", models.DateTimeField(editable=False, null=True)),
                        ("closed_at", models.DateTimeField(editable=False, null=True)),
                        (
                            "assigned_to",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "closed_by",
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
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="threads",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="threads",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "started_by",
                            models.ForeignKey(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-last_at", "-id"],
                        "indexes": [
                            models.Index(fields=["patient", "-last_at"], name="thread_by_patient"),
                            models.Index(fields=["psychologist", "-last_at"], name="thread_by_psychologist"),
                            models.Index(
                                condition=models.Q(("waiting_since__isnull", False)),
                                fields=["waiting_since"],
                                name="thread_waiting",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("patient__isnull", False),
                                    models.Q(("by_text", True), ("psychologist__isnull", True)),
                                    _connector="OR",
                                ),
                                name="thread_of_a_patient_or_of_a_phone",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("started_by__isnull", False), ("by_text", True), _connector="OR"),
                                name="thread_begun_by_somebody_or_by_text",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("assigned_at__isnull", True), ("assigned_to__isnull", True)),
                                    models.Q(
                                        ("assigned_at__isnull", False),
                                        ("assigned_to__isnull", False),
                                        ("psychologist__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="thread_assigned_to_and_at",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("closed_at__isnull", True), ("closed_by__isnull", True)),
                                    models.Q(
                                        ("closed_at__isnull", False),
                                        ("closed_by__isnull", False),
                                        ("waiting_since__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="thread_closed_at_and_by_and_waits_no_more",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("last_from_clinic__lte", models.F("last_number"))),
                                name="thread_numbers_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ReadMark",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("upto", models.PositiveIntegerField()),
                        ("at", models.DateTimeField()),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "thread",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="marks", to="messaging.thread"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [models.UniqueConstraint(fields=("thread", "user"), name="read_mark_once")],
                    },
                ),
                migrations.CreateModel(
                    name="Message",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("number", models.PositiveIntegerField()),
                        (
                            "side",
                            models.CharField(choices=[("patient", "Patient"), ("clinic", "The clinic")], max_length=8),
                        ),
                        ("source", models.CharField(blank=True, max_length=64)),
                        ("sent_at", models.DateTimeField()),
                        ("body", portal.common.crypto.fields.EncryptedTextField(bound_to="code", max_length=5000)),
                        (
                            "author",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "thread",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="messages",
                                to="messaging.thread",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["thread", "number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("thread", "number"), name="message_number_once"),
                            models.UniqueConstraint(
                                condition=models.Q(("source", ""), _negated=True),
                                fields=("source",),
                                name="message_source_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)), name="message_counts_from_one"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("side__in", ["patient", "clinic"])), name="message_side_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("author__isnull", False), ("source", "")),
                                    models.Q(
                                        ("author__isnull", True),
                                        ("side", "patient"),
                                        models.Q(("source", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="message_by_somebody_or_from_a_phone",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Attachment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
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
                        (
                            "message",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="attachment",
                                to="messaging.message",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["pdf", "docx", "xlsx", "odt", "txt", "png", "jpg", "mp3"])
                                ),
                                name="attachment_kind_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("path", ""), _negated=True), name="attachment_lies_somewhere"
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
