"""What somebody agreed to, and what they are asked to agree to now."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portal.accounts.roles import Role
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.htmx import redirect_to
from portal.patients import consents
from portal.patients.models import Consent, Patient, Reading
from portal.policies.models import PolicyVersion
from portal.web.patient.forms import Agreeing
from portal.web.patient.views import carers

# As many days as fit a page; the trail has all of them.
READINGS = 50


@dataclass(frozen=True, slots=True)
class Asked:
    """A policy that is still to be agreed to, and the people it is missing for; `several` are on the account.

    They all agreed to one before, or none of them did: to these it is no change, and is shown in short.
    """

    version: PolicyVersion
    several: bool
    is_change: bool
    # For whom it is no change: what it says in a few sentences, and the language they are in.
    in_short: list[str]
    language: str
    patients: list[Patient] = field(default_factory=list)

    @property
    def whom(self) -> str:
        """The codes of those it is about, as the form names them."""
        return " ".join(str(patient.code) for patient in self.patients)

    @property
    def label(self) -> str:
        return self.version.get_kind_display()

    @property
    def url_name(self) -> str:
        return f"public:{self.version.kind}_version"


def asking(request: ActorRequest, *, today: date, patients: list[Patient] | None = None) -> list[Asked]:
    """What the panel on the pages asks the people of this account to agree to; they may have been read already."""
    if patients is None:
        patients = list(Patient.objects.managed_by(request.user).themself_first(request.user))
    left = consents.outstanding(patients, today=today)
    kinds = {version.kind for versions in left.values() for version in versions}
    earlier = {kind: consents.with_earlier(patients, kind=kind) for kind in kinds}
    found: dict[tuple[int, bool], Asked] = {}
    for patient in patients:
        for version in left.get(patient.pk, []):
            key = version.pk, patient.pk in earlier[version.kind]
            if key not in found:
                found[key] = _asked(version, several=len(patients) > 1, is_change=key[1])
            found[key].patients.append(patient)
    return list(found.values())


def _asked(version: PolicyVersion, *, several: bool, is_change: bool) -> Asked:
    if is_change:
        return Asked(version, several, is_change, [], "")
    # What is kept of the versions is without their text.
    text, language = PolicyVersion.objects.get(pk=version.pk).document()
    return Asked(version, several, is_change, text["summary"], language)


@allow(Role.PATIENT)
@require_safe
def privacy(request: ActorRequest) -> HttpResponse:
    today = ClinicSettings.current().today(timezone.now())
    given = list(Consent.objects.visible_to(request.actor).newest_first())
    readings = Reading.objects.visible_to(request.actor).select_related("patient", "reader", "author").newest_first()
    context = {
        "asking": asking(request, today=today),
        "carers": carers.others(request, today=today),
        "readings": list(readings[:READINGS]),
        "consents": [(each, f"public:{each.version.kind}_version") for each in given],
        "several": Patient.objects.managed_by(request.user).count() > 1,
    }
    return render(request, "patient/privacy.html", context)


@allow(Role.PATIENT)
@require_POST
def agree(request: ActorRequest) -> HttpResponse:
    """Agrees to one version for everybody whom the page named; a replaced one is shown anew, and said to be."""
    now = timezone.now()
    form = Agreeing(request.POST)
    if not form.is_valid():
        return redirect_to(request, "patient:privacy")
    read, today = form.cleaned_data, ClinicSettings.current().today(now)
    with transaction.atomic():
        waiting = [each for each in asking(request, today=today) if each.version.kind == read["kind"]]
        found = [each for each in waiting if each.version.number == read["number"]]
        for each in found:
            for patient in each.patients:
                if str(patient.code) in read["patients"]:
                    consents.agree(patient=patient, versions=[each.version], by=request.actor, now=now)
    if found:
        messages.success(request, _("Thank you. We have written down that you agree."))
    elif waiting:
        messages.warning(request, _("This policy has changed just now. Please look at it again."))
    return redirect_to(request, "patient:privacy")
