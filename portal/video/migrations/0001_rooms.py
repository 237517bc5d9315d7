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
        ("appointments", "0021_reminders"),
    ]

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="Room",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("name", models.CharField(max_length=80, unique=True)),
                        ("starts_at", models.DateTimeField()),
                        ("made_at", models.DateTimeField()),
                        (
                            "whereabouts",
                            portal.common.crypto.fields.EncryptedTextField(blank=True, bound_to="code", null=True),
                        ),
                        ("waiting_since", models.DateTimeField(blank=True, null=True)),
                        ("admitted_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "admitted_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "session",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="video_room",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "waiting",
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
                                condition=models.Q(
                                    models.Q(("waiting__isnull", True), ("waiting_since__isnull", True)),
                                    models.Q(("waiting__isnull", False), ("waiting_since__isnull", False)),
                                    _connector="OR",
                                ),
                                name="video_room_waits_as_a_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("admitted_at__isnull", True), ("admitted_by__isnull", True)),
                                    models.Q(
                                        ("admitted_at__gte", models.F("waiting_since")),
                                        ("admitted_by__isnull", False),
                                        ("waiting_since__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="video_room_lets_in_who_waits",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Presence",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "side",
                            models.CharField(
                                choices=[("patient", "Patient"), ("psychologist", "Psychologist")], max_length=12
                            ),
                        ),
                        ("joined_at", models.DateTimeField()),
                        ("seen_at", models.DateTimeField()),
                        ("left_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "person",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "room",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="presences", to="video.room"
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("side__in", ["patient", "psychologist"])),
                                name="video_presence_side_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("seen_at__gte", models.F("joined_at")),
                                    models.Q(
                                        ("left_at__isnull", True),
                                        ("left_at__gte", models.F("joined_at")),
                                        _connector="OR",
                                    ),
                                ),
                                name="video_presence_ends_after_it_began",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("left_at__isnull", True)),
                                fields=("room", "person"),
                                name="video_presence_once_at_a_time",
                            ),
                        ],
                    },
                ),
            ],
        ),
    ]
