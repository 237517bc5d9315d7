import logging
import uuid
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.records import actions
from portal.records.headings import skeleton
from portal.records.models import MOST_CHARACTERS, Addendum, ProgressNote, State
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW, sessions

MARKER = "Quokkaphobia"


def _url(name, session):
    return reverse(f"psychologist:{name}", args=[session.code])


def _words(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def _reads():
    return Entry.objects.filter(verb="note.read").count()


# ---- Writing --------------------------------------------------------------------------------------------------------


def test_note_begins_as_an_empty_page(client, session):
    answer = client.get(_url("note", session))

    assert (answer.status_code, answer.context["form"]["body"].value(), answer.context["version"]) == (200, "", 0)
    assert _reads() == 0


def test_note_is_kept_as_a_draft(client, session):
    answer = client.post(_url("note", session), {"body": "Slept badly.", "version": "0", "template": "free"})

    assert (answer.status_code, answer["Location"]) == (302, _url("note", session))
    assert _words(answer) == ["The draft is kept. It is not signed yet."]
    stored = ProgressNote.objects.get()
    assert (stored.body, stored.state, stored.version) == ("Slept badly.", State.DRAFT, 1)


def test_note_opens_the_draft_and_records_the_reading(client, session, draft):
    answer = client.get(_url("note", session))

    assert (answer.context["form"]["body"].value(), answer.context["version"]) == ("Slept badly.", 1)
    assert _reads() == 1


def test_a_first_line_break_survives_the_page(client, session, acting):
    """HTML drops one line break after <textarea>."""
    actions.save_draft(appointment=session, body="\nAfter a gap", version=0, by=acting, now=NOW)

    assert ">\n\nAfter a gap</textarea>" in client.get(_url("note", session)).content.decode()


def test_an_empty_note_is_not_kept(client, session):
    answer = client.post(_url("note", session), {"body": "  ", "version": "0"})

    assert (_words(answer), ProgressNote.objects.exists()) == (["There is nothing to keep yet."], False)


@pytest.mark.parametrize(("template", "begins"), [("soap", "Subjective"), ("dap", "Data"), ("birp", "Behaviour")])
def test_headings_are_added_below_what_is_written(client, session, template, begins):
    client.post(_url("note", session), {"body": "First words.", "version": "0", "insert": template})

    stored = ProgressNote.objects.get()
    assert (stored.body, stored.template) == (f"First words.\n\n{skeleton(template)}", template)
    assert f"\n\n{begins}\n" in stored.body


def test_headings_begin_an_empty_note(client, session):
    client.post(_url("note", session), {"body": "", "version": "0", "insert": "dap"})

    assert ProgressNote.objects.get().body == skeleton("dap")


def test_headings_come_as_a_fragment_with_script(client, session):
    answer = client.post(
        _url("note", session),
        {"body": "Words", "version": "0", "insert": "dap"},
        headers={"HX-Request": "true", "HX-Target": "editor"},
    )

    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.lstrip().startswith('<section id="editor"')
    assert 'name="version" id="note-version" value="1"' in page


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"version": ""},
        {"version": "x"},
        {"version": "-1"},
        {"version": "9" * 30},
        {"insert": "rhyme", "version": "0"},
    ],
)
def test_what_can_not_be_read_keeps_the_words_on_the_page(client, session, sent):
    for name in ("note", "sign_note"):
        answer = client.post(_url(name, session), {"body": MARKER, **sent})
        assert (answer.status_code, MARKER in answer.content.decode()) == (422, True)
    assert client.post(_url("draft_note", session), {"body": MARKER, **sent}).status_code == 422
    assert not ProgressNote.objects.exists()


def test_a_note_that_is_too_long_says_so_and_stays_on_the_page(client, session):
    body = "x" * (MOST_CHARACTERS + 1)

    answer = client.post(_url("note", session), {"body": body, "version": "0"})

    page = answer.content.decode()
    assert (answer.status_code, body in page) == (422, True)
    assert "There is room for 100000 characters; this has 100001." in page


def test_a_null_character_is_left_out(client, session):
    answer = client.post(_url("draft_note", session), {"body": "A\x00B", "version": "0"})
    if answer.status_code == 200:
        assert ProgressNote.objects.get().body == "AB"
    else:
        assert "This has characters in it that can&#x27;t be shown" in answer.content.decode()


