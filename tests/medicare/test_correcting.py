"""Letters that are corrected or taken off file: the old row is kept, and the course counts on."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from portal.audit.models import Entry
from portal.billing.guards.referrals import IN_USE, STANDS, STAYS_MEDICARES
from portal.journeys import better_access
from portal.medicare import correcting
from portal.medicare.guards import CORRECTS_ITS_OWN, ENDS, REFERRAL_COLUMNS, REFERRAL_NEVER
from portal.medicare.models import Referral
from portal.medicare.refusals import ChangedMeanwhile, InUse, NothingChanged
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def correct(referral, *, why="mistyped", **values):
    return correcting.correct(referral=referral, values=values, why=why, by=make.actor(), now=NOW)


def take_off(referral, why="elsewhere"):
    correcting.take_off(referral=referral, why=why, by=make.actor(), now=NOW)


def test_a_correction_is_a_new_row_of_the_same_course():
    old = make.referral(services=4)
    new = correct(old, services=6, why="asked")
    old.refresh_from_db()
    assert (new.course, new.corrects, new.services, new.is_standing) == (old.course, old, 6, True)
    assert (old.services, old.end, old.ended_why, old.ended_at) == (4, "corrected", "asked", NOW)
    assert list(Referral.objects.standing()) == [new]
    entry = Entry.objects.get(verb="referral.corrected")
    assert entry.facts == {"patient": str(old.patient.code), "fields": ["services"], "reason": "asked"}


def test_a_correction_of_what_was_corrected_meanwhile_is_refused():
    old = make.referral()
    correct(old, services=5)
    with pytest.raises(ChangedMeanwhile):
        correct(old, services=4)
    with pytest.raises(ChangedMeanwhile):
        take_off(old)


def test_nothing_said_anew_is_no_correction():
    referral = make.referral(services=6)
    with pytest.raises(NothingChanged):
        correct(referral, services=6)
    referral.refresh_from_db()
    assert referral.is_standing


def test_what_was_claimed_counts_on_after_a_correction(books):
    make.mbs_items()
    referral = make.referral(services=4)
    books.invoice_of_session(books.session(patient=referral.patient), referral=referral)
    correct(referral, written_on=date(2026, 1, 16), services=5)
    (course,) = better_access.ledger_of(referral.patient_id, now=timezone.now()).courses
    assert (course.allowed, course.used) == (5, 1)


def test_what_is_billed_under_stays_on_file(books):
    make.mbs_items()
    referral = make.referral()
    invoice = books.invoice_of_session(books.session(patient=referral.patient), referral=referral)
    with pytest.raises(InUse):
        take_off(referral)
    with pytest.raises(InUse):
        correct(referral, kind="other")
    corrected = correct(referral, services=5)
    with pytest.raises(InUse):
        take_off(corrected)
    books.void(invoice)
    take_off(corrected)
    assert not Referral.objects.standing().exists()
    assert better_access.ledger_of(referral.patient_id, now=timezone.now()).courses == []


def test_nothing_is_claimed_under_what_is_off_file(books):
    make.mbs_items()
    referral = make.referral()
    take_off(referral)
    with pytest.raises(DatabaseError, match=STANDS), transaction.atomic():
        books.invoice_of_session(books.session(patient=referral.patient), referral=referral)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("UPDATE medicare_referral SET services = 10", REFERRAL_NEVER),
        ("UPDATE medicare_referral SET referrer_name = 'Dr Nobody'", REFERRAL_NEVER),
        ("UPDATE medicare_referral SET ended_at = NULL, \"end\" = '', ended_why = ''", REFERRAL_NEVER),
        ("DELETE FROM medicare_referral", REFERRAL_NEVER),
    ],
)
def test_the_database_refuses_changes(sql, words):
    referral = make.referral()
    if "NULL" in sql:
        take_off(referral)
    with pytest.raises(DatabaseError, match=words), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_the_database_refuses_what_corrects_another_course():
    referral, other = make.referral(), make.referral()
    Referral.objects.filter(pk=referral.pk).update(ended_at=NOW, end="corrected", ended_why="mistyped")
    for wrong in (
        {"course": other.course, "corrects": referral, "patient": referral.patient},
        {"course": referral.course, "corrects": referral, "patient": other.patient},
        {"course": referral.course, "patient": referral.patient},
    ):
        with pytest.raises(DatabaseError, match=CORRECTS_ITS_OWN), transaction.atomic():
            make.referral(**wrong)


def test_the_database_refuses_to_take_off_what_is_billed_under(books):
    make.mbs_items()
    referral = make.referral()
    books.invoice_of_session(books.session(patient=referral.patient), referral=referral)
    ends = {"ended_at": NOW, "end": "taken_off", "ended_why": "doubled"}
    with pytest.raises(DatabaseError, match=IN_USE), transaction.atomic():
        Referral.objects.filter(pk=referral.pk).update(**ends)
    Referral.objects.filter(pk=referral.pk).update(ended_at=NOW, end="corrected", ended_why="mistyped")
    with pytest.raises(DatabaseError, match=STAYS_MEDICARES), transaction.atomic():
        make.referral(patient=referral.patient, course=referral.course, corrects=referral, kind="other")


def test_every_column_is_kept_or_says_how_it_ended():
    columns = {field.column for field in Referral._meta.local_concrete_fields}
    assert columns == {*REFERRAL_COLUMNS, *ENDS}
