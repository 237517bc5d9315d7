"""What Medicare would refuse, said before the paper goes out."""

from dataclasses import replace
from datetime import date, time
from decimal import Decimal

import pytest

from portal.medicare.findings import Facts, Letter, Level
from portal.medicare.ledger import Why
from portal.medicare.readiness import findings, findings_of

D = Decimal
TODAY = date(2026, 11, 30)
LETTER = Letter(
    name="Dr Priya Raman",
    number="2429581T",
    practice="Carlton",
    written_on=date(2026, 3, 2),
    services=6,
    usual_practitioner=True,
)
CLEAN = Facts(
    item="80010",
    service_date=date(2026, 11, 24),
    starts=time(14),
    minutes=50,
    mode="in_person",
    charged=D("220.00"),
    benefit=D("149.05"),
    due_benefit=D("149.05"),
    registration="clinical",
    provider_number="4024742F",
    number_on_file="4024742F",
    practice_address="1 Main Street, Carlton VIC 3053",
    letter=LETTER,
    patient_name="Anna Berg",
    card_number="2951873125",
    irn="1",
    card_expires=date(2028, 1, 31),
    card_name="ANNA BERG",
)


def found(facts=CLEAN, *, today=TODAY, **changes):
    return {(one.code, str(one.level)) for one in findings(replace(facts, **changes), today=today)}


def letter(**changes):
    return {"letter": replace(LETTER, **changes)}


def test_clean_invoice_has_nothing_to_say():
    assert found() == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # The service
        ({"service_date": None}, "no_date"),
        ({"service_date": date(2026, 12, 1)}, "in_future"),
        ({"service_date": date(2024, 11, 29)}, "too_old"),
        ({"was_held": False}, "not_held"),
        ({"is_abroad": True}, "abroad"),
        ({"others": 1, "starts": None}, "same_day_untimed"),
        ({"others": 1, "others_timed": False}, "same_day_untimed"),
        # The item
        ({"item": "23"}, "unknown_item"),
        ({"due_benefit": None}, "not_in_force"),
        ({"minutes": 47}, "too_short"),
        ({"item": "80000", "minutes": 50}, "too_long"),
        ({"item": "80000", "minutes": 25}, "too_short"),
        ({"mode": "video"}, "wrong_mode"),
        ({"item": "91167"}, "wrong_mode"),
        ({"item": "91182", "mode": "video"}, "wrong_mode"),
        ({"item": "91167", "mode": "phone"}, "wrong_mode"),
        ({"is_outside": True}, "wrong_setting"),
        ({"item": "80015", "is_outside": False}, "wrong_setting"),
        ({"registration": "general"}, "wrong_registration"),
        ({"registration": "provisional"}, "provisional"),
        # Who gave it
        ({"provider_number": "", "practice_address": ""}, "no_provider"),
        (
            {"provider_number": "2429581T", "elsewhere_numbers": frozenset({"2429581T"}), **letter(number="4024742F")},
            "other_location",
        ),
        ({"number_on_file": "", "elsewhere_numbers": frozenset({"4024742F"})}, "other_location"),
        # Who referred
        ({"letter": None}, "no_referral"),
        (letter(kind="other"), "not_for_medicare"),
        (letter(name=" "), "no_referrer"),
        (letter(number="", practice=""), "no_referrer_number"),
        (letter(number="4024742F"), "referrer_is_provider"),
        (letter(written_on=None), "referral_undated"),
        (letter(written_on=date(2026, 11, 25)), "referral_later"),
        (letter(is_for_group=True), "wrong_referral"),
        # What is used up
        ({"why": Why.USED_UP}, "course_used_up"),
        ({"why": Why.YEAR_IS_USED_UP}, "year_used_up"),
        # The rest
        ({"patient_name": ""}, "no_patient"),
        ({"quantity": D(2)}, "several"),
        ({"charged": D(0)}, "nothing_charged"),
    ],
)
def test_what_medicare_would_refuse_is_red(changes, code):
    assert (code, "red") in found(**changes)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"others": 1}, "same_day"),
        ({"starts": None}, "no_time"),
        ({"is_verified": False}, "inferred_fee"),
        ({"minutes": None}, "no_minutes"),
        ({"provider_number": ""}, "no_provider_number"),
        ({"number_on_file": "4024741A"}, "number_changed"),
        ({"provider_number": "4024742A", "number_on_file": "4024742A"}, "provider_check"),
        (letter(number=""), "no_referrer_number"),
        (letter(number="2429581A"), "referrer_check"),
        (letter(services=None), "unstated"),
        (letter(is_corrected=True), "referral_corrected"),
        (letter(lacks=("A signature",)), "letter_lacks"),
        (letter(usual_practitioner=None), "usual_practitioner"),
        (letter(usual_practitioner=False), "usual_practitioner"),
        ({"is_last": True}, "report_due"),
        ({"card_number": ""}, "no_card"),
        ({"card_is_right": False}, "card_check"),
        ({"irn": ""}, "no_irn"),
        ({"card_expires": date(2026, 10, 31)}, "card_expired"),
        ({"card_name": "ANNE BERG"}, "card_name"),
        ({"charged": D("120.00"), "benefit": D("120.00")}, "below_benefit"),
        ({"benefit": D("145.25")}, "other_benefit"),
        ({"gst": D("20.00")}, "taxed"),
    ],
)
def test_what_is_worth_a_look_is_amber_and_alone(changes, code):
    assert found(**changes) == {(code, "amber")}


