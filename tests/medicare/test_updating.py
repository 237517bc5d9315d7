"""What a file of the schedule changes, and what it never does."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.medicare import schedule, updating
from portal.medicare.catalogue import KNOWN
from portal.medicare.models import MbsItem, ScheduleUpdate
from portal.medicare.refusals import AlreadyApplied, AnotherIsApplied, NothingToApply, ScheduleChanged
from portal.medicare.update_words import doubts_in_words, what_in_words
from portal.medicare.updating import What
from tests.medicare.schedules import OUTSIDE, file_of, opened, record

D = Decimal
pytestmark = pytest.mark.django_db
NOW = datetime(2027, 7, 5, 1, tzinfo=UTC)
TODAY = date(2027, 7, 5)
BY = Actor.system("test")


def kept(*records):
    found, digest = updating.read_file(file=opened(*records))
    return updating.keep(schedule=found, digest=digest, name="MBS-XML-20270701.XML", by=BY, now=NOW)


def applied(*records):
    update = kept(*records)
    updating.ask_to_apply(update=update, seen=updating.comparison_of(update).seen, by=BY, now=NOW)
    updating.apply(update_id=update.pk, today=TODAY, now=NOW, by=BY)
    update.refresh_from_db()
    return update


def rows(item):
    return list(MbsItem.objects.standing().filter(item=item).order_by("valid_from").values_list("valid_from", "fee"))


def of(update, item):
    return next(line for line in updating.comparison_of(update).lines if line.item == item)


@pytest.mark.parametrize(
    ("fee", "benefit"),
    [
        ("44.50", "37.85"),
        ("82.40", "70.05"),
        ("30.45", "25.90"),
        ("41.50", "35.30"),
        ("161.20", "137.05"),
        ("160.40", "136.35"),
        ("175.30", "149.05"),
        ("119.45", "101.55"),
        ("100.00", "85.00"),
        ("0.01", "0.05"),
    ],
)
def test_benefit_is_85_per_cent_rounded_up_to_five_cents(fee, benefit):
    assert updating.benefit_of(D(fee)) == D(benefit)


def test_items_with_a_fee_are_known_as_their_rows_are():
    for row in MbsItem.objects.all():
        known = KNOWN[row.item]
        assert (known.registration, known.counts_towards, known.mode) == (
            row.registration,
            row.counts_towards,
            row.mode,
        )
        assert (known.setting, known.least, known.below) == (row.setting, row.min_minutes, row.max_minutes)
    assert len(KNOWN) == 44


def test_new_fee_is_a_new_row_and_each_day_keeps_its_own():
    applied(record("80010", "179.60", benefit="152.70"))
    assert rows("80010") == [
        (date(2025, 7, 1), D("170.85")),
        (date(2026, 7, 1), D("175.30")),
        (date(2027, 7, 1), D("179.60")),
    ]
    june = schedule.propose(registration="clinical", minutes=50, mode="in_person", on=date(2027, 6, 30))
    july = schedule.propose(registration="clinical", minutes=50, mode="in_person", on=date(2027, 7, 1))
    assert (june.fee, june.benefit) == (D("175.30"), D("149.05"))
    assert (july.fee, july.benefit) == (D("179.60"), D("152.70"))
    assert july.source == "Medicare Benefits Schedule, MBS-XML-20270701.XML"


def test_nothing_is_written_before_it_is_applied():
    before = list(MbsItem.objects.values())
    update = kept(record("80010", "179.60"))
    assert of(update, "80010").what == What.NEW_FEE
    assert list(MbsItem.objects.values()) == before


def test_inferred_fee_that_a_file_says_too_is_confirmed():
    applied(record("80000", "119.45", "01.07.2026"))
    row = MbsItem.objects.get(item="80000", valid_until=None)
    assert (row.evidence, row.evidence_note, row.read_on) == ("published", "", TODAY)
    assert row.known_since == TODAY


def test_wrong_fee_of_the_same_days_is_replaced_and_kept():
    wrong = MbsItem.objects.get(item="80000", valid_until=None)
    applied(record("80000", "120.00", "01.07.2026"))
    wrong.refresh_from_db()
    assert (wrong.fee, wrong.replaced_on) == (D("119.45"), TODAY)
    assert rows("80000")[-1] == (date(2026, 7, 1), D("120.00"))
    found = schedule.propose(registration="clinical", minutes=30, mode="in_person", on=TODAY)
    assert found.fee == D("120.00")


def test_fee_of_days_past_ends_where_the_next_begins():
    applied(record("80010", "173.00", "01.01.2026"))
    assert [(r.valid_from, r.valid_until) for r in MbsItem.objects.filter(item="80010").order_by("valid_from")] == [
        (date(2025, 7, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 6, 30)),
        (date(2026, 7, 1), None),
    ]


def test_item_whose_fee_was_not_found_is_taken_where_the_file_describes_it():
    applied(record("80005", "143.00", description=OUTSIDE))
    row = MbsItem.objects.get(item="80005")
    assert (row.setting, row.min_minutes, row.max_minutes, row.mode) == ("outside", 30, 50, "in_person")
    inside = schedule.propose(registration="clinical", minutes=40, mode="in_person", on=TODAY)
    outside = schedule.propose(registration="clinical", minutes=40, mode="in_person", on=TODAY, outside=True)
    assert (inside.item, outside.item) == ("80000", "80005")


@pytest.mark.parametrize(
    ("item", "description", "detail"),
    [
        ("80005", "", "description"),
        ("80005", OUTSIDE.replace("30", "20"), "minutes"),
        ("80005", OUTSIDE.replace("but less than 50 minutes", ""), "minutes"),
        ("80005", OUTSIDE.replace("a place other than consulting rooms", "consulting rooms"), "setting"),
        ("80015", OUTSIDE, "minutes"),
        ("91198", "Lasting at least 30 minutes but less than 50 minutes, to a carer.", "mode"),
        ("91168", "Lasting at least 30 minutes but less than 50 minutes, to a carer.", "mode"),
        ("80002", "At consulting rooms, at least 30 minutes but less than 50 minutes.", "carer"),
    ],
)
def test_item_that_the_file_describes_as_another_is_not_taken(item, description, detail):
    update = kept(record(item, "143.00", description=description))
    line = of(update, item)
    assert (line.what, line.detail) == (What.UNLIKE, detail)
    assert what_in_words(line).startswith("Not taken")


def test_benefit_of_the_file_that_is_another_is_said():
    line = of(kept(record("80010", "179.60", benefit="150.00")), "80010")
    assert line.benefit == D("152.70")
    assert doubts_in_words(line) == [
        "The file says a benefit of $150.00; 85% of the fee, rounded up to five cents, is $152.70."
    ]


def test_fee_that_jumps_is_pointed_at():
    assert doubts_in_words(of(kept(record("80010", "17.96")), "80010")) == [
        "The fee moves by more than a quarter: compare it with MBS Online."
    ]


@pytest.mark.parametrize(
    ("records", "what"),
    [
        ((record("80010", "160.40", "01.07.2023"),), What.OLDER),
        ((record("80010", "abc"),), What.UNREAD),
        ((record("80000", "122.40"),), What.MISSING),
        ((record("80010", "175.30", "01.07.2026"),), What.CONFIRMED),
        ((record("91182", "175.30", "01.07.2026"), record("80010", "abc")), What.UNREAD),
        ((record("80010", "175.30", "01.07.2026", ItemEndDate="31.12.2027"),), What.ENDS),
    ],
)
def test_what_is_left_as_it_is_says_so(records, what):
    line = of(kept(*records), "80010")
    assert line.what == what
    assert what_in_words(line)


def test_item_that_ends_is_billed_until_its_last_day():
    applied(record("80010", "175.30", "01.07.2026", ItemEndDate="31.12.2027"))
    last, next_day = date(2027, 12, 31), date(2028, 1, 1)
    asked = {"registration": "clinical", "minutes": 50, "mode": "in_person"}
    assert schedule.propose(**asked, on=last).item == "80010"
    assert schedule.propose(**asked, on=next_day) is None


def test_file_that_says_the_same_makes_the_rows_as_new_as_itself():
    applied(record("91182", "175.30", "01.07.2026"))
    assert MbsItem.objects.get(item="91182", valid_until=None).known_since == TODAY


# ---- Two managers, double clicks -------------------------------------------------------------------------------------


def test_update_is_applied_once_however_often_it_is_asked_for():
    update = applied(record("80010", "179.60"))
    with pytest.raises(AlreadyApplied):
        updating.ask_to_apply(update=update, seen="", by=BY, now=NOW)
    assert updating.apply(update_id=update.pk, today=TODAY, now=NOW, by=BY) is False
    assert len(rows("80010")) == 3


def test_file_compared_before_another_was_applied_is_refused():
    old = kept(record("80010", "180.00"))
    seen = updating.comparison_of(old).seen
    applied(record("80010", "179.60"))
    with pytest.raises(ScheduleChanged):
        updating.ask_to_apply(update=old, seen=seen, by=BY, now=NOW)


def test_second_file_waits_for_the_first():
    first, second = kept(record("80010", "179.60")), kept(record("80000", "122.40"))
    updating.ask_to_apply(update=first, seen=updating.comparison_of(first).seen, by=BY, now=NOW)
    with pytest.raises(AnotherIsApplied):
        updating.ask_to_apply(update=second, seen=updating.comparison_of(second).seen, by=BY, now=NOW)


def test_file_of_which_nothing_can_be_taken_is_not_applied():
    update = kept(record("80005", "143.00", description=""))
    with pytest.raises(NothingToApply):
        updating.ask_to_apply(update=update, seen=updating.comparison_of(update).seen, by=BY, now=NOW)


def test_update_that_was_interrupted_goes_on_where_it_was():
    update = kept(record("80000", "122.40"), record("80010", "179.60"))
    updating.ask_to_apply(update=update, seen=updating.comparison_of(update).seen, by=BY, now=NOW)
    assert updating._apply_next(update.pk, today=TODAY, now=NOW, by=BY) is True
    update.refresh_from_db()
    assert (update.status, update.done, update.total) == ("applying", 1, 2)
    updating.apply(update_id=update.pk, today=TODAY, now=NOW + timedelta(hours=1), by=BY)
    update.refresh_from_db()
    assert (update.status, update.done) == ("applied", 2)
    assert [len(rows(item)) for item in ("80000", "80010")] == [3, 3]


def test_two_updates_at_a_time_are_refused_by_the_database():
    for n in range(2):
        update = kept(record("80010", f"18{n}.00"))
        change = ScheduleUpdate.objects.filter(pk=update.pk)
        if n:
            with pytest.raises(IntegrityError), transaction.atomic():
                change.update(status="applying", asked_at=NOW)
        else:
            change.update(status="applying", asked_at=NOW)


# ---- The command -----------------------------------------------------------------------------------------------------


def command(*args):
    out = StringIO()
    call_command("import_mbs_xml", *map(str, args), stdout=out, no_color=True)
    return out.getvalue()


def test_command_shows_and_writes_only_when_told(tmp_path):
    file = tmp_path / "MBS-XML-20270701.XML"
    file.write_bytes(file_of(record("3", "20.05"), record("80010", "179.60", benefit="152.70")))
    shown = command(file)
    assert "2 items, 1 that psychologists bill" in shown
    assert "80010  $179.60, benefit $152.70. New fee from 1 Jul 2027; until then $175.30." in shown
    assert "1 would change" in shown
    assert (len(rows("80010")), ScheduleUpdate.objects.count()) == (2, 0)
    assert "Written: 1 changed." in command(file, "--apply")
    assert len(rows("80010")) == 3
    assert Entry.objects.filter(verb="schedule.applied").count() == 1
    assert "Nothing would change." in command(file)


def test_command_says_in_words_what_is_wrong_with_a_file(tmp_path):
    with pytest.raises(CommandError, match="can't be opened: No such file"):
        command(tmp_path / "none.xml")
    (tmp_path / "bad.xml").write_text("<a>")
    with pytest.raises(CommandError, match="This is not an XML file, or it is broken"):
        command(tmp_path / "bad.xml", "--apply")
