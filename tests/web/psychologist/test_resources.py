"""Sharing: from a patient's page, with a word, once; who has what; taken back."""

import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.views.debug import ExceptionReporter

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.common.documents import Kind
from portal.notifications.models import Notice
from portal.resources.models import Audience, DownloadCount, Resource, Share
from tests import make
from tests.common.documents import made
from tests.web.psychologist.conftest import NOW

pytestmark = pytest.mark.django_db

LIST = "/practice/resources/"


@pytest.fixture
def diary(db):
    return make.resource(title="Sleep diary", audience=Audience.SHARED_ONLY)


@pytest.fixture
def patient_page(session, ruth):
    return reverse("psychologist:patient", args=[ruth.code])


def at(name, code):
    return reverse(f"psychologist:{name}", args=[code])


def sent(diary, **fields):
    return {"resource": diary.code, "note": "Two lines are enough.", "code": uuid.uuid4()} | fields


def own(content=None, name="plan.pdf", **fields):
    file = SimpleUploadedFile(name, made.pdf() if content is None else content)
    return {
        "own_title": "Plan for the nights",
        "file": file,
        "own_note": "As we said",
        "own_code": uuid.uuid4(),
    } | fields


def fetch(client, path):
    answer = client.get(path)
    answer.body = b"".join(answer) if answer.streaming else answer.content
    return answer


# ---- Sharing ---------------------------------------------------------------------------------------------------------


def test_a_file_is_shared_from_the_patients_page(client, patient_page, ruth, diary, mai):
    assert "Nothing is shared with them yet." in client.get(patient_page).content.decode()

    answer = client.post(at("share", ruth.code), sent(diary), follow=True)

    share = Share.objects.get()
    assert (share.resource, share.patient, share.note, share.shared_by) == (
        diary,
        ruth,
        "Two lines are enough.",
        mai.user,
    )
    text = answer.content.decode()
    assert answer.redirect_chain == [(f"{patient_page}#shared", 302)]
    assert f"An e-mail to {ruth.email} says that something new is waiting, not what it is." in text
    assert "Two lines are enough." in text
    assert "Not opened yet" in text
    assert Notice.objects.get().to == ruth.email


def test_what_they_have_is_not_offered_again(client, patient_page, ruth, diary):
    make.share(resource=diary, patient=ruth)
    other = make.resource(title="Thought record")
    make.resource(title="Down", is_active=False)
    make.resource(made_for=make.patient(), title="Another's")
    offered = client.get(patient_page).context["share_form"].fields["resource"].queryset
    assert list(offered) == [other]


def test_the_same_form_sent_twice_shares_once(client, session, ruth, diary):
    form = sent(diary)
    assert [client.post(at("share", ruth.code), form).status_code for _ in range(2)] == [302, 302]
    assert (Share.objects.count(), Notice.objects.count()) == (1, 1)


def test_another_form_for_the_same_file_is_refused_with_a_word(client, session, ruth, diary):
    client.post(at("share", ruth.code), sent(diary))
    answer = client.post(at("share", ruth.code), sent(diary, note="Another word"))
    assert answer.status_code == 422
    assert "Another word" in answer.content.decode()
    assert [share.note for share in Share.objects.all()] == ["Two lines are enough."]


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"resource": ""}, ["resource"]),
        ({"resource": "nonsense"}, ["resource"]),
        ({"resource": uuid.uuid4()}, ["resource"]),
        ({"note": "x" * 501}, ["note"]),
        ({"note": "a\x00b"}, ["note"]),
        ({"code": "nonsense"}, ["code"]),
    ],
)
def test_what_can_not_be_taken_is_said(client, session, ruth, diary, fields, wrong):
    answer = client.post(at("share", ruth.code), sent(diary, **fields))
    assert (answer.status_code, list(answer.context["share_form"].errors)) == (422, wrong)
    assert Share.objects.count() == 0


def test_another_patients_file_can_not_be_chosen(client, session, ruth):
    theirs = make.resource(made_for=make.patient())
    answer = client.post(at("share", ruth.code), sent(theirs))
    assert (answer.status_code, Share.objects.count()) == (422, 0)


