"""Referrals and referrers at the desk: found, chosen, corrected, taken off, merged."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.accounts.roles import Role
from portal.medicare.models import Referral, Referrer
from tests import make

pytestmark = pytest.mark.django_db

LETTER = {"kind": "gp_plan", "written_on": "2026-11-01", "services": "6"}


def at(name, *codes):
    return reverse(f"reception:{name}", args=codes)


OF_A_REFERRAL = ["referral", "correct_referral", "take_off_referral"]
PAGES = [*OF_A_REFERRAL, "referrers", "new_referrer", "referrer", "merge_referrers"]


def address(page, *, referral, referrer):
    if page in ("referrers", "new_referrer"):
        return at(page)
    return at(page, referral.code if page in OF_A_REFERRAL else referrer.code)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 302), (Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403), (Role.RECEPTION, 200), (Role.MANAGER, 200)],
)
def test_who_may(clinic, now, page, who, status):
    url = address(page, referral=make.referral(), referrer=make.referrer())
    client = make.signed_in_client(role=who) if who else make.client_for(None)
    if page == "merge_referrers" and status == 200:
        assert client.get(url).status_code == 405
        assert client.post(url, {"double": "nobody"}).status_code == 404
    else:
        response = client.post(url) if page == "merge_referrers" else client.get(url)
        assert response.status_code == status


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("referrers", "new_referrer")])
def test_a_code_that_nobody_has(desk, page):
    url = at(page, "00000000-0000-4000-8000-000000000000")
    assert (desk.post(url) if page == "merge_referrers" else desk.get(url)).status_code == 404


def test_a_referrer_is_found_and_chosen_without_script(desk):
    patient, wong = make.patient(), make.referrer(name="Dr Alice Wong", suburb="Brunswick", phone="+61390101234")
    make.referrer(name="Dr Kim Lee")
    url = at("add_referral", patient.code)
    page = desk.get(url, {"q": "wong bruns"}).content.decode()
    assert f'href="{url}?referrer={wong.code}"' in page
    assert "Dr Kim Lee" not in page
    page = desk.get(url, {"referrer": wong.code}).content.decode()
    assert "Referrer&#x27;s name" not in page
    assert "Moreland Clinic, Brunswick" in page
    answer = desk.post(url, LETTER | {"referrer": wong.code})
    referral = Referral.objects.get()
    assert answer.url == at("referral", referral.code)
    assert (referral.referrer, referral.referrer_name, referral.referrer_provider_number) == (
        wong,
        "Dr Alice Wong",
        "2429581T",
    )
    assert referral.referrer_practice == "Moreland Clinic, Brunswick"


def test_as_one_types_only_the_results_are_sent(desk):
    make.referrer(name="Dr Alice Wong")
    url = at("add_referral", make.patient().code)
    part = desk.get(url, {"q": "wong"}, headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
    assert "Dr Alice Wong" in part
    assert "<form" not in part
    none = desk.get(url, {"q": "nobody"}, headers={"HX-Request": "true", "HX-Target": "results"}).content.decode()
    assert "Nobody in the register fits" in none


def test_who_has_left_is_not_offered_and_a_double_leads_on(desk):
    patient, kept, left = make.patient(), make.referrer(), make.referrer(name="Dr Gone", is_in_use=False)
    double = make.referrer(name="P. Raman")
    assert desk.post(at("merge_referrers", kept.code), {"double": double.code}).url == at("referrer", kept.code)
    url = at("add_referral", patient.code)
    assert desk.get(url, {"q": "gone"}).context["lines"] == []
    assert desk.get(url, {"q": "raman"}).context["lines"][0].url.endswith(str(kept.code))
    assert desk.get(url, {"referrer": double.code}).context["chosen"] == kept
    assert desk.get(at("referrer", double.code)).url == at("referrer", kept.code)
    assert left in Referrer.objects.standing()


def test_somebody_new_comes_into_the_register(desk):
    url = at("add_referral", make.patient().code)
    typed = LETTER | {"referrer_name": "Dr Alice Wong", "referrer_provider_number": "2429581T"}
    desk.post(url, typed)
    desk.post(url, typed | {"written_on": "12/11/2026"})
    assert [entry.name for entry in Referrer.objects.all()] == ["Dr Alice Wong"]
    assert Referral.objects.filter(referrer=Referrer.objects.get()).count() == 2


@pytest.mark.parametrize("count", [1, 30])
def test_the_register_asks_the_same_of_the_database_however_long_it_is(desk, count):
    for n in range(count):
        make.referrer(name=f"Dr Alice {n}")
    desk.get(at("referrers"))
    with CaptureQueriesContext(connection) as run:
        page = desk.get(at("referrers"))
    assert len(page.context["lines"]) == min(count, 25)
    test_the_register_asks_the_same_of_the_database_however_long_it_is.counts.add(len(run))
    assert len(test_the_register_asks_the_same_of_the_database_however_long_it_is.counts) == 1


test_the_register_asks_the_same_of_the_database_however_long_it_is.counts = set()


def test_an_entry_is_changed_and_what_was_known_stays(desk):
    desk.post(at("new_referrer"), {"name": "Dr Alice Wong", "kind": "gp", "provider_number": "2429581T"})
    entry = Referrer.objects.get()
    url = at("referrer", entry.code)
    shown = desk.shown(url)
    assert desk.post(url, shown | {"practice": "Moreland Clinic"}).status_code == 302
    page = desk.get(url).content.decode()
    assert "Moreland Clinic" in page
    assert "Before" in page
    assert [row.practice for row in entry.history.order_by("pk")] == ["", "Moreland Clinic"]


def test_a_number_that_does_not_fit_is_taken_with_a_word(desk):
    typed = {"name": "Dr Alice Wong", "kind": "gp", "provider_number": "2429581A"}
    page = desk.post(at("new_referrer"), typed, follow=True).content.decode()
    assert "Its check letter doesn&#x27;t fit" in page
    assert Referrer.objects.get().provider_number == "2429581A"


def test_a_letter_is_corrected(desk):
    old = make.referral(services=None, referrer_practice="Moreland Clinic")
    url = at("correct_referral", old.code)
    page = desk.get(at("referral", old.code)).content.decode()
    assert "The letter names no number of services" in page
    typed = {
        "kind": "gp_plan",
        "referrer_name": old.referrer_name,
        "referrer_provider_number": old.referrer_provider_number,
        "referrer_practice": old.referrer_practice,
        "written_on": f"{old.written_on:%d/%m/%Y}",
        "used_elsewhere": "0",
    }
    assert desk.post(url, typed).status_code == 422
    same = desk.post(url, typed | {"why": "asked"})
    assert same.status_code == 422
    assert "Nothing on this page differs" in same.content.decode()
    said = {"why": "asked", "decided": "6", "decided_how": "judgement", "decided_note": "Rang twice, Tom decided"}
    answer = desk.post(url, typed | said)
    new = Referral.objects.standing().get()
    assert answer.url == at("referral", new.code)
    page = desk.get(answer.url).content.decode()
    assert "The letter names no number" not in page
    assert "Rang twice, Tom decided" in page
    assert "The referrer was asked" in page
    assert "0 of 6 used" in page
    # Old addresses lead to what stands.
    assert desk.get(at("referral", old.code)).url == answer.url
    assert desk.get(url).url == at("referral", old.code)


def test_a_letter_is_taken_off_file(desk):
    referral = make.referral()
    url = at("take_off_referral", referral.code)
    assert desk.post(url, {}).status_code == 422
    assert desk.post(url, {"why": "elsewhere"}).url == at("patient", referral.patient.code)
    assert "none on file" in desk.get(at("patient", referral.patient.code)).content.decode()
    assert "They take it to another practice" in desk.get(at("referral", referral.code)).content.decode()
    # A second press, from an older page.
    assert desk.post(url, {"why": "elsewhere"}).url == at("referral", referral.code)


# ---- Written down twice ----------------------------------------------------------------------------------------------


def test_a_provider_number_is_not_written_down_for_a_second_referrer(desk):
    wong = make.referrer(name="Dr Alice Wong", provider_number="2429581T")
    sent = {"name": "Dr Kim Lee", "kind": "gp", "provider_number": "2429581T"}
    answer = desk.post(at("new_referrer"), sent)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["provider_number"])
    page = answer.content.decode()
    assert "Dr Alice Wong has this provider number" in page
    assert at("referrer", wong.code) in page
    assert Referrer.objects.count() == 1


def test_the_same_letter_is_not_put_on_file_twice(desk):
    patient, wong = make.patient(), make.referrer(name="Dr Alice Wong", provider_number="2429581T")
    url, sent = at("add_referral", patient.code), LETTER | {"referrer": str(wong.code)}
    assert desk.post(url, sent).status_code == 302
    first = Referral.objects.get()
    answer = desk.post(url, sent | {"services": "4"})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["written_on"])
    assert at("referral", first.code) in answer.content.decode()
    assert Referral.objects.count() == 1
    assert desk.post(url, sent | {"written_on": "2026-11-02"}).status_code == 302
    assert desk.post(at("add_referral", make.patient().code), sent).status_code == 302
