"""The desk registered them, then they sign up: at the door that people use."""

import re
from datetime import date
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.notifications.models import Notice
from portal.patients.models import MailedLink, Patient, WrongBirthDate
from tests import make

pytestmark = pytest.mark.django_db

FIND = "/my/find/"
BORN = {"who": "me", "first_name": "Mai", "date_of_birth": "17/5/1990"}


@pytest.fixture(autouse=True)
def _clinic(db):
    make.clinic(phone="+61390000000")


@pytest.fixture
def patient():
    return make.patient(legal_first_name="Mai", legal_last_name="Nguyễn", email="mai@example.com")


def browser(email="mai@example.com", **fields):
    return make.client_for(make.user(email=email, **{"first_name": "Mai"} | fields))


def test_from_an_empty_home_to_ones_sessions(patient):
    session = make.appointment(patient=patient)
    client = browser()
    home = client.get("/my/").content.decode()
    assert FIND in home
    assert str(session.code) not in home
    assert client.post(FIND, BORN).url == reverse("patient:details")
    home = client.get("/my/").content.decode()
    assert str(session.code) in home
    assert "Hello Mai" in home


def test_back_to_where_they_came_from(patient):
    assert browser().post(FIND + "?next=/book/", BORN).url == "/book/"


def test_a_birth_year_may_have_two_digits(patient):
    assert browser().post(FIND, BORN | {"date_of_birth": "17.5.90"}).status_code == 302


