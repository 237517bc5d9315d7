import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from django.db import models, transaction
from hypothesis import given
from hypothesis import strategies as st

from portal.audit import trail
from portal.audit.facts import NotAFact, checked
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from tests.common.crypto.sealed.models import Page

NOW = datetime(2026, 11, 22, 3, 4, 5, 678901, tzinfo=UTC)
JOB = Actor.system("reminders")


class Person:
    pk = 42
    name = "Mina Nguyen"


@pytest.mark.django_db
def test_record_a_person():
    page = Page.objects.create(body="private")
    trail.record("appointment.booked", by=Actor(Person(), "reception"), target=page, at=NOW, minutes=50, mode="video")
    [entry] = Entry.objects.values()
    assert entry == {
        "id": entry["id"],
        "at": NOW,
        "actor_id": "42",
        "actor_role": "reception",
        "actor_name": "",
        "verb": "appointment.booked",
        "target_label": "sealed.Page",
        "target_code": str(page.code),
        "facts": {"minutes": 50, "mode": "video"},
        "seq": None,
        "previous": "",
        "hash": "",
    }


@pytest.mark.django_db
def test_record_a_job_without_a_target():
    before = datetime.now(UTC)
    entry = trail.record("queue.swept", by=JOB)
    entry.refresh_from_db()
    assert (entry.actor_id, entry.actor_role, entry.actor_name) == ("", "system", "reminders")
    assert (entry.target_label, entry.target_code, entry.facts) == ("", "", {})
    assert before <= entry.at <= datetime.now(UTC)


@pytest.mark.django_db
def test_record_leaves_with_the_transaction():
    def deed():
        with transaction.atomic():
            trail.record("invoice.opened", by=JOB)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deed()
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_read_is_recorded():
    page = Page.objects.create()
    assert trail.read("note", by=Actor(Person(), "psychologist"), target=page).verb == "note.read"
    assert [e.verb for e in Entry.objects.about(page)] == ["note.read"]


class Colour(models.TextChoices):
    DEEP_RED = "deep_red", "Deep red"


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-999_999_999, -999_999_999),
        (Decimal("220.00"), "220.00"),
        (Decimal("1E+3"), "1000"),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
        (date(2026, 11, 22), "2026-11-22"),
        (NOW.astimezone(timezone(timedelta(hours=11))), "2026-11-22T03:04:05.678901+00:00"),
        (Colour.DEEP_RED, "deep_red"),
        ("no_show", "no_show"),
        ("en-au", "en-au"),
        ("INV-0A1B2C3D", "INV-0A1B2C3D"),
        ("80110", "80110"),
        ("f" * 64, "f" * 64),
        (["phone", "date_of_birth"], ["phone", "date_of_birth"]),
        ({"b", "a"}, ["a", "b"]),
        ((1, None), [1, None]),
    ],
)
def test_facts_that_are_taken(value, stored):
    assert checked({"fact": value}) == {"fact": stored}


@pytest.mark.parametrize(
    "value",
    [
        "the patient is suicidal",
        "the_patient_said_she_is_not_well",
        "thepatientisverysadtodayandhascriedforhours",
        "Nguyen",
        "mina@example.com",
        "0412345678",
        "+61412345678",
        "2123456701",
        2_123_456_701,
        "",
        " ",
        "no\nshow",
        "no_show\n",
        "нет",
        "١٢٣",
        1.5,
        Decimal("NaN"),
        b"bytes",
        datetime(2026, 1, 1),  # noqa: DTZ001
        {"a": "dictionary"},
        [["nested"]],
        ["fine", "not a fine one"],
        ["x"] * 51,
        object(),
        lambda: "x",
        type("Word", (str,), {})("two words"),
    ],
)
def test_facts_that_are_refused(value):
    with pytest.raises(NotAFact) as caught:
        checked({"fact": value})
    assert str(value) not in str(caught.value) or str(value) in {"", " "}


@given(before=st.text(), space=st.sampled_from(" \n\t\r\u00a0\u2009"), after=st.text())
def test_facts_no_text_with_a_space_passes(before, space, after):
    text = before + space + after
    with pytest.raises(NotAFact):
        checked({"fact": text})


@pytest.mark.parametrize("key", ["", "Two", "two words", "she-said", "x" * 41, "é", "1st"])
def test_facts_key_is_a_word(key):
    with pytest.raises(NotAFact):
        checked({key: 1})
    with pytest.raises(NotAFact):
        checked({f"k{n}": n for n in range(21)})


@pytest.mark.django_db
@pytest.mark.parametrize(
    "verb", ["", "booked", "appointment booked", "Appointment.booked", "a.b.c", "note." + "x" * 60, "a.b\n"]
)
def test_verb_is_two_words(verb):
    with pytest.raises(NotAFact):
        trail.record(verb, by=JOB)


@pytest.mark.django_db
def test_visible_to_the_manager_alone():
    trail.record("appointment.booked", by=JOB)
    seen = {
        role: Entry.objects.visible_to(Actor(Person(), role)).count()
        for role in ("manager", "reception", "psychologist", "patient", "system")
    }
    assert seen == {"manager": 1, "reception": 0, "psychologist": 0, "patient": 0, "system": 0}


@pytest.mark.django_db
def test_queries_by_person_and_by_row():
    page, other = Page.objects.create(), Page.objects.create()
    person = Actor(Person(), "manager")
    trail.record("page.made", by=person, target=page)
    trail.record("page.made", by=JOB, target=page)
    trail.record("page.changed", by=person, target=other)
    assert [e.verb for e in Entry.objects.done_by(42).newest_first()] == ["page.changed", "page.made"]
    assert Entry.objects.about(page).count() == 2
