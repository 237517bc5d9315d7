"""The blog as readers meet it: what is there, what is not yet or no more, and what it costs."""

from datetime import UTC, datetime, timedelta
from html import unescape
from io import BytesIO

import feedparser
import html5lib
import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from portal.accounts.roles import Role
from portal.common.media.uploads import save_picture
from portal.resources.models import BlogPost, UsedSlug
from portal.web.public import articles
from tests import make

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _clinic(db, settings):
    settings.PORTAL_BASE_URL = "https://portal.example"
    make.clinic()


def body(response):
    assert response.status_code == 200
    return response.content.decode()


def tree(response):
    return html5lib.parse(body(response), namespaceHTMLElements=False)


def titles(response):
    """Of the articles on a list, in its order."""
    return ["".join(a.itertext()).strip() for a in tree(response).findall(".//article//h3/a")]


def photo(width=1600, height=1000, colour="#8bb3a5"):
    return save_picture(Image.new("RGB", (width, height), colour), name="a" * 32)


def illustrated(**fields):
    post = make.post(picture_alt="Hills", picture="to come", **fields)
    post.picture.save(photo().name, photo(), save=True)
    return post


def fetched(client, address):
    answer = client.get(address)
    content = b"".join(answer.streaming_content)
    return answer, content


# ---- Lists -----------------------------------------------------------------------------------------------------------


def test_the_newest_article_leads(client):
    for days, title in ((3, "Oldest"), (1, "Newest"), (2, "Between")):
        make.post(title=title, published_at=timezone.now() - timedelta(days=days))
    page = tree(client.get("/blog/"))
    assert titles(client.get("/blog/")) == ["Newest", "Between", "Oldest"]
    assert ["".join(h.itertext()).strip() for h in page.findall(".//article[@class='lead']//h3")] == ["Newest"]


def test_drafts_and_what_is_scheduled_are_nowhere(client):
    shelf = make.category(name="Worry", slug="worry")
    make.post(title="Readable", slug="readable", category=shelf, tags=("Sleep",))
    hidden = [
        make.post(title="Secret draft", slug="draft", category=shelf, tags=("Sleep", "Hidden"), draft=True),
        make.post(
            title="Secret plan", slug="plan", category=shelf, tags=("Sleep", "Hidden"),
            published_at=timezone.now() + timedelta(seconds=30),
        ),
    ]  # fmt: skip
    for path in (
        "/blog/",
        "/blog/?q=secret",
        "/blog/category/worry/",
        "/blog/tag/sleep/",
        "/blog/feed/",
        "/blog/readable/",
        "/sitemap/articles-1.xml",
        "/ar/blog/",
    ):
        assert "Secret" not in body(client.get(path)), path
        assert "/blog/draft/" not in body(client.get(path)), path
        assert "/blog/plan/" not in body(client.get(path)), path
    for post in hidden:
        assert client.get(f"/blog/{post.slug}/").status_code == 404
    assert client.get("/blog/tag/hidden/").status_code == 404


def test_a_scheduled_article_comes_out_by_itself(client, time_machine):
    time_machine.move_to(NOW, tick=False)
    make.post(title="On time", slug="on-time", published_at=NOW + timedelta(minutes=1))
    assert client.get("/blog/on-time/").status_code == 404
    assert titles(client.get("/blog/")) == []
    time_machine.shift(61)
    assert "On time" in body(client.get("/blog/on-time/"))
    assert titles(client.get("/blog/")) == ["On time"]


def test_an_article_that_is_taken_back_is_gone(client):
    post = make.post(slug="taken-back")
    assert client.get("/blog/taken-back/").status_code == 200
    BlogPost.objects.filter(pk=post.pk).update(status="draft", published_at=None)
    assert client.get("/blog/taken-back/").status_code == 404


def test_categories_and_tags_list_their_own(client):
    worry, family = make.category(name="Worry", slug="worry"), make.category(name="Families", slug="families")
    make.category(name="Empty", slug="empty")
    make.post(title="One", category=worry, tags=("Sleep",))
    make.post(title="Two", category=family, tags=("Sleep", "School"))
    assert titles(client.get("/blog/category/worry/")) == ["One"]
    assert titles(client.get("/blog/tag/school/")) == ["Two"]
    assert sorted(titles(client.get("/blog/tag/sleep/"))) == ["One", "Two"]
    assert client.get("/blog/tag/nothing/").status_code == 404
    assert client.get("/blog/category/nothing/").status_code == 404
    shelves = [a.get("href") for a in tree(client.get("/blog/")).findall(".//nav[@class='shelves']//a")]
    assert shelves == ["/blog/", "/blog/category/worry/", "/blog/category/families/"]
    assert "The first article is being written" in body(client.get("/blog/category/empty/"))


