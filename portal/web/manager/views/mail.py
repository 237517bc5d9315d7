"""E-mails that the portal can't settle alone: some were refused, of some nobody knows whether they went."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys.to_do import notices
from portal.notifications.models import Notice, State
from portal.notifications.outbox import CannotSettle

PER_PAGE = 25


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    waiting = Notice.objects.visible_to(request.actor).needing_eyes().order_by("-created_at", "-pk")
    page = Paginator(waiting, PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "zone": ClinicSettings.current().zone, "unknown": State.UNKNOWN}
    return render(request, "manager/mail.html", context)


@allow(Role.MANAGER)
@require_POST
def send_again(request: ActorRequest, code: UUID) -> HttpResponse:
    notice = get_object_or_404(Notice.objects.visible_to(request.actor), code=code)
    try:
        notices.send_again(notice, address=notice.to, by=request.actor, now=timezone.now())
    except CannotSettle:
        messages.info(request, _("That e-mail needs nothing any more, or its words were erased."))
    else:
        messages.success(request, _("It is on its way to %(address)s again.") % {"address": notice.to})
    return redirect("manager:mail")


@allow(Role.MANAGER)
@require_POST
def arrived(request: ActorRequest, code: UUID) -> HttpResponse:
    """Somebody asked, and it had arrived."""
    notice = get_object_or_404(Notice.objects.visible_to(request.actor), code=code)
    try:
        notices.mark_arrived(notice, by=request.actor, now=timezone.now())
    except CannotSettle:
        messages.info(request, _("That e-mail needs nothing any more."))
    else:
        messages.success(request, _("Noted: it arrived."))
    return redirect("manager:mail")
