from datetime import timedelta

import pytest

from portal.accounts.roles import Role
from portal.appointments.models import Status
from portal.common.access.actors import Actor
from portal.records import actions
from portal.records.headings import parts, skeleton
from portal.records.models import Addendum, ProgressNote, Template
from portal.records.session_notes import note_before, sessions_to_write_up
from tests import make
from tests.records.conftest import BEGAN, NOW


def _sees(actor):
    return set(ProgressNote.objects.visible_to(actor, now=NOW)), set(Addendum.objects.visible_to(actor, now=NOW))


def test_a_psychologist_sees_what_they_wrote(signed, addendum, draft, psychologist):
    assert _sees(psychologist) == ({signed}, {addendum})


def test_a_draft_is_its_authors_alone(draft, session):
    colleague = make.psychologist()
    make.appointment(psychologist=colleague, patient=session.patient, starts_at=BEGAN + timedelta(days=1))

    assert _sees(Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)) == ({draft}, set())
    assert _sees(Actor(user=colleague.user, role=Role.PSYCHOLOGIST)) == (set(), set())


@pytest.mark.parametrize(
    ("status", "reads"),
    [
        (Status.BOOKED, True),
        (Status.ARRIVED, True),
        (Status.COMPLETED, True),
        (Status.NO_SHOW, False),
        (Status.CANCELLED, False),
        (Status.HELD, False),
    ],
)
def test_a_colleague_who_treats_them_reads_what_is_signed(signed, addendum, session, status, reads):
    colleague = make.psychologist()
    make.appointment(
        psychologist=colleague, patient=session.patient, starts_at=BEGAN - timedelta(days=1), status=status
    )

    seen = ({signed}, {addendum}) if reads else (set(), set())
    assert _sees(Actor(user=colleague.user, role=Role.PSYCHOLOGIST)) == seen


@pytest.mark.parametrize(("ahead", "reads"), [(timedelta(minutes=1), False), (timedelta(0), True)])
def test_a_colleague_reads_from_when_their_own_session_begins(signed, addendum, session, ahead, reads):
    """Whoever may book, could else open any record by booking a time in a coming week, and cancelling it again."""
    colleague = make.psychologist()
    make.appointment(psychologist=colleague, patient=session.patient, starts_at=NOW + ahead)

    seen = ({signed}, {addendum}) if reads else (set(), set())
    assert _sees(Actor(user=colleague.user, role=Role.PSYCHOLOGIST)) == seen


@pytest.mark.parametrize(
    ("booked_ahead", "by_themself", "reads"),
    [(timedelta(minutes=-5), True, False), (timedelta(0), True, False), (timedelta(days=1), True, True),
     (timedelta(minutes=-5), False, True)],
)  # fmt: skip
def test_a_session_that_a_colleague_put_on_record_themself_opens_nothing(
    signed, addendum, session, booked_ahead, by_themself, reads
):
    """Who is psychologist and reception could else open any record by a session in the past."""
    colleague, began = make.psychologist(), NOW - timedelta(hours=1)
    booked_by = colleague.user if by_themself else make.user(role=Role.RECEPTION)
    facts = {"booked_by": booked_by, "booked_at": began - booked_ahead, "starts_at": began}
    make.appointment(psychologist=colleague, patient=session.patient, **facts)

    seen = ({signed}, {addendum}) if reads else (set(), set())
    assert _sees(Actor(user=colleague.user, role=Role.PSYCHOLOGIST)) == seen


def test_nobody_else_sees_a_note(signed, addendum, session):
    patients_user = make.user()
    session.patient.user = patients_user
    session.patient.save(update_fields=["user"])
    everything = make.user(roles=(Role.PSYCHOLOGIST, Role.RECEPTION, Role.MANAGER))

    for actor in (
        Actor(user=make.psychologist().user, role=Role.PSYCHOLOGIST),
        Actor(user=everything, role=Role.PSYCHOLOGIST),
        make.actor(role=Role.RECEPTION),
        make.actor(role=Role.MANAGER),
        Actor(user=patients_user, role=Role.PATIENT),
        # Whoever wrote it reads it as a psychologist only, not as the manager they are as well.
        Actor(user=session.psychologist.user, role=Role.MANAGER),
        Actor(user=session.psychologist.user, role=Role.RECEPTION),
        Actor.system("reminders"),
    ):
        assert _sees(actor) == (set(), set()), actor


