"""A psychologist's own articles: who comes in, what is kept, what is lost (nothing)."""

import re
import uuid
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from portal.accounts.roles import Role
from portal.resources.models import BlogPost
from tests import make
from tests.web.forms import form_to

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)  # noon in Melbourne
HX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _noon():
    make.clinic()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mai():
    return make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn")


@pytest.fixture
def desk(mai):
    return make.client_for(mai)


def url(name, *args):
    return reverse(f"psychologist:{name}", args=args)


def sent(post=None, **changes):
    """What the page sends when nothing was touched, but for `changes`."""
    words = {"title": "", "body": "", "excerpt": "", "category": "", "tags": "", "language": "en-au", "version": 0}
    words |= {"picture_alt": "", "review_by": "", "publish_on": "", "publish_at": ""}
    if post:
        words |= {"title": post.title, "body": post.body, "excerpt": post.excerpt, "version": post.version}
        words |= {"category": post.category_id or "", "tags": ", ".join(t.name for t in post.tags.all())}
        words |= {"picture_alt": post.picture_alt, "review_by": post.review_by or "", "language": post.language}
    return words | changes


def photo(name="a.jpg", size=(900, 600)):
    buffer = BytesIO()
    Image.new("RGB", size, "#7a3e63").save(buffer, "JPEG")
    return SimpleUploadedFile(name, buffer.getvalue(), "image/jpeg")


# ---- Who comes in ----------------------------------------------------------------------------------------------------

READING = ["article", "article_revisions", "article_address", "article_reviewed", "take_back_article", "delete_article"]
DOING = ["article_preview", "restore_article", "article_link"]
STATUS = [("author", 200), ("colleague", 404), ("reception", 403), ("patient", 403), ("nobody", 302)]


def who(name, author):
    match name:
        case "author":
            return make.client_for(author)
        case "colleague":
            return make.client_for(make.user(role=Role.PSYCHOLOGIST))
        case "reception":
            return make.client_for(make.user(role=Role.RECEPTION))
        case "patient":
            return make.signed_in_client(role=Role.PATIENT)
    return make.client_for(None)


@pytest.mark.parametrize(("name", "status"), STATUS)
@pytest.mark.parametrize("page", READING)
def test_page_access(mai, page, name, status):
    post = make.post(author=mai)
    assert who(name, mai).get(url(page, post.code)).status_code == status


@pytest.mark.parametrize(("name", "status"), [(name, status) for name, status in STATUS if name != "author"])
@pytest.mark.parametrize("page", [*READING, *DOING, "keep_article"])
def test_deed_access(mai, page, name, status):
    post = make.post(author=mai, draft=True, title="Mine", body="Mine")
    answer = who(name, mai).post(url(page, post.code), sent(post, body="Theirs", slug="theirs", number=1))
    assert answer.status_code == (405 if page == "article_revisions" and name == "colleague" else status)
    post.refresh_from_db()
    assert (post.body, post.slug[:8], post.version, post.status) == ("Mine", "article-", 1, "draft")


@pytest.mark.parametrize(("name", "status"), [*STATUS[2:], ("author", 200)])
@pytest.mark.parametrize("page", ["articles", "new_article"])
def test_list_access(mai, page, name, status):
    assert who(name, mai).get(url(page)).status_code == status


def test_list_holds_ones_own(mai, desk):
    make.post(author=mai, title="Sleep")
    make.post(title="A colleague's")
    page = desk.get(url("articles")).content.decode()
    assert ("Sleep" in page, "A colleague" in page) == (True, False)


