"""A psychologist's own fee is one a service."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic import actions, kept
from portal.clinic.models import OwnFee
from portal.notifications.models import Notice
from tests import make, older

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


def set_fees(person, fees):
    return actions.update_psychologist(psychologist=person, values={}, fees=fees, by=make.actor(), now=NOW)


@pytest.mark.django_db
def test_fees_are_set_changed_and_taken_away_one_by_one():
    session, assessment = make.service(fee="220.00"), make.service(fee="330.00")
    mai = make.psychologist()
    set_fees(mai, {session.pk: Decimal("195.00"), assessment.pk: None})
    assert (mai.fee_for(session), mai.fee_for(assessment)) == (Decimal("195.00"), Decimal("330.00"))
    mai = set_fees(mai, {assessment.pk: Decimal("0.00")})
    assert (mai.fee_for(session), mai.fee_for(assessment)) == (Decimal("195.00"), Decimal("0.00")), "free is a fee"
    mai = set_fees(mai, {session.pk: None, assessment.pk: Decimal("300.00")})
    assert list(OwnFee.objects.values_list("service", "fee")) == [(assessment.pk, Decimal("300.00"))]


@pytest.mark.django_db
def test_the_trail_says_whose_fee_for_which_service_changed_from_what_to_what():
    session, mai = make.service(fee="220.00"), make.psychologist()
    set_fees(mai, {session.pk: Decimal("195.00")})
    entry = Entry.objects.get()
    assert (entry.verb, entry.target_code, entry.facts) == (
        "psychologist_fee.changed",
        str(mai.code),
        {"service": str(session.code), "fee_before": "220.00", "fee_after": "195.00", "is_usual": False},
    )
    set_fees(mai, {session.pk: Decimal("195.00")})
    assert Entry.objects.count() == 1, "what stays the same is not written"


@pytest.mark.django_db
def test_the_database_holds_one_fee_a_service_and_none_below_nothing():
    session, mai = make.service(), make.psychologist()
    make.own_fee(mai, session, "195.00")
    with pytest.raises(IntegrityError), transaction.atomic():
        make.own_fee(mai, session, "200.00")
    with pytest.raises(IntegrityError, match="own_fee_not_negative"), transaction.atomic():
        make.own_fee(mai, make.service(), "-1.00")


@pytest.mark.django_db
def test_what_is_kept_of_a_psychologist_has_the_fee_of_now():
    session, mai = make.service(fee="220.00"), make.psychologist()
    assert kept.psychologists()[mai.pk].fee_for(session) == Decimal("220.00")
    mai = set_fees(mai, {session.pk: Decimal("195.00")})
    assert kept.psychologists()[mai.pk].fee_for(session) == Decimal("195.00")
    set_fees(mai, {session.pk: None})
    assert kept.psychologists()[mai.pk].fee_for(session) == Decimal("220.00")


@pytest.mark.older
@pytest.mark.django_db(transaction=True)
def test_the_one_fee_that_somebody_had_becomes_a_fee_for_each_service_that_they_give():
    before, after = ("clinic", "0011_own_fees"), ("clinic", "0012_one_fee_becomes_one_a_service")
    try:
        older.go_back(*before)
        apps = older.models_of(before)
        service, user = apps.get_model("clinic", "Service").objects, apps.get_model("accounts", "User").objects
        people = apps.get_model("clinic", "Psychologist").objects
        first, second = (service.create(name=n, slug=n, minutes=50, fee="220.00") for n in ("first", "second"))

        def person(slug, fee, *services):
            account = user.create(email=f"{slug}@example.com")
            made = people.create(user_id=account.pk, slug=slug, fee=fee)
            made.services.set(services)

        person("gives-one", "195.00", first)
        person("gives-all", "205.00")
        person("no-fee-of-their-own", None, second)
        call_command("migrate", *after, verbosity=0)
        fees = older.models_of(after).get_model("clinic", "OwnFee").objects
        assert set(fees.values_list("psychologist__slug", "service__slug", "fee")) == {
            ("gives-one", "first", Decimal("195.00")),
            ("gives-all", "first", Decimal("205.00")),
            ("gives-all", "second", Decimal("205.00")),
        }
    finally:
        call_command("migrate", verbosity=0)


def told():
    return {notice.to: notice.text for notice in Notice.objects.filter(template="fee_changed")}


@pytest.mark.django_db
def test_managers_are_told_once_of_a_fee_that_a_psychologist_changed():
    make.clinic()
    session, assessment = make.service(name="Session", fee="220.00"), make.service(name="Report", fee="330.00")
    mai, boss, other = make.psychologist(), make.user(role=Role.MANAGER), make.user(role=Role.MANAGER)
    make.own_fee(mai, assessment, "300.00")
    make.user(role=Role.RECEPTION)
    by = make.actor(user=mai.user, role=Role.PSYCHOLOGIST)
    fees = {session.pk: Decimal("240.00"), assessment.pk: None}
    actions.update_psychologist(psychologist=mai, values={}, fees=fees, by=by, now=NOW)
    assert set(told()) == {boss.email, other.email}
    for text in told().values():
        assert f"{mai.name} changed what they charge." in text
        assert "Session: $220.00 → $240.00\n" in text
        assert "Report: $300.00 → $330.00 (the clinic’s usual fee)" in text
    actions.update_psychologist(psychologist=mai, values={}, fees=fees, by=by, now=NOW)
    assert Notice.objects.count() == 2, "what stays the same is not told"


@pytest.mark.django_db
def test_a_psychologist_is_told_of_a_fee_that_a_manager_changed():
    make.clinic()
    session, mai, boss = make.service(name="Session", fee="220.00"), make.psychologist(), make.user(role=Role.MANAGER)
    by = make.actor(user=boss, role=Role.MANAGER)
    actions.update_psychologist(psychologist=mai, values={}, fees={session.pk: Decimal("200")}, by=by, now=NOW)
    assert set(told()) == {mai.user.email}
    assert f"{boss.name} changed what you charge." in told()[mai.user.email]
    assert "Session: $220.00 → $200.00" in told()[mai.user.email]


@pytest.mark.django_db
def test_who_is_both_is_told_of_nothing_that_they_did_themself():
    make.clinic()
    both = make.user(roles=(Role.MANAGER, Role.PSYCHOLOGIST))
    session, mai = make.service(), make.psychologist(user=both)
    by = make.actor(user=both, role=Role.MANAGER)
    actions.update_psychologist(psychologist=mai, values={}, fees={session.pk: Decimal("200")}, by=by, now=NOW)
    assert told() == {}
