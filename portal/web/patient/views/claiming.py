"""Somebody whom our desk registered finds their record again, or that of a child in their care."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web import addresses
from portal.common.web.once import making, once
from portal.patients import links, signing_in
from portal.patients.forms import ClaimForm
from portal.patients.models import Patient


@allow(Role.PATIENT)
@once
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def find(request: ActorRequest) -> HttpResponse:
    """Asks for a birth date, once. Nothing of a record is shown before, and every failure has the same words."""
    back = addresses.inside(request.GET.get("next", ""))
    has_record = Patient.objects.filter(user=request.user).exists()
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    sent = request.POST if request.method == "POST" else None
    form = ClaimForm(sent, today=today, user=request.user, has_record=has_record)
    was_refused = False
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            record = signing_in.claim(
                user=request.actor.person,
                token=request.session.get(links.IN_SESSION, ""),
                by=request.actor,
                now=now,
                today=today,
                **form.proof,
            )
            if record is None:
                made.made_nothing()
            made.leads_to(back or "patient:details")
        if record is not None:
            request.session.pop(links.IN_SESSION, None)
            messages.success(request, _("Found. The sessions, invoices and details are in your pages now."))
            return made.answer
        was_refused = True
    status = 422 if request.method == "POST" else 200
    # Said to whoever came by an invitation that still works: what it is about is told by nothing.
    invited = links.is_invited(request.session.get(links.IN_SESSION, ""), now=now)
    context = {"form": form, "refused": was_refused, "back": back, "invited": invited}
    return render(request, "patient/find.html", context, status=status)