def test_list_takes_the_same_queries_for_one_and_thirty(mai, desk, django_assert_num_queries):
    make.post(author=mai)
    desk.get(url("articles"))
    with CaptureQueriesContext(connection) as first:
        desk.get(url("articles"))
    category = make.category()
    for _ in range(24):
        make.post(author=mai, category=category, tags=("A", "B"))
    for _ in range(5):
        make.post(author=mai, draft=True)
    with django_assert_num_queries(len(first)):
        page = desk.get(url("articles"))
    assert page.content.decode().count('<a class="strong"') == 25


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"state": "draft"}, {"Draft one"}),
        ({"state": "scheduled"}, {"Waiting one"}),
        ({"state": "published"}, {"Read one", "Old one"}),
        ({"state": "due"}, {"Old one"}),
        ({"state": "nonsense"}, {"Draft one", "Waiting one", "Read one", "Old one"}),
        ({"q": "WAITI"}, {"Waiting one"}),
        ({"q": "one \x00"}, {"Draft one", "Waiting one", "Read one", "Old one"}),
        ({"q": "nothing like it"}, set()),
        ({"category": "families"}, {"Read one"}),
    ],
)
def test_list_is_filtered(mai, desk, query, titles):
    make.post(author=mai, draft=True, title="Draft one")
    make.post(author=mai, title="Waiting one", published_at=NOW + timedelta(hours=1))
    make.post(author=mai, title="Read one", category=make.category(slug="families"))
    make.post(author=mai, title="Old one", review_by=NOW.date())
    page = desk.get(url("articles"), query).content.decode()
    assert set(re.findall(r'dir="auto">([^<]+)</a>', page)) == titles


def test_list_answers_htmx_with_its_rows(mai, desk):
    make.post(author=mai)
    answer = desk.get(url("articles"), headers=HX | {"HX-Target": "results"}).content.decode()
    assert answer.strip().startswith('<div id="results"')


# ---- Writing ---------------------------------------------------------------------------------------------------------


def code_on(page):
    return uuid.UUID(re.search(r'action="/practice/articles/([0-9a-f-]{36})/"', page.content.decode())[1])


def test_new_page_is_saved_once_however_often_it_is_sent(mai, desk):
    code = code_on(desk.get(url("new_article")))
    for _ in range(2):
        answer = desk.post(url("article", code), sent(title="Panic, step by step", body="A fire alarm."))
        assert (answer.status_code, answer["Location"]) == (302, url("article", code))
    post = BlogPost.objects.get()
    assert (post.code, post.author, post.slug, post.version) == (code, mai, "panic-step-by-step", 1)
    assert post.revisions.count() == 1


def test_unknown_article_is_not_found(desk):
    assert desk.get(url("article", uuid.uuid4())).status_code == 404
    assert desk.post(url("article", uuid.uuid4()), sent(title="A", version=3)).status_code == 404
    assert not BlogPost.objects.exists()


def test_page_saves_itself(mai, desk):
    code = uuid.uuid4()
    empty = desk.post(url("keep_article", code), sent(), headers=HX)
    assert (empty.status_code, BlogPost.objects.count()) == (200, 0)
    first = desk.post(url("keep_article", code), sent(title="Pan"), headers=HX)
    assert first["HX-Replace-Url"] == url("article", code)
    assert 'name="version" id="article-version" value="1" data-hx-swap-oob="true"' in first.content.decode()
    second = desk.post(url("keep_article", code), sent(title="Panic", version=1), headers=HX)
    assert "HX-Replace-Url" not in second
    assert "Saved 12:00 pm" in second.content.decode()
    post = BlogPost.objects.get()
    assert (post.title, post.version, post.revisions.count()) == ("Panic", 2, 1)


