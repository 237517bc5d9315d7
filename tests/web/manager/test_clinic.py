"""Settings, locations with their rooms, services."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.clinic.models import ClinicSettings, Location, Mode, Room, Service
from portal.journeys.to_do import tasks
from portal.notifications.models import Notice
from portal.policies import publishing
from portal.policies.models import PolicyKind
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss():
    return make.signed_in_client(role=Role.MANAGER)


def url(name, *args):
    return reverse(f"manager:{name}", args=args)


def said(response):
    return [(message.level_tag, str(message)) for message in response.context["messages"]]


def filled(page, **changes):
    """What a browser would send of the form on this page, with `changes`."""
    form = page.context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value is True:
            data[field.name] = "on"
        elif not (value is None or value is False or value == "") and field.name not in ("logo", "photo"):
            data[field.name] = value
    return {key: value for key, value in {**data, **changes}.items() if value is not None}


# ---- Where money goes ------------------------------------------------------------------------------------------------


def test_a_new_bank_account_is_told_to_every_manager_and_kept_by_its_last_digits(boss):
    make.clinic(bank_bsb="083-004", bank_account="12345678", abn="51824753556")
    other = make.user(role=Role.MANAGER)
    make.user(role=Role.MANAGER, is_active=False)
    make.user(role=Role.RECEPTION)
    boss.send(url("settings"), filled(boss.get(url("settings")), name="Wattle Lane"))
    assert not Notice.objects.exists(), "a name alone is nobody's business"

    saved = boss.send(url("settings"), filled(boss.get(url("settings")), bank_account="87654321"), follow=True)
    assert said(saved) == [
        ("success", "The settings are saved."),
        ("warning", "Read it once more: Account number, …678 → …321. Every manager is told by e-mail."),
    ]
    facts = Entry.objects.filter(verb="clinic.changed").latest("pk").facts
    assert facts == {"fields": ["bank_account"], "bank_account_before": "678", "bank_account_after": "321"}
    notices = Notice.objects.filter(template="clinic_money")
    assert {notice.to for notice in notices} == {other.email, boss.user.email}
    for notice in notices:
        assert "Account number: …678 → …321" in notice.text
        assert "87654321" not in notice.text + notice.html
    page = boss.get(url("trail")).content.decode()
    assert "…678 → …321" in page


def test_account_numbers_with_one_ending_are_told_apart_and_spaces_are_no_change(boss):
    make.clinic(bank_bsb="000-000", bank_account="12345678")
    boss.send(url("settings"), filled(boss.get(url("settings")), bank_account="1234 5678"))
    assert not Notice.objects.exists()
    boss.send(url("settings"), filled(boss.get(url("settings")), bank_bsb="063-000", bank_account="92345678"))
    [notice] = Notice.objects.filter(template="clinic_money")
    assert "BSB: …0000 → …3000" in notice.text
    assert "Account number: …12345678 → …92345678" in notice.text
    facts = Entry.objects.filter(verb="clinic.changed").latest("pk").facts
    assert (facts["bank_bsb_before"], facts["bank_bsb_after"]) == ("0000", "3000")


# ---- Settings --------------------------------------------------------------------------------------------------------


def test_settings_are_made_and_changed(boss):
    page = boss.get(url("settings"))
    changes = {
        "name": "Banksia Lane",
        "legal_name": "Banksia Lane Pty Ltd",
        "abn": "51 824 753 556",
        "phone": "(03) 9010 1234",
        "bank_bsb": "083 004",
        "gst_registered": "on",
        "state": "VIC",
        "postcode": "3056",
    }
    response = boss.send(url("settings"), filled(page, **changes), follow=True)
    told = [words.partition(",")[0] for _level, words in said(response)]
    assert told == ["The settings are saved.", "Read it once more: ABN", "Read it once more: BSB"]
    clinic = ClinicSettings.objects.get()
    assert (clinic.name, clinic.abn, clinic.phone.as_e164, clinic.bank_bsb) == (
        "Banksia Lane",
        "51824753556",
        "+61390101234",
        "083-004",
    )
    assert Entry.objects.get().verb == "clinic.changed"
    again = boss.get(url("settings"))
    assert 'value="51 824 753 556"' in again.content.decode()
    # Saved as it is, nothing has changed, and the trail says nothing.
    boss.send(url("settings"), filled(again))
    assert Entry.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("abn", "51 824 753 557"),
        ("name", ""),
        ("name", "x" * 300),
        ("phone", "ring me"),
        ("email", "nobody"),
        ("time_zone", "Mars/Olympus"),
        ("notice_hours", "-1"),
        ("late_fee_percent", "101"),
        ("postcode", "30 56"),
        ("bank_bsb", "12"),
        ("logo", SimpleUploadedFile("logo.png", b"<html><script>alert(1)</script>")),
    ],
)
def test_bad_settings_keep_what_was_typed_and_what_was_stored(boss, field, value):
    make.clinic(name="Banksia Lane")
    page = boss.get(url("settings"))
    response = boss.send(url("settings"), filled(page, legal_name="Banksia Pty Ltd", **{field: value}))
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert response.context["form"]["legal_name"].value() == "Banksia Pty Ltd"
    assert ClinicSettings.objects.get().legal_name == ""


def test_a_postcode_of_another_state_is_a_warning(boss):
    make.clinic()
    page = boss.get(url("settings"))
    response = boss.send(url("settings"), filled(page, state="VIC", postcode="2000"), follow=True)
    assert [level for level, _ in said(response)] == ["success", "warning"]
    assert ClinicSettings.objects.get().postcode == "2000"


def test_a_logo_is_written_anew_and_can_be_taken_away(boss, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    make.clinic()
    data = BytesIO()
    Image.new("RGBA", (2000, 500), (0, 80, 60, 128)).save(data, "PNG")
    page = boss.get(url("settings"))
    assert boss.get(url("logo")).status_code == 404
    boss.send(url("settings"), filled(page, logo=SimpleUploadedFile("../../logo.svg", data.getvalue())))
    shown = boss.get(url("logo"))
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "image/png")
    assert shown.getvalue().startswith(b"\x89PNG")
    with Image.open(ClinicSettings.objects.get().logo.path) as logo:
        assert max(logo.size) == 800
    boss.send(url("settings"), filled(page, **{"logo-clear": "on"}))
    assert not ClinicSettings.objects.get().logo


@pytest.mark.parametrize("address", ["manager:logo", "public:logo"])
def test_a_logo_is_sent_to_several_at_once(boss, settings, tmp_path, address):
    """The settings are kept for all requests: each of them reads a file of its own."""
    settings.MEDIA_ROOT = tmp_path
    make.clinic()
    clinic = ClinicSettings.for_changing()
    data = BytesIO()
    Image.effect_noise((300, 300), 90).save(data, "PNG")
    clinic.logo.save("logo.png", ContentFile(data.getvalue()))
    slow, quick = boss.get(reverse(address)), boss.get(reverse(address))
    begun = next(iter(slow.streaming_content))
    assert quick.getvalue() == data.getvalue()
    quick.close()
    assert begun + slow.getvalue() == data.getvalue()


# ---- Locations -------------------------------------------------------------------------------------------------------


def test_a_location_and_its_rooms(boss):
    response = boss.post(
        url("add_location"),
        filled(
            boss.get(url("add_location")),
            name="Lord Howe",
            time_zone="Australia/Lord_Howe",
            state="NSW",
            postcode="2898",
        ),
    )
    place = Location.objects.get()
    assert response.url == url("location", place.code)
    assert (place.slug, place.time_zone) == ("lord-howe", "Australia/Lord_Howe")
    for name in ("Banksia", "Wattle"):
        boss.post(url("rooms", place.code), {"name": name})
    again = boss.post(url("rooms", place.code), {"name": "Wattle"})
    assert again.status_code == 422
    assert again.context["room_form"].errors
    empty = boss.post(url("rooms", place.code), {"name": " "})
    assert set(empty.context["room_form"].errors) == {"name"}
    wattle = Room.objects.get(name="Wattle")
    boss.post(url("rooms", place.code), {"room": wattle.pk, "do": "retire"})
    assert list(Room.objects.filter(is_active=True).values_list("name", flat=True)) == ["Banksia"]
    boss.post(url("rooms", place.code), {"room": wattle.pk, "do": "restore"})
    assert Room.objects.filter(is_active=True).count() == 2


@pytest.mark.parametrize("room", ["x", "0", "\x00", "999999999999999999999999", ""])
def test_nonsense_for_a_room_changes_nothing(boss, room):
    place = make.location()
    make.room(location=place)
    assert boss.post(url("rooms", place.code), {"room": room, "do": "retire"}).status_code == 302
    assert Room.objects.get().is_active


def test_a_room_of_another_location_is_out_of_reach(boss):
    room, place = make.room(), make.location()
    boss.post(url("rooms", place.code), {"room": room.pk, "do": "retire"})
    assert Room.objects.get().is_active


def test_changing_a_location(boss):
    place = make.location(name="Old name")
    page = boss.get(url("location", place.code))
    assert boss.send(url("location", place.code), filled(page, name="New name")).url == url("locations")
    wrong = boss.send(url("location", place.code), filled(page, name=""))
    assert wrong.status_code == 422
    place.refresh_from_db()
    assert place.name == "New name"
    assert "<h1>New name</h1>" in wrong.content.decode()


def test_the_last_location_stays(boss):
    one, two = make.location(), make.location()
    assert boss.get(url("retire_location", one.code)).status_code == 200
    assert boss.post(url("retire_location", one.code), follow=True).status_code == 200
    response = boss.post(url("retire_location", two.code), follow=True)
    assert said(response) == [("error", "This is the only location in use. Add another one first.")]
    assert list(Location.objects.filter(is_active=True)) == [two]
    boss.post(url("restore_location", one.code))
    assert Location.objects.filter(is_active=True).count() == 2


def test_closing_a_place_names_each_session_and_hands_it_to_the_desk(boss):
    make.clinic()
    place, other = make.location(name="Brunswick"), make.location()
    first, second = make.appointment(location=place), make.appointment(location=place)
    make.appointment(location=place, mode=Mode.VIDEO)
    make.appointment(location=other)
    address = url("retire_location", place.code)
    question = boss.get(address).text
    assert "2 sessions are booked there in person" in question
    for session in (first, second):
        assert reverse("reception:appointment", args=[session.code]) in question
    # Who was shown none is asked.
    assert boss.post(address).status_code == 422
    assert Location.objects.get(pk=place.pk).is_active
    boss.post(address, dict(re.findall(r'name="(known)" value="([^"]*)"', question)))
    listed = ToDo.objects.still_open().of_kind("session_without_place")
    assert set(listed.values_list("about_code", flat=True)) == {str(first.code), str(second.code)}
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get(reverse("reception:appointment", args=[first.code])).text
    assert "Location is closed" in page
    assert "Brunswick is out of use." in page
    assert "Location is closed" in desk.get(reverse("reception:patient", args=[first.patient.code])).text
    # Of one that somebody says stays, no round asks again.
    stays = listed.get(about_code=str(first.code))
    desk.post(reverse("reception:finish_to_do", args=[stays.code]), {"outcome": "stays"})
    tasks.look_at_sessions()
    assert listed.get().about_code == str(second.code)
    boss.post(url("restore_location", place.code))
    assert not listed.exists()
    assert "Location is closed" not in desk.get(reverse("reception:appointment", args=[first.code])).text


# ---- Services --------------------------------------------------------------------------------------------------------


def test_a_service_is_added_changed_retired_and_restored(boss):
    data = {"name": "First session", "minutes": "50", "buffer_before": "0", "buffer_after": "10", "fee": "$220",
            "tax_code": "gst_free", "in_person": "on", "online": "on", "room_need": "in_person",
            "position": "1"}  # fmt: skip
    added = boss.post(url("add_service"), data)
    service = Service.objects.get()
    assert added.url == url("service", service.code)
    assert not service.is_active, "nobody has said yet that it is offered"
    asked = boss.get(url("restore_service", service.code)).text
    assert "First session · 50 minutes · $220.00 · In person" in asked
    assert not Service.objects.get().is_active, "asking does nothing"
    boss.post(url("restore_service", service.code))
    assert (service.slug, service.fee, service.buffer_after) == ("first-session", Decimal("220"), 10)
    boss.send(url("service", service.code), {**data, "slug": service.slug, "fee": "235.50"})
    service.refresh_from_db()
    assert service.fee == Decimal("235.50")
    assert boss.get(url("retire_service", service.code)).status_code == 200
    boss.post(url("retire_service", service.code))
    assert not Service.objects.get().is_active
    assert "Not offered" in boss.get(url("services")).content.decode()
    boss.post(url("restore_service", service.code))
    assert Service.objects.get().is_active
    assert list(Entry.objects.order_by("id").values_list("verb", flat=True)) == [
        "service.added",
        "service.restored",
        "service.changed",
        "service.retired",
        "service.restored",
    ]


def test_a_new_service_is_shown_to_nobody_before_somebody_says_so(boss):
    make.clinic()
    make.psychologist()
    data = {"name": "Couples session", "minutes": "80", "fee": "300", "tax_code": "gst_free", "in_person": "on",
            "online": "on", "buffer_before": "0", "buffer_after": "0", "room_need": "in_person",
            "position": "0"}  # fmt: skip
    boss.post(url("add_service"), data)
    service = Service.objects.get()
    for page in ("public:services", "public:book", "public:fees"):
        assert "Couples session" not in Client().get(reverse(page)).text
    boss.post(url("restore_service", service.code))
    for page in ("public:services", "public:book", "public:fees"):
        assert "Couples session" in Client().get(reverse(page)).text


def test_a_new_service_begins_with_nothing_ticked_and_last(boss):
    make.service(position=4)
    form = boss.get(url("add_service")).context["form"]
    ticked = {name for name in ("in_person", "video", "phone", "online", "medicare") if form[name].value()}
    assert (ticked, form["position"].value(), form["fee"].value()) == (set(), 5, None)
    refused = boss.post(url("add_service"), {"name": "Free", "minutes": "50", "in_person": "on", "fee": ""})
    assert "fee" in refused.context["form"].errors


def test_a_new_place_comes_last(boss):
    make.location(position=7)
    assert boss.get(url("add_location")).context["form"]["position"].value() == 8


def test_a_fee_of_nothing_is_asked_about_once(boss):
    data = {"name": "First session", "minutes": "50", "buffer_before": "0", "buffer_after": "0", "fee": "0",
            "tax_code": "gst_free", "in_person": "on", "room_need": "in_person", "position": "1"}  # fmt: skip
    asked = boss.post(url("add_service"), data)
    assert (asked.status_code, Service.objects.count()) == (422, 0)
    assert "Is it free?" in asked.text
    assert "Add it free of charge" in asked.text
    form = asked.context["form"]
    boss.post(url("add_service"), data | {"sure": form.questions_digest})
    service = Service.objects.get()
    assert service.fee == 0
    # What stands is asked about no more; what becomes free is.
    assert boss.send(url("service", service.code), {**data, "minutes": "40"}).status_code == 302
    assert boss.send(url("service", service.code), {**data, "fee": "100"}).status_code == 302
    asked = boss.send(url("service", service.code), data)
    assert (asked.status_code, Service.objects.get().fee) == (422, 100)


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"name": ""}, "name"),
        ({"minutes": "4"}, "minutes"),
        ({"minutes": "99999999999999999999"}, "minutes"),
        ({"fee": "free"}, "fee"),
        ({"in_person": None}, "in_person"),
        ({"slug": "two words"}, "slug"),
    ],
)
def test_bad_services(boss, changes, wrong):
    data = {"name": "First session", "minutes": "50", "buffer_before": "0", "buffer_after": "0", "fee": "220",
            "tax_code": "gst_free", "in_person": "on", "room_need": "in_person", "position": "1"} | changes  # fmt: skip
    response = boss.post(url("add_service"), {key: value for key, value in data.items() if value is not None})
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {wrong}
    assert Service.objects.count() == 0


def test_a_clinic_that_charges_no_gst_promises_none_for_a_service(boss):
    clinic = make.clinic()
    clinic.gst_registered = False
    clinic.save()
    service = make.service(tax_code="taxable")
    none = "registered for GST, so none is added."
    assert "+ GST" not in boss.get(url("services")).content.decode()
    assert none in boss.get(url("service", service.code)).content.decode()
    clinic.gst_registered, clinic.abn = True, "51824753556"
    clinic.save()
    assert "+ GST" in boss.get(url("services")).content.decode()
    assert none not in boss.get(url("service", service.code)).content.decode()


def test_who_changes_what_a_published_policy_says_is_told_so(boss):
    make.clinic(cancel_hours=48)
    for kind in PolicyKind:
        publishing.publish(kind=kind, effective_from=timezone.localdate(), by=make.actor(), now=timezone.now())
    response = boss.send(url("settings"), filled(boss.get(url("settings")), cancel_hours=24), follow=True)
    assert ("success", "The settings are saved.") in said(response)
    warnings = [words for level, words in said(response) if level == "warning"]
    [of_fees] = [words for words in warnings if "“Fees and cancellation policy” is no longer true: " in words]
    assert of_fees.endswith("Publish it again under Policies.")
    # What was untrue before is said once, where it was made so.
    again = boss.send(url("settings"), filled(boss.get(url("settings")), hold_minutes=12), follow=True)
    assert not [words for _level, words in said(again) if "no longer true" in words]
