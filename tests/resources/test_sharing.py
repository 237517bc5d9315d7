"""A file shared with one patient: once, by whom they are treated, with a note that stands nowhere else."""

import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from django.db import IntegrityError, connection, transaction

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.journeys import sharing as journey
from portal.notifications.models import Notice, State
from portal.resources.actions import files, sharing
from portal.resources.models import Audience, DownloadCount, Resource, Share
from portal.resources.refusals import AlreadyShared, IsTakenDown, NotInTheirCare
from tests import make

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)
NOTE = "For the nights, Ruth: two lines are enough."


_hours = count()


def treating(*patients, status=Status.BOOKED):
    psychologist = make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn"))
    for patient in patients:
        starts_at = NOW - timedelta(days=7, hours=next(_hours))
        make.appointment(psychologist=psychologist, patient=patient, starts_at=starts_at, status=status)
    return Actor(psychologist.user, Role.PSYCHOLOGIST)


@pytest.fixture
def ruth():
    return make.patient(legal_first_name="Ruth", email="ruth@example.com", language="vi")


@pytest.fixture
def mai(ruth):
    return treating(ruth)


@pytest.fixture
def diary():
    return make.resource(title="Sleep diary", audience=Audience.SHARED_ONLY)


def give(resource, patient, by, **fields):
    return journey.share_file(resource=resource, patient=patient, by=by, **{"note": NOTE, "now": NOW} | fields)


def give_own(patient, by, **fields):
    fields = {"title": "Plan for Ruth", "file": make.document(), "note": NOTE, "now": NOW} | fields
    return journey.share_own_file(patient=patient, by=by, **fields)


def trail_of(verb):
    return list(Entry.objects.filter(verb=verb).values_list("target_label", "actor_id", "facts"))


# ---- Shared ----------------------------------------------------------------------------------------------------------


def test_a_file_is_shared_with_a_word(diary, ruth, mai):
    share = give(diary, ruth, mai)

    stored = Share.objects.get()
    assert (stored.note, stored.shared_by, stored.shared_at, stored.seen_at) == (NOTE, mai.user, NOW, None)
    assert trail_of("resource.shared") == [
        (
            "resources.Share",
            str(mai.user.pk),
            {"patient": ruth.pk, "resource": str(diary.code), "noted": True},
        )
    ]
    assert share == stored


def test_the_notice_says_that_something_waits_and_nothing_else(diary, ruth, mai):
    make.clinic(name="Banksia Lane")
    give(diary, ruth, mai)

    notice = Notice.objects.get()
    assert (notice.to, notice.template, notice.language) == ("ruth@example.com", "file_shared", "vi")
    assert "/vi/my/documents/" in notice.text
    assert "/vi/my/documents/" in notice.html
    told = f"{notice.subject} {notice.text} {notice.html}"
    assert [word for word in ("Sleep diary", "nights", "two lines", "Mai") if word in told] == []
    assert "Banksia Lane" in notice.subject


def test_a_child_without_an_address_has_it_told_to_those_who_care(diary, mai):
    child = make.patient(email="", date_of_birth=date(2018, 5, 17))
    parent = make.carer(patient=child, user=make.user(email="parent@example.com")).user
    give(diary, child, treating(child))
    assert Notice.objects.get().to == parent.email


def test_the_same_form_twice_shares_and_tells_once(diary, ruth, mai):
    code = uuid.uuid4()
    first, second = (give(diary, ruth, mai, code=code) for _ in range(2))
    assert first == second
    assert (first.code, Share.objects.count(), Notice.objects.count()) == (code, 1, 1)


def test_the_same_form_twice_keeps_one_file(ruth, mai):
    code = uuid.uuid4()
    first, second = (give_own(ruth, mai, code=code) for _ in range(2))
    assert first == second
    assert (Resource.objects.count(), Share.objects.count(), Notice.objects.count()) == (1, 1, 1)


def test_a_code_of_somebody_elses_form_gives_nothing_away(diary, ruth, mai):
    given = give(diary, ruth, mai)
    other = make.patient()
    share = give(diary, other, treating(other), code=given.code)
    assert (share.patient, share.code != given.code) == (other, True)


def test_another_form_says_that_they_have_it(diary, ruth, mai):
    standing = give(diary, ruth, mai)
    with pytest.raises(AlreadyShared) as refused:
        give(diary, ruth, mai, code=uuid.uuid4())
    assert refused.value.share == standing
    assert "nights" not in f"{refused.value} {refused.value!r} {standing!r}"


def test_what_was_taken_back_can_be_shared_again(diary, ruth, mai):
    journey.withdraw_file(share=give(diary, ruth, mai), by=mai, now=NOW)
    again = give(diary, ruth, mai, now=LATER)
    assert list(Share.objects.live()) == [again]
    assert Share.objects.count() == 2


