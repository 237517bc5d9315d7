"""Whether and when the portal reminds of overdue invoices by itself."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.billing.actions.stages import update_stages
from portal.billing.models import ReminderStages
from portal.billing.reminder_forms import StagesForm
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys import overdue
from portal.web.manager.responses import form_page


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest) -> HttpResponse:
    rule, now = ReminderStages.current(), timezone.now()
    form = StagesForm(request.POST if request.method == "POST" else None, instance=ReminderStages.current())
    save = partial(update_stages, by=request.actor, now=now)
    if request.method == "POST" and form.is_valid() and form.saves(save):
        rule = ReminderStages.current()
        messages.success(request, _("Saved.") if rule.is_on else _("Saved. Nobody is reminded by itself."))
        return redirect("manager:payment_reminders")
    context = {
        "form": form,
        "rule": rule,
        "next": overdue.coming(rule, now=now),
        "crumbs": [(reverse("manager:settings"), _("Settings"))],
    }
    return form_page(request, "manager/payment_reminders.html", context, form)
