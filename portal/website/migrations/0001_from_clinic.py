from __future__ import annotations

import uuid
from typing import Any

from django.db import migrations, models


def take_content_types_along(apps: Any, schema_editor: Any) -> None:
    """Permissions and whatever else names a model by its content type stay with the model."""
    types = apps.get_model("contenttypes", "ContentType").objects.using(schema_editor.connection.alias)
    for name in ("sitetext", "crisisline"):
        if not types.filter(app_label="website", model=name).exists():
            types.filter(app_label="clinic", model=name).update(app_label="website")


class Migration(migrations.Migration):
    """Takes over the tables of the website's words and of the crisis lines, as `clinic` left them."""

    dependencies = [
        ("clinic", "0009_texts_and_policies_leave"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="CrisisLine",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "situation",
                            models.CharField(
                                choices=[
                                    ("talk", "You need to talk to somebody now"),
                                    ("first_nations", "You are Aboriginal or Torres Strait Islander"),
                                    ("violence", "Somebody hurts or frightens you"),
                                    ("young", "You are young, or worried about somebody who is"),
                                    ("lgbtiq", "You are LGBTIQ+"),
                                    ("men", "You are a man and would like support"),
                                    ("drugs", "Alcohol or other drugs are part of it"),
                                    ("language", "You would rather speak another language"),
                                    ("other", "More people who can help"),
                                ],
                                default="talk",
                                max_length=14,
                                verbose_name="when somebody needs it",
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("call", "Call"),
                                    ("text", "Send a text message"),
                                    ("chat", "Chat on their website"),
                                ],
                                default="call",
                                max_length=4,
                                verbose_name="how",
                            ),
                        ),
                        (
                            "number",
                            models.CharField(blank=True, max_length=30, verbose_name="number, as it is printed"),
                        ),
                        ("link", models.URLField(blank=True, verbose_name="address of the chat")),
                        ("hours", models.CharField(blank=True, max_length=80, verbose_name="when it answers")),
                        (
                            "audience",
                            models.CharField(blank=True, max_length=160, verbose_name="for whom, in a sentence"),
                        ),
                        ("everywhere", models.BooleanField(default=False, verbose_name="show it on every page")),
                        ("checked_on", models.DateField(verbose_name="checked on")),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                        ("is_active", models.BooleanField(default=True, verbose_name="shown")),
                    ],
                    options={
                        "ordering": ["position", "name"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "chat"), models.Q(("link", ""), _negated=True)),
                                    models.Q(
                                        models.Q(("kind", "chat"), _negated=True),
                                        models.Q(("number", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="crisis_line_can_be_reached",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SiteText",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("key", models.CharField(max_length=120)),
                        (
                            "language",
                            models.CharField(
                                choices=[
                                    ("en-au", "English"),
                                    ("zh-hans", "Simplified Chinese"),
                                    ("vi", "Vietnamese"),
                                    ("ar", "Arabic"),
                                ],
                                max_length=10,
                                verbose_name="language",
                            ),
                        ),
                        ("text", models.TextField(max_length=6000, verbose_name="text")),
                        ("changed_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["key", "language"],
                        "constraints": [
                            models.UniqueConstraint(fields=("key", "language"), name="site_text_once_per_language"),
                            models.CheckConstraint(
                                condition=models.Q(("text", ""), _negated=True), name="site_text_is_not_empty"
                            ),
                        ],
                    },
                ),
            ]
        ),
        migrations.RunPython(take_content_types_along, migrations.RunPython.noop),
    ]
