"""What processes keep stands until one of its tables changes, whoever changes it and however it ends."""

import threading
from contextlib import closing
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.hours import weekly_hours
from portal.clinic import actions
from portal.clinic import kept as clinic
from portal.clinic.models import (
    ClinicSettings,
    Language,
    Location,
    Psychologist,
    PsychologistSpecialisation,
    Room,
    Service,
    Specialisation,
)
from portal.common import kept
from portal.common.kept import stamp
from portal.medicare.models import MbsItem
from portal.patients.models import Patient
from portal.policies.models import PolicyKind, PolicyVersion
from portal.website.models import CrisisLine, SiteText
from tests import make
from tests.waiting import until_it_waits

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def now_stamp():
    return stamp.read()


def queries(ask):
    with CaptureQueriesContext(connection) as run:
        ask()
    return [query["sql"] for query in run]


def named(place):
    return clinic.places()[place.pk].name


# ---- Within a process ------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_was_read_is_not_read_again():
    make.location()
    first = clinic.places()
    assert clinic.places() is first
    assert queries(clinic.places) == [f"SELECT stamp FROM {stamp.TABLE}"]


@pytest.mark.django_db
def test_a_request_reads_the_stamp_once(client):
    make.location()
    clinic.places()
    with kept.one_stamp():
        assert len(queries(lambda: [clinic.places(), clinic.places(), ClinicSettings.current()])) == 2
        assert queries(lambda: [clinic.places(), ClinicSettings.current()]) == []
    client.get("/")
    assert sum(stamp.TABLE in sql for sql in queries(lambda: client.get("/"))) == 1


@pytest.mark.django_db
def test_a_request_sees_at_once_what_it_writes_itself():
    place = make.location(name="Brunswick")
    with kept.one_stamp():
        assert named(place) == "Brunswick"
        Location.objects.filter(pk=place.pk).update(name="Carlton")
        assert named(place) == "Carlton"
        with transaction.atomic():
            Location.objects.filter(pk=place.pk).update(name="Fitzroy")
            assert named(place) == "Fitzroy"
            transaction.set_rollback(True)
        assert named(place) == "Carlton"


@pytest.mark.django_db
def test_a_request_sees_at_once_which_services_it_names():
    """Django writes a relation's rows by other words on SQLite: INSERT OR IGNORE."""
    person, service = make.psychologist(), make.service()
    with kept.one_stamp():
        assert clinic.named_services() == {}
        with transaction.atomic():
            person.services.add(service)
            assert clinic.named_services() == {person.pk: {service.pk}}
            transaction.set_rollback(True)
        assert clinic.named_services() == {}
    assert clinic.named_services() == {}


@pytest.mark.django_db
def test_a_lock_that_was_waited_for_asks_anew():
    place = make.location(name="Brunswick")
    with kept.one_stamp():
        assert named(place) == "Brunswick"
        # As another process would: the statement does not go through this request's eyes.
        with connection.cursor() as cursor:
            cursor.cursor.execute("UPDATE clinic_location SET name = 'Carlton'")
        assert named(place) == "Brunswick"
        kept.as_of_now()
        assert named(place) == "Carlton"


@pytest.mark.django_db
def test_without_a_stamp_nothing_is_kept():
    place = make.location(name="Brunswick")
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {stamp.TABLE}")
    assert clinic.places() is not clinic.places()
    assert named(place) == "Brunswick"
    kept.renew(connection)
    assert clinic.places() is clinic.places()


def test_a_table_that_nothing_watches_cannot_be_kept(db):
    @kept.kept(User, MbsItem)
    def watched():
        return 1

    @kept.kept(Location, Patient)
    def unwatched():
        return 1

    assert watched() == 1
    with pytest.raises(LookupError, match="unwatched keeps what nothing watches: patients_patient"):
        unwatched()


@pytest.mark.django_db
def test_what_a_reading_is_asked_with_is_kept_apart():
    asked = []

    @kept.kept(Location)
    def in_words(language):
        asked.append(language)
        return f"in {language}"

    assert [in_words("vi"), in_words("ar"), in_words("vi")] == ["in vi", "in ar", "in vi"]
    assert asked == ["vi", "ar"]
    make.location()
    assert in_words("vi") == "in vi"
    assert asked == ["vi", "ar", "vi"]
    with pytest.raises(TypeError, match="in_words keeps what it answers by the order"):
        in_words(language="vi")


