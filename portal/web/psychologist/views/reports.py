"""Reports to referrers: the register of one's own, the page one is written on, the signed one with its PDF.

No clinical word stands in a title, an address, a message or a log line of these pages; whoever opens a text, reads it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.times import date_short
from portal.common.paper.pdf import render_pdf
from portal.common.web.addresses import each
from portal.common.web.htmx import htmx_of, page_or_fragment, redirect_to
from portal.journeys import reports_owing
from portal.patients.models import Patient
from portal.records import reports
from portal.records.models import Report
from portal.records.refusals import NothingWritten, NotTheirs, ReportSigned, StaleReport
from portal.web.psychologist.forms import ReportForm, SentForm, SignForm

PER_PAGE = 25


class Line(NamedTuple):
    """One report as the register shows it."""

    url: str
    patient: str
    cause: str
    referrer: str
    owed: str
    stage: str
    stage_words: str
    sent: str


@allow(Role.PSYCHOLOGIST)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """One's own reports: those that are owed, the oldest first, or all that went out."""
    is_sent = request.GET.get("show") == "sent"
    clinic, own = ClinicSettings.current(), Report.objects.visible_to(request.actor).standing()
    rows = own.filter(stage=Report.Stage.SENT).order_by("-sent_at") if is_sent else own.owed().order_by("owed_at", "pk")
    page = Paginator(rows.without_text().select_related("patient", "referral"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    page_of = each("psychologist:report")
    lines = [
        Line(
            url=page_of(one.code),
            patient=one.patient.name,
            cause=one.get_cause_display(),
            referrer=one.referral.referrer_name,
            owed=date_short(clinic.day_of(one.owed_at)),
            stage=one.stage,
            stage_words=one.get_stage_display(),
            sent=f"{date_short(clinic.day_of(one.sent_at))}, {one.get_sent_how_display()}" if one.sent_at else "",
        )
        for one in page
    ]
    context = {"lines": lines, "page": page, "is_sent": is_sent}
    return page_or_fragment(request, "psychologist/reports.html", context, fragment="results")


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: ActorRequest, code: UUID) -> HttpResponse:
    """The page to write on, or the signed report. A POST keeps the draft."""
    now, found = timezone.now(), _one(request, code)
    if found.is_signed:
        return _to(request, found) if request.method == "POST" else _signed_page(request, found, now=now)
    if request.method != "POST":
        if found.body is not None:
            reports.read(report=found, by=request.actor, now=now)
        return _editor(request, found, now=now)
    return _kept(request, found, now=now, then="psychologist:report")


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: ActorRequest, code: UUID) -> HttpResponse:
    """Keeps what is being written, by itself, and answers with the time. A GET tells whether one is still signed in."""
    now, found = timezone.now(), _one(request, code)
    if request.method != "POST":
        return render(request, "psychologist/report.html#saved", {"report": found, "is_token": True})
    form = ReportForm(request.POST)
    if not form.is_valid():
        problem = next((str(error) for errors in form.errors.values() for error in errors), "")
        return _answer(request, found, problem=problem, version=found.version, status=422)
    try:
        kept = reports.save_draft(
            report=found, body=form.cleaned_data["body"], version=form.written_on, by=request.actor, now=now
        )
    except StaleReport as stale:
        problem = _("Not saved: this report was changed in another window.")
        return _answer(
            request,
            found,
            problem=problem,
            version=form.written_on,
            conflict=_read(request, stale, now=now),
            status=409,
        )
    except (ReportSigned, NotTheirs):
        problem = _("Not saved: this report was signed in another window, or is not owed any more.")
        return _answer(request, found, problem=problem, version=form.written_on, status=409)
    except NothingWritten:
        return _answer(request, found, version=found.version)
    return _answer(request, found, saved_at=now, version=kept.version)


