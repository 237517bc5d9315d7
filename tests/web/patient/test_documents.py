"""A patient's documents: what was shared with them and with those they care for, and nobody else's."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.resources.models import Audience, DownloadCount, Share
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
LIST = "/my/documents/"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        make.clinic()
        yield


@pytest.fixture
def ruth():
    return make.patient(user=make.user(), legal_first_name="Ruth", legal_last_name="Okafor")


@pytest.fixture
def mai():
    return make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn")).user


@pytest.fixture
def share(ruth, mai):
    own = make.resource(made_for=ruth, title="Plan for the nights", by=mai)
    return make.share(resource=own, patient=ruth, shared_by=mai, note="Two lines\nare enough.", shared_at=NOW)


@pytest.fixture
def client(ruth):
    return make.client_for(ruth.user)


def file_of(share):
    return reverse("patient:document_file", args=[share.code])


def fetch(client, path, **headers):
    """The answer, read to its end; `body` is what it said."""
    answer = client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer.body = b"".join(answer) if answer.streaming else answer.content
    return answer


def test_what_was_shared_with_its_word_by_whom_and_when(client, share):
    text = client.get(LIST).content.decode()
    assert "Plan for the nights" in text
    assert "Two lines<br>are enough." in text
    assert "From Mai Nguyễn, 24 Nov 2026" in text
    assert "New</span>" in text
    assert "for Ruth" not in text


def test_a_note_is_words_and_never_markup(client, ruth):
    make.share(patient=ruth, note="<script>alert(1)</script>", shared_at=NOW)
    text = client.get(LIST).content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_whoever_has_no_name_is_not_shown_by_address(client, ruth):
    account = make.user(role=Role.PSYCHOLOGIST, first_name="", last_name="")
    make.share(patient=ruth, shared_by=account, shared_at=NOW)
    assert account.email not in client.get(LIST).content.decode()


def test_opening_it_shows_that_it_was_seen_once(client, share, ruth):
    answer = fetch(client, file_of(share))
    assert answer.body == b"Breathe in, and out."
    assert answer["Cache-Control"] == "no-store, private"
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        fetch(client, file_of(share))
    assert Share.objects.get().seen_at == NOW
    assert list(Entry.objects.filter(verb="resource.seen").values_list("actor_id", "facts")) == [
        (str(ruth.user.pk), {"patient": ruth.pk})
    ]
    assert "New</span>" not in client.get(LIST).content.decode()
    # A count of what is one person's would be a count of what they do.
    assert not DownloadCount.objects.exists()


@pytest.mark.parametrize(
    ("method", "headers"), [("head", {}), ("get", {"Range": "bytes=5-"}), ("get", {"Sec-Purpose": "prefetch"})]
)
def test_asking_about_it_is_not_opening_it(client, share, method, headers):
    answer = getattr(client, method)(file_of(share), headers=headers)
    assert (answer.status_code, b"".join(answer)[:1]) in {(200, b""), (206, b"h"), (200, b"B")}
    assert Share.objects.get().seen_at is None


def test_a_file_of_the_library_counts_when_it_is_opened(client, ruth):
    share = make.share(resource=make.resource(audience=Audience.SHARED_ONLY), patient=ruth, shared_at=NOW)
    fetch(client, file_of(share))
    assert DownloadCount.objects.get().times == 1


def test_home_says_that_something_is_new_until_it_was_opened(client, share):
    assert "Something new is waiting for you" in client.get("/my/").content.decode()
    fetch(client, file_of(share))
    assert "Something new is waiting for you" not in client.get("/my/").content.decode()


def made_a_child(patient):
    patient.date_of_birth = date(2018, 5, 17)
    patient.save()
    return patient


@pytest.mark.parametrize(
    ("who", "file", "listed"),
    [
        ("nobody", 302, None),
        ("another patient", 404, False),
        ("signed up", 404, False),
        ("carer", 404, False),
        ("carer they agreed with", 200, True),
        ("a child's carer", 200, True),
        ("carer no more", 404, False),
        ("their psychologist", 404, False),
        ("reception", 404, False),
        ("manager", 404, False),
    ],
)
def test_who_has_what_was_shared(share, ruth, mai, who, file, listed):
    """Staff have pages of their own as people; what their patients were given is not there."""
    user = {
        "nobody": lambda: None,
        "another patient": lambda: make.patient(user=make.user()).user,
        "signed up": make.user,
        "carer": lambda: make.carer(patient=ruth).user,
        "carer they agreed with": lambda: make.carer(patient=ruth, reads_files=True).user,
        "a child's carer": lambda: make.carer(patient=made_a_child(ruth)).user,
        "carer no more": lambda: make.carer(patient=ruth, ended_at=NOW).user,
        "their psychologist": lambda: mai,
        "reception": lambda: make.user(role=Role.RECEPTION),
        "manager": lambda: make.user(role=Role.MANAGER),
    }[who]()
    client = make.client_for(user)
    assert fetch(client, file_of(share)).status_code == file
    assert (Share.objects.get().seen_at is not None) == (file == 200)
    page = client.get(LIST)
    if listed is None:
        assert page["Location"] == f"/accounts/login/?next={LIST}"
    else:
        assert ("Plan for the nights" in page.content.decode()) is listed


@pytest.mark.parametrize(("age", "opens"), [(17, 200), (18, 404)])
def test_on_the_day_of_age_it_closes_to_a_parent(share, ruth, age, opens):
    today = ClinicSettings.current().today(timezone.now())
    ruth.date_of_birth = today.replace(year=today.year - 18, day=1) + timedelta(days=32 * (age == 17))
    ruth.save()
    parent = make.carer(patient=ruth).user
    assert ruth.age(today) == age
    assert fetch(make.client_for(parent), file_of(share)).status_code == opens


def test_a_carer_sees_for_whom_it_is(share, ruth):
    carer = make.carer(patient=made_a_child(ruth)).user
    make.patient(user=carer)
    assert "for Ruth Okafor" in make.client_for(carer).get(LIST).content.decode()


def test_what_was_taken_back_or_down_is_gone(client, ruth, mai):
    back = make.share(patient=ruth, withdrawn_at=NOW, withdrawn_by=mai, shared_at=NOW)
    down = make.share(patient=ruth, resource=make.resource(is_active=False, title="Down"), shared_at=NOW)
    for share in (back, down):
        assert client.get(file_of(share)).status_code == 404
    assert client.get(LIST).context["shares"] == []


def test_what_all_patients_may_have(client, ruth):
    make.resource(title="For those who come here", audience=Audience.PATIENTS)
    assert "For those who come here" in client.get(LIST).content.decode()
    assert "For those who come here" not in make.client_for(make.user()).get(LIST).content.decode()


def test_nothing_yet(client):
    assert "When your psychologist gives you a worksheet" in client.get(LIST).content.decode()


def test_as_many_queries_for_thirty_as_for_one(client, ruth, share):
    client.get(LIST)  # what is read once and then known
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for _ in range(29):
        make.share(resource=make.resource(made_for=ruth), patient=ruth, note="x", shared_at=NOW)
    with CaptureQueriesContext(connection) as many:
        page = client.get(LIST)
    assert (len(page.context["shares"]), page.context["page"].paginator.count) == (20, 30)
    assert len(many) == len(few)


def test_only_reading_is_answered(share):
    for path in (LIST, file_of(share)):
        for method in ("post", "put", "delete"):
            assert getattr(Client(), method)(path).status_code in {302, 405}
    assert Share.objects.get().seen_at is None