# What readings are asked with that need it.
ASKED = {
    "own_words": lambda: ("vi",),
    "_card": lambda: (make.psychologist().pk, (), "en-au"),
    "choices": lambda: ("vi",),
    "_finder_untouched": lambda: ("vi",),
    "_front": lambda: (NOW.date(), "vi"),
    "_offers": lambda: (NOW.date(), "vi"),
    "_prices": lambda: (NOW.date(), "vi"),
    "_newest": lambda: (PolicyKind.FEES,),
    "in_force": lambda: (PolicyKind.PRIVACY, NOW.date(), "vi"),
    "_text_in_force": lambda: (PolicyKind.FEES, NOW.date(), "vi"),
}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "reading",
    [reading for reading in kept.readings() if reading.read.__module__.startswith("portal.")],
    ids=lambda reading: f"{reading.read.__module__}.{reading.__name__}",
)
def test_a_reading_reads_the_tables_that_it_names_and_no_others(reading):
    asked = ASKED.get(reading.__name__, tuple)()
    make.location()  # what was kept before, in the tests until here, is of an older stamp
    tables = {name for name in connection.introspection.table_names() if name != stamp.TABLE}
    read = {table for sql in queries(lambda: reading.read(*asked)) for table in tables if f'"{table}"' in sql}
    assert read <= reading.tables
    assert read


# ---- Every change renews it ------------------------------------------------------------------------------------------


def changes():
    yield "settings", lambda: ClinicSettings.objects.update(hold_minutes=11), True
    yield "a place", lambda: Location.objects.update(position=3), True
    yield "a new place", make.location, True
    yield "a room", lambda: Room.objects.update(name="Blue"), True
    yield "a room is gone", lambda: Room.objects.all().delete(), True
    yield "a service", lambda: Service.objects.update(minutes=45), True
    yield "a psychologist", lambda: Psychologist.objects.update(video=False), True
    yield "a psychologist's services", lambda: Psychologist.objects.get().services.add(Service.objects.get()), True
    yield "a name", lambda: User.objects.update(last_name="Nguyen"), True
    yield "what a psychologist works with", lambda: PsychologistSpecialisation.objects.all().delete(), True
    yield "a specialisation", lambda: Specialisation.objects.update(name="Loss"), True
    yield "a psychologist's languages", lambda: Psychologist.objects.get().languages.clear(), True
    yield "a language", lambda: Language.objects.update(name="Dari"), True
    yield "a text", lambda: SiteText.objects.create(key="home.title", language="vi", text="A", changed_at=NOW), True
    yield "a crisis line", lambda: CrisisLine.objects.update(number="13 00 00"), True
    yield "hours", lambda: make.hours(psychologist=Psychologist.objects.get(), location=Location.objects.get()), True
    yield "a Medicare item", lambda: MbsItem.objects.update(description="Other words"), True
    yield "somebody signs in", lambda: User.objects.update(last_login="2026-11-24T00:00:00Z"), False
    yield "somebody signs up", make.user, False
    yield "a patient", make.patient, False
    yield (
        "an appointment",
        lambda: make.appointment(
            psychologist=Psychologist.objects.get(), service=Service.objects.get(), location=Location.objects.get()
        ),
        False,
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("change", "renews"), [c[1:] for c in changes()], ids=[c[0] for c in changes()])
def test_what_renews_the_stamp(change, renews):
    make.clinic()
    make.psychologist(specialisations=[make.specialisation()], languages=[make.language()])
    make.service()
    make.room(location=make.location())
    before = now_stamp()
    change()
    assert (now_stamp() != before) is renews


@pytest.mark.django_db
def test_a_policy_that_is_published_renews_the_stamp():
    before = now_stamp()
    PolicyVersion.objects.create(
        kind=PolicyKind.PRIVACY,
        number=1,
        day="2026-11-24",
        effective_from=date(2026, 11, 24),
        published_at=datetime(2026, 11, 24, tzinfo=UTC),
        facts={},
        documents={},
    )
    assert now_stamp() != before


@pytest.mark.django_db
def test_what_is_rolled_back_was_never_there():
    place = make.location(name="Brunswick")
    before = now_stamp()
    with transaction.atomic():
        Location.objects.filter(pk=place.pk).update(name="Carlton")
        assert named(place) == "Carlton"
        transaction.set_rollback(True)
    assert (now_stamp(), named(place)) == (before, "Brunswick")