@allow(Role.PSYCHOLOGIST)
@sensitive_post_parameters("body")
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def sign(request: ActorRequest, code: UUID) -> HttpResponse:
    """Asks once more, with the report as it will stand; then signs it. From the editor the words come along."""
    now, found = timezone.now(), _one(request, code)
    if found.is_signed:
        return _to(request, found)
    if request.method == "POST" and "body" in request.POST:
        return _kept(request, found, now=now, then="psychologist:sign_report")
    if found.body is None:
        return _to(request, found)
    missing = reports.unwritten(found.body)
    if request.method == "POST" and not missing:
        form, clinic = SignForm(request.POST), ClinicSettings.current()
        paper = reports_owing.paper_of(found, clinic=clinic, today=clinic.today(now))
        try:
            if form.is_valid():
                version = form.cleaned_data["version"]
                reports.sign(report=found, version=version, paper=paper, by=request.actor, now=now)
                messages.success(request, _("The report is signed. Send it, and say here how."))
                return _to(request, found)
        except ReportSigned:
            return _to(request, found)
        except StaleReport as stale:
            messages.warning(request, _("The report was changed in another window. Read it once more, then sign."))
            found = _one(request, stale.stored.code)
    reports.read(report=found, by=request.actor, now=now)
    context = _context(found, now=now) | {"missing": missing}
    status = 422 if request.method == "POST" else 200
    return render(request, "psychologist/report_sign.html", context, status=status)


@allow(Role.PSYCHOLOGIST)
@sensitive_variables()
@require_safe
def pdf(request: ActorRequest, code: UUID) -> HttpResponse:
    """The signed report on paper, drawn as it is asked for and kept nowhere in clear."""
    now, found = timezone.now(), _one(request, code)
    if not found.is_signed:
        raise Http404
    reports.read(report=found, by=request.actor, now=now)
    content = render_pdf("pdf/report.html", {"paper": _dated(found.paper or {}), "words": on_paper(found.body or "")})
    response = HttpResponse(content, content_type="application/pdf")
    # Nothing of whose it is: files lie about in downloads.
    response.headers["Content-Disposition"] = 'inline; filename="report.pdf"'
    response.headers["Cache-Control"] = "no-store, private"
    return response


@allow(Role.PSYCHOLOGIST)
@require_POST
def sent(request: ActorRequest, code: UUID) -> HttpResponse:
    """Writes down how a signed report went to the referrer."""
    now, found = timezone.now(), _one(request, code)
    if not found.is_signed:
        return _to(request, found)
    form = SentForm(request.POST)
    if not form.is_valid():
        return _signed_page(request, found, now=now, form=form, status=422)
    reports_owing.sent(report=found, how=form.cleaned_data["how"], by=request.actor, now=now)
    messages.success(request, _("Written down: the report went to the referrer."))
    return _to(request, found)


@allow(Role.PSYCHOLOGIST)
@require_POST
def last_session(request: ActorRequest, code: UUID) -> HttpResponse:
    """Says that a patient had their last session: the report is owed now."""
    now, actor = timezone.now(), request.actor
    patient = get_object_or_404(Patient.objects.treated_by(actor.person, now=now), code=code)
    author = get_object_or_404(Psychologist, user=actor.person)
    owed = reports_owing.end_care(patient=patient, author=author, by=actor, now=now)
    if owed is not None:
        return redirect("psychologist:report", owed.code)
    own = Report.objects.visible_to(actor).standing().filter(patient=patient).order_by("-last_service").first()
    if own is not None and not own.is_signed:
        return redirect("psychologist:report", own.code)
    messages.info(request, _("Nothing is billed to Medicare that a report doesn't cover already."))
    return redirect("psychologist:patient", patient.code)


# ---- What these pages share -----------------------------------------------------------------------------------------


def _one(request: ActorRequest, code: UUID) -> Report:
    own = Report.objects.visible_to(request.actor).standing()
    return get_object_or_404(own.select_related("patient", "referral", "author__user"), code=code)


def _to(request: ActorRequest, found: Report) -> HttpResponse:
    return redirect_to(request, "psychologist:report", found.code)


def _read(request: ActorRequest, stale: StaleReport, *, now: datetime) -> Report:
    return reports.read(report=stale.stored, by=request.actor, now=now)


