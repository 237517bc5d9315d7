"""A batch run at the desk: sessions that were held are looked over, ticked, and invoiced one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.appointments.states import Verb
from portal.billing.models import BulkRun, Invoice
from portal.clinic.models import ClinicSettings, Location, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import DateField
from portal.common.forms.parts import field_of
from portal.common.forms.spans import SpanOfDays
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.common.web.once import making, once
from portal.journeys import claim_checks, issuing
from portal.journeys.claim_checks import Check
from portal.journeys.issuing import Proposal, Refused
from portal.medicare.findings import Finding
from portal.medicare.telling import standing_in_words
from portal.web.calendars.refused import in_words
from portal.web.reception import meanwhile

_MONTH = timedelta(days=30)


class RunFilter(SpanOfDays):
    """Held on which days, by whom and where."""

    since = DateField(label=gettext_lazy("Held from"), picker=True)
    until = DateField(label=gettext_lazy("Held until"), picker=True)
    psychologist = forms.ModelChoiceField(
        label=gettext_lazy("Psychologist"),
        queryset=Psychologist.objects.none(),
        to_field_name="slug",
        empty_label=gettext_lazy("All"),
        required=False,
    )
    place = forms.ModelChoiceField(
        label=gettext_lazy("Location"),
        queryset=Location.objects.none(),
        to_field_name="slug",
        empty_label=gettext_lazy("All"),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        whose = Psychologist.objects.select_related("user")
        field_of(self, "psychologist", forms.ModelChoiceField).queryset = whose
        field_of(self, "place", forms.ModelChoiceField).queryset = Location.objects.all()


@dataclass(frozen=True, slots=True)
class Row:
    """A proposal, and what is to be looked at before it is ticked."""

    proposal: Proposal
    notes: list[str]

    @property
    def value(self) -> str:
        return f"{self.proposal.session.code}:{self.proposal.seen}"

    @property
    def is_ticked(self) -> bool:
        """What Medicare would refuse is invoiced only by whoever ticks it themselves."""
        return self.proposal.may_run and self.proposal.is_ready

    @property
    def findings(self) -> list[Finding]:
        """What Medicare would say of it, the worst first."""
        check = self.proposal.check
        return [*check.red, *check.amber] if check else []


def _notes(proposal: Proposal) -> list[str]:
    """What check-out would say of it: why Medicare pays nothing, an item that doesn't fit, a card that is missing."""
    session, claim, shown = proposal.session, proposal.claim, proposal.shown
    notes = []
    if proposal.asks_agreement:
        notes.append(_("It is bulk-billed: check it out by itself, for the patient's agreement is asked."))
    elif not proposal.may_run:
        notes.append(_("Nothing is charged for it. Check it out by itself."))
    if claim.standing and not claim.is_covered:
        notes.append(standing_in_words(claim.standing))
    elif claim.is_covered and shown.item is None:
        notes.append(claim.why(session, proposal.held))
    return [note for note in notes if note]


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: ActorRequest) -> HttpResponse:
    """What was held and is not invoiced, each with what check-out proposes; what is ticked is invoiced."""
    now, status = timezone.now(), 200
    today = ClinicSettings.current().today(now)
    begins = {"since": today - _MONTH, "until": today}
    asked = RunFilter(request.GET if request.GET else None, initial=begins)
    if request.method == "POST":
        ticked = _ticked(request)
        if ticked:
            with making(request, now=now) as made:
                run = issuing.begin(sessions=ticked, by=request.actor, now=now)
                made.leads_to("reception:invoice_run", code=run.code)
            return made.answer
        messages.error(request, _("Tick at least one session."))
        status = 422
    said: dict[str, Any] = asked.cleaned_data if asked.is_bound and asked.is_valid() else begins
    sessions = issuing.not_invoiced(
        Appointment.objects.visible_to(request.actor), since=said["since"], until=said["until"]
    )
    if said.get("psychologist"):
        sessions = sessions.filter(psychologist=said["psychologist"])
    if said.get("place"):
        sessions = sessions.filter(location=said["place"])
    found = list(sessions[: issuing.MOST + 1])
    rows = [Row(one, _notes(one)) for one in issuing.proposals_of(found[: issuing.MOST], now=now)]
    context = {
        "form": asked,
        "rows": rows,
        "total": sum((row.proposal.shown.bill.sums.total for row in rows if row.is_ticked), start=0),
        "ticked": sum(row.is_ticked for row in rows),
        "refused": sum(row.proposal.may_run and not row.proposal.is_ready for row in rows),
        "has_more": len(found) > issuing.MOST,
        "most": issuing.MOST,
        "query": request.GET.urlencode(),
    }
    if asked.is_bound and asked.errors:
        status = 422
    return render(request, "reception/to_invoice.html", context, status=status)


