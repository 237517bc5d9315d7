from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from portal.accounts.roles import Role
from portal.common.policy import signed_in

# A solo psychologist is all three: the diary is where their day begins.
HOMES = [
    (Role.PSYCHOLOGIST, "/practice/"),
    (Role.RECEPTION, "/reception/"),
    (Role.MANAGER, "/manage/"),
    (Role.PATIENT, "/my/"),
]


@signed_in
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Sends everybody to the page where their day begins."""
    return redirect(next(url for role, url in HOMES if role in request.user.roles))
