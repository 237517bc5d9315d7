from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F
from django.db.models.functions import Coalesce


def carry_over(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    notices = apps.get_model("notifications", "Notice").objects.using(schema_editor.connection.alias)
    # Why, and when, was not kept: the moment at which a person decided, or that of the notice itself, is near enough.
    notices.filter(state="cancelled").update(
        state="withdrawn", withdrawn_at=Coalesce(F("settled_at"), F("created_at")), withdrawn_why="unrecorded"
    )
    # Sent again by a person, which from now on is a new notice: those that failed once more wait for a person again, and
    # those still on their way can be withdrawn, and come to a person if they fail.
    again = notices.filter(state__in=["pending", "sending", "failed", "unknown"], settled_at__isnull=False)
    again.update(settled_by="", settled_at=None)
    # Notices of sessions said only in their key what they are about: "appointment_moved:<code>:<revision>:<whom>".
    unsettled = notices.filter(state__in=["pending", "sending", "failed", "unknown"], about_label="")
    for notice in unsettled.filter(dedupe_key__startswith="appointment_").only("pk", "dedupe_key").iterator():
        _template, code, revision, _whom = notice.dedupe_key.split(":")
        notices.filter(pk=notice.pk).update(
            about_label="appointments.Appointment", about_code=code, about_revision=int(revision)
        )


def take_back(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    notices = apps.get_model("notifications", "Notice").objects.using(schema_editor.connection.alias)
    notices.filter(state="withdrawn").update(state="cancelled")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_withdrawn")]

    operations = [migrations.RunPython(carry_over, take_back)]