@pytest.mark.parametrize(
    ("item", "registration", "minutes", "codes"),
    [
        # Scenario 7: 48 minutes of a clinical psychologist are the lower tier, 25 are none; of a registered one, lower.
        ("80010", "clinical", 48, {"too_short"}),
        ("80000", "clinical", 48, set()),
        ("80000", "clinical", 25, {"too_short"}),
        ("80100", "general", 25, set()),
        ("80010", "clinical", 50, set()),
        ("80000", "clinical", 49, set()),
        ("80110", "general", 49, {"too_short"}),
    ],
)
def test_minutes_are_those_of_the_tier(item, registration, minutes, codes):
    said = found(item=item, registration=registration, minutes=minutes)
    assert {code for code, level in said if level == "red"} == codes


@pytest.mark.parametrize(
    ("kind", "written_on", "stated", "amber"),
    [
        # Scenario 12: who wrote a letter before 1 November 2025 is nobody's question.
        ("gp_plan", date(2025, 10, 30), None, False),
        ("gp_plan", date(2025, 10, 31), False, False),
        ("gp_plan", date(2025, 11, 1), None, True),
        ("gp_plan", date(2025, 11, 2), None, True),
        ("gp_plan", date(2025, 11, 2), True, False),
        ("psychiatrist", date(2025, 11, 2), None, False),
        ("paediatrician", date(2026, 3, 1), None, False),
        ("psychiatrist_plan", date(2026, 3, 1), None, False),
    ],
)
def test_usual_practitioner_is_asked_for_since_november_2025(kind, written_on, stated, amber):
    said = found(**letter(kind=kind, written_on=written_on, usual_practitioner=stated))
    assert said == ({("usual_practitioner", "amber")} if amber else set())


def test_letter_of_the_day_of_the_service_is_in_time():
    assert found(**letter(written_on=CLEAN.service_date)) == set()


@pytest.mark.parametrize(
    ("service", "today", "late"),
    [
        (date(2024, 11, 30), date(2026, 11, 30), False),
        (date(2024, 11, 30), date(2026, 12, 1), True),
        (date(2024, 2, 29), date(2026, 2, 28), False),
        (date(2024, 2, 29), date(2026, 3, 1), False),
        (date(2024, 2, 29), date(2026, 3, 2), True),
    ],
)
def test_two_years_are_two_years(service, today, late):
    said = found(service_date=service, today=today, **letter(written_on=service))
    assert (("too_old", "red") in said) is late


@pytest.mark.parametrize(("attended", "code"), [(3, "group_size"), (4, ""), (10, ""), (11, "group_size")])
def test_group_is_of_four_to_ten(attended, code):
    said = found(item="80020", minutes=60, attended=attended, **letter(is_for_group=True))
    assert said == ({(code, "red")} if code else set())


def test_group_that_nobody_counted_is_amber():
    assert found(item="80020", minutes=60, **letter(is_for_group=True)) == {("group_uncounted", "amber")}


@pytest.mark.parametrize(
    ("remoteness", "kilometres", "attended", "code"),
    [
        # Scenario 6: by video only for who is far away, and with four to ten.
        (2, 40, 5, "group_too_near"),
        (5, 12, 5, "group_too_near"),
        (5, 40, 3, "group_size"),
        (3, None, 5, "group_too_near"),
        (5, 40, 4, ""),
        (4, 15, 10, ""),
    ],
)
def test_group_by_video_is_for_those_far_away(remoteness, kilometres, attended, code):
    facts = {"item": "80021", "mode": "video", "minutes": 60, "attended": attended, **letter(is_for_group=True)}
    said = found(**facts, remoteness=remoteness, kilometres=kilometres)
    assert said == ({(code, "red")} if code else set())
    assert found(**facts) >= {("group_by_video", "amber")}


def test_group_needs_a_referral_of_its_own():
    assert ("wrong_referral", "red") in found(item="80020", minutes=60, attended=5)


def test_session_with_a_carer_asks_for_consent_and_stops_at_the_cap():
    carer = replace(CLEAN, item="80012")
    assert found(carer) == {("carer_consent", "amber")}
    assert ("carers_used_up", "red") in found(carer, why=Why.CARERS_ARE_USED_UP)


def test_red_stands_before_amber_and_both_are_sentences():
    said = findings(replace(CLEAN, starts=None, minutes=47, letter=None), today=TODAY)
    assert [one.level for one in said] == [Level.RED, Level.RED, Level.AMBER]
    assert all(one.words.endswith(".") for one in said)
    assert "47 minutes are billed by item 80010, which is for 50 minutes or more." in [one.words for one in said]


def test_several_services_say_which_day_is_meant():
    rows = [CLEAN, replace(CLEAN, service_date=date(2026, 11, 17), minutes=47)]
    assert [one.words for one in findings_of(rows, today=TODAY)] == [
        "17 Nov 2026: 47 minutes are billed by item 80010, which is for 50 minutes or more."
    ]


def test_what_is_bulk_billed_is_not_claimed_without_the_card():
    assert ("bulk_without_card", "red") in found(is_bulk_billed=True, card_number="", irn="")
    assert ("bulk_without_irn", "red") in found(is_bulk_billed=True, irn="")
    words = [one.words for one in findings(replace(CLEAN, is_bulk_billed=True, card_number="", irn=""), today=TODAY)]
    assert not any("card in hand" in one for one in words)
