"""Two people, or two tabs, who change one thing: what neither touched twice is kept, what both changed is asked.

Each page is opened and sent as a browser does it, and none is told anything but what stands in it.
"""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest
from django.db import connection
from django.urls import reverse

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.website.models import CrisisLine
from tests import make
from tests.pages import form_with

pytestmark = pytest.mark.django_db


def _details(user):
    patient = make.patient(user=user, suburb="Brunswick", street="1 Lane")
    return "patient:edit_details", [patient.code], patient


def _record(user):
    patient = make.patient(suburb="Brunswick", street="1 Lane")
    return "reception:edit_patient", [patient.code], patient


def _own_profile(user):
    return "psychologist:profile", [], make.psychologist(user=user, headline="Sleep", bio="I listen.")


def _profile(user):
    psychologist = make.psychologist(headline="Sleep", bio="I listen.")
    return "manager:profile", [psychologist.user.code], psychologist


def _row(name, made):
    return lambda user: (name, [made().code], None)


PAGES = {
    "own details": (Role.PATIENT, _details, ("street", "2 Lane"), ("gp_practice", "Coburg")),
    "a patient's details": (Role.RECEPTION, _record, ("street", "2 Lane"), ("gp_practice", "Coburg")),
    "settings": (Role.MANAGER, "manager:settings", ("bank_account", "12345678"), ("name", "Wattle Lane")),
    "a service": (Role.MANAGER, _row("manager:service", make.service), ("fee", "231.00"), ("name", "Long session")),
    "a place": (
        Role.MANAGER,
        _row("manager:location", make.location),
        ("street", "2 Lane"),
        ("directions", "At the back"),
    ),
    "a profile": (Role.MANAGER, _profile, ("headline", "Grief"), ("bio", "I ask.")),
    "one's own profile": (Role.PSYCHOLOGIST, _own_profile, ("headline", "Grief"), ("bio", "I ask.")),
    "a crisis line": (
        Role.MANAGER,
        lambda user: ("manager:crisis_line", [CrisisLine.objects.filter(kind="call").first().code], None),
        ("name", "Night line"),
        ("hours", "At night"),
    ),
    "a category": (Role.MANAGER, _row("manager:category", make.category), ("name", "Grief"), ("description", "Loss.")),
    "a file": (Role.MANAGER, _row("manager:download", make.resource), ("title", "Sleep"), ("description", "A diary.")),
    "what policies say": (Role.MANAGER, "manager:policy_settings", ("contact_name", "Helen"), ("waiver", "Ask us.")),
}
# Of one field alone.
SINGLE = {
    "a text": (Role.MANAGER, lambda user: ("manager:text", ["home.title"], None), ("text", "Come in"), None),
    "an article's address": (
        Role.MANAGER,
        lambda user: ("manager:article_address", [make.post(slug="first").code], None),
        ("slug", "second"),
        None,
    ),
}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def edited(request):
    """The page of this name, and two browsers in which it may be opened."""
    make.clinic()
    role, where, one, other = (PAGES | SINGLE)[request.param]
    user = make.user(roles=(role,))
    name, arguments, _row = where(user) if callable(where) else (where, [], None)
    return reverse(name, args=arguments), (make.client_for(user), make.client_for(user)), one, other


def opened(tab, address, name):
    """What the form on this page sends as it stands."""
    return form_with(tab.get(address), name)


def stored(tab, address, name):
    return opened(tab, address, name)[name]


def lines():
    return list(Entry.objects.exclude(verb__startswith="session").order_by("pk").values_list("verb", "facts"))


every = pytest.mark.parametrize("edited", [*PAGES, *SINGLE], indirect=True)


@pytest.mark.parametrize("edited", PAGES, indirect=True)
def test_what_this_page_did_not_change_stays_as_somebody_else_saved_it(edited):
    address, (first, second), (one, new), (other, theirs) = edited
    page = opened(first, address, one)
    assert second.post(address, opened(second, address, other) | {other: theirs}).status_code == 302
    before = lines()
    assert first.post(address, page | {one: new}).status_code == 302
    assert (stored(first, address, one), stored(first, address, other)) == ([new], [theirs])
    added = lines()[len(before) :]
    assert len(added) == 1
    # The trail names what was changed here, where it names fields.
    named = added[0][1].get("fields", [one])
    assert (one in named, other in named) == (True, False)


