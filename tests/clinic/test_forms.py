from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from portal.clinic import actions
from portal.clinic.forms import (
    ClinicSettingsForm,
    LocationForm,
    ProviderNumberForm,
    RoomForm,
    ServiceForm,
)
from portal.clinic.models import ClinicSettings, Location, Psychologist, Service
from portal.clinic.profile_forms import OwnProfileForm, PsychologistForm
from portal.common.access.actors import Actor
from portal.common.forms.raw import written
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BY = Actor.system("a test")

SETTINGS = {
    "name": "Banksia Lane",
    "legal_name": "Banksia Lane Pty Ltd",
    "abn": "51 824 753 556",
    "gst_registered": "on",
    "street": "12 Lane St",
    "suburb": "Brunswick",
    "state": "VIC",
    "postcode": "3056",
    "phone": "(03) 9010 1234",
    "email": "desk@banksia.example",
    "time_zone": "Australia/Melbourne",
    "notice_hours": "12",
    "horizon_days": "84",
    "slot_step_minutes": "30",
    "hold_minutes": "10",
    "cancel_hours": "48",
    "late_fee_percent": "50",
    "grace_minutes": "15",
    "max_open_bookings": "8",
    "payment_terms_days": "7",
    "bank_bsb": "083004",
}
LOCATION = {
    "name": "Brunswick",
    "time_zone": "Australia/Melbourne",
    "position": "0",
    "state": "VIC",
    "postcode": "3056",
}
SERVICE = {
    "name": "First session",
    "minutes": "50",
    "buffer_before": "0",
    "buffer_after": "10",
    "fee": "$1,220",
    "tax_code": "gst_free",
    "room_need": "in_person",
    "in_person": "on",
    "position": "0",
}


def changed(form, data, files=None, *, instance):
    """The form as it is sent by whoever has just opened its page."""
    return form(data | {"shown": written(form(instance=instance).stored)}, files, instance=instance)


def test_settings_as_people_type_them():
    form = changed(ClinicSettingsForm, SETTINGS, instance=ClinicSettings.current())
    assert form.is_valid(), form.errors
    saved = actions.update_settings(values=form.values, by=BY, now=NOW)
    saved.refresh_from_db()
    assert (saved.abn, saved.bank_bsb, saved.phone.as_e164) == ("51824753556", "083-004", "+61390101234")
    assert saved.gst_registered is True
    shown = ClinicSettingsForm(instance=saved)
    assert 'value="51 824 753 556"' in str(shown["abn"])
    assert 'value="(03) 9010 1234"' in str(shown["phone"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"abn": "51824753557"}, "abn"),
        ({"legal_name": ""}, "legal_name"),
        ({"slot_step_minutes": "7"}, "slot_step_minutes"),
        ({"slot_step_minutes": "90"}, "slot_step_minutes"),
        ({"abn": ""}, "abn"),  # registered for GST
        ({"name": ""}, "name"),
        ({"name": "x" * 300}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"time_zone": "Australia/Newcastle"}, "time_zone"),
        ({"bank_bsb": "12345"}, "bank_bsb"),
        ({"late_fee_percent": "101"}, "late_fee_percent"),
        ({"slot_step_minutes": "1"}, "slot_step_minutes"),
        ({"email": "desk"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"postcode": "305"}, "postcode"),
        ({"state": "XX"}, "state"),
    ],
)
def test_settings_say_what_is_wrong_beside_its_field(change, field):
    form = changed(ClinicSettingsForm, SETTINGS | change, instance=ClinicSettings.current())
    assert list(form.errors) == [field]


@pytest.mark.parametrize("step", ["5", "12", "20", "60", "120"])
def test_times_are_offered_at_steps_that_come_round_with_the_hour(step):
    form = changed(ClinicSettingsForm, SETTINGS | {"slot_step_minutes": step}, instance=ClinicSettings.current())
    assert form.is_valid(), form.errors


def test_a_step_that_stands_already_keeps_no_other_setting_from_being_saved():
    clinic = make.clinic(slot_step_minutes=45)
    form = changed(ClinicSettingsForm, SETTINGS | {"slot_step_minutes": "45"}, instance=clinic)
    assert form.is_valid(), form.errors


