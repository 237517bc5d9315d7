import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.roles import Role
from portal.appointments import actions as diary
from portal.appointments.models import CancelReason, Status
from portal.appointments.refusals import HeldByNote, NotCancellable, NotReschedulable, WrongState
from portal.audit.models import Entry
from portal.clinic.models import Mode
from portal.common.access.actors import Actor
from portal.records import actions
from portal.records.headings import skeleton
from portal.records.models import Addendum, ProgressNote, State, Template
from portal.records.refusals import (
    AlreadySigned,
    NoSession,
    NothingWritten,
    NotSigned,
    NotTheirs,
    NotYet,
    StaleDraft,
)
from tests import make
from tests.records.conftest import BEGAN, NOW


def _verbs():
    return list(Entry.objects.order_by("id").values_list("verb", flat=True))


def test_save_draft_begins_a_note_of_the_session(session, psychologist):
    note = actions.save_draft(
        appointment=session, body="A\r\nB\x00", template="dap", version=0, by=psychologist, now=NOW
    )

    stored = ProgressNote.objects.get()
    assert (stored, stored.body, stored.template, stored.state, stored.version) == (note, "A\nB", "dap", "draft", 1)
    assert (stored.patient, stored.author) == (session.patient, session.psychologist)
    assert (stored.created_at, stored.updated_at) == (NOW, NOW)


def test_save_draft_again_replaces_it_and_is_drafted_once_in_the_trail(draft, session, psychologist):
    later = NOW + timedelta(minutes=1)

    actions.save_draft(appointment=session, body="Slept well.", version=1, by=psychologist, now=later)

    stored = ProgressNote.objects.get()
    assert (stored.body, stored.version, stored.created_at, stored.updated_at) == ("Slept well.", 2, NOW, later)
    assert _verbs() == ["note.drafted"]


def test_save_draft_of_the_same_text_again_is_no_change(draft, session, psychologist):
    again = actions.save_draft(appointment=session, body="Slept badly.", version=0, by=psychologist, now=NOW)

    assert (again.version, ProgressNote.objects.get().version) == (1, 1)


@pytest.mark.parametrize("version", [0, 2])
def test_save_draft_on_another_version_is_stale_and_keeps_what_is_stored(draft, session, psychologist, version):
    with pytest.raises(StaleDraft) as stale:
        actions.save_draft(appointment=session, body="From a second window", version=version, by=psychologist, now=NOW)

    assert stale.value.stored.body == "Slept badly."
    assert ProgressNote.objects.get().body == "Slept badly."


@pytest.mark.parametrize("body", ["", " \n\t\r\n"])
def test_save_draft_of_an_empty_page_begins_nothing(session, psychologist, body):
    with pytest.raises(NothingWritten):
        actions.save_draft(appointment=session, body=body, version=0, by=psychologist, now=NOW)

    assert not ProgressNote.objects.exists()
    assert _verbs() == []


def test_save_draft_may_empty_a_draft(draft, session, psychologist):
    actions.save_draft(appointment=session, body="", version=1, by=psychologist, now=NOW)

    assert ProgressNote.objects.get().body == ""


def test_save_draft_of_a_held_time_is_refused(db):
    hold = make.hold()
    by = Actor(user=hold.psychologist.user, role=Role.PSYCHOLOGIST)

    with pytest.raises(NoSession):
        actions.save_draft(appointment=hold, body="Words", version=0, by=by, now=NOW)


@pytest.mark.parametrize("status", [Status.BOOKED, Status.ARRIVED, Status.COMPLETED, Status.NO_SHOW, Status.CANCELLED])
def test_save_draft_in_any_state_of_a_session(db, status):
    session = make.appointment(starts_at=BEGAN, status=status)
    by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)

    assert actions.save_draft(appointment=session, body="Words", version=0, by=by, now=NOW).body == "Words"


def _others(session):
    colleague = make.psychologist()
    make.appointment(psychologist=colleague, patient=session.patient, starts_at=BEGAN - timedelta(days=2))
    return {
        "colleague": Actor(user=make.psychologist().user, role=Role.PSYCHOLOGIST),
        "colleague who treats them too": Actor(user=colleague.user, role=Role.PSYCHOLOGIST),
        "reception": make.actor(role=Role.RECEPTION),
        "manager": make.actor(role=Role.MANAGER),
        "job": Actor.system("reminders"),
    }


