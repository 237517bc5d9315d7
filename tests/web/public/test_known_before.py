"""Booking online as somebody who was here before: offered to whoever proves it, told to nobody else."""

import re
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.journeys.to_do import tasks
from portal.patients.models import Patient
from portal.patients.search import reindex
from portal.worklist.models import ToDo
from tests import make
from tests.web.public.held import send

pytestmark = pytest.mark.django_db

BORN = date(1990, 5, 17)
MAI = {"who": "me", "legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": "17/5/1990"}
MAI["phone"] = "0491 570 006"


@pytest.fixture(autouse=True)
def _clinic(db):
    make.clinic()
    make.service(slug="session")
    make.week(psychologist=make.psychologist(slug="kim"), weekdays=(0, 1, 2, 3, 4, 5, 6))


def browser(email="mai@example.com", **fields):
    return make.client_for(make.user(email=email, **{"first_name": "Mai"} | fields))


def hold(client):
    """The address of the last step, with the first free time held for this visitor."""
    monday = timezone.localdate() + timedelta(days=14 - timezone.localdate().weekday())
    times = reverse("public:times", args=["session"])
    page = client.get(times, {"psychologist": "kim", "week": monday.isoformat()}).content.decode()
    value = page.split('name="time" value="')[1].split('"')[0]
    assert client.post(times, {"psychologist": "kim", "mode": "in_person", "time": value}).status_code == 302
    return reverse("public:confirm", args=["session"])


def known(**fields):
    details = {"legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": BORN}
    return on_file(**details | {"email": "mai@example.com", "compared_at": timezone.now()} | fields)


def on_file(**fields):
    """As the actions write it, so that it is found."""
    record = make.patient(**fields)
    reindex(record)
    return record


def doubles():
    tasks.look_at_people()
    return list(ToDo.objects.of_kind("record_doubled"))


def test_with_both_proofs_the_record_is_offered_and_joined_by_a_yes():
    record, client = known(), browser()
    confirm = hold(client)
    offered = send(client, confirm, MAI)
    assert offered.status_code == 409
    assert offered.context["is_known"]
    assert (Patient.objects.count(), Appointment.objects.filter(status=Status.BOOKED).count()) == (1, 0)
    record.refresh_from_db()
    assert record.user is None
    assert send(client, confirm, MAI | {"known": "yes"}).status_code == 302
    record.refresh_from_db()
    booked = Appointment.objects.get(status=Status.BOOKED)
    assert (booked.patient, record.user.email, Patient.objects.count()) == (record, "mai@example.com", 1)
    assert doubles() == []


def test_an_account_of_another_name_is_not_offered_it():
    record, client = known(), browser(first_name="Hugo")
    confirm = hold(client)
    assert send(client, confirm, MAI | {"known": "yes"}).status_code == 302
    record.refresh_from_db()
    assert record.user is None
    assert len(doubles()) == 1


def test_after_a_no_the_desk_compares():
    record, client = known(), browser()
    confirm = hold(client)
    assert send(client, confirm, MAI | {"known": "no"}).status_code == 302
    made = Patient.objects.exclude(pk=record.pk).get()
    assert [to_do.about_code for to_do in doubles()] == [str(made.code)]
    record.refresh_from_db()
    assert record.user is None


def test_a_yes_without_proof_joins_nothing():
    record, client = known(email="other@example.com"), browser()
    confirm = hold(client)
    assert send(client, confirm, MAI | {"known": "yes"}).status_code == 302
    record.refresh_from_db()
    assert (record.user, Patient.objects.count()) == (None, 2)


def test_a_child():
    record, client = known(legal_first_name="Mia", date_of_birth=date(2016, 2, 3)), browser()
    confirm = hold(client)
    mia = MAI | {"who": "other", "relationship": "parent", "legal_first_name": "Mia", "date_of_birth": "3/2/2016"}
    assert send(client, confirm, mia).status_code == 409
    assert send(client, confirm, mia | {"known": "yes"}).status_code == 302
    assert Appointment.objects.get(status=Status.BOOKED).patient == record
    assert record.carers.get().user.email == "mai@example.com"


def test_five_wrong_dates_end_the_offers():
    known()
    client = browser()
    for day in range(1, 6):
        wrong = {"who": "me", "first_name": "Mai", "date_of_birth": f"{day}/1/1980"}
        assert client.post("/my/find/", wrong).status_code == 422
    assert send(client, hold(client), MAI).status_code == 302


# ---- Strangers ------------------------------------------------------------------------------------------------------


def answer_to(email, *, queries):
    """All that somebody gets to see who books as Mai Tran, and what it costs the database."""
    client = browser(email, first_name="X", last_name="Y")
    confirm = hold(client)
    page = client.get(confirm).content.decode()
    with CaptureQueriesContext(connection) as captured:
        sent = send(client, confirm, MAI)
    queries.append([re.sub(r"'[^']*'|\d+", "?", one["sql"])[:60] for one in captured])
    after = client.get(sent.url).content.decode()
    Appointment.objects.all().delete()
    cleaned = [
        re.sub(r"[A-Za-z0-9]{64}|[0-9a-f-]{36}|[0-9a-f]{32}|value=\"[^\"]*\"", "", text) for text in (page, after)
    ]
    return sent.status_code, cleaned


