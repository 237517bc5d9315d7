from __future__ import annotations

import re
import secrets
import uuid
from datetime import date, datetime
from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.privacy import classed
from portal.common.text import markdown
from portal.common.text.normalise import fold
from portal.resources.models.categories import Category, Tag

TITLE_CHARACTERS = 200
EXCERPT_CHARACTERS = 500
ALT_CHARACTERS = 300
# What is made when nobody writes an excerpt: three lines on a card.
SUMMARY_CHARACTERS = 280


class PostStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")


class PostState(models.TextChoices):
    """What a person sees: a published article whose time has not come yet is scheduled. It is derived, never stored."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    PUBLISHED = "published", _("Published")


def new_token() -> str:
    """What a preview link ends with: 192 bits that nobody guesses."""
    return secrets.token_urlsafe(24)


def languages() -> list[tuple[str, str]]:
    return [(code, str(name)) for code, name in settings.LANGUAGES]


_WORD = re.compile(r"[\w'’@.+-]+")


def _different_words(text: str) -> list[str]:
    """Each folded word once: a search reads half as much, and finds the same."""
    words = (word.strip("'’.-") for word in _WORD.findall(fold(text)))
    return list(dict.fromkeys(word for word in words if word))


class BlogPostQuerySet(models.QuerySet["BlogPost"]):
    def visible_to(self, actor: Actor) -> BlogPostQuerySet:
        """For the desk: a psychologist's own articles, all of them for a manager. What readers see is `readable`."""
        match actor.role:
            case Role.PSYCHOLOGIST:
                return self.filter(author=actor.user)
            case Role.MANAGER:
                return self.all()
        return self.none()

    def readable(self, now: datetime) -> BlogPostQuerySet:
        """What anybody may read at this moment, to the second."""
        return self.filter(status=PostStatus.PUBLISHED, published_at__lte=now)

    def scheduled(self, now: datetime) -> BlogPostQuerySet:
        return self.filter(status=PostStatus.PUBLISHED, published_at__gt=now)

    def drafts(self) -> BlogPostQuerySet:
        return self.filter(status=PostStatus.DRAFT)

    def due_for_review(self, today: date) -> BlogPostQuerySet:
        """Published ones whose day to be looked over has come."""
        return self.filter(status=PostStatus.PUBLISHED, review_by__lte=today)

    def in_category(self, category: Category) -> BlogPostQuerySet:
        return self.filter(category=category)

    def tagged(self, tag: Tag) -> BlogPostQuerySet:
        tagging = BlogPost.tags.through.objects.filter(tag=tag, blogpost=models.OuterRef("pk"))
        return self.filter(models.Exists(tagging))

    def in_language(self, language: str) -> BlogPostQuerySet:
        return self.filter(language=language)

    def saying(self, text: str) -> BlogPostQuerySet:
        """Those that hold every word of `text`, or the beginning of one, whatever its case and accents."""
        found = self
        for word in _different_words(text)[:8]:
            found = found.filter(search_text__contains=word)
        return found

    def newest_first(self) -> BlogPostQuerySet:
        return self.order_by("-published_at", "-pk")

    def for_listing(self) -> BlogPostQuerySet:
        """With what a card shows, and without the text."""
        return self.select_related("author", "category").defer("body", "body_html", "search_text")


