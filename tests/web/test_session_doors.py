"""What may be done with a session, tried at the doors that people use, as each of them, at each moment of its life.

The rules are said here from outside, in the clinic's own words; no word of `appointments.states` is asked.
"""

import re
import uuid
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, Status
from portal.audit.models import Entry
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.journeys import checking_out
from tests import make
from tests.web.reception.conftest import go_on

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 24)
PLACES = {"Melbourne": "Australia/Melbourne", "Perth": "Australia/Perth"}
MARKS = {
    "booked": (),
    "arrived": ("arrived_at",),
    "completed": ("arrived_at", "completed_at"),
    "no_show": (),
    "cancelled": ("cancelled_at",),
}
STATES = list(MARKS)


def at(clock, *, place, days=0):
    return datetime.combine(DAY + timedelta(days=days), time.fromisoformat(clock), ZoneInfo(PLACES[place]))


def moments(place):
    """From the evening before to a week later, on the clock of the place; the session is from two to three."""
    return {
        "the evening before": at("23:59", place=place, days=-1),
        "as its day begins": at("00:00", place=place),
        "an hour before": at("13:00", place=place),
        "a minute before": at("13:59", place=place),
        "as it starts": at("14:00", place=place),
        "during": at("14:30", place=place),
        "as its day ends": at("23:59", place=place),
        "as the next day begins": at("00:00", place=place, days=1),
        "a week later": at("10:00", place=place, days=7),
    }


# ---- The rules, as a practice manager says them ---------------------------------------------------------------------


def may(door, state, now, session):
    """Whether the desk may do it."""
    there = now.astimezone(session.location.zone)
    has_started = now >= session.starts_at
    match door:
        case "check_in":
            # "You check in today's people, and nobody twice."
            return state == "booked" and there.date() == DAY
        case "check_out":
            # "Nothing is billed before the session starts, however much was paid ahead."
            return has_started and state in {"booked", "arrived", "completed"}
        case "no_show":
            # "Nobody has missed a session that has not started."
            return has_started and state == "booked"
        case "undo_check_in":
            return state == "arrived"
        case "undo_no_show":
            return state == "no_show"
        case "reopen":
            return state == "completed"
        case "reschedule":
            return state == "booked"
        case "cancel":
            return state in {"booked", "arrived"}
    raise AssertionError(door)


LEADS_TO = {
    "check_in": "arrived",
    "check_out": "completed",
    "no_show": "no_show",
    "undo_check_in": "booked",
    "undo_no_show": "booked",
    "reopen": "arrived",
    "reschedule": "booked",
    "cancel": "cancelled",
}
DOORS = list(LEADS_TO)


# ---- The doors ------------------------------------------------------------------------------------------------------


class Practice:
    def __init__(self, place):
        make.mbs_items()
        # The clinic's own clock is Melbourne's, wherever the session is.
        self.clinic = make.clinic(time_zone="Australia/Melbourne", cancel_hours=24)
        self.location = make.location(name=place, time_zone=PLACES[place])
        self.psychologist = make.psychologist()
        self.patient = make.patient(user=make.user())
        self.session = make.appointment(
            psychologist=self.psychologist,
            patient=self.patient,
            location=self.location,
            service=make.service(minutes=60),
            starts_at=at("14:00", place=place).astimezone(UTC),
        )
        self.people = {
            "reception": make.staff(Role.RECEPTION),
            "manager": make.staff(Role.MANAGER),
            "psychologist": self.psychologist.user,
            "patient": self.patient.user,
            "another patient": make.patient(user=make.user()).user,
            "nobody": None,
        }
        for who in ("reception", "manager", "psychologist"):
            make.second_factor(self.people[who])

    def put(self, state, **fields):
        """The session as it would stand in this state."""
        marks = dict.fromkeys(MARKS[state], self.session.starts_at)
        if state == "cancelled":
            marks["cancel_reason"] = "other"
        Appointment.objects.filter(pk=self.session.pk).update(status=state, **marks | fields)
        return Appointment.objects.select_related("location", "psychologist").get(pk=self.session.pk)


@contextmanager
def trial(now):
    """Each case stands alone: what it did is rolled back, bills too, which nobody can delete."""
    with time_machine.travel(now, tick=False), transaction.atomic():
        yield
        transaction.set_rollback(True)


