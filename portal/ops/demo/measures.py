"""Outcome measures of the invented clinic: people who get better and one who doesn't, a form that waits, an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.journeys import alerting
from portal.ops.demo import sign_ins
from portal.patients.models import Patient
from portal.records import measuring
from portal.records.instruments import CURRENT

# How much of the way to the worst score their answers went, the first a while ago and the last lately.
WAYS: Final = {
    "phq9": ((0.7, 0.55, 0.4, 0.25), (0.5, 0.55, 0.45, 0.5)),
    "k10": ((0.6, 0.45, 0.3), (0.45, 0.5, 0.45)),
    "dass21": ((0.5, 0.3), (0.35, 0.35)),
}
WEEKS: Final = 3


def follow(*, accounts: Mapping[sign_ins.Person, User], now: datetime) -> None:
    """Answers what was asked in the weeks before, past the journey where somebody would be told of each."""
    mai = Psychologist.objects.get(user=accounts[sign_ins.MAI])
    by = Actor(accounts[sign_ins.MAI], Role.PSYCHOLOGIST)
    clinic = ClinicSettings.for_changing()
    clinic.duty_psychologist = Psychologist.objects.get(user=accounts[sign_ins.LEILA])
    clinic.save(update_fields=["duty_psychologist"])
    jordan = Patient.objects.get(user=accounts[sign_ins.JORDAN])
    seen = (
        Appointment.objects.filter(psychologist=mai, patient__isnull=False)
        .exclude(patient=jordan)
        .seen(now=now)
        .order_by()
        .values_list("patient")
        .annotate(n=Count("pk"))
        .order_by("-n", "patient")
    )
    others = [Patient.objects.get(pk=pk) for pk, _n in seen[:2]]
    for which, patient in enumerate([jordan, *others]):
        for instrument, courses in WAYS.items():
            ways = courses[which % 2]
            for back, way in enumerate(reversed(ways)):
                at = now - timedelta(weeks=WEEKS * back, days=2 + which)
                given = _given(instrument, way)
                measuring.enter(patient=patient, instrument=instrument, given=given, answered_at=at, by=by, now=at)
    measuring.ask(patient=jordan, instrument="who5", by=by, now=now - timedelta(hours=4))
    measuring.plan(patient=jordan, instrument="phq9", every=3, by=by, now=now - timedelta(hours=4))
    if others:
        given = _given("phq9", 0.6) | {9: 1}
        at = now - timedelta(minutes=20)
        measure, flags = measuring.enter(
            patient=others[0], instrument="phq9", given=given, answered_at=at, by=by, now=at
        )
        alerting.raise_alert(measure=measure, flags=flags, by=by, now=at)


def _given(instrument: str, way: float) -> dict[int, int]:
    """Answers whose sum is about so much of the way from the lowest to the highest, and that set off nothing."""
    one = CURRENT[instrument]
    low, high = min(one.values), max(one.values)
    wanted, given = round(way * (high - low) * len(one.items)), {}
    for item in range(1, len(one.items) + 1):
        left = len(one.items) + 1 - item
        given[item] = low + min(high - low, round(wanted / left))
        wanted -= given[item] - low
    if instrument == "phq9":
        given[9] = 0
    return given