@every
def test_what_both_changed_is_asked_and_settled_by_sending_it_again(edited):
    address, (first, second), (one, new), _other = edited
    page = opened(first, address, one)
    theirs = f"{new}1" if one != "fee" else "232.00"
    assert second.post(address, opened(second, address, one) | {one: theirs}).status_code == 302
    before = lines()

    asked = first.post(address, page | {one: new})
    assert asked.status_code == 422
    text = unescape(asked.content.decode())
    assert f'<dd dir="auto">{theirs}</dd>' in text
    assert f'<dd dir="auto">{new}</dd>' in text
    assert "changed meanwhile" in text
    assert (stored(second, address, one), lines()) == ([theirs], before), "nothing is saved"

    sent = form_with(asked, one)
    assert sent[one] == [new], "what was typed stays"
    # A third one, before it is sent again, is told too.
    third = f"{new}2" if one != "fee" else "233.00"
    assert second.post(address, opened(second, address, one) | {one: third}).status_code == 302
    asked = first.post(address, sent)
    assert (asked.status_code, f'<dd dir="auto">{third}</dd>' in unescape(asked.content.decode())) == (422, True)
    assert first.post(address, form_with(asked, one)).status_code == 302
    assert stored(second, address, one) == [new]


@every
def test_what_somebody_else_saved_is_taken_by_a_box_beside_it(edited):
    address, (first, second), (one, new), _other = edited
    page = opened(first, address, one)
    theirs = f"{new}1" if one != "fee" else "232.00"
    second.post(address, opened(second, address, one) | {one: theirs})
    asked = form_with(first.post(address, page | {one: new}), one)
    before = lines()
    assert first.post(address, asked | {"theirs": one}).status_code == 302
    assert (stored(first, address, one), lines()) == ([theirs], before)


@every
def test_the_same_change_on_both_sides_is_none(edited):
    address, (first, second), (one, new), _other = edited
    page = opened(first, address, one)
    assert second.post(address, opened(second, address, one) | {one: new}).status_code == 302
    before = lines()
    assert first.post(address, page | {one: new}).status_code == 302
    assert lines() == before


MARKS = ["", "{}", "[]", "nonsense", '{"bank_account":{"b":1},"name":7}', "[" * 50_000]


@every
def test_a_page_that_does_not_say_what_it_showed_is_asked_about_what_differs(edited):
    _asked_about_what_differs(edited, "")


@pytest.mark.parametrize("edited", ["settings"], indirect=True)
@pytest.mark.parametrize("mark", MARKS, ids=range(len(MARKS)))
def test_what_is_no_mark_says_nothing(edited, mark):
    _asked_about_what_differs(edited, mark)


def _asked_about_what_differs(edited, mark):
    address, (first, _second), (one, new), _other = edited
    page, before = opened(first, address, one), stored(first, address, one)
    asked = first.post(address, page | {one: new, "shown": mark})
    assert (asked.status_code, "changed meanwhile" in asked.content.decode()) == (422, True)
    assert stored(first, address, one) == before
    assert first.post(address, form_with(asked, one)).status_code == 302
    assert stored(first, address, one) == [new]
    # With nothing that differs there is nothing to ask.
    assert first.post(address, page | {one: new, "shown": mark}).status_code == 302


@pytest.mark.parametrize("edited", ["settings", "own details", "a file"], indirect=True)
def test_a_forged_mark_gives_nobody_more_than_their_form(edited):
    """It can say that somebody else's words were shown: then its owner overwrites them, as they may by typing."""
    address, (first, _second), (one, new), _other = edited
    page, before = opened(first, address, one), lines()
    forged = '{"is_demo":true,"code":"x","user":"1","id":"7"}'
    refused = first.post(address, page | {one: new, "shown": forged, "is_demo": "on", "id": "7"})
    assert (refused.status_code, lines()) == (422, before)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("edited", ["settings", "own details", "a service", "what policies say"], indirect=True)