def test_a_category_that_was_put_away_keeps_its_address_while_something_is_there(client):
    shelf = make.category(slug="old", is_active=False)
    assert client.get("/blog/category/old/").status_code == 404
    make.post(title="Kept", category=shelf)
    assert titles(client.get("/blog/category/old/")) == ["Kept"]
    assert "/blog/category/old/" not in body(client.get("/blog/"))


def test_tags_of_other_scripts_have_an_address(client):
    make.post(title="Tết", tags=("Giấc-ngủ",))
    assert titles(client.get(reverse("public:tag", args=["giấc-ngủ"]))) == ["Tết"]


@pytest.mark.parametrize("typed", ["nguyen", "NGUYỄN", "worries  tet", "wor"])
def test_search_finds_beginnings_whatever_the_accents(client, typed):
    make.post(title="Nguyễn writes", body="About worries at Tết.")
    make.post(title="Something else", body="Nothing of it.")
    assert titles(client.get("/blog/", {"q": typed})) == ["Nguyễn writes"]


@pytest.mark.parametrize("typed", ["zzz", "%", "_", "' OR 1=1 --", "x" * 101, "\x00", "<script>"])
def test_search_that_finds_nothing_says_so(client, typed):
    make.post(title="Plain", body="Plain words.")
    page = body(client.get("/blog/", {"q": typed}))
    assert "<script>alert" not in page
    found = titles(client.get("/blog/", {"q": typed}))
    assert found == ([] if typed != "\x00" else ["Plain"])
    if not found:
        assert "Nothing found" in page


def test_search_answers_a_fragment_to_htmx_and_a_page_to_everybody_else(client):
    make.post(title="Found")
    htmx = {"HX-Request": "true", "HX-Target": "results"}
    fragment = body(client.get("/blog/?q=found", headers=htmx))
    assert fragment.strip().startswith('<section id="results"')
    assert "<html" in body(client.get("/blog/?q=found"))
    assert 'content="noindex, follow"' in body(client.get("/blog/?q=found"))


