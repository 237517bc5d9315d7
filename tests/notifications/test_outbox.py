import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.template import TemplateDoesNotExist
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from portal.common.access.actors import Actor
from portal.notifications import outbox
from portal.notifications.checks import check_times
from portal.notifications.models import Notice, State
from portal.notifications.recipients import Recipient
from tests.common.crypto.sealed.models import Page

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Clerk:
    pk = 7


CLERK = Actor(Clerk(), "reception")


def race(threads, deed):
    """What `deed(n)` answered in each of so many threads that start at once, or the kind of error that it raised."""
    start, outcomes = threading.Barrier(threads), []

    def run(n):
        try:
            start.wait()
            outcomes.append(deed(n))
        except Exception as problem:
            outcomes.append(type(problem))
        finally:
            connection.close()

    runners = [threading.Thread(target=run, args=[n]) for n in range(threads)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    return outcomes


def queued_tasks():
    return [(row.task["func"], row.task["args"]) for row in OrmQ.objects.order_by("pk")]


# ---- Writing


def test_queue_renders_at_once(write):
    notice = Notice.objects.get(pk=write().pk)
    assert notice.subject == "Hello Mina O'Brien, see you"
    assert notice.text == "Mina O'Brien & co: Monday\n"
    assert "<p>Mina O&#x27;Brien</p>" in notice.html
    assert 'href="https://x.example/"' in notice.html
    assert (notice.to, notice.template, notice.language) == ("mina@patient.example", "hello", "en-au")
    assert (notice.state, notice.attempts, notice.attachments, notice.secret) == (State.PENDING, 0, None, False)
    assert notice.message_id == f"<{notice.code}@demo.example>"


@pytest.mark.parametrize(
    ("asked", "got", "word", "direction"),
    [
        ("ar", "ar", "الاثنين", "rtl"),
        ("VI", "vi", "Thứ Hai", "ltr"),
        ("tlh", "en-au", "Monday", "ltr"),
        (None, "en-au", "Monday", "ltr"),
    ],
)
def test_queue_speaks_the_readers_language(write, asked, got, word, direction):
    notice = write(language=asked)
    assert notice.language == got
    assert notice.text == f"Mina O'Brien & co: {word}\n"
    assert f'<html lang="{got}" dir="{direction}">' in notice.html


def test_queue_text_alone(write, letters):
    letters("plain", {"subject.txt": "x", "body.txt": "y"})
    notice = write(template="plain")
    assert (notice.text, notice.html) == ("y\n", "")


def test_queue_missing_template_is_an_error(write, letters):
    with pytest.raises(TemplateDoesNotExist):
        write(template="nothing")
    letters("broken", {"subject.txt": "x", "body.txt": "y", "body.html": "{% extends 'nowhere.html' %}"})
    with pytest.raises(TemplateDoesNotExist, match=r"nowhere\.html"):
        write(template="broken")
    assert not Notice.objects.exists()


def test_queue_database_holds_no_word_of_it(write):
    write(attachments=[("a.txt", "text/plain", "Mina's file")], dedupe_key="k")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM notifications_notice")
        row = str(cursor.fetchall())
    assert "k" in row
    assert not any(word in row for word in ("Mina", "patient.example", "TWluYQ", "Hello", "Monday"))


@pytest.mark.parametrize("to", ["", "two@x.example,three@x.example", "x@y.example\nBcc: z@y.example", "nobody"])
def test_queue_takes_one_address(write, to):
    with pytest.raises(ValueError, match="one e-mail address"):
        write(to=to)
    assert not Notice.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_queue_takes_a_key_that_fits(write, key):
    with pytest.raises(ValueError, match="dedupe key"):
        write(dedupe_key=key)


def test_queue_too_large_attachment_is_refused(write):
    with pytest.raises(ValueError, match="too large"):
        write(attachments=[("a.bin", "application/octet-stream", b"x" * (512 * 1024 + 1))])


def test_queue_same_key_gives_the_first_notice(write, letters):
    first = write(dedupe_key="same")
    second = write(dedupe_key="same", to="other@patient.example", context={"name": "Other"})
    assert (second.pk, second.to) == (first.pk, "mina@patient.example")
    assert Notice.objects.count() == 1


def test_queue_is_one_statement(write):
    write()
    with CaptureQueriesContext(connection) as queries:
        notice = write()
    assert [query["sql"].split()[0] for query in queries if "portal_stamp" not in query["sql"]] == ["INSERT"]
    # What is given back is what stands in the database.
    stored = Notice.objects.get(pk=notice.pk)
    assert (stored.code, stored.to, stored.text) == (notice.code, notice.to, notice.text)


def test_queue_names_what_it_is_about(write):
    page = Page.objects.create()
    notice = write(about=page)
    assert list(Notice.objects.about(page)) == [notice]
    assert (notice.about_label, notice.about_code) == ("sealed.Page", str(page.code))


# ---- With its cause, or not at all


@pytest.mark.django_db(transaction=True)
def test_queue_task_is_started_by_the_commit_and_carries_an_id_alone(write):
    with transaction.atomic():
        notice = write()
        again = write(dedupe_key=notice.dedupe_key)
        assert queued_tasks() == []
    assert again.pk == notice.pk
    assert queued_tasks() == [("portal.notifications.tasks.deliver", (notice.pk,))]


@pytest.mark.django_db(transaction=True)
def test_queue_goes_with_a_rollback(write):
    def deed():
        with transaction.atomic():
            write()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        deed()
    assert (Notice.objects.count(), queued_tasks()) == (0, [])


@pytest.mark.django_db(transaction=True)
def test_queue_later_starts_no_task(write):
    at = timezone.now() + timedelta(hours=3)
    notice = write(send_at=at)
    assert (notice.next_attempt_at, queued_tasks()) == (at, [])


@pytest.mark.django_db(transaction=True)
def test_queue_lost_queue_does_not_reach_the_caller(write, monkeypatch, caplog):
    monkeypatch.setattr("django_q.tasks.get_broker", lambda *args: 1 / 0)
    notice = write()
    assert Notice.objects.get().pk == notice.pk
    assert "on_commit" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_queue_race_for_one_key_has_one_winner(write):
    threads = 8

    def queue(n):
        with transaction.atomic():
            pk = write(dedupe_key="race", context={"name": f"n{n}"}).pk
            # The surrounding transaction is whole: it can go on.
            Page.objects.create(title=f"n{n}")
            return pk

    got = race(threads, queue)
    assert (len(got), len(set(got)), Notice.objects.count(), Page.objects.count()) == (threads, 1, 1, threads)
    assert len(queued_tasks()) == 1


# ---- Settling


def settled(write, state, **options):
    notice = write(**options)
    fields = {"sent_at": NOW} if state == State.SENT else {}
    fields |= {"lease_until": NOW} if state == State.SENDING else {}
    fields |= {"withdrawn_at": NOW, "withdrawn_why": "x"} if state == State.WITHDRAWN else {}
    Notice.objects.filter(pk=notice.pk).update(state=state, attempts=3, error="X", **fields)
    notice.refresh_from_db()
    return notice


@pytest.mark.parametrize("state", [State.FAILED, State.UNKNOWN])
def test_resend_is_a_new_notice_with_the_same_words(write, state, django_capture_on_commit_callbacks):
    notice = settled(write, state, attachments=[("a.txt", "text/plain", "x")], about=Page.objects.create())
    with django_capture_on_commit_callbacks(execute=True):
        again = outbox.resend(notice, by=CLERK, now=NOW)
    notice, again = Notice.objects.get(pk=notice.pk), Notice.objects.get(pk=again.pk)
    assert (notice.state, notice.settled_by, notice.settled_at) == (state, "7", NOW)
    assert (again.state, again.attempts, again.error, again.next_attempt_at) == (State.PENDING, 0, "", NOW)
    assert (again.settled_by, again.dedupe_key) == ("", f"again:{notice.code}")
    for field in (
        *("channel", "to", "template", "language", "subject", "text", "html", "attachments", "secret"),
        *("about_label", "about_code", "about_revision", "message_id"),
    ):
        assert getattr(again, field) == getattr(notice, field), field
    assert queued_tasks() == [("portal.notifications.tasks.deliver", (again.pk,))]
    assert not Notice.objects.needing_eyes().exists()


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.PENDING, State.SENDING, State.SENT])
def test_resend_only_what_needs_it(write, state, django_capture_on_commit_callbacks):
    notice = settled(write, state)
    before = Notice.objects.values().get()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(outbox.CannotSettle):
        outbox.resend(notice, by=CLERK, now=NOW)
    assert (Notice.objects.values().get(), queued_tasks()) == (before, [])


