"""Articles: who may read them and when, what an action does, what the database itself refuses."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, models, transaction

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.resources.actions import posts as actions
from portal.resources.actions.posts import Writing
from portal.resources.models import BlogPost, Category, PostState, Revision, Tag, UsedSlug
from portal.resources.refusals import (
    AddressTaken,
    ChangedMeanwhile,
    InThePast,
    NoAddress,
    NotADraft,
    NotTheirs,
    NotWhole,
    WasPublished,
)
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
TODAY = NOW.date()


def author_of(post):
    return Actor(post.author, Role.PSYCHOLOGIST)


@pytest.fixture
def mai():
    return Actor(make.user(role=Role.PSYCHOLOGIST), Role.PSYCHOLOGIST)


def begin(by, *, now=NOW, **words):
    words = {"title": "Sleep when worry keeps you up", "body": "Get up, and sit in low light."} | words
    return actions.save_post(code=uuid.uuid4(), writing=Writing(**words), version=0, by=by, now=now)


def save(post, by, *, version=None, now=NOW, by_itself=False, small_change=False, in_place=False, **words):
    words = {
        "title": post.title,
        "body": post.body,
        "excerpt": post.excerpt,
        "category": post.category,
        "tags": tuple(post.tags.values_list("name", flat=True)),
        "language": post.language,
        "picture_alt": post.picture_alt,
        "review_by": post.review_by,
    } | words
    return actions.save_post(
        code=post.code,
        writing=Writing(**words),
        version=post.version if version is None else version,
        by=by,
        now=now,
        by_itself=by_itself,
        small_change=small_change,
        in_place=in_place,
    )


def verbs():
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


# ---- Who may read ----------------------------------------------------------------------------------------------------


def test_readable_to_the_second():
    post = make.post(published_at=NOW)
    second = timedelta(seconds=1)
    assert list(BlogPost.objects.readable(NOW - second)) == []
    assert list(BlogPost.objects.scheduled(NOW - second)) == [post]
    assert list(BlogPost.objects.readable(NOW)) == [post]
    assert list(BlogPost.objects.scheduled(NOW)) == []
    assert [post.state(NOW - second), post.state(NOW)] == [PostState.SCHEDULED, PostState.PUBLISHED]
    assert [post.is_readable(NOW - second), post.is_readable(NOW)] == [False, True]


def test_readable_leaves_drafts_out():
    draft = make.post(draft=True)
    make.post()
    assert list(BlogPost.objects.drafts()) == [draft]
    assert draft not in BlogPost.objects.readable(NOW + timedelta(days=9))


def test_visible_to_authors_and_managers():
    mine, other = make.post(draft=True), make.post()
    assert list(BlogPost.objects.visible_to(Actor(mine.author, Role.PSYCHOLOGIST))) == [mine]
    manager = make.user(role=Role.MANAGER)
    assert set(BlogPost.objects.visible_to(Actor(manager, Role.MANAGER))) == {mine, other}
    for role in (Role.RECEPTION, Role.PATIENT):
        assert list(BlogPost.objects.visible_to(Actor(mine.author, role))) == []
    assert list(BlogPost.objects.visible_to(Actor.system("worker"))) == []


def test_due_for_review_on_its_day():
    due = make.post(review_by=TODAY)
    make.post(review_by=TODAY + timedelta(days=1))
    make.post(review_by=TODAY, draft=True)
    make.post()
    assert list(BlogPost.objects.due_for_review(TODAY)) == [due]


def test_lists_by_category_tag_and_language():
    sleep, family = make.category(), make.category()
    one = make.post(category=sleep, tags=("Sleep", "Worry"), language="vi")
    two = make.post(category=family, tags=("Worry",))
    assert list(BlogPost.objects.in_category(sleep)) == [one]
    assert list(BlogPost.objects.tagged(Tag.objects.get(slug="sleep"))) == [one]
    assert set(BlogPost.objects.tagged(Tag.objects.get(slug="worry"))) == {one, two}
    assert list(BlogPost.objects.in_language("vi")) == [one]


@pytest.mark.parametrize("text", ["lo au", "LO ÂU", "giấc ngủ", "giac ngu lo", "nguyen", "Nguyễn viết.", "ngu, lo!"])
def test_saying_finds_words_in_any_case_and_accent(text):
    post = make.post(title="Giấc ngủ và nỗi lo âu", body="Nguyễn viết.")
    make.post(title="Panic, step by step")
    assert list(BlogPost.objects.saying(text)) == [post]


def test_listing_reads_no_text(django_assert_num_queries):
    make.post()
    with django_assert_num_queries(1):
        (post,) = BlogPost.objects.for_listing().newest_first()
        assert post.author.name
        assert post.category.name
        assert post.summary == "Breathe out. Then Breathe in."
    assert {"body", "body_html", "search_text"} <= post.get_deferred_fields()


# ---- Writing ---------------------------------------------------------------------------------------------------------


def test_begin_makes_everything_that_is_made_of_words(mai):
    post = begin(mai, body="One **two**.\n\nThree", tags=("Sleep", " sleep ", "Năm mới"))
    post.refresh_from_db()
    assert post.slug == "sleep-when-worry-keeps-you-up"
    assert post.html == "<p>One <strong>two</strong>.</p>\n<p>Three</p>\n"
    assert (post.words, post.minutes, post.summary) == (3, 1, "One two. Three")
    assert post.search_text == "sleep when worry keeps you up one two three"
    assert sorted(post.tags.values_list("name", "slug")) == [("Năm mới", "nam-moi"), ("Sleep", "sleep")]
    assert [(r.number, r.title, r.by) for r in post.revisions.all()] == [(1, post.title, mai.user)]
    assert verbs() == ["article.begun"]


def test_begin_twice_is_once(mai):
    code, writing = uuid.uuid4(), Writing(title="A title here", body="Words")
    first = actions.save_post(code=code, writing=writing, version=0, by=mai, now=NOW)
    again = actions.save_post(code=code, writing=writing, version=0, by=mai, now=NOW)
    assert (first.pk, again.version, BlogPost.objects.count()) == (again.pk, 1, 1)


def test_save_on_what_another_window_changed_is_refused_and_changes_nothing(mai):
    post = begin(mai)
    save(post, mai, body="The other window's.", version=1)
    with pytest.raises(ChangedMeanwhile) as refused:
        save(post, mai, body="Mine.", version=1)
    assert refused.value.stored.body == "The other window's."
    assert BlogPost.objects.get().body == "The other window's."


def test_words_put_in_place_of_others_leave_those_among_the_revisions(mai):
    post = begin(mai, body="First")
    save(post, mai, body="The other window's, saved by itself.", version=1, by_itself=True)
    post = save(post, mai, body="Mine.", version=2, in_place=True)
    assert list(post.revisions.order_by("number").values_list("body", flat=True)) == [
        "First",
        "The other window's, saved by itself.",
        "Mine.",
    ]


def test_same_words_from_an_old_window_are_no_conflict(mai):
    post = begin(mai)
    save(post, mai, body="The same.", version=1)
    assert save(post, mai, body="The same.", version=1).version == 2


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.PATIENT])
def test_others_do_not_write(role):
    with pytest.raises(NotTheirs):
        begin(Actor(make.user(), role))


def test_colleagues_article_is_not_theirs_to_change(mai):
    post = make.post()
    for deed in (
        lambda: save(post, mai, body="Mine now"),
        lambda: actions.publish(post=post, version=1, by=mai, now=NOW),
        lambda: actions.unpublish(post=post, by=mai, now=NOW),
        lambda: actions.change_slug(post=post, slug="mine", by=mai, now=NOW),
        lambda: actions.renew_preview(post=post, by=mai, now=NOW),
        lambda: actions.delete_draft(post=post, by=mai, now=NOW),
    ):
        with pytest.raises(NotTheirs):
            deed()


def test_author_is_given_by_managers_only(mai):
    tom = make.user(role=Role.PSYCHOLOGIST)
    assert begin(mai, author=tom).author == mai.user
    manager = Actor(make.user(role=Role.MANAGER), Role.MANAGER)
    post = begin(manager, author=tom)
    assert post.author == tom
    assert save(post, manager, author=mai.user).author == mai.user
    assert save(post, mai, version=2, author=tom, title="Another title").author == mai.user


def test_saving_by_itself_makes_a_revision_now_and_then(mai):
    post = begin(mai, body="1")
    minute = timedelta(minutes=1)
    for n in range(2, 14):
        post = save(post, mai, body=str(n), by_itself=True, now=NOW + n * minute)
    # After ten minutes, what stood before the saving was kept; a saving by hand keeps what it saves.
    assert list(post.revisions.order_by("number").values_list("body", flat=True)) == ["1", "9"]
    save(post, mai, now=NOW + 14 * minute)
    assert list(post.revisions.order_by("number").values_list("body", flat=True)) == ["1", "9", "13"]


def test_saving_by_itself_over_another_persons_words_keeps_them(mai):
    post = begin(mai, body="1")
    post = save(post, mai, body="Mai's words", by_itself=True)
    manager = Actor(make.user(role=Role.MANAGER), Role.MANAGER)
    save(post, manager, body="The manager's", by_itself=True)
    kept = post.revisions.first()
    assert (kept.number, kept.body, kept.by) == (2, "Mai's words", mai.user)


def test_nothing_readers_see_is_saved_by_itself():
    post = make.post(published_at=NOW + timedelta(days=1))
    with pytest.raises(NotADraft):
        save(post, author_of(post), body="Half a sen", by_itself=True)


@pytest.mark.parametrize("gone", ["title", "body", "category"])
def test_published_stays_whole(gone):
    post = make.post()
    with pytest.raises(NotWhole) as refused, transaction.atomic():
        save(post, author_of(post), **{gone: None if gone == "category" else " "})
    assert refused.value.missing == [gone]


def test_updated_is_what_readers_would_notice():
    post = make.post(published_at=NOW - timedelta(days=3))
    by = author_of(post)
    post = save(post, by, tags=("New",), review_by=TODAY + timedelta(days=9), excerpt="Shown on the card")
    assert post.updated_at is None
    post = save(post, by, body="A comma, put right.", small_change=True)
    assert post.updated_at is None
    post = save(post, by, body="Something new.", now=NOW + timedelta(hours=1))
    assert post.updated_at == NOW + timedelta(hours=1)


# ---- Publishing ------------------------------------------------------------------------------------------------------


def test_publish_take_back_publish_again(mai):
    post = begin(mai, category=make.category())
    post = actions.publish(post=post, version=1, by=mai, now=NOW)
    assert (post.published_at, post.first_published_at, post.slug_is_settled) == (NOW, NOW, True)
    post = actions.unpublish(post=post, by=mai, now=NOW + timedelta(days=1))
    assert (post.status, post.published_at, post.first_published_at) == ("draft", None, NOW)
    later = NOW + timedelta(days=2)
    post = actions.publish(post=post, version=post.version, by=mai, now=later)
    assert (post.published_at, post.is_readable(later)) == (NOW, True)
    assert verbs() == ["article.begun", "article.published", "article.unpublished", "article.published"]


def test_publish_needs_the_words_that_were_read(mai):
    post = begin(mai, category=make.category())
    save(post, mai, body="Changed in the other window")
    with pytest.raises(ChangedMeanwhile):
        actions.publish(post=post, version=1, by=mai, now=NOW)
    assert BlogPost.objects.get().is_draft


@pytest.mark.parametrize(
    ("words", "missing"),
    [({"title": ""}, ["title", "category"]), ({"body": " \n"}, ["body", "category"]), ({}, ["category"])],
)
def test_publish_needs_a_whole_article(mai, words, missing):
    post = begin(mai, **words)
    with pytest.raises(NotWhole) as refused:
        actions.publish(post=post, version=1, by=mai, now=NOW)
    assert refused.value.missing == missing


def test_schedule_move_and_call_off(mai):
    post = begin(mai, category=make.category())
    soon, later = NOW + timedelta(days=1), NOW + timedelta(days=2)
    with pytest.raises(InThePast):
        actions.schedule(post=post, at=NOW, version=1, by=mai, now=NOW)
    post = actions.schedule(post=post, at=soon, version=1, by=mai, now=NOW)
    post = actions.schedule(post=post, at=later, version=post.version, by=mai, now=NOW)
    assert (post.published_at, post.first_published_at, post.state(NOW)) == (later, later, PostState.SCHEDULED)
    post = actions.unpublish(post=post, by=mai, now=NOW)
    assert (post.published_at, post.first_published_at) == (None, None)
    actions.delete_draft(post=post, by=mai, now=NOW)
    assert BlogPost.objects.count() == UsedSlug.objects.count() == Revision.objects.count() == 0


def test_scheduled_can_be_published_now(mai):
    post = begin(mai, category=make.category())
    post = actions.schedule(post=post, at=NOW + timedelta(days=1), version=1, by=mai, now=NOW)
    post = actions.publish(post=post, version=post.version, by=mai, now=NOW)
    assert (post.published_at, post.first_published_at) == (NOW, NOW)


def test_published_before_is_not_deleted(mai):
    post = begin(mai, category=make.category())
    post = actions.publish(post=post, version=1, by=mai, now=NOW)
    post = actions.unpublish(post=post, by=mai, now=NOW + timedelta(hours=1))
    with pytest.raises(WasPublished):
        actions.delete_draft(post=post, by=mai, now=NOW + timedelta(hours=2))
    assert BlogPost.objects.count() == 1


def test_restore_is_a_new_revision_and_keeps_what_stood(mai):
    post = begin(mai, body="First")
    post = save(post, mai, body="Second")
    post = save(post, mai, body="Third, saved by itself", by_itself=True)
    post = actions.restore_revision(post=post, number=1, version=post.version, by=mai, now=NOW)
    assert post.body == "First"
    assert list(post.revisions.order_by("number").values_list("number", "body")) == [
        (1, "First"),
        (2, "Second"),
        (3, "Third, saved by itself"),
        (4, "First"),
    ]
    with pytest.raises(ChangedMeanwhile):
        actions.restore_revision(post=post, number=2, version=1, by=mai, now=NOW)


def test_reviewed_until_a_day_to_come():
    post = make.post(review_by=TODAY)
    by = author_of(post)
    with pytest.raises(InThePast):
        actions.mark_reviewed(post=post, review_by=TODAY, by=by, now=NOW, today=TODAY)
    day = TODAY + timedelta(days=365)
    assert actions.mark_reviewed(post=post, review_by=day, by=by, now=NOW, today=TODAY).review_by == day
    assert not BlogPost.objects.due_for_review(TODAY).exists()


def test_preview_link_is_renewed():
    post = make.post(draft=True)
    old = post.preview_token
    new = actions.renew_preview(post=post, by=author_of(post), now=NOW).preview_token
    assert (len(old), len(new), old != new) == (32, 32, True)


# ---- Addresses -------------------------------------------------------------------------------------------------------


def slugs_of(post):
    return set(post.used_slugs.values_list("slug", flat=True))


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Sleep when worry keeps you up", "sleep-when-worry-keeps-you-up"),
        ("Khi nỗi lo làm bạn mất ngủ", "khi-noi-lo-lam-ban-mat-ngu"),
        ("Feed", "feed-2"),
        ("Crème brûlée & grief", "creme-brulee-grief"),
    ],
)
def test_address_is_made_from_the_title(mai, title, slug):
    assert begin(mai, title=title).slug == slug


@pytest.mark.parametrize("title", ["", "焦虑时如何入睡", "القلق والنوم", "CBT 认知行为疗法是什么", "?!"])
def test_address_of_other_scripts_is_a_short_code(mai, title):
    post = begin(mai, title=title)
    assert post.slug == f"a-{post.code.hex[:8]}"


def test_address_of_a_long_title_ends_at_a_word(mai):
    slug = begin(mai, title="word " * 39 + "end").slug
    assert len(slug) <= 74
    assert slug.endswith("-word")


def test_address_follows_the_title_until_it_is_settled(mai):
    post = begin(mai, title="What h", category=make.category())
    post = save(post, mai, title="What helps", by_itself=True)
    assert (post.slug, slugs_of(post)) == ("what-helps", {"what-helps"})
    post = actions.publish(post=post, version=post.version, by=mai, now=NOW)
    post = save(post, mai, title="What really helps")
    assert (post.slug, slugs_of(post)) == ("what-helps", {"what-helps"})


def test_same_title_twice(mai):
    first, second = begin(mai, title="On grief"), begin(mai, title="On grief")
    assert [first.slug, second.slug] == ["on-grief", "on-grief-2"]
    # A saving with nothing new about the title keeps its number.
    assert save(second, mai, body="More").slug == "on-grief-2"


def test_moved_article_keeps_its_old_addresses():
    post = make.post(slug="first")
    by = author_of(post)
    post = actions.change_slug(post=post, slug="Sécond", by=by, now=NOW)
    post = actions.change_slug(post=post, slug="third", by=by, now=NOW)
    assert (post.slug, slugs_of(post)) == ("third", {"first", "second", "third"})
    assert set(UsedSlug.objects.old().values_list("slug", flat=True)) == {"first", "second"}
    # Back to its own old one is allowed.
    assert actions.change_slug(post=post, slug="first", by=by, now=NOW).slug == "first"
    other = make.post()
    with pytest.raises(AddressTaken):
        actions.change_slug(post=other, slug="second", by=author_of(other), now=NOW)


def test_draft_nobody_knows_leaves_no_old_address():
    post = make.post(draft=True, slug="first")
    actions.change_slug(post=post, slug="second", by=author_of(post), now=NOW)
    assert slugs_of(post) == {"second"}


@pytest.mark.parametrize("typed", ["", "  ", "???", "feed", "Category", "焦虑"])
def test_no_address_is_left_of_it(typed):
    post = make.post()
    with pytest.raises(NoAddress):
        actions.change_slug(post=post, slug=typed, by=author_of(post), now=NOW)


def test_new_title_never_takes_an_old_address(mai):
    moved = make.post(slug="on-grief")
    actions.change_slug(post=moved, slug="on-mourning", by=author_of(moved), now=NOW)
    assert begin(mai, title="On grief").slug == "on-grief-2"


# ---- What the database refuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("post_published_is_whole", {"status": "secret"}),
        ("post_published_is_whole", {"title": ""}),
        ("post_published_is_whole", {"body": ""}),
        ("post_published_is_whole", {"category": None}),
        ("post_published_is_whole", {"published_at": None}),
        ("post_published_is_whole", {"slug_is_settled": False}),
        ("post_published_is_whole", {"status": "draft"}),
        ("post_picture_says_what_it_shows", {"picture": "articles/a.jpg", "picture_alt": ""}),
        ("post_has_an_address", {"slug": ""}),
        ("post_updated_after_published", {"updated_at": NOW - timedelta(days=99)}),
        ("post_updated_after_published", {"first_published_at": None, "status": "draft", "published_at": None}),
        ("post_version_counts_from_one", {"version": 0}),
    ],
)
def test_post_constraint_holds(name, fields):
    post = make.post(published_at=NOW - timedelta(days=9), updated_at=NOW)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        BlogPost.objects.filter(pk=post.pk).update(**fields)
    assert name in str(refused.value) or "version" in str(refused.value)


def test_one_slug_of_two_posts_is_refused():
    one, two = make.post(slug="one"), make.post(slug="two")
    with pytest.raises(IntegrityError), transaction.atomic():
        UsedSlug.objects.create(slug="one", post=two, since=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        BlogPost.objects.filter(pk=two.pk).update(slug=one.slug)


@pytest.mark.parametrize(
    ("name", "make_it"),
    [
        ("category_name_unique_in_any_case", lambda: Category.objects.create(name="SLEEP", slug="other")),
        ("category_has_a_name", lambda: Category.objects.create(name="", slug="empty")),
        ("tag_has_a_name", lambda: Tag.objects.create(name="", slug="empty")),
    ],
)
def test_category_and_tag_constraints_hold(name, make_it):
    Category.objects.create(name="Sleep", slug="sleep")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        make_it()
    assert name in str(refused.value)


@pytest.mark.parametrize("number", [0, 1])
def test_revision_numbers_hold(mai, number):
    post = begin(mai)
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.create(post=post, number=number, at=NOW)


def test_revision_is_written_once(mai):
    revision = begin(mai).revisions.get()
    revision.body = "Never said"
    with pytest.raises(IntegrityError), transaction.atomic():
        revision.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Revision.objects.update(body="Never said")


def test_category_with_articles_is_protected():
    category = make.post().category
    with pytest.raises(models.ProtectedError):
        category.delete()
