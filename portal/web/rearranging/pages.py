"""The page itself, twenty sessions at a time: what becomes of each is decided in one press."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import ngettext

from portal.appointments.models import Appointment
from portal.clinic import kept
from portal.clinic.models import ClinicSettings, Psychologist
from portal.common.access.actors import Actor
from portal.common.access.decorators import ActorRequest
from portal.journeys.meanwhile import were_with
from portal.journeys.rearranging.deciding import Came, decide, undecided_sessions
from portal.journeys.stranded import requests_in_the_way
from portal.patients import ringing
from portal.web.rearranging.audience import Audience, address
from portal.web.rearranging.rows import DECIDED, PER_PAGE, Row, in_words, letters, read, rows_of

# Where a browser's session keeps what came of each decision until its page is shown: codes and words of ours.
CAME = "stranded_came"


def stranded(request: ActorRequest, audience: Audience) -> HttpResponse:
    """The page; a POST does what is decided, or shows the e-mails that it would send."""
    now, came_here = timezone.now(), f"{CAME}_{audience.namespace}"
    if request.method != "POST":
        return _page(request, audience, came=request.session.pop(came_here, []), now=now)
    named = [name.removeprefix(DECIDED) for name in request.POST if name.startswith(DECIDED)][:PER_PAGE]
    shown = _by_codes(request.actor, named)
    if audience.of_one:
        _look_for_others(request, named, shown)
    if "look" in request.POST or "all" in request.POST:
        return _page(request, audience, shown=shown, now=now)
    came = []
    for session in shown:
        # Each for itself: what is refused of one is said, and the rest is done.
        if (decision := read(request.POST, session)) is not None:
            came.append((str(session.code), str(decide(session, decision, by=request.actor, now=now))))
    request.session[came_here] = came
    return redirect(_address(request, audience))


def _look_for_others(request: ActorRequest, named: Sequence[str], shown: Sequence[Appointment]) -> None:
    """Of an old page, says what a colleague holds by now; a code that was never theirs raises Http404."""
    missing = {str(UUID(code)) for code in named if _is_code(code)} - {str(session.code) for session in shown}
    if missing - were_with(missing, by=request.actor):
        raise Http404
    if missing:
        messages.warning(
            request,
            ngettext(
                "%(count)d of these sessions is with a colleague by now. Nothing was done with it.",
                "%(count)d of these sessions are with a colleague by now. Nothing was done with them.",
                len(missing),
            )
            % {"count": len(missing)},
        )


def _address(request: ActorRequest, audience: Audience) -> str:
    """This page of the list, for the same psychologist."""
    kept_of_it = {name: request.GET[name] for name in ("with", "page") if request.GET.get(name)}
    here = address(audience.namespace)
    return f"{here}?{urlencode(kept_of_it)}" if kept_of_it else here


def _by_codes(actor: Actor, codes: Sequence[str]) -> list[Appointment]:
    known = [code for code in codes if _is_code(code)]
    named = Appointment.objects.visible_to(actor).filter(code__in=known, patient__isnull=False)
    return list(named.for_listing().select_related("patient__user").order_by("starts_at", "pk"))


def _is_code(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _page(
    request: ActorRequest,
    audience: Audience,
    *,
    shown: Sequence[Appointment] | None = None,
    came: Sequence[tuple[str, str]] = (),
    now: datetime,
) -> HttpResponse:
    clinic = ClinicSettings.current()
    # All that waits: hundreds at most, and only where and when they are.
    waiting = list(undecided_sessions(request.actor).only("pk", "code", "psychologist", "starts_at"))
    people = [] if audience.of_one else _people(waiting)
    chosen = next((person for person in people if person.slug == request.GET.get("with")), None)
    listed = [s for s in waiting if chosen is None or s.psychologist_id == chosen.pk]
    page: Page[Appointment] = Paginator(listed, PER_PAGE).get_page(_asked_page(request, listed))
    if shown is None:
        pks = [session.pk for session in page.object_list]
        found = Appointment.objects.visible_to(request.actor).filter(pk__in=pks)
        shown = list(found.for_listing().select_related("patient__user").order_by("starts_at", "pk"))
    ringing.read_ways(session.patient for session in shown)
    data = request.POST.dict() if request.method == "POST" else {}
    rows = rows_of(shown, audience=audience, now=now, clinic=clinic, data=data)
    if "all" in data:
        _choose_the_proposed(rows)
    asked_for = Appointment.objects.visible_to(request.actor).requests().filter(ends_at__gt=now).for_listing()
    if chosen is not None:
        asked_for = asked_for.filter(psychologist=chosen)
    requests = list(asked_for)
    ringing.read_ways(each.patient for each in requests)
    in_the_way = requests_in_the_way(requests)
    context: dict[str, Any] = {
        "audience": audience,
        "requests": [(each, audience.why_not(each, in_the_way[each.pk])) for each in requests if each.pk in in_the_way],
        "rows": rows,
        "page": page,
        "people": people,
        "chosen": chosen,
        "action": _address(request, audience),
        "letters": letters(shown, data, now=now) if "look" in data else None,
        "came": _in_words(request.actor, came, now=now),
    }
    return render(request, "rearranging/page.html", context)


def _asked_page(request: ActorRequest, listed: Sequence[Appointment]) -> str | int | None:
    """The number of a page; of an address that names a session, of the page on which that stands."""
    wanted = request.GET.get("session")
    at = next((n for n, session in enumerate(listed) if str(session.code) == wanted), None)
    return request.GET.get("page") if at is None else at // PER_PAGE + 1


def _people(waiting: Sequence[Appointment]) -> list[Psychologist]:
    """Those whose sessions wait, in the clinic's order."""
    ids = {session.psychologist_id for session in waiting}
    return [person for pk, person in kept.psychologists().items() if pk in ids]


def _choose_the_proposed(rows: Sequence[Row]) -> None:
    """Of each that nothing was chosen for, but for those whose patients are choosing from other times."""
    for row in rows:
        if not row.chosen and row.own and not row.is_offered:
            row.chosen = row.own[0].value


def _in_words(actor: Actor, came: Sequence[tuple[str, str]], *, now: datetime) -> list[tuple[Appointment, str, bool]]:
    """What came of the last press: the session as it is now, one answer, and whether it was done as decided."""
    sessions = {str(session.code): session for session in _by_codes(actor, [code for code, _word in came])}
    return [
        (sessions[code], in_words(Came(word), sessions[code], by=actor, now=now), Came(word).is_done)
        for code, word in came
        if code in sessions
    ]