def test_resend_to_the_address_that_is_right(write):
    notice = settled(write, State.FAILED)
    again = outbox.resend(notice, to=Recipient.by_email("mina@right.example"), by=CLERK, now=NOW)
    assert (again.to, Notice.objects.get(pk=notice.pk).to) == ("mina@right.example", "mina@patient.example")
    # That one fails too: it can be sent again in its turn.
    Notice.objects.filter(pk=again.pk).update(state=State.FAILED)
    assert list(Notice.objects.needing_eyes()) == [again]
    third = outbox.resend(again, by=CLERK, now=NOW)
    assert (third.to, third.dedupe_key) == ("mina@right.example", f"again:{again.code}")


def test_resend_to_no_address_settles_nothing(write):
    notice = settled(write, State.FAILED)
    with pytest.raises(ValueError, match="one e-mail address"):
        outbox.resend(notice, to=Recipient.by_email("nobody"), by=CLERK, now=NOW)
    assert list(Notice.objects.needing_eyes()) == [notice]


def test_resend_never_takes_a_secret_elsewhere(write):
    notice = settled(write, State.UNKNOWN, secret=True)
    with pytest.raises(outbox.CannotSettle):
        outbox.resend(notice, to=Recipient.by_email("clerk@clinic.example"), by=CLERK, now=NOW)
    assert list(Notice.objects.all()) == [notice]
    assert outbox.resend(notice, by=CLERK, now=NOW).to == "mina@patient.example"


