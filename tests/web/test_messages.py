"""The pages of conversations: who may open which, what is sent once, what an old page says, what polls cost."""

import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.common.access.actors import Actor
from portal.journeys import conversations
from portal.messaging.models import Attachment, Message, ReadMark, ReplyTemplate, Thread
from portal.patients.models import Patient
from tests import make

pytestmark = pytest.mark.django_db

SECRET = "The nights are worse again."
ROOMS = ("patient", "psychologist", "reception")


@pytest.fixture
def mai():
    make.clinic()
    return make.psychologist(user=make.user(role=Role.PSYCHOLOGIST, first_name="Mai", last_name="Nguyễn"))


@pytest.fixture
def ruth(mai):
    patient = make.patient(user=make.user(first_name="Ruth"), legal_first_name="Ruth")
    make.appointment(
        patient=patient,
        psychologist=mai,
        starts_at=timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=7),
    )
    return patient


def seen(html):
    return re.search(r'name="seen" value="([^"]*)" form="answer"', html)[1]


def page(client, room, thread):
    return client.get(reverse(f"{room}:thread", args=[thread.code])).content.decode()


def send(client, room, thread, body="Thank you.", **fields):
    address = reverse(f"{room}:thread", args=[thread.code])
    fields = {"seen": thread.mark, "body": body, "once": uuid.uuid4().hex} | fields
    return client.post(address, fields)


def test_each_opens_what_is_theirs_and_nothing_else(mai, ruth):
    own, desks = make.thread(patient=ruth, psychologist=mai, said=SECRET), make.thread(patient=ruth, said=SECRET)
    people = {
        "ruth": ruth.user,
        "mai": mai.user,
        "colleague": make.psychologist().user,
        "reception": make.staff(),
        "manager": make.staff(Role.MANAGER),
        "stranger": make.patient(user=make.user()).user,
    }
    opened = {}
    for who, user in people.items():
        client = make.client_for(user)
        for room in ROOMS:
            for thread in (own, desks):
                for name in ("thread", "messages"):
                    args = [thread.code] if name == "thread" else []
                    answer = client.get(reverse(f"{room}:{name}", args=args))
                    if answer.status_code == 200 and name == "thread":
                        assert SECRET in answer.content.decode()
                        opened.setdefault(who, set()).add((room, "own" if thread == own else "desk"))
    assert opened == {
        "ruth": {("patient", "own"), ("patient", "desk")},
        "mai": {("psychologist", "own")},
        "reception": {("reception", "desk")},
        "manager": {("reception", "desk")},
    }


def test_a_patient_begins_with_their_psychologist_once_however_often_it_is_sent(mai, ruth):
    client, address = make.client_for(ruth.user), reverse("patient:new_message")
    shown = client.get(address).content.decode()
    assert "Mai Nguyễn" in shown
    assert "We answer within 2 working days." in shown
    said = {"to": mai.slug, "about": "Sleep", "body": SECRET, "once": uuid.uuid4().hex}
    answers = [client.post(address, said) for _ in range(2)]
    thread = Thread.objects.get()
    assert [answer.headers["Location"] for answer in answers] == [reverse("patient:thread", args=[thread.code])] * 2
    assert (thread.about, thread.psychologist, Message.objects.get().body) == ("Sleep", mai, SECRET)
    stranger = make.psychologist()
    assert client.post(address, said | {"to": stranger.slug, "once": uuid.uuid4().hex}).status_code == 422


def test_who_cares_for_two_says_for_whom(mai, ruth):
    child = make.patient(date_of_birth=timezone.localdate() - timedelta(days=3000), legal_first_name="Tom")
    make.carer(patient=child, user=ruth.user)
    client = make.client_for(ruth.user)
    said = {"to": mai.slug, "about": "Tom", "body": "For Tom.", "patient": child.code, "once": uuid.uuid4().hex}
    # She sees Ruth, and has never seen Tom.
    refused = client.post(reverse("patient:new_message"), said)
    assert (refused.status_code, Thread.objects.count()) == (422, 0)
    client.post(reverse("patient:new_message"), said | {"to": "desk"})
    assert Thread.objects.get().patient == child