def press(client, door, session, *, seen=None, fragment=False):
    """Does what a person does: what the page's form holds, sent where it goes."""
    data = {"seen": session.seen_as if seen is None else seen}
    match door:
        case "check_out":
            if seen is None:
                claim = checking_out.claim_for(session, now=timezone.now())
                data["seen"] = checking_out.as_shown(session, claim=claim, clinic=ClinicSettings.current())
            data |= {
                "minutes": "60",
                "mode": "in_person",
                "fee": "220.00",
                "item": "proposed",
                "extra_tax": "gst_free",
                "method": "later",
                "amount": "",
                "key": str(uuid.uuid4()),
                "proposed_for": "220.00",
            }
        case "undo_check_in" | "undo_no_show" | "reopen":
            data |= {"reason": "mistake"}
        case "cancel":
            data |= {"reason": "other"}
        case "reschedule":
            to = (session.starts_at + timedelta(days=30)).astimezone(session.location.zone)
            data |= {
                "day": to.date().isoformat(),
                "at": "08:00",
                "with_whom": session.psychologist.slug,
                "location": session.location.slug,
                "psychologist": session.psychologist.slug,
                "mode": "in_person",
                "outside": "yes",
            }
    headers = {"HX-Request": "true", "HX-Target": "arrivals"} if fragment else {}
    answer = client.post(reverse(f"reception:{door}", args=[session.code]), data, headers=headers)
    if door == "reschedule" and "/calendar/move/" in answer.headers.get("Location", ""):
        return go_on(client, answer, outside="yes")
    return answer


def words(response):
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


def told(session):
    row = Appointment.objects.get(pk=session.pk)
    return {name: getattr(row, name) for name in (f.attname for f in Appointment._meta.concrete_fields)}


@pytest.fixture(params=PLACES)
def practice(request, db):
    return Practice(request.param)


# ---- The desk -------------------------------------------------------------------------------------------------------


def cases(door, practice):
    """All moments in the states that it ever begins from, and one moment in the others."""
    clock = moments(practice.location.name)
    for state in STATES:
        ever = any(may(door, state, now, practice.session) for now in clock.values())
        for moment, now in clock.items():
            if ever or moment == "during":
                yield state, moment, now


@pytest.mark.parametrize("door", DOORS)
def test_the_desk_at_each_moment_in_each_state(practice, door):
    """What is allowed happens, and nothing else does: the row, the trail and the books stay as they were."""
    done = 0
    for state, moment, now in cases(door, practice):
        with trial(now):
            session = practice.put(state)
            client = make.client_for(practice.people["reception"])
            before, lines = told(session), Entry.objects.count()
            response = press(client, door, session)
            after, case = told(session), (door, state, moment)
            assert response.status_code == 302, case
            if may(door, state, now, session):
                done += 1
                assert after["status"] == LEADS_TO[door], case
                assert Entry.objects.count() > lines, case
                assert Invoice.objects.exists() == (door == "check_out"), case
                assert (after["starts_at"] != before["starts_at"]) == (door == "reschedule"), case
            else:
                assert after == before, case
                assert (Entry.objects.count(), Invoice.objects.count()) == (lines, 0), case
                assert words(response), case
    assert done


@pytest.mark.parametrize("door", ["check_in", "no_show"])
def test_a_fragment_of_the_list_is_no_other_door(practice, door):
    for state, moment, now in cases(door, practice):
        with trial(now):
            session = practice.put(state)
            response = press(make.client_for(practice.people["reception"]), door, session, fragment=True)
            assert (response.status_code, b"<html" in response.content) == (200, False), (state, moment)
            allowed = may(door, state, now, session)
            assert told(session)["status"] == (LEADS_TO[door] if allowed else state), (state, moment)


BUTTONS = {
    "check-in-": "check_in",
    "check-out-": "check_out",
    "no-show-": "no_show",
    "undo_check_in-": "undo_check_in",
    "undo_no_show-": "undo_no_show",
    "reopen-": "reopen",
}