@pytest.mark.parametrize("bad", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_never_back_to_elsewhere(patient, bad):
    assert browser().post(FIND + f"?next={bad}", BORN).url == reverse("patient:details")


def but_for_marks(answer):
    """The page without what every drawing of it has anew: its token, its key, the mark of whose form it was."""
    page = re.sub(r"\b[A-Za-z0-9]{64}\b", "", answer.content.decode())
    return re.sub(r'(<input type="hidden" name="(?!next)[^"]*" value=")[^"]*"', r"\1", page)


def test_a_stranger_and_a_wrong_date_read_the_same(patient):
    pages = []
    for email in ("mai@example.com", "stranger@example.com"):
        answer = browser(email, last_name="X").post(FIND, BORN | {"date_of_birth": "18/5/1990"})
        assert answer.status_code == 422
        pages.append(but_for_marks(answer).replace(email, ""))
    assert pages[0] == pages[1]
    assert "We can't open anything with these details" in unescape(pages[0])
    assert "Nguyễn" not in pages[0]


def test_the_page_itself_is_the_same_for_everybody(patient):
    pages = []
    for email in ("mai@example.com", "stranger@example.com"):
        pages.append(but_for_marks(browser(email, first_name="X").get(FIND)))
    assert pages[0] == pages[1]


def test_signed_out_one_signs_in_first(patient):
    assert Client().post(FIND, BORN).status_code == 302
    assert Patient.objects.get().user is None


def test_a_child(patient):
    child = make.patient(legal_first_name="Mia", email="mai@example.com", date_of_birth=date(2016, 2, 3))
    client = browser()
    client.post(FIND, BORN)
    page = client.get(FIND)
    # Who has a record looks for a child's.
    assert [value for value, _label in page.context["form"].fields["who"].choices] == ["other"]
    assert "partner" not in dict(page.context["form"].fields["relationship"].choices)
    mia = {"who": "other", "relationship": "parent", "first_name": "Mia", "date_of_birth": "3/2/2016"}
    assert client.post(FIND, mia).status_code == 302
    assert "Mia" in client.get(reverse("patient:details")).content.decode()
    assert child.carers.get().relationship == "parent"


def refused(client, **fields):
    answer = client.post(FIND, BORN | fields)
    assert answer.status_code == 422
    return but_for_marks(answer)


def test_nobody_opens_a_partners_record_as_their_own():
    hugo = make.patient(legal_first_name="Hugo", email="dahl@example.com", date_of_birth=date(1980, 5, 5))
    greta = make.patient(legal_first_name="Greta", email="dahl@example.com", date_of_birth=date(1982, 6, 6))
    client = browser("dahl@example.com", first_name="Hugo", last_name="Dahl")
    typed = {"first_name": "Greta", "date_of_birth": "6/6/1982"}
    # The words are those of any failure, and lead to the desk.
    wrong_date = refused(client, **typed | {"date_of_birth": "7/6/1982"})
    assert refused(client, **typed) == wrong_date.replace("7/6/1982", "6/6/1982")
    greta.refresh_from_db()
    assert greta.user is None
    assert User.objects.get(email="dahl@example.com").first_name == "Hugo"
    assert client.post(FIND, {"who": "me", "first_name": "Hugo", "date_of_birth": "5/5/1980"}).status_code == 302
    hugo.refresh_from_db()
    assert hugo.user.email == "dahl@example.com"
    # Whoever reads the address is told, by what the record calls them.
    told = Notice.objects.get(template="account/record_opened")
    assert (told.to, "Hugo" in told.text) == ("dahl@example.com", True)


def test_no_parent_opens_a_childs_record_as_their_own():
    child = make.patient(legal_first_name="Sven", email="berg@example.com", date_of_birth=date(2014, 4, 3))
    client = browser("berg@example.com", first_name="Ola", last_name="Berg")
    sven = {"first_name": "Sven", "date_of_birth": "3/4/2014"}
    refused(client, **sven)
    child.refresh_from_db()
    assert child.user is None
    assert client.post(FIND, sven | {"who": "other", "relationship": "parent"}).status_code == 302
    assert child.carers.get().user.first_name == "Ola"


# ---- The desk -------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def at(name, patient):
    return reverse(f"reception:{name}", args=[patient.code])


def link_in(notice):
    return next(word for word in notice.text.split() if "/link/" in word).split("//", 1)[1].split("/", 1)[1]


def test_an_invitation_from_the_desk_to_the_sessions(desk, patient, client):
    page = desk.get(at("patient", patient)).content.decode()
    assert "No account opens this record." in page
    desk.post(at("invite_patient", patient))
    assert "Invited at mai@example.com" in desk.get(at("patient", patient)).content.decode()
    link = "/" + link_in(Notice.objects.get(template="account/record_invitation"))
    assert client.get(link).url == "/link/"
    page = client.get("/link/").content.decode()
    assert f"/accounts/signup/?next={FIND}" in page
    assert "Mai" not in page
    # With an account at another address: the link has proved who reads the one on file.
    user = make.user(email="other@example.com", first_name="Mai")
    session = client.session
    signed_in = make.client_for(user)
    theirs = signed_in.session
    theirs["mailed_link"] = session["mailed_link"]
    theirs.save()
    assert signed_in.get("/link/").url == FIND
    page = signed_in.get(FIND).content.decode()
    assert "You opened our invitation." in page
    assert "that you sign in with, you find" not in page
    assert signed_in.post(FIND, BORN).status_code == 302
    patient.refresh_from_db()
    assert patient.user == user
    page = desk.get(at("patient", patient)).content.decode()
    assert "other@example.com" in page
    assert at("unlink_account", patient) in page
    # Once.
    again = Client()
    again.get(link)
    assert again.get("/link/").status_code == 410


def test_the_invitation_lasts_through_signing_in(desk, patient, client):
    make.user(email="other@example.com", first_name="Mai")
    desk.post(at("invite_patient", patient))
    client.get("/" + link_in(Notice.objects.get(template="account/record_invitation")))
    client.post(reverse("account_login"), {"login": "other@example.com", "password": make.PASSWORD})
    assert client.post(FIND, BORN).status_code == 302
    patient.refresh_from_db()
    assert patient.user == User.objects.get(email="other@example.com")


def test_withdrawing_an_invitation(desk, patient, client):
    desk.post(at("invite_patient", patient))
    link = "/" + link_in(Notice.objects.get(template="account/record_invitation"))
    desk.post(at("withdraw_invitation", patient))
    client.get(link)
    assert client.get("/link/").status_code == 410
    assert "Invited at" not in desk.get(at("patient", patient)).content.decode()


def test_the_desk_sees_an_account_that_is_there_and_links_it(desk, patient):
    user = make.user(email="mai@example.com", first_name="Mai", last_name="N")
    assert "Mai N signs in with this e-mail address" in desk.get(at("patient", patient)).content.decode()
    shown = desk.post(at("link_account", patient), {"email": "MAI@example.com"})
    assert shown.context["account"] == user
    assert Patient.objects.get(pk=patient.pk).user is None
    known = {"email": user.email, "account": str(user.code)}
    assert desk.post(at("link_account", patient), known).status_code == 422
    assert desk.post(at("link_account", patient), known | {"checked": "on"}).status_code == 302
    assert Patient.objects.get(pk=patient.pk).user == user


@pytest.mark.parametrize("why", ["nobody", "another's", "not the one shown"])
def test_the_desk_links_no_wrong_account(desk, patient, why):
    other = make.user(email="other@example.com", first_name="Mai")
    data = {"email": "other@example.com", "account": str(other.code), "checked": "on"}
    match why:
        case "nobody":
            data["email"] = "nobody@example.com"
        case "another's":
            make.patient(user=other)
        case "not the one shown":
            data["account"] = str(make.user().code)
    assert desk.post(at("link_account", patient), data).status_code in (200, 422)
    assert Patient.objects.get(pk=patient.pk).user is None


def test_unlinking_asks_for_a_reason_and_names_the_account_of_its_page(desk, patient):
    user = make.user(email="mai@example.com")
    Patient.objects.filter(pk=patient.pk).update(user=user)
    page = desk.get(at("unlink_account", patient))
    assert page.context["form"]["seen"].value() == str(user.code)
    seen = {"seen": str(user.code)}
    assert desk.post(at("unlink_account", patient), seen).status_code == 422
    stale = {"reason": "asked", "seen": str(make.user().code)}
    assert desk.post(at("unlink_account", patient), stale).status_code == 422
    assert Patient.objects.get(pk=patient.pk).user == user
    assert desk.post(at("unlink_account", patient), seen | {"reason": "wrong_person"}).status_code == 302
    patient.refresh_from_db()
    assert (patient.user, patient.email) == (None, "")


@pytest.mark.parametrize("name", ["invite_patient", "withdraw_invitation", "link_account", "unlink_account"])
@pytest.mark.parametrize(("role", "status"), [(Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403), (None, 302)])
def test_only_the_desk(name, role, status, patient):
    client = make.signed_in_client(role=role) if role else Client()
    assert client.post(at(name, patient), {"email": "mai@example.com"}).status_code == status
    assert (MailedLink.objects.count(), Patient.objects.get(pk=patient.pk).user) == (0, None)


def test_after_five_tries_the_right_date_opens_nothing_and_the_page_says_so(patient):
    client, said = browser(), []
    for day in range(1, 6):
        said.append(but_for_marks(client.post(FIND, BORN | {"date_of_birth": f"{day}/5/1990"})))
    answer = client.post(FIND, BORN)
    patient.refresh_from_db()
    assert (answer.status_code, patient.user) == (422, None)
    for page in (*said, but_for_marks(answer)):
        assert "After five tries without a match only our front desk can help" in page


# ---- The account's own name -----------------------------------------------------------------------------------------


def test_who_is_registered_by_another_first_name_is_told_before_anything_counts(patient):
    """Antonio signs up as Tony: six tries cost nothing, and once the account says Antonio the record opens."""
    Patient.objects.update(legal_first_name="Antonio")
    user = make.user(email="mai@example.com", first_name="Tony", last_name="Rossi")
    client = make.client_for(user)
    assert "Antonio for Tony" in client.get(FIND).content.decode()
    typed = BORN | {"first_name": "Antonio"}
    for _ in range(6):
        answer = client.post(FIND, typed)
        page = unescape(answer.content.decode())
        assert answer.status_code == 422
        assert "Your account is in the name Tony Rossi." in page
        assert "does not count as a try" in page
        assert f'href="{reverse("account_name")}"' in page
    assert WrongBirthDate.objects.count() == 0
    client.send(reverse("account_name"), {"first_name": "Antonio", "last_name": "Rossi"})
    assert client.post(FIND, typed).url == reverse("patient:details")


def test_the_words_on_another_name_tell_nothing_of_records(patient):
    client = browser(first_name="Tony")
    known = client.post(FIND, BORN).content.decode()
    Patient.objects.all().delete()
    assert len(known) == len(client.post(FIND, BORN).content.decode())


def test_for_a_child_the_accounts_own_name_says_nothing(patient):
    answer = browser(first_name="Tony").post(FIND, BORN | {"who": "other", "relationship": "parent"})
    assert "Your account is in the name" not in answer.content.decode()
    assert WrongBirthDate.objects.count() == 1
