"""Changing the language in the middle of a form: what was typed is there again, for whoever typed it alone."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from lxml import html as lxml_html

from portal.accounts.kept_forms import languages, marks
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests import make

pytestmark = pytest.mark.django_db

TYPED = {"first_name": "Mai", "last_name": 'Đặng "quoted" <b>', "email": "mai@example.com", "password1": "oak-river-42"}
SIGN_UP = "/accounts/signup/"


def switch(page, code):
    """The form and the button that the page offers for a language: (action, fields, the button's name and value)."""
    tree = lxml_html.fromstring(page.content.decode())
    button = tree.xpath(f'//*[@id="languages"]//button[@lang="{code}"]')[0]
    form = tree.xpath(f'//form[@id="{button.get("form")}"]')[0]
    return form, button


def change(client, path, code, typed, **extra):
    """Types into the page's form and presses a language, as a browser without script does."""
    page = client.get(path) if isinstance(path, str) else path
    form, button = switch(page, code)
    fields = dict(form.form_values()) | typed
    action = form.get("action") or page.request["PATH_INFO"]
    return client.post(action, {**fields, button.get("name"): button.get("value")}, follow=True, **extra)


def values(page):
    tree = lxml_html.fromstring(page.content.decode())
    return {field.get("name"): field.value for field in tree.xpath("//main//input | //main//select | //main//textarea")}


def test_a_visitor_finds_what_was_typed_in_the_new_language(client):
    page = change(client, f"{SIGN_UP}?next=/book/", "vi", TYPED)
    assert page.redirect_chain == [("/vi/accounts/signup/?next=/book/", 302)]
    got = values(page)
    assert {name: got[name] for name in ("first_name", "last_name", "email", "password1", "next")} == {
        **TYPED,
        "password1": None,
        "next": "/book/",
    }
    assert "Những gì quý vị đã nhập vẫn còn ở đây" in page.content.decode()
    assert not User.objects.exists()


def test_a_refused_form_keeps_its_words_and_where_it_leads(client):
    refused = client.post(SIGN_UP, {**TYPED, "email": "no address", "next": "/book/"})
    page = change(client, refused, "ar", {})
    assert page.redirect_chain == [("/ar/accounts/signup/?next=%2Fbook%2F", 302)]
    assert (values(page)["email"], values(page)["next"]) == ("no address", "/book/")


def test_nothing_that_was_typed_is_readable_on_the_way(client):
    _form, button = switch(client.get(SIGN_UP), "vi")
    answer = client.post(SIGN_UP, {**TYPED, button.get("name"): button.get("value")})
    told = f"{answer.headers} {answer.cookies} {answer.content}"
    rows = " ".join(str(row.get_decoded()) for row in Session.objects.all())
    assert languages.KEY in rows
    for word in ("Mai", "mai@example.com", "oak-river-42"):
        assert (word in told, word in rows) == (False, False)


def test_it_is_given_back_once_and_not_for_long(client, clock):
    change(client, SIGN_UP, "vi", TYPED)
    assert values(client.get("/vi/accounts/signup/"))["email"] is None
    _form, button = switch(client.get(SIGN_UP), "vi")
    client.post(SIGN_UP, {**TYPED, button.get("name"): button.get("value")})
    clock.shift(timedelta(minutes=11))
    assert values(client.get("/vi/accounts/signup/"))["email"] is None


def test_whoever_signs_in_at_the_same_browser_finds_nothing_of_a_visitor(client):
    _form, button = switch(client.get(SIGN_UP), "vi")
    client.post(SIGN_UP, {**TYPED, button.get("name"): button.get("value")})
    user = make.user()
    make.patient(user=user)
    client.post("/accounts/login/", {"login": user.email, "password": make.PASSWORD})
    assert client.session["_auth_user_id"] == str(user.pk)
    assert languages.KEY not in client.session


def test_a_patients_form_comes_back_and_nothing_is_saved(client):
    client = make.signed_in_client()
    patient = client.user.patient
    path = reverse("patient:edit_details", args=[patient.code])
    before = patient.suburb
    page = change(client, path, "zh-hans", {"suburb": "Footscray", "language": "vi"})
    assert page.redirect_chain == [(f"/zh-hans{path}", 302)]
    assert (values(page)["suburb"], values(page)["language"]) == ("Footscray", "vi")
    patient.refresh_from_db()
    client.user.refresh_from_db()
    assert (patient.suburb, client.user.language) == (before, "zh-hans")
    # The page acts on what it showed, as if the language had never changed.
    again = change(client, page, "en-au", {})
    assert values(again)["suburb"] == "Footscray"


def test_a_form_of_an_ended_session_is_kept_for_its_owner_alone():
    client = make.signed_in_client()
    path = reverse("patient:edit_details", args=[client.user.patient.code])
    form, button = switch(client.get(path), "vi")
    fields = dict(form.form_values()) | {"suburb": "Footscray", button.get("name"): button.get("value")}
    client.session.flush()
    answer = client.post(path, fields)
    assert answer.url.startswith("/accounts/login/?next=")
    assert languages.KEY not in client.session
    other = make.signed_in_client()
    other.cookies.update(client.cookies)
    assert b"Footscray" not in client.get(answer.url).content


def test_another_persons_mark_carries_nothing():
    owner, other = make.signed_in_client(), make.signed_in_client()
    path = reverse("patient:edit_details", args=[owner.user.patient.code])
    form, button = switch(owner.get(path), "vi")
    fields = dict(form.form_values()) | {"suburb": "Footscray", button.get("name"): button.get("value")}
    assert other.post(path, fields).status_code == 403
    assert languages.KEY not in other.session


@pytest.mark.parametrize("wish", ["vi https://evil.example/", "vi //evil.example", "vi", "xx /", "vi /\\evil.example"])
def test_nobody_is_sent_elsewhere(client, wish):
    answer = client.post(SIGN_UP, {**TYPED, languages.FIELD: wish})
    assert answer.status_code == 302
    assert re.fullmatch(r"(/vi)?/(accounts/signup/)?", answer.url)


def test_too_much_is_not_kept(client):
    answer = client.post(SIGN_UP, {**TYPED, "first_name": "x" * 70_000, languages.FIELD: f"vi {SIGN_UP}"})
    assert answer.url == f"/vi{SIGN_UP}"
    assert languages.KEY not in client.session


def test_enter_presses_the_forms_own_button():
    """The first button that belongs to a form is what Enter presses, wherever it stands on the page."""
    patient = make.signed_in_client()
    pages = [Client().get(path) for path in (SIGN_UP, "/accounts/login/", "/accounts/password/reset/")]
    pages += [patient.get(path) for path in (reverse("patient:edit_details", args=[patient.user.patient.code]),)]
    pages.append(patient.get(reverse("account_email")))
    pages.append(make.signed_in_client(role=Role.MANAGER).get(reverse("account_name")))
    for page in pages:
        tree = lxml_html.fromstring(page.content.decode())
        carrying = tree.xpath(f'//button[@name="{languages.FIELD}"]')
        assert len(carrying) >= 4, page.request["PATH_INFO"]
        form = tree.xpath(f'//form[@id="{carrying[0].get("form")}"]')[0]
        of_the_form = tree.xpath(f'//form[@id="{form.get("id")}"]//button | //button[@form="{form.get("id")}"]')
        assert of_the_form[0].get("name") != languages.FIELD


def test_every_page_with_a_form_that_speaks_four_languages_carries_it():
    """Wherever the choice of language stands beside something to type, its buttons belong to that form."""
    make.clinic()
    make.service(slug="session")
    patient = make.signed_in_client()
    details = reverse("patient:edit_details", args=[patient.user.patient.code])
    names = ("account_signup", "account_login", "account_reset_password")
    for client, path in [(Client(), reverse(name)) for name in names] + [(patient, details)]:
        for code in ("en-au", "zh-hans", "vi", "ar"):
            with_choice = client.get(languages.path_in(path, code)).content.decode()
            assert with_choice.count(f'name="{languages.FIELD}" value="vi ') == 2


def test_a_page_without_a_form_keeps_its_links(client):
    page = client.get("/services/?x=1").content.decode()
    assert languages.FIELD not in page
    assert '<a href="/ar/services/?x=1" lang="ar"' in page


def test_the_staffs_own_forms_are_left_alone():
    client = make.signed_in_client(role=Role.MANAGER)
    assert languages.FIELD not in client.get(reverse("manager:invite")).content.decode()
    assert marks.FIELD in client.get(reverse("manager:invite")).content.decode()
