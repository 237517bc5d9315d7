"""Who may knock, and what they see: every address of a psychologist's, for everybody."""

import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, TimeSlot
from portal.patients.search import reindex
from portal.records.models import Addendum, ProgressNote
from portal.web.psychologist.urls import urlpatterns
from tests import make
from tests.web.psychologist.conftest import NOW

# What answers to every psychologist, with their own rows or with what they just typed.
LISTS = [
    *("day_sheet", "downtime_sheet"),
    *("today", "to_do", "calendar", "patients", "notes", "hours", "resources", "reports"),
    *("articles", "new_article", "keep_article", "article_preview"),
    *("profile", "profile_advice", "profile_preview"),
    *("calendar_address", "outside", "stranded"),
    *("messages", "reply_templates"),
    # Their own figures.
    *("earnings", "earnings_pdf"),
]
POSTS = {
    *("add_exception", "remove_exception", "add_to_note", "withdraw_share", "profile_advice"),
    *("article_link", "restore_article", "article_preview"),
    *("take_to_do", "put_back_to_do", "finish_to_do"),
    *("complete", "no_show", "undo_move", "find", "hand_over", "take_back_notes", "report_sent", "last_session"),
    *("make_calendar_address", "title_calendar_address", "end_calendar_address", "add_outside", "remove_outside"),
    *("close_thread", "settle_thread", "reopen_thread", "read_thread", "remove_reply_template"),
    *("video_key", "video_admit", "video_here"),
    *("release_measure", "withdraw_measure", "end_measure_plan", "see_alert", "end_alert"),
}
# What answers otherwise where nothing of ours is found: a form says what is wrong, a search leads to its list.
OTHERWISE = {
    "add_exception": 422,
    "add_outside": 422,
    # None has the code of a session: what is gone leads on.
    "remove_outside": 302,
    "find": 302,
    # Leads to one's own address, and says what is missing.
    **dict.fromkeys(("make_calendar_address", "title_calendar_address", "end_calendar_address"), 302),
    # No article has the code of a session: what is gone leads on.
    "article_link": 302,
    "restore_article": 302,
}


@pytest.fixture
def slot(mai):
    return make.time_slot(psychologist=mai, starts_at=(NOW + timedelta(days=1)).replace(second=0))


@pytest.fixture
def addresses(session, ruth, slot):
    """Every address of these pages, by name."""
    codes = dict.fromkeys(("patient", "share", "share_own", "hand_over"), ruth.code) | {"remove_exception": slot.code}

    def asked(pattern):
        given = {"<uuid:": codes.get(pattern.name, session.code), "<str:name>": "480.jpg", "<slug:sheet>": "a"}
        return [value for part, value in given.items() if part in str(pattern.pattern)]

    return {pattern.name: reverse(f"psychologist:{pattern.name}", args=asked(pattern)) for pattern in urlpatterns}


def _ask(client, name, address, **extra):
    return client.post(address, **extra) if name in POSTS else client.get(address, **extra)


@pytest.mark.parametrize(("who", "status"), [("reception", 403), ("manager", 403), ("patient", 403), ("nobody", 302)])
def test_only_psychologists_come_in(addresses, signed, who, status):
    client = Client() if who == "nobody" else make.client_for(make.user(role=Role(who)))

    answers = {name: _ask(client, name, address) for name, address in addresses.items()}

    assert {name: a.status_code for name, a in answers.items()} == dict.fromkeys(addresses, status)
    for name, answer in answers.items():
        assert b"Okafor" not in answer.content, name
        assert b"Slept" not in answer.content, name
    if who == "nobody":
        assert all(a["Location"].startswith("/accounts/login/?next=") for a in answers.values())


def test_the_patients_own_account_is_no_key(addresses, session, signed):
    session.patient.user = make.user()
    session.patient.save(update_fields=["user"])
    client = make.client_for(session.patient.user)

    assert {_ask(client, name, address).status_code for name, address in addresses.items()} == {403}


def test_signed_out_htmx_calls_leave_the_page(addresses):
    for name, address in addresses.items():
        answer = _ask(Client(), name, address, headers={"HX-Request": "true"})
        assert (answer.status_code, answer["HX-Redirect"].split("?")[0]) == (204, "/accounts/login/"), name


