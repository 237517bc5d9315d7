"""Categories, tags and specialisations in the reader's language, wherever readers meet them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import feedparser
import html5lib
import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.common.access.actors import Actor
from portal.website import actions, texts
from tests import make

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
WORRY, ABOUT, SLEEP, GRIEF = "القلق", "ما يفعله القلق.", "النوم", "الحزن"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def say(row, field, text, language="ar"):
    return actions.set_text(
        key=texts.key_of(row, field), language=language, text=text, by=Actor.system("test"), now=timezone.now()
    )


@pytest.fixture(autouse=True)
def shelf(db, settings):
    """A category with an article, a file and a tag; all of it has an Arabic name, and none a Vietnamese one."""
    settings.PORTAL_BASE_URL = "https://portal.example"
    make.clinic()
    shelf = make.category(name="Worry", slug="worry", description="What worry does.")
    post = make.post(
        title="Nights", slug="nights", category=shelf, tags=("Sleep",), author=make.psychologist().user,
        published_at=NOW - timedelta(days=2),
    )  # fmt: skip
    make.post(title="Days", slug="days", category=shelf, published_at=NOW - timedelta(days=3))
    make.resource(title="Sleep diary", slug="sleep-diary", category=shelf)
    make.resource(title="Elsewhere", category=make.category(name="Other", slug="other"))
    say(shelf, "name", WORRY)
    say(shelf, "description", ABOUT)
    say(post.tags.get(), "name", SLEEP)
    return shelf


def tree(client, path):
    response = client.get(path)
    assert response.status_code == 200
    return html5lib.parse(response.content.decode(), namespaceHTMLElements=False)


def words(element):
    return " ".join("".join(element.itertext()).split())


def lines(page, path):
    """What stands in each of these elements, and the language it says it is in."""
    found = []
    for element in page.findall(path):
        spans = [element, *element.iter()]
        found.append((words(element), next((e.get("lang") for e in spans[::-1] if e.get("lang")), None)))
    return found


SHELVES, TOPICS, CRUMBS, TAGS = (
    ".//nav[@class='shelves']//a",
    ".//p[@class='topic']",
    ".//nav[@class='crumbs']//a",
    ".//ul[@class='tags']//a",
)


@pytest.mark.parametrize(
    ("language", "worry", "about", "sleep", "lang"),
    [
        ("", "Worry", "What worry does.", "Sleep", None),
        ("/ar", WORRY, ABOUT, SLEEP, None),
        ("/vi", "Worry", "What worry does.", "Sleep", "en-au"),
    ],
)
def test_names_on_the_pages_of_articles(client, language, worry, about, sleep, lang):
    blog = tree(client, f"{language}/blog/")
    assert lines(blog, SHELVES)[1:] == [(worry, lang)]
    assert [a.get("href") for a in blog.findall(SHELVES)] == [f"{language}/blog/", f"{language}/blog/category/worry/"]
    assert [text for text, _ in lines(blog, TOPICS)] == [
        f"{worry}{mark}" for mark in ("English" if language else "",) * 2
    ]

    shelf = tree(client, f"{language}/blog/category/worry/")
    assert lines(shelf, ".//h1") == [(worry, lang)]
    assert lines(shelf, ".//p[@class='lede']") == [(about, lang)]
    assert words(shelf.find(".//title")).startswith(f"{worry} ·")
    assert shelf.find(".//title").get("lang") == lang
    assert shelf.find(".//meta[@name='description']").get("content") == about
    assert [a.get("href") for a in shelf.findall(CRUMBS)] == [f"{language}/blog/"]

    tag = tree(client, f"{language}/blog/tag/sleep/")
    assert sleep in words(tag.find(".//h1"))
    assert [(span.text, span.get("lang")) for span in tag.findall(".//h1/span")] == ([(sleep, lang)] if lang else [])
    assert sleep in tag.find(".//meta[@name='description']").get("content")

    post = tree(client, f"{language}/blog/nights/")
    assert lines(post, CRUMBS)[1:] == [(worry, lang)]
    assert lines(post, TAGS) == [(sleep, lang)]
    assert [a.get("href") for a in post.findall(TAGS)] == [f"{language}/blog/tag/sleep/"]
    assert [text.removesuffix("English") for text, _ in lines(post, TOPICS)] == [worry]


@pytest.mark.parametrize(
    ("language", "worry", "about", "lang"),
    [
        ("", "Worry", "What worry does.", None),
        ("/ar", WORRY, ABOUT, None),
        ("/vi", "Worry", "What worry does.", "en-au"),
    ],
)
def test_names_on_the_pages_of_files(client, language, worry, about, lang):
    page = tree(client, f"{language}/resources/")
    assert lines(page, SHELVES)[1] == (worry, lang)
    assert page.findall(SHELVES)[1].get("href") == f"{language}/resources/?category=worry"
    assert lines(page, ".//section[@class='file-shelf']//h2")[0] == (worry, lang)
    assert lines(page, ".//section[@class='file-shelf']/div/p")[0] == (about, lang)
    assert worry in words(tree(client, f"{language}/resources/?category=worry").find(".//title"))
    assert lines(tree(client, f"{language}/resources/sleep-diary/"), CRUMBS)[1] == (worry, lang)


def test_a_topic_is_told_in_the_pages_language_beside_an_article_of_another(client):
    """A card speaks the article's language; the topic above its title the page's, and says so."""
    english, arabic = (tree(client, path).find(TOPICS) for path in ("/blog/", "/ar/blog/"))
    assert [(span.text, span.get("lang")) for span in arabic.findall("span")] == [(WORRY, "ar"), ("English", "en-au")]
    assert (words(english), english.findall("span")) == ("Worry", [])


def told(client, path):
    scripts = tree(client, path).findall(".//script[@type='application/ld+json']")
    return {thing["@type"]: thing for thing in (json.loads(script.text) for script in scripts)}


@pytest.mark.parametrize(("language", "worry", "sleep"), [("", "Worry", "Sleep"), ("/ar", WORRY, SLEEP)])
def test_machines_and_those_who_share_are_told_the_same_names(client, language, worry, sleep):
    posting = told(client, f"{language}/blog/nights/")
    assert (posting["BlogPosting"]["articleSection"], posting["BlogPosting"]["keywords"]) == (worry, [sleep])
    steps = posting["BreadcrumbList"]["itemListElement"]
    assert (steps[2]["name"], steps[2]["item"]) == (worry, f"https://portal.example{language}/blog/category/worry/")
    trail = told(client, f"{language}/blog/category/worry/")["BreadcrumbList"]["itemListElement"]
    assert [step["name"] for step in trail][2:] == [worry]
    head = tree(client, f"{language}/blog/nights/")
    shared = {meta.get("property"): meta.get("content") for meta in head.findall(".//meta[@property]")}
    assert (shared["article:section"], shared["article:tag"]) == (worry, sleep)


def test_the_feed_names_categories_in_its_language(client):
    def terms(path):
        return [entry.tags[0].term for entry in feedparser.parse(client.get(path).content).entries]

    assert (terms("/blog/feed/"), terms("/ar/blog/feed/")) == (["Worry"] * 2, [WORRY] * 2)


def test_a_specialisation_is_told_and_taken_away_in_the_pages_language(client):
    grief = make.specialisation(name="Grief")
    make.psychologist(slug="mai", specialisations=(grief,))
    make.psychologist(languages=(make.language(code="fr", name="Français"),))
    say(grief, "name", GRIEF)
    assert told(client, "/psychologists/mai/")["Person"]["knowsAbout"] == ["Grief"]
    assert told(client, "/ar/psychologists/mai/")["Person"]["knowsAbout"] == [GRIEF]
    for language, name, lang in (("", "Grief", None), ("/ar", GRIEF, None), ("/vi", "Grief", "en-au")):
        page = tree(client, f"{language}/psychologists/?topic={grief.slug}")
        assert lines(page, ".//a[@class='chip']/bdi") == [(name, lang)]
        nobody = tree(client, f"{language}/psychologists/?topic={grief.slug}&language=fr")
        near = next(a for a in nobody.findall(".//a[@class='btn quiet']") if "topic=" not in a.get("href", "topic="))
        assert name in words(near)
        assert [span.get("lang") for span in near.findall("span")] == ([lang] if lang else [])


# ---- What it costs, and how soon it is seen --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/ar/blog/", "/ar/blog/tag/sleep/", "/ar/blog/feed/", "/ar/blog/nights/", "/ar/resources/"]
)
def test_names_take_the_same_queries_for_1_and_for_30(client, path):
    counts = []
    for number in (1, 29):
        for n in range(number):
            shelf = make.category()
            post = make.post(category=shelf, tags=("Sleep", f"Tag {len(counts)} {n}"))
            make.resource(category=shelf)
            say(shelf, "name", f"فئة {n}")
            say(post.tags.latest("pk"), "name", f"وسم {n}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len([query for query in queries if "website_sitetext" in query["sql"]]))
        counts.append(len(queries))
    # A list that goes on looks one page further.
    assert counts[0] == counts[2] == 1
    assert counts[3] <= counts[1] + 1


def test_a_page_in_english_asks_for_no_words_in_other_languages(client):
    for path in ("/blog/category/worry/", "/blog/nights/", "/blog/feed/", "/resources/"):
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        assert [query["sql"] for query in queries if "website_sitetext" in query["sql"]] == [], path


def test_a_changed_name_is_seen_within_a_minute(client, settings, shelf, time_machine):
    """The page that is kept holds a card that was kept before: together no longer than anything else."""
    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "names"}
    settings.CACHES = {**settings.CACHES, "readers": local}
    caches["readers"].clear()
    time_machine.move_to(NOW, tick=False)
    kept = ("/ar/blog/", "/ar/blog/nights/", "/ar/blog/feed/", "/ar/resources/")
    client.get("/ar/blog/nights/?x=1")
    time_machine.shift(29)
    assert all(WORRY in client.get(path).content.decode() for path in kept)
    say(shelf, "name", "الهموم")
    time_machine.shift(61)
    for path in kept:
        page = client.get(path).content.decode()
        assert ("الهموم" in page, WORRY in page.replace(ABOUT, "")) == (True, False), path
    caches["readers"].clear()