def _ticked(request: ActorRequest) -> list[tuple[int, str]]:
    """The ids of what is ticked, each with what the page knew of it."""
    seen = {}
    for value in request.POST.getlist("session")[: issuing.MOST]:
        code, _colon, word = value.partition(":")
        try:
            seen[UUID(code)] = word[:32]
        except ValueError:
            continue
    visible = Appointment.objects.visible_to(request.actor).filter(code__in=seen).order_by("starts_at", "pk")
    return [(pk, seen[code]) for pk, code in visible.values_list("pk", "code")]


@dataclass(frozen=True, slots=True)
class Issued:
    """An invoice of a run, and what the Medicare check finds on it."""

    invoice: Invoice
    check: Check | None


@dataclass(frozen=True, slots=True)
class NotIssued:
    """A session that was not invoiced, and why."""

    session: Appointment
    words: str


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def run(request: ActorRequest, code: UUID) -> HttpResponse:
    """How far it is, asked again by itself until it is done; then each invoice, and each session without one."""
    found, now = _run(request, code), timezone.now()
    context: dict[str, Any] = {"run": found}
    if found.finished_at:
        rows = Invoice.objects.visible_to(request.actor).filter(pk__in=found.invoices).order_by("pk")
        invoices = list(rows.select_related("patient", "psychologist", "location", "appointment"))
        checks = claim_checks.checks(invoices, now=now)
        context["issued"] = [Issued(one, checks[one.pk]) for one in invoices]
        context["refused"] = _refused(request, found, now=now)
    return page_or_fragment(request, "reception/invoice_run.html", context, fragment="progress")


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def go_on(request: ActorRequest, code: UUID) -> HttpResponse:
    """Has what is left done, where the worker was stopped in the middle; nothing is invoiced twice."""
    found = _run(request, code)
    if not found.finished_at:
        issuing.go_on(found)
    return redirect_to(request, "reception:invoice_run", code=found.code)


def _run(request: ActorRequest, code: UUID) -> BulkRun:
    runs = BulkRun.objects.visible_to(request.actor).filter(kind=BulkRun.Kind.ISSUE).defer("pdf")
    return get_object_or_404(runs, code=code)


def _refused(request: ActorRequest, run: BulkRun, *, now: datetime) -> list[NotIssued]:
    ids = [row[0] for row in run.refused]
    sessions = Appointment.objects.visible_to(request.actor).for_listing().in_bulk(ids)
    numbers = [row[2] for row in run.refused if row[1] == Refused.INVOICED]
    invoices = (
        Invoice.objects.visible_to(request.actor).select_related("created_by").in_bulk(numbers, field_name="number")
    )
    found = []
    for pk, why, detail in run.refused:
        session = sessions.get(pk)
        if session is None:
            continue
        match why:
            case Refused.INVOICED if detail in invoices:
                words = meanwhile.checked_out(invoices[detail], by=request.actor, now=now)
            case Refused.CHANGED:
                words = _(
                    "The session, its fee, its payments or what is left on its referral changed since the page was "
                    "opened. Look at it again."
                )
            case Refused.STATE:
                words = in_words(Verb.CHECK_OUT, detail, session, by=request.actor, now=now)
            case _:
                words = _("These lines don't make an invoice. Check it out by itself.")
        found.append(NotIssued(session, words))
    return found
