"""What was written is kept by the database itself: no statement changes it, on SQLite or on PostgreSQL."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from portal.common.crypto import keys
from portal.messaging import guards
from portal.messaging.models import Attachment, Message, Thread
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def thread():
    return make.thread(psychologist=make.psychologist())


@pytest.fixture
def message(thread):
    return thread.messages.get()


@pytest.fixture
def attachment(message):
    return Attachment.objects.create(
        message=message, kind="txt", size=3, sha256="0" * 64, path="files/aa/bb", name="plan.txt", key="a key"
    )


def refused(sql, *parameters):
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def test_every_column_is_kept_sealed_or_said_to_change():
    for model, *named in (
        (Message, guards.MESSAGE_KEPT, guards.MESSAGE_SEALED),
        (Attachment, guards.ATTACHMENT_KEPT, guards.ATTACHMENT_SEALED),
        (Thread, guards.THREAD_KEPT, guards.THREAD_SEALED, guards.THREAD_CHANGES, ("patient_id",)),
    ):
        columns = sorted(field.column for field in model._meta.local_concrete_fields)
        assert sorted(column for columns in named for column in columns) == columns


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("messaging_message", "sent_at = '2020-01-01 00:00:00+00:00'"),
        ("messaging_message", "number = 7"),
        ("messaging_message", "body = 'v1:test:AAAA'"),
        ("messaging_message", "side = 'clinic'"),
        ("messaging_attachment", "path = 'files/cc/dd'"),
        ("messaging_attachment", "name = 'other'"),
        ("messaging_thread", "psychologist_id = NULL"),
        ("messaging_thread", "patient_id = 999999"),
        ("messaging_thread", "about = 'other'"),
    ],
)
def test_nothing_that_was_written_changes(attachment, table, change):
    refused(f"UPDATE {table} SET {change}")


@pytest.mark.parametrize("table", ["messaging_message", "messaging_attachment", "messaging_thread"])
def test_nothing_is_deleted(attachment, table):
    refused(f"DELETE FROM {table}")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        refused(f"TRUNCATE {table} CASCADE")


def test_a_closed_conversation_takes_no_message(thread):
    Thread.objects.filter(pk=thread.pk).update(
        closed_at=timezone.now(), closed_by=thread.started_by, waiting_since=None
    )
    with pytest.raises(IntegrityError), transaction.atomic():
        make.message(thread=thread)
    thread.refresh_from_db()
    assert thread.messages.count() == 1


def test_ciphertext_is_written_again_under_another_key(attachment, settings):
    key = keys.generate_key("next")
    settings.PORTAL_ENCRYPTION_KEYS = f"{key}, {settings.PORTAL_ENCRYPTION_KEYS}"
    call_command("rotate_keys")
    for model, fields in ((Message, ["body"]), (Attachment, ["name", "key"]), (Thread, ["about", "phone"])):
        row = model.objects.get()
        assert {getattr(row, f"{field}_sealed").key_id for field in fields} == {key.partition(":")[0]}
    assert (Message.objects.get().body, Attachment.objects.get().name) == ("A question.", "plan.txt")


def test_the_patient_of_a_text_is_said_once():
    thread = Thread.objects.create(
        by_text=True, phone="+61412345678", started_at=timezone.now(), last_at=timezone.now()
    )
    one, other = make.patient(), make.patient()
    Thread.objects.filter(pk=thread.pk).update(patient=one)
    for patient in (other, None):
        with pytest.raises(IntegrityError), transaction.atomic():
            Thread.objects.filter(pk=thread.pk).update(patient=patient)