# ---- Two windows ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["note", "draft_note", "sign_note"])
def test_two_windows_lose_neither_text(client, session, draft, name):
    answer = client.post(_url(name, session), {"body": "From the second window", "version": "0", "sure": "yes"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Slept badly." in page
    if name != "draft_note":  # there the page keeps its own words
        assert "From the second window" in page
    assert 'name="instead_of" value="1"' in page
    assert (ProgressNote.objects.get().body, ProgressNote.objects.get().state) == ("Slept badly.", State.DRAFT)


def test_ones_own_words_can_be_put_in_the_place_of_the_others(client, session, draft):
    client.post(_url("note", session), {"body": "From the second window", "version": "0", "instead_of": "1"})

    stored = ProgressNote.objects.get()
    assert (stored.body, stored.version) == ("From the second window", 2)


# ---- Saving by itself -----------------------------------------------------------------------------------------------


def test_draft_answers_with_the_time_and_the_next_version(client, session):
    answer = client.post(_url("draft_note", session), {"body": "Slept", "version": "0"}, headers={"HX-Request": "true"})

    page = answer.content.decode()
    assert (answer.status_code, "Saved 10:30 am" in page) == (200, True)
    assert 'id="note-version" value="1" data-hx-swap-oob="true"' in page
    assert "Slept" not in page


def test_draft_of_the_same_words_again_saves_nothing_anew(client, session, draft):
    answer = client.post(_url("draft_note", session), {"body": "Slept badly.", "version": "0"})

    assert (answer.status_code, ProgressNote.objects.get().version) == (200, 1)
    assert 'value="1"' in answer.content.decode()


def test_draft_of_nothing_says_so(client, session):
    answer = client.post(_url("draft_note", session), {"body": "", "version": "0"})
    assert "Nothing saved yet" in answer.content.decode()


def test_draft_of_a_signed_note_is_refused_and_changes_nothing(client, session, signed):
    answer = client.post(_url("draft_note", session), {"body": "More", "version": "1"})

    assert (answer.status_code, "signed in another window" in answer.content.decode()) == (409, True)
    assert ProgressNote.objects.get().body == "Slept badly."


def test_draft_gives_a_new_token_and_no_word(client, session, draft):
    page = client.get(_url("draft_note", session), headers={"HX-Request": "true"}).content.decode()

    assert "csrfmiddlewaretoken" in page
    assert "Slept" not in page
    assert _reads() == 0


def test_draft_of_a_session_that_ended_leads_to_the_sign_in_page(session):
    """What the page does with it, so that no word is lost, is tested in a browser: e2e/test_note.py."""
    answer = Client().post(_url("draft_note", session), {"body": "Slept"}, headers={"HX-Request": "true"})

    assert (answer.status_code, answer["HX-Redirect"].startswith("/accounts/login/")) == (204, True)


# ---- Signing --------------------------------------------------------------------------------------------------------


def test_sign_asks_once_more_without_script(client, session):
    first = client.post(_url("sign_note", session), {"body": "Slept badly.", "version": "0"})
    asked = client.get(first["Location"])
    done = client.post(_url("sign_note", session), {"version": asked.context["written"].version})

    assert (first["Location"], done["Location"]) == (_url("sign_note", session), _url("note", session))
    assert "Slept badly." in asked.content.decode()
    assert (ProgressNote.objects.get().state, ProgressNote.objects.get().signed_at) == (State.SIGNED, NOW)


def test_sign_from_the_dialog_keeps_the_words_and_signs_them(client, session):
    answer = client.post(
        _url("sign_note", session),
        {"body": "Slept badly.", "version": "0", "sure": "yes"},
        headers={"HX-Request": "true", "HX-Target": "editor"},
    )

    assert (answer.status_code, answer["HX-Redirect"]) == (204, _url("note", session))
    stored = ProgressNote.objects.get()
    assert (stored.body, stored.state) == ("Slept badly.", State.SIGNED)


def test_sign_signs_what_was_read_and_nothing_newer(client, session, draft, acting):
    actions.save_draft(appointment=session, body="Changed meanwhile.", version=1, by=acting, now=NOW)

    answer = client.post(_url("sign_note", session), {"version": "1"})

    assert (answer.status_code, "Changed meanwhile." in answer.content.decode()) == (409, True)
    assert ProgressNote.objects.get().state == State.DRAFT


def test_sign_twice_leads_to_the_signed_note(client, session, signed):
    answer = client.post(_url("sign_note", session), {"version": "1"})

    assert (answer["Location"], Entry.objects.filter(verb="note.signed").count()) == (_url("note", session), 1)


@pytest.mark.parametrize("sent", [{"version": "1"}, {"version": "1", "body": "Slept badly.", "sure": "yes"}])
def test_sign_pressed_twice_says_once_that_it_is_signed(client, session, draft, sent):
    for _press in range(2):
        answer = client.post(_url("sign_note", session), sent)

    page = client.get(answer["Location"]).content.decode()
    assert (page.count("The note is signed."), page.count("is signed already")) == (1, 0)


@pytest.mark.parametrize("sent", [{"version": "7"}, {"version": "1", "body": "Other words.", "sure": "yes"}])
def test_sign_of_other_words_says_that_the_note_is_signed_already(client, session, signed, sent):
    page = client.post(_url("sign_note", session), sent, follow=True).content.decode()

    assert (page.count("The note is signed."), page.count("This note is signed already.")) == (0, 1)


@pytest.mark.parametrize("body", ["", skeleton("soap")])
def test_sign_of_nothing_says_what_is_missing(client, session, body):
    answer = client.post(_url("sign_note", session), {"body": body, "version": "0", "sure": "yes"})

    assert (answer.status_code, "There is nothing to sign yet" in answer.content.decode()) == (422, True)
    assert not ProgressNote.objects.signed().exists()


def test_sign_before_the_session_keeps_the_draft_and_says_when(client, mai, place, ruth):
    tomorrow = make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=1))

    answer = client.post(_url("sign_note", tomorrow), {"body": "Prepared", "version": "0", "sure": "yes"})

    page = answer.content.decode()
    assert (answer.status_code, "The session has not begun." in page, "Prepared" in page) == (422, True, True)
    assert (ProgressNote.objects.get().body, ProgressNote.objects.get().state) == ("Prepared", State.DRAFT)


