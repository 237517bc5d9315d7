"""A psychologist's conversations with their patients."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import once
from portal.patients.models import Patient
from portal.web.conversing import beginning, pages, staff_deeds, staff_templates
from portal.web.conversing.rooms import PRACTICE
from portal.web.psychologist.own_profile import PsychologistRequest, with_profile


@allow(Role.PSYCHOLOGIST)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    return pages.listing(request, PRACTICE, now=timezone.now())


@sensitive_post_parameters("about", "body")
@sensitive_variables()
@allow(Role.PSYCHOLOGIST)
@with_profile
@once
@require_http_methods(["GET", "HEAD", "POST"])
def write_to(request: PsychologistRequest, code: UUID) -> HttpResponse:
    """Begins a conversation with one patient."""
    patient = get_object_or_404(Patient.objects.visible_to(request.actor).select_related("user"), code=code)
    return beginning.with_a_patient(request, PRACTICE, patient, psychologist=request.psychologist, now=timezone.now())


@sensitive_post_parameters("body")
@sensitive_variables()
@allow(Role.PSYCHOLOGIST)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def thread(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.thread_page(request, PRACTICE, code, now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_POST
def close(request: ActorRequest, code: UUID) -> HttpResponse:
    return staff_deeds.step(request, PRACTICE, code, "close", now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_POST
def settle(request: ActorRequest, code: UUID) -> HttpResponse:
    return staff_deeds.step(request, PRACTICE, code, "settle", now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_POST
def reopen(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.reopen(request, PRACTICE, code, now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_POST
def read(request: ActorRequest, code: UUID) -> HttpResponse:
    return pages.mark_read(request, PRACTICE, code, now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_safe
def file(request: ActorRequest, code: UUID) -> HttpResponseBase:
    return pages.file(request, code, now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@with_profile
@once
@require_http_methods(["GET", "HEAD", "POST"])
def reply_templates(request: PsychologistRequest) -> HttpResponse:
    return staff_templates.templates(request, PRACTICE, owner=request.psychologist, now=timezone.now())


@allow(Role.PSYCHOLOGIST)
@require_POST
def remove_template(request: ActorRequest, code: UUID) -> HttpResponse:
    return staff_templates.remove(request, PRACTICE, code)
