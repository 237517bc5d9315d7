"""Who may knock at the desk's pages, and that nobody at the desk comes near a note."""

import re

import pytest
from django.db.models import QuerySet
from django.urls import get_resolver, reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.common.access.actors import Actor
from portal.patients.models import Patient
from portal.records import actions as records
from portal.web.reception.urls import urlpatterns
from tests import make
from tests.pages import draw_errors_once

pytestmark = pytest.mark.django_db

PAGES = [
    "today",
    "calendar",
    "book_whom",
    "book_here",
    "book_series",
    "move_in_calendar",
    "day_sheet",
    "downtime_sheet",
    "undo_move",
    "patients",
    "find",
    "new_patient",
    "patient",
    "contact",
    "edit_patient",
    "add_referral",
    "used_elsewhere",
    "add_carer",
    "end_carer",
    "approve_patient",
    "withdraw_approval",
    "invite_patient",
    "withdraw_invitation",
    "link_account",
    "unlink_account",
    "keep_address",
    "compare",
    "book",
    "appointment",
    "answer",
    "room",
    "check_in",
    "undo_check_in",
    "no_show",
    "undo_no_show",
    "reopen",
    "reschedule",
    "repeat",
    "move_series",
    "cancel_series",
    "cancel",
    "check_out",
    "checked_out",
    "send_invoice",
    "pay_ahead",
    "fee",
    "waive_fee",
    "away",
    "take_back_away",
    "time_off",
    "end_time_off",
    "stranded",
    "hours",
    "add_exception",
    "remove_exception",
]
OF_A_PATIENT = {
    *(
        "patient",
        "contact",
        "edit_patient",
        "add_referral",
        "used_elsewhere",
        "add_carer",
        "end_carer",
        "book",
        "book_here",
        "book_series",
    ),
    *("invite_patient", "withdraw_invitation", "link_account", "unlink_account", "keep_address", "compare"),
    *("approve_patient", "withdraw_approval"),
}
OF_NOBODY = {
    *("today", "calendar", "book_whom", "day_sheet", "downtime_sheet"),
    *("patients", "find", "new_patient", "away", "time_off", "stranded"),
}
OF_A_PSYCHOLOGIST = {"hours", "add_exception", "remove_exception"}
ONLY_POST = {
    *("add_exception", "remove_exception"),
    *("find", "add_carer", "end_carer", "check_in", "no_show", "send_invoice", "waive_fee"),
    *("approve_patient", "withdraw_approval"),
    *("invite_patient", "withdraw_invitation", "keep_address", "take_back_away", "undo_move"),
    "end_time_off",
}
# Their searches are sent by POST, and are led to an address that is read (portal/common/web/search_words.py).
SEARCHED = {"patients"}
ONLY_READ = {"today", "calendar", "day_sheet", "downtime_sheet", "patients", "patient", "appointment", "checked_out"}


def url_of(page, session):
    if page in OF_NOBODY:
        return reverse(f"reception:{page}")
    if page in OF_A_PSYCHOLOGIST:
        more = [session.code] if page == "remove_exception" else []
        return reverse(f"reception:{page}", args=[session.psychologist.slug, *more])
    return reverse(f"reception:{page}", args=[session.patient.code if page in OF_A_PATIENT else session.code])


# Tried beside their own pages with what there is; here with a code of nothing, as who may not ask at all.
ELSEWHERE = {pattern.name: str(pattern.pattern) for pattern in urlpatterns if pattern.name not in PAGES}


def test_every_page_of_this_table_is_the_desks():
    assert {*PAGES} <= {pattern.name for pattern in urlpatterns}
    assert len(ELSEWHERE) > 50


MAY_NOT = pytest.mark.parametrize(("who", "status"), [("nobody", 302), (Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403)])


def browser_of(who):
    return make.client_for(None) if who == "nobody" else make.signed_in_client(role=who)


@MAY_NOT
def test_who_may_not_anywhere_else_at_the_desk(who, status):
    client, let_in = browser_of(who), {}
    for page, pattern in ELSEWHERE.items():
        url = filled("reception/" + pattern, {"code": "00000000-0000-4000-8000-000000000000"})
        response = client.get(url)
        if response.status_code == 405:
            response = client.post(url)
        elif response.status_code == 302 and not response.url.startswith("/accounts/login/?next="):
            let_in[page] = response.url
        if response.status_code != status:
            let_in[page] = response.status_code
    assert let_in == {}


@MAY_NOT
def test_who_may_not(place, who, status):
    session = place.session(hours=-1)
    client, let_in = browser_of(who), {}
    for page in PAGES:
        response = (client.post if page in ONLY_POST else client.get)(url_of(page, session))
        if response.status_code != status or session.patient.name in response.content.decode():
            let_in[page] = response.status_code
        elif status == 302 and not response.url.startswith("/accounts/login/?next="):
            let_in[page] = response.url
        session.refresh_from_db()
        if session.status != Status.BOOKED:
            let_in[page] = session.status
    assert let_in == {}