def test_lists_read_no_ciphertext(signed, django_assert_num_queries):
    with django_assert_num_queries(1):
        listed = ProgressNote.objects.without_text().get()
    assert "body_sealed" not in listed.__dict__
    with django_assert_num_queries(1):
        assert listed.body == "Slept badly."


def test_a_text_of_any_script_comes_back_as_it_was(session, psychologist):
    body = "Nguyễn said “không sao” — 王小明 — عربي\n\t• one\n• two 🙂"
    actions.save_draft(appointment=session, body=body, version=0, by=psychologist, now=NOW)

    assert ProgressNote.objects.get().body == body


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (Template.FREE, ""),
        (Template.SOAP, "Subjective\n\n\nObjective\n\n\nAssessment\n\n\nPlan\n"),
        (Template.DAP, "Data\n\n\nAssessment\n\n\nPlan\n"),
        (Template.BIRP, "Behaviour\n\n\nIntervention\n\n\nResponse\n\n\nPlan\n"),
    ],
)
def test_skeleton_leaves_a_line_under_each_heading(template, words):
    assert skeleton(template) == words


def test_every_field_of_the_records_is_classed_and_the_text_is_clinical():
    assert (ProgressNote.privacy.clinical, Addendum.privacy.clinical) == ({"body"}, {"body"})


def test_parts_of_a_note_for_reading():
    body = "Before.\n\nSubjective\nSlept\nbadly.\n\n\nObjective\n\nPlan\nRest."

    assert [(p.text, p.is_heading) for p in parts(body)] == [
        ("Before.", False),
        ("Subjective", True),
        ("Slept\nbadly.", False),
        ("Objective", True),
        ("Plan", True),
        ("Rest.", False),
    ]
    assert "Slept" not in repr(list(parts(body)))


@pytest.mark.parametrize(
    ("status", "over", "listed"),
    [
        (Status.BOOKED, True, True),
        (Status.ARRIVED, True, True),
        (Status.COMPLETED, True, True),
        (Status.NO_SHOW, True, False),
        (Status.CANCELLED, True, False),
        (Status.BOOKED, False, False),
    ],
)
def test_sessions_to_write_up_are_over_and_were_held(db, status, over, listed):
    starts = BEGAN if over else NOW + timedelta(minutes=1)
    session = make.appointment(starts_at=starts, status=status)
    by = Actor(user=session.psychologist.user, role=Role.PSYCHOLOGIST)

    assert list(sessions_to_write_up(by, now=NOW)) == ([session] if listed else [])


def test_sessions_to_write_up_leave_out_what_is_signed_and_list_drafts(draft, session, psychologist):
    missed = make.appointment(
        psychologist=session.psychologist, starts_at=BEGAN - timedelta(days=1), status=Status.NO_SHOW
    )
    actions.save_draft(appointment=missed, body="Rang, no answer.", version=0, by=psychologist, now=NOW)
    make.appointment(starts_at=BEGAN, status=Status.COMPLETED)  # a colleague's

    assert list(sessions_to_write_up(psychologist, now=NOW)) == [missed, session]
    assert list(sessions_to_write_up(psychologist, now=NOW, since=BEGAN)) == [session]
    actions.sign(appointment=session, version=1, by=psychologist, now=NOW)
    assert list(sessions_to_write_up(psychologist, now=NOW)) == [missed]


def test_note_before_is_the_signed_one_of_the_session_before(signed, session, psychologist):
    later = make.appointment(
        psychologist=session.psychologist, patient=session.patient, starts_at=BEGAN + timedelta(days=7)
    )
    between = make.appointment(
        psychologist=session.psychologist, patient=session.patient, starts_at=BEGAN + timedelta(days=3)
    )
    actions.save_draft(appointment=between, body="Not signed", version=0, by=psychologist, now=NOW)

    assert note_before(later, actor=psychologist, now=NOW) == signed
    assert note_before(session, actor=psychologist, now=NOW) is None
    assert note_before(later, actor=make.actor(role=Role.MANAGER), now=NOW) is None
