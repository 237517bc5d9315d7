"""Cards on file: which there are, one more, one less."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_q.tasks import async_task

from portal.accounts.roles import Role
from portal.billing.models import SavedCard
from portal.billing.online import consents
from portal.billing.online.cards import OtherWords
from portal.billing.online.client import OnlineRefused, is_demo, is_on
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web import polling
from portal.common.web.htmx import page_or_fragment, redirect_to
from portal.journeys.online import cards
from portal.patients.models import Patient
from portal.web.patient.forms import AgreeAnew, NewCard


@allow(Role.PATIENT)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    """The cards that somebody gave. Back from saving one, the page asks by itself until it is here."""
    now = timezone.now()
    saving = _saving(request)
    waits_for = saving is not None and saving.saved_at is None and saving.closed_at is None and now < saving.expires_at
    if saving is not None and waits_for and not polling.is_poll(request):
        # Whether or not Stripe's message comes.
        async_task("portal.journeys.online.tasks.look_at_card", saving.pk)
    known = polling.fingerprint(request, waits_for, saving and saving.saved_at)
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    return _show(
        request, NewCard(patients=_patients(request)), saving=saving, waits_for=waits_for, known=known, now=now
    )


def _patients(request: ActorRequest) -> list[Patient]:
    return list(Patient.objects.managed_by(request.actor.person).order_by("pk"))


def _saving(request: ActorRequest) -> SavedCard | None:
    try:
        named = UUID(request.GET.get("saving", ""))
    except ValueError:
        return None
    return SavedCard.objects.filter(given_by=request.actor.person, code=named).first()


def _show(
    request: ActorRequest,
    form: NewCard,
    *,
    now: datetime,
    saving: SavedCard | None = None,
    waits_for: bool = False,
    known: str = "",
) -> HttpResponse:
    clinic = ClinicSettings.current()
    today = clinic.today(now)
    on_file = list(SavedCard.objects.on_file().filter(given_by=request.actor.person).select_related("patient"))
    good = [card for card in on_file if not card.is_over(today=today)]
    policy, to_ask = consents.to_ask_anew(good, today=today) if is_on() else (None, set())
    context = {
        "cards": [(card, card.is_over(today=today)) for card in on_file],
        "anew": [card for card in good if card.pk in to_ask],
        "policy": policy,
        "form": form,
        "several": len(form.patients) > 1,
        "saving": saving,
        "waits_for": waits_for,
        "known": known,
        "zone": clinic.zone,
        "online": is_on(),
        "online_demo": is_demo(),
    }
    status = 422 if form.errors else 200
    return page_or_fragment(request, "patient/cards.html", context, fragment="bill", status=status)


@allow(Role.PATIENT)
@require_POST
def add(request: ActorRequest) -> HttpResponse:
    """Keeps what was agreed to, and leads to Stripe's page; a second press is led to the same one."""
    now, form = timezone.now(), NewCard(request.POST, patients=_patients(request))
    if not form.is_valid():
        return _show(request, form, now=now)
    try:
        card = cards.begin(
            patient=form.cleaned_data["patient"],
            agreed=form.cleaned_data["words"],
            language=get_language() or "en-au",
            by=request.actor,
            now=now,
        )
    except OtherWords:
        messages.info(request, _("The words to agree to have changed since this page was opened. Please read them."))
    except OnlineRefused:
        messages.error(request, _("Cards can't be saved at the moment. Nothing was saved: please try later."))
    else:
        return redirect_to(request, card.url)
    return redirect_to(request, "patient:cards")


@allow(Role.PATIENT)
@require_POST
def agree(request: ActorRequest, code: UUID) -> HttpResponse:
    """Agrees anew that a card on file is charged, as the clinic's fees have changed."""
    card = get_object_or_404(SavedCard, code=code, given_by=request.actor.person, saved_at__isnull=False)
    form = AgreeAnew(request.POST)
    try:
        given = form.is_valid() and consents.agree_anew(
            card,
            agreed=form.cleaned_data["words"],
            number=form.cleaned_data["number"],
            language=get_language() or "en-au",
            by=request.actor,
            now=timezone.now(),
        )
    except OtherWords:
        messages.info(request, _("The words to agree to have changed since this page was opened. Please read them."))
    else:
        if given:
            messages.success(request, _("Thank you. We have written down that you agree."))
        else:
            messages.info(request, _("This card was removed already."))
    return redirect_to(request, "patient:cards")


@allow(Role.PATIENT)
@require_POST
def remove(request: ActorRequest, code: UUID) -> HttpResponse:
    """Takes a card off file, for good."""
    card = get_object_or_404(SavedCard, code=code, given_by=request.actor.person, saved_at__isnull=False)
    if cards.remove(card, by=request.actor, now=timezone.now()):
        messages.success(request, _("The card is removed. Nothing is charged to it any more."))
    else:
        messages.info(request, _("This card was removed already."))
    return redirect_to(request, "patient:cards")