def test_a_colleague_finds_nothing_of_ours(addresses, colleague, signed, slot):
    client = make.client_for(colleague.user)

    found = {}
    for name, address in addresses.items():
        answer = _ask(client, name, address)
        found[name] = answer.status_code
        # What a paper says of nobody is read in tests/web/reception/test_day_sheets.py.
        assert "Okafor" not in answer.content.decode(errors="replace"), name
    assert found == {name: 200 if name in LISTS else OTHERWISE.get(name, 404) for name in addresses}
    assert TimeSlot.objects.filter(pk=slot.pk).exists()


def test_a_colleague_finds_nobody_of_ours_from_the_head(client, colleague, session, ruth):
    reindex(ruth)
    asked = {"path": reverse("psychologist:find"), "data": {"q": "oka"}, "headers": {"HX-Request": "true"}}

    ours, theirs = client.post(**asked), make.client_for(colleague.user).post(**asked)

    assert (ours.status_code, "Okafor" in ours.content.decode()) == (200, True)
    assert (theirs.status_code, "Okafor" in theirs.content.decode()) == (200, False)


def test_a_colleague_changes_nothing_of_ours(session, draft, colleague):
    client = make.client_for(colleague.user)
    for name in ("note", "draft_note", "sign_note", "add_to_note"):
        address = reverse(f"psychologist:{name}", args=[session.code])
        assert client.post(address, {"body": "Mine now", "version": 1, "sure": "yes"}).status_code == 404
    stored = ProgressNote.objects.get()
    assert (stored.body, stored.state) == ("Slept badly.", "draft")


def test_a_colleague_who_treats_them_reads_and_adds_but_never_writes(session, signed, colleague, ruth, place):
    make.appointment(psychologist=colleague, patient=ruth, location=place, starts_at=NOW - timedelta(days=1))
    client = make.client_for(colleague.user)
    note = reverse("psychologist:note", args=[session.code])

    assert "Slept badly." in client.get(note).content.decode()
    assert client.post(note, {"body": "Other", "version": 1}).status_code == 302
    added = client.post(
        reverse("psychologist:add_to_note", args=[session.code]), {"body": "Seen by me", "code": uuid.uuid4()}
    )
    assert added.status_code == 302
    assert (ProgressNote.objects.get().body, Addendum.objects.get().author) == ("Slept badly.", colleague)


def test_a_colleague_does_not_see_a_draft(session, draft, colleague, ruth, place):
    make.appointment(psychologist=colleague, patient=ruth, location=place, starts_at=NOW + timedelta(days=1))
    client = make.client_for(colleague.user)

    assert client.get(reverse("psychologist:note", args=[session.code])).status_code == 404
    assert "24 Nov" not in client.get(reverse("psychologist:patient", args=[ruth.code])).content.decode()


def test_a_psychologist_who_is_manager_too_still_finds_nothing_of_others(session, signed):
    both = make.user(roles=(Role.PSYCHOLOGIST, Role.MANAGER, Role.RECEPTION))
    make.psychologist(user=both)

    answer = make.client_for(both).get(reverse("psychologist:note", args=[session.code]))

    assert answer.status_code == 404


def test_a_held_time_has_no_note(client, mai, place):
    hold = make.hold(psychologist=mai, location=place, starts_at=NOW + timedelta(hours=2))

    assert client.get(reverse("psychologist:note", args=[hold.code])).status_code == 404
    assert Appointment.objects.filter(pk=hold.pk).exists()


@pytest.mark.parametrize("name", ["today", "calendar", "hours"])
def test_the_role_without_a_profile_is_told_what_is_missing(db, name):
    make.clinic()
    client = make.client_for(make.user(role=Role.PSYCHOLOGIST))

    answer = client.get(reverse(f"psychologist:{name}"))

    assert (answer.status_code, "Your profile is missing" in answer.content.decode()) == (200, True)


def test_titles_say_nothing_of_anybody(client, addresses, signed):
    """A title stands in the browser's history, on the task bar and on whatever screen is shared."""
    titles = {}
    for name, address in addresses.items():
        if name in POSTS:
            continue
        page = client.get(address, follow=True).content.decode(errors="replace")
        if "<title>" in page:
            titles[name] = page[page.index("<title>") : page.index("</title>")]
    assert titles.keys() >= {"patient", "note", "calendar", "patients"}
    assert {name: title for name, title in titles.items() if "Okafor" in title or "Ruth" in title} == {}
