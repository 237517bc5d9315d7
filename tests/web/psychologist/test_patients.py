from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.common.text.normalise import full_name
from portal.patients.search import reindex
from portal.records import actions
from tests import make
from tests.web.psychologist.conftest import BEGAN, NOW, sessions

PATIENTS = "/practice/patients/"


def _names(answer):
    rows = [row.record for row in answer.context["table"].page.object_list]
    return [full_name(row.preferred_name or row.legal_first_name, row.legal_last_name) for row in rows]


def _treated(mai, place, service, *names, **fields):
    people = []
    for n, name in enumerate(names):
        first, last = name.split()
        person = make.patient(legal_first_name=first, legal_last_name=last)
        reindex(person)
        make.appointment(
            psychologist=mai,
            patient=person,
            location=place,
            service=service,
            starts_at=NOW + timedelta(days=1, hours=n),
        )
        people.append(person)
    return people


def test_patients_lists_those_one_treats_by_name(client, mai, place, service, colleague):
    _treated(mai, place, service, "Zoe Abbott", "Ann Zwick", "Bo Abbott")
    _treated(colleague, place, service, "Not Mine")

    assert _names(client.get(PATIENTS)) == ["Bo Abbott", "Zoe Abbott", "Ann Zwick"]


def test_patients_are_found_among_ones_own_only(client, mai, place, service, colleague):
    _treated(mai, place, service, "Thị Nguyễn", "Ann Zwick")
    _treated(colleague, place, service, "Kim Nguyễn")

    answer = client.get(PATIENTS, {"q": "nguyen"})

    assert _names(answer) == ["Thị Nguyễn"]
    assert "Nobody you treat fits these words" in client.get(PATIENTS, {"q": "kim"}).content.decode()


def test_patients_search_answers_a_fragment(client, mai, place, service):
    _treated(mai, place, service, "Ann Zwick")
    answer = client.get(PATIENTS, {"q": "zwi"}, headers={"HX-Request": "true", "HX-Target": "results"})
    assert answer.content.decode().lstrip().startswith('<div id="results"')


@pytest.mark.parametrize("q", ["\x00", "%", "'", "x" * 3000, "0491 570", "(((", "🙂"])
def test_patients_search_takes_anything(client, session, q):
    assert client.get(PATIENTS, {"q": q}).status_code == 200


@pytest.mark.parametrize("query", ["?page=999", "?page=x", "?sort=nothing", "?sort=-last_seen", "?sort=next_session"])
def test_patients_takes_any_page_and_order(client, session, query):
    assert client.get(PATIENTS + query).status_code == 200


def test_patients_tells_when_seen_when_next_and_what_is_to_sign(client, session, mai, place, service, ruth):
    before = make.appointment(
        psychologist=mai,
        patient=ruth,
        location=place,
        service=service,
        starts_at=BEGAN - timedelta(days=7),
        status=Status.COMPLETED,
    )
    coming = make.appointment(
        psychologist=mai, patient=ruth, location=place, service=service, starts_at=BEGAN + timedelta(days=7)
    )
    make.appointment(
        psychologist=mai,
        patient=ruth,
        location=place,
        service=service,
        starts_at=BEGAN + timedelta(days=3),
        status=Status.CANCELLED,
    )

    [row] = client.get(PATIENTS).context["table"].page.object_list

    assert (row.record.last_seen, row.record.next_session, row.record.unsigned) == (
        session.starts_at,
        session.starts_at,
        1,
    )
    assert (before.starts_at < session.starts_at < coming.starts_at) is True


def test_patients_sorts_those_without_a_date_last(client, mai, place, service):
    booked, never = _treated(mai, place, service, "Bo Booked", "Nev Never")
    never.appointments.update(status=Status.NO_SHOW)

    for sort in ("next_session", "-next_session"):
        assert _names(client.get(PATIENTS, {"sort": sort})) == [booked.name, never.name]


