"""The manager's side of the blog: every article, its author, the categories and the tags."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.resources.models import BlogPost, Category, Tag
from portal.website import actions, texts
from portal.website.models import SiteText
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clinic():
    make.clinic()


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.MANAGER)


def url(name, *args):
    return reverse(f"manager:{name}", args=args)


PAGES = ["articles", "new_article", "shelves"]


@pytest.mark.parametrize(("role", "status"), [(Role.MANAGER, 200), (Role.PSYCHOLOGIST, 403), (Role.RECEPTION, 403)])
@pytest.mark.parametrize("page", PAGES)
def test_list_access(page, role, status):
    assert make.signed_in_client(role=role).get(url(page)).status_code == status


@pytest.mark.parametrize(("role", "status"), [(Role.PSYCHOLOGIST, 403), (Role.RECEPTION, 403), (Role.PATIENT, 403)])
@pytest.mark.parametrize(
    "page",
    [
        *("article", "keep_article", "article_preview", "article_revisions", "restore_article", "article_address"),
        *("article_link", "article_reviewed", "take_back_article", "delete_article"),
    ],
)
def test_article_access(page, role, status):
    post = make.post(body="As it was")
    client = make.signed_in_client(role=role)
    assert client.get(url(page, post.code)).status_code == status
    assert client.post(url(page, post.code), {"body": "Changed"}).status_code == status
    post.refresh_from_db()
    assert (post.body, post.version) == ("As it was", 1)


@pytest.mark.parametrize(("role", "status"), [(Role.PSYCHOLOGIST, 403), (Role.RECEPTION, 403), (Role.PATIENT, 403)])
def test_shelf_access(role, status):
    category = make.category(name="Sleep")
    tag = Tag.objects.create(name="Sleep", slug="sleep")
    client = make.signed_in_client(role=role)
    for page, args, words in (
        ("categories", (), {"name": "New"}),
        ("category", (category.code,), {"do": "delete"}),
        ("tags", (), {"remove": tag.slug}),
    ):
        assert client.post(url(page, *args), words).status_code == status
    assert (Category.objects.get(), Tag.objects.get()) == (category, tag)


def test_manager_sees_and_edits_every_article(desk):
    post = make.post(title="Mai's", draft=True)
    assert "Mai&#x27;s" in desk.get(url("articles")).content.decode()
    tom = make.user(role=Role.PSYCHOLOGIST)
    words = {"title": "Tom's now", "body": "Words", "language": "en-au", "version": 1, "author": tom.code}
    assert desk.post(url("article", post.code), words).status_code == 302
    post.refresh_from_db()
    assert (post.title, post.author, post.saved_by) == ("Tom's now", tom, desk.user)


@pytest.mark.parametrize("who", ["reception", "patient", "closed"])
def test_author_is_somebody_who_writes(desk, who):
    post = make.post(draft=True)
    other = {
        "reception": lambda: make.user(role=Role.RECEPTION),
        "patient": make.user,
        "closed": lambda: make.user(role=Role.PSYCHOLOGIST, is_active=False),
    }[who]()
    words = {"title": "A", "body": "B", "language": "en-au", "version": 1, "author": other.code}
    assert desk.post(url("article", post.code), words).status_code == 422


def test_author_who_left_stays_the_author(desk):
    post = make.post(draft=True, author=make.user(role=Role.PSYCHOLOGIST, is_active=False))
    words = {"title": "A", "body": "B", "language": "en-au", "version": 1, "author": post.author.code}
    assert desk.post(url("article", post.code), words).status_code == 302


def test_list_takes_the_same_queries_for_one_and_thirty(desk, django_assert_num_queries):
    make.post()
    desk.get(url("articles"))
    with CaptureQueriesContext(connection) as first:
        desk.get(url("articles"))
    for _ in range(29):
        make.post(tags=("A", "B"))
    with django_assert_num_queries(len(first)):
        desk.get(url("articles"))


# ---- Categories ------------------------------------------------------------------------------------------------------


def test_category_is_added_moved_changed_put_away(desk):
    for name in ("Sleep", "Families", "Grief"):
        assert desk.post(url("categories"), {"name": name, "description": "Words"}).status_code == 302
    assert list(Category.objects.values_list("slug", flat=True)) == ["sleep", "families", "grief"]
    desk.post(url("categories"), {"earlier": "grief"})
    desk.post(url("categories"), {"later": "sleep"})
    desk.post(url("categories"), {"later": "families"})
    assert list(Category.objects.values_list("slug", flat=True)) == ["grief", "sleep", "families"]
    assert re.findall(r'"strong" href="[^"]+">([^<]+)<', desk.get(url("shelves")).content.decode()) == [
        "Grief",
        "Sleep",
        "Families",
    ]
    grief = Category.objects.get(slug="grief")
    desk.send(url("category", grief.code), {"name": "Loss", "description": ""})
    desk.post(url("category", grief.code), {"do": "put_away"})
    grief.refresh_from_db()
    assert (grief.name, grief.slug, grief.is_active) == ("Loss", "grief", False)
    desk.post(url("category", grief.code), {"do": "take_up"})
    grief.refresh_from_db()
    assert grief.is_active


def test_category_of_the_same_name_is_refused_in_words(desk):
    make.category(name="Sleep")
    answer = desk.post(url("categories"), {"name": "SLEEP"})
    assert (answer.status_code, Category.objects.count()) == (422, 1)
    assert "There is a category of this name already." in answer.content.decode()


def test_category_with_articles_is_not_deleted(desk):
    post = make.post(draft=True)
    at = url("category", post.category.code)
    desk.post(at, {"do": "delete"} | desk.shown(at))
    assert Category.objects.count() == 1
    post.category = None
    post.save()
    desk.post(at, {"do": "delete"} | desk.shown(at))
    assert Category.objects.count() == 0


@pytest.mark.parametrize("says", [True, False])
def test_category_that_was_changed_since_the_page_was_drawn_is_not_deleted(desk, says):
    shelf = make.category(name="Sleep")
    at = url("category", shelf.code)
    page = desk.shown(at) if says else {}
    Category.objects.update(name="Sleep and rest")
    answer = desk.post(at, {"do": "delete"} | page, follow=True)
    assert answer.redirect_chain == [(at, 302)]
    assert "It was changed meanwhile, and not deleted." in answer.content.decode()
    assert desk.post(at, {"do": "delete"} | make.shown_in(answer)).status_code == 302
    assert Category.objects.count() == 0


def test_category_with_files_alone_says_so_and_is_not_deleted(desk):
    resource = make.resource()
    make.resource(category=resource.category, is_active=False)
    page = desk.get(url("shelves")).content.decode()
    assert "0 articles, 2 files" in page
    assert 'value="delete"' not in desk.get(url("category", resource.category.code)).content.decode()
    at = url("category", resource.category.code)
    answer = desk.post(at, {"do": "delete"} | desk.shown(at), follow=True)
    assert "Articles or files stand in it." in answer.content.decode()
    assert Category.objects.count() == 1
    for _ in range(2):
        make.post(category=resource.category)
    assert "2 articles, 2 files" in desk.get(url("shelves")).content.decode()
    empty = make.category()
    assert 'value="delete"' in desk.get(url("category", empty.code)).content.decode()


def test_category_put_away_is_not_offered_but_stays(desk):
    away = make.category(name="Put away", is_active=False)
    post = make.post(category=away)
    assert "Put away</option>" in desk.get(url("article", post.code)).content.decode()
    assert "Put away</option>" not in desk.get(url("new_article")).content.decode()


# ---- Tags ------------------------------------------------------------------------------------------------------------


def test_tag_is_renamed_merged_removed(desk):
    one, two = make.post(tags=("Sleep",)), make.post(tags=("Sleeping", "Sleep"))
    desk.post(url("tags"), {"tag": "sleep", "name": "Rest"})
    assert set(Tag.objects.values_list("name", "slug")) == {("Rest", "rest"), ("Sleeping", "sleeping")}
    desk.post(url("tags"), {"tag": "sleeping", "name": "rest"})
    assert [list(post.tags.values_list("slug", flat=True)) for post in (one, two)] == [["rest"], ["rest"]]
    desk.post(url("tags"), {"remove": "rest"})
    assert (Tag.objects.count(), BlogPost.objects.count()) == (0, 2)


@pytest.mark.parametrize(
    ("address", "sent"),
    [("categories", {"earlier": "a\x00b"}), ("tags", {"remove": "a\x00b"}), ("tags", {"tag": "\x00", "name": "Rest"})],
)
def test_a_name_that_no_row_can_have_is_not_found(desk, address, sent):
    """PostgreSQL can't even look for a NUL."""
    answer = desk.post(url(address), sent, follow=True)
    assert answer.redirect_chain == [(url("shelves"), 302)]
    assert [str(message) for message in answer.context["messages"]] == [
        "It was deleted before this was sent, so there was nothing left to do."
    ]