@pytest.mark.parametrize("status", [Status.CANCELLED])
def test_a_session_called_off_gives_no_right_to_share(diary, ruth, status):
    with pytest.raises(NotInTheirCare):
        give(diary, ruth, treating(ruth, status=status))
    assert Share.objects.count() == 0


def test_others_may_not_share(diary, ruth, mai):
    both = make.user(roles=(Role.PSYCHOLOGIST, Role.MANAGER))
    for actor in (
        treating(),
        Actor(both, Role.PSYCHOLOGIST),
        Actor(mai.user, Role.MANAGER),
        Actor(make.user(), Role.PATIENT),
        Actor.system("a job"),
    ):
        with pytest.raises(NotInTheirCare):
            give(diary, ruth, actor)
        with pytest.raises(NotInTheirCare):
            give_own(ruth, actor)
    assert (Share.objects.count(), Resource.objects.count(), Notice.objects.count()) == (0, 1, 0)


def test_what_was_taken_down_is_not_shared(ruth, mai):
    with pytest.raises(IsTakenDown):
        give(make.resource(is_active=False), ruth, mai)


def test_one_patients_file_is_given_to_no_other(ruth):
    other = make.patient()
    both = treating(ruth, other)
    own = give_own(ruth, both).resource
    with pytest.raises(NotInTheirCare):
        give(own, other, both)


def test_a_file_of_ones_own_is_kept_for_one_patient(ruth, mai):
    resource = give_own(ruth, mai).resource
    resource.refresh_from_db()
    assert (resource.made_for, resource.name, resource.title, resource.audience) == (
        ruth,
        "Plan for Ruth",
        "",
        "shared_only",
    )
    assert resource.current.key is not None
    assert not resource.used_slugs.exists()
    assert "plan" not in str([entry.facts for entry in Entry.objects.all()]).lower()


# ---- Taken back, seen ------------------------------------------------------------------------------------------------