def test_patients_takes_as_many_queries_for_thirty_as_for_one(client, mai, place, service, django_assert_num_queries):
    _treated(mai, place, service, "Ann Zwick")
    client.get(PATIENTS)
    with CaptureQueriesContext(connection) as few:
        client.get(PATIENTS)
    sessions(30, psychologist=mai, place=place, service=service, first=NOW + timedelta(days=3))

    with django_assert_num_queries(len(few)):
        answer = client.get(PATIENTS)
    assert len(_names(answer)) == 25


# ---- One of them ----------------------------------------------------------------------------------------------------


def test_patient_shows_whom_to_ring_and_what_was_and_comes(client, session, mai, place, service, ruth):
    for name, value in {
        "emergency_name": "Chris Okafor",
        "emergency_relationship": "partner",
        "emergency_phone": "+61390101234",
        "gp_name": "Dr Ort",
        "gp_practice": "Sydney Road Medical",
        "medicare_number": "2123456701",
        "medicare_irn": "2",
        "pronouns": "she/her",
    }.items():
        setattr(ruth, name, value)
    ruth.save()
    make.appointment(
        psychologist=mai,
        patient=ruth,
        location=place,
        service=service,
        starts_at=BEGAN - timedelta(days=7),
        status=Status.COMPLETED,
    )

    answer = client.get(reverse("psychologist:patient", args=[ruth.code]))
    page = answer.content.decode()

    for words in (
        "Chris Okafor",
        "partner",
        "tel:+61390101234",
        "Dr Ort",
        "Sydney Road Medical",
        "she/her",
        "Ruth Okafor",
    ):
        assert words in page, words
    assert "2123 45670 1" in page
    assert [s.pk for s in answer.context["upcoming"]] == [session.pk]
    assert answer.context["page"].paginator.count == 1


def test_patient_page_shows_no_word_of_a_note_and_reads_none(client, session, signed, ruth):
    page = client.get(reverse("psychologist:patient", args=[ruth.code])).content.decode()

    assert "Note signed" in page
    assert "Slept" not in page
    assert not Entry.objects.filter(verb="note.read").exists()


def test_patient_shows_signed_notes_of_colleagues_who_treat_them(client, session, ruth, colleague, place, acting):
    other = make.appointment(
        psychologist=colleague,
        patient=ruth,
        location=place,
        starts_at=BEGAN - timedelta(days=3),
        status=Status.COMPLETED,
    )
    theirs = make.actor(colleague.user, role="psychologist")
    actions.save_draft(appointment=other, body="Theirs", version=0, by=theirs, now=NOW)
    address = reverse("psychologist:patient", args=[ruth.code])
    assert client.get(address).context["colleagues"] == []
    actions.sign(appointment=other, version=1, by=theirs, now=NOW)

    answer = client.get(address)

    assert [n.appointment_id for n in answer.context["colleagues"]] == [other.pk]
    assert colleague.name in answer.content.decode()


def test_patient_turns_the_pages_of_sessions_as_a_fragment(client, mai, place, service, ruth):
    sessions(
        15,
        psychologist=mai,
        place=place,
        service=service,
        patient=ruth,
        first=NOW - timedelta(days=3),
        status=Status.COMPLETED,
    )
    address = reverse("psychologist:patient", args=[ruth.code])

    fragment = client.get(f"{address}?page=2", headers={"HX-Request": "true", "HX-Target": "sessions"})

    assert fragment.content.decode().lstrip().startswith('<section id="sessions"')
    assert len(fragment.context["page"]) == 3
    assert client.get(f"{address}?page=99").status_code == 200


def test_patient_takes_as_many_queries_for_many_sessions_as_for_few(
    client, mai, place, service, ruth, acting, django_assert_num_queries
):
    address = reverse("psychologist:patient", args=[ruth.code])

    def add(count, first):
        for session in sessions(
            count,
            psychologist=mai,
            place=place,
            service=service,
            patient=ruth,
            first=first,
            status=Status.COMPLETED,
        ):
            actions.save_draft(appointment=session, body="Words", version=0, by=acting, now=NOW)
            actions.sign(appointment=session, version=1, by=acting, now=NOW)

    add(1, NOW - timedelta(days=9))
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    add(11, NOW - timedelta(days=8))

    with django_assert_num_queries(len(few)):
        client.get(address)
