"""Conversations: who writes to whom, what waits for whom, who is told, and what two people at once come to."""

from datetime import UTC, datetime, timedelta

import pytest

from portal.accounts.roles import Role
from portal.audit.models import Entry
from portal.common.access.actors import Actor
from portal.journeys import conversations, staffing
from portal.messaging import actions
from portal.messaging.answering import answered_by
from portal.messaging.models import Message, Thread
from portal.messaging.refusals import ChangedMeanwhile, HasLeft, IsClosed, NobodyReads, NotTheirs, TooMany
from portal.notifications.models import Notice
from portal.worklist.models import ToDo
from tests import make
from tests.notifications import twilio

pytestmark = pytest.mark.django_db

# A Monday morning in Melbourne.
NOW = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SECRET = "The nights are worse again."


@pytest.fixture
def mai():
    make.clinic(message_days=2, state="VIC")
    return make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn"))


@pytest.fixture
def ruth(mai):
    patient = make.patient(user=make.user(first_name="Ruth"), legal_first_name="Ruth", language="vi")
    make.appointment(patient=patient, psychologist=mai, starts_at=NOW - timedelta(days=7))
    return patient


def acts(user, role=Role.PATIENT):
    return Actor(user, role)


def priya():
    return acts(make.staff(), Role.RECEPTION)


def begin(by, patient, *, psychologist=None, body=SECRET, now=NOW):
    return conversations.begin(patient=patient, psychologist=psychologist, about="Sleep", body=body, by=by, now=now)


def write(by, thread, *, seen=None, body="Thank you.", now=NOW + MINUTE):
    thread.refresh_from_db()
    return conversations.write(thread=thread, body=body, seen=seen or thread.mark, by=by, now=now)


def open_to_dos():
    return list(ToDo.objects.still_open().values_list("kind", "person"))


def told():
    return [(notice.template, notice.to, notice.language) for notice in Notice.objects.order_by("pk")]


def test_a_patients_question_waits_for_their_psychologist_until_it_is_answered(mai, ruth):
    thread = begin(acts(ruth.user), ruth, psychologist=mai)
    assert open_to_dos() == [("message_for_one", str(mai.user_id))]
    due = ToDo.objects.get().due_at
    # Wednesday at five: the day on which it was written is not counted.
    assert due == datetime(2026, 11, 25, 6, 0, tzinfo=UTC)
    write(acts(mai.user, Role.PSYCHOLOGIST), thread)
    assert (open_to_dos(), ToDo.objects.get().outcome) == ([], "answered")
    assert [(m.number, m.side, m.body) for m in thread.messages.order_by("number")] == [
        (1, "patient", SECRET),
        (2, "clinic", "Thank you."),
    ]


def test_an_answer_before_christmas_is_promised_for_after_the_holidays():
    clinic = make.clinic(message_days=2, state="VIC")
    # Thursday the 24th: Friday is Christmas, Saturday Boxing Day, observed on Monday.
    assert answered_by(datetime(2026, 12, 24, 1, tzinfo=UTC), clinic=clinic).isoformat() == "2026-12-30T17:00:00+11:00"


def test_one_notice_until_they_have_read_and_nothing_of_what_it_says(mai, ruth):
    desk = priya()
    thread = begin(desk, ruth)
    write(desk, thread, body="And this.")
    assert told() == [("message_waiting", ruth.user.email, "vi")]
    notice = Notice.objects.get()
    assert "Sleep" not in notice.text + notice.html + notice.subject
    assert SECRET not in notice.text + notice.html + notice.subject
    thread.refresh_from_db()
    actions.mark_read(thread=thread, upto=2, by=acts(ruth.user), now=NOW + 2 * MINUTE)
    write(desk, thread, body="A third.")
    assert len(told()) == 2


def test_word_of_a_message_goes_the_way_that_its_reader_chose_or_none(mai, ruth, settings):
    twilio.reach(settings, "http://127.0.0.1:9")
    ruth.phone = "+61491570156"
    ruth.save(update_fields=["phone"])
    ways = make.ways(patient=ruth, by_sms=True, prefers="sms")
    begin(priya(), ruth)
    assert told() == [("message_waiting", "+61491570156", "vi")]
    notice = Notice.objects.get()
    assert SECRET not in notice.text
    ways.nobody_writes = True
    ways.save(update_fields=["nobody_writes"])
    begin(priya(), ruth)
    assert len(told()) == 1


def test_a_childs_carer_reads_and_is_told_an_adults_only_if_the_patient_agreed(mai):
    desk = priya()
    child = make.patient(date_of_birth=NOW.date() - timedelta(days=3650), legal_first_name="Tom")
    parent = make.carer(patient=child)
    thread = begin(desk, child)
    assert told() == [("message_waiting", parent.user.email, "en-au")]
    assert "Tom" in Notice.objects.get().text
    assert list(Thread.objects.visible_to(acts(parent.user), now=NOW)) == [thread]

    adult = make.patient(user=make.user())
    carer = make.carer(patient=adult)
    begun = begin(desk, adult)
    assert list(Thread.objects.visible_to(acts(carer.user), now=NOW)) == []
    carer.reads_files = True
    carer.save()
    assert list(Thread.objects.visible_to(acts(carer.user), now=NOW)) == [begun]


