"""Moving several sessions of one series together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.appointments.refusals import NotReschedulable
from portal.appointments.states import Verb
from portal.common.access.decorators import ActorRequest
from portal.common.web.htmx import page_or_fragment
from portal.journeys import sessions
from portal.journeys.repeating.moving import Moving, move_sessions, propose_move
from portal.web.series import opened as pages
from portal.web.series.answering import WHOLE, asks_for_times
from portal.web.series.audience import Audience
from portal.web.series.trying import Tried, do_or_ask_again


def move(request: ActorRequest, audience: Audience, code: UUID) -> HttpResponse:
    """Another day or time for this session and those after it, or all: each settled before any moves."""
    opened = pages.of_session(request, code, of_series=True)
    if shows := asks_for_times(request, "day", "at", "which", "psychologist", "mode", "place"):
        return shows
    session, by, now, clinic = opened.session, opened.by, opened.now, opened.clinic
    if why := sessions.steps(session, by=by, now=now)[Verb.MOVE].why:
        messages.error(request, audience.why_not_moved(opened, why))
        return redirect(audience.session_url(session))
    form = audience.move_form(opened)
    # Whoever types another day or time and presses at once has not seen the times that come of it.
    is_other = opened.is_sent and form.is_valid() and opened.data.get("drawn_for") != form.drawn_for

    def read() -> Moving:
        said = form.cleaned_data
        return propose_move(
            session,
            day=said["day"],
            at=said["at"],
            which=said["which"],
            to=form.to,
            data=None if is_other else opened.sent,
            by=by,
            now=now,
            clinic=clinic,
        )

    def attempt(asked: Moving) -> Tried[Moving]:
        return do_or_ask_again(
            request,
            asked,
            do=lambda: move_sessions(asked, by=by, now=now),
            read=read,
            why=lambda refused: audience.why_not_there(refused.reason),
            leads_to=audience.done_url(session),
            now=now,
        )

    asked, refusal, is_taken = None, "", False
    if form.is_valid() and form.not_given:
        # Said before times are looked for: there would be none, and that would not be why.
        refusal = audience.why_not_there(form.not_given)
    elif form.is_valid():
        asked = read()
        if opened.is_sent and not is_other and asked.proposal.is_whole:
            try:
                tried = attempt(asked)
            except NotReschedulable:
                words = _("One of these sessions was changed meanwhile, and none was moved. Look at them again.")
                messages.add_message(request, audience.changed_level, words)
                return redirect(audience.address("move_series", session))
            if tried.answer is not None:
                moved = tried.done
                done = ngettext("%(n)s session is moved.", "%(n)s sessions are moved.", len(moved)) % {"n": len(moved)}
                audience.say_done(opened, done, moved)
                return tried.answer
            asked, refusal, is_taken = tried.asked, tried.refusal, tried.is_taken
        is_taken = is_taken or (opened.is_sent and not is_other and any(line.clash for line in asked.proposal.lines))
    context: dict[str, Any] = {
        "session": session,
        "form": form,
        "asked": asked,
        "refusal": refusal,
        "is_taken": is_taken,
        "is_other": is_other,
        "is_sent": opened.is_sent,
        "action": request.path,
        "cancel_url": audience.address("cancel_series", session),
        "single_url": audience.move_alone_url(session),
        "back_url": audience.session_url(session),
    }
    context |= audience.context(opened) | audience.about_moving(opened, asked)
    status = 409 if is_taken or is_other or refusal else 422 if opened.is_sent or form.errors else 200
    return page_or_fragment(request, audience.template("move_series"), context, fragment=WHOLE, status=status)
