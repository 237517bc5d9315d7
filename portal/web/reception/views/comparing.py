"""Two records that may be one person's, side by side: the desk links them or says that they are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments.models import Appointment, WaitlistEntry
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.journeys import one_person
from portal.journeys.to_do import people
from portal.patients.doubles import Double, doubles_of
from portal.patients.models import Carer, Patient
from portal.patients.refusals import NoAccountYet, NotChecked, OwnAccount, RecordHasAccount
from portal.patients.signing_in import Reader, newly_opening
from portal.web.reception.opening_form import OpenOtherForm
from portal.worklist.refusals import AlreadyDone


class Row(NamedTuple):
    """A record that may be of the same person; `who` would come to open it, in words, empty for nobody new."""

    double: Double
    carers: list[Carer]
    sessions: int
    form: OpenOtherForm
    who: str


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def compare(request: ActorRequest, code: UUID) -> HttpResponse:
    """What a record shares with those that are like it, and who signs in for each."""
    now = timezone.now()
    seen = Patient.objects.visible_to(request.actor).select_related("user")
    patient = get_object_or_404(seen, code=code)
    rows = _rows(request, patient, now=now)
    if request.method == "POST" and (answer := _decide(request, patient, rows, now=now)):
        return answer
    context = {
        "patient": patient,
        "carers": list(patient.carers.in_force().select_related("user")),
        "rows": rows,
        "count": Appointment.objects.visible_to(request.actor).filter(patient=patient).count(),
        "waits": people.doubled(patient) is not None,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "reception/compare.html", context, status=status)


def _rows(request: ActorRequest, patient: Patient, *, now: datetime) -> list[Row]:
    today = ClinicSettings.current().today(now)
    sessions = Appointment.objects.visible_to(request.actor)
    rows = []
    for double in doubles_of(patient):
        other = double.patient
        opening = newly_opening(patient, other)
        data = request.POST if request.POST.get("same") == str(other.code) else None
        form = OpenOtherForm(data, opening=opening, to=other, today=today)
        carers = list(other.carers.in_force().select_related("user"))
        rows.append(Row(double, carers, sessions.filter(patient=other).count(), form, _named(opening)))
    return rows


def _named(opening: Sequence[Reader]) -> str:
    """Accounts by name, address and as what each opens the record."""
    words = []
    for user, carer in opening:
        relationship = carer.get_relationship_display() if carer else ""
        what = _("carer (%(as)s)") % {"as": relationship} if carer else _("the patient themself")
        words.append(_("%(name)s (%(email)s), as %(what)s") % {"name": user.name, "email": user.email, "what": what})
    return get_text_list(words, _("and"))


def _decide(request: ActorRequest, patient: Patient, rows: list[Row], *, now: datetime) -> HttpResponse | None:
    """Where the desk's decision leads; None where a tick is missing, which the row's form says."""
    chosen = request.POST.get("same", "")
    back = redirect("reception:compare", code=patient.code)
    try:
        if not chosen:
            people.keep_apart(patient=patient, by=request.actor, now=now)
            messages.success(request, _("Noted: they are not the same person."))
            return redirect("reception:patient", code=patient.code)
        row = next((row for row in rows if str(row.double.patient.code) == chosen), None)
        if row is None:
            messages.warning(request, _("This record has changed meanwhile. Look again."))
            return back
        other = row.double.patient
        if request.POST.get("closed"):
            people.keep_closed(patient=patient, other=other, by=request.actor, now=now)
            words = _("Noted: the same person. The record of %(name)s stays closed to %(who)s.")
            messages.success(request, words % {"name": other.name, "who": row.who or _("nobody new")})
            _say_what_is_left(request, patient, now=now)
            return redirect("reception:patient", code=other.code)
        ticked = row.form.is_valid()
        opened = one_person.open_the_other(
            patient=patient,
            other=other,
            checked=row.form.checked if ticked else [],
            bills=ticked and row.form.bills,
            by=request.actor,
            now=now,
        )
    except NotChecked:
        if ticked:
            messages.warning(request, _("Somebody else signs in for this record by now. Look again."))
            return back
        return None
    except RecordHasAccount:
        messages.error(request, _("Another account opens that record. Unlink it first, if it is theirs too."))
        return back
    except OwnAccount:
        messages.error(request, _("You sign in for this record yourself. Somebody else at the clinic decides this."))
        return back
    except NoAccountYet:
        messages.info(request, _("Nobody signs in for this record any more."))
        return back
    except AlreadyDone:
        messages.info(request, _("That is done already."))
        return redirect("reception:patient", code=patient.code)
    # By the names that the page showed: an account is named after its record from now on.
    now_open = {user.pk for user, _carer in opened.readers}
    if named := _named([reader for reader in row.form.opening if reader.user.pk in now_open]):
        words = _("The record of %(name)s is open to %(who)s from now on.")
        messages.success(request, words % {"name": other.name, "who": named})
    else:
        messages.success(request, _("Noted: the same person. Nobody new opens the record."))
    for service, why in opened.ended:
        words = _("They no longer wait for %(service)s: %(why)s. If they want another time, put them on the waitlist.")
        messages.warning(request, words % {"service": service, "why": why.label.lower()})
    _say_what_is_left(request, patient, now=now)
    return redirect("reception:patient", code=other.code)


def _say_what_is_left(request: ActorRequest, patient: Patient, *, now: datetime) -> None:
    """What stands on the record that was made online, and is arranged on the other one."""
    sessions = Appointment.objects.visible_to(request.actor).filter(patient=patient)
    if sessions.upcoming(now=now).exists():
        words = _("A session is booked on the other record. Book it here, then cancel it there.")
        messages.warning(request, words)
    if sessions.requests().exists():
        messages.warning(
            request, _("A session was asked for on the other record. Book it here, then decline it there.")
        )
    if WaitlistEntry.objects.visible_to(request.actor).filter(patient=patient).waiting().exists():
        words = _("They wait for a time on the other record. Put them on the waitlist here, then take them off there.")
        messages.warning(request, words)