def test_a_file_of_ones_own_is_kept_and_shared_in_one_step(client, session, ruth, mai):
    answer = client.post(at("share_own", ruth.code), own(), follow=True)
    share = Share.objects.get()
    assert (share.resource.made_for, share.resource.name, share.note) == (ruth, "Plan for the nights", "As we said")
    assert share.resource.current.kind == Kind.PDF
    assert "Plan for the nights" in answer.content.decode()
    # Neither a title nor a word of it in the trail or in the notice.
    assert "nights" not in str([(e.facts, e.target_code) for e in Entry.objects.all()])
    assert "nights" not in Notice.objects.get().text


@pytest.mark.parametrize(
    ("content", "name", "word"),
    [
        (b"<script>alert(1)</script>", "plan.pdf", "web page"),
        (made.pdf_with_javascript(), "plan.pdf", "can run commands"),
        (b"", "plan.pdf", "empty"),
        (b"MZ", "plan.pdf", "program"),
        (b"x" * (20 * 1024 * 1024 + 1), "plan.txt", "larger than"),
    ],
)
def test_a_file_that_can_not_be_taken_is_refused_with_a_word(client, session, ruth, content, name, word):
    answer = client.post(at("share_own", ruth.code), own(content, name))
    assert answer.status_code == 422
    assert word in answer.context["own_form"].errors["file"][0]
    assert "As we said" in answer.content.decode()
    assert (Share.objects.count(), Resource.objects.count()) == (0, 0)


@pytest.mark.parametrize("name", ["share", "share_own"])
def test_a_failure_while_sharing_shows_no_word(client, session, ruth, diary, caplog, settings, name):
    """Django's own report of an error hides what a view marks as sensitive."""
    settings.PORTAL_ENCRYPTION_KEYS = "broken"
    client.raise_request_exception = False

    assert client.post(at(name, ruth.code), own() if name == "share_own" else sent(diary)).status_code == 500

    failed = next(record for record in caplog.records if record.exc_info)
    reporter = ExceptionReporter(failed.request, *failed.exc_info)
    frames = [frame for frame in reporter.get_traceback_frames() if "views/sharing.py" in frame["filename"]]
    told = str([frame["vars"] for frame in frames]) + str(reporter.filter.get_post_parameters(failed.request))
    assert frames
    assert [word for word in ("Plan for the nights", "As we said", "Two lines") if word in told] == []


# ---- Who may ---------------------------------------------------------------------------------------------------------


def test_a_colleague_shares_nothing_with_our_patient_and_sees_nothing(session, ruth, diary, colleague, mai):
    share = make.share(
        resource=make.resource(made_for=ruth, by=mai.user), patient=ruth, shared_by=mai.user, note="Ours"
    )
    client = make.client_for(colleague.user)
    answers = {
        "share": client.post(at("share", ruth.code), sent(diary)),
        "own": client.post(at("share_own", ruth.code), own()),
        "withdraw": client.post(at("withdraw_share", share.code)),
        "file": client.get(at("shared_file", share.code)),
        "as a resource": client.get(at("resource_file", share.resource.code)),
        "patient": client.get(at("patient", ruth.code)),
    }
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 404)
    assert list(Share.objects.live()) == [share]


def test_a_session_called_off_shows_no_shared_files(ruth, diary, colleague, place):
    make.appointment(psychologist=colleague, patient=ruth, location=place, status=Status.CANCELLED)
    share = make.share(resource=diary, patient=ruth, note="Ours")
    client = make.client_for(colleague.user)
    assert client.get(at("patient", ruth.code)).status_code == 404
    assert client.get(at("shared_file", share.code)).status_code == 404
    assert client.post(at("share", ruth.code), sent(diary)).status_code == 404


