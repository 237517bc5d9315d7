"""What the demo leaves: a desk with something to do, of each kind there is, and a waitlist that is in use.

Its weeks take long to tell, so each moment tells them once, in the order in which the demo does.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments import waitlist
from portal.appointments.models import Appointment, Offer, WaitlistEntry
from portal.billing.models import Invoice, SavedCard
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.journeys.rearranging.deciding import undecided_codes, undecided_sessions
from portal.journeys.rearranging.proposing import nearest
from portal.journeys.to_do import tasks
from portal.journeys.to_do.kinds import (
    BULK_REJECTED,
    BUSY_THEN,
    DEBT_TO_RING,
    KINDS,
    LEFT,
    MESSAGE_LEFT_BEHIND,
    OFFER_UNREACHED,
    PLACE_CLOSED,
    ROOM_CLOSED,
)
from portal.journeys.waitlist import tasks as asking
from portal.medicare.models import MbsItem, ScheduleUpdate
from portal.notifications.models import Notice
from portal.ops.demo import (
    cards,
    clinic,
    conversations,
    history,
    measures,
    policies,
    schedule,
    sign_ins,
    stranding,
    waiting,
    work,
)
from portal.patients.models import Patient
from portal.worklist.models import ToDo
from tests import make

pytestmark = pytest.mark.django_db

HANDFUL = 8
# A Sunday at 23:50 and a Tuesday at 9:00, in Melbourne.
MOMENTS = [datetime(2026, 11, 29, 12, 50, tzinfo=UTC), datetime(2026, 11, 23, 22, 0, tzinfo=UTC)]


@pytest.mark.parametrize("now", MOMENTS)
def test_each_kind_of_work_waits_and_the_waitlist_is_in_use(now):
    make.mbs_items()
    with time_machine.travel(now, tick=False):
        clinic.found(is_demo=True)
        sign_ins.welcome_patients()
        accounts = {person: User.objects.get(email=person.email) for person in sign_ins.SIGN_INS}
        policies.publish(now=now)
        history.tell(accounts=accounts, now=now, say=lambda line: None)
        waiting.tell(accounts=accounts, now=now)
        asked = people_wait_one_is_asked_and_a_time_was_refilled(accounts)
        work.leave(accounts=accounts, now=now)
        conversations.hold(accounts=accounts, now=now)
        measures.follow(accounts=accounts, now=now)
        something_of_each_kind_waits(accounts, now)
        # Nobody was booked twice, and what was offered stays open until its time to answer is over.
        asking.go_round()
        assert asked in Offer.objects.still_open()
    with time_machine.travel(now + timedelta(hours=3), tick=False):
        asking.go_round()
        asked.refresh_from_db()
        assert asked.outcome == Offer.Outcome.EXPIRED
        assert not Appointment.objects.filter(code=asked.hold_code).exists()


def people_wait_one_is_asked_and_a_time_was_refilled(accounts):
    asked = Offer.objects.still_open().get()
    assert asked.entry.patient.user == accounts[sign_ins.JORDAN]
    assert [notice.to for notice in Notice.objects.about(asked)] == [sign_ins.JORDAN.email]
    # Those whom the desk added, whoever is asked, and somebody who never booked.
    assert WaitlistEntry.objects.waiting().count() == len(waiting.OTHERS) + 2
    new = WaitlistEntry.objects.waiting().get(patient__user__email=waiting.NEW.email)
    assert new.service.first_visit_only
    assert not new.patient.appointments.exists()
    taken = Offer.objects.get(outcome=Offer.Outcome.ACCEPTED)
    cancelled = taken.vacancy.session
    assert cancelled is not None
    assert waitlist.refilled([cancelled]) == {cancelled.pk: taken.booked}
    return asked


def something_of_each_kind_waits(accounts, now):
    kinds = set(ToDo.objects.still_open().values_list("kind", flat=True))
    # Nobody has left the demo clinic, nor is reminded of a debt by itself, none of its places or rooms has closed, and
    # whoever is offered a time from the waitlist reads e-mail.
    absent = {
        kind.name
        for kind in (LEFT, MESSAGE_LEFT_BEHIND, DEBT_TO_RING, PLACE_CLOSED, ROOM_CLOSED, OFFER_UNREACHED, BUSY_THEN)
    } | {BULK_REJECTED.name}
    assert kinds == set(KINDS) - absent
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
    assert set(ToDo.objects.still_open().values_list("kind", flat=True)) == kinds


@pytest.mark.parametrize("hour", [0, 6, 23])
def test_somebody_can_be_checked_out_at_any_hour(hour):
    """Of a clinic whose people have been here before: at night, before it opens and after it closes."""
    place = make.location()
    now = datetime(2026, 11, 24, hour, 20, tzinfo=place.zone)
    with time_machine.travel(now, tick=False):
        make.clinic()
        service = make.service(slug="session")
        leila = make.psychologist()
        seen = make.appointment(
            psychologist=leila, service=service, location=place, starts_at=now - timedelta(days=7),
            status="completed", completed_at=now - timedelta(days=6),
        )  # fmt: skip
        for _twice in range(2):
            work._to_check_out([leila], desk=make.actor(role=Role.RECEPTION), now=now)
        here = Appointment.objects.get(status="arrived")
        assert (here.patient, here.local_start.date()) == (seen.patient, now.date())
        assert here.starts_at <= now


def test_the_schedule_is_read_by_the_real_import_and_brings_no_fee_of_its_own():
    make.mbs_items()
    before = set(MbsItem.objects.values_list("item", "valid_from", "fee", "benefit", "evidence"))
    now = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    schedule.read(by=make.actor(role=Role.MANAGER), today=now.date(), now=now)
    assert ScheduleUpdate.objects.get().status == "applied"
    assert set(MbsItem.objects.values_list("item", "valid_from", "fee", "benefit", "evidence")) == before
    read = MbsItem.objects.exclude(read_on=None)
    assert read.exists()
    assert not read.exclude(evidence=MbsItem.Evidence.PUBLISHED).exists()


def test_a_card_is_put_on_file_at_the_stand_in(tmp_path, settings):
    make.clinic()
    user = make.user(email=sign_ins.JORDAN.email)
    patient = make.patient(user=user)
    cards.put_on_file(path=tmp_path / "books.json")
    card = SavedCard.objects.on_file().get()
    assert (card.patient, card.name) == (patient, "Visa 4242")
    assert card.payment_method in (tmp_path / "books.json").read_text()
    # Nothing of it outlasts the setting up.
    assert settings.STRIPE_SECRET_KEY != cards.KEY
