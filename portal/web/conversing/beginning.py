"""The page that begins a conversation, a patient's with whom they choose, or staff's with one patient."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import gettext as _

from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.web.once import making
from portal.journeys import conversations
from portal.messaging import correspondents
from portal.messaging.refusals import NobodyReads, NotTheirs, Refusal
from portal.patients.models import Patient
from portal.web.conversing import staff_deeds
from portal.web.conversing.forms import BeginForm
from portal.web.conversing.pages import answered_within, in_words, page_of
from portal.web.conversing.rooms import Room


def of_a_patient(request: ActorRequest, room: Room, *, now: datetime) -> HttpResponse:
    """A patient, or who cares for one, writes to their psychologist or the front desk. The view is `@once`."""
    people = correspondents.patients_of(request.actor, now=now)
    if not people:
        return page_of(request, room, "conversing/nobody.html", {})
    writes_to = correspondents.psychologists_of(people)
    form = BeginForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        people=people,
        writes_to=writes_to,
        initial={"patient": people[0].code},
    )
    return _page(request, room, form, patient=None, psychologist=None, now=now)


def with_a_patient(
    request: ActorRequest, room: Room, patient: Patient, *, psychologist: Psychologist | None, now: datetime
) -> HttpResponse:
    """Staff write to one patient. The view is `@once`."""
    form = BeginForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        people=[patient],
        writes_to=None,
    )
    return _page(request, room, form, patient=patient, psychologist=psychologist, now=now)


def _page(
    request: ActorRequest,
    room: Room,
    form: BeginForm,
    *,
    patient: Patient | None,
    psychologist: Psychologist | None,
    now: datetime,
) -> HttpResponse:
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            values = form.cleaned_data
            try:
                with conversations.brought_along(values["file"]) as brought, making(request, now=now) as made:
                    thread = conversations.begin(
                        patient=form.chosen_patient,
                        psychologist=form.chosen_psychologist if patient is None else psychologist,
                        about=values["about"],
                        body=values["body"],
                        brought=brought,
                        by=request.actor,
                        now=now,
                    )
                    made.leads_to(room.url("thread", thread.code))
            except Refusal as refused:
                form.add_error(None, _why_not(refused))
                status = 409
            else:
                messages.success(request, _("Your message is sent."))
                return made.answer
    today = ClinicSettings.current().today(now)
    readers = [] if patient is None else correspondents.readers_of(patient, today=today)
    context = {
        "form": form,
        "patient": patient,
        "answered_within": answered_within(),
        "nobody_reads": patient is not None and not readers,
    }
    return page_of(request, room, "conversing/new.html", context, status=status)


def _why_not(refused: Refusal) -> str:
    match refused:
        case NobodyReads():
            return str(staff_deeds.NOBODY_READS)
        case NotTheirs():
            return _("You can't write to them any more. Please write to the front desk.")
    return in_words(refused)