def test_names_in_other_languages_follow_a_tag_and_end_with_it(desk):
    """What a tag is called in Arabic stays with it when it is renamed; one of the same name made later has none."""
    make.post(tags=("Sleep", "Sleep-well", "Sleeping", "Rest"))

    def say(slug, language, text):
        key = texts.key_of(Tag.objects.get(slug=slug), "name")
        actions.set_text(key=key, language=language, text=text, by=Actor.system("test"), now=timezone.now())

    def said():
        return set(SiteText.objects.values_list("key", "language", "text"))

    say("sleep", "ar", "النوم")
    say("sleep", "vi", "Giấc ngủ")
    say("rest", "vi", "Nghỉ ngơi")
    say("sleep-well", "ar", "نوم هانئ")
    apart = ("tag.sleep-well.name", "ar", "نوم هانئ")
    desk.post(url("tags"), {"tag": "sleep", "name": "Sleepless"})
    assert said() == {
        ("tag.sleepless.name", "ar", "النوم"), ("tag.sleepless.name", "vi", "Giấc ngủ"),
        ("tag.rest.name", "vi", "Nghỉ ngơi"), apart,
    }  # fmt: skip
    desk.post(url("tags"), {"tag": "sleepless", "name": "SLEEPLESS"})
    assert len(said()) == 4
    # Where two become one, the words of the one that stays stand before those of the other.
    desk.post(url("tags"), {"tag": "sleepless", "name": "Rest"})
    assert said() == {("tag.rest.name", "ar", "النوم"), ("tag.rest.name", "vi", "Nghỉ ngơi"), apart}
    desk.post(url("tags"), {"remove": "rest"})
    assert said() == {apart}


