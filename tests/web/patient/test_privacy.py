"""What a patient agreed to, and the calm panel that asks."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.patients import consents
from portal.patients.models import Consent
from portal.policies import publishing
from portal.policies.models import PolicyKind
from tests import make

pytestmark = pytest.mark.django_db
PAGE = "/my/privacy/"


@pytest.fixture
def user():
    make.clinic()
    return make.user()


@pytest.fixture
def patient(user):
    return make.patient(user=user, legal_first_name="Ash")


@pytest.fixture
def client(user):
    return make.client_for(user)


def publish(kind=PolicyKind.PRIVACY, **kwargs):
    now = timezone.now()
    return publishing.publish(
        kind=kind, effective_from=ClinicSettings.current().today(now), by=Actor.system("test"), now=now, **kwargs
    )


def asked(response):
    return [(each.version.kind, each.version.number, each.patients) for each in response.context["asking"]]


def agree(client, page):
    """Presses the button of the page's first panel."""
    panel = re.search(r'<form class="row" method="post".*?</form>', page.content.decode(), re.DOTALL).group()
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', panel))
    return client.post(reverse("patient:agree"), sent, follow=True)


@pytest.mark.parametrize("path", ["/my/", PAGE])
def test_what_is_outstanding_is_asked_on_the_pages_and_stops_once_agreed(client, patient, path):
    version = publish()
    page = client.get(path)
    assert asked(page) == [("privacy", 1, [patient])]
    assert "Please look at this: Privacy policy" in page.content.decode()
    assert agree(client, page).redirect_chain == [(PAGE, 302)]
    assert asked(client.get(path)) == []
    consent = Consent.objects.get()
    assert (consent.patient, consent.version, consent.agreed_by) == (patient, version, patient.user)


def test_the_page_stays_open_while_something_is_asked(client, patient):
    publish()
    appointment = make.appointment(patient=patient)
    assert client.get(reverse("patient:appointment", args=[appointment.code])).status_code == 200


def test_agreed_versions_are_linked_by_their_own_date(client, patient, user):
    first = publish()
    consents.agree(patient=patient, versions=[first], by=Actor(user, Role.PATIENT), now=timezone.now())
    publish()
    html = client.get(PAGE).content.decode()
    assert f'href="{reverse("public:privacy_version", args=[first.day])}"' in html
    assert "You agreed on" in html


def test_who_never_agreed_is_told_what_it_says_and_nobody_else_what_is_no_change_to_them(client, patient, user):
    child = make.patient(legal_first_name="Kim")
    make.carer(patient=child, user=user)
    first = publish()
    consents.agree(patient=patient, versions=[first], by=Actor(user, Role.PATIENT), now=timezone.now())
    second = publish(ask_again=True, changes="Invoices are kept for longer.")
    page = client.get(PAGE)
    assert asked(page) == [("privacy", 2, [patient]), ("privacy", 2, [child])]
    old, new = re.findall(r'<section class="note-box sky asking".*?</section>', page.content.decode(), re.DOTALL)
    in_short = f"<li>{second.documents['en-au']['summary'][0]}</li>"
    assert ("What changed:" in old, "It is about Ash" in old, in_short in old) == (True, True, False)
    assert ("What changed:" in new, "It is about Kim" in new, in_short in new) == (False, True, True)
    agree(client, page)
    assert asked(client.get(PAGE)) == [("privacy", 2, [child])]


def test_agreeing_to_a_version_that_was_replaced_writes_nothing(client, patient):
    publish()
    page = client.get(PAGE)
    publish(ask_again=True)
    answer = agree(client, page)
    assert not Consent.objects.exists()
    assert "This policy has changed just now. Please look at it again." in answer.content.decode()
    assert asked(client.get(PAGE)) == [("privacy", 2, [patient])]


@pytest.mark.parametrize("sent", [{}, {"kind": "x", "number": "1"}, {"kind": "privacy", "number": "9" * 40}])
def test_nonsense_writes_nothing(client, patient, sent):
    publish()
    assert client.post(reverse("patient:agree"), sent).status_code == 302
    assert not Consent.objects.exists()


def test_a_carer_agrees_for_those_it_is_missing_for(client, patient, user):
    version = publish()
    child = make.patient(legal_first_name="Kim")
    make.carer(patient=child, user=user)
    consents.agree(patient=patient, versions=[version], by=Actor(user, Role.PATIENT), now=timezone.now())
    page = client.get("/my/")
    assert asked(page) == [("privacy", 1, [child])]
    agree(client, page)
    assert Consent.objects.filter(patient=child, agreed_by=user).count() == 1
    assert "for Kim" in client.get(PAGE).content.decode()


def test_who_joined_the_account_after_the_page_was_drawn_has_agreed_to_nothing(client, patient, user):
    publish()
    page = client.get(PAGE)
    child = make.patient(legal_first_name="Kim")
    make.carer(patient=child, user=user)
    answer = agree(client, page)
    assert {consent.patient for consent in Consent.objects.all()} == {patient}
    assert asked(answer) == [("privacy", 1, [child])]


def test_nobody_sees_or_gives_anothers_consent(client, patient):
    version = publish()
    other = make.user(first_name="Somebody", last_name="Else")
    theirs = make.patient(user=other, legal_first_name="Secret")
    consents.agree(patient=theirs, versions=[version], by=Actor(other, Role.PATIENT), now=timezone.now())
    html = client.get(PAGE).content.decode()
    assert "Secret" not in html
    assert "Somebody Else" not in html
    client.post(reverse("patient:agree"), {"kind": "privacy", "number": "1", "patients": str(theirs.code)})
    assert Consent.objects.filter(patient=theirs).count() == 1
    assert make.client_for(None).post(reverse("patient:agree")).status_code == 302


def test_somebody_without_a_record_has_nothing_to_agree_to(client, user):
    publish()
    assert asked(client.get("/my/")) == []
    assert client.get(PAGE).status_code == 200


def test_the_cost_does_not_grow(client, patient, user, django_assert_max_num_queries):
    for _ in range(10):
        version = publish(ask_again=True)
        consents.agree(patient=patient, versions=[version], by=Actor(user, Role.PATIENT), now=timezone.now())
        make.carer(patient=make.patient(), user=user)
    client.get(PAGE)
    with django_assert_max_num_queries(20):
        client.get(PAGE)
    assert Consent.objects.latest("agreed_at").agreed_at > timezone.now() - timedelta(minutes=5)
