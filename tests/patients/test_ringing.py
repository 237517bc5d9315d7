"""Before staff ring, they see what to mind wherever the number stands, in as many queries as for one."""

from datetime import time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.appointments.models import Appointment, Status
from portal.clinic.models import ClinicSettings
from portal.journeys.to_do import lines
from portal.journeys.to_do.kinds import TO_TELL
from portal.patients import ringing
from portal.patients.models import Patient
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db


def careful(**fields):
    patient = make.patient(phone="+61491570156", **fields)
    make.ways(patient=patient, not_told="Sam Lee\nAda Lee", safe_from=time(18), safe_until=time(20))
    return patient


def test_what_to_mind_is_one_line():
    assert ringing.in_short(careful()) == "tell nothing to Sam Lee, Ada Lee · ring only 6:00 pm – 8:00 pm"
    assert ringing.in_short(make.patient()) == ""


def test_it_is_read_for_a_list_in_one_query():
    for _n in range(3):
        careful()
    make.patient()
    rows = list(Patient.objects.all())
    with CaptureQueriesContext(connection) as queries:
        ringing.read_ways([*rows, None])
        assert [bool(ringing.in_short(patient)) for patient in rows].count(True) == 3
    assert len(queries) == 1


def test_whom_to_tell_stands_with_it_on_the_desks_list():
    make.clinic()
    now, counts = timezone.now().replace(second=0, microsecond=0), []
    for many in (1, 4):
        for _n in range(many):
            session = make.appointment(patient=careful(), starts_at=now + timedelta(days=3))
            Appointment.objects.filter(pk=session.pk).update(status=Status.BOOKED)
            ToDo.objects.create(
                kind=TO_TELL.name,
                role="reception",
                about_label="appointments.Appointment",
                about_code=str(session.code),
                dedupe_key=str(session.code),
                raised_at=now,
                due_at=now,
            )
        rows, actor = list(ToDo.objects.all()), make.actor()
        with CaptureQueriesContext(connection) as queries:
            found = lines.read(rows, actor=actor, now=now, zone=ClinicSettings.current().zone)
        counts.append(len(queries))
    assert all("0491 570 156 · tell nothing to Sam Lee, Ada Lee" in line.facts for line in found)
    assert counts[0] == counts[1]
