from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from portal.audit.models import Entry
from portal.clinic import actions
from portal.clinic.models import ClinicSettings, Location, ProviderNumber, Psychologist, Specialisation
from portal.clinic.refusals import HasProfile, LastOne
from portal.common.media.pictures import KINDS, PORTRAIT
from portal.common.media.uploads import MB, clean_image
from tests import make

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


@pytest.fixture
def by():
    return make.actor(role="manager")


def trail():
    return [(e.verb, e.facts) for e in Entry.objects.order_by("pk")]


def test_settings_are_one_row_and_the_trail_names_fields_and_no_more_of_an_account_than_its_end(by):
    actions.update_settings(values={"name": "Banksia Lane", "bank_account": "123456789"}, by=by, now=NOW)
    actions.update_settings(values={"name": "Banksia Lane", "bank_account": "999999999"}, by=by, now=NOW)
    actions.update_settings(values={"name": "Banksia Lane"}, by=by, now=NOW)
    assert ClinicSettings.objects.count() == 1

    def ended(before, after):
        return {"bank_account_before": before, "bank_account_after": after}

    assert trail() == [
        ("clinic.changed", {"fields": ["bank_account", "name"]} | ended("none", "789")),
        ("clinic.changed", {"fields": ["bank_account"]} | ended("789", "999")),
    ]


def test_two_people_change_different_fields_and_both_stay(by):
    service = make.service(fee="200.00", minutes=50)
    stale = type(service).objects.get(pk=service.pk)
    actions.update_service(service=service, values={"fee": Decimal("240.00")}, by=by, now=NOW)
    actions.update_service(service=stale, values={"minutes": 60}, by=by, now=NOW)
    service.refresh_from_db()
    assert (service.fee, service.minutes) == (Decimal("240.00"), 60)


@pytest.mark.parametrize("noun", ["location", "room", "service", "psychologist"])
def test_retired_is_kept_and_can_come_back(by, noun):
    make.location()
    thing = getattr(make, noun)()
    getattr(actions, f"retire_{noun}")(**{noun: thing}, by=by, now=NOW)
    thing.refresh_from_db()
    assert thing.is_active is False
    getattr(actions, f"restore_{noun}")(**{noun: thing}, by=by, now=NOW)
    thing.refresh_from_db()
    assert thing.is_active is True
    assert [verb for verb, _facts in trail()] == [f"{noun}.retired", f"{noun}.restored"]


def test_retired_psychologist_takes_no_bookings_even_when_back(by):
    psychologist = make.psychologist()
    actions.retire_psychologist(psychologist=psychologist, by=by, now=NOW)
    actions.restore_psychologist(psychologist=psychologist, by=by, now=NOW)
    assert list(Psychologist.objects.practising()) == [psychologist]
    assert list(Psychologist.objects.taking_bookings()) == []


def test_last_location_stays(by):
    only = make.location()
    make.location(is_active=False)
    with pytest.raises(LastOne):
        actions.retire_location(location=only, by=by, now=NOW)
    assert Location.objects.get(pk=only.pk).is_active
    assert trail() == []


def test_one_profile_for_an_account(by):
    psychologist = make.psychologist()
    with pytest.raises(HasProfile):
        actions.add_psychologist(user=psychologist.user, values={"slug": "again"}, by=by, now=NOW)
    assert Psychologist.objects.count() == 1


def test_what_a_psychologist_offers_is_told_apart_from_the_rest(by):
    psychologist = make.psychologist()
    service = make.service()
    actions.update_psychologist(psychologist=psychologist, values={"services": [service]}, by=by, now=NOW)
    actions.update_psychologist(psychologist=psychologist, values={"services": [service]}, by=by, now=NOW)
    assert list(psychologist.services.all()) == [service]
    assert trail() == [("psychologist.changed", {"fields": ["services"]})]


def test_provider_number_of_a_place(by):
    psychologist, location = make.psychologist(), make.location()

    def put(number):
        return actions.set_provider_number(psychologist=psychologist, location=location, number=number, by=by, now=NOW)

    put("4024742F")
    put("4024742F")
    put("2429581T")
    assert [n.number for n in ProviderNumber.objects.all()] == ["2429581T"]
    assert put("") is None
    assert not ProviderNumber.objects.exists()
    where = {"location": str(location.code)}
    assert trail() == [
        ("provider_number.added", where),
        ("provider_number.changed", where),
        ("provider_number.removed", where),
    ]


def shown(psychologist):
    return [topic.name for topic in Psychologist.objects.get(pk=psychologist.pk).topics]


def test_specialisations_stay_in_their_own_order(by):
    psychologist = make.psychologist()

    def put(*names):
        actions.update_psychologist(psychologist=psychologist, values={}, topics=names, by=by, now=NOW)
        return shown(psychologist)

    assert put("Trauma", "Anxiety", "Grief") == ["Trauma", "Anxiety", "Grief"]
    assert put("Grief", "Trauma", "Anxiety") == ["Grief", "Trauma", "Anxiety"]
    assert put("Anxiety", "Sleep", "Grief") == ["Anxiety", "Sleep", "Grief"]
    assert put("Anxiety", "Sleep", "Grief") == ["Anxiety", "Sleep", "Grief"]
    assert put() == []
    assert [verb for verb, _facts in trail()] == [
        *["specialisation.added"] * 3,
        "psychologist.changed",
        "psychologist.changed",
        "specialisation.added",
        "psychologist.changed",
        "psychologist.changed",
    ]


def test_what_is_not_named_leaves_the_order_alone(by):
    psychologist = make.psychologist()
    actions.update_psychologist(psychologist=psychologist, values={}, topics=["B", "A"], by=by, now=NOW)
    actions.update_psychologist(psychologist=psychologist, values={"headline": "New"}, by=by, now=NOW)
    assert shown(psychologist) == ["B", "A"]


@pytest.mark.parametrize("again", ["ADHD", "adhd", "Àdhd"])
def test_one_word_is_on_the_list_once(by, again):
    first = actions.add_specialisation(name="ADHD", by=by, now=NOW)
    assert actions.add_specialisation(name=again, by=by, now=NOW) == first
    assert Specialisation.objects.count() == 1


def test_psychologists_in_a_list_cost_one_query_for_their_order(by, django_assert_num_queries):
    topics = [make.specialisation() for _ in range(3)]
    for _ in range(5):
        make.psychologist(specialisations=topics)
    with django_assert_num_queries(2):
        assert [len(p.topics) for p in Psychologist.objects.prefetch_related("focuses")] == [3] * 5


def photo(colour):
    buffer = BytesIO()
    Image.new("RGB", (700, 700), colour).save(buffer, "PNG")
    return clean_image(SimpleUploadedFile("me.png", buffer.getvalue()), max_bytes=MB, max_edge=700)


def test_a_photo_and_its_renditions_come_and_go_when_the_change_is_sure(
    by, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    psychologist = make.psychologist()

    def put(value):
        actions.update_psychologist(psychologist=psychologist, values={"photo": value}, by=by, now=NOW)

    def files():
        return sorted(path.name for path in (tmp_path / "psychologists").iterdir())

    with django_capture_on_commit_callbacks(execute=True):
        put(photo("red"))
    old = files()
    assert len(old) == 1 + len(PORTRAIT) * len(KINDS)
    with django_capture_on_commit_callbacks() as callbacks:
        put(photo("blue"))
    assert set(files()) > set(old), "the old ones stay until the change is sure"
    for callback in callbacks:
        callback()
    assert len(files()) == len(old)
    assert not set(files()) & set(old)
    with django_capture_on_commit_callbacks(execute=True):
        put(False)
    assert files() == []