def shown(page, session):
    """The doors that a page offers for this session."""
    ids = set(re.findall(rf'id="([a-z_-]+-){session.code}"', page)) & set(BUTTONS)
    links = {door for door in ("reschedule", "cancel") if reverse(f"reception:{door}", args=[session.code]) in page}
    return {BUTTONS[found] for found in ids} | links


def test_a_page_offers_what_can_be_done_and_nothing_else(practice):
    """The session's page and its line in the day's list, all of it; what is cancelled stands in no list."""
    for state in STATES:
        for moment, now in moments(practice.location.name).items():
            with trial(now):
                session = practice.put(state)
                client = make.client_for(practice.people["reception"])
                expected = {door for door in DOORS if may(door, state, now, session)}
                page = client.get(reverse("reception:appointment", args=[session.code])).content.decode()
                assert shown(page, session) == expected, (state, moment)
                day = client.get(reverse("reception:today"), {"day": DAY.isoformat()}).content.decode()
                assert shown(day, session) == (expected if state != "cancelled" else set()), (state, moment)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("who", "status"),
    [("manager", 302), ("psychologist", 403), ("patient", 403), ("another patient", 403), ("nobody", 302)],
)
def test_who_may_at_the_desk(db, door, who, status):
    """At a moment when the desk may: a manager who covers it may too, and nobody else."""
    practice = Practice("Melbourne")
    state = {"undo_check_in": "arrived", "undo_no_show": "no_show", "reopen": "completed"}.get(door, "booked")
    now = moments("Melbourne")["during"]
    with trial(now):
        session = practice.put(state)
        response = press(make.client_for(practice.people[who]), door, session)
        assert response.status_code == status
        assert told(session)["status"] == (LEADS_TO[door] if who == "manager" else state)


# ---- Patients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", ["cancel", "reschedule"])
@pytest.mark.parametrize("who", ["patient", "another patient", "psychologist", "reception"])
def test_a_patient_calls_off_or_moves_their_own_session_before_it_starts(practice, door, who):
    """Cancelling ends when the session starts, moving a day before: that was promised with it."""
    make.week(psychologist=practice.psychologist, location=practice.location, weekdays=tuple(range(7)))
    zone = practice.location.zone
    clock = moments(practice.location.name) | {
        "a day before": practice.session.starts_at - timedelta(days=1),
        "a second later": practice.session.starts_at - timedelta(days=1) + timedelta(seconds=1),
    }
    if who != "patient":
        clock = {"days before": practice.session.starts_at - timedelta(days=3)}
    done = 0
    for state in STATES:
        for moment, now in clock.items():
            with trial(now):
                session = practice.put(state, cancel_hours=24)
                to = datetime.combine(now.astimezone(zone).date() + timedelta(days=3), time(10), zone).astimezone(UTC)
                response = make.client_for(practice.people[who]).post(
                    reverse(f"patient:{door}", args=[session.code]),
                    {"seen": session.seen_as, "time": f"{to:%Y-%m-%dT%H:%MZ} {practice.location.slug}", "fee": "999"},
                )
                until = session.starts_at - timedelta(days=1) if door == "reschedule" else session.starts_at
                in_time = now <= until if door == "reschedule" else now < until
                allowed = who == "patient" and state == "booked" and in_time
                after, case = told(session), (state, moment)
                done += allowed
                if not allowed:
                    assert response.status_code == (302 if who == "patient" else 404), case
                    assert (after["status"], after["starts_at"]) == (state, session.starts_at), case
                elif door == "cancel":
                    assert after["status"] == "cancelled", case
                else:
                    assert (after["status"], after["starts_at"]) == ("booked", to), case
    assert bool(done) == (who == "patient")


# ---- Undoing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def today(db):
    """Melbourne, half past two, while the session runs."""
    practice = Practice("Melbourne")
    with time_machine.travel(moments("Melbourne")["during"], tick=False):
        yield practice


@pytest.fixture
def desk(today):
    return make.client_for(today.people["reception"])


