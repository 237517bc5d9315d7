"""What only staff do with a conversation: close it, settle it, give it to somebody, say whose texts it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.accounts.models import Grant, User
from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest
from portal.common.web.htmx import redirect_to
from portal.journeys import conversations
from portal.messaging.models import ReplyTemplate, Thread
from portal.messaging.refusals import CannotText, ChangedMeanwhile, IsClosed, NotTheirs, TooLong
from portal.patients.models import Patient
from portal.web.conversing.forms import MessageForm, SeenForm
from portal.web.conversing.rooms import Room

CHANGED = gettext_lazy("Something happened in this conversation meanwhile, and nothing was done. Look again.")
ANSWERED_MEANWHILE = gettext_lazy(
    "Somebody here answered, took over or closed this conversation meanwhile. Nothing is sent yet: look at it above, "
    "then send your answer if it is still needed."
)
NOBODY_READS = gettext_lazy(
    "Nobody signs in for them, so nobody would read it. Phone them, or invite them to sign in first."
)


def _find(request: ActorRequest, code: UUID, *, now: datetime) -> Thread:
    found: Thread = get_object_or_404(Thread.objects.visible_to(request.actor, now=now), code=code)
    return found


def step(request: ActorRequest, room: Room, code: UUID, deed: str, *, now: datetime) -> HttpResponse:
    """Closes, opens again or settles a conversation."""
    thread, seen, by = _find(request, code, now=now), SeenForm.read(request.POST), request.actor
    try:
        match deed:
            case "close":
                conversations.close(thread=thread, seen=seen, by=by, now=now)
                messages.success(request, _("The conversation is closed. It can be opened again."))
            case "settle":
                conversations.settle(thread=thread, seen=seen, by=by, now=now)
                messages.success(request, _("It waits for no answer any more."))
    except ChangedMeanwhile:
        messages.warning(request, CHANGED)
    return redirect_to(request, room.url("thread", code))


def assign(request: ActorRequest, room: Room, code: UUID, *, now: datetime) -> HttpResponse:
    """Gives a conversation of the front desk to somebody there: `to` is their account, empty for all."""
    thread = _find(request, code, now=now)
    wanted = request.POST.get("to", "")
    to = request.user if wanted == "me" else next((one for one in clerks() if str(one.pk) == wanted), None)
    if wanted and to is None:
        raise Http404
    try:
        conversations.assign(thread=thread, to=to, seen=SeenForm.read(request.POST), by=request.actor, now=now)
    except (ChangedMeanwhile, IsClosed, NotTheirs):
        messages.warning(request, CHANGED)
    return redirect_to(request, room.url("thread", code))


def name(request: ActorRequest, room: Room, code: UUID, *, now: datetime) -> HttpResponse:
    """Says whose texts these are: `patient` is the code of one on whose record the number stands."""
    thread = _find(request, code, now=now)
    patient = next((one for one in with_phone(thread.phone) if str(one.code) == request.POST.get("patient")), None)
    if patient is None:
        messages.warning(request, _("Choose whose texts these are."))
        return redirect_to(request, room.url("thread", code))
    try:
        conversations.name_patient(thread=thread, patient=patient, by=request.actor, now=now)
    except ChangedMeanwhile:
        messages.warning(request, _("Somebody said so already."))
    return redirect_to(request, room.url("thread", code))


def why_no_text(refused: CannotText | TooLong) -> str:
    """Why an answer can't go out as a text, and what to do instead."""
    if isinstance(refused, CannotText):
        return _("This can't go out as a text. Ring them instead.")
    letters = refused.too_many
    return ngettext(
        "A text has no room for this: it is %(n)d letter too long.",
        "A text has no room for this: it is %(n)d letters too long.",
        letters,
    ) % {"n": letters}


def of_the_desk(request: ActorRequest, room: Room, thread: Thread) -> dict[str, Any]:
    colleagues = clerks() if thread.is_open else []
    return {
        "assign_url": room.url("assign_thread", thread.code),
        "clerks": [one for one in colleagues if one.pk != request.user.pk and one.pk != thread.assigned_to_id],
        "whose": [] if thread.patient_id else with_phone(thread.phone),
        "name_url": room.url("name_thread", thread.code),
    }


def clerks() -> list[User]:
    """Who answers at the front desk."""
    held = Grant.objects.in_force().filter(role__in=(Role.RECEPTION, Role.MANAGER)).values("user")
    return list(User.objects.filter(pk__in=held, is_active=True).order_by("first_name", "last_name", "pk"))


def with_phone(phone: str) -> list[Patient]:
    """Those on whose record this number stands."""
    return list(Patient.objects.filter(phone=phone).order_by("pk")[:10]) if phone else []


def with_template(request: ActorRequest) -> MessageForm:
    """The form with a template's words below what is written."""
    code = _code(request.POST)
    chosen = ReplyTemplate.objects.visible_to(request.actor).filter(code=code).first() if code else None
    written = request.POST.get("body", "").strip()
    words = [written, chosen.words if chosen else ""]
    return MessageForm(initial={"body": "\n\n".join(part for part in words if part)})


def _code(data: QueryDict) -> UUID | None:
    try:
        return UUID(data.get("insert", ""))
    except ValueError:
        return None