def test_who_sees_which(mai, ruth):
    own, colleague = make.thread(patient=ruth, psychologist=mai), make.psychologist()
    desks = make.thread(patient=ruth)
    seen = {
        "ruth": acts(ruth.user),
        "mai": acts(mai.user, Role.PSYCHOLOGIST),
        "colleague": acts(colleague.user, Role.PSYCHOLOGIST),
        "reception": acts(make.staff(), Role.RECEPTION),
        "manager": acts(make.staff(Role.MANAGER), Role.MANAGER),
        "somebody": acts(make.patient(user=make.user()).user),
        "job": Actor.system("job"),
    }
    assert {who: set(Thread.objects.visible_to(actor, now=NOW)) for who, actor in seen.items()} == {
        "ruth": {own, desks},
        "mai": {own},
        "colleague": set(),
        "reception": {desks},
        "manager": {desks},
        "somebody": set(),
        "job": set(),
    }


def test_nobody_writes_to_whom_they_may_not(mai, ruth):
    stranger = make.psychologist()
    with pytest.raises(NotTheirs):
        begin(acts(ruth.user), ruth, psychologist=stranger)
    with pytest.raises(NotTheirs):
        begin(acts(make.patient(user=make.user()).user), ruth)
    with pytest.raises(NotTheirs):
        begin(acts(stranger.user, Role.PSYCHOLOGIST), ruth, psychologist=stranger)
    with pytest.raises(NotTheirs):
        begin(priya(), ruth, psychologist=mai)
    with pytest.raises(NobodyReads):
        begin(priya(), make.patient(email="somebody@example.com"))
    assert Thread.objects.count() == 0


