"""Giving a held time back before it runs out: from the banner on every page, and from the page that confirms it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.clinic import kept
from portal.common.access.decorators import open_to_all
from portal.common.web.addresses import inside
from portal.web.public import held_time
from portal.web.public.forms import LetGoForm


@open_to_all(reason="frees the time that this visitor's own session holds, and no other")
@require_POST
def let_go(request: HttpRequest, service: str) -> HttpResponse:
    """Frees the time that the page showed as held, and leads back to the page that was looked at."""
    if service not in {each.slug for each in kept.services().values()}:
        raise Http404
    form = LetGoForm(request.POST)
    form.full_clean()
    if held_time.let_go(request, code=form.cleaned_data.get("hold"), now=timezone.now()):
        messages.success(request, _("The time is free again for others. Nothing was booked."))
    else:
        messages.info(request, _("This time was no longer held for you."))
    times = reverse("public:times", args=[service])
    return redirect(inside(form.cleaned_data.get("back", ""), otherwise=times))
