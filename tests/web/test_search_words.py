"""A name that somebody is looked for by stands in no address: not in a proxy's log, not in a browser's history."""

import re
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote_plus

import pytest
from django.conf import settings
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.billing import actions as billing
from portal.billing.charges import Charge
from portal.common.web.search_words import opened, sealed
from portal.patients.models import Patient
from portal.patients.search import reindex
from tests import make

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true", "HX-Target": "results"}
LISTS = {
    "reception:patients": Role.RECEPTION,
    "reception:invoices": Role.RECEPTION,
    "psychologist:patients": Role.PSYCHOLOGIST,
}


@pytest.fixture(params=LISTS, ids=str)
def searched(request):
    """The address of a list, and a browser that may open it; Mai Nguyễn is found in it."""
    client = make.signed_in_client(role=LISTS[request.param])
    mai = Patient.objects.get(pk=make.patient(legal_first_name="Mai", legal_last_name="Nguyễn").pk)
    reindex(mai)
    if request.param == "psychologist:patients":
        make.appointment(psychologist=client.user.psychologist, patient=mai)
    else:
        draft = billing.draft_invoice(
            patient=mai,
            psychologist=make.psychologist(),
            location=make.location(),
            charges=[Charge(description="Session", unit_price=Decimal(220))],
            by=make.actor(),
            now=timezone.now(),
        )
        billing.issue_invoice(invoice=draft, by=make.actor(), now=timezone.now())
    return reverse(request.param), client


def test_a_search_is_sent_apart_from_its_address(searched):
    url, client = searched
    page = client.get(url).content.decode()
    form = re.search(r'<form[^>]*role="search"[^>]*>.*?</form>', page, re.DOTALL)[0]
    assert 'method="post"' in form
    assert "hx-get" not in form
    assert "hx-push-url" not in form


def test_without_script_the_address_holds_the_words_sealed(searched):
    url, client = searched
    sent = client.post(url, {"q": "nguyen", "page": "", "sort": "-total"})
    assert sent.status_code == 302
    assert "nguyen" not in unquote_plus(sent["Location"]).lower()
    assert sent["Location"].startswith(f"{url}?q=")
    page = client.get(sent["Location"])
    assert "Nguyễn" in page.content.decode()
    assert 'value="nguyen"' in page.content.decode()
    assert page.wsgi_request.GET["sort"] == "-total"
    links = re.findall(r'(?:href|hx-get|hx-post|hx-push-url)="([^"]*)"', page.content.decode())
    assert [link for link in links if "nguyen" in unquote_plus(link).lower()] == []


def test_no_hidden_field_of_the_form_stands_in_an_address(searched):
    url, client = searched
    form = re.search(r'<form[^>]*role="search"[^>]*>.*?</form>', client.get(url).content.decode(), re.DOTALL)[0]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]+)"', form))
    assert hidden.keys() >= {"csrfmiddlewaretoken", "whose_form"}
    sent = {**hidden, "q": "nguyen"}
    for address in (client.post(url, sent)["Location"], client.post(url, sent, headers=FRAGMENT)["HX-Push-Url"]):
        assert not {"csrfmiddlewaretoken", "whose_form"} & QueryDict(address.partition("?")[2]).keys()
        assert [name for name in ("csrfmiddlewaretoken", "whose_form") if hidden[name] in unquote_plus(address)] == []


def test_with_script_the_list_comes_at_once_with_such_an_address(searched):
    url, client = searched
    answer = client.post(url, {"q": "nguyen"}, headers=FRAGMENT)
    assert answer.status_code == 200
    assert "Nguyễn" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "nguyen" not in unquote_plus(answer["HX-Push-Url"]).lower()
    assert "Nguyễn" in client.get(answer["HX-Push-Url"]).content.decode()


def test_nobody_is_found_by_the_words_that_stand_sealed(searched):
    """The list was searched for what was typed, not for its cipher."""
    url, client = searched
    assert "Nguyễn" not in client.get(url, {"q": sealed("somebody else")}).content.decode()


@pytest.mark.parametrize("typed", ["", "\x00", "Nguyễn", "O’Brien", "x" * 3000, "🙂", "v1:test:AAAA", "v1::"])
def test_a_search_takes_anything(searched, typed):
    url, client = searched
    assert client.get(client.post(url, {"q": typed})["Location"]).status_code == 200
    assert client.get(url, {"q": typed}).status_code == 200


def test_somebody_elses_seal_opens_nothing():
    token = sealed("Mai")
    assert opened(token) == "Mai"
    assert opened(token[:-2] + ("AA" if token[-2:] != "AA" else "BB")) == ""


def test_a_search_needs_the_mark_of_its_own_page(searched):
    url, client = searched
    client.handler.enforce_csrf_checks = True
    assert client.post(url, {"q": "nguyen"}).status_code == 403


def test_no_other_form_of_the_desk_puts_what_is_typed_into_an_address():
    """Whoever adds a search for people sends it by POST; the shelf's and the articles' are for titles, and in a
    register of referrers doctors and practices are looked for, whose names and numbers are public."""
    titles = {"psychologist/resources.html", "reception/referrers.html", "reception/referral.html"}
    found = set()
    for room in ("reception", "psychologist", "layouts", "to_do"):
        for template in Path(settings.BASE_DIR, "templates", room).glob("*.html"):
            name, text = f"{room}/{template.name}", template.read_text()
            by_address = re.findall(r'<form[^>]*method="get".*?</form>', text, re.DOTALL)
            boxes = re.findall(r"{% include \"components/_search.html\"[^%]*%}", text)
            if any('type="search"' in form or 'type="text"' in form or ".q " in form for form in by_address) or any(
                "by_post=True" not in box for box in boxes
            ):
                found.add(name)
    assert found == titles
