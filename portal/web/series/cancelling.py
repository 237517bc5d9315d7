"""Calling off several sessions of one series together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.models import CancelReason
from portal.appointments.refusals import NotCancellable
from portal.appointments.series_forms import ChosenSessions, Which
from portal.common.access.decorators import ActorRequest
from portal.common.languages.punctuation import listed as listed_words
from portal.common.languages.times import when_short
from portal.common.web.once import making
from portal.journeys.repeating import telling
from portal.journeys.repeating.cancelling import cancel_sessions, choices
from portal.web.series import opened as pages
from portal.web.series.audience import Audience


def cancel(request: ActorRequest, audience: Audience, code: UUID) -> HttpResponse:
    """Lists what is to come of the series, this one and what follows ticked, and calls off what is ticked."""
    opened = pages.of_session(request, code, of_series=True)
    session, by, now, sent = opened.session, opened.by, opened.now, opened.sent
    which = Which.ALL if request.GET.get("which") == Which.ALL else Which.FOLLOWING
    listed = choices(session, which=which, by=by, now=now, clinic=opened.clinic)
    able = {choice.value: choice for choice in listed if choice.why is None}
    chosen, form = ChosenSessions(sent, values=list(able)), audience.reason_form(opened)
    if sent is not None and chosen.is_valid() and (form is None or form.is_valid()):
        asked = [(able[value].session, value.split()[1]) for value in chosen.cleaned_data["session"]]
        reason = CancelReason.PATIENT if form is None else form.cleaned_data["reason"]
        try:
            with making(request, now=now) as made:
                gone = cancel_sessions(asked, reason=reason, by=by, now=now)
                made.leads_to(audience.done_url(session, is_cancelled=True))
        except NotCancellable:
            words = _("One of these sessions was changed meanwhile, and none was cancelled. Look at them again.")
            messages.add_message(request, audience.changed_level, words)
            return redirect(audience.address("cancel_series", session))
        if gone:
            done = ngettext("%(n)s session is cancelled.", "%(n)s sessions are cancelled.", len(gone))
            audience.say_done(opened, done % {"n": len(gone)}, gone)
            meant = {session.pk for session, _seen in asked}
            if staying := [choice.session for choice in listed if choice.session.pk not in meant]:
                times = listed_words(when_short(each.starts_at, each.zone) for each in staying)
                messages.info(request, _("Of this series still booked: %(times)s") % {"times": times})
            if left := audience.left_to_do(gone):
                messages.warning(request, left)
        else:
            # Somebody else called off the very same in this moment.
            messages.success(request, _("These sessions are already cancelled. There is nothing more to do."))
        return made.answer
    if sent is not None:
        ticked = sent.getlist("session")
        for choice in listed:
            choice.is_chosen = choice.value in ticked
    context: dict[str, Any] = {
        "session": session,
        "choices": listed,
        "chosen": chosen,
        "form": form,
        "told": telling.told([choice.session for choice in listed], now=now) if form and listed else [],
        "which": which.value,
        "single_url": audience.address("cancel", session),
        "back_url": audience.session_url(session),
    }
    context |= audience.context(opened)
    return render(request, audience.template("cancel_series"), context, status=422 if opened.is_sent else 200)
