"""The register of referrers: what is found, what is kept of an edit, and what two entries of one person become."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.medicare import referrers
from portal.medicare.actions import add_referral
from portal.medicare.forms import ReferrerForm
from portal.medicare.models import Referral, Referrer, ReferrerHistory
from portal.medicare.refusals import MergedMeanwhile
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


MERGES = "UPDATE medicare_referrer SET merged_at = '2026-11-24', merged_into_id"
DOUBLE = "SELECT id FROM medicare_referrer WHERE merged_into_id IS NOT NULL"


def add(**values):
    facts = {"name": "Dr Alice Wong", "provider_number": "2429581T", "practice": "Sydney Road Medical Centre"} | values
    return referrers.add_referrer(values=facts, by=make.actor(), now=NOW)


def letter(patient=None, **fields):
    said = {"referrer_name": "Dr Alice Wong", "referrer_provider_number": "2429581T", "written_on": NOW.date()} | fields
    return add_referral(patient=patient or make.patient(), by=make.actor(), now=NOW, **said)


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("wong", True),
        ("ALICE won", True),
        ("wóng", True),
        ("sydney road", True),
        ("242 9581", True),
        ("2429581t", True),
        ("brunswick wong", True),
        ("3056", True),
        ("wang", False),
        ("", True),
    ],
)
def test_finding(typed, finds):
    entry = add(suburb="Brunswick", postcode="3056")
    assert list(Referrer.objects.found(typed)) == ([entry] if finds else [])


def test_only_the_desk_and_the_manager_see_the_register():
    entry = add()
    seen = {role: list(Referrer.objects.visible_to(Actor(make.user(), role))) for role in Role}
    assert seen == {Role.PATIENT: [], Role.PSYCHOLOGIST: [], Role.RECEPTION: [entry], Role.MANAGER: [entry]}


def test_an_edit_keeps_what_was_known_before():
    entry = add()
    referrers.change_referrer(referrer=entry, values={"practice": "Moreland Clinic"}, by=make.actor(), now=NOW)
    assert [row.practice for row in entry.history.order_by("pk")] == ["Sydney Road Medical Centre", "Moreland Clinic"]
    assert Entry.objects.get(verb="referrer.changed").facts == {"fields": ["practice"]}
    assert list(Referrer.objects.found("moreland")) == [entry]
    # Nothing said anew is no edit.
    referrers.change_referrer(referrer=entry, values={"practice": "Moreland Clinic"}, by=make.actor(), now=NOW)
    assert entry.history.count() == 2


def test_a_letter_keeps_what_it_was_written_with():
    entry, referral = add(), letter()
    assert referral.referrer == entry
    referrers.change_referrer(referrer=entry, values={"provider_number": "4024742F"}, by=make.actor(), now=NOW)
    referral.refresh_from_db()
    assert referral.referrer_provider_number == "2429581T"


@pytest.mark.parametrize(
    ("typed", "is_known"),
    [
        ({}, True),
        ({"referrer_name": "dr alice wong"}, True),
        ({"referrer_name": "Dr Kim Lee"}, False),
        ({"referrer_provider_number": "4024742F"}, False),
        ({"referrer_provider_number": "", "referrer_practice": "Sydney Road Medical Centre"}, False),
    ],
)
def test_who_wrote_a_letter_comes_into_the_register_once(typed, is_known):
    entry = add()
    assert (letter(**typed).referrer == entry) is is_known
    assert letter(**typed).referrer == Referral.objects.earliest("pk").referrer
    assert Referrer.objects.count() == (1 if is_known else 2)


def test_a_double_leads_to_the_entry_that_is_kept():
    kept, double, older = add(), add(name="A. Wong"), add(name="Alice Wong")
    referrers.merge(double=older, into=double, by=make.actor(), now=NOW)
    of_double = letter(referrer=double, referrer_name="A. Wong")
    referrers.merge(double=double, into=kept, by=make.actor(), now=NOW)
    assert set(kept.doubles.all()) == {double, older}
    assert list(Referrer.objects.standing()) == [kept]
    assert list(referrers.letters_of(kept)) == [of_double]
    with pytest.raises(MergedMeanwhile):
        referrers.merge(double=double, into=kept, by=make.actor(), now=NOW)
    with pytest.raises(MergedMeanwhile):
        referrers.merge(double=kept, into=double, by=make.actor(), now=NOW)
    with pytest.raises(MergedMeanwhile):
        referrers.change_referrer(referrer=double, values={"name": "B"}, by=make.actor(), now=NOW)


def test_who_may_be_the_same_person():
    entry = add()
    same_number, same_name, other = (
        add(name="Dr A Wong"),
        add(provider_number=""),
        add(name="Dr B", provider_number="4"),
    )
    assert set(referrers.perhaps_the_same(entry)) == {same_number, same_name}
    assert other not in referrers.perhaps_the_same(entry)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE medicare_referrerhistory SET name = 'Dr Nobody'",
        "DELETE FROM medicare_referrerhistory",
        "UPDATE medicare_referrer SET name = 'Dr Nobody' WHERE merged_into_id IS NOT NULL",
        "UPDATE medicare_referrer SET merged_into_id = NULL, merged_at = NULL WHERE merged_into_id IS NOT NULL",
        # What others lead to leads nowhere itself, and nothing leads to what leads on.
        f"{MERGES} = (SELECT MAX(id) FROM medicare_referrer) WHERE id = (SELECT MIN(id) FROM medicare_referrer)",
        f"{MERGES} = ({DOUBLE}) WHERE id = (SELECT MAX(id) FROM medicare_referrer)",
    ],
)
def test_the_database_itself_refuses(sql):
    kept, double, _third = add(), add(), add()
    referrers.merge(double=double, into=kept, by=make.actor(), now=NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"provider_number": "", "practice": ""}, "referrer_says_where"),
        ({"merged_at": NOW}, "referrer_merged_with_when"),
    ],
)
def test_a_wrong_row_is_refused(fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make.referrer(**fields)
    assert not ReferrerHistory.objects.exists()


def form(**data):
    return ReferrerForm({"name": "Dr Alice Wong", "kind": "gp", "provider_number": "2429581T"} | data)


def test_a_number_that_fails_its_check_is_said_and_taken():
    typed = form(provider_number="242 9581a")
    assert typed.is_valid(), typed.errors
    assert typed.values["provider_number"] == "2429581A"
    assert [name for name, _words in typed.warnings] == ["provider_number"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"provider_number": "12"}, "provider_number"),
        ({"provider_number": ""}, "provider_number"),
        ({"name": "www.example.com"}, "name"),
        ({"name": ""}, "name"),
        ({"postcode": "30"}, "postcode"),
        ({"fax": "12"}, "fax"),
    ],
)
def test_the_form_says_what_is_wrong(data, field):
    assert set(form(**data).errors) == {field}
