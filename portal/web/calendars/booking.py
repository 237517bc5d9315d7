"""Booking from an empty half hour: whom it is for, then what and how."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.appointments import diary
from portal.appointments.actions import rules
from portal.appointments.gaps import Need
from portal.appointments.refusals import NotOffered, SlotTaken
from portal.clinic import kept
from portal.clinic.models import Location, Mode, Psychologist, Service
from portal.common.access.decorators import ActorRequest
from portal.common.forms.fields import MarkField
from portal.common.languages.times import local_day, when
from portal.common.web.addresses import each
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making
from portal.common.web.search_words import sealed
from portal.journeys import booking, choosing, same_day
from portal.journeys.usual import usual
from portal.patients.forms import SearchForm
from portal.patients.models import Patient
from portal.patients.search import search
from portal.web.calendars.audience import Audience
from portal.web.calendars.beside import stretch_around, who_waits
from portal.web.calendars.in_the_way import in_the_way, not_worked_because
from portal.web.calendars.refused import why_not
from portal.web.calendars.told import say_what_was_done
from portal.web.finding.pages import found

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Here:
    """The empty time that was pressed: when, with whom and where; `value` is how addresses say it."""

    starts_at: datetime
    psychologist: Psychologist
    location: Location
    value: str

    @classmethod
    def read(cls, request: ActorRequest, people: Sequence[Psychologist]) -> Here:
        """Reads it from an address, or raises Http404: only the calendar's own links lead here."""
        value = (request.POST if request.method == "POST" else request.GET).get("time", "")[:200]
        try:
            starts_at, location, slug = choosing.read_whose_time(value)
        except ValueError as error:
            raise Http404("no such time") from error
        psychologist = next((p for p in people if p.slug == slug), None)
        if psychologist is None:
            raise Http404("nobody of that name")
        return cls(starts_at, psychologist, location, value)

    @property
    def whose(self) -> tuple[Psychologist, Location, datetime]:
        return self.psychologist, self.location, self.starts_at

    @property
    def query(self) -> str:
        return "?" + urlencode({"time": self.value})

    @property
    def context(self) -> dict[str, Any]:
        return {"here": self, "zone": self.location.zone}

    def too_long(self, services: Sequence[Service], *, now: datetime) -> list[Service]:
        """Those of some services for which the time that is free from there on is too short.

        None where it isn't free at all, or outside the hours: that is said when it is booked.
        """
        day_there = local_day(self.starts_at, self.location.zone)
        (day,) = diary.day([self.psychologist], day_there, zone=self.location.zone, now=now)
        gap = day.gap_at(self.starts_at, self.location)
        return [] if gap is None else [service for service in services if not gap.takes(Need.of(service))]


class WhatForm(forms.Form):
    """What is booked and how; what isn't offered becomes the first that is."""

    service = MarkField(required=False, max_length=80)
    mode = MarkField(required=False, max_length=10)
    outside = MarkField(required=False, max_length=3)


def whom(request: ActorRequest, audience: Audience, people: Sequence[Psychologist]) -> HttpResponse:
    """Asks whom the session is for; a name that is typed is looked for as everywhere."""
    here, now = Here.read(request, people), timezone.now()
    form = SearchForm(request.POST if request.method == "POST" else request.GET)
    text = form.text
    rows = search(Patient.objects.visible_to(request.actor).for_table(), text, limit=SHOWN + 1) if text else []
    address = each(f"{audience.namespace}:book_here")
    context = here.context | {
        "audience": audience,
        "text": text,
        "found": [found(row, address(row.code) + here.query) for row in rows[:SHOWN]],
        "more": len(rows) > SHOWN,
        "register": "" if audience.of_one else f"{audience.url('new_patient')}?{urlencode({'q': sealed(text)})}",
        "action": request.path,
        "calendar_url": day_of(audience, here),
        # Asked for by the whole page alone, not by each letter that is typed.
        "stretch": partial(stretch_around, *here.whose, now=now),
        "waiters": None if audience.of_one else partial(who_waits, *here.whose, now=now),
    }
    return page_or_fragment(request, "calendar/book_whom.html", context, fragment="whom")


