from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.medicare import actions
from portal.medicare.forms import ReferralForm
from portal.medicare.models import Referral
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def letter(**fields):
    return {
        "referrer_name": "Dr Priya Raman",
        "referrer_provider_number": "2429581T",
        "written_on": date(2026, 11, 3),
        "services": 6,
    } | fields


def add(patient=None, **fields):
    return actions.add_referral(patient=patient or make.patient(), by=make.actor(), now=NOW, **letter(**fields))


def test_adding_one_leaves_a_line_in_the_trail():
    referral = add()
    entry = Entry.objects.get(verb="referral.added")
    assert (entry.target_label, entry.target_code) == ("medicare.Referral", str(referral.code))
    assert entry.facts == {"patient": str(referral.patient.code)}
    assert referral.created_at == NOW


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"services": 6}, "6 services"),
        ({"services": 1}, "1 service"),
        ({"services": None}, ""),
        ({"services": 6, "period": "12 months"}, "12 months"),
        ({"services": None, "period": "indefinitely"}, "indefinitely"),
        ({"services": None, "decided": 5}, "5 services"),
        ({"services": 10, "decided": 6}, "6 services"),
    ],
)
def test_the_period_printed(fields, words):
    assert Referral(**fields).period_text == words


def test_who_sees_one():
    account, psychologist = make.user(), make.psychologist()
    referral = add(make.patient(user=account))
    others = add()
    make.appointment(patient=referral.patient, psychologist=psychologist)

    def seen(user, role):
        return set(Referral.objects.visible_to(Actor(user, role)))

    assert seen(account, Role.PATIENT) == {referral}
    assert seen(psychologist.user, Role.PSYCHOLOGIST) == {referral}
    assert seen(make.psychologist().user, Role.PSYCHOLOGIST) == set()
    assert seen(make.staff(), Role.RECEPTION) == seen(make.staff(), Role.MANAGER) == {referral, others}
    assert set(Referral.objects.visible_to(Actor.system("job"))) == set()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"referrer_provider_number": "", "referrer_practice": ""}, "referral_says_where_the_referrer_is"),
        ({"services": 0}, "referral_services_at_least_one"),
        ({"services": 4, "used_elsewhere": 5}, "referral_used_elsewhere_within_services"),
        ({"decided": 3, "decided_how": "asked", "used_elsewhere": 4}, "referral_used_elsewhere_within_services"),
        ({"decided": 6}, "referral_decided_with_how"),
        ({"decided": 6, "decided_how": "judgement"}, "referral_decided_with_how"),
        ({"decided_note": "rang twice"}, "referral_decided_with_how"),
        ({"ended_at": NOW}, "referral_ended_with_why"),
        ({"ended_at": NOW, "end": "taken_off", "ended_why": "mistyped"}, "referral_ended_with_why"),
        ({"ended_at": NOW, "end": "corrected", "ended_why": "elsewhere"}, "referral_ended_with_why"),
    ],
)
def test_a_wrong_row_is_refused(fields, name):
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        make.referral(**fields)


def form(**data):
    typed = {
        "kind": "gp_plan",
        "referrer_name": "Dr Priya Raman",
        "referrer_provider_number": "2429581T",
        "referrer_practice": "",
        "written_on": "2026-11-03",
        "services": "6",
        "period": "",
    }
    return ReferralForm(typed | data, today=TODAY)


def test_the_form_gives_what_the_action_takes():
    typed = form(referrer_provider_number=" 242 9581t ")
    assert typed.is_valid(), typed.errors
    referral = actions.add_referral(patient=make.patient(), by=make.actor(), now=NOW, **typed.cleaned_data)
    assert (referral.referrer_provider_number, referral.written_on) == ("2429581T", date(2026, 11, 3))


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({"written_on": "2026-11-25"}, "written_on", "future"),
        ({"written_on": "2026-02-31"}, "written_on", "no_such_date"),
        ({"referrer_provider_number": "12"}, "referrer_provider_number", "provider_number"),
        ({"referrer_provider_number": "2429581A"}, "referrer_provider_number", "check"),
        ({"referrer_provider_number": ""}, "referrer_provider_number", "where"),
        ({"services": "0"}, "services", "min_value"),
        ({"services": "51"}, "services", "max_value"),
        ({"referrer_name": "x" * 121}, "referrer_name", "too_long"),
        ({"decided": "6"}, "decided_how", "how"),
        ({"decided": "6", "decided_how": "judgement"}, "decided_note", "note"),
        ({"decided_how": "asked"}, "decided", "decided"),
        ({"used_elsewhere": "7"}, "used_elsewhere", "more"),
    ],
)
def test_the_form_says_what_is_wrong_beside_its_field(data, field, code):
    typed = form(**data)
    assert {name: [e.code for e in errors] for name, errors in typed.errors.as_data().items()} == {field: [code]}
    assert typed[field].value() == data.get(field)


def test_a_number_that_fails_its_check_passes_when_confirmed():
    typed = form(referrer_provider_number="2429581A", confirm_number="on")
    assert typed.is_valid()
    assert typed.cleaned_data["referrer_provider_number"] == "2429581A"


def test_an_address_serves_instead_of_a_number():
    assert form(referrer_provider_number="", referrer_practice="1 High St, Coburg").is_valid()
