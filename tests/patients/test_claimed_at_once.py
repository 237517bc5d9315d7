"""Several people at once ask for one record: real threads, real transactions."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import connection, transaction
from django.utils import timezone

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.notifications.models import Notice
from portal.patients import actions, addresses, signing_in
from portal.patients.forms import OwnDetailsForm
from portal.patients.models import MailedLink, Patient, WrongBirthDate
from portal.patients.refusals import RecordHasAccount
from tests import make
from tests.waiting import until_it_waits

pytestmark = pytest.mark.django_db(transaction=True)

BORN = date(1990, 5, 17)
PEOPLE = 6


def at_once(*jobs):
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        try:
            return "got it" if job() else "nothing"
        except RecordHasAccount:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return Counter(pool.map(run, jobs))


def claiming(user, token="", born=BORN):
    return lambda: signing_in.claim(
        user=user,
        first_name="Mai",
        date_of_birth=born,
        token=token,
        by=Actor(user=user, role=Role.PATIENT),
        now=timezone.now(),
        today=date(2026, 11, 29),
    )


@pytest.fixture
def patient(db):
    make.clinic()
    return make.patient(legal_first_name="Mai", email="mai@example.com", date_of_birth=BORN)


@pytest.fixture
def token(patient):
    signing_in.invite(patient=patient, by=make.actor(), now=timezone.now())
    word = next(word for word in Notice.objects.get().text.split() if "/link/" in word)
    return word.strip("/").rsplit("/", 1)[-1]


def test_of_many_with_one_link_and_one_at_the_address_one_gets_it(patient, token):
    people = [
        make.user(email="mai@example.com", first_name="Mai"),
        *(make.user(first_name="Mai") for _ in range(PEOPLE - 1)),
    ]
    came = at_once(claiming(people[0]), *(claiming(user, token) for user in people[1:]))
    assert came == {"got it": 1, "nothing": PEOPLE - 1}
    patient.refresh_from_db()
    assert patient.user in people
    assert Entry.objects.filter(verb="patient.linked").count() == 1
    assert not MailedLink.objects.outstanding().exists()


def test_the_desk_links_one_account_while_another_claims(patient):
    other = make.user()
    desk = make.actor()
    came = at_once(
        claiming(make.user(email="mai@example.com", first_name="Mai")),
        lambda: signing_in.link_account(patient=patient, user=other, by=desk, now=timezone.now()),
    )
    assert came["got it"] == 1
    assert Patient.objects.get(pk=patient.pk).user is not None


def test_guesses_at_once_are_each_counted(patient):
    user = make.user(email="mai@example.com", first_name="Mai")
    came = at_once(*(claiming(user, born=date(1980, 1, day)) for day in range(1, PEOPLE + 1)))
    assert came == {"nothing": PEOPLE}
    assert WrongBirthDate.objects.count() == PEOPLE
    assert claiming(user)() is None


def unlink(patient, by):
    signing_in.unlink_account(patient=patient, reason="asked", by=by, now=timezone.now())


def rename(patient, by):
    actions.update_patient(patient=patient, values={"preferred_name": "Lan"}, by=by, now=timezone.now())


def rename_on_the_page(patient, by):
    today = date(2026, 11, 29)
    typed = OwnDetailsForm(today=today, instance=patient)
    form = OwnDetailsForm({**typed.initial, "preferred_name": "Lan", "shown": "{}"}, today=today, instance=patient)
    with transaction.atomic():
        form.still_stands()
        rename(patient, by)


def open_the_other(patient, by):
    other = make.patient(legal_first_name="Mai", email="mai@example.com", date_of_birth=BORN)
    signing_in.move_account(patient=patient, to=other, checked=[patient.user], by=by, now=timezone.now())


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("what", [unlink, rename, rename_on_the_page, open_the_other])
def test_the_desk_and_who_changes_their_address_do_not_wait_for_each_other(patient, what):
    user, by, raised = make.user(email="mai@example.com", first_name="Mai"), make.actor(), []
    signing_in.link_account(patient=patient, user=user, by=by, now=timezone.now())
    patient.refresh_from_db()

    def run():
        try:
            what(patient, by)
        except Exception as problem:
            raised.append(problem)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(email="lan@example.com")
        thread.start()
        until_it_waits(thread)
        addresses.follow_account(patient, by=by, now=timezone.now())
    thread.join(timeout=20)
    assert (raised, thread.is_alive()) == ([], False)
