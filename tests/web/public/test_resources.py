"""Files on the website: found by topic, opened at an address that lasts, and never somebody's own."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.common.documents import Kind
from portal.resources.actions import files
from portal.resources.models import Audience, DownloadCount, Resource
from tests import make
from tests.common.documents import made

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 13, 30, tzinfo=UTC)
LIST = "/resources/"


def fetch(client, path, **headers):
    """The answer, read to its end; `body` is what it said."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer.body = b"".join(answer) if answer.streaming else answer.content
    return answer


def opened():
    return list(DownloadCount.objects.values_list("resource__title", "day", "times"))


@pytest.fixture
def clinic():
    return make.clinic(time_zone="Australia/Melbourne")


@pytest.fixture
def diary(clinic):
    file = make.document(content=made.pdf(), kind=Kind.PDF, name="Sleep diary.pdf")
    return make.resource(title="Sleep diary", slug="sleep-diary", description="For a week of nights.", file=file)


def address(resource, name="download"):
    return reverse(f"public:{name}", args=[resource.slug])


# ---- The shelf -------------------------------------------------------------------------------------------------------


def test_only_what_is_for_everybody_is_listed(client, diary):
    make.resource(title="For patients", audience=Audience.PATIENTS)
    make.resource(title="When shared", audience=Audience.SHARED_ONLY)
    make.resource(title="Taken down", is_active=False)
    make.resource(title="Ruth's own", made_for=make.patient())
    page = client.get(LIST)
    assert [one.title for one in page.context["files"]] == ["Sleep diary"]
    text = page.content.decode()
    assert [words for words in ("For patients", "When shared", "Taken down", "Ruth") if words in text] == []


def test_a_file_says_what_it_is_and_how_large(client, diary):
    text = client.get(LIST).content.decode()
    assert f"""<a href="{address(diary, "resource")}"><bdi>Sleep diary</bdi></a>""" in text
    assert "<span>PDF</span>" in text
    assert f"<span>{diary.current.size}\xa0bytes</span>" in text


def test_one_topic_and_a_search_by_plain_links(client, diary):
    sleep, worry = make.category(name="Sleep", slug="sleep"), make.category(name="Worry", slug="worry")
    Resource.objects.filter(pk=diary.pk).update(category=sleep)
    make.resource(title="Thought record", category=worry)
    make.category(name="Empty", slug="empty")

    def found(query):
        return [one.title for one in client.get(LIST + query).context["files"]]

    assert found("") == ["Sleep diary", "Thought record"]
    assert found("?category=worry") == ["Thought record"]
    assert found("?q=nights") == ["Sleep diary"]
    assert found("?q=nights+record") == []
    assert found("?q=diary&category=worry") == []
    # What can't be read is not looked for.
    assert found("?category=no%20slug%00&page=x") == ["Sleep diary", "Thought record"]
    assert found("?category=empty") == ["Sleep diary", "Thought record"]
    assert found("?q=%00") == ["Sleep diary", "Thought record"]


def test_htmx_gets_the_results_alone(client, diary):
    page = client.get(LIST, headers={"HX-Request": "true", "HX-Target": "results"})
    text = page.content.decode().strip()
    assert text.startswith("<section")
    assert "Sleep diary" in text
    assert "<html" not in text


def test_an_empty_shelf_says_so(client, clinic):
    assert "Our first worksheets are being written" in client.get(LIST).content.decode()
    assert "Nothing found" not in client.get(LIST).content.decode()


def test_what_is_written_in_another_language_says_so(client, clinic):
    make.resource(title="Nhật ký giấc ngủ", language="vi")
    english, vietnamese = (client.get(path).content.decode() for path in (LIST, "/vi/resources/"))
    assert '<bdi lang="vi">Nhật ký giấc ngủ</bdi>' in english
    assert '<bdi lang="vi">Tiếng Việt</bdi>' in english
    assert '<bdi lang="vi">' not in vietnamese


