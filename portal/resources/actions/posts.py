"""Writing, publishing and taking back articles. Each action stands in the trail; a saving of itself does not."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models.fields.files import FieldFile

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit import trail
from portal.common.access.actors import Actor
from portal.common.media import pictures
from portal.resources import slugs
from portal.resources.actions.categories import tags_named
from portal.resources.models import BlogPost, Category, PostStatus, Revision
from portal.resources.models.posts import new_token
from portal.resources.refusals import (
    ChangedMeanwhile,
    InThePast,
    IsADraft,
    NotADraft,
    NotTheirs,
    NotWhole,
    WasPublished,
)

# While somebody writes and the page saves itself, what stood before is kept as a revision this often.
REVISION_EVERY = timedelta(minutes=10)


# A file replaces the picture, False takes it away, None leaves the present one.
Picture: TypeAlias = "ContentFile[bytes] | FieldFile | Literal[False] | None"


@dataclass(frozen=True, slots=True)
class Writing:
    """What an author's page says, all of it."""

    title: str
    body: str
    excerpt: str = ""
    category: Category | None = None
    tags: tuple[str, ...] = ()
    language: str = "en-au"
    picture: Picture = None
    picture_alt: str = ""
    review_by: date | None = None
    # Managers may give an article to another author; for everybody else it stays as it is.
    author: User | None = None


# ---- Writing ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_post(
    *,
    code: uuid.UUID,
    writing: Writing,
    version: int,
    by: Actor,
    now: datetime,
    by_itself: bool = False,
    small_change: bool = False,
    in_place: bool = False,
) -> BlogPost:
    """Keeps what was written on `version`, 0 where nothing was kept before: the page that begins an article names it.

    The same words sent again are no change, so a repeat whose answer got lost does no harm. `by_itself` is the page
    saving while one writes: no revision each time, and refused with NotADraft once readers may see it. After a
    `small_change` readers are not told that it was updated. `in_place` puts these words in the place of those that
    another window kept: those are a revision first.

    Raises ChangedMeanwhile, NotTheirs, NotWhole (a published article can't lose what readers need), markdown.TooLong.
    """
    _may_write(by)
    post = BlogPost.objects.select_for_update().filter(code=code).first()
    if post is None:
        if version:
            raise BlogPost.DoesNotExist
        return _begin(code=code, writing=writing, by=by, now=now)
    _is_theirs(post, by)
    changed = _changes(post, writing, by)
    if not changed:
        if not by_itself and _keep_revision(post, by=by, now=now):
            trail.record("article.saved", by=by, target=post, at=now, words=post.words)
        return post
    if post.version != version:
        raise ChangedMeanwhile(post)
    if by_itself and not post.is_draft:
        raise NotADraft
    if in_place:
        _keep_revision(post, by=Actor(user=post.saved_by, role=by.role), now=now)
    elif by_itself:
        _keep_what_stood(post, by=by, now=now)
    fields = _apply(post, writing, changed, now=now)
    if not post.is_draft:
        _is_whole(post)
        if {"title", "body"} & changed and not small_change and post.was_ever_public(now):
            post.updated_at = now
            fields |= {"updated_at"}
    _save(post, fields, by=by, now=now)
    if not by_itself:
        _keep_revision(post, by=by, now=now)
        trail.record("article.saved", by=by, target=post, at=now, fields=sorted(changed), words=post.words)
    return post


def _begin(*, code: uuid.UUID, writing: Writing, by: Actor, now: datetime) -> BlogPost:
    author = writing.author if writing.author and by.role == Role.MANAGER else by.person
    post = BlogPost(code=code, author=author, slug=slugs.unguessable(), created_at=now, saved_at=now, saved_by=by.user)
    post.write(title=writing.title, body=writing.body, excerpt=writing.excerpt)
    post.category, post.language = writing.category, writing.language
    post.picture, post.picture_alt = writing.picture or "", writing.picture_alt
    post.review_by = writing.review_by
    try:
        with transaction.atomic():
            post.save(force_insert=True)
    except IntegrityError:
        # The same page sent twice at once: the other one was first. The same words are then no conflict.
        stored = BlogPost.objects.select_for_update().visible_to(by).filter(code=code).first()
        if stored is None:
            raise
        if _changes(stored, writing, by):
            raise ChangedMeanwhile(stored) from None
        return stored
    slugs.follow_title(post, now=now)
    post.save(update_fields=["slug"])
    post.tags.set(tags_named(writing.tags))
    _keep_revision(post, by=by, now=now)
    _write_renditions(post)
    trail.record("article.begun", by=by, target=post, at=now, author=author.pk)
    return post


