"""Stripe's messages: checked, kept and answered at once; the queue does what follows."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from portal.billing.online import events
from portal.billing.online.client import NotConfigured
from portal.common.access.decorators import open_to_all

# Stripe's messages are a few thousand letters long.
MOST = 256 * 1024


@csrf_exempt
@open_to_all(reason="Stripe signs each message, and its signature and age are checked")
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MOST:
        return _says("too large", status=413)
    try:
        events.receive(request.body, request.headers.get("Stripe-Signature", ""), now=timezone.now())
    except NotConfigured:
        return _says("no cards are taken online here", status=404)
    except events.Forged:
        return _says("no valid signature", status=400)
    return _says("kept")


def _says(words: str, *, status: int = 200) -> HttpResponse:
    return HttpResponse(words, content_type="text/plain", status=status)