def test_as_many_queries_for_thirty_files_as_for_one(client, diary, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(29):
        make.resource()
    with CaptureQueriesContext(connection) as many:
        page = client.get(LIST)
    assert len(page.context["files"]) == 30
    assert len(many) == len(few)


def test_a_long_shelf_turns_its_pages(client, clinic):
    shelf = make.category()
    for _ in range(40):
        make.resource(category=shelf)
    assert [len(client.get(f"{LIST}?page={n}").context["files"]) for n in (1, 2)] == [36, 4]


def test_pages_for_readers_hold_no_token_and_set_no_cookie(client, diary):
    for path in (LIST, address(diary, "resource")):
        answer = client.get(path)
        assert "public" in answer["Cache-Control"]
        assert not answer.cookies


def test_what_is_for_everybody_is_in_the_sitemap(client, diary):
    hidden = [make.resource(audience=Audience.PATIENTS), make.resource(is_active=False)]
    listed = client.get("/sitemap/pages.xml").content.decode()
    assert f"/resources/{diary.slug}/<" in listed
    assert f"/vi/resources/{diary.slug}/" in listed
    assert [one.slug for one in hidden if one.slug in listed] == []


# ---- A file's own page -----------------------------------------------------------------------------------------------


def test_a_page_of_its_own(client, diary):
    more = make.resource(title="Evening plan", category=diary.category)
    page = client.get(address(diary, "resource"))
    text = page.content.decode()
    assert page.status_code == 200
    assert "For a week of nights." in text
    assert f'href="{address(diary)}" download' in text
    assert page.context["more"] == [more]


def test_audio_can_be_heard_on_its_page(client, clinic):
    sound = make.resource(file=make.document(content=made.mp3(), kind=Kind.MP3))
    answer = client.get(address(sound, "resource"))
    assert f'src="{address(sound)}"' in answer.content.decode()
    assert "media-src 'self'" in answer["Content-Security-Policy"]


# ---- The file --------------------------------------------------------------------------------------------------------


def test_the_file_with_its_headers(client, diary):
    answer = fetch(client, address(diary))
    assert answer.body == made.pdf()
    headers = {
        name: answer[name] for name in ("Content-Type", "Content-Disposition", "Cache-Control", "Content-Length")
    }
    assert headers == {
        "Content-Type": "application/pdf",
        "Content-Disposition": 'inline; filename="Sleep diary.pdf"',
        "Cache-Control": "public, no-cache",
        "Content-Length": str(diary.current.size),
    }
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert not answer.cookies


def test_text_is_saved_and_never_shown(client, clinic):
    answer = fetch(client, address(make.resource(file=make.document(name="a.txt"))))
    assert answer["Content-Disposition"] == 'attachment; filename="a.txt"'
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_player_gets_parts(client, clinic):
    sound = make.resource(title="Breathing", file=make.document(content=made.mp3(), kind=Kind.MP3))
    with time_machine.travel(NOW, tick=False):
        first = fetch(client, address(sound), range="bytes=0-99")
        later = fetch(client, address(sound), range="bytes=100-")
    assert (first.status_code, first.body) == (206, made.mp3()[:100])
    assert (later.status_code, later.body) == (206, made.mp3()[100:])
    # The clinic's day, which began while it was the day before in London.
    assert opened() == [("Breathing", NOW.date() + timedelta(days=1), 1)]


def test_what_is_counted_and_what_is_not(client, diary):
    etag = fetch(client, address(diary))["ETag"]
    client.head(address(diary))
    assert fetch(client, address(diary), if_none_match=etag).status_code == 304
    fetch(client, address(diary), sec_purpose="prefetch")
    client.get(address(diary, "resource"))
    assert [times for _, _, times in opened()] == [1]


def test_a_replaced_file_has_the_same_address_and_another_etag(client, diary):
    before = fetch(client, address(diary))
    helen = Actor(make.user(role=Role.MANAGER), Role.MANAGER)
    files.replace_file(resource=diary, file=make.document(content=b"new", name="new.txt"), by=helen, now=NOW)
    after = fetch(client, address(diary), if_none_match=before["ETag"])
    assert (after.status_code, after.body) == (200, b"new")


def test_an_old_address_leads_on(client, diary):
    helen = Actor(make.user(role=Role.MANAGER), Role.MANAGER)
    files.change_resource(resource=diary, values={}, slug="sleep-log", by=helen, now=NOW)
    for path, target in (("", "/resources/sleep-log/"), ("file/", "/resources/sleep-log/file/")):
        answer = client.get(f"/resources/sleep-diary/{path}")
        assert (answer.status_code, answer["Location"]) == (301, target)
        assert client.get(f"/ar/resources/sleep-diary/{path}")["Location"] == f"/ar{target}"


def test_a_file_lost_by_the_storage_is_not_found(client, diary):
    from django.core.files.storage import default_storage

    default_storage.delete(diary.current.path)
    assert client.get(address(diary)).status_code == 404
    assert opened() == []


@pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
def test_only_reading_is_answered(client, diary, method):
    for path in (LIST, address(diary), address(diary, "resource")):
        assert getattr(client, method)(path).status_code == 405


# ---- Who may have it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "public", "patients", "when_shared", "own", "down"),
    [
        ("nobody", 200, 302, 404, 404, 404),
        ("signed up", 200, 404, 404, 404, 404),
        ("another patient", 200, 200, 404, 404, 404),
        ("the patient", 200, 200, 404, 404, 404),
        ("reception", 200, 200, 404, 404, 404),
        ("manager", 200, 200, 404, 404, 404),
    ],
)
def test_who_may_have_a_file(clinic, who, public, patients, when_shared, own, down):
    """What was shared with somebody has no address here, for them neither: it is in their own pages."""
    account = make.user()
    ruth = make.patient(user=account)
    shelf = {
        "public": make.resource(),
        "patients": make.resource(audience=Audience.PATIENTS, title="Only inside"),
        "when_shared": make.resource(audience=Audience.SHARED_ONLY),
        "own": make.resource(made_for=ruth),
        "down": make.resource(is_active=False),
    }
    make.share(resource=shelf["when_shared"], patient=ruth)
    make.share(resource=shelf["own"], patient=ruth)
    user = {
        "nobody": lambda: None,
        "signed up": make.user,
        "another patient": lambda: make.patient(user=make.user()).user,
        "the patient": lambda: account,
        "reception": lambda: make.user(role=Role.RECEPTION),
        "manager": lambda: make.user(role=Role.MANAGER),
    }[who]()
    client = make.client_for(user)

    for name in ("download", "resource"):
        answers = {key: fetch(client, address(resource, name)) for key, resource in shelf.items()}
        assert {key: answer.status_code for key, answer in answers.items()} == {
            "public": public,
            "patients": patients,
            "when_shared": when_shared,
            "own": own,
            "down": down,
        }
    if who == "nobody":
        answer = Client().get(address(shelf["patients"]))
        assert answer["Location"] == f"/accounts/login/?next={address(shelf['patients'])}"
        assert "Only inside" not in str(answer.headers)


def test_a_patients_file_stays_out_of_caches_and_search_engines(clinic):
    client = make.client_for(make.patient(user=make.user()).user)
    resource = make.resource(audience=Audience.PATIENTS)
    assert fetch(client, address(resource))["Cache-Control"] == "no-store, private"
    page = client.get(address(resource, "resource"))
    assert page["Cache-Control"] == "no-store, private"
    assert 'content="noindex"' in page.content.decode()