def test_every_setting_stands_in_one_group():
    form = ClinicSettingsForm(instance=ClinicSettings.current())
    shown = [field.name for _title, fields in form.fieldsets for field in fields]
    assert sorted(shown) == sorted(form.fields)
    assert set(shown) == {f.name for f in ClinicSettings._meta.concrete_fields} - {"id", "is_demo"}


def test_postcode_of_another_state_is_a_warning_and_is_taken():
    form = changed(ClinicSettingsForm, SETTINGS | {"state": "NSW"}, instance=ClinicSettings.current())
    assert form.is_valid()
    assert [field for field, _words in form.warnings] == ["postcode"]
    assert changed(ClinicSettingsForm, SETTINGS, instance=ClinicSettings.current()).warnings == []


def test_zone_that_is_not_offered_stays_when_it_is_set():
    location = make.location(time_zone="Antarctica/Macquarie")
    form = changed(LocationForm, LOCATION | {"time_zone": "Antarctica/Macquarie"}, instance=location)
    assert form.is_valid(), form.errors


def test_address_is_made_from_the_name_and_never_twice():
    first = actions.add_location(values=_valid(LocationForm(LOCATION | {"name": "Đặng St"})), by=BY, now=NOW)
    second = actions.add_location(values=_valid(LocationForm(LOCATION | {"name": "Dang St"})), by=BY, now=NOW)
    assert (first.slug, second.slug) == ("dang-st", "dang-st-2")
    chinese = actions.add_location(values=_valid(LocationForm(LOCATION | {"name": "王"})), by=BY, now=NOW)
    assert chinese.slug == "page"


def test_address_stays_when_the_name_changes():
    location = make.location(slug="brunswick")
    assert changed(LocationForm, LOCATION | {"slug": "brunswick", "name": "Coburg"}, instance=location).is_valid()


def _valid(form):
    assert form.is_valid(), form.errors
    return form.values


def test_service():
    service = actions.add_service(values=_valid(ServiceForm(SERVICE)), by=BY, now=NOW)
    service.refresh_from_db()
    assert (service.fee, service.slug, service.video) == (Decimal("1220.00"), "first-session", False)


def test_service_needs_a_way_to_be_given():
    form = ServiceForm({name: value for name, value in SERVICE.items() if name != "in_person"})
    assert form.errors == {"in_person": ["Choose at least one way it is given."]}


@pytest.mark.parametrize(
    ("change", "field"),
    [({"fee": "-1"}, "fee"), ({"minutes": "1"}, "minutes"), ({"buffer_after": "999"}, "buffer_after")],
)
def test_service_refuses(change, field):
    assert list(ServiceForm(SERVICE | change).errors) == [field]


def test_name_of_another_service_is_refused():
    make.service(name="First session")
    assert list(ServiceForm(SERVICE).errors) == ["name"]


def test_room_once_for_a_location():
    room = make.room(name="Room 1")
    assert not RoomForm({"location": room.location_id, "name": "Room 1"}).is_valid()
    assert RoomForm({"location": make.location().pk, "name": "Room 1"}).is_valid()


@pytest.fixture
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.mark.usefixtures("_media")
@pytest.mark.django_db(transaction=True)
def test_profile_with_a_photo_that_is_replaced_and_taken_away():
    psychologist = make.psychologist(user=make.user(first_name="Mai", last_name="Nguyễn"))
    language = make.language(name="Vietnamese")
    storage = Psychologist._meta.get_field("photo").storage

    def save(**files):
        data = {
            "headline": "Hello",
            "bio": "a\r\nb",
            "languages": [language.pk],
            "video": "on",
            "accepting_patients": "on",
        }
        cleared = files.pop("data", {})
        form = changed(OwnProfileForm, data | cleared, files, instance=Psychologist.objects.get(pk=psychologist.pk))
        values = _valid(form)
        return actions.update_psychologist(psychologist=form.instance, values=values, by=BY, now=NOW)

    first = save(photo=_photo("red")).photo.name
    assert storage.exists(first)
    assert save().photo.name == first  # nothing chosen: it stays
    second = save(photo=_photo("blue")).photo.name
    assert storage.exists(second)
    assert not storage.exists(first)
    assert not save(data={"photo-clear": "on"}).photo
    assert not storage.exists(second)
    psychologist.refresh_from_db()
    assert (psychologist.bio, list(psychologist.languages.all())) == ("a\nb", [language])


