"""No free time suits: the way from a service's free times to the waitlist."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal.clinic import kept
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import open_to_all
from portal.journeys import who_books
from portal.web.public.forms import Preference


@open_to_all(reason="says what waiting for a time is; joining the list asks for a sign-in")
@require_safe
def wait(request: HttpRequest, service: str) -> HttpResponse:
    """Says what waiting means and leads to sign in or up; whoever is signed in goes straight to the wish."""
    offered = next((each for each in kept.services_online() if each.slug == service), None)
    if offered is None:
        raise Http404
    user = request.user if request.user.is_authenticated else None
    if who_books.barred(offered, user=user, clinic=ClinicSettings.current(), now=timezone.now()):
        # That page says for whom the service is.
        return redirect("public:times", service=offered.slug)
    able, named = kept.giving(offered), Preference.read(request.GET)
    psychologist = next((person for person in able if person.slug == named), None)
    asked = {"service": offered.slug} | ({"psychologist": psychologist.slug} if psychologist else {})
    join_url = f"{reverse('patient:join_waitlist')}?{urlencode(asked)}"
    if user is not None:
        return redirect(join_url)
    context = {"service": offered, "psychologist": psychologist, "join_url": join_url}
    return render(request, "public/wait.html", context)