def test_two_tabs_lose_nothing(mai, desk):
    post = make.post(author=mai, draft=True, body="It was a dark night.")
    desk.post(url("article", post.code), sent(post, body="It was a stormy night."))
    for where, headers in (("article", {}), ("keep_article", HX)):
        answer = desk.post(url(where, post.code), sent(post, body="It was a quiet night."), headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 409
        # Both texts, and the words that differ.
        assert "It was a stormy night.</textarea>" in page
        assert "</span>stormy</del>" in page
        assert "</span>quiet</ins>" in page
    page = desk.post(url("article", post.code), sent(post, body="It was a quiet night.")).content.decode()
    assert "It was a quiet night.</textarea>" in page
    assert BlogPost.objects.get().body == "It was a stormy night."
    instead = sent(post, body="It was a quiet night.", instead_of=2)
    assert desk.post(url("article", post.code), instead).status_code == 302
    assert BlogPost.objects.get().body == "It was a quiet night."


def test_published_article_does_not_save_itself(mai, desk):
    post = make.post(author=mai, body="Whole.")
    answer = desk.post(url("keep_article", post.code), sent(post, body="Half a sen"), headers=HX)
    assert answer.status_code == 409
    assert BlogPost.objects.get().body == "Whole."
    assert 'id="autosave"' not in desk.get(url("article", post.code)).content.decode()


def test_five_megabytes_are_refused_in_words_and_kept_in_the_box(mai, desk):
    post = make.post(author=mai, draft=True, body="Short.")
    answer = desk.post(url("article", post.code), sent(post, body="word " * 200_000))
    assert answer.status_code == 422
    assert "An article holds 60000 characters; this has 999999. Split it into two." in answer.content.decode()
    assert BlogPost.objects.get().body == "Short."
    assert (
        "this has 999999"
        in desk.post(url("keep_article", post.code), sent(post, body="word " * 200_000), headers=HX).content.decode()
    )
    # Beyond what the portal reads of any form.
    assert desk.post(url("article", post.code), sent(post, body="word " * 1_000_000)).status_code == 413


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": "a" * 201}, "Write at most 200 characters. This has 201."),
        ({"excerpt": "a" * 501}, "Write at most 500 characters. This has 501."),
        ({"tags": ",".join(str(n) for n in range(13))}, "Choose 12 tags at most."),
        ({"tags": "a" * 41}, "A tag has 40 letters at most."),
        ({"language": "xx"}, "Choose one of these. “xx” is not among them."),
        ({"body": "a\x00b"}, "This has characters in it that can&#x27;t be shown."),
        ({"tags": "sleep, wor\x00ry"}, "This has characters in it that can&#x27;t be shown."),
        ({"category": "999"}, "Choose one of these. What was chosen is not among them."),
        ({"review_by": "2026-02-31"}, "There is no 31 February 2026."),
    ],
)
def test_what_can_not_be_kept_is_said(mai, desk, changes, words):
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("article", post.code), sent(post, **changes))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert BlogPost.objects.get().version == 1


def test_author_can_not_be_changed_by_a_psychologist(mai, desk):
    post = make.post(author=mai, draft=True)
    other = make.user(role=Role.PSYCHOLOGIST)
    desk.post(url("article", post.code), sent(post, author=other.code, title="New"))
    assert BlogPost.objects.get().author == mai


# ---- Publishing ------------------------------------------------------------------------------------------------------


def test_publish_now(mai, desk):
    category = make.category()
    code = uuid.uuid4()
    words = sent(title="Grief at Christmas", body="There is a chair.", category=category.pk, do="publish")
    assert desk.post(url("article", code), words).status_code == 302
    post = BlogPost.objects.get()
    assert (post.status, post.published_at, post.slug) == ("published", NOW, "grief-at-christmas")


def test_publish_an_unfinished_one_keeps_the_words_on_the_page(mai, desk):
    code = uuid.uuid4()
    answer = desk.post(url("article", code), sent(body="Words without a title", do="publish"))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert page.count("Readers need this before it can be published.") == 4  # on top, and beside the title and category
    assert "Words without a title</textarea>" in page
    assert not BlogPost.objects.exists()


@pytest.mark.parametrize(
    ("day", "at", "utc"),
    [
        ("2026-11-24", "09:00", datetime(2026, 11, 23, 22, 0, tzinfo=UTC)),
        # Clocks go back on 4 April 2027: the hour comes twice, and the first one is meant.
        ("2027-04-04", "02:30", datetime(2027, 4, 3, 15, 30, tzinfo=UTC)),
        ("2026-11-23", "12:01", NOW + timedelta(minutes=1)),
    ],
)
def test_schedule_by_the_clinics_clock(mai, desk, day, at, utc):
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("article", post.code), sent(post, do="schedule", publish_on=day, publish_at=at))
    assert answer.status_code == 302
    assert BlogPost.objects.get().published_at == utc
    page = desk.get(url("article", post.code)).content.decode()
    assert "(Melbourne time)" in page
    assert f'value="{at}"' in page


@pytest.mark.parametrize(
    ("day", "at", "words"),
    [
        ("2026-11-23", "11:59", "This time has passed. Choose one to come."),
        ("2027-10-03", "02:30", "The clocks skip this time on that day."),
        ("", "09:00", "On which day?"),
        ("2026-11-24", "", "At what time?"),
        ("9999-12-31", "23:59", "Check the year."),
    ],
)
def test_schedule_refused_in_words(mai, desk, day, at, words):
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("article", post.code), sent(post, do="schedule", publish_on=day, publish_at=at))
    assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert BlogPost.objects.get().is_draft