def _photo(colour):
    buffer = BytesIO()
    Image.new("RGB", (200, 200), colour).save(buffer, "PNG")
    return SimpleUploadedFile("me.png", buffer.getvalue(), "image/png")


def test_profile_that_the_manager_makes():
    user = make.user(first_name="Mai", last_name="Nguyễn")
    data = {"title": "Dr", "registration": "clinical", "ahpra_number": "psy 000 123 4567", "position": "0"}
    form = PsychologistForm(data | {"video": "on"}, user=user)
    made = actions.add_psychologist(user=user, values=_valid(form), by=BY, now=NOW)
    assert (made.slug, made.ahpra_number) == ("mai-nguyen", "PSY0001234567")


def test_photo_that_is_none_is_said_beside_its_field():
    svg = SimpleUploadedFile("me.png", b"<svg onload=alert(1)>", "image/png")
    form = changed(OwnProfileForm, {"headline": "Kept", "video": "on"}, {"photo": svg}, instance=make.psychologist())
    assert list(form.errors) == ["photo"]
    assert form["headline"].value() == "Kept"


def test_provider_number_with_a_wrong_letter_is_a_warning_and_is_taken():
    location = make.location()
    form = ProviderNumberForm({"location": location.pk, "number": "4024742 x"})
    assert form.is_valid()
    assert form.cleaned_data["number"] == "4024742X"
    assert [field for field, _words in form.warnings] == ["number"]
    right = ProviderNumberForm({"location": location.pk, "number": "4024742f"})
    assert right.is_valid()
    assert right.warnings == []


@pytest.mark.parametrize("number", ["40", "123456789012", "4024742"])
def test_provider_number_of_the_wrong_shape_is_refused(number):
    assert list(ProviderNumberForm({"location": make.location().pk, "number": number}).errors) == ["number"]


@pytest.mark.parametrize("form", [ClinicSettingsForm, LocationForm, RoomForm, ServiceForm, PsychologistForm])
def test_every_field_stands_in_a_group(form):
    made = form()
    assert sorted(f.name for _title, fields in made.fieldsets for f in fields) == sorted(made.fields)
    with pytest.raises(TypeError):
        made.save()


def test_forms_offer_all_that_the_models_keep():
    assert {*ServiceForm().fields} == {f.name for f in Service._meta.concrete_fields} - {"id", "code", "is_active"}
    assert {*LocationForm().fields} == {f.name for f in Location._meta.concrete_fields} - {"id", "code", "is_active"}


# ---- What is taken ---------------------------------------------------------------------------------------------------

NAME_TAKEN = "Another one has this name already. Choose a different one."
ADDRESS_TAKEN = "Another page has this address already. Choose a different one."


@pytest.mark.parametrize("form", [LocationForm, ServiceForm])
def test_what_another_one_has_is_said_in_plain_words(form):
    """Django's own sentence begins with the name of the table: “Location with this Name already exists.”"""
    (make.location if form is LocationForm else make.service)(name="Brunswick", slug="brunswick")
    data = (LOCATION if form is LocationForm else SERVICE) | {"name": "Brunswick", "slug": "brunswick"}
    assert form(data).errors == {"name": [NAME_TAKEN], "slug": [ADDRESS_TAKEN]}


def test_address_of_another_profile_is_said_in_plain_words():
    taken = make.psychologist()
    form = changed(PsychologistForm, {"slug": taken.slug}, instance=make.psychologist())
    assert form.errors["slug"] == [ADDRESS_TAKEN]


def test_room_of_the_same_name_is_said_beside_the_name():
    room = make.room()
    data = {"location": room.location_id, "name": room.name}
    assert RoomForm(data).errors == {"name": ["There is a room of this name here already."]}
    assert changed(RoomForm, data, instance=room).is_valid()
    actions.retire_room(room=room, by=BY, now=NOW)
    (words,) = RoomForm(data).errors["name"]
    assert words.endswith("out of use. Put that one in use again.")
    assert RoomForm(data | {"location": make.location().pk}).is_valid()


@pytest.mark.parametrize("change", [{"minutes": "4"}, {"fee": "-1"}, {"in_person": ""}])
def test_service_never_names_a_constraint(change):
    form = ServiceForm(SERVICE | change)
    assert list(form.errors) == list(change)
    assert [words for errors in form.errors.values() for words in errors if "_" in words or "violated" in words] == []