def test_names_of_a_category_in_other_languages_end_with_it(desk):
    shelf, other = make.category(), make.category()
    for one in (shelf, other):
        for field in ("name", "description"):
            actions.set_text(
                key=texts.key_of(one, field), language="ar", text="كلمة", by=Actor.system("test"), now=timezone.now()
            )
    at = url("category", shelf.code)
    desk.post(at, {"do": "delete"} | desk.shown(at))
    assert set(SiteText.objects.values_list("key", flat=True)) == {
        texts.key_of(other, "name"), texts.key_of(other, "description")
    }  # fmt: skip


def test_tag_of_many_articles_is_merged_in_as_many_queries_as_of_one(desk, django_assert_num_queries):
    make.post(tags=("One", "Other"))
    desk.get(url("shelves"))
    with CaptureQueriesContext(connection) as first:
        desk.post(url("tags"), {"tag": "one", "name": "Other"})
    for _ in range(9):
        make.post(tags=("Two",))
    make.post(tags=("Two", "Other"))
    with django_assert_num_queries(len(first)):
        desk.post(url("tags"), {"tag": "two", "name": "Other"})
    assert (Tag.objects.get().slug, Tag.objects.get().posts.count()) == ("other", 11)


def test_tag_without_letters_is_refused_in_words(desk):
    make.post(tags=("Sleep",))
    answer = desk.post(url("tags"), {"tag": "sleep", "name": "!!!"})
    assert answer.status_code == 422
    assert "A tag needs a letter or a digit." in answer.content.decode()
    assert desk.post(url("tags"), {"tag": "none", "name": "x"}).url == url("shelves")
