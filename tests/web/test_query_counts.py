"""No page reads more when there is more to show: every page without a parameter, as each role, at 1 row and at 30."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, get_resolver, reverse

from portal.accounts.roles import Role
from portal.appointments.models import Status
from tests import make
from tests.billing.conftest import NOW, Books

ROOMS = {
    Role.RECEPTION: "reception",
    Role.MANAGER: "manager",
    Role.PSYCHOLOGIST: "psychologist",
    Role.PATIENT: "patient",
}
MANY = 30


def addresses(namespace):
    """Of every page of a room that needs nothing but its name."""
    _, room = get_resolver().namespace_dict[namespace]
    for name in {name for name in room.reverse_dict if isinstance(name, str)}:
        with suppress(NoReverseMatch):
            yield reverse(f"{namespace}:{name}")


class World:
    """A clinic in which everything that a list could show grows by one with each `row`."""

    def __init__(self, role):
        self.books = Books()
        self.location = make.location()
        self.service = make.service(phone=True)
        self.psychologist = make.psychologist(user=make.user(roles=(Role.PSYCHOLOGIST,)))
        make.week(psychologist=self.psychologist, location=self.location)
        self.own = make.patient(user=make.user())
        who = {Role.PSYCHOLOGIST: self.psychologist.user, Role.PATIENT: self.own.user}
        self.client = make.client_for(who.get(role) or make.user(role=role))
        self.own_of = role == Role.PATIENT
        self.rows = 0

    def row(self):
        self.rows += 1
        n = self.rows
        patient = self.own if self.own_of else make.patient(legal_last_name=f"Person{n:02d}", phone="+61491570006")
        here = {"patient": patient, "psychologist": self.psychologist, "location": self.location}
        today = NOW.replace(hour=22, minute=0) - timedelta(days=1)
        past = self.books.session(service=self.service, starts_at=today - timedelta(days=7 * n), **here)
        coming = {"service": self.service, "status": Status.BOOKED, "mode": "phone"}
        make.appointment(starts_at=NOW + timedelta(days=7 * n), **coming, **here)
        invoice = self.books.invoice_of_session(past)
        self.books.pay(invoice, "20.00")
        make.user(roles=(Role.RECEPTION,))
        make.service()
        make.location()
        resource = make.resource()
        make.share(resource=resource, patient=patient, shared_at=NOW)
        make.post(author=self.psychologist.user)
        make.carer(patient=patient, user=make.user())

    def counted(self):
        """How many queries each page ran that answered with a page, at its second visit."""
        counts = {}
        for path in self.pages:
            self.client.get(path)
            with CaptureQueriesContext(connection) as run:
                answer = self.client.get(path)
            if answer.status_code == 200:
                counts[path] = len(run)
        return counts


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROOMS)
def test_pages_read_as_often_for_thirty_as_for_one(role, time_machine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    time_machine.move_to(NOW, tick=False)
    make.clinic(horizon_days=90)
    world = World(role)
    world.pages = sorted(addresses(ROOMS[role]))
    world.row()
    one = world.counted()
    for _ in range(MANY - 1):
        world.row()
    many = world.counted()
    assert len(one) > 5
    grown = {path: (count, many[path]) for path, count in one.items() if many[path] > count}
    assert grown == {}
