"""The demo's desk has something to do, of each kind there is, and it stays until somebody does it."""

from collections import Counter
from datetime import UTC, datetime

import pytest
import time_machine

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.rearranging.deciding import undecided_codes, undecided_sessions
from portal.journeys.rearranging.proposing import nearest
from portal.journeys.to_do import tasks
from portal.journeys.to_do.kinds import (
    BULK_REJECTED,
    BUSY_THEN,
    KINDS,
    LEFT,
    OFFER_UNREACHED,
    PLACE_CLOSED,
    ROOM_CLOSED,
)
from portal.ops.demo import clinic, history, policies, sign_ins, stranding, work
from portal.patients.models import Patient
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

HANDFUL = 8
# A Sunday at 21:30 and a Tuesday at 9:00, in Melbourne.
MOMENTS = [datetime(2026, 11, 29, 10, 30, tzinfo=UTC), datetime(2026, 11, 23, 22, 0, tzinfo=UTC)]


@pytest.mark.parametrize("now", MOMENTS)
def test_something_of_each_kind_waits(now):
    make.mbs_items()
    with time_machine.travel(now, tick=False):
        clinic.found(is_demo=True)
        sign_ins.welcome_patients()
        accounts = {person: User.objects.get(email=person.email) for person in sign_ins.SIGN_INS}
        policies.publish(now=now)
        history.tell(accounts=accounts, now=now, say=lambda line: None)
        work.leave(accounts=accounts, now=now)
        waiting = set(ToDo.objects.still_open().values_list("kind", flat=True))
        # Nobody has left the demo clinic, none of its places or rooms has closed, and whoever is offered a time from
        # the waitlist reads e-mail.
        absent = {kind.name for kind in (LEFT, PLACE_CLOSED, ROOM_CLOSED, OFFER_UNREACHED, BUSY_THEN, BULK_REJECTED)}
        assert waiting == set(KINDS) - absent
        # A handful of each, as on a day at a clinic's desk.
        assert max(Counter(ToDo.objects.still_open().values_list("kind", flat=True)).values()) <= HANDFUL
        # Several sessions wait for somebody's word, and each can be moved to another time.
        rows = list(Appointment.objects.filter(code__in=undecided_codes()).for_listing())
        # Their psychologist can decide about most of them, and another about theirs.
        leila, wei = (Actor(accounts[person], Role.PSYCHOLOGIST) for person in (sign_ins.LEILA, sign_ins.WEI))
        assert undecided_sessions(leila).count() == stranding.ON_LEAVE > undecided_sessions(wei).count() > 0
        assert len(rows) > stranding.ON_LEAVE
        # Most people owe nothing from before: some do.
        owing = Patient.objects.filter(pk__in=Invoice.objects.owing().values("patient")).count()
        assert 0 < owing < Patient.objects.count() / 3
        assert set(nearest(rows, now=now, clinic=ClinicSettings.current())) == {row.pk for row in rows}
        tasks.look_at_sessions()
        tasks.look_at_notices()
        assert set(ToDo.objects.still_open().values_list("kind", flat=True)) == waiting