def test_a_colleague_who_treats_them_reads_it_and_that_is_recorded(session, ruth, colleague, place, mai):
    share = make.share(
        resource=make.resource(made_for=ruth, by=mai.user), patient=ruth, shared_by=mai.user, note="Ours"
    )
    make.appointment(psychologist=colleague, patient=ruth, location=place, starts_at=NOW - timedelta(days=1))
    client = make.client_for(colleague.user)
    assert "Ours" in client.get(at("patient", ruth.code)).content.decode()
    assert fetch(client, at("shared_file", share.code)).body == b"Breathe in, and out."
    assert list(Entry.objects.filter(verb="resource.read").values_list("actor_id", "facts")) == [
        (str(colleague.user.pk), {"patient": ruth.pk})
    ]


def test_to_look_at_a_file_oneself_is_not_the_patient_opening_it(client, session, ruth, mai, diary):
    share = make.share(resource=diary, patient=ruth, shared_by=mai.user)
    for path in (at("shared_file", share.code), at("resource_file", diary.code)):
        answer = fetch(client, path)
        assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store, private")
    assert Share.objects.get().seen_at is None
    assert not DownloadCount.objects.exists()
    assert not Entry.objects.filter(verb="resource.read").exists()


# ---- Taken back ------------------------------------------------------------------------------------------------------


def test_taken_back(client, session, ruth, mai, patient_page, diary):
    share = make.share(resource=diary, patient=ruth, shared_by=mai.user)
    answer = client.post(at("withdraw_share", share.code), follow=True)
    assert "no longer finds it in their pages" in answer.content.decode()
    assert Share.objects.get().withdrawn_by == mai.user
    assert client.get(patient_page).context["shares"] == []
    assert client.get(at("withdraw_share", share.code)).status_code == 405


# ---- The shelf, and who has what -------------------------------------------------------------------------------------


def test_who_of_ones_own_patients_has_what_and_has_seen_it(client, session, ruth, diary, mai, place):
    make.share(resource=diary, patient=ruth, shared_by=mai.user, shared_at=NOW, seen_at=NOW)
    make.share(resource=diary, patient=make.patient(legal_last_name="Elsewhere"), shared_at=NOW)
    make.share(resource=diary, patient=make.patient(), shared_by=mai.user, withdrawn_at=NOW, withdrawn_by=mai.user)
    own_file = make.resource(made_for=ruth, title="Plan for Ruth")
    page = client.get(LIST)
    assert [(one.title, [s.patient for s in shares], seen) for one, shares, seen in page.context["rows"]] == [
        ("Sleep diary", [ruth], 1)
    ]
    text = page.content.decode()
    assert "1 of your patients has it; opened by 1" in text
    assert "Seen 24 Nov 2026" in text
    assert "Elsewhere" not in text
    assert own_file.name not in text


def test_the_shelf_is_searched(client, diary):
    make.resource(title="Thought record")
    for query, titles in (
        ("?q=DIARY", ["Sleep diary"]),
        ("?q=nothing", []),
        ("?q=%00", ["Sleep diary", "Thought record"]),
    ):
        rows = client.get(LIST + query).context["rows"]
        assert [one.title for one, _, _ in rows] == titles
    assert "Nothing found" in client.get(LIST + "?q=nothing").content.decode()


def test_an_empty_shelf_says_who_fills_it(client):
    assert "The practice manager puts worksheets" in client.get(LIST).content.decode()


def queries_of(client, path):
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("page", ["shelf", "patient"])
def test_as_many_queries_for_thirty_as_for_one(client, session, ruth, mai, patient_page, page):
    path = LIST if page == "shelf" else patient_page

    def grow(number):
        for _ in range(number):
            make.share(resource=make.resource(), patient=ruth, shared_by=mai.user, note="x")

    grow(1)
    few = queries_of(client, path)
    grow(29)
    assert queries_of(client, path) == few


@pytest.mark.parametrize(("role", "status"), [(Role.PATIENT, 403), (Role.RECEPTION, 403), (Role.MANAGER, 403)])
def test_other_roles_are_not_let_in(role, status):
    assert make.client_for(make.user(role=role)).get(LIST).status_code == status