def test_take_back_and_delete(mai, desk):
    public = make.post(author=mai)
    said = {"version": public.version}
    assert desk.post(url("take_back_article", public.code), said)["Location"] == url("article", public.code)
    assert desk.post(url("delete_article", public.code), said)["Location"] == url("article", public.code)
    public.refresh_from_db()
    assert public.is_draft
    draft = make.post(author=mai, draft=True)
    assert desk.post(url("delete_article", draft.code), {"version": draft.version})["Location"] == url("articles")
    assert list(BlogPost.objects.all()) == [public]


@pytest.mark.parametrize(("step", "draft"), [("take_back_article", False), ("delete_article", True)])
@pytest.mark.parametrize("asked_by", ["page", "dialog", "nothing"])
def test_what_was_written_since_the_page_was_drawn_is_neither_taken_back_nor_deleted(mai, desk, step, draft, asked_by):
    post = make.post(author=mai, draft=draft)
    at = url(step, post.code)
    page = desk.get(at if asked_by == "page" else url("article", post.code))
    shown = {} if asked_by == "nothing" else form_to(page, at, with_field="version")
    writing = sent(post, body="Written in another window.")
    assert desk.post(url("article", post.code), writing).status_code == 302
    answer = desk.post(at, shown, follow=True)
    assert answer.redirect_chain == [(at, 302)]
    assert "It was changed in another window meanwhile." in answer.content.decode()
    post.refresh_from_db()
    assert (post.is_draft, post.body) == (draft, "Written in another window.")
    # Looked at again, it is done.
    assert desk.post(at, form_to(answer, at, with_field="version")).status_code == 302
    assert BlogPost.objects.filter(pk=post.pk, published_at__isnull=False).count() == 0


def test_a_page_that_saved_itself_knows_what_it_may_delete(mai, desk):
    post = make.post(author=mai, draft=True)
    kept = desk.post(url("keep_article", post.code), sent(post, body="Written here."))
    fresh = re.search(r'id="shown-version" value="(\d+)" data-hx-swap-oob="true"', kept.content.decode())
    assert desk.post(url("delete_article", post.code), {"version": fresh[1]})["Location"] == url("articles")
    assert not BlogPost.objects.exists()


def test_looked_over(mai, desk):
    post = make.post(author=mai, review_by=NOW.date())
    assert "1 article is due to be looked over." in desk.get(url("articles")).content.decode()
    assert desk.post(url("article_reviewed", post.code), {"review_by": "2026-11-23"}).status_code == 422
    assert desk.post(url("article_reviewed", post.code), {"review_by": "2027-05-24"}).status_code == 302
    assert "to be looked over" not in desk.get(url("articles")).content.decode()


# ---- Address, link, revisions ----------------------------------------------------------------------------------------


def test_address_is_changed(mai, desk):
    post = make.post(author=mai, slug="first")
    make.post(slug="taken")
    for typed, words in (("taken", "Another article has this address"), ("???", "This can&#x27;t be an address.")):
        answer = desk.send(url("article_address", post.code), {"slug": typed})
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    assert desk.send(url("article_address", post.code), {"slug": "Second one"}).status_code == 302
    post.refresh_from_db()
    assert post.slug == "second-one"
    assert "<code>first</code>" in desk.get(url("article_address", post.code)).content.decode()


def test_preview_link_is_renewed(mai, desk):
    post = make.post(author=mai, draft=True)
    desk.post(url("article_link", post.code))
    assert BlogPost.objects.get().preview_token != post.preview_token


def test_revisions_say_what_changed_and_are_restored(mai, desk):
    code = uuid.uuid4()
    desk.post(url("article", code), sent(title="Night", body="It was dark.\n\nThe end."))
    desk.post(url("article", code), sent(title="Night", body="It was late.\n\nThe end.", version=1))
    page = desk.get(url("article_revisions", code)).content.decode()
    assert '<del><span class="sr-only">removed: </span>dark</del>' in page
    assert '<ins><span class="sr-only">added: </span>late</ins>' in page
    assert desk.get(url("article_revisions", code), {"number": "1"}).status_code == 200
    assert desk.get(url("article_revisions", code), {"number": "7"}).status_code == 404
    assert desk.post(url("restore_article", code), {"number": 1, "version": 1})["Location"].endswith("/revisions/")
    assert desk.post(url("restore_article", code), {"number": 9, "version": 2}).status_code == 404
    assert desk.post(url("restore_article", code), {"number": 1, "version": 2}).status_code == 302
    post = BlogPost.objects.get()
    assert (post.body, post.revisions.count()) == ("It was dark.\n\nThe end.", 3)


