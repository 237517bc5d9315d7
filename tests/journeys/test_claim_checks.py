"""The check on an invoice that was issued, and letting it out all the same."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction

from portal.audit.models import Entry
from portal.billing.models import ClaimOverride, Line
from portal.billing.refusals import ChangedMeanwhile, NotPayable, ReasonMissing
from portal.journeys import claim_checks
from portal.medicare.models import LetterCheck
from tests import make
from tests.billing.conftest import Books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books():
    make.clinic()
    make.mbs_items()
    return Books()


def billed(books, *, minutes=50, written_on=date(2026, 1, 15), **fields):
    patient = make.patient(medicare_number="2951873125", medicare_irn="1")
    make.referral(patient=patient, written_on=written_on)
    session = books.session(patient=patient, minutes=minutes, **fields)
    make.provider_number(psychologist=session.psychologist, location=session.location)
    return books.invoice_of_session(session)


def codes(found):
    return {one.code for one in found.red}, {one.code for one in found.amber}


def test_what_the_desk_bills_is_ready(books):
    found = claim_checks.check(billed(books), now=books.now)
    assert codes(found) == (set(), {"usual_practitioner"})
    assert found.is_ready


def test_what_a_look_at_the_letter_did_not_find_is_worth_a_look(books):
    invoice = billed(books)
    referral = invoice.lines.get().claim.referral
    ticks = dict.fromkeys(("has_name", "has_birth_date", "has_address", "has_diagnosis", "has_medication"), True)
    ticks |= {"has_services": True, "has_plan": True, "has_usual": False, "is_signed": False, "is_dated": False}
    LetterCheck.objects.create(referral=referral, course=referral.course, checked_at=books.now, **ticks)
    found = claim_checks.check(invoice, now=books.now)
    assert codes(found) == (set(), {"usual_practitioner", "letter_lacks"})
    words = [one.words for one in found.amber]
    assert "Missing in the letter: a signature, the date it was written. Ask the referrer to add it." in words
    assert any(said.startswith("The letter doesn't say that the referrer is") for said in words)


def test_invoice_without_an_item_is_not_checked(books):
    assert claim_checks.check(books.invoice_of_session(), now=books.now) is None
    assert claim_checks.may_print(books.issued("50.00"), now=books.now)


def test_invoice_grows_old(books):
    invoice = billed(books)
    found = claim_checks.check(invoice, now=books.now + timedelta(days=733))
    assert codes(found)[0] == {"too_old"}
    assert not claim_checks.may_print(invoice, now=books.now + timedelta(days=733))


def test_seventh_service_of_a_course_is_red(books):
    first = billed(books)
    referral = first.lines.get().claim.referral
    for n in range(1, 7):
        start = books.now - timedelta(days=n)
        session = books.session(patient=first.patient, starts_at=start, psychologist=first.psychologist)
        last = books.invoice_of_session(session, referral=referral)
    # By the date of service it is the newest that is one too many.
    assert codes(claim_checks.check(first, now=books.now))[0] == {"course_used_up"}
    assert codes(claim_checks.check(last, now=books.now))[0] == set()


def late(books):
    return books.now + timedelta(days=733)


def test_override_is_kept_with_its_reason_and_trailed(books):
    invoice, now = billed(books), late(books)
    made = claim_checks.override(invoice=invoice, reason=" Sent by post ", seen="too_old", by=books.by, now=now)
    assert (made.findings, made.reason, made.made_by) == (["too_old"], "Sent by post", books.by.user)
    assert claim_checks.may_print(invoice, now=now)
    assert Entry.objects.get(verb="invoice.claim_overridden").facts == {"findings": ["too_old"]}
    with pytest.raises(ChangedMeanwhile):
        claim_checks.override(invoice=invoice, reason="Again", seen="too_old", by=books.by, now=now)


def test_override_of_what_the_page_did_not_show_is_refused(books):
    invoice = billed(books)
    with pytest.raises(ChangedMeanwhile):
        claim_checks.override(invoice=invoice, reason="Why", seen="year_used_up", by=books.by, now=late(books))
    with pytest.raises(ReasonMissing):
        claim_checks.override(invoice=invoice, reason=" ", seen="too_old", by=books.by, now=late(books))
    with pytest.raises(NotPayable):
        claim_checks.override(invoice=books.issued("50.00"), reason="Why", seen="", by=books.by, now=books.now)
    assert not ClaimOverride.objects.exists()


def test_what_is_found_later_is_answered_for_anew(books):
    invoice, now = billed(books), late(books)
    claim_checks.override(invoice=invoice, reason="Why", seen="too_old", by=books.by, now=now)
    invoice.appointment.__class__.objects.filter(pk=invoice.appointment.pk).update(status="no_show", completed_at=None)
    invoice.refresh_from_db()
    assert not claim_checks.may_print(invoice, now=now)


def test_override_never_changes(books):
    invoice = billed(books)
    made = claim_checks.override(invoice=invoice, reason="Why", seen="too_old", by=books.by, now=late(books))
    rows = ClaimOverride.objects.filter(pk=made.pk)
    for change in (lambda: rows.update(reason="Other"), rows.delete):
        with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
            change()


def test_line_of_another_location_is_red(books):
    invoice = billed(books)
    other = make.location(name="Other")
    number = invoice.psychologist.provider_numbers.get()
    number.__class__.objects.filter(pk=number.pk).update(location=other)
    assert codes(claim_checks.check(invoice, now=books.now))[0] == {"other_location"}
    assert Line.objects.count() == 1
