"""A psychologist's own figures: what came in for their sessions, and their part of it."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.clinic.kept import psychologists
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.spans import Span
from portal.reports.remuneration import statement


def _own(request: ActorRequest) -> Psychologist:
    found = next((one for one in psychologists().values() if one.user_id == request.actor.person.pk), None)
    if found is None:
        raise Http404
    return found


@allow(Role.PSYCHOLOGIST)
@require_safe
def earnings(request: ActorRequest) -> HttpResponse:
    """Nobody's but one's own: whose they are is who is signed in, and no address says otherwise."""
    span = Span.read(request, today=ClinicSettings.current().today(timezone.now()))
    context = {
        "span": span,
        "statement": statement(_own(request), span.first, span.last),
        "pdf_url": f"{reverse('psychologist:earnings_pdf')}?{span.query}",
    }
    return render(request, "psychologist/earnings.html", context)


@allow(Role.PSYCHOLOGIST)
@require_safe
def pdf(request: ActorRequest) -> HttpResponse:
    """The same on paper."""
    from portal.common.paper.pdf import render_pdf  # it brings the PDF library, which is slow to load

    clinic = ClinicSettings.current()
    span = Span.read(request, today=clinic.today(timezone.now()))
    context = {"statement": statement(_own(request), span.first, span.last), "clinic": clinic}
    return HttpResponse(
        render_pdf("pdf/remuneration.html", context),
        content_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="earnings-{span.first}-{span.last}.pdf"'},
    )