def test_only_the_sessions_psychologist_writes_and_signs(draft, session):
    for who, by in _others(session).items():
        with pytest.raises(NotTheirs):
            actions.save_draft(appointment=session, body=who, version=1, by=by, now=NOW)
        with pytest.raises(NotTheirs):
            actions.sign(appointment=session, version=1, by=by, now=NOW)

    stored = ProgressNote.objects.get()
    assert (stored.body, stored.state) == ("Slept badly.", State.DRAFT)


def test_sign_sets_all_that_a_signature_is(draft, session, psychologist):
    actions.sign(appointment=session, version=1, by=psychologist, now=NOW)

    stored = ProgressNote.objects.get()
    assert (stored.state, stored.signed_at, stored.signed_by) == (State.SIGNED, NOW, psychologist.user)
    assert (stored.sequence, stored.previous_hash, len(stored.hash)) == (1, "0" * 64, 64)
    signing = Entry.objects.get(verb="note.signed")
    assert signing.facts == {"patient": session.patient_id, "sequence": 1, "seal": stored.hash}


def test_sign_twice_is_refused(signed, session, psychologist):
    with pytest.raises(AlreadySigned):
        actions.sign(appointment=session, version=1, by=psychologist, now=NOW)
    with pytest.raises(AlreadySigned):
        actions.save_draft(appointment=session, body="Other", version=1, by=psychologist, now=NOW)

    assert _verbs() == ["note.drafted", "note.signed"]


def test_sign_what_another_window_changed_is_refused(draft, session, psychologist):
    actions.save_draft(appointment=session, body="Slept well.", version=1, by=psychologist, now=NOW)

    with pytest.raises(StaleDraft):
        actions.sign(appointment=session, version=1, by=psychologist, now=NOW)

    assert ProgressNote.objects.get().state == State.DRAFT


def test_sign_before_the_session_began_is_refused(draft, session, psychologist):
    with pytest.raises(NotYet):
        actions.sign(appointment=session, version=1, by=psychologist, now=BEGAN - timedelta(seconds=1))


def test_sign_without_a_draft_is_refused(session, psychologist):
    with pytest.raises(NothingWritten):
        actions.sign(appointment=session, version=0, by=psychologist, now=NOW)


@pytest.mark.parametrize("template", Template.values)
def test_sign_with_nothing_under_the_headings_is_refused(session, psychologist, template):
    words = actions.save_draft(appointment=session, body="Words", version=0, by=psychologist, now=NOW)
    bare = actions.save_draft(
        appointment=session, body=skeleton(template), template=template, version=words.version, by=psychologist, now=NOW
    )

    with pytest.raises(NothingWritten):
        actions.sign(appointment=session, version=bare.version, by=psychologist, now=NOW)

    full = actions.save_draft(
        appointment=session,
        body=skeleton(template) + "Rested.",
        template=template,
        version=bare.version,
        by=psychologist,
        now=NOW,
    )
    assert actions.sign(appointment=session, version=full.version, by=psychologist, now=NOW).is_signed


def test_add_addendum_leaves_the_note_and_adds_a_signed_row(signed, psychologist):
    later = NOW + timedelta(days=1)

    actions.add_addendum(note=signed, body="Sleep log attached.", by=psychologist, now=later)

    stored = Addendum.objects.get()
    assert (stored.note, stored.body, stored.signed_at, stored.signed_by) == (
        signed,
        "Sleep log attached.",
        later,
        psychologist.user,
    )
    assert (stored.sequence, stored.previous_hash) == (2, signed.hash)
    assert _verbs() == ["note.drafted", "note.signed", "note.addendum_added"]


def test_add_addendum_of_one_form_sent_twice_adds_once(signed, psychologist):
    code = uuid.uuid4()

    first = actions.add_addendum(note=signed, body="Once", by=psychologist, now=NOW, code=code)
    second = actions.add_addendum(note=signed, body="Once", by=psychologist, now=NOW, code=code)

    assert (first, first.code, Addendum.objects.count()) == (second, code, 1)


def test_add_addendum_to_a_draft_is_refused(draft, psychologist):
    with pytest.raises(NotSigned):
        actions.add_addendum(note=draft, body="More", by=psychologist, now=NOW)


def test_add_addendum_of_nothing_is_refused(signed, psychologist):
    with pytest.raises(NothingWritten):
        actions.add_addendum(note=signed, body=" \n", by=psychologist, now=NOW)


