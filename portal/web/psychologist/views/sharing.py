"""Files for one's patients: the shelf with who has what, sharing, taking back."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.languages.punctuation import listed
from portal.common.web.htmx import page_or_fragment
from portal.journeys import reading, sharing
from portal.patients.models import Patient
from portal.patients.reaching import carers_of
from portal.resources import downloads
from portal.resources.models import Resource, Share
from portal.resources.refusals import AlreadyShared, IsTakenDown, NotInTheirCare
from portal.web.psychologist.forms import PatientSearch
from portal.web.psychologist.sharing_forms import OwnFileForm, ShareForm

PER_PAGE = 25
MOST_SHARES = 50


def shared_with(patient: Patient, actor: Actor, *, now: datetime) -> dict[str, Any]:
    """What the section on a patient's page shows."""
    shares = Share.objects.visible_to(actor, now=now).live().filter(patient=patient).for_listing()
    return {
        "shares": list(shares[:MOST_SHARES]),
        "share_form": ShareForm(patient=patient, actor=actor, now=now, initial={"code": uuid4()}),
    }


@allow(Role.PSYCHOLOGIST)
@require_safe
def resources(request: ActorRequest) -> HttpResponse:
    """The clinic's shelf, and for each file which of one's own patients have it and have opened it."""
    now, typed = timezone.now(), PatientSearch.read(request.GET)
    shelf = Resource.objects.visible_to(request.actor, now=now).library().for_listing()
    for word in typed.split()[:8]:
        shelf = shelf.filter(
            Q(title__icontains=word) | Q(description__icontains=word) | Q(category__name__icontains=word)
        )
    page = Paginator(shelf, PER_PAGE).get_page(request.GET.get("page"))
    files = list(page)
    given = defaultdict(list)
    mine = Share.objects.visible_to(request.actor, now=now).live().filter(resource__in=[one.pk for one in files])
    mine = mine.filter(patient__in=Patient.objects.visible_to(request.actor))
    for share in mine.select_related("patient").order_by("-shared_at"):
        given[share.resource_id].append(share)
    rows = [(one, given[one.pk], sum(share.seen_at is not None for share in given[one.pk])) for one in files]
    context = {"rows": rows, "page": page, "q": typed}
    return page_or_fragment(request, "psychologist/resources.html", context, fragment="results")


@allow(Role.PSYCHOLOGIST)
@require_safe
def resource_file(request: ActorRequest, code: UUID) -> HttpResponseBase:
    """A look at a file of the shelf, which counts as nobody's reading."""
    resource = get_object_or_404(
        Resource.objects.visible_to(request.actor, now=timezone.now()).library().for_listing(), code=code
    )
    return downloads.send(request, resource, public=False)


@allow(Role.PSYCHOLOGIST)
@require_safe
def shared_file(request: ActorRequest, code: UUID) -> HttpResponseBase:
    """What a patient was given. To open a colleague's file for one person is recorded and told, as it is with notes."""
    now = timezone.now()
    given = Share.objects.visible_to(request.actor, now=now).filter(resource__current__isnull=False)
    share = get_object_or_404(given.for_listing(), code=code)
    resource = share.resource
    response = downloads.send(request, resource, public=False)
    if (
        resource.made_for_id
        and share.shared_by_id != request.actor.user_id
        and downloads.is_first_part(request, response)
    ):
        reading.open_file(share=share, by=request.actor, now=now)
    return response


@sensitive_post_parameters("note")
@sensitive_variables()
@allow(Role.PSYCHOLOGIST)
@require_http_methods(["GET", "HEAD", "POST"])
def share(request: ActorRequest, code: UUID) -> HttpResponse:
    """Shares a file of the shelf with one patient."""
    patient, now = get_object_or_404(Patient.objects.visible_to(request.actor), code=code), timezone.now()
    form = ShareForm(request.POST or None, patient=patient, actor=request.actor, now=now, initial={"code": uuid4()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            sharing.share_file(
                resource=values["resource"],
                patient=patient,
                note=values["note"],
                code=values["code"],
                by=request.actor,
                now=now,
            )
        except AlreadyShared:
            form.add_error("resource", _("They have this file already. Take it back first to write another note."))
        except (IsTakenDown, NotInTheirCare):
            form.add_error("resource", _("This file is not offered any more. Choose another one."))
        else:
            return _shared(request, patient, now=now)
    return _share_page(request, patient, now=now, share_form=form)


@sensitive_post_parameters("own_title", "own_note")
@sensitive_variables()
@allow(Role.PSYCHOLOGIST)
@require_http_methods(["GET", "HEAD", "POST"])
def share_own(request: ActorRequest, code: UUID) -> HttpResponse:
    """Keeps a file for one patient alone and shares it, in one step."""
    patient, now = get_object_or_404(Patient.objects.visible_to(request.actor), code=code), timezone.now()
    form = OwnFileForm(request.POST or None, request.FILES or None, initial={"own_code": uuid4()})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        sharing.share_own_file(
            patient=patient,
            title=values["own_title"],
            file=values["file"],
            note=values["own_note"],
            code=values["own_code"],
            by=request.actor,
            now=now,
        )
        return _shared(request, patient, now=now)
    return _share_page(request, patient, now=now, own_form=form)


def _shared(request: HttpRequest, patient: Patient, *, now: datetime) -> HttpResponse:
    messages.success(request, _("Shared with %(name)s.") % {"name": patient.name})
    if told := sharing.told(patient, now=now):
        words = _("An e-mail to %(addresses)s says that something new is waiting, not what it is.")
        messages.info(request, words % {"addresses": listed(recipient.shown for recipient in told)})
    else:
        messages.warning(request, _("No e-mail address is known, so nobody was told by e-mail. Tell them."))
    return redirect(reverse("psychologist:patient", args=[patient.code]) + "#shared")


def _share_page(request: ActorRequest, patient: Patient, *, now: datetime, **forms: Any) -> HttpResponse:
    context = {
        "patient": patient,
        "told": [recipient.shown for recipient in sharing.told(patient, now=now)],
        "adult": patient.is_of_age(ClinicSettings.current().today(now)),
        "readers": [one.user.name for one in carers_of(patient) if one.reads_files],
        "share_form": ShareForm(patient=patient, actor=request.actor, now=now, initial={"code": uuid4()}),
        "own_form": OwnFileForm(initial={"own_code": uuid4()}),
        "crumbs": [
            (reverse("psychologist:patients"), _("Patients")),
            (reverse("psychologist:patient", args=[patient.code]), patient.name),
        ],
    } | forms
    context["wrong"] = next((form for form in forms.values() if form.is_bound and form.errors), None)
    return render(request, "psychologist/share.html", context, status=422 if context["wrong"] else 200)


@allow(Role.PSYCHOLOGIST)
@require_POST
def withdraw(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes a shared file back."""
    now = timezone.now()
    given = get_object_or_404(
        Share.objects.visible_to(request.actor, now=now)
        .filter(patient__in=Patient.objects.visible_to(request.actor))
        .select_related("patient"),
        code=code,
    )
    sharing.withdraw_file(share=given, by=request.actor, now=now)
    messages.success(
        request, _("Taken back. %(name)s no longer finds it in their pages.") % {"name": given.patient.name}
    )
    return redirect(reverse("psychologist:patient", args=[given.patient.code]) + "#shared")
