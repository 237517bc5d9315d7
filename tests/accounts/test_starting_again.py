"""Sign-up begins with the address that was invited, and again with what was typed when the address was wrong."""

import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone
from lxml import html as lxml_html

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.patients import signing_in
from tests import make

pytestmark = pytest.mark.django_db

JOINING = (
    "At least 10 characters, and hard to guess: not a common password, not a few characters again and again, "
    "not your name, not the clinic's."
)
SIGN_UP = reverse("account_signup")
CODE = reverse("account_email_verification_sent")
TYPED = {"first_name": "Mai", "last_name": "Nguyễn", "email": "mia@example.com", "password1": "seven-quiet-lorikeets"}


def values(page):
    tree = lxml_html.fromstring(page.content.decode())
    return {field.get("name"): field.value for field in tree.xpath("//main//input")}


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_who_typed_a_wrong_address_starts_again_with_the_rest(client, known):
    if known:
        make.user(email=TYPED["email"])
    assert client.post(f"{SIGN_UP}?next=/book/", TYPED).url.startswith(CODE)
    page = client.get(CODE)
    assert b"Is the address wrong?" in page.content
    again = client.post(CODE, {"action": "start_again"}, follow=True)
    assert again.redirect_chain == [("/accounts/signup/?next=%2Fbook%2F", 302)]
    got = values(again)
    assert {name: got[name] for name in ("first_name", "last_name", "email", "password1", "next")} == {
        **TYPED,
        "password1": None,
        "next": "/book/",
    }
    # Pressed twice, it leads there too.
    late = client.post(CODE, {"action": "start_again"}, follow=True)
    assert (late.redirect_chain, values(late)["first_name"]) == (again.redirect_chain, "Mai")
    # The code of the wrong address opens nothing any more, and the next at this browser finds an empty form.
    assert client.get(CODE).url == reverse("account_login")
    assert values(client.get(SIGN_UP))["first_name"] is None
    assert client.post(SIGN_UP, {**TYPED, "email": "mai@example.com"}).url.startswith(CODE)


def test_nobody_reads_what_somebody_signed_up_with(client):
    client.post(SIGN_UP, TYPED)
    rows = " ".join(str(row.get_decoded()) for row in Session.objects.all())
    assert "signed_up_as" in rows
    assert "Nguyễn" not in rows


def test_who_has_the_code_has_nothing_left_to_start_again(client, mails, code_in):
    client.post(SIGN_UP, TYPED)
    client.post(CODE, {"code": code_in(mails()[0])})
    assert "signed_up_as" not in client.session


def test_the_time_held_stays_in_sight_on_the_way_through_the_door(client):
    held = make.hold()
    session = client.session
    session["hold"] = {"code": str(held.code), "until": (timezone.now() + timedelta(minutes=9)).timestamp()}
    session.save()
    assert Appointment.objects.holds().count() == 1
    pages = [client.get(path) for path in (SIGN_UP, reverse("account_login"))]
    client.post(SIGN_UP, TYPED)
    for answer in (*pages, client.get(CODE)):
        page = " ".join(lxml_html.fromstring(answer.content.decode()).text_content().split())
        assert f"with {held.psychologist.name} for you until" in page
        assert "Go on with this time" not in page


def test_a_patients_invitation_fills_in_the_address_it_was_sent_to(client, mails):
    patient = make.patient(email="mai@example.com")
    link = signing_in.invite(patient=patient, by=make.actor(), now=timezone.now())
    [token] = set(re.findall(r"/link/([\w-]+)/", mails()[-1].text))
    client.get(reverse("public:mailed_link", args=[token]), follow=True)
    assert link.email == "mai@example.com"
    for path, name in ((SIGN_UP, "email"), (reverse("account_login"), "login")):
        page = client.get(path)
        assert values(page)[name] == "mai@example.com"
    rows = " ".join(str(row.get_decoded()) for row in Session.objects.all())
    assert "mai@example.com" not in rows


def test_an_invitation_to_staff_with_an_account_fills_in_the_sign_in(client, mails, link_in):
    user = make.user(email="ash@example.com")
    boss = make.signed_in_client(role=Role.MANAGER)
    boss.post(reverse("manager:invite"), {"email": user.email, "roles": ["reception"]})
    client.get(link_in(mails()[-1]), follow=True)
    assert values(client.get(reverse("account_login")))["login"] == "ash@example.com"


def test_what_a_password_must_be_is_said_in_one_line_wherever_one_is_chosen(client, mails, link_in):
    boss = make.signed_in_client(role=Role.MANAGER)
    boss.post(reverse("manager:invite"), {"email": "new@example.com", "roles": ["reception"]})
    join = client.get(link_in(mails()[-1]), follow=True)
    person = make.signed_in_client()
    person.post(reverse("account_reauthenticate"), {"password": make.PASSWORD})
    for page in (join, client.get(SIGN_UP), person.get(reverse("account_change_password"))):
        tree = lxml_html.fromstring(page.content.decode())
        hints = [
            " ".join(hint.text_content().split())
            for hint in tree.xpath("//main//form//*[contains(@class, 'help') or contains(@class, 'hint')]")
        ]
        assert JOINING in hints
        assert tree.xpath("//main//form//li") == []
    # Why a password is refused is still said for itself.
    refused = client.post(SIGN_UP, TYPED | {"password1": "1234567890"}).content.decode()
    assert "This password is entirely numeric." in refused


def test_what_was_signed_up_with_lasts_as_long_as_the_code(client, clock):
    client.post(SIGN_UP, TYPED)
    clock.shift(timedelta(minutes=16))
    again = client.post(CODE, {"action": "start_again"}, follow=True)
    assert again.redirect_chain == [(SIGN_UP, 302)]
    assert values(again)["first_name"] is None
