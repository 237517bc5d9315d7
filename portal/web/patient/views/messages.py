"""Messages between a patient, or who cares for one, and the clinic."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.patients.models import Patient
from portal.web.conversing import beginning, pages
from portal.web.conversing.rooms import PATIENT


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    several = Patient.objects.managed_by(request.user).count() > 1
    return pages.listing(request, PATIENT, now=timezone.now(), several=several)


@sensitive_post_parameters("about", "body")
@sensitive_variables()
@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    return beginning.of_a_patient(request, PATIENT, now=timezone.now())


@sensitive_post_parameters("body")
@sensitive_variables()
@allow(Role.PATIENT)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.thread_page(request, PATIENT, code, now=timezone.now())


@allow(Role.PATIENT)
@require_POST
def read(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.mark_read(request, PATIENT, code, now=timezone.now())


@allow(Role.PATIENT)
@require_POST
def reopen(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.reopen(request, PATIENT, code, now=timezone.now())


@allow(Role.PATIENT)
@require_safe
def file(request: ActorRequest, code: UUID) -> HttpResponseBase:
    return pages.file(request, code, now=timezone.now())
