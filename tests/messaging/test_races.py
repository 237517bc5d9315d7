"""Two people answer, and two texts come, at once: real threads, real transactions."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.journeys import conversations
from portal.messaging.models import Message, Thread
from portal.messaging.refusals import ChangedMeanwhile
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds):
    gate = threading.Barrier(len(deeds))

    def run(deed):
        try:
            gate.wait()
            return deed()
        except ChangedMeanwhile:
            return "changed"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_of_two_who_answer_one_page_at_once_one_is_told_to_look_again():
    make.clinic()
    thread = make.thread()
    clerks = [Actor(make.staff(), Role.RECEPTION) for _ in range(2)]

    def answer(by):
        return lambda: conversations.write(
            thread=thread, body="It is paid.", seen=thread.mark, by=by, now=timezone.now()
        )

    came = at_once(*(answer(by) for by in clerks))
    assert came.count("changed") == 1
    assert list(Message.objects.order_by("number").values_list("number", "side")) == [(1, "patient"), (2, "clinic")]


def test_texts_that_come_at_once_are_one_conversation_without_a_gap():
    make.clinic()
    patient = make.patient()

    def text(source):
        return lambda: conversations.receive_text(
            patient=patient,
            phone="+61412345678",
            body=source,
            source=source,
            by=Actor.system("texts"),
            now=timezone.now(),
        )

    at_once(text("SM1"), text("SM2"), text("SM2"))
    assert Thread.objects.count() == 1
    assert list(Message.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_the_first_two_texts_of_a_number_that_nobody_knows_are_one_conversation():
    make.clinic()

    def text(source, phone="+61412345678"):
        return lambda: conversations.receive_text(
            patient=None, phone=phone, body=source, source=source, by=Actor.system("texts"), now=timezone.now()
        )

    at_once(text("SM1"), text("SM2"), text("SM3"), text("SM4", "+61412345679"))
    assert sorted(Thread.objects.values_list("last_number", flat=True)) == [1, 3]
    assert Message.objects.count() == 4
