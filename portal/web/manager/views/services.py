"""What the clinic offers, and for how much."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe
from django_tables2 import RequestConfig

from portal.accounts.roles import Role
from portal.clinic import actions
from portal.clinic.forms import ServiceForm
from portal.clinic.models import ClinicSettings, Service, TaxCode
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.durations import minutes as in_minutes
from portal.common.money import dollars
from portal.common.web.once import making, once
from portal.web.manager.responses import confirm_page, form_page, pass_on_warnings, untrue_policies, warn_of_policies
from portal.web.manager.tables import ServiceTable


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(reverse("manager:services"), _("Services")), *more]


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    table = ServiceTable(Service.objects.order_by("-is_active", "position", "name"))
    RequestConfig(request, paginate={"per_page": 50}).configure(table)
    return render(request, "manager/services.html", {"table": table})


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ActorRequest) -> HttpResponse:
    form, now = ServiceForm(request.POST or None), timezone.now()
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            service = actions.add_service(values=form.values, by=request.actor, now=now)
            made.leads_to("manager:service", service.code)
        messages.success(
            request, _("%(name)s is added. Nobody sees it or books it until you offer it.") % {"name": service.name}
        )
        pass_on_warnings(request, form)
        return made.answer
    return form_page(request, "manager/service.html", {"form": form, "crumbs": _crumbs()}, form)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    service = get_object_or_404(Service, code=code)
    stored_name = service.name
    form = ServiceForm(request.POST or None, instance=service)
    save = partial(actions.update_service, service=service, by=request.actor, now=timezone.now())
    untrue = untrue_policies() if request.method == "POST" else set()
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("%(name)s is saved.") % {"name": service.name})
        pass_on_warnings(request, form)
        warn_of_policies(request, untrue)
        return redirect("manager:services")
    context = {"form": form, "service": service, "stored_name": stored_name, "crumbs": _crumbs()}
    return form_page(request, "manager/service.html", context, form)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: ActorRequest, code: UUID) -> HttpResponse:
    service = get_object_or_404(Service, code=code)
    if request.method == "POST":
        actions.retire_service(service=service, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is no longer offered.") % {"name": service.name})
        return redirect("manager:services")
    return confirm_page(
        request,
        title=_("Stop offering %(name)s?") % {"name": service.name},
        text=_("It leaves the website and can't be booked any more. What is booked stays booked, at its own price."),
        button=_("Stop offering it"),
        danger=True,
        back=_here(service)[0],
        crumbs=_crumbs(_here(service)),
    )


def _here(service: Service) -> tuple[str, str]:
    return reverse("manager:service", args=[service.code]), service.name


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def restore(request: ActorRequest, code: UUID) -> HttpResponse:
    """Offers a service, for the first time or again; says first what visitors will see."""
    service = get_object_or_404(Service, code=code)
    if request.method == "POST":
        actions.restore_service(service=service, by=request.actor, now=timezone.now())
        messages.success(request, _("%(name)s is offered now.") % {"name": service.name})
        return redirect("manager:services")
    text = _("It stands on the website from now on, and visitors book it there by themselves.")
    if not service.online:
        text = _("It stands on the website from now on, with your phone number: only the desk can book it.")
    return confirm_page(
        request,
        title=_("Offer %(name)s?") % {"name": service.name},
        text=text,
        note=_in_words(service),
        button=_("Offer it"),
        back=_here(service)[0],
        crumbs=_crumbs(_here(service)),
    )


def _in_words(service: Service) -> str:
    """What visitors read of it: its name, how long it takes, what it costs and how it is given."""
    fee = dollars(service.fee)
    if service.tax_code == TaxCode.TAXABLE and ClinicSettings.current().gst_registered:
        fee = _("%(fee)s + GST") % {"fee": fee}
    ways = ", ".join(str(mode.label) for mode in service.modes)
    return " · ".join([service.name, in_minutes(service.minutes), fee, ways])
