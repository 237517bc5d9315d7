"""The last step of booking, for several sessions at once: the held time is the first, and each other one is shown."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.appointments.actions.repeating import allowance
from portal.appointments.models import Appointment
from portal.appointments.refusals import HoldExpired, NotOffered, SlotTaken, TooManyBookings
from portal.billing import charges
from portal.clinic.booking_rules import rules_of
from portal.clinic.models import ClinicSettings
from portal.common.access.actors import Actor
from portal.common.access.decorators import open_to_all
from portal.common.web.htmx import redirect_to
from portal.journeys import better_access, booking, changing, choosing, told
from portal.journeys.newcomers import Agreement
from portal.journeys.online import ahead
from portal.journeys.repeating import asking
from portal.journeys.repeating.proposing import not_online, too_many
from portal.patients import consents
from portal.patients.models import Patient
from portal.web.public import held_time
from portal.web.public.forms import Shown, WhoseForm
from portal.web.series.answering import PATTERN, asks_for_times, times_or_page


@open_to_all(reason="shows only the time held in this visitor's own session, and only to somebody signed in")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_series(request: HttpRequest, service: str) -> HttpResponse:
    """Proposes the times that follow the held one, and books it together with them, all or none."""
    now, back = timezone.now(), reverse("public:confirm", args=[service])
    held = held_time.kept(request, now=now)
    if not request.user.is_authenticated or held is None or held.service.slug != service or not held.is_held(now=now):
        # That page says what became of it, and lets people sign in.
        return redirect_to(request, back)
    people = list(Patient.objects.managed_by(request.user).themself_first(request.user))
    if not people:
        messages.info(request, _("Book a first session before you book several."))
        return redirect_to(request, back)
    if shows := asks_for_times(request, "who", *PATTERN):
        # Whom the page before was told goes along; somebody new has no first session yet.
        if "who" in request.POST and request.POST["who"] not in {str(person.code) for person in people}:
            messages.info(request, _("Book a first session before you book several."))
            return redirect_to(request, back)
        return shows
    if held.service.first_visit_only:
        messages.info(request, not_online("first_visit_only"))
        return redirect_to(request, back)
    if rules_of(held.service, clinic=ClinicSettings.current()).is_on_request:
        messages.info(request, not_online("on_request"))
        return redirect_to(request, back)
    return _page(request, request.user, held, people, now=now)


def _page(request: HttpRequest, user: User, held: Appointment, people: list[Patient], *, now: datetime) -> HttpResponse:
    clinic, is_sent, by = ClinicSettings.current(), request.method == "POST", Actor(user=user, role=Role.PATIENT)
    data = request.POST if is_sent else request.GET
    whose = WhoseForm(data if "who" in data else None, patients=people)
    patient = whose.chosen
    if ahead.asked(held, patient=patient, clinic=clinic, now=now):
        messages.info(request, ahead.each_by_itself())
        return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
    needed = consents.outstanding([patient], today=clinic.today(now)).get(patient.pk, [])

    def read(most: int) -> asking.Asked:
        return asking.read_held(held, patient, data, is_sent=is_sent, by=by, now=now, clinic=clinic, most=most)

    # One of them is the held time itself.
    most = allowance(asking.terms_of_hold(held, patient), now=now, clinic=clinic)
    asked, refusal = read(most), ""
    said = data if is_sent and not asked.is_other else None
    agreement = Agreement(said, shown=needed, needed=needed, only_new=set())
    follow = len(asked.proposal.wishes) if asked.proposal else 0
    if not most or follow >= most:
        refusal = too_many(max(most - 1, 0))
    if is_sent and Shown.read(data, service=held.service).word != booking.as_shown(held, clinic=clinic):
        refusal = _("The time, the price or the terms have changed. Look at them again, and then book.")
    if asked.is_ready and not refusal and agreement.is_valid():
        try:
            booked = asked.book(agreed=agreement.agreed, by=by, now=now)
        except HoldExpired:
            return redirect_to(request, reverse("public:confirm", args=[held.service.slug]))
        except TooManyBookings:
            refusal = too_many(max(most - 1, 0))
        except NotOffered as refused:
            refusal = not_online(refused.reason)
        except SlotTaken:
            asked = read(most)
        else:
            held_time.booked(request)
            done = ngettext("%(n)s session is booked.", "%(n)s sessions are booked.", len(booked)) % {"n": len(booked)}
            done = told.with_days(done, booked)
            messages.success(request, told.with_message(done, booked[-1], by=by, now=now))
            return redirect_to(request, reverse("patient:appointments"))
    context: dict[str, Any] = {
        "asked": asked,
        "refusal": refusal,
        "rebates": asked.rebates(by=by, now=now),
        # Nothing could follow, whatever is chosen for this person.
        "is_full": most < 2,
        "held": held,
        "service": held.service,
        "whose": whose if len(people) > 1 else None,
        "agreement": agreement,
        "chosen": ({} if len(people) > 1 else {"who": str(patient.code)})
        | {"shown": booking.as_shown(held, clinic=clinic)},
        "quote": charges.promised(held, clinic=clinic),
        **better_access.beside_price(held, patient, now=now),
        "terms": changing.terms_of(held, now=now, clinic=clinic),
        "each_terms": changing.terms_of_another(held, clinic=clinic),
        "costs": asked.costs(clinic=clinic),
        "seconds_left": max(0, int(((held.held_until or now) - now).total_seconds())),
        "week": f"{choosing.monday_of(held.local_start.date()):%Y-%m-%d}",
        "action": request.path,
        "step": 4,
    }
    return times_or_page(request, "public/confirm_series.html", context, asked=asked, refusal=refusal)