@classed(
    plain="id code title slug slug_is_settled body body_html render_version excerpt summary author category language "
    "picture picture_alt status published_at first_published_at created_at saved_at saved_by updated_at review_by "
    "words preview_token search_text version"
)
class BlogPost(models.Model):
    """An article. Its text is written by staff for everybody: nothing in it is about a person in care."""

    code = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    title = models.CharField(_("title"), max_length=TITLE_CHARACTERS, blank=True)
    # Made from the title, and following it until readers may know it. Given by portal/resources/slugs.py alone.
    slug = models.SlugField(_("address on the website"), max_length=80, unique=True)
    slug_is_settled = models.BooleanField(default=False, editable=False)
    body = models.TextField(_("text"), blank=True)
    body_html = models.TextField(editable=False, blank=True)
    render_version = models.PositiveSmallIntegerField(editable=False, default=0)
    # What the author wrote, often nothing; `summary` is what is shown.
    excerpt = models.CharField(_("excerpt"), max_length=EXCERPT_CHARACTERS, blank=True)
    summary = models.CharField(max_length=EXCERPT_CHARACTERS, blank=True, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="articles", verbose_name=_("author")
    )
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.PROTECT, related_name="posts", verbose_name=_("category")
    )
    tags = models.ManyToManyField(Tag, blank=True, related_name="posts", verbose_name=_("tags"))
    language = models.CharField(_("language"), max_length=10, choices=languages, default="en-au")
    picture = models.ImageField(_("picture"), upload_to="articles/", blank=True)
    picture_alt = models.CharField(_("what the picture shows"), max_length=ALT_CHARACTERS, blank=True)
    status = models.CharField(max_length=10, choices=PostStatus.choices, default=PostStatus.DRAFT, editable=False)
    # When it may be read from; in the future, it is scheduled.
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Kept when it is taken back: from then on the address is known outside.
    first_published_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    saved_at = models.DateTimeField(editable=False)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+", editable=False
    )
    # What readers are told: the last time that what it says changed. Empty while it is as first published.
    updated_at = models.DateTimeField(null=True, blank=True, editable=False)
    review_by = models.DateField(_("look it over by"), null=True, blank=True)
    words = models.PositiveIntegerField(default=0, editable=False)
    preview_token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    search_text = models.TextField(blank=True, editable=False)
    # Goes up by one with each saved change, so that two windows can't undo each other's words.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = BlogPostQuerySet.as_manager()

    class Meta:
        ordering = ["-published_at", "-id"]
        verbose_name = _("article")
        constraints = [
            models.CheckConstraint(
                name="post_published_is_whole",
                condition=Q(status="draft", published_at__isnull=True)
                | (
                    Q(
                        status="published",
                        published_at__isnull=False,
                        first_published_at__isnull=False,
                        category__isnull=False,
                        slug_is_settled=True,
                    )
                    & ~Q(title="")
                    & ~Q(body="")
                ),
            ),
            models.CheckConstraint(
                condition=Q(picture="") | ~Q(picture_alt=""), name="post_picture_says_what_it_shows"
            ),
            models.CheckConstraint(condition=~Q(slug=""), name="post_has_an_address"),
            models.CheckConstraint(
                name="post_updated_after_published",
                condition=Q(updated_at__isnull=True)
                | Q(first_published_at__isnull=False, updated_at__gte=F("first_published_at")),
            ),
            models.CheckConstraint(condition=Q(version__gte=1), name="post_version_counts_from_one"),
        ]
        indexes = [
            # The public lists step along these and read on: ten thousand articles turn like ten.
            models.Index(fields=["published_at", "id"], condition=Q(status="published"), name="post_by_day"),
            models.Index(
                fields=["category", "published_at", "id"], condition=Q(status="published"), name="post_by_category"
            ),
            models.Index(
                fields=["language", "published_at", "id"], condition=Q(status="published"), name="post_by_language"
            ),
            models.Index(fields=["review_by"], condition=Q(status="published"), name="post_by_review"),
            # The desk's own lists.
            models.Index(fields=["author", "saved_at", "id"], name="post_by_author"),
            models.Index(fields=["saved_at", "id"], name="post_by_saving"),
        ]

    def __str__(self) -> str:
        return self.title or f"article {self.code}"

    # ---- What it says ------------------------------------------------------------------------------------------------

    def write(self, *, title: str, body: str, excerpt: str) -> None:
        """Takes words, and makes anew all that is made of them. Raises markdown.TooLong. Saves nothing."""
        made = markdown.render(body)
        self.title, self.body, self.excerpt = title, body, excerpt
        self.body_html, self.render_version, self.words = made.html, markdown.RENDER_VERSION, made.words
        self.summary = excerpt or markdown.shorten(made.text, SUMMARY_CHARACTERS)
        self.search_text = " ".join(_different_words(f"{title}\n{excerpt}\n{made.text}"))

    WRITTEN = ("title", "body", "excerpt", "body_html", "render_version", "words", "summary", "search_text")

    @cached_property
    def rendered(self) -> markdown.Rendered:
        """Its text rendered now, with the headings."""
        return markdown.render(self.body)

    @property
    def html(self) -> SafeString:
        """Its text as HTML: as it was kept, or made anew if the renderer has become another since."""
        if self.render_version == markdown.RENDER_VERSION:
            return mark_safe(self.body_html)  # noqa: S308  cleaned by the renderer as it was kept
        return self.rendered.html

    @property
    def minutes(self) -> int:
        return markdown.minutes_to_read(self.words)

    # ---- Where it stands ---------------------------------------------------------------------------------------------

    @property
    def is_draft(self) -> bool:
        return self.status == PostStatus.DRAFT

    def state(self, now: datetime) -> PostState:
        if self.is_draft or self.published_at is None:
            return PostState.DRAFT
        return PostState.SCHEDULED if self.published_at > now else PostState.PUBLISHED

    def is_readable(self, now: datetime) -> bool:
        return self.state(now) == PostState.PUBLISHED

    def is_due_for_review(self, today: date) -> bool:
        return not self.is_draft and self.review_by is not None and self.review_by <= today

    def was_ever_public(self, now: datetime) -> bool:
        return self.first_published_at is not None and self.first_published_at <= now


class UsedSlugQuerySet(models.QuerySet["UsedSlug"]):
    def old(self) -> UsedSlugQuerySet:
        """Those that their article has left behind."""
        return self.exclude(slug=F("post__slug"))


@classed(plain="id slug post since")
class UsedSlug(models.Model):
    """An address that an article has or had. It is never given to another one, so an old link always finds its article.

    The present address is here too: one unique column then keeps old and present ones apart, whoever comes first.
    """

    slug = models.SlugField(max_length=80, unique=True)
    post = models.ForeignKey(BlogPost, on_delete=models.CASCADE, related_name="used_slugs")
    since = models.DateTimeField()

    objects = UsedSlugQuerySet.as_manager()

    class Meta:
        ordering = ["-since", "-id"]

    def __str__(self) -> str:
        return self.slug


class RevisionQuerySet(models.QuerySet["Revision"]):
    def without_text(self) -> RevisionQuerySet:
        return self.select_related("by").defer("body", "excerpt")


@classed(plain="id post number title body excerpt by at")
class Revision(models.Model):
    """What an article said when somebody kept it. It is only ever added to, and goes when an unpublished draft goes."""

    post = models.ForeignKey(BlogPost, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=TITLE_CHARACTERS, blank=True)
    body = models.TextField(blank=True)
    excerpt = models.CharField(max_length=EXCERPT_CHARACTERS, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = RevisionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["post", "number"], name="revision_number_once_per_post"),
            models.CheckConstraint(condition=Q(number__gte=1), name="revision_counts_from_one"),
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"