def test_an_answer_does_not_cross_a_colleagues(ruth):
    one, other = priya(), priya()
    thread = begin(acts(ruth.user), ruth)
    seen = thread.mark
    write(one, thread, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        write(other, thread, seen=seen)
    conversations.assign(thread=thread, to=one.user, seen=Thread.objects.get().mark, by=one, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        write(other, thread, seen=f"1.{thread.last_number}")
    assert thread.messages.count() == 2


def test_what_comes_while_an_answer_is_written_waits_on(ruth):
    desk, patient = priya(), acts(ruth.user)
    thread = begin(patient, ruth)
    seen = thread.mark
    write(patient, thread, body="And one more thing.", now=NOW + MINUTE)
    write(desk, thread, seen=seen, now=NOW + 2 * MINUTE)
    thread.refresh_from_db()
    assert thread.waiting_since == NOW + MINUTE
    assert open_to_dos() == [("message_waits", "")]
    assert ToDo.objects.count() == 2


def test_a_closed_conversation_takes_nothing_until_it_is_opened_again(ruth, mai):
    patient, psychologist = acts(ruth.user), acts(mai.user, Role.PSYCHOLOGIST)
    thread = begin(patient, ruth, psychologist=mai)
    seen = thread.mark
    conversations.close(thread=thread, seen=seen, by=psychologist, now=NOW)
    assert open_to_dos() == []
    for who in (patient, psychologist):
        with pytest.raises(IsClosed):
            write(who, thread)
    with pytest.raises(ChangedMeanwhile):
        conversations.close(thread=thread, seen=seen, by=psychologist, now=NOW)
    conversations.reopen(thread=thread, by=patient, now=NOW)
    write(patient, thread)
    type(mai.user).objects.filter(pk=mai.user_id).update(is_active=False)
    with pytest.raises(HasLeft):
        write(patient, thread)


def test_no_close_and_no_settling_over_a_message_that_was_not_shown(ruth):
    desk, patient = priya(), acts(ruth.user)
    thread = begin(patient, ruth)
    seen = thread.mark
    write(patient, thread)
    for deed in (conversations.close, conversations.settle):
        with pytest.raises(ChangedMeanwhile):
            deed(thread=thread, seen=seen, by=desk, now=NOW)
    thread.refresh_from_db()
    conversations.settle(thread=thread, seen=thread.mark, by=desk, now=NOW)
    assert (open_to_dos(), ToDo.objects.get().outcome) == ([], "settled")


def test_more_than_anybody_writes_by_hand_is_refused(ruth):
    patient = acts(ruth.user)
    thread = begin(patient, ruth)
    for n in range(actions.MOST_AN_HOUR - 1):
        write(patient, thread, now=NOW + n * timedelta(seconds=1))
    with pytest.raises(TooMany):
        write(patient, thread)
    write(patient, thread, now=NOW + timedelta(hours=2))


def test_only_somebody_at_the_desk_gets_its_conversations(ruth, mai):
    desk = priya()
    thread = begin(acts(ruth.user), ruth)
    with pytest.raises(NotTheirs):
        conversations.assign(thread=thread, to=mai.user, seen=thread.mark, by=desk, now=NOW)
    own = begin(acts(ruth.user), ruth, psychologist=mai)
    with pytest.raises(NotTheirs):
        conversations.assign(thread=own, to=desk.user, seen=own.mark, by=desk, now=NOW)


# ---- Texts -----------------------------------------------------------------------------------------------------------


def text(patient, body, source, *, phone="+61412345678", now=NOW):
    return conversations.receive_text(
        patient=patient, phone=phone, body=body, source=source, by=Actor.system("texts"), now=now
    )


def test_texts_of_one_person_are_one_conversation_and_each_is_written_once(ruth):
    first = text(ruth, "Is there parking?", "SM1")
    second = text(ruth, "Hello?", "SM2", now=NOW + MINUTE)
    assert text(ruth, "Hello?", "SM2") is None
    assert first.thread == second.thread
    assert open_to_dos() == [("message_waits", "")]
    assert [(m.body, m.author, m.source) for m in Message.objects.order_by("number")] == [
        ("Is there parking?", None, "SM1"),
        ("Hello?", None, "SM2"),
    ]
    assert told() == []
    conversations.close(thread=first.thread, seen=Thread.objects.get().mark, by=priya(), now=NOW)
    assert text(ruth, "Again.", "SM3").thread != first.thread


def test_a_number_of_nobody_or_of_several_waits_until_the_desk_says_whose_it_is(ruth):
    desk, other = priya(), make.patient()
    thread = text(None, "Who?", "SM1").thread
    assert (thread.patient, thread.phone, text(None, "Me.", "SM2").thread) == (None, "+61412345678", thread)
    assert text(None, "Elsewhere.", "SM9", phone="+61499999999").thread != thread
    assert list(Thread.objects.visible_to(acts(ruth.user), now=NOW)) == []
    conversations.name_patient(thread=thread, patient=ruth, by=desk, now=NOW)
    with pytest.raises(ChangedMeanwhile):
        conversations.name_patient(thread=thread, patient=other, by=desk, now=NOW)
    assert list(Thread.objects.visible_to(acts(ruth.user), now=NOW)) == [thread]


# ---- The trail -------------------------------------------------------------------------------------------------------


def test_staff_who_have_no_part_in_a_conversation_leave_a_trace_once(ruth, mai):
    one, other = priya(), priya()
    thread = begin(acts(ruth.user), ruth)
    write(one, thread)
    thread.refresh_from_db()
    for reader in (one, other, other, acts(ruth.user)):
        actions.mark_read(thread=thread, upto=2, by=reader, now=NOW)
    read = Entry.objects.filter(verb="thread.read")
    assert list(read.values_list("actor_id", "facts")) == [(str(other.user_id), {"upto": 2, "patient": ruth.pk})]
    own = begin(acts(ruth.user), ruth, psychologist=mai)
    actions.mark_read(thread=own, upto=1, by=acts(mai.user, Role.PSYCHOLOGIST), now=NOW)
    assert read.count() == 1


def test_what_waits_for_somebody_who_leaves_comes_to_the_desk_that_reads_nothing_of_it(mai, ruth):
    thread = begin(acts(ruth.user), ruth, psychologist=mai)
    answered = begin(acts(ruth.user), ruth, psychologist=mai)
    write(acts(mai.user, Role.PSYCHOLOGIST), answered)
    boss = make.staff(role=Role.MANAGER)
    staffing.stop_working_here(user=mai.user, by=acts(boss, Role.MANAGER), now=NOW + MINUTE)
    assert [kind for kind, _person in open_to_dos()] == ["message_left_behind"]
    desk = make.signed_in_client(role=Role.RECEPTION)
    page = desk.get("/reception/to-do/").content.decode()
    assert "Patients who wrote to somebody who has left" in page
    assert f"/reception/patients/{ruth.code}/message/" in page
    assert (SECRET in page, "Sleep" in page) == (False, False)
    assert desk.get(f"/reception/messages/{thread.code}/").status_code == 404
    # The patient is told, and shown where to write.
    patient = make.client_for(ruth.user)
    body = patient.get(f"/my/messages/{thread.code}/").content.decode()
    assert '<a class="btn" href="/my/messages/new/">' in body
    assert SECRET in body
    with pytest.raises(HasLeft):
        write(acts(ruth.user), thread)
    # Back again, they answer it themself.
    staffing.work_here_again(user=mai.user, by=acts(boss, Role.MANAGER), now=NOW + 2 * MINUTE)
    assert open_to_dos() == [("message_for_one", str(mai.user_id))]


def test_who_is_only_off_the_website_still_answers_their_patients(mai, ruth):
    thread = begin(acts(ruth.user), ruth, psychologist=mai)
    type(mai).objects.filter(pk=mai.pk).update(is_active=False)
    write(acts(ruth.user), thread, body="And this.")
    assert thread.messages.count() == 2