# ---- Preview ---------------------------------------------------------------------------------------------------------


def test_preview_shows_what_readers_will_see_and_keeps_nothing(mai, desk):
    code = uuid.uuid4()
    words = sent(title="Sleep", body="**Rest** <script>alert(1)</script>\n\nWe guarantee results.")
    answer = desk.post(url("article_preview", code), words, headers=HX).content.decode()
    assert "<strong>Rest</strong> &lt;script&gt;" in answer
    assert '<strong lang="en">guarantee</strong>: This can read as a promise' in answer
    assert "<html" not in answer
    assert not BlogPost.objects.exists()


def test_preview_without_script_is_the_page_with_what_was_typed(mai, desk):
    post = make.post(author=mai, draft=True, body="Before.")
    page = desk.post(url("article", post.code), sent(post, body="*After*", do="preview")).content.decode()
    assert "*After*</textarea>" in page
    assert "<em>After</em>" in page
    assert BlogPost.objects.get().body == "Before."


def test_preview_of_too_much_says_so(desk):
    answer = desk.post(url("article_preview", uuid.uuid4()), sent(body="a" * 60_001)).content.decode()
    assert "An article holds 60000 characters" in answer


# ---- What is easily overlooked ---------------------------------------------------------------------------------------


def test_all_that_is_missing_is_said_at_once(mai, desk):
    post = make.post(author=mai, draft=True, category=None)
    answer = desk.post(url("article", post.code), sent(post, do="publish", title="", category="", picture=photo()))
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"title", "category", "picture_alt"}


@pytest.mark.parametrize("do", ["", "save", "publish"])
@pytest.mark.parametrize("typed", [{"publish_on": "2026-12-01", "publish_at": "09:00"}, {"publish_at": "00:00"}])
def test_time_that_was_typed_is_neither_dropped_nor_passed_over(mai, desk, do, typed):
    """Its own button keeps it: another one would publish at once, or save without it."""
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("article", post.code), sent(post, do=do, **typed))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["publish_on"])
    post.refresh_from_db()
    assert post.is_draft


def test_changes_of_a_scheduled_article_leave_its_time_unless_it_is_changed(mai, desk):
    post = make.post(author=mai, draft=True)
    day = {"publish_on": "2026-12-01", "publish_at": "09:00"}
    desk.post(url("article", post.code), sent(post, do="schedule", **day))
    post.refresh_from_db()
    assert desk.post(url("article", post.code), sent(post, do="save", body="Else.", **day)).status_code == 302
    post.refresh_from_db()
    moved = day | {"publish_at": "10:00"}
    answer = desk.post(url("article", post.code), sent(post, do="save", **moved))
    assert list(answer.context["form"].errors) == ["publish_on"]
    assert desk.post(url("article", post.code), sent(post, do="schedule", **moved)).status_code == 302
    # From another window that knew the old time, it is asked first which words stay.
    assert desk.post(url("article", post.code), sent(post, do="save", body="Old.", **day)).status_code == 409


def test_preview_heeds_no_time(mai, desk):
    post = make.post(author=mai, draft=True)
    assert desk.post(url("article", post.code), sent(post, do="preview", publish_at="09:00")).status_code == 200


def test_day_to_look_it_over_is_to_come_or_was_there_before(mai, desk):
    """A slip of the year would list the article as due from its first day."""
    post = make.post(author=mai, review_by=NOW.date() - timedelta(days=3))
    assert desk.post(url("article", post.code), sent(post, body="More.")).status_code == 302
    post.refresh_from_db()
    for day in ("2025-11-30", "2026-11-23"):
        answer = desk.post(url("article", post.code), sent(post, review_by=day))
        assert (answer.status_code, answer.context["form"].errors) == (422, {"review_by": ["Choose a day to come."]})
    assert desk.post(url("article", post.code), sent(post, review_by="2026-11-24")).status_code == 302