@transaction.atomic
def restore_revision(*, post: BlogPost, number: int, version: int, by: Actor, now: datetime) -> BlogPost:
    """Makes an old revision what the article says, as a new revision; what stood until now is one, too."""
    post = _locked(post, by)
    if post.version != version:
        raise ChangedMeanwhile(post)
    old = post.revisions.get(number=number)
    _keep_revision(post, by=Actor(user=post.saved_by, role=by.role), now=now)
    post.write(title=old.title, body=old.body, excerpt=old.excerpt)
    fields = set(BlogPost.WRITTEN)
    if not post.is_draft:
        _is_whole(post)
        if post.was_ever_public(now):
            post.updated_at = now
            fields.add("updated_at")
    if slugs.follow_title(post, now=now):
        fields.add("slug")
    _save(post, fields, by=by, now=now)
    _keep_revision(post, by=by, now=now)
    trail.record("article.restored", by=by, target=post, at=now, revision=number)
    return post


# ---- Publishing ------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish(*, post: BlogPost, version: int, by: Actor, now: datetime) -> BlogPost:
    """Shows it to everybody from now on. One that was public before goes back to its place in the list.

    Raises NotWhole, ChangedMeanwhile, NotTheirs.
    """
    post = _locked(post, by)
    if post.is_readable(now):
        return post
    first = post.first_published_at if post.was_ever_public(now) else None
    return _set_out(post, first or now, version, "article.published", by=by, now=now)


@transaction.atomic
def schedule(*, post: BlogPost, at: datetime, version: int, by: Actor, now: datetime) -> BlogPost:
    """Shows it to everybody from `at` on, to the second: no job has to run for that. Raises InThePast too."""
    post = _locked(post, by)
    if at <= now:
        raise InThePast
    if not post.is_draft and post.published_at == at:
        return post
    return _set_out(post, at, version, "article.scheduled", by=by, now=now)


def _set_out(post: BlogPost, at: datetime, version: int, verb: str, *, by: Actor, now: datetime) -> BlogPost:
    if post.version != version:
        raise ChangedMeanwhile(post)
    _is_whole(post)
    was_public = post.was_ever_public(now)
    post.status, post.published_at, post.slug_is_settled = PostStatus.PUBLISHED, at, True
    if not was_public:
        post.first_published_at, post.updated_at = at, None
    _save(
        post,
        {"status", "published_at", "first_published_at", "updated_at", "slug_is_settled"},
        by=by,
        now=now,
    )
    _keep_revision(post, by=by, now=now)
    trail.record(verb, by=by, target=post, at=now, published_at=at)
    return post


@transaction.atomic
def unpublish(*, post: BlogPost, by: Actor, now: datetime, version: int | None = None) -> BlogPost:
    """Takes it back: it is a draft again, and nobody else can read it.

    `version` is what the page showed that asked: raises ChangedMeanwhile where another one stands there by now.
    """
    post = _locked(post, by)
    if post.is_draft:
        return post
    _check_shown(post, version)
    was_public = post.was_ever_public(now)
    post.status, post.published_at = PostStatus.DRAFT, None
    if not was_public:
        post.first_published_at = post.updated_at = None
    _save(post, {"status", "published_at", "first_published_at", "updated_at"}, by=by, now=now)
    trail.record("article.unpublished", by=by, target=post, at=now)
    return post


@transaction.atomic
def mark_reviewed(*, post: BlogPost, review_by: date | None, by: Actor, now: datetime, today: date) -> BlogPost:
    """Says that it still holds, and when to look again. Raises InThePast, IsADraft."""
    post = _locked(post, by)
    if post.is_draft:
        raise IsADraft
    if review_by is not None and review_by <= today:
        raise InThePast
    post.review_by = review_by
    _save(post, {"review_by"}, by=by, now=now)
    trail.record("article.reviewed", by=by, target=post, at=now, review_by=review_by)
    return post


# ---- Its addresses ---------------------------------------------------------------------------------------------------


@transaction.atomic
def change_slug(*, post: BlogPost, slug: str, by: Actor, now: datetime) -> BlogPost:
    """Gives it another address. The old one leads there from then on, if readers may have known it.

    Raises AddressTaken, NoAddress.
    """
    post = _locked(post, by)
    slug = slugs.tidy(slug)
    if slug == post.slug and post.slug_is_settled:
        return post
    slugs.give(post, slug, keep_old=post.first_published_at is not None, now=now)
    post.slug_is_settled = True
    _save(post, {"slug", "slug_is_settled"}, by=by, now=now)
    trail.record("article.moved", by=by, target=post, at=now)
    return post


@transaction.atomic
def renew_preview(*, post: BlogPost, by: Actor, now: datetime) -> BlogPost:
    """Makes a new preview link; whoever has the old one sees nothing more."""
    post = _locked(post, by)
    post.preview_token = new_token()
    post.save(update_fields=["preview_token"])
    trail.record("article.preview_renewed", by=by, target=post, at=now)
    return post