def here(request: ActorRequest, audience: Audience, people: Sequence[Psychologist], code: UUID) -> HttpResponse:
    """Shows what would be booked, with what this patient usually has, and books it."""
    patient = get_object_or_404(Patient.objects.visible_to(request.actor), code=code)
    now, here = timezone.now(), Here.read(request, people)
    psychologist = here.psychologist
    given = kept.given_by(psychologist)
    if not given:
        messages.warning(request, _("%(name)s gives no service that is offered.") % {"name": psychologist.name})
        return redirect(day_of(audience, here))
    too_long = here.too_long(given, now=now)
    fitting = [service for service in given if service not in too_long]
    service, mode, outside = what_is_booked(request, patient, given, psychologist, fitting=fitting)
    page: dict[str, Any] = {"refusal": "", "outside": False, "in_the_way": None}
    status = 200
    if request.method == "POST":
        try:
            with making(request, now=now) as made:
                booked = booking.book_for_patient(
                    psychologist=psychologist,
                    patient=patient,
                    service=service,
                    mode=mode.value,
                    starts_at=here.starts_at,
                    location=here.location,
                    by=request.actor,
                    now=now,
                    outside_hours=outside,
                )
                made.leads_to(day_of(audience, here))
        except SlotTaken as refused:
            status = 409
            page["in_the_way"] = in_the_way(
                refused,
                rules.slot_of(service, here.starts_at),
                patient=patient,
                psychologists=[psychologist],
                location=here.location,
                by=request.actor,
                now=now,
            )
        except NotOffered as refused:
            status = 422
            page["outside"] = refused.reason == "time" and not outside
            page["refusal"] = "" if page["outside"] else why_not(refused.reason)
            if page["outside"]:
                slot = rules.slot_of(service, here.starts_at)
                page["because"] = not_worked_because(
                    psychologist, here.location, starts_at=slot.starts_at, ends_at=slot.ends_at, mode=mode
                )
        else:
            done = _("Booked for %(patient)s: %(when)s with %(psychologist)s.") % {
                "patient": patient.name,
                "when": when(booked.starts_at, booked.zone),
                "psychologist": psychologist.name,
            }
            say_what_was_done(request, done, booking.told(booked, now=now), is_past=booked.starts_at <= now)
            if beside := same_day.to_say(booked, now=now):
                messages.warning(request, beside)
            return made.answer
    context = here.context | {
        "audience": audience,
        "patient": patient,
        "services": [(service, service in too_long) for service in given],
        "service": service,
        "mode": mode,
        "modes": choosing.ways_to_meet([psychologist], service),
        "action": request.path,
        "series_url": reverse(f"{audience.namespace}:book_series", args=[patient.code])
        + f"?{urlencode({'time': here.value, 'service': service.slug, 'mode': mode.value})}",
        "whom_url": reverse(f"{audience.namespace}:book_whom") + here.query,
        "calendar_url": day_of(audience, here),
        "session_page": f"{audience.namespace}:{audience.session}",
        "told": booking.told_of(patient, here.starts_at, now=now),
        "is_past": here.starts_at <= now,
        **page,
    }
    return page_or_fragment(request, "calendar/book_here.html", context, fragment="what", status=status)


def what_is_booked(
    request: ActorRequest,
    patient: Patient,
    given: list[Service],
    psychologist: Psychologist,
    *,
    fitting: Sequence[Service] = (),
) -> tuple[Service, Mode, bool]:
    """The service and the way that were chosen, else the patient's usual ones; and whether it may be outside.

    Where the usual one is longer than the time that is free, the first of those `fitting` is proposed.
    """
    form = WhatForm(request.POST if request.method == "POST" else request.GET)
    form.full_clean()
    said = form.cleaned_data
    service = next((one for one in given if one.slug == said.get("service")), None)
    way = said.get("mode", "")
    if service is None:
        found = usual(patient, services=given, by=request.actor)
        service = found.service if found.service in given else given[0]
        service = service if service in fitting else next(iter(fitting), service)
        way = found.mode
    ways = choosing.ways_to_meet([psychologist], service)
    mode = next((mode for mode in ways if mode.value == way), ways[0])
    return service, mode, said.get("outside") == "yes"


def day_of(audience: Audience, here: Here) -> str:
    """The calendar at the day of that time."""
    return f"{audience.url('calendar')}?day={local_day(here.starts_at, here.location.zone):%Y-%m-%d}"
