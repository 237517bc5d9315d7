"""Reply templates: words to begin answers with, the desk's own and each psychologist's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.clinic.models import Psychologist
from portal.common.access.decorators import ActorRequest
from portal.common.web.once import making
from portal.messaging.models import ReplyTemplate
from portal.web.conversing.forms import TemplateForm
from portal.web.conversing.pages import page_of
from portal.web.conversing.rooms import Room


def templates(request: ActorRequest, room: Room, *, owner: Psychologist | None, now: datetime) -> HttpResponse:
    """Those that there are, and a new one. The view is `@once`."""
    form = TemplateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with making(request, now=now) as made:
            added = form.save(commit=False)
            added.owner, added.added_at, added.added_by = owner, now, request.user
            added.save(force_insert=True)
            made.leads_to(room.url("reply_templates"))
        messages.success(request, _("The template is there to be put into answers."))
        return made.answer
    context = {
        "form": form,
        "templates": [
            (one, room.url("remove_reply_template", one.code))
            for one in ReplyTemplate.objects.visible_to(request.actor)
        ],
    }
    return page_of(request, room, "conversing/staff/templates.html", context, status=422 if form.errors else 200)


def remove(request: ActorRequest, room: Room, code: UUID) -> HttpResponse:
    """Takes a template away; what was written with it stays."""
    get_object_or_404(ReplyTemplate.objects.visible_to(request.actor), code=code).delete()
    messages.success(request, _("The template is gone. What was written with it stays."))
    return redirect(room.url("reply_templates"))
