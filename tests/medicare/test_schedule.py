from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import import_module

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction

from portal.medicare.models import MbsItem
from portal.medicare.schedule import propose

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("registration", "minutes", "mode", "item"),
    [
        # Scenario 7: 48 minutes is the lower tier, 50 exactly the upper one, 25 too short for a clinical psychologist.
        ("clinical", 48, "in_person", "80000"),
        ("clinical", 50, "in_person", "80010"),
        ("clinical", 49, "video", "91166"),
        ("clinical", 90, "video", "91167"),
        ("clinical", 30, "phone", "91181"),
        ("clinical", 50, "phone", "91182"),
        ("clinical", 29, "in_person", None),
        ("clinical", 25, "in_person", None),
        ("general", 25, "in_person", "80100"),
        ("general", 20, "video", "91169"),
        ("general", 49, "phone", "91183"),
        ("general", 50, "in_person", "80110"),
        ("general", 55, "video", "91170"),
        ("general", 50, "phone", "91184"),
        ("general", 19, "in_person", None),
        ("provisional", 50, "in_person", None),
        ("clinical", 0, "in_person", None),
    ],
)
def test_the_item_of_a_session(registration, minutes, mode, item):
    found = propose(registration=registration, minutes=minutes, mode=mode, on=TODAY)
    assert (found.item if found else None) == item


@pytest.mark.parametrize(
    ("on", "fee", "benefit"),
    [
        # Scenario 17: the day of the service decides, whenever it is billed.
        (date(2026, 6, 30), "170.85", "145.25"),
        (date(2026, 7, 1), "175.30", "149.05"),
        (date(2025, 7, 1), "170.85", "145.25"),
        (date(2030, 1, 1), "175.30", "149.05"),
    ],
)
def test_the_fee_is_that_of_the_day(on, fee, benefit):
    item = propose(registration="clinical", minutes=50, mode="in_person", on=on)
    assert (item.fee, item.benefit) == (Decimal(fee), Decimal(benefit))


def test_a_day_before_the_first_known_fee_has_none():
    assert propose(registration="clinical", minutes=50, mode="in_person", on=date(2025, 6, 30)) is None


def test_a_fee_to_come_takes_over_on_its_day():
    old = MbsItem.objects.get(item="80010", valid_until=None)
    MbsItem.objects.filter(pk=old.pk).update(valid_until=date(2027, 6, 30))
    old.pk, old.valid_from, old.fee, old.benefit = None, date(2027, 7, 1), Decimal("180.00"), Decimal("153.00")
    old.save()
    before, after = (
        propose(registration="clinical", minutes=50, mode="in_person", on=day)
        for day in (date(2027, 6, 30), date(2027, 7, 1))
    )
    assert (before.fee, after.fee) == (Decimal("175.30"), Decimal("180.00"))


def test_groups_and_carers_are_never_proposed():
    proposed = {
        found.item
        for registration in ("clinical", "general", "provisional")
        for minutes in range(200)
        for mode in ("in_person",)
        if minutes in (20, 30, 50, 60, 90, 120, 199)
        and (found := propose(registration=registration, minutes=minutes, mode=mode, on=TODAY))
    }
    assert proposed == {"80000", "80010", "80100", "80110"}


def test_every_seeded_benefit_is_85_percent_up_to_five_cents():
    rows = list(MbsItem.objects.all())
    assert len(rows) == 46
    cents = [(row.item, row.fee * 100, row.benefit * 100) for row in rows]
    assert [item for item, fee, benefit in cents if benefit % 5 or not 0 <= benefit - fee * Decimal("0.85") < 5] == []


def test_items_without_a_known_fee_are_not_seeded():
    unknown = ["80005", "80015", "80105", "80115", "80022", "80023"]
    assert list(MbsItem.objects.filter(item__in=unknown)) == []


def test_every_row_says_how_it_is_known_and_where_from():
    assert not MbsItem.objects.filter(source="").exists()
    assert not MbsItem.objects.filter(source_url="").exists()
    inferred = {row.item for row in MbsItem.objects.all() if not row.verified}
    assert inferred == {"80000", "91166", "91181"}
    assert not MbsItem.objects.filter(evidence="inferred", evidence_note="").exists()


def test_no_item_has_two_fees_on_one_day():
    for day in (date(2025, 7, 1), date(2026, 6, 30), date(2026, 7, 1), TODAY):
        items = list(MbsItem.objects.in_force(on=day).values_list("item", flat=True))
        assert len(items) == len(set(items)) == 23


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"valid_from": date(2026, 7, 1), "valid_until": date(2026, 8, 1)}, "mbs_item_one_fee_from_a_day"),
        ({"valid_from": date(2026, 8, 1), "valid_until": None}, "mbs_item_one_fee_is_open"),
        ({"valid_until": date(2019, 12, 31)}, "mbs_item_ends_after_it_begins"),
        ({"max_minutes": 50}, "mbs_item_minutes_are_a_span"),
        ({"benefit": Decimal("200")}, "mbs_item_benefit_is_part_of_the_fee"),
        ({"benefit": Decimal("0")}, "mbs_item_benefit_is_part_of_the_fee"),
        ({"registration": "provisional"}, "mbs_item_registration_may_bill"),
    ],
)
def test_a_wrong_row_is_refused(fields, name):
    row = MbsItem.objects.get(item="80010", valid_until=None)
    row.pk = None
    row.valid_from, row.valid_until = date(2020, 1, 1), date(2020, 12, 31)
    for field, value in fields.items():
        setattr(row, field, value)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        row.save()
    # SQLite names the columns of a broken uniqueness, not the rule.
    assert name in str(refusal.value) or ("one_fee" in name and "medicare_mbsitem.item" in str(refusal.value))


def test_the_seed_can_be_taken_back_and_sown_again():
    seed = import_module("portal.medicare.migrations.0002_seed_items_of_2025_and_2026")
    columns = [field.name for field in MbsItem._meta.concrete_fields if field.name != "id"]
    before = list(MbsItem.objects.order_by("item", "valid_from").values(*columns))
    seed.unseed(apps, None)
    assert MbsItem.objects.count() == 0
    seed.seed(apps, None)
    assert list(MbsItem.objects.order_by("item", "valid_from").values(*columns)) == before