def test_resend_needs_the_words(write):
    notice = settled(write, State.FAILED, secret=True)
    Notice.objects.update(text=None, html=None, attachments=None)
    assert Notice.objects.get().erased
    with pytest.raises(outbox.CannotSettle):
        outbox.resend(notice, by=CLERK, now=NOW)
    outbox.leave_unsent(notice, by=CLERK, now=NOW)
    assert not Notice.objects.needing_eyes().exists()


@pytest.mark.django_db(transaction=True)
def test_resend_by_two_clerks_at_once_sends_once(write):
    notice = settled(write, State.FAILED)
    outcomes = race(6, lambda n: outbox.resend(Notice.objects.get(pk=notice.pk), by=CLERK, now=NOW).pk)
    assert sorted(outcomes, key=str).count(outbox.CannotSettle) == 5
    assert Notice.objects.count() == 2
    (again,) = Notice.objects.exclude(pk=notice.pk)
    assert queued_tasks().count(("portal.notifications.tasks.deliver", (again.pk,))) == 1


@pytest.mark.parametrize("secret", [True, False])
def test_mark_arrived_settles_a_doubt(write, secret):
    notice = settled(write, State.UNKNOWN, secret=secret)
    if secret:
        # As it is kept: its words went when nobody knew any more.
        Notice.objects.update(text=None, html=None, attachments=None)
    outbox.mark_arrived(notice, by=CLERK, now=NOW)
    notice = Notice.objects.get()
    assert (notice.state, notice.sent_at, notice.settled_by, notice.erased) == (State.SENT, NOW, "7", secret)
    with pytest.raises(outbox.CannotSettle):
        outbox.mark_arrived(notice, by=CLERK, now=NOW)


# ---- Withdrawing


