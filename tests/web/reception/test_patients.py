import re
from datetime import date

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.common.text.normalise import full_name
from portal.medicare.models import Referral, UsedElsewhere
from portal.patients.models import Carer, Patient
from portal.patients.search import reindex
from tests import make
from tests.web.reception.conftest import NOW

PATIENTS = "/reception/patients/"
FRAGMENT = {"HX-Request": "true", "HX-Target": "results"}
MAI = {
    "legal_first_name": "Mai",
    "legal_last_name": "Nguyễn",
    "date_of_birth": "23/4/1990",
    "phone": "0491 570 006",
    "medicare_number": "2951 87312 5",
    "medicare_irn": "1",
}


def patient(**fields):
    made = Patient.objects.get(pk=make.patient(**fields).pk)
    reindex(made)
    return made


def names(response):
    rows = [row.record for row in response.context["table"].rows]
    return [full_name(row.preferred_name or row.legal_first_name, row.legal_last_name) for row in rows]


def words(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


# ---- Search ---------------------------------------------------------------------------------------------------------


def test_search_as_page_and_as_fragment(desk):
    patient(legal_first_name="Mai", legal_last_name="Nguyễn", phone="+61491570006")
    patient(legal_first_name="Tom", legal_last_name="Ashby")
    page = desk.get(PATIENTS, {"q": "nguyen"})
    assert names(page) == ["Mai Nguyễn"]
    assert "<html" in page.content.decode()
    fragment = desk.get(PATIENTS, {"q": "0491 57"}, headers=FRAGMENT)
    assert names(fragment) == ["Mai Nguyễn"]
    assert "<html" not in fragment.content.decode()
    assert "Tom" not in fragment.content.decode()


def test_search_works_without_script_and_asks_at_most_every_quarter_second(desk):
    page = desk.get(PATIENTS).content.decode()
    assert f'<form class="search" role="search" method="post" action="{PATIENTS}">' in page
    assert "input changed delay:250ms" in page


@pytest.mark.parametrize("typed", ["zzzz", "%", "x" * 3000, "'; drop table"])
def test_nobody_found_says_what_to_do(desk, typed):
    patient()
    page = desk.get(PATIENTS, {"q": typed})
    assert names(page) == []
    assert "Nobody found" in page.content.decode()
    assert "Check the spelling, or look by phone number or date of birth." in page.content.decode()


def test_nothing_typed_shows_who_was_registered_last(desk):
    made = [patient() for _ in range(9)]
    assert names(desk.get(PATIENTS)) == [p.name for p in reversed(made[1:])]


def test_more_than_fit_says_so(desk):
    for _ in range(26):
        patient(legal_last_name="Smith")
    page = desk.get(PATIENTS, {"q": "smith"})
    assert len(names(page)) == 25
    assert "The first 25; type more" in page.content.decode()


def test_next_session_stands_beside_the_name(desk, place):
    who = patient(legal_last_name="Smith")
    place.session(hours=48, patient=who)
    place.session(hours=24, patient=who)
    place.session(hours=-24, patient=who)
    assert "Wed 25 Nov, 11:00 am" in desk.get(PATIENTS, {"q": "smith"}).content.decode()


def test_query_count_does_not_grow(desk, place):
    def count(more):
        for _ in range(more):
            place.session(patient=patient(legal_last_name="Smith"), psychologist=make.psychologist())
        with CaptureQueriesContext(connection) as run:
            page = desk.get(PATIENTS, {"q": "smith"})
        return len(names(page)), len(run)

    desk.get(PATIENTS)
    one, queries = count(1)
    assert one == 1
    assert count(29) == (25, queries)


# ---- Registering ----------------------------------------------------------------------------------------------------


def test_register(desk):
    response = desk.post(PATIENTS + "new/", MAI)
    made = Patient.objects.get()
    assert (response.status_code, response.url) == (302, f"{PATIENTS}{made.code}/")
    assert made.phone.as_e164 == "+61491570006"
    assert names(desk.get(PATIENTS, {"q": "nguyen"})) == ["Mai Nguyễn"]
    assert Entry.objects.filter(verb="patient.registered", actor_id=str(desk.user.pk)).count() == 1


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(desk):
    typed = MAI | {"date_of_birth": "31/2/1990", "medicare_number": "2951 87322 5", "legal_last_name": "x" * 300}
    response = desk.post(PATIENTS + "new/", typed)
    page = response.content.decode()
    assert response.status_code == 422
    assert "There is no 31 February 1990" in page
    assert "This Medicare number doesn&#x27;t add up" in page
    assert "Write at most 100 characters. This has 300." in page
    for kept in ("31/2/1990", "2951 87322 5", "x" * 300, "0491 570 006"):
        assert f'value="{kept}"' in page
    assert not Patient.objects.exists()


def test_a_nul_byte_is_a_message_not_an_error(desk):
    assert desk.post(PATIENTS + "new/", MAI | {"legal_first_name": "a\x00b"}).status_code == 422


def test_somebody_who_may_be_here_already_is_shown_and_the_desk_decides(desk):
    here = patient(legal_first_name="Mai", legal_last_name="Nguyen", date_of_birth=date(1990, 4, 23))
    response = desk.post(PATIENTS + "new/", MAI)
    page = response.content.decode()
    assert response.status_code == 409
    assert f"{PATIENTS}{here.code}/" in page
    assert "same name and date of birth" in page
    assert 'value="0491 570 006"' in page
    assert Patient.objects.count() == 1
    assert desk.post(PATIENTS + "new/", MAI | {"is_new": "yes"}).status_code == 302
    assert Patient.objects.count() == 2


def test_what_looks_odd_is_said_and_taken(desk):
    response = desk.post(PATIENTS + "new/", MAI | {"postcode": "3056", "state": "NSW"})
    assert response.status_code == 302
    assert any(message.startswith("Postcode: This postcode is usually in another state") for message in words(response))


MARKUP = "<img src=file:///etc/passwd>"


def test_a_name_that_is_markup_is_shown_as_a_name_everywhere(desk, place):
    who = patient(legal_first_name=MARKUP, legal_last_name="Q")
    session = place.session(hours=-1, patient=who)
    make.carer(patient=who, user=make.user(first_name=MARKUP))
    pages = [
        "/reception/",
        "/reception/calendar/",
        PATIENTS,
        f"{PATIENTS}{who.code}/",
        f"{PATIENTS}{who.code}/edit/",
        f"{PATIENTS}{who.code}/book/",
        f"/reception/appointments/{session.code}/",
        f"/reception/appointments/{session.code}/check-out/",
        f"/reception/appointments/{session.code}/cancel/",
        f"/reception/appointments/{session.code}/reschedule/",
    ]
    for url in pages:
        body = desk.get(url).content.decode()
        assert "<img src=file" not in body, url
        assert "&lt;img src=file:///etc/passwd&gt;" in body, url


# ---- One patient ----------------------------------------------------------------------------------------------------


def test_the_page_of_a_patient(desk, place):
    who = patient(
        legal_first_name="Katherine",
        legal_last_name="Wu",
        preferred_name="Kit",
        phone="+61491570006",
        medicare_number="2951873125",
        medicare_irn="2",
        medicare_expires=date(2026, 10, 31),
        desk_note="rings the side door",
        gp_name="Dr Priya Raman",
    )
    place.session(hours=24, patient=who)
    place.session(hours=-24, patient=who, status="completed")
    make.carer(patient=who, user=make.user(first_name="Lee", last_name="Wu"), is_billed=True)
    make.referral(patient=who, referrer_name="Dr Alice Wong")
    page = desk.get(f"{PATIENTS}{who.code}/").content.decode()
    for shown in (
        "Kit Wu",
        "legally Katherine Wu",
        "0491 570 006",
        "2951 87312 5 / 2",
        "ran out 10/2026",
        "rings the side door",
        "Dr Priya Raman",
        "Dr Alice Wong",
        "Lee Wu",
        "Wed 25 Nov, 11:00 am",
        "23 Nov 2026",
    ):
        assert shown in page, shown


def test_the_page_asks_the_same_with_one_session_and_with_thirty(desk, place):
    who = patient()

    def count():
        with CaptureQueriesContext(connection) as run:
            desk.get(f"{PATIENTS}{who.code}/")
        return len(run)

    place.session(hours=24, patient=who)
    place.session(hours=-24, patient=who, status="completed")
    # What is kept in the process is read by the first of all.
    count()
    before = count()
    for n in range(2, 16):
        place.session(hours=24 * n, patient=who)
        place.session(hours=-24 * n, patient=who, status="completed")
    assert count() == before


def test_edit_changes_only_what_was_changed_in_this_window(desk):
    who = patient(suburb="Brunswick", street="1 Lane")
    url = f"{PATIENTS}{who.code}/edit/"
    response = desk.get(url)
    form, page = response.context["form"], make.shown_in(response)
    typed = {name: form[name].value() or "" for name in form.fields} | {"date_of_birth": "17/05/1990"}
    Patient.objects.filter(pk=who.pk).update(street="2 Lane")  # somebody else, meanwhile
    assert desk.post(url, typed | {"preferred_name": "Ashley"} | page).status_code == 302
    who.refresh_from_db()
    assert (who.preferred_name, who.street) == ("Ashley", "2 Lane")
    assert Entry.objects.get(verb="patient.changed").facts == {"fields": ["preferred_name"]}


def test_edit_that_is_wrong(desk):
    who = patient()
    response = desk.send(f"{PATIENTS}{who.code}/edit/", MAI | {"phone": "12"})
    assert response.status_code == 422
    assert 'value="12"' in response.content.decode()


def test_add_a_referral(desk):
    who = patient()
    url = f"{PATIENTS}{who.code}/referral/"
    letter = {
        "kind": "gp_plan",
        "referrer_name": "Dr Alice Wong",
        "referrer_provider_number": "2429581T",
        "written_on": "2026-11-01",
        "services": "6",
    }
    assert desk.post(url, letter | {"written_on": "2027-01-01"}).status_code == 422
    assert not Referral.objects.exists()
    assert desk.post(url, letter).status_code == 302
    assert [(r.patient_id, r.services) for r in Referral.objects.all()] == [(who.pk, 6)]


def test_the_page_says_what_was_used_and_what_is_doubtful(desk):
    who = patient()
    page = desk.get(f"{PATIENTS}{who.code}/").content.decode()
    assert "none on file: no rebate" in page
    assert "0 of 10 in 2026" in page
    make.referral(patient=who, services=10, used_elsewhere=5)
    page = desk.get(f"{PATIENTS}{who.code}/").content.decode()
    assert "5 of 6 used" in page
    assert "The letter names 10 services; a first course has 6 at most. Ask the referrer." in page
    assert "The referrer is owed a report after the next one." in page


def test_sessions_elsewhere(desk):
    who = patient()
    url = f"{PATIENTS}{who.code}/used-elsewhere/"
    assert "Sessions elsewhere in 2026" in desk.get(url).content.decode()
    wrong = desk.post(url, {"individual": "1", "carer": "2"})
    assert wrong.status_code == 422
    assert "there can&#x27;t be more of them" in wrong.content.decode()
    assert desk.get(f"{url}?year=2024").status_code == 404
    assert desk.post(url, {"individual": "3", "group": "2"}).status_code == 302
    assert desk.post(f"{url}?year=2025", {"individual": "9"}).status_code == 302
    assert "3 of 10 in 2026, 3 of them elsewhere" in desk.get(f"{PATIENTS}{who.code}/").content.decode()
    # Who comes back for one number finds the others as they are.
    form = desk.get(url).context["form"]
    assert {name: form[name].value() for name in form.fields} | {"seen": 0} == {
        "individual": 3,
        "carer": 0,
        "group": 2,
        "seen": 0,
    }
    again = {"individual": "4", "carer": "1", "group": "2", "seen": str(form["seen"].value())}
    assert desk.post(url, again).status_code == 302
    page = desk.get(f"{PATIENTS}{who.code}/").content.decode()
    assert "4 of 10 in 2026, 4 of them elsewhere" in page
    assert "1 of 2 with a family member or carer" in page
    assert "9 individual" in desk.get(url).content.decode()
    # A page that is older than what somebody else wrote down changes nothing, and shows theirs.
    old = desk.post(url, again | {"individual": "9"})
    assert old.status_code == 409
    assert old.context["form"]["individual"].value() == 4
    assert UsedElsewhere.objects.filter(patient=who, year=2026).count() == 2


def test_a_letter_that_was_used_elsewhere_leads_on_to_the_years_count(desk):
    who = patient()
    letter = {
        "kind": "gp_plan",
        "referrer_name": "Dr Alice Wong",
        "referrer_provider_number": "2429581T",
        "written_on": "2026-11-01",
        "services": "6",
    }
    url = f"{PATIENTS}{who.code}/referral/"
    assert desk.post(url, letter | {"used_elsewhere": "7"}).status_code == 422
    assert desk.post(url, letter | {"used_elsewhere": "2"}).url == f"{PATIENTS}{who.code}/used-elsewhere/"


# ---- Carers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("email", "says"),
    [
        ("nobody@example.com", "Nobody signs in with this address"),
        ("own@example.com", "own sign-in"),
        ("carer@example.com", "a carer already"),
        ("not an address", "Enter an e-mail address"),
    ],
)
def test_carer_that_cannot_be_added(desk, email, says):
    who = patient(user=make.user(email="own@example.com"))
    make.carer(patient=who, user=make.user(email="carer@example.com"))
    response = desk.post(f"{PATIENTS}{who.code}/carers/", {"email": email, "relationship": "parent", "checked": "on"})
    assert response.status_code == 422
    assert says in response.content.decode()
    assert Carer.objects.count() == 1


