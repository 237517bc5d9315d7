"""The shelf of files: added, changed, replaced, taken down, counted; and never what is one person's."""

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.resources.models import Audience, DownloadCount, Resource
from portal.web.manager.urls import urlpatterns
from tests import make
from tests.common.documents import made

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LIST = "/manage/resources/"
NEW = "/manage/resources/new/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        make.clinic()
        yield


@pytest.fixture
def client():
    return make.client_for(make.user(role=Role.MANAGER, first_name="Helen", last_name="Marsh"))


@pytest.fixture
def sleep():
    return make.category(name="Sleep")


def sent(category, /, *, content=None, name="diary.pdf", **fields):
    return {
        "title": "Sleep diary",
        "description": "For a week of nights.",
        "category": category.pk,
        "audience": "public",
        "language": "en-au",
        "position": "0",
        "file": SimpleUploadedFile(name, made.pdf() if content is None else content),
    } | fields


def at(name, resource):
    return reverse(f"manager:{name}", args=[resource.code])


def test_a_file_is_added(client, sleep):
    answer = client.post(NEW, sent(sleep), follow=True)
    resource = Resource.objects.get()
    assert (resource.title, resource.slug, resource.category, resource.audience) == (
        "Sleep diary",
        "sleep-diary",
        sleep,
        "public",
    )
    assert answer.redirect_chain == [(at("download", resource), 302)]
    assert "Sleep diary is on the shelf." in answer.content.decode()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"file": ""}, ["file"]),
        ({"title": " "}, ["title"]),
        ({"title": "x" * 121}, ["title"]),
        ({"category": ""}, ["category"]),
        ({"audience": "anybody"}, ["audience"]),
        ({"position": "-1"}, ["position"]),
        ({"language": "xx"}, ["language"]),
    ],
)
def test_what_can_not_be_taken_is_said(client, sleep, fields, wrong):
    answer = client.post(NEW, sent(sleep, **fields))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, wrong)
    assert Resource.objects.count() == 0


@pytest.mark.parametrize("content", [b"<svg onload=alert(1)>", made.packed({"a.exe": b"MZ"}), made.pdf_carrying()])
def test_a_hostile_file_is_refused_and_what_was_typed_stays(client, sleep, content):
    answer = client.post(NEW, sent(sleep, content=content))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["file"])
    assert "For a week of nights." in answer.content.decode()


def test_without_categories_it_says_what_to_do_first(client):
    assert "A file stands in a category." in client.get(NEW).content.decode()


def test_a_file_is_changed_and_its_old_address_goes_on(client, sleep):
    resource = make.resource(category=sleep, slug="sleep-diary")
    fields = sent(sleep, title="Sleep log", slug="sleep-log", audience="patients")
    del fields["file"]
    assert client.send(at("download", resource), fields).status_code == 302
    resource.refresh_from_db()
    assert (resource.title, resource.slug, resource.audience) == ("Sleep log", "sleep-log", Audience.PATIENTS)


@pytest.mark.parametrize(("slug", "word"), [("taken", "Another file has this address"), ("!!", "letters or figures")])
def test_an_address_that_can_not_be_is_said(client, sleep, slug, word):
    make.resource(slug="taken")
    resource = make.resource(category=sleep, slug="mine")
    fields = sent(sleep, slug=slug)
    del fields["file"]
    answer = client.send(at("download", resource), fields)
    assert answer.status_code == 422
    assert word in answer.content.decode()
    resource.refresh_from_db()
    assert resource.slug == "mine"


def test_a_file_keeps_a_category_that_was_put_away(client):
    old = make.category(is_active=False)
    resource = make.resource(category=old)
    offered = client.get(at("download", resource)).context["form"].fields["category"].queryset
    assert old in offered
    assert old not in client.get(NEW).context["form"].fields["category"].queryset


def test_a_file_is_replaced_behind_its_address(client):
    resource = make.resource(slug="sleep-diary")
    new = SimpleUploadedFile("new.pdf", made.pdf())
    answer = client.post(at("replace_download", resource), {"file": new}, follow=True)
    resource.refresh_from_db()
    assert (resource.slug, resource.current.number, resource.current.kind) == ("sleep-diary", 2, "pdf")
    text = answer.content.decode()
    assert "The new file is in place." in text
    assert "deleted when it was replaced" in text


