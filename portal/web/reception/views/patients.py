"""Finding, registering and changing people in care. What the desk sees of them: how to reach and bill them, no more."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.listing import with_clinic
from portal.appointments.models import Appointment, AppointmentQuerySet
from portal.billing.actions import held_for, links_of, on_account
from portal.billing.agreements import agreed_on
from portal.billing.models import Invoice
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest, allow
from portal.common.database.compiled import compiled
from portal.common.web.htmx import page_or_fragment
from portal.common.web.once import making, once
from portal.common.web.search_words import searched_by_post
from portal.journeys import who_books
from portal.journeys.sessions import steps_of
from portal.journeys.stranded import stranded
from portal.journeys.to_do import people
from portal.patients import actions, addresses, signing_in, ways
from portal.patients.forms import CarerForm, PatientForm, SearchForm
from portal.patients.models import Carer, Patient
from portal.patients.recognising import recognised
from portal.patients.refusals import AlreadyCarer, NotInForce, OwnAccount, SomebodyElseIsBilled
from portal.patients.search import Likeness, possible_duplicates, search, with_card
from portal.reports.days import owed_by
from portal.web.calendars import undoing
from portal.web.reception.forms import EndCarerForm
from portal.web.reception.tables import PatientTable
from portal.web.reception.views import medicare

FOUND = 25
RECENT = 8
PAST = 10
INVOICES = 8


@allow(Role.RECEPTION, Role.MANAGER)
@searched_by_post("q")
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """Search as you type. With nothing typed, those who were registered last."""
    text, patients = SearchForm(request.GET).text, Patient.objects.visible_to(request.actor).for_table()
    found = search(patients, text, limit=FOUND + 1) if text else list(patients.order_by("-pk")[:RECENT])
    shown = found[:FOUND]
    sessions = Appointment.objects.visible_to(request.actor)
    context = {
        "q": text,
        "table": PatientTable(
            shown, typed=text, upcoming=sessions.next_of([one.pk for one in shown], now=timezone.now())
        ),
        "more": len(found) > FOUND,
        "count": len(shown),
    }
    return page_or_fragment(request, "reception/patients.html", context, fragment="results")


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: ActorRequest) -> HttpResponse:
    """Registers somebody, from what was searched for, if anything. If they may be here already the desk decides."""
    now = timezone.now()
    today = ClinicSettings.current().today(now)
    form = PatientForm(
        request.POST if request.method == "POST" else None,
        initial=recognised(SearchForm(request.GET).text, today=today),
        today=today,
    )
    alike: list[Likeness] = []
    # Most people are registered because they want a session.
    books_next = request.POST.get("then") == "book"
    if request.method == "POST" and form.is_valid():
        alike = _alike(request, form.cleaned_data)
        if not alike or request.POST.get("is_new") == "yes":
            with making(request, now=now) as made:
                patient = actions.register_patient(values=form.cleaned_data, by=request.actor, now=now)
                made.leads_to("reception:book" if books_next else "reception:patient", code=patient.code)
            messages.success(request, _("%(name)s is registered.") % {"name": patient.name})
            _say_warnings(request, form)
            return made.answer
    status = 200 if request.method != "POST" else 409 if alike else 422
    context = {"form": form, "alike": alike, "books_next": books_next}
    return render(request, "reception/patient_new.html", context, status=status)


def _alike(request: ActorRequest, values: dict[str, Any]) -> list[Likeness]:
    return possible_duplicates(
        Patient.objects.visible_to(request.actor),
        first_name=values["legal_first_name"],
        last_name=values["legal_last_name"],
        preferred_name=values["preferred_name"],
        date_of_birth=values["date_of_birth"],
        phone=values["phone"] or None,
        card=(values["medicare_number"], values["medicare_irn"]),
    )


def _same_card(form: PatientForm, patient: Patient) -> list[Patient]:
    """Who else has the line of a Medicare card that was typed here anew."""
    typed = (form.cleaned_data["medicare_number"], form.cleaned_data["medicare_irn"])
    if typed == (patient.medicare_number, patient.medicare_irn):
        return []
    return list(with_card(*typed).exclude(pk=patient.pk)[:FOUND])


def _say_warnings(request: HttpRequest, form: PatientForm) -> None:
    for field, words in form.warnings:
        messages.warning(request, f"{form[field].label}: {words}")


def _one(request: ActorRequest, code: UUID) -> Patient:
    return get_object_or_404(
        Patient.objects.visible_to(request.actor).select_related("user", "approved_by", "ways"), code=code
    )


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def detail(request: ActorRequest, code: UUID) -> HttpResponse:
    return _page(request, _one(request, code), carer_form=CarerForm())


def _page(request: ActorRequest, patient: Patient, *, carer_form: CarerForm, status: int = 200) -> HttpResponse:
    now, clinic = timezone.now(), ClinicSettings.current()
    role, pk = request.actor.role, patient.pk
    past, upcoming = with_clinic(_past(role, pk, now=now)), with_clinic(_upcoming(role, pk, now=now))
    steps = steps_of([*upcoming, *past[:PAST]], by=request.actor, now=now)
    why = stranded(upcoming, now=now)
    shown = _invoices(role, pk)
    today = clinic.today(now)
    context = {
        "patient": patient,
        "moved": undoing.just_moved(request, now=now, of=patient),
        "today": today,
        "age": patient.age(today),
        "channels": ways.channels_in_words(patient),
        "carers": _carers(pk),
        "carer_form": carer_form,
        "sign_in": signing_in.standing(patient, now=now),
        "approval_counts": who_books.approval_counts(clinic=clinic),
        "is_doubled": people.doubled(patient) is not None,
        "medicare": medicare.card(patient, by=request.actor, now=now),
        "upcoming": [(session, steps[session.pk], why.get(session.pk, "")) for session in upcoming],
        "past": [(session, steps[session.pk]) for session in past[:PAST]],
        "more_past": len(past) > PAST,
        "invoices": [(invoice, invoice.badge(today=today)) for invoice in shown[:INVOICES]],
        "more_invoices": len(shown) > INVOICES,
        "owes": owed_by(request.actor, patient),
        "agreed": agreed_on(patient, today=today),
        "deposits": held_for(patient),
        "payers": links_of(patient),
        "account": on_account(patient),
    }
    return render(request, "reception/patient.html", context, status=status)


# The desk and the manager see what they see by their role alone.


@compiled
def _past(role: str, patient: int, *, now: datetime) -> QuerySet[Appointment]:
    return _sessions(role, patient).past(now=now)[: PAST + 1]


@compiled
def _upcoming(role: str, patient: int, *, now: datetime) -> QuerySet[Appointment]:
    return _sessions(role, patient).upcoming(now=now)


def _sessions(role: str, patient: int) -> AppointmentQuerySet:
    return Appointment.objects.visible_to(Actor(user=None, role=role)).filter(patient=patient).for_lists()


@compiled
def _invoices(role: str, patient: int) -> QuerySet[Invoice]:
    shown = Invoice.objects.visible_to(Actor(user=None, role=role)).filter(patient=patient)
    return shown.for_listing()[: INVOICES + 1]


@compiled
def _carers(patient: int) -> QuerySet[Carer]:
    carers = Carer.objects.in_force().filter(patient=patient)
    return carers.select_related("user", "added_by").order_by("started_at")


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = _one(request, code)
    now = timezone.now()
    form = PatientForm(
        request.POST if request.method == "POST" else None,
        instance=patient,
        today=ClinicSettings.current().today(now),
    )
    save = partial(actions.update_patient, patient=patient, by=request.actor, now=now)
    same_card: list[Patient] = []
    if request.method == "POST" and form.is_valid() and request.POST.get("card_is_right") != "yes":
        same_card = _same_card(form, patient)
    if request.method == "POST" and not same_card and form.is_valid() and form.saves(save):
        messages.success(request, _("The changes are saved."))
        if "email" in form.changes and (link := addresses.waiting(patient, now=now)):
            words = _("We write to %(email)s once it is confirmed by the link that was sent there.")
            messages.info(request, words % {"email": link.email})
        _say_warnings(request, form)
        return redirect("reception:patient", code=patient.code)
    status = 200 if request.method != "POST" else 409 if same_card else 422
    context = {"form": form, "patient": patient, "same_card": same_card}
    return render(request, "reception/patient_edit.html", context, status=status)


# ---- Carers ---------------------------------------------------------------------------------------------------------


@allow(Role.RECEPTION, Role.MANAGER)
@once
@require_POST
def add_carer(request: ActorRequest, code: UUID) -> HttpResponse:
    """Lets somebody who has an account sign in for the patient. They verified their address when they signed up."""
    patient, now = _one(request, code), timezone.now()
    form = CarerForm(request.POST)
    if form.is_valid():
        user = User.objects.filter(email__iexact=form.cleaned_data["email"], is_active=True).first()
        if user is None:
            form.add_error("email", _("Nobody signs in with this address. Ask them to sign up first."))
        elif user.pk == patient.user_id:
            form.add_error("email", _("That is the patient's own sign-in."))
        else:
            try:
                with making(request, now=now) as made:
                    actions.add_carer(
                        patient=patient,
                        user=user,
                        relationship=form.cleaned_data["relationship"],
                        is_billed=form.cleaned_data["is_billed"],
                        by=request.actor,
                        now=now,
                    )
                    made.leads_to("reception:patient", code=patient.code)
            except OwnAccount:
                form.add_error("email", _("That is your own account. Somebody else at the clinic adds it."))
            except AlreadyCarer:
                form.add_error("email", _("This person is a carer already."))
            except SomebodyElseIsBilled:
                form.add_error("is_billed", _("Somebody else is billed. End that first."))
            else:
                messages.success(request, _("%(name)s can sign in for them now.") % {"name": user.name})
                return made.answer
    return _page(request, patient, carer_form=form, status=422)


@allow(Role.RECEPTION, Role.MANAGER)
@require_POST
def end_carer(request: ActorRequest, code: UUID) -> HttpResponse:
    patient = _one(request, code)
    form = EndCarerForm(request.POST, patient=patient)
    if not form.is_valid():
        raise Http404
    held = form.cleaned_data["carer"]
    try:
        actions.end_carer(carer=held, by=request.actor, now=timezone.now())
    except NotInForce:
        messages.info(request, _("That was ended before."))
    else:
        messages.success(request, _("%(name)s can no longer sign in for them.") % {"name": held.user.name})
    return redirect("reception:patient", code=patient.code)
