"""What 0001 to 0008 add up to, in one step, for a database that begins empty (docs/operations.md).

The rows to begin with come along. The next two move the website's words and the policies to apps of their own.
"""

import uuid
from importlib import import_module

import django.core.validators
import django.db.models.deletion
import phonenumber_field.modelfields
from django.conf import settings
from django.db import migrations, models

import portal.clinic.validators
import portal.common.database.many_tables


class Migration(migrations.Migration):
    replaces = [
        ("clinic", "0001_initial"),
        ("clinic", "0002_site_texts_and_crisis_lines"),
        ("clinic", "0003_seed_crisis_lines"),
        ("clinic", "0004_portraits_and_ordered_specialisations"),
        ("clinic", "0005_specialisations_keep_the_order_shown"),
        ("clinic", "0006_policies"),
        ("clinic", "0007_policy_guards"),
        ("clinic", "0008_psychologists_have_modes"),
    ]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        portal.common.database.many_tables.CreateModels(
            models=[
                migrations.CreateModel(
                    name="Language",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.CharField(max_length=10, unique=True)),
                        ("name", models.CharField(max_length=60, unique=True, verbose_name="name")),
                    ],
                    options={
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="Location",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                        ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address on the website")),
                        ("street", models.CharField(blank=True, max_length=200, verbose_name="street address")),
                        ("suburb", models.CharField(blank=True, max_length=100, verbose_name="suburb")),
                        ("state", models.CharField(blank=True, max_length=3, verbose_name="state")),
                        ("postcode", models.CharField(blank=True, max_length=4, verbose_name="postcode")),
                        (
                            "phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="phone"
                            ),
                        ),
                        (
                            "time_zone",
                            models.CharField(
                                default="Australia/Melbourne",
                                max_length=40,
                                validators=[portal.clinic.validators.validate_time_zone],
                                verbose_name="time zone",
                            ),
                        ),
                        ("directions", models.TextField(blank=True, max_length=1000, verbose_name="how to find it")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                    ],
                    options={
                        "ordering": ["position", "name"],
                    },
                ),
                migrations.CreateModel(
                    name="Specialisation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=80, unique=True, verbose_name="name")),
                        ("slug", models.SlugField(max_length=80, unique=True)),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "ordering": ["position", "name"],
                    },
                ),
                migrations.CreateModel(
                    name="ClinicSettings",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=120, verbose_name="name")),
                        (
                            "legal_name",
                            models.CharField(blank=True, max_length=200, verbose_name="legal name on invoices"),
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
                        ("gst_registered", models.BooleanField(default=False, verbose_name="registered for GST")),
                        ("street", models.CharField(blank=True, max_length=200, verbose_name="street address")),
                        ("suburb", models.CharField(blank=True, max_length=100, verbose_name="suburb")),
                        ("state", models.CharField(blank=True, max_length=3, verbose_name="state")),
                        ("postcode", models.CharField(blank=True, max_length=4, verbose_name="postcode")),
                        (
                            "phone",
                            phonenumber_field.modelfields.PhoneNumberField(
                                blank=True, max_length=128, region=None, verbose_name="phone"
                            ),
                        ),
                        ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                        ("logo", models.ImageField(blank=True, upload_to="clinic/", verbose_name="logo")),
                        (
                            "time_zone",
                            models.CharField(
                                default="Australia/Melbourne",
                                max_length=40,
                                validators=[portal.clinic.validators.validate_time_zone],
                                verbose_name="time zone",
                            ),
                        ),
                        ("is_demo", models.BooleanField(default=False, editable=False)),
                        (
                            "notice_hours",
                            models.PositiveSmallIntegerField(
                                default=12,
                                validators=[django.core.validators.MaxValueValidator(720)],
                                verbose_name="shortest notice for an online booking, hours",
                            ),
                        ),
                        (
                            "horizon_days",
                            models.PositiveSmallIntegerField(
                                default=84,
                                validators=[
                                    django.core.validators.MinValueValidator(1),
                                    django.core.validators.MaxValueValidator(730),
                                ],
                                verbose_name="how far ahead people may book, days",
                            ),
                        ),
                        (
                            "slot_step_minutes",
                            models.PositiveSmallIntegerField(
                                default=30,
                                validators=[
                                    django.core.validators.MinValueValidator(5),
                                    django.core.validators.MaxValueValidator(240),
                                ],
                                verbose_name="times are offered every, minutes",
                            ),
                        ),
                        (
                            "hold_minutes",
                            models.PositiveSmallIntegerField(
                                default=10,
                                validators=[
                                    django.core.validators.MinValueValidator(2),
                                    django.core.validators.MaxValueValidator(60),
                                ],
                                verbose_name="a chosen time is held for, minutes",
                            ),
                        ),
                        (
                            "cancel_hours",
                            models.PositiveSmallIntegerField(
                                default=48,
                                validators=[django.core.validators.MaxValueValidator(336)],
                                verbose_name="free cancelling until, hours before",
                            ),
                        ),
                        (
                            "late_fee_percent",
                            models.PositiveSmallIntegerField(
                                default=50,
                                validators=[django.core.validators.MaxValueValidator(100)],
                                verbose_name="fee for cancelling later, percent",
                            ),
                        ),
                        (
                            "max_open_bookings",
                            models.PositiveSmallIntegerField(
                                default=8,
                                validators=[django.core.validators.MinValueValidator(1)],
                                verbose_name="most sessions one patient may have booked online",
                            ),
                        ),
                        (
                            "payment_terms_days",
                            models.PositiveSmallIntegerField(
                                default=7,
                                validators=[django.core.validators.MaxValueValidator(90)],
                                verbose_name="invoices are due after, days",
                            ),
                        ),
                        ("bank_name", models.CharField(blank=True, max_length=100, verbose_name="account name")),
                        ("bank_bsb", models.CharField(blank=True, max_length=7, verbose_name="BSB")),
                        ("bank_account", models.CharField(blank=True, max_length=20, verbose_name="account number")),
                        (
                            "invoice_footer",
                            models.CharField(blank=True, max_length=200, verbose_name="line at the foot of invoices"),
                        ),
                    ],
                    options={
                        "verbose_name": "clinic settings",
                        "constraints": [
                            models.CheckConstraint(condition=models.Q(("pk", 1)), name="clinic_settings_is_one_row")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Service",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("name", models.CharField(max_length=100, unique=True, verbose_name="name")),
                        ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address on the website")),
                        ("description", models.TextField(blank=True, max_length=2000, verbose_name="description")),
                        (
                            "minutes",
                            models.PositiveSmallIntegerField(
                                validators=[
                                    django.core.validators.MinValueValidator(5),
                                    django.core.validators.MaxValueValidator(480),
                                ],
                                verbose_name="length, minutes",
                            ),
                        ),
                        (
                            "buffer_before",
                            models.PositiveSmallIntegerField(
                                default=0,
                                validators=[django.core.validators.MaxValueValidator(120)],
                                verbose_name="kept free before, minutes",
                            ),
                        ),
                        (
                            "buffer_after",
                            models.PositiveSmallIntegerField(
                                default=0,
                                validators=[django.core.validators.MaxValueValidator(120)],
                                verbose_name="kept free after, minutes",
                            ),
                        ),
                        (
                            "fee",
                            models.DecimalField(
                                decimal_places=2,
                                max_digits=8,
                                validators=[django.core.validators.MinValueValidator(0)],
                                verbose_name="fee",
                            ),
                        ),
                        (
                            "tax_code",
                            models.CharField(
                                choices=[("gst_free", "GST-free"), ("taxable", "10% GST added")],
                                default="gst_free",
                                max_length=10,
                                verbose_name="GST",
                            ),
                        ),
                        ("in_person", models.BooleanField(default=True, verbose_name="in person")),
                        ("video", models.BooleanField(default=True, verbose_name="by video")),
                        ("phone", models.BooleanField(default=False, verbose_name="by phone")),
                        ("online", models.BooleanField(default=True, verbose_name="can be booked online")),
                        ("first_visit_only", models.BooleanField(default=False, verbose_name="first visits only")),
                        ("medicare", models.BooleanField(default=True, verbose_name="a Medicare rebate may apply")),
                        ("is_active", models.BooleanField(default=True, verbose_name="offered")),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                    ],
                    options={
                        "ordering": ["position", "name"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("fee__gte", 0)), name="service_fee_not_negative"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("minutes__gte", 5)), name="service_lasts_five_minutes"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("in_person", True), ("video", True), ("phone", True), _connector="OR"
                                ),
                                name="service_has_a_mode",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Psychologist",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address on the website")),
                        ("title", models.CharField(blank=True, max_length=20, verbose_name="title")),
                        ("headline", models.CharField(blank=True, max_length=160, verbose_name="one line about you")),
                        ("bio", models.TextField(blank=True, max_length=5000, verbose_name="about you")),
                        (
                            "qualifications",
                            models.TextField(blank=True, max_length=1000, verbose_name="qualifications, one a line"),
                        ),
                        ("photo", models.ImageField(blank=True, upload_to="psychologists/", verbose_name="photo")),
                        (
                            "registration",
                            models.CharField(
                                choices=[
                                    ("clinical", "Clinical psychologist"),
                                    ("general", "Registered psychologist"),
                                    ("provisional", "Provisional psychologist"),
                                ],
                                default="general",
                                max_length=12,
                                verbose_name="registration",
                            ),
                        ),
                        (
                            "ahpra_number",
                            models.CharField(
                                blank=True,
                                max_length=13,
                                validators=[portal.clinic.validators.validate_ahpra],
                                verbose_name="AHPRA number",
                            ),
                        ),
                        (
                            "fee",
                            models.DecimalField(
                                blank=True,
                                decimal_places=2,
                                max_digits=8,
                                null=True,
                                validators=[django.core.validators.MinValueValidator(0)],
                                verbose_name="own fee, instead of the service's",
                            ),
                        ),
                        ("accepting_patients", models.BooleanField(default=True, verbose_name="accepting patients")),
                        ("is_active", models.BooleanField(default=True, verbose_name="practises here")),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="order")),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "languages",
                            models.ManyToManyField(blank=True, related_name="psychologists", to="clinic.language"),
                        ),
                        (
                            "user",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="psychologist",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "services",
                            models.ManyToManyField(
                                blank=True,
                                help_text="Leave empty for all services.",
                                related_name="psychologists",
                                to="clinic.service",
                            ),
                        ),
                        (
                            "specialisations",
                            models.ManyToManyField(
                                blank=True,
                                related_name="psychologists",
                                through="clinic.PsychologistSpecialisation",
                                to="clinic.specialisation",
                            ),
                        ),
                        ("photo_box", models.CharField(blank=True, editable=False, max_length=60)),
                        (
                            "photo_source",
                            models.ImageField(blank=True, editable=False, upload_to="psychologists/whole/"),
                        ),
                        ("in_person", models.BooleanField(default=True, verbose_name="in person")),
                        ("video", models.BooleanField(default=True, verbose_name="by video")),
                        ("phone", models.BooleanField(default=True, verbose_name="by phone")),
                    ],
                    options={
                        "ordering": ["position", "user__last_name", "user__first_name"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("fee__isnull", True), ("fee__gte", 0), _connector="OR"),
                                name="psychologist_fee_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("in_person", True), ("video", True), ("phone", True), _connector="OR"
                                ),
                                name="psychologist_has_a_mode",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProviderNumber",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "number",
                            models.CharField(
                                max_length=8,
                                validators=[portal.clinic.validators.validate_provider_number],
                                verbose_name="provider number",
                            ),
                        ),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="clinic.location"
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="provider_numbers",
                                to="clinic.psychologist",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("psychologist", "location"), name="provider_number_once_per_location"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Room",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                        (
                            "location",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, related_name="rooms", to="clinic.location"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["location", "name"],
                        "constraints": [
                            models.UniqueConstraint(fields=("location", "name"), name="room_name_once_per_location")
                        ],
                    },
                ),
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
                migrations.CreateModel(
                    name="PsychologistSpecialisation",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        (
                            "psychologist",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="focuses",
                                to="clinic.psychologist",
                            ),
                        ),
                        (
                            "specialisation",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="focuses",
                                to="clinic.specialisation",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(default=0)),
                    ],
                    options={
                        "db_table": "clinic_psychologist_specialisations",
                        "unique_together": {("psychologist", "specialisation")},
                        "ordering": ["position", "pk"],
                    },
                ),
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
            ],
        ),
        migrations.RunPython(
            import_module("portal.clinic.migrations.0003_seed_crisis_lines").seed, migrations.RunPython.noop
        ),
    ]
