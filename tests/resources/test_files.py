"""The shelf of files: who sees what, an address that lasts, versions, counts of nobody in particular."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.common.crypto.ciphertext import Tampered
from portal.common.documents import Kind
from portal.resources import storage
from portal.resources.actions import categories
from portal.resources.actions import files as actions
from portal.resources.models import Audience, Category, DownloadCount, Resource, ResourceFile
from portal.resources.models.files import VersionNeverChanges
from portal.resources.refusals import AddressTaken, InUse, NoAddress
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


@pytest.fixture
def helen():
    return Actor(make.user(role=Role.MANAGER), Role.MANAGER)


def add(by, *, title="Sleep diary", file=None, now=NOW, **values):
    values = {"title": title, "category": make.category(), "audience": Audience.PUBLIC} | values
    return actions.add_resource(values=values, file=file or make.document(), by=by, now=now)


def bytes_of(version):
    with storage.opened(version) as file:
        return file.read()


def facts(verb):
    return [entry.facts for entry in Entry.objects.filter(verb=verb)]


# ---- Put there -------------------------------------------------------------------------------------------------------


def test_a_file_is_put_on_the_shelf(helen):
    file = make.document(content=b"hello", kind=Kind.TEXT, name="Sleep diary.txt")
    resource = add(helen, file=file)

    version = ResourceFile.objects.get()
    assert (resource.slug, resource.current, resource.created_by) == ("sleep-diary", version, helen.user)
    assert (version.number, version.kind, version.size, version.sha256, version.name) == (
        1,
        "txt",
        5,
        file.sha256,
        "Sleep diary.txt",
    )
    assert bytes_of(version) == b"hello"
    assert facts("resource.added") == [{"audience": "public", "kind": "txt"}]


def test_bytes_lie_under_a_random_name_that_says_nothing(helen):
    first, second = (add(helen, file=make.document(name="Panic.txt")).current.path for _ in range(2))
    assert first != second
    for path in (first, second):
        folder, letters, rest = path.split("/")
        assert (folder, len(letters), len(rest)) == ("files", 2, 38)


def test_no_bytes_stay_when_the_row_can_not_be_written(helen, monkeypatch):
    saved = []
    monkeypatch.setattr(ResourceFile, "save", lambda self, **k: saved.append(self.path) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        add(helen)
    assert [default_storage.exists(path) for path in saved] == [False]


@pytest.mark.parametrize(
    ("titles", "slugs"),
    [
        (["Sleep diary", "Sleep diary", "Sleep  Diary!"], ["sleep-diary", "sleep-diary-2", "sleep-diary-3"]),
        (["Nhật ký giấc ngủ"], ["nhat-ky-giac-ngu"]),
    ],
)
def test_addresses_are_made_from_titles_and_differ(helen, titles, slugs):
    assert [add(helen, title=title).slug for title in titles] == slugs


def test_a_title_without_latin_letters_gets_an_address_too(helen):
    resource = add(helen, title="睡眠日记")
    assert resource.slug == f"file-{resource.code.hex[:8]}"


def test_what_is_not_said_of_a_file_is_not_taken(helen):
    with pytest.raises(TypeError, match="is_active"):
        add(helen, is_active=False)


# ---- Changed ---------------------------------------------------------------------------------------------------------


def test_an_address_stays_when_the_title_changes(helen):
    resource = add(helen)
    changed = actions.change_resource(resource=resource, values={"title": "Sleep log"}, by=helen, now=LATER)
    assert (changed.title, changed.slug) == ("Sleep log", "sleep-diary")
    assert facts("resource.changed") == [{"fields": ["title"], "audience": "public"}]


def test_nothing_changed_is_no_line_in_the_trail(helen):
    resource = add(helen)
    actions.change_resource(resource=resource, values={"title": "Sleep diary"}, slug="sleep-diary", by=helen, now=LATER)
    assert facts("resource.changed") == []


def test_an_old_address_stays_with_its_file(helen):
    resource = add(helen)
    actions.change_resource(resource=resource, values={}, slug="Sleep Log", by=helen, now=LATER)
    assert set(resource.used_slugs.values_list("slug", flat=True)) == {"sleep-diary", "sleep-log"}
    # A new file of the same title does not take it, and nobody can ask for it.
    assert add(helen).slug == "sleep-diary-2"
    other = add(helen, title="Another")
    with pytest.raises(AddressTaken):
        actions.change_resource(resource=other, values={}, slug="sleep-diary", by=helen, now=LATER)
    back = actions.change_resource(resource=resource, values={}, slug="sleep-diary", by=helen, now=LATER)
    assert back.slug == "sleep-diary"


@pytest.mark.parametrize("slug", ["", "!!", "睡眠"])
def test_an_address_needs_letters(helen, slug):
    with pytest.raises(NoAddress):
        actions.change_resource(resource=add(helen), values={}, slug=slug, by=helen, now=LATER)


def test_what_is_one_persons_is_not_changed_by_a_manager(helen):
    own = make.resource(made_for=make.patient())
    with pytest.raises(Resource.DoesNotExist):
        actions.change_resource(resource=own, values={"title": "x"}, by=helen, now=LATER)
    with pytest.raises(Resource.DoesNotExist):
        actions.replace_file(resource=own, file=make.document(), by=helen, now=LATER)
    actions.take_down(resource=own, by=helen, now=LATER)
    own.refresh_from_db()
    assert own.is_active


# ---- Replaced --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_replaced_file_keeps_its_address_and_its_old_bytes_go(helen):
    resource = add(helen, file=make.document(content=b"call 111"))
    old = resource.current
    path = old.path

    version = actions.replace_file(resource=resource, file=make.document(content=b"call 000"), by=helen, now=LATER)

    resource.refresh_from_db()
    old.refresh_from_db()
    assert (resource.slug, resource.current, resource.updated_at) == ("sleep-diary", version, LATER)
    assert bytes_of(resource.current) == b"call 000"
    assert not default_storage.exists(path)
    # What it was can still be told.
    assert (old.number, old.size, old.path, old.replaced_at, old.removed_at) == (1, 8, "", LATER, LATER)
    assert facts("resource.replaced") == [
        {"version": 2, "was": old.sha256, "became": version.sha256, "kept": False},
    ]


@pytest.mark.django_db(transaction=True)
def test_what_a_patient_was_given_is_kept_when_it_is_replaced(helen):
    resource = add(helen, file=make.document(content=b"as given"))
    old = resource.current
    make.share(resource=resource, shared_at=NOW)
    actions.replace_file(resource=resource, file=make.document(content=b"new"), by=helen, now=LATER)
    old.refresh_from_db()
    assert (old.replaced_at, old.removed_at, bytes_of(old)) == (LATER, None, b"as given")


@pytest.mark.django_db(transaction=True)
def test_bytes_stay_when_replacing_is_undone(helen, monkeypatch):
    resource = add(helen, file=make.document(content=b"as before"))
    with monkeypatch.context() as broken:
        broken.setattr(actions.trail, "record", lambda *args, **facts: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            actions.replace_file(resource=resource, file=make.document(content=b"new"), by=helen, now=LATER)
    resource.refresh_from_db()
    assert bytes_of(resource.current) == b"as before"


def test_the_same_file_again_is_no_new_version(helen):
    file = make.document()
    resource = add(helen, file=file)
    actions.replace_file(resource=resource, file=file, by=helen, now=LATER)
    assert (ResourceFile.objects.count(), facts("resource.replaced")) == (1, [])


def test_a_version_never_changes(helen):
    version = add(helen).current
    version.size = 9
    for how in ({}, {"update_fields": ["size"]}, {"update_fields": ["path", "sha256"]}):
        with pytest.raises(VersionNeverChanges):
            version.save(**how)


def test_what_was_taken_down_can_be_put_back(helen):
    resource = add(helen)
    for _ in range(2):
        actions.take_down(resource=resource, by=helen, now=LATER)
    assert not Resource.objects.on_the_website().exists()
    for _ in range(2):
        actions.put_back(resource=resource, by=helen, now=LATER)
    assert Resource.objects.on_the_website().get() == resource
    verbs = Entry.objects.filter(verb__in=["resource.taken_down", "resource.put_back"])
    assert sorted(verbs.values_list("verb", flat=True)) == ["resource.put_back", "resource.taken_down"]


# ---- What the database refuses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "fields"),
    [
        ("resource_audience_is_known", {"audience": "anybody"}),
        ("resource_of_the_library_or_of_one_person", {"category": None}),
        ("resource_of_the_library_or_of_one_person", {"title": ""}),
    ],
)
def test_a_file_of_the_library_is_whole(helen, broken, fields):
    resource = add(helen)
    with pytest.raises(IntegrityError, match=broken), transaction.atomic():
        Resource.objects.filter(pk=resource.pk).update(**fields)


@pytest.mark.parametrize("fields", [{"audience": Audience.PUBLIC}, {"title": "About Ruth"}, {"description": "Why"}])
def test_what_is_one_persons_is_never_public_and_says_nothing_in_clear(fields):
    own = make.resource(made_for=make.patient())
    with pytest.raises(IntegrityError, match="library_or_of_one_person"), transaction.atomic():
        Resource.objects.filter(pk=own.pk).update(**fields)


def test_two_versions_are_never_current(helen):
    resource = add(helen)
    another = make.document()
    with pytest.raises(IntegrityError), storage.put(another, sealed=False) as put, transaction.atomic():
        actions.add_version(resource, another, put, by=helen, now=LATER)


def test_bytes_are_gone_only_of_what_was_replaced(helen):
    resource = add(helen)
    with pytest.raises(IntegrityError, match="file_removed_when_replaced"), transaction.atomic():
        ResourceFile.objects.filter(resource=resource).update(path="", removed_at=LATER)


# ---- Who sees what ---------------------------------------------------------------------------------------------------


@pytest.fixture
def shelf():
    """One of each kind, and the people around them."""
    psychologist, colleague = make.psychologist(), make.psychologist()
    account = make.user()
    ruth = make.patient(user=account)
    make.appointment(psychologist=psychologist, patient=ruth)
    make.appointment(psychologist=colleague, patient=make.patient(user=make.user()))
    names = {
        "public": make.resource(),
        "patients": make.resource(audience=Audience.PATIENTS),
        "given": make.resource(audience=Audience.SHARED_ONLY),
        "shelved": make.resource(audience=Audience.SHARED_ONLY),
        "own": make.resource(made_for=ruth, by=psychologist.user),
        "down": make.resource(is_active=False),
    }
    make.share(resource=names["given"], patient=ruth, shared_by=psychologist.user)
    make.share(resource=names["own"], patient=ruth, shared_by=psychologist.user)
    make.share(resource=names["shelved"], patient=ruth, withdrawn_at=LATER, withdrawn_by=psychologist.user)
    carer = make.user()
    make.carer(patient=ruth, user=carer)
    ended = make.user()
    make.carer(patient=ruth, user=ended, ended_at=NOW)
    people = {
        "the patient": Actor(account, Role.PATIENT),
        "their carer": Actor(carer, Role.PATIENT),
        "a carer no more": Actor(ended, Role.PATIENT),
        "another patient": Actor(make.patient(user=make.user()).user, Role.PATIENT),
        "signed up, nobody's patient": Actor(make.user(), Role.PATIENT),
        "their psychologist": Actor(psychologist.user, Role.PSYCHOLOGIST),
        "a colleague": Actor(colleague.user, Role.PSYCHOLOGIST),
        "reception": Actor(make.user(role=Role.RECEPTION), Role.RECEPTION),
        "manager": Actor(make.user(role=Role.MANAGER), Role.MANAGER),
        "a job": Actor.system("reminders"),
    }
    return names, people


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        ("the patient", "public patients given own"),
        ("their carer", "public patients"),
        ("a carer no more", "public"),
        ("another patient", "public patients"),
        ("signed up, nobody's patient", "public"),
        ("their psychologist", "public patients given shelved own"),
        ("a colleague", "public patients given shelved"),
        ("reception", "public patients"),
        ("manager", "public patients given shelved down"),
        ("a job", ""),
    ],
)
def test_who_sees_which_files(shelf, who, sees):
    names, people = shelf
    seen = set(Resource.objects.visible_to(people[who], now=timezone.now()))
    assert {name for name, resource in names.items() if resource in seen} == set(sees.split())


# ---- Sealed ----------------------------------------------------------------------------------------------------------


def test_what_is_one_persons_is_encrypted_in_the_storage():
    words = b"A plan for the nights, made with Ruth"
    own = make.resource(made_for=make.patient(), title="Plan for the nights", file=make.document(content=words))
    with default_storage.open(own.current.path) as file:
        kept = file.read()
    assert words not in kept
    assert len(kept) == len(words) + 12 + 16
    assert bytes_of(own.current) == words
    assert (own.title, own.name) == ("", "Plan for the nights")


def test_a_file_changed_in_the_storage_does_not_open():
    one, other = (make.resource(made_for=make.patient()) for _ in range(2))
    # Another row's file under this row: key and place both have to fit.
    ResourceFile.objects.filter(pk=other.current.pk).update(path="elsewhere")
    one.current.path, other.current.path = other.current.path, one.current.path
    with pytest.raises(Tampered):
        storage.opened(other.current)


def test_a_file_that_is_not_there_says_so(helen):
    resource = add(helen)
    default_storage.delete(resource.current.path)
    with pytest.raises(storage.FileGone):
        storage.opened(resource.current)


def test_no_table_holds_the_words_of_what_is_one_persons_in_clear():
    own = make.resource(
        made_for=make.patient(), title="Quokkaphobia", file=make.document(name="Quokkaphobia.txt", content=b"Quokka")
    )
    make.share(resource=own, note="About the Quokkaphobia")
    assert own.name == "Quokkaphobia"
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                assert "quokka" not in str(row).lower(), table


# ---- Counts ----------------------------------------------------------------------------------------------------------


def test_openings_are_counted_by_day():
    resource = make.resource()
    monday, tuesday = date(2026, 11, 23), date(2026, 11, 24)
    for day in (monday, tuesday, monday):
        actions.count_opening(resource=resource, day=day)
    assert list(DownloadCount.objects.order_by("day").values_list("day", "times")) == [(monday, 2), (tuesday, 1)]
    counted = Resource.objects.with_counts(since=tuesday).get()
    assert (counted.opened, counted.opened_lately) == (3, 1)
    assert Entry.objects.count() == 0


def test_a_file_that_nobody_opened_has_a_count_of_nought():
    make.resource()
    counted = Resource.objects.with_counts(since=date(2026, 1, 1)).get()
    assert (counted.opened, counted.opened_lately) == (0, 0)


def test_what_is_one_persons_is_not_counted():
    actions.count_opening(resource=make.resource(made_for=make.patient()), day=date(2026, 11, 23))
    assert DownloadCount.objects.count() == 0


def test_a_category_that_holds_a_file_is_not_deleted(helen):
    resource = make.resource()
    with pytest.raises(InUse):
        categories.delete_category(category=resource.category, by=helen, now=NOW)
    empty = make.category()
    categories.delete_category(category=empty, by=helen, now=NOW)
    assert list(Category.objects.all()) == [resource.category]