@pytest.mark.parametrize("sent", [{}, {"version": "0"}, {"version": "x"}])
def test_sign_of_no_version_goes_back_to_the_note(client, session, draft, sent):
    answer = client.post(_url("sign_note", session), sent)

    assert (answer.status_code, answer["Location"]) == (302, _url("note", session))
    assert ProgressNote.objects.get().state == State.DRAFT


def test_sign_without_a_note_goes_to_the_page_to_write_on(client, session):
    assert client.get(_url("sign_note", session))["Location"] == _url("note", session)


# ---- Signed ---------------------------------------------------------------------------------------------------------


def test_a_signed_note_is_read_not_written(client, session, signed):
    answer = client.get(_url("note", session))

    page = answer.content.decode()
    assert ("Slept badly." in page, 'id="note-form"' in page) == (True, False)
    assert "Signed by Dr Mai Nguyễn, Tuesday 24 November 2026, 10:30 am" in page
    assert _reads() == 1
    client.get(_url("note", session))
    assert _reads() == 2


def test_a_signed_note_stays_whatever_is_posted(client, session, signed):
    for name in ("note", "sign_note"):
        client.post(_url(name, session), {"body": "Other", "version": "1", "sure": "yes"})

    assert ProgressNote.objects.get().body == "Slept badly."


def test_an_addition_is_signed_and_stands_below(client, session, signed):
    code = uuid.uuid4()

    first = client.post(_url("add_to_note", session), {"body": "The log came.", "code": code})
    client.post(_url("add_to_note", session), {"body": "The log came.", "code": code})

    assert first["Location"] == f"{_url('note', session)}#added"
    assert [a.body for a in Addendum.objects.all()] == ["The log came."]
    page = client.get(_url("note", session)).content.decode()
    assert page.index("Slept badly.") < page.index("The log came.")
    assert page.count("Your addition is signed") == 1


@pytest.mark.parametrize("sent", [{"body": ""}, {"body": " \n "}, {"body": "x" * (MOST_CHARACTERS + 1)}, {"code": "x"}])
def test_an_addition_that_can_not_be_taken_keeps_its_words(client, session, signed, sent):
    answer = client.post(_url("add_to_note", session), {"body": MARKER, "code": uuid.uuid4(), **sent})

    assert answer.status_code == 422
    assert not Addendum.objects.exists()
    if "code" in sent:
        assert MARKER in answer.content.decode()