def test_lists_turn_without_leaving_one_out_or_showing_one_twice(client):
    at = timezone.now() - timedelta(days=1)
    for n in range(25):
        make.post(title=f"Article {n}", published_at=at - timedelta(minutes=n // 4))  # several of one moment
    seen, path = [], "/blog/"
    for _ in range(10):
        page = client.get(path)
        seen += titles(page)
        following = tree(page).find(".//head/link[@rel='next']")
        if following is None:
            break
        path = f"/blog/{following.get('href')}"
    assert len(seen) == len(set(seen)) == 25
    back = tree(page).find(".//head/link[@rel='prev']").get("href")
    assert titles(client.get(f"/blog/{back}")) == seen[11:22]


@pytest.mark.parametrize("page", ["after-nothing", "before-x", "2", "after-", "\x00", "after-\x00", "a" * 300])
def test_a_page_that_is_not_there_leads_to_the_first(client, page):
    make.post()
    answer = client.get("/blog/", {"page": page})
    assert (answer.status_code, answer["Location"]) == (302, "/blog/")


def test_a_page_is_never_named_by_a_draft(client):
    make.post(slug="draft", draft=True)
    make.post(slug="one")
    assert client.get("/blog/?page=after-draft").status_code == 302


def test_an_empty_blog_says_so_kindly(client):
    page = body(client.get("/blog/"))
    assert "The first article is being written" in page
    assert "13 11 14" in page


def grow(number):
    shelf = make.category()
    author = make.psychologist()
    for n in range(number):
        make.post(
            title=f"Worry {n}", author=author.user, category=shelf, tags=("Sleep", "Work"),
            published_at=timezone.now() - timedelta(hours=n),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("path", "most"),
    [("/blog/", 9), ("/blog/?q=worry", 9), ("/blog/tag/sleep/", 11), ("/blog/feed/", 4), ("/blog/article-x/", 12)],
)
def test_pages_take_the_same_queries_for_1_and_for_30(client, path, most):
    make.post(slug="article-x", author=make.psychologist().user, tags=("Sleep",), body="Words. " * 600)
    counts = []
    for number in (2, 28):
        grow(number)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        counts.append(len(queries))
    # A list that goes on looks one page further: nothing else may come with more articles.
    assert counts[1] <= counts[0]
    assert counts[1] <= most


# ---- One article -----------------------------------------------------------------------------------------------------


def test_an_article_says_who_wrote_it_and_when(client):
    anh = make.psychologist(
        user=make.user(first_name="Anh", last_name="Lê", role=Role.PSYCHOLOGIST),
        slug="anh-le",
        ahpra_number="PSY0001234567",
        headline="Grief",
    )
    make.post(
        title="Sleep & worry",
        slug="sleep",
        author=anh.user,
        excerpt="Why we wake.",
        body="Words. " * 500,
        published_at=datetime(2026, 3, 1, 13, 30, tzinfo=UTC),
        updated_at=datetime(2026, 4, 2, 1, 0, tzinfo=UTC),
        tags=("Sleep",),
    )
    page = body(client.get("/blog/sleep/"))
    for words in (
        "Sleep &amp; worry",
        "Why we wake.",
        'href="/psychologists/anh-le/" rel="author"',
        "PSY0001234567",
        "2 Mar 2026",  # in the clinic's zone
        "2 Apr 2026",
        "3 minutes to read",
        'href="/blog/tag/sleep/" rel="tag"',
        "This is general information, not advice for you.",
        "13 11 14",
    ):
        assert words in page


def test_whoever_left_keeps_their_name_and_loses_the_link(client):
    gone = make.psychologist(slug="gone", is_active=False)
    make.post(slug="kept", author=gone.user)
    page = body(client.get("/blog/kept/"))
    assert gone.name in page
    assert "/psychologists/gone/" not in page


def test_an_address_is_never_shown_in_place_of_a_name(client):
    nameless = make.user(first_name="", last_name="", email="private@example.com", role=Role.MANAGER)
    make.post(slug="unsigned", author=nameless)
    for path in ("/blog/", "/blog/unsigned/", "/blog/feed/"):
        assert "private@example.com" not in body(client.get(path))


def test_an_old_address_leads_to_the_new_one_for_good(client):
    post = make.post(slug="new-name")
    UsedSlug.objects.create(slug="old-name", post=post, since=timezone.now())
    answer = client.get("/blog/old-name/")
    assert (answer.status_code, answer["Location"]) == (301, "/blog/new-name/")
    assert client.get("/vi/blog/old-name/")["Location"] == "/vi/blog/new-name/"


def test_an_old_address_of_a_draft_tells_nothing(client):
    post = make.post(slug="secret-name", draft=True)
    UsedSlug.objects.create(slug="old-name", post=post, since=timezone.now())
    answer = client.get("/blog/old-name/")
    assert answer.status_code == 404
    assert "secret-name" not in answer.content.decode()


def said(page):
    return ["".join(p.itertext()) for p in page.iter("p") if "said" in (p.get("class") or "")]


def test_an_article_of_another_language_says_so(client):
    make.post(title="Giấc ngủ", slug="giac-ngu", language="vi", body="Ngủ.")
    make.post(title="النوم", slug="sleep-ar", language="ar", body="نوم.")
    english = tree(client.get("/blog/giac-ngu/"))
    main = english.find(".//div[@class='article-body']")
    assert (main.get("lang"), main.get("dir")) == ("vi", "ltr")
    assert "Tiếng Việt" in "".join(english.find(".//main").itertext())
    arabic = tree(client.get("/blog/sleep-ar/"))
    assert arabic.find(".//div[@class='article-body']").get("dir") == "rtl"
    assert said(english) == ["This article is in Tiếng Việt."]
    assert said(tree(client.get("/vi/blog/giac-ngu/"))) == []
    cards = tree(client.get("/blog/")).findall(".//article")
    assert {card.get("lang") for card in cards} == {"vi", "ar"}


def test_a_long_article_lists_its_parts_and_a_short_one_does_not(client):
    words = "word " * 300
    make.post(slug="long", body=f"## One & two\n\n{words}\n\n### *Three*\n\n{words}\n\n## Four\n\nEnd.")
    make.post(slug="short", body="## One\n\n## Two\n\n## Three\n\nEnd.")
    page = tree(client.get("/blog/long/"))
    links = [(a.get("href"), a.text) for a in page.findall(".//nav[@class='contents']//a")]
    assert links == [("#part-one-two", "One & two"), ("#part-three", "Three"), ("#part-four", "Four")]
    ids = {node.get("id") for node in page.iter() if node.get("id")}
    assert {href[1:] for href, _ in links} <= ids
    assert tree(client.get("/blog/short/")).find(".//nav[@class='contents']") is None


def test_related_articles_are_the_most_alike(client):
    shelf, other = make.category(), make.category()
    post = make.post(slug="this", category=shelf, tags=("A", "B"))
    both = make.post(title="Both tags", category=other, tags=("A", "B"))
    same = make.post(title="Tag and shelf", category=shelf, tags=("A",))
    shelfmate = make.post(title="Shelf", category=shelf)
    make.post(title="Neither", category=other)
    make.post(title="In Vietnamese", category=shelf, tags=("A", "B"), language="vi")
    make.post(title="Draft", category=shelf, tags=("A", "B"), draft=True)
    found = articles.related(post, list(post.tags.all()), now=timezone.now())
    assert [one.title for one in found] == [both.title, same.title, shelfmate.title]


@pytest.fixture
def store(settings, time_machine):
    """The readers' store, at work."""
    local = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "read on"}
    settings.CACHES = {**settings.CACHES, "readers": local}
    caches["readers"].clear()
    time_machine.move_to(NOW, tick=False)
    yield caches["readers"]
    caches["readers"].clear()


def take_back_soon():
    """An article, and another one to read on, which the answer takes back."""
    shelf = make.category()
    make.post(slug="this", category=shelf, published_at=NOW - timedelta(days=2))
    other = make.post(title="Taken back soon", category=shelf, published_at=NOW - timedelta(days=1))
    return lambda: BlogPost.objects.filter(pk=other.pk).update(status="draft", published_at=None)


def test_what_to_read_on_is_looked_for_once_in_half_a_minute(client, store, time_machine):
    take_back = take_back_soon()
    drawn_anew = "/blog/this/?x=1"
    assert "Taken back soon" in body(client.get(drawn_anew))
    take_back()
    time_machine.shift(29)
    assert "Taken back soon" in body(client.get(drawn_anew))
    time_machine.shift(2)
    assert "Taken back soon" not in body(client.get(drawn_anew))


def test_what_was_taken_back_is_gone_after_a_minute_where_one_may_read_on(client, store, time_machine):
    """The page is kept with the card in it, which was kept before."""
    take_back = take_back_soon()
    client.get("/blog/this/?x=1")
    take_back()
    time_machine.shift(29)
    assert "Taken back soon" in body(client.get("/blog/this/"))
    time_machine.shift(29)
    assert "Taken back soon" in body(client.get("/blog/this/"))
    time_machine.shift(2)
    assert "Taken back soon" not in body(client.get("/blog/this/"))


# ---- Pictures --------------------------------------------------------------------------------------------------------


def test_a_picture_stands_in_several_sizes_with_its_words(client):
    post = illustrated(slug="hills")
    img = tree(client.get("/blog/hills/")).find(".//figure//img")
    assert (img.get("alt"), img.get("width"), img.get("height")) == ("Hills", "1600", "1000")
    for source in img.get("srcset").split(", "):
        address, _ = source.split(" ")
        answer, content = fetched(client, address)
        assert (answer.status_code, answer["Content-Type"], content[:2]) == (200, "image/jpeg", b"\xff\xd8")
        assert "immutable" in answer["Cache-Control"]
    assert str(post.code) in img.get("src")


@pytest.mark.parametrize(
    "name", ["w801.jpg", "w800.gif", "w800.jpg/x", "..%2fsettings.py", "w0.jpg", "w99999.jpg", "x"]
)
def test_other_sizes_are_not_made(client, name):
    post = illustrated()
    assert client.get(f"/pictures/articles/{post.code}/{name}").status_code == 404


def test_a_drafts_picture_is_shown_by_its_link_alone(client):
    draft = illustrated(slug="hidden", draft=True)
    assert client.get(f"/pictures/articles/{draft.code}/w800.jpg").status_code == 404
    src = tree(client.get(f"/blog/preview/{draft.preview_token}/")).find(".//figure//img").get("src")
    answer, content = fetched(client, src)
    assert answer["Cache-Control"] == "no-store, private"
    with Image.open(BytesIO(content)) as image:
        assert image.width == 1200
    assert client.get(f"/blog/preview/{'x' * 32}/w800.jpg").status_code == 404


# ---- Drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_is_shown_to_whoever_has_its_link_and_kept_by_nobody(client):
    draft = make.post(title="Not yet", slug="not-yet", draft=True, tags=("Sleep",))
    answer = client.get(f"/blog/preview/{draft.preview_token}/")
    page = body(answer)
    assert "This is a draft." in page
    assert "Not yet" in page
    assert 'content="noindex, nofollow"' in page
    assert "canonical" not in page
    assert "ld+json" not in page
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["X-Robots-Tag"] == "noindex, nofollow"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_an_untitled_draft_can_be_shown(client):
    draft = make.post(title="", body="", draft=True)
    assert "An article without a title" in body(client.get(f"/blog/preview/{draft.preview_token}/"))


def test_a_scheduled_article_says_when_it_comes_out(client, time_machine):
    time_machine.move_to(NOW, tick=False)
    post = make.post(published_at=datetime(2026, 11, 30, 22, 0, tzinfo=UTC))
    page = body(client.get(f"/blog/preview/{post.preview_token}/"))
    assert "This article comes out on Tuesday 1 December 2026 at 9:00 am." in page


def test_a_link_to_a_draft_leads_on_once_it_is_out(client):
    post = make.post(slug="out")
    answer = client.get(f"/blog/preview/{post.preview_token}/")
    assert (answer.status_code, answer["Location"]) == (302, "/blog/out/")


@pytest.mark.parametrize("token", ["x", "x" * 32, "x" * 500, "%00", "x%00", "é"])
def test_a_guessed_link_finds_nothing(client, token):
    make.post(draft=True)
    assert client.get(f"/blog/preview/{token}/").status_code == 404
    assert client.get(f"/blog/tag/{token}/").status_code == 404


# ---- The feed --------------------------------------------------------------------------------------------------------


def test_the_feed_is_atom_that_readers_understand(client):
    author = make.psychologist(user=make.user(first_name="Anh", last_name="Lê", role=Role.PSYCHOLOGIST), title="")
    shelf = make.category(name="Worry & sleep")
    for n in range(25):
        make.post(
            title=f"Title <{n}> & more", slug=f"entry-{n}", author=author.user, category=shelf, excerpt=f"About {n}.",
            published_at=NOW - timedelta(days=n), language="vi" if n == 1 else "en-au",
            updated_at=NOW - timedelta(hours=1) if n == 2 else None,
        )  # fmt: skip
    answer = client.get("/blog/feed/")
    assert answer["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = feedparser.parse(answer.content)
    assert not feed.bozo
    assert feed.version == "atom10"
    assert (feed.feed.title, feed.feed.id) == ("Banksia Lane Psychology", "https://portal.example/blog/")
    assert {link.rel: link.href for link in feed.feed.links} == {
        "alternate": "https://portal.example/blog/",
        "self": "https://portal.example/blog/feed/",
    }
    assert len(feed.entries) == 20
    first, second, third = feed.entries[:3]
    assert first.title == "Title <0> & more"
    assert first.link == "https://portal.example/blog/entry-0/"
    assert first.id == f"urn:uuid:{BlogPost.objects.get(slug='entry-0').code}"
    assert (first.author, first.summary, first.tags[0].term) == ("Anh Lê", "About 0.", "Worry & sleep")
    assert datetime.fromisoformat(first.published) == NOW
    assert datetime.fromisoformat(third.updated) == NOW - timedelta(hours=1)
    assert datetime.fromisoformat(feed.feed.updated) == NOW
    assert second.summary_detail.language == "vi"
    assert not any(link.href.startswith("/") for entry in feed.entries for link in entry.links)


def test_the_feed_keeps_words_in_angle_brackets(client):
    make.post(title="One", slug="one", excerpt="Write <words> & <b>marks</b> as they are.", published_at=NOW)
    (entry,) = feedparser.parse(client.get("/blog/feed/").content, sanitize_html=True).entries
    assert unescape(entry.summary) == "Write <words> & <b>marks</b> as they are."


def test_the_feed_keeps_its_entries_names_when_addresses_change(client):
    post = make.post(slug="before")
    before = feedparser.parse(client.get("/blog/feed/").content).entries[0]
    BlogPost.objects.filter(pk=post.pk).update(slug="after")
    after = feedparser.parse(client.get("/blog/feed/").content).entries[0]
    assert (before.id, before.link) != (after.id, after.link)
    assert before.id == after.id


def test_an_empty_feed_is_whole_and_the_same_each_time(client, time_machine):
    time_machine.move_to(NOW, tick=False)
    first = client.get("/blog/feed/")
    time_machine.shift(3600)
    second = client.get("/blog/feed/", headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 304
    assert not feedparser.parse(first.content).bozo


def test_a_feed_reader_that_has_it_gets_304_until_something_new_comes(client):
    make.post()
    etag = client.get("/blog/feed/")["ETag"]
    assert client.get("/blog/feed/", headers={"If-None-Match": etag}).status_code == 304
    make.post()
    assert client.get("/blog/feed/", headers={"If-None-Match": etag}).status_code == 200


def test_the_feed_speaks_the_language_of_its_address(client):
    feed = feedparser.parse(client.get("/vi/blog/feed/").content)
    assert (feed.feed.language, feed.feed.link) == ("vi", "https://portal.example/vi/blog/")
