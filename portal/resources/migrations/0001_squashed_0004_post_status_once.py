"""What 0001 to 0004 add up to, in one step, for a database that begins empty (docs/operations.md)."""

import uuid

import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import portal.common.crypto.fields
import portal.common.database.many_tables
import portal.resources.models.posts


class Migration(migrations.Migration):
    replaces = [
        ("resources", "0001_initial"),
        ("resources", "0002_revision_guard"),
        ("resources", "0003_files"),
        ("resources", "0004_post_status_once"),
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
                    name="Category",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("name", models.CharField(max_length=60, verbose_name="name")),
                        ("slug", models.SlugField(max_length=60, unique=True, verbose_name="address on the website")),
                        ("description", models.CharField(blank=True, max_length=300, verbose_name="description")),
                        ("is_active", models.BooleanField(default=True, verbose_name="in use")),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                    ],
                    options={
                        "verbose_name_plural": "categories",
                        "ordering": ["position", "name"],
                        "constraints": [
                            models.UniqueConstraint(
                                django.db.models.functions.text.Lower("name"), name="category_name_unique_in_any_case"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("name", ""), _negated=True), models.Q(("slug", ""), _negated=True)
                                ),
                                name="category_has_a_name",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Tag",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("name", models.CharField(max_length=40, verbose_name="name")),
                        ("slug", models.SlugField(allow_unicode=True, max_length=40, unique=True)),
                    ],
                    options={
                        "ordering": ["slug"],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("name", ""), _negated=True), models.Q(("slug", ""), _negated=True)
                                ),
                                name="tag_has_a_name",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BlogPost",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("title", models.CharField(blank=True, max_length=200, verbose_name="title")),
                        ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address on the website")),
                        ("slug_is_settled", models.BooleanField(default=False, editable=False)),
                        ("body", models.TextField(blank=True, verbose_name="text")),
                        ("body_html", models.TextField(blank=True, editable=False)),
                        ("render_version", models.PositiveSmallIntegerField(default=0, editable=False)),
                        ("excerpt", models.CharField(blank=True, max_length=500, verbose_name="excerpt")),
                        ("summary", models.CharField(blank=True, editable=False, max_length=500)),
                        (
                            "language",
                            models.CharField(
                                choices=portal.resources.models.posts.languages,
                                default="en-au",
                                max_length=10,
                                verbose_name="language",
                            ),
                        ),
                        ("picture", models.ImageField(blank=True, upload_to="articles/", verbose_name="picture")),
                        (
                            "picture_alt",
                            models.CharField(blank=True, max_length=300, verbose_name="what the picture shows"),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[("draft", "Draft"), ("published", "Published")],
                                default="draft",
                                editable=False,
                                max_length=10,
                            ),
                        ),
                        ("published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("first_published_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("saved_at", models.DateTimeField(editable=False)),
                        ("updated_at", models.DateTimeField(blank=True, editable=False, null=True)),
                        ("review_by", models.DateField(blank=True, null=True, verbose_name="look it over by")),
                        ("words", models.PositiveIntegerField(default=0, editable=False)),
                        (
                            "preview_token",
                            models.CharField(
                                default=portal.resources.models.posts.new_token,
                                editable=False,
                                max_length=40,
                                unique=True,
                            ),
                        ),
                        ("search_text", models.TextField(blank=True, editable=False)),
                        ("version", models.PositiveIntegerField(default=1, editable=False)),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="articles",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="author",
                            ),
                        ),
                        (
                            "saved_by",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "category",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="posts",
                                to="resources.category",
                                verbose_name="category",
                            ),
                        ),
                        (
                            "tags",
                            models.ManyToManyField(
                                blank=True, related_name="posts", to="resources.tag", verbose_name="tags"
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "article",
                        "ordering": ["-published_at", "-id"],
                        "indexes": [
                            models.Index(
                                condition=models.Q(("status", "published")),
                                fields=["published_at", "id"],
                                name="post_by_day",
                            ),
                            models.Index(
                                condition=models.Q(("status", "published")),
                                fields=["category", "published_at", "id"],
                                name="post_by_category",
                            ),
                            models.Index(
                                condition=models.Q(("status", "published")),
                                fields=["language", "published_at", "id"],
                                name="post_by_language",
                            ),
                            models.Index(
                                condition=models.Q(("status", "published")), fields=["review_by"], name="post_by_review"
                            ),
                            models.Index(fields=["author", "saved_at", "id"], name="post_by_author"),
                            models.Index(fields=["saved_at", "id"], name="post_by_saving"),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("published_at__isnull", True), ("status", "draft")),
                                    models.Q(
                                        ("category__isnull", False),
                                        ("first_published_at__isnull", False),
                                        ("published_at__isnull", False),
                                        ("slug_is_settled", True),
                                        ("status", "published"),
                                        models.Q(("title", ""), _negated=True),
                                        models.Q(("body", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="post_published_is_whole",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("picture", ""), models.Q(("picture_alt", ""), _negated=True), _connector="OR"
                                ),
                                name="post_picture_says_what_it_shows",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("slug", ""), _negated=True), name="post_has_an_address"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("updated_at__isnull", True),
                                    models.Q(
                                        ("first_published_at__isnull", False),
                                        ("updated_at__gte", models.F("first_published_at")),
                                    ),
                                    _connector="OR",
                                ),
                                name="post_updated_after_published",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("version__gte", 1)), name="post_version_counts_from_one"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UsedSlug",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("slug", models.SlugField(max_length=80, unique=True)),
                        ("since", models.DateTimeField()),
                        (
                            "post",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="used_slugs",
                                to="resources.blogpost",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-since", "-id"],
                    },
                ),
                migrations.CreateModel(
                    name="Revision",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("title", models.CharField(blank=True, max_length=200)),
                        ("body", models.TextField(blank=True)),
                        ("excerpt", models.CharField(blank=True, max_length=500)),
                        ("at", models.DateTimeField()),
                        (
                            "by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "post",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="revisions",
                                to="resources.blogpost",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-number"],
                        "constraints": [
                            models.UniqueConstraint(fields=("post", "number"), name="revision_number_once_per_post"),
                            models.CheckConstraint(
                                condition=models.Q(("number__gte", 1)), name="revision_counts_from_one"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Resource",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("slug", models.SlugField(max_length=80, unique=True, verbose_name="address on the website")),
                        ("title", models.CharField(blank=True, max_length=120, verbose_name="title")),
                        (
                            "own_title",
                            portal.common.crypto.fields.EncryptedTextField(
                                blank=True, bound_to="code", max_length=120, null=True, verbose_name="title"
                            ),
                        ),
                        ("description", models.CharField(blank=True, max_length=400, verbose_name="description")),
                        (
                            "language",
                            models.CharField(
                                choices=portal.resources.models.posts.languages,
                                default="en-au",
                                max_length=10,
                                verbose_name="language",
                            ),
                        ),
                        (
                            "audience",
                            models.CharField(
                                choices=[
                                    ("public", "Everybody, on the website"),
                                    ("patients", "Patients, when signed in"),
                                    ("shared_only", "Only those it is shared with"),
                                ],
                                default="public",
                                max_length=12,
                                verbose_name="who may have it",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField(default=0, verbose_name="position")),
                        ("is_active", models.BooleanField(default=True, editable=False, verbose_name="offered")),
                        ("created_at", models.DateTimeField(editable=False)),
                        ("updated_at", models.DateTimeField(editable=False)),
                        (
                            "category",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="files",
                                to="resources.category",
                                verbose_name="category",
                            ),
                        ),
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
                            "made_for",
                            models.ForeignKey(
                                blank=True,
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="own_files",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "current",
                            models.OneToOneField(
                                editable=False,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="current_of",
                                to="resources.resourcefile",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "file",
                        "ordering": ["category__position", "category__name", "position", "title", "id"],
                        "indexes": [models.Index(fields=["audience", "is_active"], name="resource_by_audience")],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("audience__in", ["public", "patients", "shared_only"])),
                                name="resource_audience_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("slug", ""), _negated=True), name="resource_has_an_address"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("category__isnull", False),
                                        ("made_for__isnull", True),
                                        ("own_title__isnull", True),
                                        models.Q(("title", ""), _negated=True),
                                    ),
                                    models.Q(
                                        ("audience", "shared_only"),
                                        ("category__isnull", True),
                                        ("description", ""),
                                        ("made_for__isnull", False),
                                        ("own_title__isnull", False),
                                        ("title", ""),
                                    ),
                                    _connector="OR",
                                ),
                                name="resource_of_the_library_or_of_one_person",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ResourceFile",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        ("number", models.PositiveSmallIntegerField()),
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
                        ("path", models.CharField(blank=True, max_length=80)),
                        ("key", portal.common.crypto.fields.EncryptedTextField(blank=True, bound_to="code", null=True)),
                        ("added_at", models.DateTimeField()),
                        ("replaced_at", models.DateTimeField(blank=True, null=True)),
                        ("removed_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "added_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "resource",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="versions",
                                to="resources.resource",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-number"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("resource", "number"), name="file_number_once_per_resource"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("replaced_at__isnull", True)),
                                fields=("resource",),
                                name="file_one_is_current",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["pdf", "docx", "xlsx", "odt", "txt", "png", "jpg", "mp3"])
                                ),
                                name="file_kind_is_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("removed_at__isnull", True), models.Q(("path", ""), _negated=True)),
                                    models.Q(
                                        ("path", ""), ("removed_at__isnull", False), ("replaced_at__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="file_removed_when_replaced",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ResourceSlug",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("slug", models.SlugField(max_length=80, unique=True)),
                        ("since", models.DateTimeField()),
                        (
                            "resource",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="used_slugs",
                                to="resources.resource",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-since", "-id"],
                    },
                ),
                migrations.CreateModel(
                    name="Share",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("code", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                        (
                            "note",
                            portal.common.crypto.fields.EncryptedTextField(
                                blank=True, bound_to="code", max_length=500, verbose_name="note"
                            ),
                        ),
                        ("shared_at", models.DateTimeField()),
                        ("seen_at", models.DateTimeField(blank=True, null=True)),
                        ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shared_files",
                                to="patients.patient",
                            ),
                        ),
                        (
                            "resource",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="shares",
                                to="resources.resource",
                            ),
                        ),
                        (
                            "shared_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "withdrawn_by",
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
                        "verbose_name": "shared file",
                        "ordering": ["-shared_at", "-id"],
                        "indexes": [models.Index(fields=["patient", "shared_at"], name="share_by_patient")],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("withdrawn_at__isnull", True)),
                                fields=("resource", "patient"),
                                name="share_live_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("withdrawn_at__isnull", True), ("withdrawn_by__isnull", True)),
                                    models.Q(("withdrawn_at__isnull", False), ("withdrawn_by__isnull", False)),
                                    _connector="OR",
                                ),
                                name="share_withdrawn_at_and_by",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("seen_at__isnull", True), ("seen_at__gte", models.F("shared_at")), _connector="OR"
                                ),
                                name="share_seen_after_shared",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DownloadCount",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                            ),
                        ),
                        ("day", models.DateField()),
                        ("times", models.PositiveIntegerField(default=0)),
                        (
                            "resource",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="download_counts",
                                to="resources.resource",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(fields=("resource", "day"), name="download_count_once_a_day")
                        ],
                    },
                ),
            ],
        ),
    ]
