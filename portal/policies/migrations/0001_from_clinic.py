from __future__ import annotations

from typing import Any

import django.core.validators
import django.db.models.deletion
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models


def take_content_types_along(apps: Any, schema_editor: Any) -> None:
    """Permissions and whatever else names a model by its content type stay with the model."""
    types = apps.get_model("contenttypes", "ContentType").objects.using(schema_editor.connection.alias)
    for name in ("policysettings", "policyversion"):
        if not types.filter(app_label="policies", model=name).exists():
            types.filter(app_label="clinic", model=name).update(app_label="policies")


class Migration(migrations.Migration):
    """Takes over the tables of the policies, as `clinic` left them."""

    dependencies = [
        ("clinic", "0009_texts_and_policies_leave"),
        ("contenttypes", "0002_remove_content_type_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="PolicySettings",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "contact_name",
                            models.CharField(
                                blank=True, max_length=120, verbose_name="who answers questions about privacy"
                            ),
                        ),
                        ("contact_email", models.EmailField(blank=True, max_length=254, verbose_name="their e-mail")),
                        (
                            "contact_phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="their phone"
                            ),
                        ),
                        (
                            "contact_address",
                            models.CharField(blank=True, max_length=200, verbose_name="their postal address"),
                        ),
                        (
                            "retention_years",
                            models.PositiveSmallIntegerField(
                                default=7,
                                validators=[
                                    django.core.validators.MinValueValidator(7),
                                    django.core.validators.MaxValueValidator(100),
                                ],
                                verbose_name="records are kept after the last session, years",
                            ),
                        ),
                        ("processors", models.JSONField(blank=True, default=dict)),
                        (
                            "no_show_percent",
                            models.PositiveSmallIntegerField(
                                blank=True,
                                null=True,
                                validators=[django.core.validators.MaxValueValidator(100)],
                                verbose_name="fee for not coming, percent",
                            ),
                        ),
                        (
                            "waiver",
                            models.CharField(blank=True, max_length=500, verbose_name="when you do without the fee"),
                        ),
                        (
                            "privacy_additions",
                            models.TextField(
                                blank=True, max_length=6000, verbose_name="your own words in the privacy policy"
                            ),
                        ),
                        (
                            "fees_additions",
                            models.TextField(
                                blank=True, max_length=6000, verbose_name="your own words in the fees policy"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "policy settings",
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="policy_settings_is_one_row")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PolicyVersion",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[("privacy", "Privacy policy"), ("fees", "Fees and cancellation policy")],
                                max_length=10,
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("day", models.SlugField(max_length=16)),
                        ("effective_from", models.DateField(verbose_name="in force from")),
                        ("published_at", models.DateTimeField()),
                        ("facts", models.JSONField()),
                        ("documents", models.JSONField()),
                        ("additions", models.TextField(blank=True)),
                        (
                            "changes",
                            models.TextField(blank=True, max_length=1000, verbose_name="what changed, in a few words"),
                        ),
                        ("ask_again", models.BooleanField(default=False, verbose_name="ask patients to agree again")),
                        (
                            "published_by",
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
                        "verbose_name": "policy",
                        "ordering": ["kind", "-number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("kind", "number"), name="policy_number_once_per_kind"),
                            models.UniqueConstraint(fields=("kind", "day"), name="policy_day_once_per_kind"),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["privacy", "fees"])), name="policy_kind_is_known"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)), name="policy_number_from_one"
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.RunPython(take_content_types_along, migrations.RunPython.noop),
    ]