@pytest.mark.parametrize(("step", "undo"), [("check_in", "undo_check_in"), ("no_show", "undo_no_show")])
def test_a_step_is_undone_once_and_can_be_taken_again(today, desk, step, undo):
    session = today.put("booked")
    press(desk, step, session)
    taken = today_now(session)
    asks = desk.get(reverse(f"reception:{undo}", args=[session.code])).content.decode()
    assert "stays on record" in asks
    press(desk, undo, taken)
    assert told(session)["status"] == "booked"
    assert Entry.objects.filter(verb__startswith="appointment.").latest("pk").facts["reason"] == "mistake"
    told_again = press(make.signed_in_client(role=Role.RECEPTION), undo, taken)
    assert "nothing was done" in words(told_again)
    press(desk, step, today_now(session))
    assert told(session)["status"] == LEADS_TO[step]


def today_now(session):
    return Appointment.objects.select_related("location", "psychologist").get(pk=session.pk)


def test_a_completed_session_is_reopened_after_its_invoice_is_voided(today, desk):
    session = today.put("arrived")
    press(desk, "check_out", session)
    assert "Void the invoice first" in words(press(desk, "reopen", today_now(session)))
    assert told(session)["status"] == "completed"
    page = desk.get(reverse("reception:appointment", args=[session.code])).content.decode()
    assert "Void the invoice first" in page
    assert "reopen" not in shown(page, session)
    [invoice] = Invoice.objects.all()
    desk.post(reverse("reception:void_invoice", args=[invoice.number]), {"reason": "Billed to the wrong person"})
    press(desk, "reopen", today_now(session))
    assert told(session)["status"] == "arrived"
    assert [entry.facts.get("reason") for entry in Entry.objects.filter(verb="appointment.reopened")] == ["mistake"]
    press(desk, "check_out", today_now(session))
    assert (told(session)["status"], Invoice.objects.live().count()) == ("completed", 1)


@pytest.mark.parametrize("undo", ["undo_check_in", "undo_no_show", "reopen"])
@pytest.mark.parametrize("reason", ["", "because"])
def test_undoing_asks_why(today, desk, undo, reason):
    state = {"undo_check_in": "arrived", "undo_no_show": "no_show", "reopen": "completed"}[undo]
    session = today.put(state)
    response = desk.post(reverse(f"reception:{undo}", args=[session.code]), {"seen": session.seen_as, "reason": reason})
    assert response.status_code == 422
    assert told(session)["status"] == state


def test_a_no_show_whose_time_was_given_away_stays_one(today, desk):
    session = today.put("no_show")
    make.appointment(psychologist=today.psychologist, starts_at=session.starts_at + timedelta(minutes=40))
    assert "So this session stays as it is." in words(press(desk, "undo_no_show", session))
    assert told(session)["status"] == "no_show"


def test_a_no_show_whose_patient_is_elsewhere_by_now_stays_one(today, desk):
    session = today.put("no_show")
    make.appointment(patient=today.patient, starts_at=session.starts_at + timedelta(minutes=40))
    assert "has a session with" in words(press(desk, "undo_no_show", session))
    assert told(session)["status"] == "no_show"


def test_a_moved_session_is_moved_back(today, desk):
    session = today.put("booked")
    press(desk, "reschedule", session)
    away = today_now(session)
    assert away.starts_at != session.starts_at
    data = {
        "seen": away.seen_as,
        "day": DAY.isoformat(),
        "at": "14:00",
        "with_whom": today.psychologist.slug,
        "psychologist": today.psychologist.slug,
        "location": today.location.slug,
        "mode": "in_person",
        "outside": "yes",
    }
    go_on(desk, desk.post(reverse("reception:reschedule", args=[session.code]), data), outside="yes")
    assert told(session)["starts_at"] == session.starts_at


# ---- Old pages, and odd hours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", [door for door in DOORS if door != "check_out"])
@pytest.mark.parametrize("seen", ["booked.7", "", "arrived.0.0"])
def test_an_old_page_is_told_so_and_nothing_is_done(today, desk, door, seen):
    """The session was moved, or is in another state, since the page was drawn; or the page says nothing of it."""
    state = {"undo_check_in": "arrived", "undo_no_show": "no_show", "reopen": "completed"}.get(door, "booked")
    session = today.put(state)
    before = told(session)
    response = press(desk, door, session, seen=seen)
    assert "nothing was done" in words(response)
    assert told(session) == before
    assert not Entry.objects.filter(verb__startswith="appointment.").exists()


