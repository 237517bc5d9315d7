"""What the clinic is, how it takes bookings and how it is paid."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts.roles import Role
from portal.clinic import actions, money_details
from portal.clinic.forms import ClinicSettingsForm
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.media.uploads import picture_response
from portal.notifications.twilio.texting import sender_name
from portal.web.manager.responses import form_page, pass_on_warnings, untrue_policies, warn_of_policies


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest) -> HttpResponse:
    form = ClinicSettingsForm(request.POST or None, request.FILES or None, instance=ClinicSettings.for_changing())
    save, before = partial(actions.update_settings, by=request.actor, now=timezone.now()), ClinicSettings.current()
    untrue = untrue_policies() if request.method == "POST" else set()
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("The settings are saved."))
        for change in money_details.changes(money_details.of(before), money_details.of(ClinicSettings.current())):
            _say_where_money_goes(request, change)
        pass_on_warnings(request, form)
        warn_of_policies(request, untrue)
        return redirect("manager:settings")
    # Asked anew: what was typed and refused must not stand in the clinic's name on this page.
    context = {"form": form, "stored": ClinicSettings.current(), "sender_name": sender_name()}
    return form_page(request, "manager/settings.html", context, form)


def _say_where_money_goes(request: ActorRequest, change: money_details.Change) -> None:
    """A slip in one digit sends the patients' money elsewhere: whoever changed it reads it once more."""
    was, now = change.in_words
    words = _("Read it once more: %(what)s, %(was)s → %(now)s. Every manager is told by e-mail.")
    messages.warning(request, words % {"what": change.label, "was": was, "now": now})


@allow(Role.MANAGER)
@require_safe
def logo(request: ActorRequest) -> FileResponse:
    """The logo as it is printed on invoices."""
    picture = ClinicSettings.current().logo
    if not picture:
        raise Http404
    return picture_response(picture, public=False)
