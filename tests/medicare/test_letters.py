"""The letter itself: who opens it, what of it is checked, and how the referrer is asked for more."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from pypdf import PdfReader

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.documents import CleanFile, Kind, sealed
from portal.medicare import letters, please_add
from portal.medicare.contents import needed
from portal.medicare.models import LetterCheck, ReferralLetter
from portal.medicare.models.checks import TICKS
from portal.medicare.refusals import ChangedMeanwhile
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
WORDS = b"%PDF-1.4 generalised anxiety"
ALL = dict.fromkeys(TICKS, True)


def put(referral, *, seen="", why="", content=WORDS):
    file = CleanFile(Kind.PDF, "anxiety.pdf", content)
    with sealed.put(file, of=letters.BOUND_TO) as there:
        return letters.put_on_file(
            referral=referral, file=file, put=there, seen=seen, why=why, by=make.actor(), now=NOW
        )


def check(referral, **ticks):
    return letters.check(referral=referral, ticks=ALL | ticks, by=make.actor(), now=NOW)


def test_what_lies_in_the_storage_and_in_the_row_says_nothing():
    letter = put(make.referral())
    with default_storage.open(letter.path) as file:
        assert b"anxiety" not in file.read()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM medicare_referralletter")
        assert "anxiety" not in str(cursor.fetchall())
    assert letters.read(letter=ReferralLetter.objects.get(), by=make.actor(), now=NOW) == WORDS
    assert Entry.objects.get(verb="referral_letter.read").target_code == str(letter.code)


def test_only_who_treats_the_patient_opens_it():
    referral = make.referral()
    letter = put(referral)
    treats, only_booked = make.psychologist(), make.psychologist()
    make.appointment(
        patient=referral.patient, psychologist=treats, starts_at=NOW - timedelta(days=1), status=Status.COMPLETED
    )
    make.appointment(patient=referral.patient, psychologist=only_booked, starts_at=NOW + timedelta(days=1))

    def opened(user, role):
        return list(ReferralLetter.objects.readable_by(Actor(user, role), now=NOW))

    assert opened(treats.user, Role.PSYCHOLOGIST) == [letter]
    assert opened(only_booked.user, Role.PSYCHOLOGIST) == []
    for role in (Role.RECEPTION, Role.MANAGER, Role.PATIENT):
        assert opened(treats.user, role) == []


def test_another_letter_takes_its_place_with_a_reason():
    referral = make.referral()
    first = put(referral)
    with pytest.raises(ChangedMeanwhile):
        put(referral)
    before = len(_stored())
    second = put(referral, seen=str(first.code), why="amended")
    assert len(_stored()) == before + 1
    first.refresh_from_db()
    assert (first.replaced_at, first.replaced_why) == (NOW, "amended")
    assert ReferralLetter.objects.of(referral) == second


def _stored():
    return [
        name for folder in default_storage.listdir("files")[0] for name in default_storage.listdir(f"files/{folder}")[1]
    ]


def test_bytes_that_no_row_names_go_again():
    referral = make.referral()
    put(referral)
    before = sorted(_stored())
    with pytest.raises(ChangedMeanwhile):
        put(referral)
    assert sorted(_stored()) == before


@pytest.mark.parametrize(
    ("kind", "written_on", "unneeded"),
    [
        ("gp_plan", date(2026, 11, 2), set()),
        ("gp_plan", date(2025, 11, 1), set()),
        ("gp_plan", date(2025, 10, 30), {"has_usual"}),
        ("psychiatrist_plan", date(2026, 11, 2), {"has_usual"}),
        ("psychiatrist", date(2026, 11, 2), {"has_plan", "has_usual"}),
        ("paediatrician", date(2026, 11, 2), {"has_plan", "has_usual"}),
    ],
)
def test_what_a_letter_has_to_say(kind, written_on, unneeded):
    referral = make.referral(kind=kind, written_on=written_on)
    assert {content.name for content in needed(referral)} == {*TICKS} - unneeded


def test_the_newest_check_counts():
    referral = make.referral(written_on=date(2026, 11, 2))
    assert LetterCheck.objects.newest_of(referral) is None
    assert check(referral, has_usual=False, has_services=False).missing == ("has_services", "has_usual")
    again = check(referral)
    assert again.is_complete
    assert LetterCheck.objects.newest_of(referral) == again
    assert LetterCheck.objects.newest_of(make.referral()) is None


def test_the_referrer_is_asked_and_answers_once():
    found = check(make.referral(), is_signed=False)
    assert not letters.answered(found=found, by=make.actor(), now=NOW)
    assert letters.asked(found=found, how="fax", by=make.actor(), now=NOW)
    assert not letters.asked(found=found, how="post", by=make.actor(), now=NOW)
    found.refresh_from_db()
    assert (found.asked_how, found.waits) == ("fax", True)
    assert letters.answered(found=found, by=make.actor(), now=NOW + timedelta(days=2))
    found.refresh_from_db()
    assert not found.waits


def test_the_words_that_ask_say_nothing_clinical():
    make.clinic(phone="+61390101234")
    referral = make.referral(written_on=date(2026, 11, 2), referrer_practice="Moreland Clinic, Coburg")
    found = check(referral, has_diagnosis=False, has_usual=False)
    facts = please_add.facts_of(found, clinic=ClinicSettings.current(), today=date(2026, 11, 24))
    text = please_add.as_text(facts)
    assert text.startswith("Dear Dr Priya Raman,\n\nThank you for referring")
    assert "- the patient's symptoms or diagnosis\n- a statement that you are the patient's usual" in text
    assert "signature" not in text
    drawn = PdfReader(BytesIO(please_add.as_pdf(facts)))
    assert "usual medical practitioner" in " ".join(drawn.pages[0].extract_text().split())


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE medicare_lettercheck SET is_signed = NOT is_signed",
        "UPDATE medicare_lettercheck SET asked_how = 'post'",
        "UPDATE medicare_lettercheck SET asked_at = NULL, asked_by_id = NULL, asked_how = ''",
        "DELETE FROM medicare_lettercheck",
        "UPDATE medicare_referralletter SET path = 'elsewhere'",
        "UPDATE medicare_referralletter SET referral_id = referral_id + 1",
        "DELETE FROM medicare_referralletter",
    ],
)
def test_the_database_itself_refuses(sql):
    referral = make.referral()
    put(referral)
    letters.asked(found=check(referral, is_signed=False), how="fax", by=make.actor(), now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
