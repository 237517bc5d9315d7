"""The people a psychologist treats."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_tables2 import RequestConfig

from portal.accounts.roles import Role
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import page_or_fragment, targets
from portal.common.web.search_words import searched_by_post
from portal.journeys import better_access
from portal.medicare.models import Referral
from portal.medicare.telling import ledger_in_words
from portal.patients.models import Patient, PatientQuerySet
from portal.patients.search import search
from portal.records import handing_over
from portal.records.models import ProgressNote
from portal.records.session_notes import sessions_to_write_up, sessions_with_notes
from portal.web.hours.worked import home_zone
from portal.web.psychologist.forms import PatientSearch
from portal.web.psychologist.lists import coming_rows, past_rows
from portal.web.psychologist.tables import PatientTable
from portal.web.psychologist.views.measures import measured
from portal.web.psychologist.views.sharing import shared_with
from portal.web.psychologist.weeks import hours_of

PER_PAGE = 25
# A search that finds more than this is no search; the words above the table say so.
MOST_FOUND = 50
SESSIONS_PER_PAGE = 12
REFERRALS = 3


@allow(Role.PSYCHOLOGIST)
@searched_by_post("q")
@require_safe
def patients(request: ActorRequest) -> HttpResponse:
    """A table of those in one's care, searched as one types."""
    actor, now = request.actor, timezone.now()
    treated, typed = Patient.objects.visible_to(actor), PatientSearch.read(request.GET)
    cut_off = False
    if typed.strip():
        found = search(treated.for_table(), typed, limit=MOST_FOUND + 1)
        cut_off = len(found) > MOST_FOUND
        treated = treated.filter(pk__in=[patient.pk for patient in found[:MOST_FOUND]])
    table = PatientTable(
        _with_sessions(treated, actor=actor, now=now).for_table("last_seen", "next_session", "unsigned"),
        zone=home_zone(hours_of(actor), clinic=ClinicSettings.current()),
        empty_text=_("Nobody you treat fits these words. Try a part of the name, a phone number or a birth date.")
        if typed.strip()
        else _("Whoever books a session with you is listed here."),
    )
    RequestConfig(request, paginate={"per_page": PER_PAGE}).configure(table)
    context = {"table": table, "q": typed, "cut_off": cut_off, "most": MOST_FOUND}
    return page_or_fragment(request, "psychologist/patients.html", context, fragment="results")


def _with_sessions(treated: PatientQuerySet, *, actor: Actor, now: datetime) -> PatientQuerySet:
    """Each with when they were last seen, when they come next, and how many notes of theirs are to be signed."""
    own = Appointment.objects.visible_to(actor).filter(patient=OuterRef("pk")).order_by()
    seen = own.seen(now=now)
    coming = own.upcoming(now=now)
    missing = (
        sessions_to_write_up(actor, now=now)
        .filter(patient=OuterRef("pk"))
        .order_by()
        .values("patient")
        .annotate(n=Count("pk"))
        .values("n")
    )
    return treated.annotate(
        last_seen=Subquery(seen.values("starts_at")[:1]),
        next_session=Subquery(coming.values("starts_at")[:1]),
        unsigned=Coalesce(Subquery(missing), 0),
    )


@allow(Role.PSYCHOLOGIST)
@require_safe
def patient(request: ActorRequest, code: UUID) -> HttpResponse:
    """Who they are, whom to ring, what was and what comes. Not a word of a note: that is a page of its own."""
    actor, now = request.actor, timezone.now()
    person = get_object_or_404(Patient.objects.visible_to(actor), code=code)
    own = sessions_with_notes(Appointment.objects.visible_to(actor).for_lists().filter(patient=person))
    page = Paginator(own.past(now=now), SESSIONS_PER_PAGE).get_page(request.GET.get("page"))
    upcoming = with_clinic(own.upcoming(now=now)[:10])
    context: dict[str, Any] = {
        "patient": person,
        "age": person.age(ClinicSettings.current().today(now)),
        "upcoming": upcoming,
        "coming": coming_rows(upcoming, now=now),
        "page": page,
        "rows": past_rows(with_clinic(page), now=now),
        "now": now,
    }
    if not targets(request, "sessions"):
        notes = ProgressNote.objects.visible_to(actor, now=now).filter(patient=person)
        year = ClinicSettings.current().today(now).year
        context |= {
            "medicare": ledger_in_words(better_access.ledger_of(person.pk, now=now), year),
            "counts": notes.aggregate(
                signed=Count("pk", filter=Q(state="signed")), drafts=Count("pk", filter=Q(state="draft"))
            ),
            "colleagues": list(
                notes.signed()
                .without_text()
                .exclude(author__user=actor.user)
                .select_related("appointment__location", "author__user")
                .annotate(added=Count("addenda"))
                .order_by("-appointment__starts_at")[:20]
            ),
            "referrals": list(Referral.objects.visible_to(actor).standing().filter(patient=person)[:REFERRALS]),
            "measured": measured(person, actor, now=now),
            "handed": handing_over.own(patient=person, by=actor),
            "could_take": handing_over.colleagues(patient=person, by=actor),
            **shared_with(person, actor, now=now),
        }
    return page_or_fragment(request, "psychologist/patient.html", context, fragment="sessions")