def test_an_answer_to_an_old_page_keeps_its_words_and_goes_the_next_time(mai, ruth):
    thread, desk = make.thread(patient=ruth), make.client_for(make.staff())
    before = thread.mark
    assert send(make.client_for(make.staff()), "reception", thread, "The first.").status_code == 302
    refused = send(desk, "reception", thread, "The second.", seen=before)
    html = refused.content.decode()
    assert (refused.status_code, Message.objects.count()) == (409, 2)
    assert "The second." in html
    assert "The first." in html
    assert send(desk, "reception", thread, "The second.", seen=seen(html)).status_code == 302
    assert list(Message.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_a_closed_one_keeps_what_was_typed_and_opens_again_with_it(mai, ruth):
    thread = make.thread(patient=ruth)
    client, desk = make.client_for(ruth.user), make.client_for(make.staff())
    desk.post(reverse("reception:close_thread", args=[thread.code]), {"seen": thread.mark})
    refused = send(client, "patient", thread, "One more thing.")
    html = refused.content.decode()
    assert (refused.status_code, Message.objects.count()) == (409, 1)
    assert "One more thing." in html
    assert 'name="reopen"' in html
    assert send(client, "patient", thread, "One more thing.", reopen="yes").status_code == 302
    thread.refresh_from_db()
    assert (thread.is_open, Message.objects.count()) == (True, 2)


def test_a_file_is_kept_encrypted_and_opens_for_both_and_nobody_else(mai, ruth):
    thread = make.thread(patient=ruth, psychologist=mai)
    client = make.client_for(ruth.user)
    file = SimpleUploadedFile("plan.txt", b"Breathe in, and out.")
    assert send(client, "patient", thread, "Here it is.", file=file).status_code == 302
    kept = Attachment.objects.get()
    assert (kept.name, kept.size) == ("plan.txt", 20)
    address = reverse("patient:message_file", args=[kept.code])
    assert b"".join(client.get(address)) == b"Breathe in, and out."
    practice = reverse("psychologist:message_file", args=[kept.code])
    assert make.client_for(mai.user).get(practice).status_code == 200
    assert make.client_for(make.psychologist().user).get(practice).status_code == 404
    assert make.client_for(make.staff()).get(reverse("reception:message_file", args=[kept.code])).status_code == 404
    bad = SimpleUploadedFile("run.exe", b"MZ" + b"\x00" * 60)
    assert send(client, "patient", thread, "And this.", file=bad).status_code == 422


def test_a_page_that_looks_again_costs_a_304_until_something_is_new(mai, ruth, django_assert_max_num_queries):
    thread = make.thread(patient=ruth, psychologist=mai)
    client, address = make.client_for(ruth.user), reverse("patient:thread", args=[thread.code])
    html = client.get(address).content.decode()
    known = re.search(r'"If-None-Match": "\\"(\w+)\\""', html)[1]
    asks = {"HX-Request": "true", "HX-Target": "conversation", "HX-Polling": "true", "If-None-Match": f'"{known}"'}
    with django_assert_max_num_queries(7):
        assert client.get(address, headers=asks).status_code == 304
    make.message(thread=thread, author=mai.user, said="See you on Monday.")
    fresh = client.get(address, headers=asks).content.decode()
    assert "See you on Monday." in fresh
    assert "A new message is here." in fresh
    assert 'name="body"' not in fresh
    # Told to the page is not read: that is said once it was on the screen.
    assert ReadMark.objects.filter(user=ruth.user).values_list("upto", flat=True).get() == 1
    client.post(reverse("patient:read_thread", args=[thread.code]), {"upto": 2}, headers={"HX-Request": "true"})
    assert ReadMark.objects.filter(user=ruth.user).values_list("upto", flat=True).get() == 2


@pytest.mark.parametrize("room", ["patient", "reception"])
def test_lists_ask_as_often_for_thirty_as_for_one(room, mai, ruth):
    client = make.client_for(ruth.user if room == "patient" else make.staff())
    address, asked = reverse(f"{room}:messages"), []
    for more in (1, 29):
        for _ in range(more):
            make.thread(patient=ruth if room == "patient" else None)
        client.get(address)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        asked.append(len(queries))
    assert asked[0] == asked[1]


def test_a_template_is_put_below_what_is_written_and_is_its_owners(mai, ruth):
    thread, client = make.thread(patient=ruth, psychologist=mai), make.client_for(mai.user)
    client.post(reverse("psychologist:reply_templates"), {"title": "Soon", "words": "We speak on Monday."})
    template = ReplyTemplate.objects.get()
    html = send(client, "psychologist", thread, "Dear Ruth,", insert=template.code).content.decode()
    assert re.search(r"Dear Ruth,\s+We speak on Monday\.</textarea>", html)
    assert Message.objects.count() == 1
    desk = make.client_for(make.staff())
    assert desk.post(reverse("reception:remove_reply_template", args=[template.code])).status_code == 404
    client.post(reverse("psychologist:remove_reply_template", args=[template.code]))
    assert not ReplyTemplate.objects.exists()


def test_the_desk_gives_it_to_somebody_and_says_whose_texts_they_are(mai, ruth):
    one, other = make.staff(), make.staff()
    thread, client = make.thread(patient=ruth), make.client_for(one)
    assign = reverse("reception:assign_thread", args=[thread.code])
    client.post(assign, {"seen": thread.mark, "to": str(other.pk)})
    thread.refresh_from_db()
    assert thread.assigned_to == other
    assert client.post(assign, {"seen": thread.mark, "to": str(ruth.user_id)}).status_code == 404
    Patient.objects.filter(pk=ruth.pk).update(phone="+61412345678")
    text = conversations.receive_text(
        patient=None, phone="+61412345678", body="Who?", source="SM1", by=Actor.system("texts"), now=timezone.now()
    ).thread
    html = page(client, "reception", text)
    assert str(ruth.code) in html
    client.post(reverse("reception:name_thread", args=[text.code]), {"patient": str(ruth.code)})
    text.refresh_from_db()
    assert text.patient == ruth


def test_what_waits_is_counted_in_the_side_bar_without_another_query(mai, ruth):
    desk = make.client_for(make.staff())
    client = make.client_for(ruth.user)
    client.post(reverse("patient:new_message"), {"to": "desk", "about": "A bill", "body": SECRET})
    html = desk.get(reverse("reception:patients")).content.decode()
    assert re.search(r'href="/reception/messages/"[^>]*>.*?<span class="count">1</span>', html, re.DOTALL)
    listed = desk.get(reverse("reception:to_do")).content.decode()
    assert reverse("reception:thread", args=[Thread.objects.get().code]) in listed
    assert SECRET not in listed
    assert "A bill" not in listed
