"""Every other page of the portal that people open all day, one line each: none may cost more than its aim."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.appointments.models import Appointment
from portal.billing.models import Invoice, InvoiceStatus
from portal.patients.models import Patient
from tests.bench.load import Browser
from tests.bench.seed import Clinic
from tests.bench.targets import Target, browser, pages

AIM = 6.0
# How many different ones of each kind are asked for in turn.
VARIETY = 20


def targets(clinic: Clinic) -> Iterator[Target]:
    """Whole pages, as somebody who opens them: the desk, the manager, a psychologist, a patient, a visitor."""
    desk, manager = browser(clinic.reception), browser(clinic.manager)
    psychologist = browser(clinic.psychologists[0].user)
    patient = browser(User.objects.filter(patient__isnull=False).order_by("pk")[0])
    patients = list(Patient.objects.order_by("-pk").values_list("code", flat=True)[:VARIETY])
    invoices = Invoice.objects.filter(status=InvoiceStatus.ISSUED).order_by("-issued_on", "-id")[:VARIETY]
    sessions = Appointment.objects.filter(starts_at__gt=timezone.now()).order_by("starts_at", "pk")[:VARIETY]
    own = Patient.objects.filter(appointments__psychologist=clinic.psychologists[0]).order_by("pk")
    yield _page("desk's today", desk, "reception:today")
    yield _page("a patient", desk, "reception:patient", patients)
    yield _page("a patient to change", desk, "reception:edit_patient", patients)
    yield _page("an invoice", desk, "reception:invoice", [invoice.number for invoice in invoices])
    yield _page("a session", desk, "reception:appointment", [session.code for session in sessions])
    for name in ("home", "staff", "services", "articles", "texts", "policies", "mail", "trail", "settings"):
        yield _page(f"manager's {name}", manager, f"manager:{name}")
    for name in ("today", "patients", "notes", "hours", "profile"):
        yield _page(f"psychologist's {name}", psychologist, f"psychologist:{name}")
    treated = list(own.values_list("code", flat=True)[:1])
    yield _page("a psychologist's patient", psychologist, "psychologist:patient", treated)
    for name in ("home", "appointments", "invoices", "documents", "details", "privacy"):
        yield _page(f"patient's {name}", patient, f"patient:{name}")
    for name in ("home", "services", "psychologists", "fees"):
        yield _page(f"visitor's {name}", browser(), f"public:{name}", drawn_anew=True)


def _page(
    name: str, by: Browser, view: str, things: Sequence[object] | None = None, *, drawn_anew: bool = False
) -> Target:
    # A parameter that no page keeps: what is kept for all readers costs nearly nothing.
    query = "?drawn=anew" if drawn_anew else ""
    addresses = [reverse(view)] if things is None else [reverse(view, args=[thing]) for thing in things]
    return Target(f"page: {name}", pages(by, [f"{address}{query}" for address in addresses], holds="</html>"), aim=AIM)
