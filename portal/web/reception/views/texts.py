"""A text that somebody sent to the clinic, which the portal left to the desk."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe
from phonenumbers import PhoneNumberFormat, format_number, parse

from portal.accounts.roles import Role
from portal.common.access.decorators import ActorRequest, allow
from portal.notifications.models import InboundText
from portal.patients.models import Patient


@allow(Role.RECEPTION, Role.MANAGER)
@require_safe
def text(request: ActorRequest, code: UUID) -> HttpResponse:
    """What it says, what was answered, and whose number it is; the list of work says how it ended."""
    found = get_object_or_404(InboundText.objects.visible_to(request.actor), code=code)
    people = Patient.objects.visible_to(request.actor).filter(phone=found.number).select_related("ways")
    context = {
        "text": found,
        "people": list(people),
        "phone": format_number(parse(found.number), PhoneNumberFormat.NATIONAL),
    }
    return render(request, "reception/text.html", context)