# ---- Across processes ------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_change_of_another_connection_is_seen_at_the_next_request(client):
    make.clinic(name="Banksia Lane")
    make.service(name="First visit")
    assert "Banksia Lane" in client.get("/book/").content.decode()

    def elsewhere():
        ClinicSettings.objects.update(name="Fern Street")
        connections.close_all()

    thread = threading.Thread(target=elsewhere)
    with kept.one_stamp():
        assert ClinicSettings.current().name == "Banksia Lane"
        thread.start()
        thread.join()
        # A page is drawn from one state of the clinic.
        assert ClinicSettings.current().name == "Banksia Lane"
    page = client.get("/book/").content.decode()
    assert "Fern Street" in page
    assert "Banksia Lane" not in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite lets nobody write meanwhile")
def test_a_change_that_is_not_committed_is_nobody_elses():
    place = make.location(name="Brunswick")
    assert named(place) == "Brunswick"
    with closing(psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None})) as other:
        other.execute("UPDATE clinic_location SET name = 'Carlton'")
        assert named(place) == "Brunswick"
        other.rollback()
        assert named(place) == "Brunswick"
        other.execute("UPDATE clinic_location SET name = 'Fitzroy'")
        other.commit()
        assert named(place) == "Fitzroy"
        before = now_stamp()
        other.execute("TRUNCATE appointments_workinghours")
        other.commit()
        assert now_stamp() != before


@pytest.mark.django_db(transaction=True)
def test_an_emptied_database_keeps_nothing():
    place = make.location()
    before = now_stamp()
    assert place.pk in clinic.places()
    call_command("flush", verbosity=0, interactive=False)
    assert now_stamp() != before
    assert clinic.places() == {}


# ---- The same answers as the queries ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_who_takes_bookings_is_who_the_queryset_says():
    services = [make.service(video=True, in_person=n % 2 == 0, phone=False) for n in range(3)]
    for n in range(12):
        person = make.psychologist(
            is_active=n % 5 != 0, accepting_patients=n % 4 != 0, video=n % 3 == 0, in_person=n % 3 == 1, phone=True
        )
        person.services.set([services[i] for i in range(3) if n >> i & 1])
    for service in services:
        asked = Psychologist.objects.taking_bookings().offering(service)
        assert clinic.taking_bookings(service) == list(asked)
        assert {p.pk for p in Psychologist.objects.naming(service)} == {
            pk for pk in clinic.psychologists() if clinic.is_named(pk, service)
        }
    assert any(clinic.taking_bookings(service) for service in services)


@pytest.mark.django_db
def test_order_is_the_usual_one():
    for name, position in (("Zoe", 1), ("Ann", 1), ("Mai", 0)):
        make.psychologist(user=make.user(first_name=name, last_name="Ng"), position=position)
        make.location(name=name, position=position)
        make.service(name=name, position=position)
    for reading, model in ((clinic.psychologists, Psychologist), (clinic.places, Location), (clinic.services, Service)):
        assert list(reading().values()) == list(model.objects.all())


@pytest.mark.django_db
def test_a_place_that_is_closed_has_no_hours():
    person = make.psychologist()
    place = make.location()
    make.hours(psychologist=person, location=place)
    assert len(weekly_hours()[person.pk]) == 1
    Location.objects.update(is_active=False)
    assert weekly_hours() == {}


# ---- Two who change what is kept ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize(
    "change",
    [
        lambda place, service, values: actions.update_location(location=place, values={"name": "Elsewhere"}, **values),
        lambda place, service, values: actions.update_location(location=place, values={"slug": "other"}, **values),
        lambda place, service, values: actions.retire_location(location=place, **values),
        lambda place, service, values: actions.update_service(service=service, values={"slug": "other"}, **values),
    ],
    ids=["name", "address", "retired", "address of a service"],
)
def test_two_who_change_what_is_kept_do_not_wait_for_each_other(change):
    """One has changed hours, and so holds the stamp, and goes on to what points at the row that the other changes."""
    first, second, service = make.location(), make.location(), make.service()
    person, manager = make.psychologist(), make.staff(Role.MANAGER)
    values = {"by": make.actor(manager, Role.MANAGER), "now": datetime(2026, 11, 23, 9, tzinfo=UTC)}
    raised = []

    def other():
        try:
            change(second, service, values)
        except Exception as problem:
            raised.append(problem)
        finally:
            connections.close_all()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        make.hours(psychologist=person, location=first)
        thread.start()
        until_it_waits(thread)
        make.hours(psychologist=person, location=second, weekday=1)
        make.own_fee(person, service, "200.00")
    thread.join(timeout=20)
    assert (raised, thread.is_alive()) == ([], False)
