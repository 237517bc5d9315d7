"""The search for patients in the head of every staff page: who is found in which room, and what stands on the page."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from portal.accounts.roles import Role
from portal.patients.search import reindex
from tests import make

OPTION = re.compile(r'<a role="option" id="found-\d" href="([^"]+)"[^>]*><span>.*?<strong>([^<]*)</strong>', re.DOTALL)


@pytest.fixture
def clinic(db):
    return make.clinic()


def patient(**fields):
    """One who can be searched for, as registering makes them."""
    made = make.patient(**fields)
    reindex(made)
    return made


@pytest.fixture
def people(clinic):
    """One in Mai's care, one in nobody's."""
    mai = make.psychologist()
    ruth = patient(legal_first_name="Ruth", legal_last_name="Okafor", phone="+61491570156")
    patient(legal_first_name="Ruben", legal_last_name="Lee", preferred_name="Ruby")
    make.appointment(psychologist=mai, patient=ruth)
    return mai


def found(client, room, words):
    body = client.post(reverse(f"{room}:find"), {"q": words}, headers={"HX-Request": "true"}).content.decode()
    return [name for _href, name in OPTION.findall(body)], body


@pytest.mark.parametrize(
    ("role", "page"),
    [(Role.RECEPTION, "reception:today"), (Role.MANAGER, "manager:home"), (Role.PSYCHOLOGIST, "psychologist:today")],
)
def test_by_keyboard_the_search_is_the_second_stop_of_every_room(people, role, page):
    client = make.client_for(people.user) if role == Role.PSYCHOLOGIST else make.signed_in_client(role=role)
    body = client.get(reverse(page)).content.decode()
    stops = re.findall(
        r"<(?:a|button|input|select|summary)\b(?![^>]*type=\"hidden\")[^>]*>", body.partition("<body")[2]
    )
    assert [re.search(r'href="([^"]*)"', stop)[1] for stop in stops[:2]] == ["#main", "#find-words"]
    assert body.count('id="find-words"') == 1


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.MANAGER])
def test_the_desk_finds_everybody_and_is_led_to_their_page(people, role):
    names, body = found(make.signed_in_client(role=role), "reception", "ru")
    assert sorted(names) == ["Ruby Lee", "Ruth Okafor"]
    assert "Ruben Lee" in body
    assert "0491 570 156" in body
    assert 'data-said="2 found"' in body
    assert all(href.startswith("/reception/patients/") for href, _name in OPTION.findall(body))


def test_a_psychologist_finds_whom_they_treat_and_registers_nobody(people):
    client = make.client_for(people.user)
    names, body = found(client, "psychologist", "ru")
    assert names == ["Ruth Okafor"]
    assert all(href.startswith("/practice/patients/") for href, _name in OPTION.findall(body))
    names, body = found(client, "psychologist", "lee")
    assert names == []
    assert "Nobody found" in body
    assert "Register" not in body


def test_where_nobody_is_found_the_desk_can_register_them(people):
    names, body = found(make.signed_in_client(role=Role.RECEPTION), "reception", "nobody-of-this-name")
    assert names == ["Register a patient"]
    ((href, _name),) = OPTION.findall(body)
    assert href.startswith(reverse("reception:new_patient"))
    # With what was typed, which stands in no address in clear.
    assert "nobody" not in href
    page = make.signed_in_client(role=Role.RECEPTION).get(unescape(href)).content.decode()
    assert "nobody-of-this-name" in page.lower()


@pytest.mark.parametrize("words", ["", "   ", "\x00", "%", "'"])
def test_of_nothing_nothing_is_found(people, words):
    names, _body = found(make.signed_in_client(role=Role.RECEPTION), "reception", words)
    assert not {"Ruth Okafor", "Ruby Lee"} & set(names)


def test_only_the_first_are_shown_and_it_says_so(clinic):
    for n in range(10):
        patient(legal_last_name=f"Winter{n}")
    names, body = found(make.signed_in_client(role=Role.RECEPTION), "reception", "winter")
    assert len(names) == 8
    assert "Type more to narrow it down" in body


def test_a_name_is_written_as_words(clinic):
    patient(legal_first_name="Mal", legal_last_name='"><img src=x>')
    _names, body = found(make.signed_in_client(role=Role.RECEPTION), "reception", "mal")
    assert "<img" not in body
    assert "&quot;&gt;&lt;img src=x&gt;" in body


@pytest.mark.parametrize(
    ("role", "page", "room"),
    [
        (Role.RECEPTION, "reception:today", "reception"),
        (Role.RECEPTION, "reception:invoices", "reception"),
        (Role.MANAGER, "manager:home", "reception"),
        (Role.MANAGER, "manager:trail", "reception"),
        (Role.MANAGER, "reception:today", "reception"),
        (Role.PSYCHOLOGIST, "psychologist:today", "psychologist"),
    ],
)
def test_every_staff_page_has_it_for_its_room(clinic, role, page, room):
    client = make.signed_in_client(role=role)
    if role == Role.PSYCHOLOGIST:
        user = make.user(role=role)
        make.psychologist(user=user)
        client = make.client_for(user)
    body = client.get(reverse(page)).content.decode()
    (form,) = re.findall(r'<form class="search" role="search" method="post".*?</form>', body, re.DOTALL)[:1]
    assert f'action="{reverse(f"{room}:find")}"' in form
    assert f'data-hx-post="{reverse(f"{room}:find")}"' in form


@pytest.mark.parametrize(("role", "room"), [(Role.RECEPTION, "reception"), (Role.PSYCHOLOGIST, "psychologist")])
def test_without_script_it_leads_to_the_rooms_list(people, role, room):
    client = make.client_for(people.user) if role == Role.PSYCHOLOGIST else make.signed_in_client(role=role)
    answer = client.post(reverse(f"{room}:find"), {"q": "okafor"}, follow=True)
    assert answer.status_code == 200
    assert "Ruth Okafor" in answer.content.decode()
    assert answer.redirect_chain[0][0].startswith(reverse(f"{room}:patients"))
    assert not [address for address, _status in answer.redirect_chain if "okafor" in address.lower()]


@pytest.mark.parametrize(
    ("role", "room", "status"),
    [
        (Role.PATIENT, "reception", 403),
        (Role.PATIENT, "psychologist", 403),
        (Role.PSYCHOLOGIST, "reception", 403),
        (Role.RECEPTION, "psychologist", 403),
    ],
)
def test_who_may_not(people, role, room, status):
    answer = make.signed_in_client(role=role).post(reverse(f"{room}:find"), {"q": "ruth"})
    assert answer.status_code == status
    assert b"Okafor" not in answer.content


def test_what_is_found_takes_no_more_reading_when_there_is_more(clinic, django_assert_max_num_queries):
    client = make.signed_in_client(role=Role.RECEPTION)
    for n in range(8):
        patient(legal_last_name=f"Winter{n}")
    with django_assert_max_num_queries(6):
        found(client, "reception", "winter")