def test_page_that_saves_itself_does_not_keep_a_day_that_has_come(mai, desk):
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("keep_article", post.code), sent(post, body="More.", review_by="2025-11-30"), headers=HX)
    assert answer.status_code == 200
    post.refresh_from_db()
    assert (post.body, post.review_by) == ("More.", None)


# ---- Picture ---------------------------------------------------------------------------------------------------------


def waiting(answer):
    """What the page sends along of a picture that was sent before: nothing, where none waits."""
    found = re.search(r'name="picture-waiting" value="([^"]+)"', answer.content.decode())
    return {"picture-waiting": found[1]} if found else {}


def test_picture_needs_words(mai, desk, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("article", post.code), sent(post, picture=photo()))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Say what the picture shows" in page
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(url("article", post.code), sent(post, picture_alt="A plum wall") | waiting(answer))
    post.refresh_from_db()
    assert post.picture.name.endswith("-900x600.jpg")
    shown = desk.get(url("article", post.code)).content.decode()
    (address,) = set(re.findall(r'src="([^"]+/picture/[^"]+)"', shown))
    served = desk.get(address.replace("&amp;", "&"))
    assert (served.status_code, served["Content-Type"]) == (200, "image/jpeg")
    assert "private" in served["Cache-Control"] or "no-store" in served["Cache-Control"]
    assert served.getvalue()[:2] == b"\xff\xd8"
    stranger = make.client_for(make.user(role=Role.PSYCHOLOGIST))
    assert stranger.get(address).status_code == 404
    for wrong in ("x.jpg", "481.jpg", "480.exe", "480"):
        assert desk.get(url("article_picture", post.code, wrong)).status_code == 404
    # Saving itself leaves the picture, and the words that it needs.
    answer = desk.post(url("keep_article", post.code), sent(post, picture_alt="", body="More"), headers=HX)
    assert answer.status_code == 200
    post.refresh_from_db()
    assert (bool(post.picture), post.picture_alt, post.body) == (True, "A plum wall", "More")
    # Taken away, nothing of it is left on the disk.
    with django_capture_on_commit_callbacks(execute=True):
        desk.post(url("article", post.code), sent(post, remove_picture="on"))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_picture_of_a_refused_publishing_leaves_no_file(mai, desk, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    post = make.post(author=mai, draft=True, category=None)

    def files():
        found = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()]
        return [name for name in found if not name.startswith("waiting/")]

    def send(**changes):
        words = sent(post, picture=photo(), picture_alt="A plum wall", category="", **changes)
        return desk.post(url("article", post.code), words).status_code

    assert (send(do="publish"), files()) == (422, [])
    assert (send(do="save"), len(files())) == (302, 1)
    post.refresh_from_db()
    assert (send(do="publish"), files()) == (422, [post.picture.name])


@pytest.fixture
def uploads(settings, tmp_path):
    """The files that lie in the storage, by folder."""
    settings.MEDIA_ROOT = tmp_path
    return lambda folder: sorted(path.name for path in (tmp_path / folder).glob("*-900x600.jpg"))