def test_taking_back_is_done_once_and_recorded(diary, ruth, mai):
    share = give(diary, ruth, mai)
    assert [sharing.withdraw(share=share, by=mai, now=LATER) for _ in range(2)] == [True, False]
    stored = Share.objects.get()
    assert (stored.withdrawn_at, stored.withdrawn_by) == (LATER, mai.user)
    assert len(trail_of("resource.share_withdrawn")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_notice_that_has_not_gone_is_taken_back_too(diary, ruth, mai, monkeypatch):
    monkeypatch.setattr("portal.notifications.outbox._send_after_commit", lambda pk: None)
    share = give(diary, ruth, mai)
    # Where they read their e-mail now is not where it was to go.
    share.patient.email = "new@example.com"
    share.patient.save()
    journey.withdraw_file(share=share, by=mai, now=LATER)
    assert Notice.objects.get().state == State.WITHDRAWN


def test_only_whoever_treats_them_takes_it_back(diary, ruth, mai):
    share = give(diary, ruth, mai)
    with pytest.raises(NotInTheirCare):
        sharing.withdraw(share=share, by=treating(), now=LATER)
    colleague = treating(ruth)
    assert sharing.withdraw(share=share, by=colleague, now=LATER)


def test_the_first_opening_is_kept(diary, ruth, mai):
    share = give(diary, ruth, mai)
    reader = Actor(make.user(), Role.PATIENT)
    assert [sharing.mark_seen(share=share, by=reader, now=at) for at in (LATER, LATER + timedelta(days=1))] == [
        True,
        False,
    ]
    assert Share.objects.get().seen_at == LATER
    assert trail_of("resource.seen") == [("resources.Share", str(reader.user.pk), {"patient": ruth.pk})]


def test_a_clock_that_runs_behind_breaks_nothing(diary, ruth, mai):
    share = give(diary, ruth, mai)
    sharing.mark_seen(share=share, by=mai, now=NOW - timedelta(seconds=3))
    assert Share.objects.get().seen_at == NOW


# ---- What the database refuses ---------------------------------------------------------------------------------------


def test_one_file_is_never_shared_twice_at_a_time(diary, ruth):
    make.share(resource=diary, patient=ruth)
    with pytest.raises(IntegrityError), transaction.atomic():
        make.share(resource=diary, patient=ruth)
    with pytest.raises(IntegrityError, match="share_withdrawn_at_and_by"), transaction.atomic():
        make.share(withdrawn_at=NOW)
    with pytest.raises(IntegrityError, match="share_seen_after_shared"), transaction.atomic():
        make.share(shared_at=LATER, seen_at=NOW)


# ---- Who sees what was shared ----------------------------------------------------------------------------------------


def test_who_sees_what_was_shared(diary, ruth, mai):
    share = give(diary, ruth, mai)
    account = make.user()
    type(ruth).objects.filter(pk=ruth.pk).update(user=account)
    carer = make.carer(patient=ruth).user
    agreed = make.carer(patient=ruth, reads_files=True).user
    called_off = treating(ruth, status=Status.CANCELLED)

    def sees(user, role):
        return list(Share.objects.visible_to(Actor(user, role), now=NOW)) == [share]

    assert {
        "patient": sees(account, Role.PATIENT),
        "an adult's carer": sees(carer, Role.PATIENT),
        "a carer who they agreed opens it": sees(agreed, Role.PATIENT),
        "psychologist": sees(mai.user, Role.PSYCHOLOGIST),
        "colleague in care": sees(treating(ruth).user, Role.PSYCHOLOGIST),
        "colleague": sees(treating().user, Role.PSYCHOLOGIST),
        "called off": sees(called_off.user, Role.PSYCHOLOGIST),
        "another patient": sees(make.patient(user=make.user()).user, Role.PATIENT),
        "reception": sees(make.user(role=Role.RECEPTION), Role.RECEPTION),
        "manager": sees(mai.user, Role.MANAGER),
    } == {
        "patient": True,
        "an adult's carer": False,
        "a carer who they agreed opens it": True,
        "psychologist": True,
        "colleague in care": True,
        "colleague": False,
        "called off": False,
        "another patient": False,
        "reception": False,
        "manager": False,
    }
    Resource.objects.filter(pk=diary.pk).update(is_active=False)
    assert (sees(account, Role.PATIENT), sees(mai.user, Role.PSYCHOLOGIST)) == (False, True)
    sharing.withdraw(share=share, by=mai, now=LATER)
    Resource.objects.filter(pk=diary.pk).update(is_active=True)
    assert (sees(account, Role.PATIENT), sees(mai.user, Role.PSYCHOLOGIST)) == (False, True)


# ---- At once ---------------------------------------------------------------------------------------------------------


def all_at_once(calls):
    """Each call in a thread and a transaction of its own, let go together; what each returned, or the name of what it
    raised."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return call()
        except Exception as problem:
            return type(problem).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(run, call) for call in calls]]


@pytest.mark.django_db(transaction=True)
def test_a_form_sent_by_many_clicks_shares_once(diary, ruth, mai):
    code = uuid.uuid4()
    results = all_at_once([lambda: give(diary, ruth, mai, code=code).code] * 6)
    assert results == [code] * 6
    assert (Share.objects.count(), Notice.objects.count(), len(trail_of("resource.shared"))) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_an_upload_sent_by_many_clicks_keeps_one_file(ruth, mai):
    code = uuid.uuid4()
    results = all_at_once([lambda: give_own(ruth, mai, code=code).code] * 4)
    assert results == [code] * 4
    assert (Resource.objects.count(), Share.objects.count(), Notice.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
def test_two_psychologists_at_once_share_once(diary, ruth, mai):
    colleague = treating(ruth)
    calls = [lambda by=by: bool(give(diary, ruth, by)) for by in (mai, colleague, mai, colleague)]
    assert sorted(map(str, all_at_once(calls))) == ["AlreadyShared"] * 3 + ["True"]
    assert Share.objects.live().count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_openings_at_once_are_all_counted():
    resource, day = make.resource(), date(2026, 11, 23)
    results = all_at_once([lambda: [files.count_opening(resource=resource, day=day) for _ in range(10)]] * 8)
    assert results == [[None] * 10] * 8
    assert DownloadCount.objects.get().times == 80


@pytest.mark.django_db(transaction=True)
def test_the_first_of_many_openings_is_the_one_recorded(diary, ruth, mai):
    share = give(diary, ruth, mai)
    reader = Actor(make.user(), Role.PATIENT)
    results = all_at_once([lambda: sharing.mark_seen(share=share, by=reader, now=LATER)] * 6)
    assert sorted(results) == [False] * 5 + [True]
    assert len(trail_of("resource.seen")) == 1


@pytest.mark.django_db(transaction=True)
def test_two_files_put_in_one_place_at_once_make_two_versions(mai):
    resource = make.resource()
    helen = Actor(make.user(role=Role.MANAGER), Role.MANAGER)
    calls = [
        lambda n=n: (
            files.replace_file(
                resource=resource, file=make.document(content=f"version {n}".encode()), by=helen, now=LATER
            ).number
        )
        for n in range(4)
    ]
    assert sorted(all_at_once(calls)) == [2, 3, 4, 5]
    assert resource.versions.filter(replaced_at=None).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_files_of_one_title_at_once_get_two_addresses():
    helen = Actor(make.user(role=Role.MANAGER), Role.MANAGER)
    values = {"title": "Sleep diary", "category": make.category(), "audience": Audience.PUBLIC}
    calls = [lambda: files.add_resource(values=values, file=make.document(), by=helen, now=NOW).slug] * 4
    assert sorted(all_at_once(calls)) == ["sleep-diary", "sleep-diary-2", "sleep-diary-3", "sleep-diary-4"]
