"""The pages themselves. Each room's views fetch by its own rows and call these."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import ActorRequest
from portal.common.documents import sealed
from portal.common.documents.kinds import served_as
from portal.common.media import serving
from portal.common.web import polling
from portal.common.web.htmx import htmx_of, page_or_fragment, redirect_to
from portal.common.web.once import making
from portal.journeys import conversations, texting_back
from portal.messaging import actions, correspondents
from portal.messaging.actions import OF_ATTACHMENT
from portal.messaging.models import Attachment, ReplyTemplate, Thread
from portal.messaging.refusals import CannotText, ChangedMeanwhile, HasLeft, IsClosed, Refusal, TooLong, TooMany
from portal.web.conversing import staff_deeds
from portal.web.conversing.forms import MessageForm, SeenForm, UptoForm
from portal.web.conversing.reading import lines_of, read_by_the_others
from portal.web.conversing.rooms import Room

PER_PAGE = 25


def listing(request: ActorRequest, room: Room, *, now: datetime, **context: Any) -> HttpResponse:
    """The conversations of a room, which look for news by themselves."""
    shows_closed = "closed" in request.GET
    threads = Thread.objects.visible_to(request.actor, now=now).with_unread(request.user, staff=room.is_staff)
    threads = threads.for_listing()
    if room.is_staff:
        threads = (threads.exclude(closed_at=None) if shows_closed else threads.still_open()).longest_waiting_first()
    else:
        threads = threads.newest_first()
    page = Paginator(threads, PER_PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    get_token(request)
    known = polling.fingerprint(
        request, page.paginator.count, [(t.pk, t.turn, t.last_number, t.waiting_since, t.unread) for t in rows]
    )
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    found: dict[str, Any] = {
        "room": room,
        "page": page,
        "threads": [(thread, room.url("thread", thread.code)) for thread in rows],
        "shows_closed": shows_closed,
        "known": known,
        "answered_within": answered_within(),
        "new_url": room.url("new_message") if not room.is_staff else "",
        "templates_url": room.url("reply_templates") if room.is_staff else "",
    }
    return page_or_fragment(request, "conversing/list.html", found | context, fragment="threads")


def answered_within() -> str:
    """What the clinic promises, in words."""
    days = ClinicSettings.current().message_days
    return ngettext("We answer within %(n)d working day.", "We answer within %(n)d working days.", days) % {"n": days}


def find(request: ActorRequest, room: Room, code: UUID, *, now: datetime) -> Thread:
    """One conversation that this room may see; raises Http404."""
    threads = Thread.objects.visible_to(request.actor, now=now).with_unread(request.user, staff=room.is_staff)
    found: Thread = get_object_or_404(threads.for_listing(), code=code)
    return found


def thread_page(request: ActorRequest, room: Room, code: UUID, *, now: datetime) -> HttpResponse:
    """Reads a conversation, looks for what is new in it, and writes the next message. The view is `@once`."""
    thread = find(request, room, code, now=now)
    if request.method != "POST":
        return _shown(request, room, thread, MessageForm(), now=now)
    if room.is_staff and "insert" in request.POST:
        return _shown(request, room, thread, staff_deeds.with_template(request), now=now)
    form = MessageForm(request.POST, request.FILES)
    if not form.is_valid():
        return _shown(request, room, thread, form, now=now, status=422)
    here = room.url("thread", thread.code)
    try:
        with conversations.brought_along(form.cleaned_data["file"]) as brought, making(request, now=now) as made:
            conversations.write(
                thread=thread,
                body=form.cleaned_data["body"],
                seen=SeenForm.read(request.POST),
                brought=brought,
                reopens="reopen" in request.POST,
                by=request.actor,
                now=now,
            )
            made.leads_to(f"{here}#last")
    except Refusal as refused:
        form.add_error(None, in_words(refused))
        return _shown(request, room, find(request, room, code, now=now), form, now=now, status=409)
    return made.answer


def in_words(refused: Refusal) -> str:
    """Why nothing was sent or done."""
    match refused:
        case IsClosed():
            return _("This conversation was closed meanwhile, and your message is not sent.")
        case ChangedMeanwhile():
            return str(staff_deeds.ANSWERED_MEANWHILE)
        case HasLeft():
            return _("They no longer work here, so nobody would read it. Please write to the front desk.")
        case CannotText() | TooLong():
            return staff_deeds.why_no_text(refused)
        case TooMany():
            return _("Those were many messages within an hour. Please wait a little, or phone us.")
    return _("This can't be sent any more. Please look again.")


def _shown(
    request: ActorRequest, room: Room, thread: Thread, form: MessageForm, *, now: datetime, status: int = 200
) -> HttpResponse:
    read_to = read_by_the_others(thread, thread.patient, room=room)
    # Made now, for it counts: the page's first look would find it changed.
    get_token(request)
    known = polling.fingerprint(request, thread.mark, thread.is_open, read_to, thread.assigned_to_id)
    if polling.is_poll(request) and polling.still_shows(request, known):
        return polling.not_modified(known)
    every = "every" in request.GET
    lines, left_out = lines_of(thread, room=room, user=request.user, every=every, read_to=read_to)
    unread_from = thread.read_to + 1 if thread.unread else 0
    if htmx_of(request) is None and request.method == "GET":
        actions.mark_read(thread=thread, upto=thread.last_number, by=request.actor, now=now)
    context: dict[str, Any] = {
        "room": room,
        "thread": thread,
        "lines": lines,
        "left_out": left_out,
        "unread_from": unread_from,
        "form": form,
        "known": known,
        "answered_within": answered_within(),
        "list_url": room.url("messages"),
        "here": request.path,
        "read_url": room.url("read_thread", thread.code),
        "reopen_url": room.url("reopen_thread", thread.code),
        "file_room": room.namespace + ":message_file",
        "is_left": thread.psychologist is not None and correspondents.has_left(thread.psychologist),
        "desk_url": room.url("new_message") if not room.is_staff else "",
    }
    if room.is_staff:
        context |= {
            "texts_back": texting_back.way_to(thread) is not None,
            "close_url": room.url("close_thread", thread.code),
            "settle_url": room.url("settle_thread", thread.code),
            "templates": ReplyTemplate.objects.visible_to(request.actor),
            "templates_url": room.url("reply_templates"),
        }
    if room.is_desk:
        context |= staff_deeds.of_the_desk(request, room, thread)
    return page_or_fragment(request, "conversing/thread.html", context, fragment="conversation", status=status)


def mark_read(request: ActorRequest, room: Room, code: UUID, *, now: datetime) -> HttpResponse:
    """Keeps that somebody has seen what came by itself."""
    thread = find(request, room, code, now=now)
    if upto := UptoForm.read(request.POST):
        actions.mark_read(thread=thread, upto=upto, by=request.actor, now=now)
    return HttpResponse(status=204) if htmx_of(request) else redirect(room.url("thread", code))


def reopen(request: ActorRequest, room: Room, code: UUID, *, now: datetime) -> HttpResponse:
    """Opens a closed conversation again."""
    thread = find(request, room, code, now=now)
    try:
        conversations.reopen(thread=thread, by=request.actor, now=now)
    except HasLeft as refused:
        messages.error(request, in_words(refused))
    else:
        messages.success(request, _("The conversation is open again."))
    return redirect_to(request, room.url("thread", code))


def file(request: ActorRequest, code: UUID, *, now: datetime) -> HttpResponseBase:
    """What came with a message."""
    visible = Thread.objects.visible_to(request.actor, now=now)
    found = get_object_or_404(Attachment.objects.filter(message__thread__in=visible), code=code)
    try:
        content = sealed.opened(found.path, key=found.key, of=OF_ATTACHMENT, code=found.code)
    except sealed.FileGone:
        raise Http404 from None
    return serving.file_response(
        request,
        BytesIO(content),
        size=found.size,
        media_type=served_as(found.what, found.name),
        name=found.name,
        digest=found.sha256,
        inline=found.what.opens_in_a_browser,
        public=False,
    )


def page_of(
    request: HttpRequest, room: Room, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Another page of the room."""
    return render(request, template, {"room": room, "list_url": room.url("messages")} | context, status=status)