@pytest.mark.parametrize(
    ("state", "becomes"),
    [
        (State.PENDING, State.WITHDRAWN),
        (State.FAILED, State.WITHDRAWN),
        (State.SENDING, State.SENDING),
        (State.UNKNOWN, State.UNKNOWN),
    ],
)
@pytest.mark.parametrize("secret", [True, False])
def test_withdraw_what_was_not_sent(write, state, becomes, secret):
    page = Page.objects.create()
    notice = settled(write, state, about=page, secret=secret)
    assert outbox.withdraw(about=page, why="cancelled", now=NOW) == [notice.code]
    notice = Notice.objects.get()
    assert (notice.state, notice.withdrawn_at, notice.withdrawn_why) == (becomes, NOW, "cancelled")
    assert notice.erased is (secret and becomes == State.WITHDRAWN)
    assert not Notice.objects.needing_eyes().exists()
    with pytest.raises(outbox.CannotSettle):
        outbox.resend(notice, by=CLERK, now=NOW)
    # Again, and for another reason: the first word stands.
    assert outbox.withdraw(about=page, why="moved", now=NOW + timedelta(hours=1)) == []
    assert Notice.objects.get().withdrawn_why == "cancelled"


def test_withdraw_leaves_the_rest_alone(write):
    page, other = Page.objects.create(), Page.objects.create()
    sent = settled(write, State.SENT, about=page)
    elsewhere, nowhere = write(about=other), write()
    waiting = write(about=page)
    assert outbox.withdraw(about=page, why="cancelled", now=NOW) == [waiting.code]
    assert set(Notice.objects.filter(withdrawn_at__isnull=True)) == {sent, elsewhere, nowhere}
    assert Notice.objects.get(pk=sent.pk).state == State.SENT


def test_withdraw_before_a_revision_keeps_what_tells_of_it(write):
    page = Page.objects.create()
    notices = [write(about=page) for _ in range(4)]
    for notice, revision in zip(notices, (None, 1, 2, 3), strict=True):
        Notice.objects.filter(pk=notice.pk).update(about_revision=revision)
    old = {notice.code for notice in notices[:2]}
    assert set(outbox.withdraw(about=page, why="moved", before=2, now=NOW)) == old
    assert outbox.withdraw(about=page, why="moved", before=2, now=NOW + timedelta(hours=1)) == []


def test_withdraw_says_why(write):
    with pytest.raises(ValueError, match="why"):
        outbox.withdraw(about=Page.objects.create(), why="", now=NOW)


# ---- Who sees them, and what the database holds


def test_visible_to_the_desk_alone(write):
    write()
    seen = {
        role: Notice.objects.visible_to(Actor(Clerk(), role)).count()
        for role in ("reception", "manager", "psychologist", "patient", "system")
    }
    assert seen == {"reception": 1, "manager": 1, "psychologist": 0, "patient": 0, "system": 0}


def test_needing_eyes(write):
    notices = {state: settled(write, state).pk for state in State}
    assert set(Notice.objects.needing_eyes().values_list("pk", flat=True)) == {
        notices[State.FAILED],
        notices[State.UNKNOWN],
    }


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("notice_state_is_known", {"state": "lost"}),
        ("notice_lease_iff_sending", {"state": State.SENDING}),
        ("notice_lease_iff_sending", {"lease_until": NOW}),
        ("notice_sent_at_iff_sent", {"state": State.SENT}),
        ("notice_sent_at_iff_sent", {"sent_at": NOW}),
        ("notice_words_erased_only_when_secret_and_over", {"text": None}),
        ("notice_words_erased_only_when_secret_and_over", {"text": None, "secret": True}),
        ("notice_settled_as_a_whole", {"settled_by": "7"}),
        ("notice_settled_as_a_whole", {"settled_at": NOW}),
        ("notice_withdrawn_with_when_and_why", {"state": State.WITHDRAWN}),
        ("notice_withdrawn_with_when_and_why", {"withdrawn_at": NOW}),
        ("notice_withdrawn_with_when_and_why", {"withdrawn_why": "cancelled"}),
    ],
)
def test_database_refuses(write, constraint, changes):
    notice = write()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Notice.objects.filter(pk=notice.pk).update(**changes)


def test_check_times(settings):
    assert check_times() == []
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": 100}
    assert [error.id for error in check_times()] == ["notifications.E001"]
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": 600, "timeout": 15}
    assert [error.id for error in check_times()] == ["notifications.E001"]
