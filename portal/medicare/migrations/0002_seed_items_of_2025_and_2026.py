"""The items of Better Access whose fees are known, from 1 July 2025.

Not seeded, because no fee was found: 80005, 80015, 80105, 80115 (out of rooms), 80022, 80023 (group of 90 minutes).
"""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import migrations

FIRST, SECOND = date(2025, 7, 1), date(2026, 7, 1)
LAST_OF_FIRST = date(2026, 6, 30)

SCHEDULE = "Medicare Benefits Schedule"
SITE = "https://www.billingcodes.com.au/mbs/item/"

# registration, counts_towards, min, max, fee and benefit from 1 July 2025, the same from 1 July 2026, items as
# (item, mode, evidence, note).
PUBLISHED, DERIVED, INFERRED = "published", "derived", "inferred"
SAME_FEE = "Video and phone items carry the fee of the item in rooms."
EQUAL = "Inferred: historically equal to a registered psychologist's 50 minutes. Confirm in the MBS XML file."
NO_85 = "The fee is published; the benefit is 85 % rounded up to five cents."
GROUPS = [
    (
        "clinical", "individual", 50, None, ("170.85", "145.25"), ("175.30", "149.05"),
        [
            ("80010", "in_person", DERIVED, "Follows from 91182."),
            ("91167", "video", DERIVED, "Follows from 91182."),
            ("91182", "phone", PUBLISHED, ""),
        ],
    ),
    (
        "clinical", "individual", 30, 50, ("116.40", "98.95"), ("119.45", "101.55"),
        [
            ("80000", "in_person", INFERRED, EQUAL),
            ("91166", "video", INFERRED, EQUAL),
            ("91181", "phone", INFERRED, EQUAL),
        ],
    ),
    (
        "general", "individual", 50, None, ("116.40", "98.95"), ("119.45", "101.55"),
        [
            ("80110", "in_person", DERIVED, "Follows from 91201."),
            ("91170", "video", DERIVED, "Follows from 91201."),
            ("91184", "phone", DERIVED, "Follows from 91201."),
        ],
    ),
    ("general", "carer", 50, None, ("116.40", "98.95"), ("119.45", "101.55"), [("91201", "phone", PUBLISHED, "")]),
    (
        "general", "individual", 20, 50, ("82.50", "70.15"), ("84.65", "72.00"),
        [
            ("80100", "in_person", DERIVED, "Follows from 91169."),
            ("91169", "video", PUBLISHED, NO_85),
            ("91183", "phone", DERIVED, "Follows from 91169."),
        ],
    ),
    (
        "clinical", "group", 60, 90, ("43.35", "36.85"), ("44.50", "37.85"),
        [("80020", "in_person", PUBLISHED, ""), ("80021", "video", PUBLISHED, "")],
    ),
    (
        "clinical", "group", 120, None, ("80.30", "68.30"), ("82.40", "70.05"),
        [("80024", "in_person", PUBLISHED, ""), ("80025", "video", PUBLISHED, "")],
    ),
    (
        "general", "group", 60, 90, ("29.70", "25.25"), ("30.45", "25.90"),
        [("80120", "in_person", DERIVED, "Follows from 80121."), ("80121", "video", PUBLISHED, "")],
    ),
    (
        "general", "group", 90, 120, ("40.45", "34.40"), ("41.50", "35.30"),
        [("80122", "in_person", DERIVED, "Follows from 80123."), ("80123", "video", PUBLISHED, "")],
    ),
    (
        "general", "group", 120, None, ("54.95", "46.75"), ("56.40", "47.95"),
        [("80127", "in_person", DERIVED, "Follows from 80128."), ("80128", "video", PUBLISHED, NO_85)],
    ),
]  # fmt: skip

WHO = {"clinical": "Clinical psychologist", "general": "Registered psychologist"}
WHAT = {
    "individual": "individual service",
    "group": "group service, 4 to 10 people",
    "carer": "family or carer service",
}
HOW = {"in_person": "in consulting rooms", "video": "by video", "phone": "by phone"}


def description(registration: str, counts_towards: str, mode: str, least: int, below: int | None) -> str:
    length = f"at least {least} minutes" if below is None else f"at least {least} and less than {below} minutes"
    return f"{WHO[registration]}, {WHAT[counts_towards]}, {HOW[mode]}, {length}"


def seed(apps: Any, schema_editor: Any) -> None:
    item_model = apps.get_model("medicare", "MbsItem")
    rows = []
    for registration, counts_towards, least, below, before, since, items in GROUPS:
        for item, mode, evidence, note in items:
            for (fee, benefit), first, last in ((before, FIRST, LAST_OF_FIRST), (since, SECOND, None)):
                rows.append(
                    item_model(
                        item=item,
                        valid_from=first,
                        valid_until=last,
                        registration=registration,
                        mode=mode,
                        setting="rooms" if mode == "in_person" else "anywhere",
                        min_minutes=least,
                        max_minutes=below,
                        fee=Decimal(fee),
                        benefit=Decimal(benefit),
                        description=description(registration, counts_towards, mode, least, below),
                        counts_towards=counts_towards,
                        evidence=evidence,
                        evidence_note=note,
                        source=f"{SCHEDULE}, {first:%B %Y}",
                        source_url=f"{SITE}{item}",
                    )
                )
    item_model.objects.bulk_create(rows)


def unseed(apps: Any, schema_editor: Any) -> None:
    items = [item for *_, items in GROUPS for item, *_ in items]
    apps.get_model("medicare", "MbsItem").objects.filter(item__in=items, valid_from__in=[FIRST, SECOND]).delete()


class Migration(migrations.Migration):
    dependencies = [("medicare", "0001_initial")]
    operations = [migrations.RunPython(seed, unseed)]