def test_an_addition_to_a_draft_is_not_found(client, session, draft):
    assert client.post(_url("add_to_note", session), {"body": "More", "code": uuid.uuid4()}).status_code == 404


# ---- The session before ---------------------------------------------------------------------------------------------


def test_previous_shows_the_note_before_and_records_the_reading(client, session, signed, mai, place, ruth):
    later = make.appointment(psychologist=mai, patient=ruth, location=place, starts_at=BEGAN + timedelta(days=7))

    page = client.get(_url("note", later)).content.decode()
    assert "Slept" not in page
    assert _reads() == 0
    fragment = client.get(_url("previous_note", later), headers={"HX-Request": "true", "HX-Target": "before-text"})
    assert "Slept badly." in fragment.content.decode()
    assert _reads() == 1
    assert client.get(_url("previous_note", later))["Location"] == _url("note", session)


def test_previous_of_a_first_session_is_not_found(client, session):
    assert client.get(_url("previous_note", session)).status_code == 404


# ---- The list -------------------------------------------------------------------------------------------------------


def test_notes_lists_what_is_to_sign_in_pages(client, mai, place, service):
    made = sessions(
        30, psychologist=mai, place=place, service=service, first=NOW - timedelta(days=3), status=Status.COMPLETED
    )

    first, second = client.get("/practice/notes/"), client.get("/practice/notes/?page=2")

    assert [s.pk for s in first.context["page"]] == [s.pk for s in reversed(made)][:25]
    assert len(second.context["page"]) == 5
    fragment = client.get("/practice/notes/?page=2", headers={"HX-Request": "true", "HX-Target": "results"})
    assert fragment.content.decode().lstrip().startswith('<div id="results"')


def test_notes_says_when_all_is_signed(client):
    assert "Every note is signed" in client.get("/practice/notes/").content.decode()


# ---- Nothing leaks --------------------------------------------------------------------------------------------------


def test_clinical_words_are_in_no_log_message_address_or_fact(client, session, caplog):
    caplog.set_level(logging.DEBUG)
    body = {"body": MARKER, "version": "0"}
    answers = [
        client.post(_url("draft_note", session), body),
        client.post(_url("note", session), body | {"insert": "soap"}),
        client.post(_url("note", session), body | {"body": f"{MARKER} again"}),
        client.post(_url("sign_note", session), body | {"version": "2", "sure": "yes"}),
        client.post(_url("add_to_note", session), {"body": MARKER, "code": uuid.uuid4()}),
        client.post(_url("note", session), body),
    ]

    assert ProgressNote.objects.get().state == State.SIGNED
    for answer in answers:
        assert MARKER not in " ".join(_words(answer))
        assert MARKER not in str(answer.headers)
    assert MARKER not in caplog.text
    assert MARKER not in str(list(Entry.objects.values()))
    session_row = client.session
    assert MARKER not in str(dict(session_row.items()))


def test_a_failure_while_saving_shows_no_word(client, session, caplog, settings):
    """Django's own report of an error hides what a view marks as sensitive."""
    settings.PORTAL_ENCRYPTION_KEYS = "broken"
    client.raise_request_exception = False

    answer = client.post(_url("draft_note", session), {"body": MARKER, "version": "0"})

    assert (answer.status_code, MARKER in answer.content.decode()) == (500, False)
    assert caplog.records
    assert MARKER not in caplog.text


def test_pages_of_notes_are_never_kept_by_the_browser(client, session, signed):
    assert client.get(_url("note", session))["Cache-Control"] == "no-store, private"


def test_note_takes_as_many_queries_with_many_additions(client, session, signed, acting, django_assert_num_queries):
    actions.add_addendum(note=signed, body="One", by=acting, now=NOW)
    client.get(_url("note", session))
    with CaptureQueriesContext(connection) as few:
        client.get(_url("note", session))
    for n in range(10):
        actions.add_addendum(note=signed, body=f"More {n}", by=acting, now=NOW)

    with django_assert_num_queries(len(few)):
        client.get(_url("note", session))
