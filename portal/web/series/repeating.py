"""Booking more sessions like one that is booked: for a patient themself, at the desk, with one's own patient."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.utils.translation import ngettext

from portal.appointments.refusals import NotOffered, TooManyBookings
from portal.common.access.decorators import ActorRequest
from portal.common.web.htmx import redirect_to
from portal.journeys.repeating import asking
from portal.journeys.repeating.proposing import too_many
from portal.web.series import opened as pages
from portal.web.series.answering import PATTERN, asks_for_times, times_or_page
from portal.web.series.audience import Audience
from portal.web.series.trying import do_or_ask_again


def repeat(request: ActorRequest, audience: Audience, code: UUID) -> HttpResponse:
    """Proposes the times that follow this session, each with what stands in its way, and books them all or none."""
    opened = pages.of_session(request, code)
    if shows := asks_for_times(request, *PATTERN):
        return shows
    session, by, now, clinic = opened.session, opened.by, opened.now, opened.clinic
    back_url = audience.session_url(session)
    if why := audience.why_not_repeated(opened):
        messages.error(request, why)
        return redirect_to(request, back_url)
    most = audience.most_more(opened)
    if most == 0 and not opened.is_sent:
        messages.error(request, too_many(most))
        return redirect_to(request, back_url)
    if not opened.is_sent and "repeat" not in request.GET:
        last = asking.last_standing(session, by=by)
        if last != session:
            return redirect_to(request, audience.address("repeat", last))

    def read() -> asking.Asked:
        at_most = None if most is None else most + 1
        return asking.read(session, opened.data, is_sent=opened.is_sent, by=by, now=now, clinic=clinic, most=at_most)

    def why_refused(refused: NotOffered | TooManyBookings) -> str:
        return too_many(most or 0) if isinstance(refused, TooManyBookings) else audience.why_not_booked(refused)

    asked, refusal = read(), ""
    if asked.is_ready:
        tried = do_or_ask_again(
            request,
            asked,
            do=lambda: asked.book(by=by, now=now),
            read=read,
            why=why_refused,
            leads_to=audience.done_url(session),
            now=now,
        )
        if tried.answer is not None:
            added = tried.done[1:]
            done = ngettext("%(n)s more session is booked.", "%(n)s more sessions are booked.", len(added))
            audience.say_done(opened, done % {"n": len(added)}, added)
            return tried.answer
        asked, refusal = tried.asked, tried.refusal
    elif most is not None and asked.proposal and len(asked.proposal.wishes) > most:
        refusal = too_many(most)
    context: dict[str, Any] = {
        "asked": asked,
        "session": session,
        "refusal": refusal,
        "rebates": asked.rebates(by=by, now=now),
        "action": request.path,
        "back_url": back_url,
    }
    context |= audience.context(opened) | audience.about_repeating(opened, asked)
    return times_or_page(request, audience.template("repeat"), context, asked=asked, refusal=refusal)
