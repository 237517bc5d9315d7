"""Another room for one session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from portal.accounts.roles import Role
from portal.appointments import actions
from portal.appointments.models import Appointment
from portal.appointments.refusals import NotOffered, SlotTaken, WrongState
from portal.clinic.models import Room
from portal.common.access.decorators import ActorRequest, allow
from portal.common.forms.fields import MarkField
from portal.common.forms.parts import field_of
from portal.journeys import rooming


class OtherRoomForm(forms.Form):
    """One of the rooms that are free, by its name; the one that the session has is among them."""

    room = forms.ModelChoiceField(
        label=gettext_lazy("Room"),
        queryset=Room.objects.none(),
        to_field_name="name",
        widget=forms.RadioSelect,
        empty_label=None,
    )

    # `actions.room_as_seen`, as the page was drawn.
    seen = MarkField(max_length=40)

    def __init__(self, *args: Any, among: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field_of(self, "room", forms.ModelChoiceField).queryset = Room.objects.filter(pk__in=among).order_by("name")


@allow(Role.RECEPTION, Role.MANAGER)
@require_http_methods(["GET", "HEAD", "POST"])
def room(request: ActorRequest, code: UUID) -> HttpResponse:
    """The rooms that are free throughout the session; pressing one seats it there."""
    session = get_object_or_404(Appointment.objects.visible_to(request.actor).without_holds().for_listing(), code=code)
    now = timezone.now()
    if not actions.may_change_room(session, now=now):
        messages.error(request, _("This session takes no room, or is over: there is no room to change."))
        return redirect("reception:appointment", code=session.code)
    free = actions.free_rooms(session, now=now)
    form = OtherRoomForm(
        request.POST if request.method == "POST" else None,
        among=free,
        initial={"room": session.room.name if session.room else None},
    )
    if request.method == "POST" and form.is_valid():
        chosen: Room = form.cleaned_data["room"]
        try:
            rooming.choose_room(
                appointment=session, room=chosen, by=request.actor, now=now, seen=form.cleaned_data["seen"]
            )
        except WrongState:
            messages.warning(request, _("This session was changed meanwhile, and nothing was done. Please look again."))
        except (SlotTaken, NotOffered):
            messages.warning(request, _("%(room)s is not free any more at that time.") % {"room": chosen.name})
            return redirect("reception:room", code=session.code)
        else:
            messages.success(request, _("The session is in %(room)s.") % {"room": chosen.name})
        return redirect("reception:appointment", code=session.code)
    context = {
        "session": session,
        "form": form,
        "seen": actions.room_as_seen(session),
        "has_other": any(each != session.room_id for each in free),
    }
    return render(request, "reception/room.html", context, status=422 if form.errors else 200)