def test_picture_waits_while_another_window_is_answered(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    desk.post(url("article", post.code), sent(post, body="The other window was first."))
    mine = sent(post, picture=photo(), picture_alt="A plum wall", body="Mine.")
    answer = desk.post(url("article", post.code), mine)
    assert answer.status_code == 409
    assert 'src="data:image/jpeg;base64,' in answer.content.decode()
    assert (len(uploads("waiting")), uploads("articles")) == (1, [])
    del mine["picture"]
    again = desk.post(url("article", post.code), mine | waiting(answer) | {"instead_of": 2})
    assert again.status_code == 302
    post.refresh_from_db()
    assert (post.body, post.picture_alt) == ("Mine.", "A plum wall")
    assert (uploads("waiting"), uploads("articles")) == ([], [post.picture.name.rsplit("/", 1)[-1]])


@pytest.mark.parametrize("changes", [{"do": "publish", "category": ""}, {"do": "schedule"}, {"do": "preview"}])
def test_picture_waits_where_the_page_comes_back(mai, desk, uploads, changes):
    """Of a new article too: its code stands on the page before anything is kept."""
    code = uuid.uuid4()
    words = {"title": "Sleep", "body": "Words", "picture_alt": "A plum wall"}
    answer = desk.post(url("article", code), sent(picture=photo(), **words, **changes))
    assert answer.status_code in {200, 422}
    again = desk.post(url("article", code), sent(**words) | waiting(answer))
    assert again.status_code == 302
    assert BlogPost.objects.get().picture.name.removeprefix("articles/") in uploads("articles")


def test_waiting_picture_stays_through_a_second_refusal(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    first = desk.post(url("article", post.code), sent(post, picture=photo()))
    second = desk.post(url("article", post.code), sent(post) | waiting(first))
    assert second.status_code == 422
    assert (waiting(second), len(uploads("waiting"))) == (waiting(first), 1)


def test_waiting_picture_gives_way_to_another_and_can_be_left_out(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    first = desk.post(url("article", post.code), sent(post, picture=photo()))
    (before,) = uploads("waiting")
    second = desk.post(url("article", post.code), sent(post, picture=photo()) | waiting(first))
    (after,) = uploads("waiting")
    assert before != after
    left = sent(post, body="") | waiting(second) | {"picture-leave": "on"}
    assert desk.post(url("article", post.code), left).status_code == 302
    post.refresh_from_db()
    assert (post.picture.name, uploads("waiting")) == ("", [])


def test_waiting_picture_of_one_author_is_nobody_elses(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    word = waiting(desk.post(url("article", post.code), sent(post, picture=photo())))
    stranger = make.user(role=Role.PSYCHOLOGIST)
    theirs = make.post(author=stranger, draft=True)
    other = make.post(author=mai, draft=True)
    for who, into in ((make.client_for(stranger), theirs), (desk, other)):
        answer = who.post(url("article", into.code), sent(into, picture_alt="A plum wall") | word)
        assert answer.status_code == 422
        assert "The picture you sent before is not kept any more." in answer.content.decode()
        into.refresh_from_db()
        assert into.picture.name == ""


def test_save_pressed_twice_on_a_waiting_picture_saves_once(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    word = waiting(desk.post(url("article", post.code), sent(post, picture=photo())))
    for _ in range(2):
        pressed = desk.post(url("article", post.code), sent(post, picture_alt="A plum wall") | word)
        assert pressed.status_code == 302
    post.refresh_from_db()
    assert (post.version, len(uploads("articles")), uploads("waiting")) == (2, 1, [])


def test_page_that_saves_itself_leaves_a_waiting_picture_waiting(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    word = waiting(desk.post(url("article", post.code), sent(post, picture=photo())))
    by_itself = sent(post, body="More", picture_alt="A plum wall") | word
    assert desk.post(url("keep_article", post.code), by_itself, headers=HX).status_code == 200
    post.refresh_from_db()
    assert (post.body, post.picture_alt, post.picture.name) == ("More", "A plum wall", "")
    assert desk.post(url("article", post.code), sent(post) | word).status_code == 302
    post.refresh_from_db()
    assert post.picture


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((40, 30), "choose one of at least 480 by 160 pixels"),
        ((479, 900), "choose one of at least 480 by 160 pixels"),
        ((900, 159), "choose one of at least 480 by 160 pixels"),
        ((6000, 300), "too long and thin"),
    ],
)
def test_picture_too_small_for_a_page_is_refused_in_words(mai, desk, uploads, size, words):
    """Blown up to the width of an article it would be a blur, and readers would see it."""
    post = make.post(author=mai, draft=True)
    answer = desk.post(url("article", post.code), sent(post, picture=photo(size=size), picture_alt="A plum wall"))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert waiting(answer) == {}
    post.refresh_from_db()
    assert not post.picture


def test_picture_just_large_enough_is_taken(mai, desk, uploads):
    post = make.post(author=mai, draft=True)
    small = sent(post, picture=photo(size=(480, 160)), picture_alt="A plum wall")
    assert desk.post(url("article", post.code), small).status_code == 302


def test_no_picture_is_refused_in_words(mai, desk):
    post = make.post(author=mai, draft=True)
    svg = SimpleUploadedFile("a.jpg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/jpeg")
    answer = desk.post(url("article", post.code), sent(post, picture=svg, picture_alt="x"))
    assert answer.status_code == 422
    assert "This file is a web page or a drawing" in answer.content.decode()