def test_carer_added_and_ended(desk):
    who, lee = patient(), make.user(email="lee@example.com")
    desk.post(
        f"{PATIENTS}{who.code}/carers/",
        {"email": "LEE@example.com", "relationship": "parent", "is_billed": "on", "checked": "on"},
    )
    carer = Carer.objects.in_force().get()
    assert (carer.patient_id, carer.user_id, carer.is_billed) == (who.pk, lee.pk, True)
    second = make.user(email="kim@example.com")
    taken = desk.post(
        f"{PATIENTS}{who.code}/carers/",
        {"email": second.email, "relationship": "parent", "is_billed": "on", "checked": "on"},
    )
    assert "Somebody else is billed" in taken.content.decode()
    url = reverse("reception:end_carer", args=[who.code])
    assert desk.post(reverse("reception:end_carer", args=[patient().code]), {"carer": carer.pk}).status_code == 404
    assert desk.post(url, {"carer": carer.pk}).status_code == 302
    carer.refresh_from_db()
    assert carer.ended_at == NOW
    assert "ended before" in words(desk.post(url, {"carer": carer.pk}))[-1]


# ---- What is open ----------------------------------------------------------------------------------------------------


def test_a_past_session_that_nobody_checked_out_leads_there(desk, place):
    """One press from the page that is open while somebody phones."""
    who = patient()
    left = place.session(hours=-48, patient=who)
    place.session(hours=-72, patient=who, status=Status.NO_SHOW)
    place.session(hours=48, patient=who)
    body = desk.get(reverse("reception:patient", args=[who.code])).content.decode()
    links = {href for href in re.findall(r'href="([^"]+)"', body) if href.endswith("/check-out/")}
    assert links == {reverse("reception:check_out", args=[left.code])}
    # Words alone in a card have room around them.
    assert "card soft flush" not in body