def _kept(request: ActorRequest, found: Report, *, now: datetime, then: str) -> HttpResponse:
    form = ReportForm(request.POST)
    if not form.is_valid():
        return _editor(request, found, now=now, form=form, status=422)
    try:
        kept = reports.save_draft(
            report=found, body=form.cleaned_data["body"], version=form.written_on, by=request.actor, now=now
        )
    except StaleReport as stale:
        return _editor(request, found, now=now, form=form, conflict=_read(request, stale, now=now), status=409)
    except (ReportSigned, NotTheirs):
        return redirect_to(request, "psychologist:reports")
    except NothingWritten:
        messages.info(request, _("There is nothing to keep yet."))
        return _to(request, found)
    if htmx_of(request) and then == "psychologist:report":
        return _editor(request, _one(request, found.code), now=now)
    if then == "psychologist:report":
        messages.success(request, _("The draft is kept. It is not signed yet."))
    return redirect_to(request, then, kept.code)


def _answer(request: ActorRequest, found: Report, *, status: int = 200, **context: Any) -> HttpResponse:
    context = {"conflict": None, "saved_at": None, "problem": "", "zone": ClinicSettings.current().zone} | context
    return render(
        request, "psychologist/report.html#saved", {"report": found, "is_answer": True} | context, status=status
    )


def _context(found: Report, *, now: datetime) -> dict[str, Any]:
    clinic = ClinicSettings.current()
    paper = found.paper if found.is_signed else reports_owing.paper_of(found, clinic=clinic, today=clinic.today(now))
    return {
        "report": found,
        "patient": found.patient,
        "paper": _dated(paper or {}),
        "parts": _parts(found.body or ""),
        "zone": clinic.zone,
    }


def _editor(
    request: ActorRequest,
    found: Report,
    *,
    now: datetime,
    form: ReportForm | None = None,
    conflict: Report | None = None,
    status: int = 200,
) -> HttpResponse:
    if form is None:
        body = reports.skeleton() if found.body is None else found.body
        form = ReportForm(initial={"body": body, "version": found.version})
    context = _context(found, now=now) | {
        "form": form,
        "version": form["version"].value(),
        "conflict": conflict,
        "saved_at": found.updated_at if found.body is not None and conflict is None else None,
    }
    return page_or_fragment(request, "psychologist/report.html", context, fragment="editor", status=status)


def _signed_page(
    request: ActorRequest, found: Report, *, now: datetime, form: SentForm | None = None, status: int = 200
) -> HttpResponse:
    reports.read(report=found, by=request.actor, now=now)
    context = _context(found, now=now) | {"form": form or SentForm()}
    return render(request, "psychologist/report_signed.html", context, status=status)


def _dated(paper: dict[str, Any]) -> dict[str, Any]:
    """The paper's ISO dates as people write them."""
    read: dict[str, Any] = {name: _day(paper[name]) for name in ("born", "written_on", "day") if name in paper}
    return {**paper, **read, "dates": [_day(one) for one in paper.get("dates", ())]}


def _day(iso: str) -> str:
    day = date.fromisoformat(iso)
    return f"{day.day} {day:%B %Y}"


# A paragraph up to so many letters is kept whole beside whoever signs.
_KEPT_WHOLE = 400


def on_paper(body: str) -> dict[str, Any]:
    """The words as they are printed: paragraphs with their headings, and the end that stays with the signature."""
    blocks: list[tuple[str, str]] = []
    heading = ""
    for is_heading, line in _parts(body):
        if not is_heading or heading:
            blocks.append((heading, "" if is_heading else line))
        heading = line if is_heading else ""
    if heading or not blocks:
        blocks.append((heading, ""))
    heading, line = blocks.pop()
    at = 0
    if len(line) > _KEPT_WHOLE:
        # After a sentence where one ends near, or else after a word.
        at = max(line.rfind(". ", 0, -_KEPT_WHOLE // 3), line.rfind(" ", 0, -_KEPT_WHOLE)) + 1
    if not at:
        return {"blocks": blocks, "closing": (heading, line), "goes_on": False}
    return {"blocks": [*blocks, (heading, line[:at].strip())], "closing": ("", line[at:].strip()), "goes_on": True}


def _parts(body: str) -> list[tuple[bool, str]]:
    """The lines of the words, each with whether it is a heading."""
    known = reports.headings()
    return [(line.strip() in known, line.strip()) for line in body.splitlines() if line.strip()]