@pytest.mark.parametrize("door", ["cancel", "reschedule"])
def test_an_old_page_of_a_patient_is_told_so(practice, door):
    with time_machine.travel(practice.session.starts_at - timedelta(days=3), tick=False):
        session = practice.put("booked")
        response = make.client_for(practice.people["patient"]).post(
            reverse(f"patient:{door}", args=[session.code]),
            {"seen": "booked.3", "time": f"2026-11-27T00:00Z {practice.location.slug}"},
        )
        assert "changed meanwhile" in words(response)
        assert (told(session)["status"], told(session)["starts_at"]) == ("booked", session.starts_at)


def test_a_session_of_a_past_day_is_settled_later(practice):
    """It can't be checked in any more: the page says what to do, and both ways out work."""
    with time_machine.travel(moments(practice.location.name)["a week later"], tick=False):
        session = practice.put("booked")
        client = make.client_for(practice.people["reception"])
        page = client.get(reverse("reception:appointment", args=[session.code])).content.decode()
        assert "Check it out if it was held, or mark it as a no-show." in page
        assert client.get(reverse("reception:check_out", args=[session.code])).status_code == 200
        press(client, "check_out", session)
        assert told(session)["status"] == "completed"


def test_the_check_out_page_says_when_it_opens(practice):
    with time_machine.travel(practice.session.starts_at - timedelta(minutes=1), tick=False):
        session = practice.put("arrived")
        response = make.client_for(practice.people["reception"]).get(
            reverse("reception:check_out", args=[session.code])
        )
        assert response.url == reverse("reception:appointment", args=[session.code])
        assert "Check-out opens when the session starts, Tuesday 24 November 2026, 2:00 pm." in words(response)
        assert "Until then, take money as a prepayment." in words(response)


NIGHTS = {
    # Place, day, start, minutes; then who comes when, by the wall clock there, so many days later: let in or not.
    "over midnight": ("Melbourne", "2026-11-24", "23:30", 60, {("00:10", 1): True, ("00:30", 1): False}),
    "a day and a night": (
        "Perth",
        "2026-11-24",
        "09:00",
        1440,
        {("00:00", 0): True, ("08:59", 1): True, ("09:00", 1): False},
    ),
    "clocks go forward": (
        "Melbourne",
        "2026-10-04",
        "03:30",
        60,
        {("00:00", 0): True, ("23:59", 0): True, ("00:00", 1): False},
    ),
    "clocks go back": (
        "Melbourne",
        "2027-04-04",
        "02:30",
        60,
        {("00:00", 0): True, ("23:59", 0): True, ("00:00", 1): False},
    ),
    "the evening in Perth": (
        "Perth",
        "2026-11-24",
        "21:30",
        60,
        {("23:59", -1): False, ("00:00", 0): True, ("23:59", 0): True},
    ),
}


@pytest.mark.parametrize("night", NIGHTS)
def test_the_own_day_of_a_session_at_odd_hours(db, night):
    place, day, starts, minutes, comings = NIGHTS[night]
    practice, zone = Practice(place), ZoneInfo(PLACES[place])
    begins = datetime.combine(date.fromisoformat(day), time.fromisoformat(starts), zone).astimezone(UTC)
    ends = begins + timedelta(minutes=minutes)
    Appointment.objects.update(starts_at=begins, ends_at=ends, occupied_from=begins, occupied_until=ends)
    practice.session.refresh_from_db()
    for (clock, days), allowed in comings.items():
        now = datetime.combine(date.fromisoformat(day) + timedelta(days=days), time.fromisoformat(clock), zone)
        with trial(now):
            session = practice.put("booked")
            press(make.client_for(practice.people["reception"]), "check_in", session)
            assert told(session)["status"] == ("arrived" if allowed else "booked"), (clock, days)


@pytest.mark.parametrize("door", DOORS)
def test_a_held_time_has_no_door(today, desk, door):
    held = make.hold(psychologist=make.psychologist(), location=today.location)
    assert press(desk, door, held, seen="held.0").status_code in {302, 404}
    assert Appointment.objects.get(pk=held.pk).status == Status.HELD
    assert Appointment.objects.get(pk=held.pk).revision == 0