def test_who_is_registered_to_be_booked_is_booked_next_also_if_somebody_is_alike(desk, place):
    new = reverse("reception:new_patient")
    sent = MAI | {"then": "book"}
    answer = desk.post(new, sent)
    assert answer.url == reverse("reception:book", args=[Patient.objects.get().code])
    asked = desk.post(new, sent)
    assert asked.status_code == 409
    assert '<input type="hidden" name="then" value="book">' in asked.content.decode()
    answer = desk.post(new, sent | {"is_new": "yes"})
    assert answer.url == reverse("reception:book", args=[Patient.objects.latest("pk").code])
    assert 'name="then" value="book">' in desk.get(new).content.decode()


# ---- Two people with one line of a Medicare card ---------------------------------------------------------------------


@pytest.fixture
def holder(db):
    return make.patient(legal_first_name="Chidi", medicare_number="2951873125", medicare_irn="1")


def _with_card(patient, page, **change):
    form = page.context["form"]
    said = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    card = {"medicare_number": "2951 87312 5", "medicare_irn": "1", "date_of_birth": "3/2/1990"}
    return said | card | make.shown_in(page) | change


def test_a_card_that_is_on_file_for_somebody_else_asks_first(desk, holder):
    patient = make.patient()
    address = reverse("reception:edit_patient", args=[patient.code])
    sent = _with_card(patient, desk.get(address))
    answer = desk.post(address, sent)
    patient.refresh_from_db()
    assert (answer.status_code, patient.medicare_number) == (409, "")
    assert [one.pk for one in answer.context["same_card"]] == [holder.pk]
    assert holder.name in answer.content.decode()
    assert desk.post(address, sent | {"card_is_right": "yes"}).status_code == 302
    patient.refresh_from_db()
    assert patient.medicare_number == holder.medicare_number


def test_another_line_of_the_same_card_is_the_familys(desk, holder):
    patient = make.patient()
    address = reverse("reception:edit_patient", args=[patient.code])
    assert desk.post(address, _with_card(patient, desk.get(address), medicare_irn="2")).status_code == 302


def test_whoever_is_registered_with_a_card_on_file_is_asked_about(desk, holder):
    sent = {"legal_first_name": "Nobody", "legal_last_name": "Alike", "date_of_birth": "1/1/1999"}
    card = {"medicare_number": "2951873125", "medicare_irn": "1"}
    answer = desk.post(reverse("reception:new_patient"), sent | card)
    assert (answer.status_code, [one.same_card for one in answer.context["alike"]]) == (409, [True])
    assert "same Medicare card" in answer.content.decode()