@transaction.atomic
def delete_draft(*, post: BlogPost, by: Actor, now: datetime, version: int | None = None) -> None:
    """Deletes a draft that never was published, and its revisions. Raises WasPublished, and what `unpublish` raises."""
    post = _locked(post, by)
    if post.first_published_at is not None:
        raise WasPublished
    _check_shown(post, version)
    trail.record("article.deleted", by=by, target=post, at=now)
    picture = post.picture
    post.delete()
    if picture:
        transaction.on_commit(lambda: pictures.delete_picture(picture))


# ---- Parts -----------------------------------------------------------------------------------------------------------


def _may_write(by: Actor) -> None:
    if by.role not in {Role.PSYCHOLOGIST, Role.MANAGER}:
        raise NotTheirs


def _is_theirs(post: BlogPost, by: Actor) -> None:
    if by.role != Role.MANAGER and post.author_id != by.user_id:
        raise NotTheirs


def _locked(post: BlogPost, by: Actor) -> BlogPost:
    _may_write(by)
    post = BlogPost.objects.select_for_update().get(pk=post.pk)
    _is_theirs(post, by)
    return post


def _check_shown(post: BlogPost, version: int | None) -> None:
    """Raises ChangedMeanwhile where a page showed another version than what stands there, locked; None is no page."""
    if version is not None and version != post.version:
        raise ChangedMeanwhile(post)


def _changes(post: BlogPost, writing: Writing, by: Actor) -> set[str]:
    """Names of what would change."""
    simple = ("title", "body", "excerpt", "language", "picture_alt", "review_by")
    changed = {name for name in simple if getattr(post, name) != getattr(writing, name)}
    if post.category_id != (writing.category.pk if writing.category else None):
        changed.add("category")
    if writing.author and by.role == Role.MANAGER and writing.author.pk != post.author_id:
        changed.add("author")
    if writing.picture or (writing.picture is False and post.picture):
        changed.add("picture")
    if {tag.slug for tag in tags_named(writing.tags, make=False)} != set(post.tags.values_list("slug", flat=True)):
        changed.add("tags")
    return changed


def _apply(post: BlogPost, writing: Writing, changed: set[str], *, now: datetime) -> set[str]:
    """Puts the changes on the row; gives the fields to save."""
    fields = changed - {"tags"}
    if {"title", "body", "excerpt"} & changed:
        post.write(title=writing.title, body=writing.body, excerpt=writing.excerpt)
        fields |= set(BlogPost.WRITTEN)
    for name in fields - set(BlogPost.WRITTEN) - {"picture"}:
        setattr(post, name, getattr(writing, name))
    if "picture" in changed:
        if post.picture:
            old = post.picture
            transaction.on_commit(lambda: pictures.delete_picture(old))
        post.picture = writing.picture or ""
        if not post.picture:
            post.picture_alt = ""
            fields.add("picture_alt")
        _write_renditions(post)
    if "tags" in changed:
        post.tags.set(tags_named(writing.tags))
    if slugs.follow_title(post, now=now):
        fields.add("slug")
    return fields


def _write_renditions(post: BlogPost) -> None:
    if post.picture:
        transaction.on_commit(lambda: pictures.write_renditions(post.picture, widths=pictures.WIDE))


def _save(post: BlogPost, fields: set[str], *, by: Actor, now: datetime) -> None:
    post.version += 1
    post.saved_at, post.saved_by = now, by.user
    post.save(update_fields=[*fields, "version", "saved_at", "saved_by"])


def _is_whole(post: BlogPost) -> None:
    missing = [name for name in ("title", "body") if not getattr(post, name).strip()]
    if post.category_id is None:
        missing.append("category")
    if missing:
        raise NotWhole(missing)


def _keep_revision(post: BlogPost, *, by: Actor, now: datetime) -> bool:
    """Adds what the article says to its revisions, unless the last one says the same. The row is locked."""
    last = post.revisions.first()
    says = (post.title, post.body, post.excerpt)
    if last is not None and (last.title, last.body, last.excerpt) == says:
        return False
    if last is None and not any(says):
        return False
    Revision.objects.create(
        post=post,
        number=1 if last is None else last.number + 1,
        title=post.title,
        body=post.body,
        excerpt=post.excerpt,
        by=by.user,
        at=now,
    )
    return True


def _keep_what_stood(post: BlogPost, *, by: Actor, now: datetime) -> None:
    """Before the page saves itself over it: if somebody else wrote it, or the last revision is some minutes old."""
    last = post.revisions.first()
    if last is None or post.saved_by_id != by.user_id or now - last.at >= REVISION_EVERY:
        _keep_revision(post, by=Actor(user=post.saved_by, role=by.role), now=now)