def test_of_changes_in_one_moment_one_is_saved_and_the_others_are_asked(edited):
    address, (first, second), (one, new), _other = edited
    page = opened(first, address, one)
    opened(second, address, one)
    gate = threading.Barrier(4)

    def save(number):
        gate.wait()
        try:
            tab = (first, second)[number % 2]
            return tab.post(address, page | {one: f"{new[:-1]}{number + 3}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(save, range(4))) == [302, 422, 422, 422]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("edited", ["settings", "own details", "a service"], indirect=True)
def test_changes_of_two_fields_in_one_moment_are_both_saved(edited):
    address, (first, second), (one, new), (other, theirs) = edited
    page = opened(first, address, one)
    opened(second, address, one)
    gate = threading.Barrier(2)

    def save(tab, field, value):
        gate.wait()
        try:
            return tab.post(address, page | {field: value}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        saving = [pool.submit(save, first, one, new), pool.submit(save, second, other, theirs)]
        assert [each.result() for each in saving] == [302, 302]
    assert (stored(first, address, one), stored(first, address, other)) == ([new], [theirs])


def test_a_form_that_is_given_back_after_signing_in_still_says_what_it_showed():
    """What others saved while somebody was signed out is not undone by what their page had shown."""
    user = make.user()
    patient = make.patient(user=user, street="1 Lane", suburb="Brunswick")
    address = reverse("patient:edit_details", args=[patient.code])
    client = make.client_for(user)
    page = opened(client, address, "street")
    client.session.flush()
    assert client.post(address, page | {"street": ["2 Lane"]}).status_code == 302
    type(patient).objects.filter(pk=patient.pk).update(gp_practice="Coburg")

    client = make.client_for(user)
    given_back = opened(client, address, "street")
    assert (given_back["street"], given_back["shown"]) == (["2 Lane"], page["shown"])
    assert client.post(address, given_back).status_code == 302
    patient.refresh_from_db()
    assert (patient.street, patient.gp_practice) == ("2 Lane", "Coburg")


# ---- What belongs together ---------------------------------------------------------------------------------------

# Of one thing: what the first tab changes, and what the second.
WHOLES = {
    "settings": (("bank_bsb", "083-004"), ("bank_account", "87654321")),
    "own details": (("street", "2 Lane"), ("suburb", "Coburg")),
    "a patient's details": (("emergency_name", "Dora"), ("emergency_phone", "0491 570 156")),
    "a service": (("fee", "231.00"), ("tax_code", "taxable")),
    "a place": (("street", "2 Lane"), ("postcode", "3058")),
    "a crisis line": (("name", "Night line"), ("number", "13 11 99")),
    "what policies say": (("contact_name", "Helen"), ("contact_email", "helen@example.com")),
}


@pytest.mark.parametrize("edited", WHOLES, indirect=True)
@pytest.mark.parametrize("taken", [True, False], ids=["theirs", "mine"])
def test_of_what_belongs_together_one_side_is_kept_whole(edited, request, taken):
    address, (first, second), _one, _other = edited
    (one, new), (other, theirs) = WHOLES[request.node.callspec.params["edited"]]
    page = opened(first, address, one)
    shown = (page[one], page[other])
    assert (shown[0] != [new], shown[1] != [theirs]) == (True, True)
    assert second.post(address, opened(second, address, other) | {other: theirs}).status_code == 302
    before = lines()

    asked = first.post(address, page | {one: new})
    assert (asked.status_code, lines()) == (422, before), "a pair that nobody typed"
    text = unescape(asked.content.decode())
    assert ("Take what was saved meanwhile for:" in text, text.count('name="theirs"')) == (True, 1)
    sent = form_with(asked, one)
    box = re.search(r'name="theirs" value="([a-z_]+)"', text)[1]
    assert first.post(address, sent | ({"theirs": box} if taken else {})).status_code == 302
    kept = (stored(first, address, one), stored(first, address, other))
    assert kept == ((shown[0], [theirs]) if taken else ([new], shown[1]))


# ---- Two forms of one page -------------------------------------------------------------------------------------------


def _staff():
    boss, second = make.user(roles=(Role.MANAGER,)), make.user(roles=(Role.MANAGER,))
    kim = make.user(roles=(Role.RECEPTION,), first_name="Kim", last_name="Lee")
    return make.client_for(boss), make.client_for(second), kim


def test_the_roles_that_two_managers_give_are_asked_about():
    first, second, kim = _staff()
    about, roles = (reverse(f"manager:{name}", args=[kim.code]) for name in ("person", "roles"))
    page = first.shown(about, "roles")
    assert second.post(roles, {"roles": []} | second.shown(about, "roles")).status_code == 302
    # Sent as it stands, an older page gives no role back.
    assert first.post(roles, {"roles": ["reception"]} | page).status_code == 302
    assert roles_of(kim) == set()
    second.post(roles, {"roles": ["reception"]} | second.shown(about, "roles"))
    page = first.shown(about, "roles")
    second.post(roles, {"roles": []} | second.shown(about, "roles"))
    asked = first.post(roles, {"roles": ["reception", "psychologist"]} | page)
    assert (asked.status_code, roles_of(kim)) == (422, set())
    text = unescape(asked.content.decode())
    assert '<dd dir="auto">Left empty</dd>' in text
    assert (
        '<dd dir="auto">Psychologist, Reception</dd>' in text or '<dd dir="auto">Reception, Psychologist</dd>' in text
    )
    again = form_with(asked, "roles")
    assert first.post(roles, again | {"roles": ["reception"]}).status_code == 302
    assert roles_of(kim) == {"reception"}


def roles_of(user):
    return set(user.grants.filter(ended_at=None).values_list("role", flat=True))


def test_the_two_names_of_somebody_are_changed_by_two_managers():
    first, second, kim = _staff()
    about, rename = (reverse(f"manager:{name}", args=[kim.code]) for name in ("person", "rename"))
    page = first.shown(about, "first_name")
    second.post(rename, {"first_name": "Kim", "last_name": "Berg"} | second.shown(about, "first_name"))
    assert first.post(rename, {"first_name": "Kimberly", "last_name": "Lee"} | page).status_code == 302
    kim.refresh_from_db()
    assert kim.name == "Kimberly Berg"
