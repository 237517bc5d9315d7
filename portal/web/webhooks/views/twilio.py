"""Twilio's messages: checked, kept and answered at once; the queue does what follows."""

from __future__ import annotations

from uuid import UUID
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.common.access.decorators import open_to_all
from portal.journeys import replies
from portal.notifications.recipients import Channel
from portal.notifications.twilio import reports
from portal.notifications.twilio.client import NotConfigured

# What Twilio tells is a few hundred letters long, and a text 1,600 at most.
MOST = 64 * 1024


@csrf_exempt
@open_to_all(reason="Twilio signs each message to this address, and its signature is checked")
@require_POST
def status(request: HttpRequest, code: UUID) -> HttpResponse:
    """What became of a text that we sent."""
    if refused := _refused(request):
        return refused
    said = request.POST
    reports.apply(
        code,
        sid=said.get("MessageSid", ""),
        status=said.get("MessageStatus", ""),
        error=said.get("ErrorCode", ""),
        now=timezone.now(),
    )
    return _says("kept")


@csrf_exempt
@open_to_all(reason="Twilio signs each message to this address, and its signature is checked")
@require_POST
def inbound(request: HttpRequest) -> HttpResponse:
    """A text that somebody sent to the clinic; the answer goes back to their phone."""
    if refused := _refused(request):
        return refused
    said = request.POST
    channel, _colon, number = said.get("From", "").rpartition(":")
    answer = replies.receive(
        sid=said.get("MessageSid", ""),
        channel=Channel.WHATSAPP if channel == "whatsapp" else Channel.SMS,
        number=number,
        words=said.get("Body", ""),
        opts=said.get("OptOutType", ""),
        now=timezone.now(),
    )
    body = f"<Message>{escape(answer)}</Message>" if answer else ""
    return HttpResponse(f'<?xml version="1.0" encoding="UTF-8"?><Response>{body}</Response>', content_type="text/xml")


def _refused(request: HttpRequest) -> HttpResponse | None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST:
        return _says("too large", status=413)
    try:
        reports.check(
            settings.PORTAL_BASE_URL + request.get_full_path(),
            request.POST.dict(),
            request.headers.get("X-Twilio-Signature", ""),
        )
    except NotConfigured:
        return _says("no texts are sent here", status=404)
    except reports.Forged:
        return _says("no valid signature", status=403)
    return None


def _says(words: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(words, content_type="text/plain", status=status)
