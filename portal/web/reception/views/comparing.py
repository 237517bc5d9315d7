"""Two records that may be one person's, side by side: the desk links them or says that they are not."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.models import Appointment
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys.to_do import people
from portal.patients.doubles import doubles_of
from portal.patients.models import Patient
from portal.patients.refusals import NoAccountYet, OwnAccount, RecordHasAccount
from portal.worklist.refusals import AlreadyDone


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a record shares with those that are like it, and who signs in for each."""
    seen = Patient.objects.visible_to(request.actor).select_related("user")
    patient = get_object_or_404(seen, code=code)
    doubles = doubles_of(patient)
    if request.method == "POST":
        return _decide(request, patient, {str(one.patient.code): one.patient for one in doubles})
    sessions = Appointment.objects.visible_to(request.actor)
    rows = [
        (one, one.patient.user, sessions.filter(patient=one.patient).count(), one.patient.user_id is None)
        for one in doubles
    ]
    context = {
        "patient": patient,
        "carers": list(patient.carers.in_force().select_related("user")),
        "rows": rows,
        "count": sessions.filter(patient=patient).count(),
        "waits": people.doubled(patient) is not None,
    }
    return render(request, "reception/compare.html", context)


def _decide(request: ActorRequest, patient: Patient, doubles: dict[str, Patient]) -> HttpResponse:
    now, chosen = timezone.now(), request.POST.get("same", "")
    try:
        if not chosen:
            people.keep_apart(patient=patient, by=request.actor, now=now)
            messages.success(request, _("Noted: they are not the same person."))
            return redirect("reception:patient", code=patient.code)
        other = doubles.get(chosen)
        if other is None:
            messages.warning(request, _("This record has changed meanwhile. Look again."))
            return redirect("reception:compare", code=patient.code)
        people.open_the_other(patient=patient, other=other, by=request.actor, now=now)
    except RecordHasAccount:
        messages.error(request, _("Another account opens that record. Unlink it first, if it is theirs too."))
        return redirect("reception:compare", code=patient.code)
    except OwnAccount:
        messages.error(request, _("You sign in for this record yourself. Somebody else at the clinic decides this."))
        return redirect("reception:compare", code=patient.code)
    except NoAccountYet:
        messages.info(request, _("Nobody signs in for this record any more."))
        return redirect("reception:compare", code=patient.code)
    except AlreadyDone:
        messages.info(request, _("That is done already."))
        return redirect("reception:patient", code=patient.code)
    messages.success(request, _("%(name)s opens this record from now on.") % {"name": other.name})
    if Appointment.objects.visible_to(request.actor).filter(patient=patient).upcoming(now=now).exists():
        words = _("A session is booked on the other record. Book it here, then cancel it there.")
        messages.warning(request, words)
    return redirect("reception:patient", code=other.code)