def test_add_addendum_by_whoever_treats_them_in_their_own_name(signed, session):
    others = _others(session)
    treats = others.pop("colleague who treats them too")

    added = actions.add_addendum(note=signed, body="Seen by me.", by=treats, now=NOW)

    assert (added.author.user, added.signed_by) == (treats.user, treats.user)
    for by in others.values():
        with pytest.raises(NotTheirs):
            actions.add_addendum(note=signed, body="Not mine", by=by, now=NOW)


def test_read_stands_in_the_trail_each_time(signed, session, psychologist):
    for _ in range(2):
        assert actions.read(note=signed, by=psychologist, now=NOW).body == "Slept badly."

    reads = Entry.objects.filter(verb="note.read")
    assert [(e.actor_id, e.target_code, e.facts) for e in reads] == [
        (str(psychologist.user.pk), str(signed.code), {"patient": session.patient_id})
    ] * 2


def test_read_is_refused_to_others(signed, session):
    others = _others(session)
    del others["colleague who treats them too"]
    for by in others.values():
        with pytest.raises(NotTheirs):
            actions.read(note=signed, by=by, now=NOW)


def test_a_signed_note_freezes_its_session(signed, session):
    for change in (
        {"starts_at": BEGAN + timedelta(minutes=5)},
        {"service": make.service()},
        {"location": make.location()},
        {"mode": Mode.PHONE},
        {"patient": make.patient()},
        {"psychologist": make.psychologist()},
        {"status": Status.NO_SHOW},
    ):
        with pytest.raises(IntegrityError, match="A session with a"), transaction.atomic():
            type(session).objects.filter(pk=session.pk).update(**change)


def test_a_draft_holds_the_people_and_nothing_else(draft, session):
    rows = type(session).objects.filter(pk=session.pk)

    assert rows.update(starts_at=BEGAN + timedelta(minutes=5), status=Status.NO_SHOW, completed_at=None) == 1
    with pytest.raises(IntegrityError, match="keeps its patient"):
        rows.update(psychologist=make.psychologist())


def test_a_session_with_a_signed_note_can_still_be_checked_out(db):
    session = make.appointment(starts_at=BEGAN, status=Status.ARRIVED)
    by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)
    actions.save_draft(appointment=session, body="Words", version=0, by=by, now=NOW)
    actions.sign(appointment=session, version=1, by=by, now=NOW)

    rows = type(session).objects.filter(pk=session.pk)

    assert rows.update(status=Status.COMPLETED, completed_at=NOW) == 1


def test_refusals_show_no_word_of_a_note(draft):
    for refusal in (StaleDraft(draft), AlreadySigned(draft)):
        assert "Slept" not in f"{refusal!r} {refusal} {refusal.args}"


@pytest.fixture
def seen_but_not_marked(db):
    """A session that was held and written up, while nobody at the desk marked anything."""
    session = make.appointment(starts_at=BEGAN, status=Status.BOOKED)
    by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)
    note = actions.save_draft(appointment=session, body="Words", version=0, by=by, now=NOW)
    actions.sign(appointment=session, version=note.version, by=by, now=NOW)
    return session


@pytest.mark.parametrize(
    ("step", "also"),
    [
        (lambda a, by: diary.mark_no_show(appointment=a, by=by, now=NOW), WrongState),
        (
            lambda a, by: diary.cancel(
                appointment=a, reason=CancelReason.CLINIC, by=by, now=a.starts_at - timedelta(hours=1)
            ),
            NotCancellable,
        ),
        (
            lambda a, by: diary.reschedule(
                appointment=a,
                starts_at=a.starts_at + timedelta(days=7),
                by=by,
                now=a.starts_at - timedelta(hours=1),
                outside_hours=True,
            ),
            NotReschedulable,
        ),
    ],
)
def test_the_diary_refuses_by_name_what_a_signed_note_forbids(seen_but_not_marked, step, also):
    with pytest.raises(HeldByNote) as refused:
        step(seen_but_not_marked, make.actor())

    assert isinstance(refused.value, also)
    before = seen_but_not_marked.starts_at
    seen_but_not_marked.refresh_from_db()
    assert (seen_but_not_marked.status, seen_but_not_marked.starts_at) == (Status.BOOKED, before)


def test_the_diary_completes_a_session_with_a_signed_note(seen_but_not_marked):
    diary.check_in(appointment=seen_but_not_marked, by=make.actor(), now=NOW)
    diary.complete(appointment=seen_but_not_marked, by=make.actor(), now=NOW)

    seen_but_not_marked.refresh_from_db()
    assert seen_but_not_marked.status == Status.COMPLETED
