"""What 0001 to 0020 add up to, in one step, for a database that begins empty (docs/operations.md).

With what PostgreSQL's exclusion constraints need.
"""

import datetime
import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations, models

import portal.common.crypto.fields
import portal.common.database.many_tables


class Migration(migrations.Migration):
    replaces = [
        ("appointments", "0001_initial"),
        ("appointments", "0002_no_overlap"),
        ("appointments", "0003_promised_terms"),
        ("appointments", "0004_promised_fee_for_not_coming"),
        ("appointments", "0005_diaries_are_read_in_an_index"),
        ("appointments", "0006_promised_grace"),
        ("appointments", "0007_hours_may_end_at_midnight"),
        ("appointments", "0008_hours_by_way_and_date"),
        ("appointments", "0009_private_calendar_addresses"),
        ("appointments", "0010_series_of_sessions"),
        ("appointments", "0011_waitlist"),
        ("appointments", "0012_closures"),
        ("appointments", "0013_outside_calendars"),
        ("appointments", "0014_requests"),
        ("appointments", "0015_times_offered_for_a_move"),
        ("appointments", "0016_unreached"),
        ("appointments", "0017_opened_hours"),
        ("appointments", "0018_closures_by_way_of_meeting"),
        ("appointments", "0019_waiting_goes_with_the_person"),
        ("appointments", "0020_promised_second_fee"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("clinic", "0024_bulk_billed_services"),
        ("patients", "0001_squashed_0011_bulk_billed_patients"),
    ]

    operations = [
        BtreeGistExtension(),
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="TimeSlot",
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
                                choices=[("extra", "Extra hours"), ("blocked", "Not available")],
                                max_length=8,
                                verbose_name="kind",
                            ),
                        ),
                        ("starts_at", models.DateTimeField(verbose_name="from")),
                        ("ends_at", models.DateTimeField(verbose_name="until")),
                        ("label", models.CharField(blank=True, max_length=60, verbose_name="shown in the diary as")),
                        (
                            "location",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="time_slots",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="time_slots",
                                to="clinic.psychologist",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["starts_at"],
                        "indexes": [models.Index(fields=["psychologist", "ends_at"], name="time_slot_of_psychologist")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="time_slot_ends_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind", "blocked"), ("location__isnull", False), _connector="OR"),
                                name="time_slot_extra_has_a_location",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WorkingHours",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "weekday",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (0, "Monday"),
                                    (1, "Tuesday"),
                                    (2, "Wednesday"),
                                    (3, "Thursday"),
                                    (4, "Friday"),
                                    (5, "Saturday"),
                                    (6, "Sunday"),
                                ],
                                verbose_name="day",
                            ),
                        ),
                        ("starts", models.TimeField(verbose_name="from")),
                        ("ends", models.TimeField(verbose_name="until")),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="hours", to="clinic.location"
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="hours",
                                to="clinic.psychologist",
                            ),
                        ),
                        ("in_person", models.BooleanField(default=False, verbose_name="In person")),
                        ("phone", models.BooleanField(default=False, verbose_name="Phone")),
                        ("valid_from", models.DateField(blank=True, null=True, verbose_name="from")),
                        ("valid_until", models.DateField(blank=True, null=True, verbose_name="until")),
                        ("video", models.BooleanField(default=False, verbose_name="Video")),
                    ],
                    options={
                        "verbose_name_plural": "working hours",
                        "ordering": ["weekday", "starts"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("weekday__lte", 6)), name="hours_have_a_weekday"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends__gt", models.F("starts")), ("ends", datetime.time(0, 0)), _connector="OR"
                                ),
                                name="hours_end_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("valid_from", None),
                                    ("valid_until", None),
                                    ("valid_until__gte", models.F("valid_from")),
                                    _connector="OR",
                                ),
                                name="hours_valid_in_order",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CalendarFeed",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "role",
                            models.CharField(
                                choices=[("psychologist", "Psychologist"), ("patient", "Patient")], max_length=20
                            ),
                        ),
                        ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                        (
                            "titles",
                            models.CharField(
                                choices=[("neutral", "Neutral"), ("named", "Named")], default="neutral", max_length=8
                            ),
                        ),
                        ("made_at", models.DateTimeField()),
                        ("last_used_at", models.DateTimeField(blank=True, null=True)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "ended_why",
                            models.CharField(
                                blank=True,
                                choices=[("renewed", "Renewed"), ("ended", "Ended"), ("lapsed", "Lapsed")],
                                max_length=8,
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="calendar_feeds",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="calendar_feeds",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "calendar address",
                        "ordering": ["made_at"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("patient__isnull", True), ("role", "psychologist")),
                                    models.Q(("patient__isnull", False), ("role", "patient")),
                                    _connector="OR",
                                ),
                                name="calendar_feed_is_a_diary_or_a_patients",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("titles__in", ["neutral", "named"])),
                                name="calendar_feed_titles_are_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("ended_why", "")),
                                    models.Q(("ended_at__isnull", False), models.Q(("ended_why", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="calendar_feed_ended_with_why",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("patient__isnull", False)),
                                fields=("user", "patient"),
                                name="calendar_feed_once_a_patient",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("patient__isnull", True)),
                                fields=("user",),
                                name="calendar_feed_once_a_diary",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Series",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "every",
                            models.CharField(
                                choices=[
                                    ("weeks", "Every so many weeks"),
                                    ("month_date", "Monthly, on the same date"),
                                    ("month_weekday", "Monthly, on the same weekday, such as each second Tuesday"),
                                    ("month_last", "Monthly, on the last such weekday of the month"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("interval", models.PositiveSmallIntegerField()),
                        ("sessions", models.PositiveSmallIntegerField()),
                        ("created_at", models.DateTimeField()),
                        (
                            "created_by",
                            models.ForeignKey(
                                blank=True,
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
                                related_name="series",
                                to="patients.patient",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "series",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("every__in", ["weeks", "month_date", "month_weekday", "month_last"])
                                ),
                                name="series_every_is_known",
                            ),
                            models.CheckConstraint(condition=models.Q(("interval__gte", 1)), name="series_goes_on"),
                            models.CheckConstraint(
                                condition=models.Q(("sessions__gte", 2)), name="series_of_two_at_least"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Appointment",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "mode",
                            models.CharField(
                                choices=[("in_person", "In person"), ("video", "Video"), ("phone", "Phone")],
                                max_length=10,
                                verbose_name="how",
                            ),
                        ),
                        ("starts_at", models.DateTimeField(verbose_name="starts")),
                        ("ends_at", models.DateTimeField(verbose_name="ends")),
                        ("occupied_from", models.DateTimeField(editable=False)),
                        ("occupied_until", models.DateTimeField(editable=False)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("held", "Held"),
                                    ("requested", "Requested"),
                                    ("booked", "Booked"),
                                    ("arrived", "Arrived"),
                                    ("completed", "Completed"),
                                    ("no_show", "No-show"),
                                    ("cancelled", "Cancelled"),
                                    ("declined", "Not confirmed"),
                                ],
                                max_length=10,
                                verbose_name="status",
                            ),
                        ),
                        ("fee", models.DecimalField(decimal_places=2, max_digits=8, verbose_name="fee")),
                        ("held_until", models.DateTimeField(blank=True, null=True)),
                        ("booked_at", models.DateTimeField(blank=True, null=True)),
                        ("confirmed_at", models.DateTimeField(blank=True, null=True)),
                        ("arrived_at", models.DateTimeField(blank=True, null=True)),
                        ("completed_at", models.DateTimeField(blank=True, null=True)),
                        ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "cancel_reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("patient", "Patient can't come"),
                                    ("psychologist", "Psychologist is away"),
                                    ("clinic", "Clinic is closed"),
                                    ("mistake", "Booked by mistake"),
                                    ("other", "Other"),
                                ],
                                max_length=12,
                            ),
                        ),
                        ("late", models.BooleanField(default=False, verbose_name="cancelled late")),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        (
                            "booked_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "cancelled_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appointments",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appointments",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appointments",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "room",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appointments",
                                to="clinic.room",
                            ),
                        ),
                        (
                            "service",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appointments",
                                to="clinic.service",
                            ),
                        ),
                        ("cancel_hours", models.PositiveSmallIntegerField(editable=False, null=True)),
                        ("late_fee_percent", models.PositiveSmallIntegerField(editable=False, null=True)),
                        ("no_show_percent", models.PositiveSmallIntegerField(editable=False, null=True)),
                        ("grace_minutes", models.PositiveSmallIntegerField(editable=False, null=True)),
                        ("planned_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("position", models.PositiveSmallIntegerField(blank=True, editable=False, null=True)),
                        (
                            "series",
                            models.ForeignKey(
                                blank=True,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="appointments",
                                to="appointments.series",
                            ),
                        ),
                        ("answer_by", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "decline_reason",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("time", "This time is not possible after all."),
                                    (
                                        "service",
                                        "Another service suits better. Please phone us, and we find it with you.",
                                    ),
                                    ("talk", "We would like to speak with you first. Please phone us."),
                                    ("no_room", "We can't take it on at the moment."),
                                    ("unanswered", "We could not answer in time. We are sorry."),
                                    ("withdrawn", "The request was withdrawn."),
                                ],
                                editable=False,
                                max_length=12,
                            ),
                        ),
                        ("declined_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        (
                            "declined_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("requested_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("near_fee_percent", models.PositiveSmallIntegerField(editable=False, null=True)),
                        ("near_hours", models.PositiveSmallIntegerField(editable=False, null=True)),
                    ],
                    options={
                        "ordering": ["starts_at"],
                        "indexes": [
                            models.Index(fields=["psychologist", "occupied_from"], name="appointment_of_psychologist"),
                            models.Index(fields=["patient", "starts_at"], name="appointment_of_patient"),
                            models.Index(fields=["room", "occupied_from"], name="appointment_in_room"),
                            models.Index(fields=["starts_at"], name="appointment_by_start"),
                            models.Index(
                                fields=["psychologist", "starts_at", "status", "ends_at", "patient", "id"],
                                name="appointment_in_diary",
                            ),
                            models.Index(
                                condition=models.Q(("status", "requested")),
                                fields=["answer_by"],
                                name="appointment_to_answer",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="appointment_ends_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("occupied_from__lte", models.F("starts_at")),
                                    ("occupied_until__gte", models.F("ends_at")),
                                ),
                                name="appointment_occupies_its_session",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("held_until__isnull", False), ("status", "held")),
                                    models.Q(models.Q(("status", "held"), _negated=True), ("held_until__isnull", True)),
                                    _connector="OR",
                                ),
                                name="appointment_held_until_iff_held",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("status", "held"), ("patient__isnull", False), _connector="OR"),
                                name="appointment_has_a_patient",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("cancelled_at__isnull", False), ("status", "cancelled")),
                                    models.Q(
                                        models.Q(("status", "cancelled"), _negated=True), ("cancelled_at__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="appointment_cancelled_at_iff_cancelled",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("completed_at__isnull", False), ("status", "completed")),
                                    models.Q(
                                        models.Q(("status", "completed"), _negated=True), ("completed_at__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="appointment_completed_at_iff_completed",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("late", False), ("status", "cancelled"), _connector="OR"),
                                name="appointment_late_only_if_cancelled",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("fee__gte", 0)), name="appointment_fee_not_negative"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("planned_at__isnull", True),
                                        ("position__isnull", True),
                                        ("series__isnull", True),
                                    ),
                                    models.Q(
                                        ("planned_at__isnull", False), ("position__gte", 1), ("series__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="appointment_position_iff_in_series",
                            ),
                            models.UniqueConstraint(
                                fields=("series", "position"), name="appointment_position_once_in_series"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "status__in",
                                        [
                                            "held",
                                            "requested",
                                            "booked",
                                            "arrived",
                                            "completed",
                                            "no_show",
                                            "cancelled",
                                            "declined",
                                        ],
                                    )
                                ),
                                name="appointment_status_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("answer_by__isnull", False),
                                        ("requested_at__isnull", False),
                                        ("status", "requested"),
                                    ),
                                    models.Q(
                                        models.Q(("status", "requested"), _negated=True), ("answer_by__isnull", True)
                                    ),
                                    _connector="OR",
                                ),
                                name="appointment_answer_by_iff_requested",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("declined_at__isnull", False),
                                        ("status", "declined"),
                                        models.Q(("decline_reason", ""), _negated=True),
                                    ),
                                    models.Q(
                                        models.Q(("status", "declined"), _negated=True),
                                        ("decline_reason", ""),
                                        ("declined_at__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="appointment_declined_at_iff_declined",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("near_fee_percent__isnull", True), ("near_hours__isnull", True)),
                                    models.Q(
                                        ("late_fee_percent__isnull", False),
                                        ("near_fee_percent__isnull", False),
                                        ("near_fee_percent__lte", 100),
                                        ("near_hours__gte", 1),
                                        ("near_hours__isnull", False),
                                    ),
                                    _connector="OR",
                                ),
                                name="appointment_promises_a_second_fee_whole",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Vacancy",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        ("in_turn", models.BooleanField(default=True)),
                        ("goes_on", models.BooleanField(default=True)),
                        ("opened_at", models.DateTimeField()),
                        ("closed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "closed_why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("filled", "Taken from the waitlist"),
                                    ("taken", "Booked by somebody else"),
                                    ("nobody", "Nobody else waits for it"),
                                    ("passed", "Too soon to offer it"),
                                    ("stopped", "Stopped by the desk"),
                                ],
                                max_length=10,
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.location"
                            ),
                        ),
                        (
                            "opened_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.psychologist"
                            ),
                        ),
                        (
                            "session",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="vacancies",
                                to="appointments.appointment",
                            ),
                        ),
                        ("of_hours", models.BooleanField(default=False)),
                    ],
                    options={
                        "verbose_name_plural": "vacancies",
                        "ordering": ["-opened_at", "-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=["starts_at"],
                                name="vacancy_open",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="vacancy_ends_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("closed_at__isnull", True), ("closed_why", "")),
                                    models.Q(("closed_at__isnull", False), models.Q(("closed_why", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="vacancy_closed_with_why",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("closed_at__isnull", True)),
                                fields=("psychologist", "starts_at"),
                                name="vacancy_open_once",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WaitlistEntry",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("modes", models.PositiveSmallIntegerField()),
                        ("weekdays", models.PositiveSmallIntegerField()),
                        ("parts", models.PositiveSmallIntegerField()),
                        ("urgent", models.BooleanField(default=False, verbose_name="urgent")),
                        ("ends_on", models.DateField(verbose_name="until")),
                        ("desk_note", models.CharField(blank=True, max_length=120, verbose_name="note for the desk")),
                        ("joined_at", models.DateTimeField(default=django.utils.timezone.now, editable=False)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "ended_why",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("booked", "Booked a session"),
                                    ("left", "Left the waitlist"),
                                    ("removed", "Taken off by the desk"),
                                    ("over", "The end date has passed"),
                                    ("been_here", "Has been here before"),
                                    ("waits_too", "Waits for it already"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("revision", models.PositiveSmallIntegerField(default=0)),
                        (
                            "joined_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="waitlist_entries",
                                to="clinic.location",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="waitlist_entries",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "psychologists",
                            models.ManyToManyField(
                                blank=True, related_name="waitlist_entries", to="clinic.psychologist"
                            ),
                        ),
                        (
                            "service",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="waitlist_entries",
                                to="clinic.service",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "waitlist entries",
                        "ordering": ["-urgent", "joined_at", "id"],
                        "indexes": [
                            models.Index(fields=["patient", "ended_at"], name="waitlist_of_patient"),
                            models.Index(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=["-urgent", "joined_at", "id"],
                                name="waitlist_in_turn",
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("modes__gte", 1), ("modes__lte", 7)), name="waitlist_has_a_way"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("weekdays__gte", 1), ("weekdays__lte", 127)),
                                name="waitlist_has_a_day",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("parts__gte", 1), ("parts__lte", 7)), name="waitlist_has_a_part"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("ended_why", "")),
                                    models.Q(("ended_at__isnull", False), models.Q(("ended_why", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="waitlist_ended_with_why",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("patient", "service"),
                                name="waitlist_once_a_service",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Offer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "mode",
                            models.CharField(
                                choices=[("in_person", "In person"), ("video", "Video"), ("phone", "Phone")],
                                max_length=10,
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
                        ("hold_code", models.UUIDField(blank=True, editable=False, null=True)),
                        ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                        ("offered_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[
                                    ("accepted", "Accepted"),
                                    ("declined", "Declined"),
                                    ("expired", "Not answered in time"),
                                    ("taken", "Somebody else was faster"),
                                    ("withdrawn", "Withdrawn by the desk"),
                                    ("not_needed", "No longer waiting"),
                                    ("unreached", "No e-mail reached them"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("moved_from", models.DateTimeField(blank=True, null=True)),
                        (
                            "booked",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="offers",
                                to="appointments.appointment",
                            ),
                        ),
                        (
                            "offered_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "vacancy",
                            models.ForeignKey(
                                db_index=False,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="offers",
                                to="appointments.vacancy",
                            ),
                        ),
                        (
                            "entry",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="offers",
                                to="appointments.waitlistentry",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-offered_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="offer_ends_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("offered_at"))),
                                name="offer_expires_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__lte", models.F("starts_at"))),
                                name="offer_expires_before_its_time",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                                    models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="offer_ended_with_outcome",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("booked__isnull", False), ("outcome", "accepted")),
                                    models.Q(
                                        models.Q(("outcome", "accepted"), _negated=True),
                                        ("booked__isnull", True),
                                        ("moved_from__isnull", True),
                                    ),
                                    _connector="OR",
                                ),
                                name="offer_booked_iff_accepted",
                            ),
                            models.UniqueConstraint(fields=("vacancy", "entry"), name="offer_once_a_time"),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("entry",),
                                name="offer_one_open_an_entry",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True), ("hold_code__isnull", False)),
                                fields=("vacancy",),
                                name="offer_one_holds_the_time",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("outcome", "accepted")),
                                fields=("vacancy",),
                                name="offer_accepted_once_a_time",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Closure",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("first_day", models.DateField(verbose_name="from")),
                        ("from_time", models.TimeField(blank=True, null=True, verbose_name="from")),
                        ("last_day", models.DateField(verbose_name="until")),
                        ("until_time", models.TimeField(blank=True, null=True, verbose_name="until")),
                        ("label", models.CharField(max_length=60, verbose_name="shown in the diary as")),
                        (
                            "location",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="closures",
                                to="clinic.location",
                            ),
                        ),
                        ("in_person", models.BooleanField(default=False, verbose_name="In person")),
                        ("phone", models.BooleanField(default=False, verbose_name="Phone")),
                        ("video", models.BooleanField(default=False, verbose_name="Video")),
                    ],
                    options={
                        "ordering": ["first_day", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("last_day__gt", models.F("first_day")),
                                    models.Q(
                                        ("last_day", models.F("first_day")),
                                        models.Q(
                                            ("from_time", None),
                                            ("until_time", None),
                                            ("until_time__gt", models.F("from_time")),
                                            _connector="OR",
                                        ),
                                    ),
                                    _connector="OR",
                                ),
                                name="closure_ends_after_start",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("label", ""), _negated=True), name="closure_has_a_name"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OutsideCalendar",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("address", portal.common.crypto.fields.EncryptedTextField(bound_to="code")),
                        ("etag", models.CharField(blank=True, max_length=200)),
                        ("modified", models.CharField(blank=True, max_length=200)),
                        ("added_at", models.DateTimeField()),
                        ("read_at", models.DateTimeField(blank=True, null=True)),
                        ("tried_at", models.DateTimeField(blank=True, null=True)),
                        ("next_try_at", models.DateTimeField(db_index=True)),
                        ("failures", models.PositiveSmallIntegerField(default=0)),
                        ("problem", models.CharField(blank=True, max_length=12)),
                        ("left_out", models.PositiveIntegerField(default=0)),
                        ("known_until", models.DateTimeField(blank=True, null=True)),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="outside_calendars",
                                to="clinic.psychologist",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "outside calendar",
                        "ordering": ["added_at", "pk"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("failures", 0), ("problem", "")),
                                    models.Q(models.Q(("problem", ""), _negated=True), ("failures__gt", 0)),
                                    _connector="OR",
                                ),
                                name="outside_calendar_fails_with_a_problem",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="OutsideBusy",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        ("ends_at", models.DateTimeField()),
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
                            "calendar",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="busy",
                                to="appointments.outsidecalendar",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["starts_at"],
                        "indexes": [
                            models.Index(fields=["psychologist", "ends_at"], name="outside_busy_of_psychologist")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("ends_at__gt", models.F("starts_at"))),
                                name="outside_busy_ends_after_start",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MoveOffer",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("revision", models.PositiveSmallIntegerField()),
                        ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                        ("offered_at", models.DateTimeField()),
                        ("expires_at", models.DateTimeField()),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "outcome",
                            models.CharField(
                                blank=True,
                                choices=[("chosen", "Chosen"), ("replaced", "Replaced"), ("decided", "Decided")],
                                max_length=10,
                            ),
                        ),
                        (
                            "offered_by",
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
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="move_offers",
                                to="appointments.appointment",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-offered_at", "-id"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("expires_at__gt", models.F("offered_at"))),
                                name="move_offer_expires_later",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("ended_at__isnull", True), ("outcome", "")),
                                    models.Q(("ended_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                                    _connector="OR",
                                ),
                                name="move_offer_ended_with_outcome",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("ended_at__isnull", True)),
                                fields=("session",),
                                name="move_offer_one_open_a_session",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MoveTime",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("starts_at", models.DateTimeField()),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.location"
                            ),
                        ),
                        (
                            "offer",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="times",
                                to="appointments.moveoffer",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["starts_at", "id"],
                        "constraints": [
                            models.UniqueConstraint(fields=("offer", "starts_at"), name="move_time_once_an_offer")
                        ],
                    },
                ),
            ],
        ),
    ]