@pytest.mark.parametrize("page", sorted(ONLY_READ - {"checked_out", "day_sheet", "downtime_sheet"}))
def test_a_manager_may_cover_the_desk_and_finds_their_way(place, page):
    response = make.signed_in_client(role=Role.MANAGER).get(url_of(page, place.session(hours=-1)))
    assert response.status_code == 200
    words = response.content.decode()
    for there in (reverse("reception:calendar"), reverse("reception:patients"), reverse("manager:home")):
        assert f'href="{there}"' in words


@pytest.mark.parametrize("page", PAGES)
def test_the_method_that_a_page_does_not_take(desk, place, page):
    session = place.session(hours=-1)
    if page in ONLY_POST:
        assert desk.get(url_of(page, session)).status_code == 405
    if page in SEARCHED:
        assert desk.post(url_of(page, session)).url == url_of(page, session)
    elif page in ONLY_READ:
        assert desk.post(url_of(page, session)).status_code == 405
    assert desk.put(url_of(page, session)).status_code == 405


@pytest.mark.parametrize("page", sorted({*PAGES} - OF_NOBODY))
def test_a_code_that_nobody_has(desk, place, page):
    missing = "00000000-0000-4000-8000-000000000000"
    url = reverse(f"reception:{page}", args=[missing] * (2 if page == "remove_exception" else 1))
    method = desk.post if page in ONLY_POST else desk.get
    # What was taken back already leads on.
    assert method(url).status_code == (302 if page in {"take_back_away", "end_time_off"} else 404)


def test_a_signed_out_htmx_call_leaves_the_page(place):
    response = make.client_for(None).get(
        reverse("reception:today"), headers={"HX-Request": "true", "HX-Target": "arrivals"}
    )
    assert response.status_code == 204
    assert response["HX-Redirect"].startswith("/accounts/login/")


# ---- Never a note ---------------------------------------------------------------------------------------------------

SECRET = "They spoke of the lighthouse keeper"


def signed_note(session):
    by, now = Actor(session.psychologist.user, Role.PSYCHOLOGIST), timezone.now()
    draft = records.save_draft(appointment=session, body=SECRET, version=0, by=by, now=now)
    return records.sign(appointment=session, version=draft.version, by=by, now=now)


def addresses(patterns=None, prefix=""):
    """Every address of the portal, as its pattern."""
    for pattern in patterns or get_resolver().url_patterns:
        path = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            yield from addresses(pattern.url_patterns, path)
        else:
            yield path, pattern


def filled(path, values):
    """The address with a real value for each of its parts."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(values.get(part[1], "1")), path)
    return "/" + re.sub(r"\^|\$|\\Z|\(\?P?<?\w*>?[^)]*\)", "1", path).replace("\\", "")


def test_no_address_shows_the_desk_a_note(desk, place, monkeypatch):
    """Walks every address with every code there is, as somebody at the desk, while a signed note exists."""
    session = place.session(hours=-2, status=Status.COMPLETED)
    note = signed_note(session)
    # What could leak does exist, and its author can read it.
    author = make.client_for(session.psychologist.user)
    assert SECRET in author.get(reverse("psychologist:note", args=[session.code])).content.decode()

    draw_errors_once(monkeypatch)
    codes = {session.code, session.patient.code, note.code, session.psychologist.code}
    seen = []
    for path, _pattern in addresses():
        if "logout" in path or path.startswith("static"):
            continue
        for code in codes if "<uuid" in path else [session.code]:
            values = {"code": code, "slug": session.psychologist.slug, "service": session.service.slug}
            url = filled(path, values)
            for method in (desk.get, desk.post):
                response = method(url)
                body = b"".join(response.streaming_content) if response.streaming else response.content
                assert SECRET.encode() not in body, url
                if url.startswith("/practice/"):
                    assert response.status_code in {403, 405}, (url, response.status_code)
                seen.append(url)
    assert sum(url.startswith("/practice/notes/") for url in seen) >= 4
    assert sum(url.startswith("/reception/") for url in seen) >= 30
    assert Patient.objects.count() == 1


def test_what_the_desk_sees_of_a_patient_is_classed_plain_or_personal(desk, place):
    """The page's own context holds no row of the records' models."""
    session = place.session(hours=-2, status=Status.COMPLETED)
    signed_note(session)
    response = desk.get(reverse("reception:patient", args=[session.patient.code]))
    rooms = set()
    for layer in response.context:
        for value in layer.flatten().values():
            rows = [value, *value] if isinstance(value, list | tuple | QuerySet) else [value]
            rooms |= {type(row).__module__ for row in rows}
    assert "portal.patients.models.people" in rooms
    assert not [room for room in rooms if room.startswith("portal.records")]
