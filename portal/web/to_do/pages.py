"""The list of work to do, the first of it on a home page, and the steps that people take with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest
from portal.common.web.htmx import page_or_fragment, targets
from portal.journeys.to_do import steps
from portal.journeys.to_do.lines import Line, read
from portal.web.to_do.rooms import Room
from portal.worklist.kinds import Kind
from portal.worklist.models import ToDo, ToDoQuerySet
from portal.worklist.refusals import AlreadyDone, NotByHand, TakenMeanwhile

if TYPE_CHECKING:
    _Paginator = Paginator[ToDo]
else:
    _Paginator = Paginator

PER_PAGE = 50
ON_A_HOME_PAGE = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A line, and where it leads from this room."""

    line: Line
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """The work of one kind on a page: what there is to do about it is said once."""

    kind: Kind
    advice: Promise
    rows: list[Row]
    # How much of it there is, on all pages.
    count: int
    # Where all of them are done together; empty where each is done by itself.
    together: str = ""


class _Counted(_Paginator):
    """Pages of a list that was counted already, by its kinds."""

    def __init__(self, listed: ToDoQuerySet, counts: Mapping[str, int]) -> None:
        super().__init__(listed, PER_PAGE)
        self._sum = sum(counts.values())

    @cached_property
    def count(self) -> int:
        return self._sum


def listing(request: ActorRequest, room: Room) -> HttpResponse:
    """Everything on the room's list, by kind, the most pressing first; or the list alone for htmx."""
    return _listing(request, room, now=timezone.now())


def _listing(request: ActorRequest, room: Room, *, now: datetime, pressed: ToDo | None = None) -> HttpResponse:
    zone = ClinicSettings.current().zone
    listed = room.listed(request.actor, now=now)
    counts = dict(listed.order_by().values_list("kind").annotate(Count("pk")))
    page = _Counted(listed, counts).get_page(request.GET.get("page"))
    lines = read(page.object_list, actor=request.actor, now=now, zone=zone)
    context = {
        "room": room,
        "page": page,
        "groups": _groups(room, lines, counts),
        "leads": room.leads(request.actor, now),
        "me": str(request.user.pk),
        "now": now,
        "zone": zone,
        # Whose button was pressed: its row, if it still stands, keeps the focus.
        "pressed": pressed,
    }
    return page_or_fragment(request, "to_do/list.html", context, fragment="to-do")


def on_a_home_page(request: ActorRequest, room: Room, *, now: datetime) -> dict[str, Any]:
    """The first of the room's work and how much there is, for `to_do/_card.html`."""
    listed = room.listed(request.actor, now=now)
    first = list(listed[: ON_A_HOME_PAGE + 1])
    zone = ClinicSettings.current().zone
    lines = read(first[:ON_A_HOME_PAGE], actor=request.actor, now=now, zone=zone)
    return {
        "rows": [Row(line, room.address_of(line)) for line in lines],
        "count": listed.count() if len(first) > ON_A_HOME_PAGE else len(first),
        "leads": room.leads(request.actor, now),
        "url": room.url("to_do"),
        "zone": zone,
    }


def _groups(room: Room, lines: Iterable[Line], counts: Mapping[str, int]) -> list[Group]:
    """One group a kind, in the order of the most pressing of each."""
    groups: dict[str, Group] = {}
    for line in lines:
        name = line.kind.name
        group = groups.setdefault(
            name,
            Group(line.kind, room.advice.get(name, line.kind.advice), [], counts.get(name, 0), room.together_at(name)),
        )
        group.rows.append(Row(line, room.address_of(line)))
    return list(groups.values())


# ---- Steps ----------------------------------------------------------------------------------------------------------


def acknowledge(request: ActorRequest, room: Room, code: UUID) -> HttpResponse:
    """Somebody is on it, unless somebody else is since the page was drawn."""
    to_do, now = _to_do(request, room, code), timezone.now()
    try:
        steps.acknowledge(to_do, seen=request.POST.get("seen", ""), by=request.actor, now=now)
    except TakenMeanwhile:
        holder = User.objects.filter(pk=to_do.acknowledged_by).first() if to_do.acknowledged_by else None
        if holder is None:
            messages.warning(request, _("Nobody is on it any more. Press again if you are."))
        else:
            messages.warning(request, _("%(name)s is on it already.") % {"name": holder.name})
    except AlreadyDone:
        _say_it_is_done(request)
    return _answer(request, room, to_do, now=now)


def put_back(request: ActorRequest, room: Room, code: UUID) -> HttpResponse:
    """Somebody who was on it no longer is."""
    to_do, now = _to_do(request, room, code), timezone.now()
    try:
        steps.put_back(to_do, by=request.actor, now=now)
    except AlreadyDone:
        _say_it_is_done(request)
    return _answer(request, room, to_do, now=now)


def finish(request: ActorRequest, room: Room, code: UUID) -> HttpResponse:
    """Somebody says how it ended."""
    to_do, now = _to_do(request, room, code), timezone.now()
    try:
        steps.finish_line(to_do, outcome=request.POST.get("outcome", ""), by=request.actor, now=now)
    except AlreadyDone:
        _say_it_is_done(request)
    except NotByHand:
        messages.error(request, _("Choose how it ended. What can't be chosen ends by itself."))
    else:
        messages.success(request, _("Done."))
    return _answer(request, room, to_do, now=now)


def _to_do(request: ActorRequest, room: Room, code: UUID) -> ToDo:
    return get_object_or_404(room.may_touch(request.actor), code=code)


def _say_it_is_done(request: HttpRequest) -> None:
    messages.info(request, _("That is done already."))


def _answer(request: ActorRequest, room: Room, to_do: ToDo, *, now: datetime) -> HttpResponse:
    if targets(request, "to-do"):
        return _listing(request, room, now=now, pressed=to_do)
    return redirect(room.url("to_do"))