def test_a_hostile_replacement_changes_nothing(client):
    resource = make.resource()
    answer = client.post(at("replace_download", resource), {"file": SimpleUploadedFile("a.pdf", b"MZ")})
    assert answer.status_code == 422
    assert "This file is a program" in answer.content.decode()
    resource.refresh_from_db()
    assert resource.current.number == 1


def test_taking_down_asks_first(client):
    resource = make.resource(slug="sleep-diary")
    assert "Take it down" in client.get(at("take_down_download", resource)).content.decode()
    assert Client().get("/resources/sleep-diary/").status_code == 200
    client.post(at("take_down_download", resource))
    assert Client().get("/resources/sleep-diary/").status_code == 404
    client.post(at("put_back_download", resource))
    assert Client().get("/resources/sleep-diary/").status_code == 200


def test_counts_of_thirty_days_and_ever(client):
    resource, quiet = make.resource(title="Diary"), make.resource(title="Quiet")
    today = NOW.date()
    for days, times in ((0, 3), (29, 4), (30, 5), (31, 50)):
        DownloadCount.objects.create(resource=resource, day=today - timedelta(days=days), times=times)
    page = client.get(LIST)
    rows = re.findall(r"<tr class=.*?</tr>", page.content.decode(), re.DOTALL)
    diary, still = sorted(rows, key=lambda row: quiet.title in row)
    bar = '<rect class="bar" width="100" height="8" rx="4"/>'
    assert ("<span>7</span>" in diary, ">62</td>" in diary, bar in diary) == (True, True, True)
    assert ("<span>0</span>" in still, ">0</td>" in still, 'class="bar"' in still) == (True, True, False)
    assert "7 times in 30 days" in client.get(at("download", resource)).content.decode()


def test_what_is_one_persons_has_no_address_here(client):
    ruth = make.patient(legal_first_name="Ruth")
    own = make.resource(made_for=ruth, title="Plan for Ruth")
    make.share(resource=own, patient=ruth)
    assert "Ruth" not in client.get(LIST).content.decode()
    for name in ("download", "download_file", "take_down_download"):
        assert client.get(at(name, own)).status_code == 404
    for name in ("download", "replace_download", "take_down_download", "put_back_download"):
        assert client.post(at(name, own)).status_code == 404


def test_how_many_have_it_but_not_who(client):
    resource = make.resource()
    ruth = make.patient(legal_first_name="Ruth")
    make.share(resource=resource, patient=ruth, note="Between us", shared_at=NOW, seen_at=NOW)
    make.share(resource=resource, shared_at=NOW)
    text = client.get(at("download", resource)).content.decode()
    assert "Shared with 2 patients by name. 1 has opened it." in text
    assert [word for word in ("Ruth", "Between us") if word in text] == []


def test_a_look_at_a_file_counts_as_nobodys_reading(client):
    resource = make.resource(is_active=False)
    answer = client.get(at("download_file", resource))
    assert (b"".join(answer), answer["Cache-Control"]) == (b"Breathe in, and out.", "no-store, private")
    assert not DownloadCount.objects.exists()


def test_as_many_queries_for_thirty_as_for_one(client):
    def queries():
        client.get(LIST)
        with CaptureQueriesContext(connection) as made:
            client.get(LIST)
        return len(made)

    make.resource()
    few = queries()
    for _ in range(29):
        make.resource()
    assert queries() == few


OURS = [p for p in urlpatterns if str(p.pattern).startswith("resources/")]


@pytest.mark.parametrize("pattern", OURS, ids=lambda pattern: pattern.name)
@pytest.mark.parametrize(
    ("role", "status"), [(Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403), (Role.RECEPTION, 403), (None, 302)]
)
def test_only_managers_come_in(pattern, role, status):
    client = make.client_for(make.user(role=role) if role else None)
    args = [uuid.uuid4()] if "<uuid:" in str(pattern.pattern) else []
    address = reverse(f"manager:{pattern.name}", args=args)
    assert (client.get(address).status_code, client.post(address).status_code) == (status, status)
