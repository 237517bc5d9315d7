"""What 0001 to 0007 add up to, in one step, for a database that begins empty (docs/operations.md).

What carries over the notices of older databases is left out.
"""

import uuid

import django.utils.timezone
from django.db import migrations, models

import portal.common.crypto.fields
import portal.common.database.many_tables


class Migration(migrations.Migration):
    replaces = [
        ("notifications", "0001_outbox"),
        ("notifications", "0002_withdrawn"),
        ("notifications", "0003_carry_over_notices"),
        ("notifications", "0004_withdrawn_rules"),
        ("notifications", "0005_secrets_in_doubt"),
        ("notifications", "0006_secrets_in_doubt_erased"),
        ("notifications", "0007_word_of_a_change"),
    ]

    initial = True

    dependencies = []

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="Heartbeat",
                    fields=[
                        ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                    ],
                ),
                migrations.CreateModel(
                    name="Notice",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("channel", models.CharField(choices=[("email", "E-mail")], default="email", max_length=20)),
                        ("template", models.CharField(max_length=100)),
                        ("language", models.CharField(max_length=10)),
                        ("to", portal.common.crypto.fields.EncryptedTextField(bound_to="code")),
                        ("subject", portal.common.crypto.fields.EncryptedTextField(blank=True, bound_to="code")),
                        ("text", portal.common.crypto.fields.EncryptedTextField(bound_to="code", null=True)),
                        (
                            "html",
                            portal.common.crypto.fields.EncryptedTextField(blank=True, bound_to="code", null=True),
                        ),
                        (
                            "attachments",
                            portal.common.crypto.fields.EncryptedJSONField(blank=True, bound_to="code", null=True),
                        ),
                        ("dedupe_key", models.CharField(max_length=200, unique=True)),
                        ("secret", models.BooleanField(default=False)),
                        ("about_label", models.CharField(blank=True, max_length=80)),
                        ("about_code", models.CharField(blank=True, max_length=40)),
                        (
                            "state",
                            models.CharField(
                                choices=[
                                    ("pending", "Waiting"),
                                    ("sending", "Being sent"),
                                    ("sent", "Sent"),
                                    ("failed", "Not sent"),
                                    ("unknown", "Perhaps sent"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="pending",
                                max_length=10,
                            ),
                        ),
                        ("attempts", models.PositiveSmallIntegerField(default=0)),
                        ("next_attempt_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("lease_until", models.DateTimeField(blank=True, null=True)),
                        ("leased_by", models.CharField(blank=True, max_length=32)),
                        ("message_id", models.CharField(blank=True, max_length=200)),
                        ("provider_id", models.CharField(blank=True, max_length=100)),
                        ("error", models.CharField(blank=True, max_length=100)),
                        ("created_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("sent_at", models.DateTimeField(blank=True, null=True)),
                        ("settled_by", models.CharField(blank=True, max_length=40)),
                        ("settled_at", models.DateTimeField(blank=True, null=True)),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                        ("withdrawn_why", models.CharField(blank=True, max_length=40)),
                        ("about_revision", models.PositiveIntegerField(blank=True, null=True)),
                        ("about_before", models.JSONField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(
                                condition=models.Q(("state", "pending")), fields=["next_attempt_at"], name="notice_due"
                            ),
                            models.Index(
                                condition=models.Q(("state", "sending")), fields=["lease_until"], name="notice_overrun"
                            ),
                            models.Index(fields=["about_label", "about_code"], name="notice_about"),
                            models.Index(fields=["created_at"], name="notice_created_at"),
                            models.Index(
                                condition=models.Q(
                                    ("settled_at__isnull", True),
                                    ("state__in", ["failed", "unknown"]),
                                    ("withdrawn_at__isnull", True),
                                ),
                                fields=["created_at"],
                                name="notice_needing_eyes",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("lease_until__isnull", False), ("state", "sending")),
                                    models.Q(
                                        models.Q(("state", "sending"), _negated=True), ("lease_until__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="notice_lease_iff_sending",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("sent_at__isnull", False), ("state", "sent")),
                                    models.Q(models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", True)),
                                    _connector="OR",
                                ),
                                name="notice_sent_at_iff_sent",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("settled_at__isnull", True), ("settled_by", "")),
                                    models.Q(
                                        models.Q(("settled_by", ""), _negated=True), ("settled_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="notice_settled_as_a_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["pending", "sending", "sent", "failed", "unknown", "withdrawn"])
                                ),
                                name="notice_state_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("withdrawn_at__isnull", True),
                                        ("withdrawn_why", ""),
                                        models.Q(("state", "withdrawn"), _negated=True),
                                    ),
                                    models.Q(
                                        ("withdrawn_at__isnull", False), models.Q(("withdrawn_why", ""), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="notice_withdrawn_with_when_and_why",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("text__isnull", False),
                                    models.Q(
                                        ("secret", True), ("state__in", ["sent", "failed", "unknown", "withdrawn"])
                                    ),
                                    _connector="OR",
                                ),
                                name="notice_words_erased_only_when_secret_and_over",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ChannelPause",
                    fields=[
                        ("channel", models.CharField(max_length=20, primary_key=True, serialize=False)),
                        ("until", models.DateTimeField()),
                        ("error", models.CharField(blank=True, max_length=100)),
                    ],
                ),
            ],
        ),
    ]
