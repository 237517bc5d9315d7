"""Where the clinic sees people, and in which rooms."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_tables2 import RequestConfig

from portal.accounts.roles import Role
from portal.clinic import actions
from portal.clinic.forms import LocationForm, RoomForm
from portal.clinic.models import Location, Room
from portal.clinic.refusals import LastOne
from portal.common.access.decorators import ActorRequest, allow
from portal.common.web.once import making, once
from portal.journeys.staffing import close_place, close_room, open_place_again, open_room_again
from portal.journeys.stranded import StillBooked, asked_of_closing
from portal.web.manager.forms import RoomChoice
from portal.web.manager.responses import confirm_page, form_page, pass_on_warnings, sent_again
from portal.web.manager.tables import LocationTable
from portal.web.still_booked import TURN, known, to_decide, with_requests

# Two forms share the page, and both have a name.
ROOM_IDS = "id_room_%s"


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(reverse("manager:locations"), _("Locations")), *more]


@allow(Role.MANAGER)
@require_safe
def listing(request: ActorRequest) -> HttpResponse:
    rooms = Count("rooms", filter=Q(rooms__is_active=True))
    table = LocationTable(Location.objects.annotate(rooms_in_use=rooms).order_by("-is_active", "position", "name"))
    RequestConfig(request, paginate={"per_page": 50}).configure(table)
    return render(request, "manager/locations.html", {"table": table})


@allow(Role.MANAGER)
@once
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: ActorRequest) -> HttpResponse:
    form, now = LocationForm(request.POST or None), timezone.now()
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            location = actions.add_location(values=form.values, by=request.actor, now=now)
            made.leads_to("manager:location", location.code)
        messages.success(request, _("%(name)s is added. Which rooms does it have?") % {"name": location.name})
        pass_on_warnings(request, form)
        return made.answer
    return form_page(request, "manager/location.html", {"form": form, "crumbs": _crumbs()}, form)


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: ActorRequest, code: UUID) -> HttpResponse:
    location = get_object_or_404(Location, code=code)
    form = LocationForm(request.POST or None, instance=location)
    save = partial(actions.update_location, location=location, by=request.actor, now=timezone.now())
    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("%(name)s is saved.") % {"name": location.name})
        pass_on_warnings(request, form)
        return redirect("manager:locations")
    return _page(request, code, form=form)


def _page(
    request: HttpRequest, code: UUID, *, form: LocationForm | None = None, room_form: RoomForm | None = None
) -> HttpResponse:
    """A location, its form and its rooms; either form may come back with what was wrong in it."""
    location = get_object_or_404(Location, code=code)
    form = form or LocationForm(instance=location)
    # A room's form has its location too; here that is the one whose page this is.
    room_form = room_form or RoomForm(initial={"location": location}, auto_id=ROOM_IDS)
    room_form.fields["name"].label = _("A new room")
    context = {
        "form": form,
        "room_form": room_form,
        "location": location,
        "rooms": location.rooms.order_by("-is_active", "name"),
        "crumbs": _crumbs(),
    }
    return form_page(request, "manager/location.html", context, form, room_form)


@allow(Role.MANAGER)
@once
@require_POST
def rooms(request: ActorRequest, code: UUID) -> HttpResponse:
    """Adds a room, or takes one out of use, or back into it."""
    location, now = get_object_or_404(Location, code=code), timezone.now()
    if "room" in request.POST:
        choice = RoomChoice(request.POST, location=location)
        if choice.is_valid():
            room, do = choice.cleaned_data["room"], choice.cleaned_data["do"]
            if do == "retire":
                try:
                    reseated = close_room(room=room, knowing=known(request.POST), by=request.actor, now=now)
                except StillBooked as asked:
                    return _ask_to_close_room(request, room, asked)
                messages.success(request, _("%(name)s is out of use.") % {"name": room.name})
                if moved := reseated.moved:
                    words = ngettext("%(n)d session has another room.", "%(n)d sessions have another room.", moved)
                    messages.info(request, words % {"n": moved})
                if reseated.left:
                    return redirect(to_decide())
            else:
                open_room_again(room=room, by=request.actor, now=now)
                messages.success(request, _("%(name)s is in use again.") % {"name": room.name})
        return redirect("manager:location", code)
    form = RoomForm({"location": location.pk, "name": request.POST.get("name", "")}, auto_id=ROOM_IDS)
    if not form.is_valid():
        return _page(request, code, room_form=form)
    with making(request, now=now) as made:
        room = actions.add_room(values=form.values, by=request.actor, now=now)
        made.leads_to("manager:location", code)
    messages.success(request, _("%(name)s is added.") % {"name": room.name})
    return made.answer


def _ask_to_close_room(request: ActorRequest, room: Room, booked: StillBooked) -> HttpResponse:
    here, n = reverse("manager:location", args=[room.location.code]), booked.booked
    note = ngettext(
        "%(n)d session is booked in it from now on. If another room is free then, it gets that one. "
        "If none is, it stays booked and comes onto reception's list.",
        "%(n)d sessions are booked in it from now on. Each gets another room that is free then. "
        "Those for which none is free stay booked and come onto reception's list.",
        n,
    ) % {"n": n}
    return confirm_page(
        request,
        status=422,
        title=_("Take %(name)s out of use?") % {"name": room.name},
        text=_("Nothing more is booked in it. You can take it back into use."),
        note=with_requests(note, booked),
        booked=booked,
        fields=sent_again(request),
        button=_("Take it out of use"),
        danger=True,
        back=here,
        crumbs=_crumbs((here, room.location.name)),
    )


@allow(Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def retire(request: ActorRequest, code: UUID) -> HttpResponse:
    location, now = get_object_or_404(Location, code=code), timezone.now()
    # Whoever turns the page of what is booked closes nothing.
    if request.method == "POST" and TURN not in request.POST:
        try:
            close_place(location=location, knowing=known(request.POST), by=request.actor, now=now)
        except LastOne:
            messages.error(request, _("This is the only location in use. Add another one first."))
            return redirect("manager:location", code)
        except StillBooked as asked:
            return _ask_to_close(request, location, asked, status=422)
        messages.success(request, _("%(name)s is out of use.") % {"name": location.name})
        return redirect(to_decide() if known(request.POST) else "manager:locations")
    return _ask_to_close(request, location, asked_of_closing(location, now=now))


def _ask_to_close(request: ActorRequest, location: Location, booked: StillBooked, *, status: int = 200) -> HttpResponse:
    here, n = reverse("manager:location", args=[location.code]), booked.booked
    note = ngettext(
        "%(n)d session is booked there in person from now on. It stays booked and comes onto reception's list: "
        "reception calls the patient to move or cancel it. Until then nobody tells the patient.",
        "%(n)d sessions are booked there in person from now on. They stay booked and come onto reception's list: "
        "reception calls the patients to move or cancel them. Until then nobody tells the patients.",
        n,
    ) % {"n": n}
    return confirm_page(
        request,
        status=status,
        title=_("Take %(name)s out of use?") % {"name": location.name},
        text=_("No new times are offered there. What is booked stays booked; sessions by video or phone need nothing."),
        note=with_requests(note, booked),
        booked=booked,
        button=_("Take it out of use, and hand them to reception") if booked.sessions else _("Take it out of use"),
        danger=True,
        back=here,
        crumbs=_crumbs((here, location.name)),
    )


@allow(Role.MANAGER)
@require_POST
def restore(request: ActorRequest, code: UUID) -> HttpResponse:
    location = get_object_or_404(Location, code=code)
    open_place_again(location=location, by=request.actor, now=timezone.now())
    messages.success(request, _("%(name)s is in use again.") % {"name": location.name})
    return redirect("manager:locations")
