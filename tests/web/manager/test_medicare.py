"""The manager's page of the Medicare schedule: what stands, what a file would change, and applying it."""

from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.medicare import tasks
from portal.medicare.models import BetterAccessLimits, MbsItem, ScheduleUpdate
from tests import make
from tests.medicare.schedules import file_of, record

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 7, 5, 1, tzinfo=UTC)
HERE = reverse("manager:medicare")


@pytest.fixture
def manager(time_machine):
    time_machine.move_to(NOW, tick=False)
    make.clinic()
    make.mbs_items()
    return make.signed_in_client(role=Role.MANAGER)


def send(client, *records, content=None):
    file = SimpleUploadedFile("MBS-XML-20270701.XML", content if content is not None else file_of(*records))
    return client.post(HERE, {"file": file})


def text(response):
    return " ".join(response.content.decode().split())


def test_file_is_compared_applied_by_the_queue_and_shown(manager):
    answer = send(manager, record("80010", "179.60", benefit="150.00"), record("3", "20"))
    update = ScheduleUpdate.objects.get()
    there = reverse("manager:schedule_update", args=[update.code])
    assert (answer.status_code, answer.url) == (302, there)
    shown = manager.get(there)
    assert "New fee from 1 Jul 2027; until then $175.30" in text(shown)
    assert "The file says a benefit of $150.00" in text(shown)
    assert MbsItem.objects.filter(item="80010").count() == 2
    seen = shown.context["comparison"].seen
    assert manager.post(there, {"seen": seen}).status_code == 302
    waiting = manager.get(there)
    assert "Being applied: 0 of 1 written." in text(waiting)
    fragment = manager.get(there, headers={"HX-Request": "true", "HX-Target": "applying"})
    assert text(fragment).startswith('<section id="applying"')
    tasks.apply_update(update.pk)
    assert "Applied on 5 Jul 2027" in text(manager.get(there))
    assert MbsItem.objects.filter(item="80010").count() == 3
    # A second click.
    again = manager.post(there, {"seen": seen}, follow=True)
    assert "This file was sent to be applied before" in text(again)
    assert MbsItem.objects.filter(item="80010").count() == 3


def test_a_row_is_left_out_and_the_rest_is_written(manager):
    send(manager, record("80010", "180.00"), record("80110", "123.00"))
    update = ScheduleUpdate.objects.get()
    there = reverse("manager:schedule_update", args=[update.code])
    seen = manager.get(there).context["comparison"].seen
    kept = list(MbsItem.objects.filter(item="80010").values_list("fee", flat=True))
    manager.post(there, {"seen": seen, "leave": "80010"})
    tasks.apply_update(update.pk)
    assert list(MbsItem.objects.filter(item="80010").values_list("fee", flat=True)) == kept
    assert MbsItem.objects.filter(item="80110", fee="123.00").exists()


def test_old_page_is_refused_in_words(manager):
    send(manager, record("80010", "180.00"))
    old = ScheduleUpdate.objects.get()
    there = reverse("manager:schedule_update", args=[old.code])
    seen = manager.get(there).context["comparison"].seen
    send(manager, record("80010", "179.60"))
    newer = ScheduleUpdate.objects.first()
    page = reverse("manager:schedule_update", args=[newer.code])
    manager.post(page, {"seen": manager.get(page).context["comparison"].seen})
    waits = manager.post(there, {"seen": seen}, follow=True)
    assert "Another file is being applied." in text(waits)
    tasks.apply_update(newer.pk)
    refused = manager.post(there, {"seen": seen})
    assert refused.status_code == 409
    assert "The fees changed since this page was opened" in text(refused)
    assert [str(r.fee) for r in MbsItem.objects.filter(item="80010", valid_until=None)] == ["179.60"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"<html/>"])
def test_file_that_is_no_schedule_is_refused_beside_its_field(manager, content):
    answer = send(manager, content=content)
    assert answer.status_code == 422
    assert len(answer.context["form"].errors["file"]) == 1
    assert not ScheduleUpdate.objects.exists()


def test_page_warns_of_what_is_older_than_twelve_months(manager):
    page = text(manager.get(HERE))
    assert "fees in force are older than 12 months" in page
    assert "The limits were read more than 12 months ago." in page
    assert "older than 12 months. Rebates may be wrong" in text(manager.get(reverse("manager:home")))
    MbsItem.objects.update(read_on=date(2027, 7, 1))
    BetterAccessLimits.objects.update(read_on=date(2027, 7, 1))
    assert "older than 12 months" not in text(manager.get(HERE))
    assert "older than 12 months" not in text(manager.get(reverse("manager:home")))


def test_limits_are_written_down_once(manager):
    there = reverse("manager:medicare_limits")
    sent = {
        "valid_from": "1/1/2028",
        "individual_a_year": "20",
        "group_a_year": "10",
        "carer_a_year": "2",
        "initial_course": "6",
        "source": "Services Australia",
        "source_url": "https://www.servicesaustralia.gov.au/",
    }
    assert manager.post(there, sent).url == HERE
    made = BetterAccessLimits.objects.last()
    assert (made.valid_from, made.individual_a_year, made.read_on) == (date(2028, 1, 1), 20, date(2027, 7, 5))
    assert manager.post(there, sent).status_code == 422
    assert manager.post(there, sent | {"valid_from": "1/1/2029", "carer_a_year": "30"}).status_code == 422
    assert BetterAccessLimits.objects.count() == 2


@pytest.mark.parametrize("role", [Role.RECEPTION, Role.PSYCHOLOGIST, Role.PATIENT])
def test_only_the_manager_opens_it(role):
    make.clinic()
    client = make.signed_in_client(role=role)
    assert ClinicSettings.current()
    for name in ("medicare", "medicare_limits"):
        assert client.get(reverse(f"manager:{name}")).status_code == 403