@pytest.mark.parametrize("why", ["the same name and birth date", "the same phone"])
def test_a_stranger_learns_nothing_by_booking_under_a_name(why):
    make.mbs_items()
    queries: list[list[str]] = []
    nobody = answer_to("one@example.com", queries=queries)
    # Another name and date from now on, so that the second is alike to nobody but the one below.
    gone = Patient.objects.get()
    gone.legal_first_name, gone.legal_last_name, gone.date_of_birth = "Gone", "By", date(1950, 1, 1)
    gone.phone, gone.email, gone.compared_at = "", "", timezone.now()
    gone.save()
    reindex(gone)
    if why == "the same phone":
        known(legal_first_name="Zoe", date_of_birth=date(1970, 1, 1), phone="+61491570006", email="z@example.com")
    else:
        known(email="z@example.com")
    somebody = answer_to("two@example.com", queries=queries)
    assert nobody == somebody
    assert queries[0] == queries[1]
    # And the desk hears of it.
    assert len(doubles()) == 1


# ---- The desk compares ----------------------------------------------------------------------------------------------


@pytest.fixture
def desk():
    return make.signed_in_client(role=Role.RECEPTION)


def made_online(email="new@example.com", **fields):
    user = make.user(email=email)
    details = {"legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": BORN}
    return on_file(user=user, **details | fields)


def test_the_desk_links_the_account_to_the_record_with_the_history(desk):
    record, made = known(email="old@example.com"), made_online()
    (to_do,) = doubles()
    compare = reverse("reception:compare", args=[made.code])
    assert compare in desk.get(reverse("reception:to_do")).content.decode()
    assert compare in desk.get(reverse("reception:patient", args=[made.code])).content.decode()
    page = desk.get(compare).content.decode()
    assert "same name and date of birth" in page
    asked = {"seen": str(made.user.code), "own_checked": "on"}
    assert desk.post(compare, {"same": str(record.code), **asked}).url == reverse(
        "reception:patient", args=[record.code]
    )
    record.refresh_from_db()
    made.refresh_from_db()
    to_do.refresh_from_db()
    assert (record.user.email, record.email, made.user, to_do.outcome) == (
        "new@example.com",
        "new@example.com",
        None,
        "linked",
    )


def test_the_desk_says_that_they_are_two(desk):
    record, made = known(), made_online()
    (to_do,) = doubles()
    desk.post(reverse("reception:compare", args=[made.code]))
    to_do.refresh_from_db()
    record.refresh_from_db()
    assert (to_do.outcome, record.user) == ("not_same", None)
    # Asked once.
    assert [one.pk for one in doubles()] == [to_do.pk]


def test_a_parent_goes_over_to_the_childs_record(desk):
    record = known(legal_first_name="Mia", date_of_birth=date(2016, 2, 3))
    made = on_file(legal_first_name="Mia", legal_last_name="Tran", date_of_birth=date(2016, 2, 3), email="")
    carer = make.carer(patient=made, is_billed=True)
    assert len(doubles()) == 1
    asked = {"seen": str(carer.user.code), "carer_checked": "on"}
    desk.post(reverse("reception:compare", args=[made.code]), {"same": str(record.code), **asked})
    assert (record.carers.in_force().get().user, made.carers.in_force().count()) == (carer.user, 0)


def test_no_record_of_somebody_else_is_linked(desk):
    made, other = made_online(), make.patient(legal_first_name="Zoe", date_of_birth=date(1970, 1, 1))
    desk.post(reverse("reception:compare", args=[made.code]), {"same": str(other.code)})
    other.refresh_from_db()
    assert other.user is None


def test_a_record_with_an_account_is_not_taken_over(desk):
    record, made = known(user=make.user(email="first@example.com")), made_online()
    asked = {"seen": str(made.user.code), "own_checked": "on"}
    desk.post(reverse("reception:compare", args=[made.code]), {"same": str(record.code), **asked})
    record.refresh_from_db()
    assert record.user.email == "first@example.com"


def test_family_at_one_phone_is_no_work_for_the_desk():
    parent = made_online(phone="+61491570006")
    child = on_file(legal_first_name="Mia", date_of_birth=date(2016, 2, 3), phone="+61491570006", email="")
    make.carer(patient=child, user=parent.user)
    assert doubles() == []


def test_what_the_desk_registers_was_compared_there(desk):
    known()
    new = {"legal_first_name": "Mai", "legal_last_name": "Tran", "date_of_birth": "17/5/1990", "is_new": "yes"}
    assert desk.post(reverse("reception:new_patient"), new).status_code == 302
    assert doubles() == []
    assert not Patient.objects.filter(compared_at=None).exists()


@pytest.mark.parametrize(("role", "status"), [(Role.PATIENT, 403), (Role.PSYCHOLOGIST, 403)])
def test_only_the_desk_compares(role, status):
    record, made = known(), made_online()
    client = make.signed_in_client(role=role)
    assert client.post(reverse("reception:compare", args=[made.code]), {"same": record.code}).status_code == status
    record.refresh_from_db()
    assert record.user is None
