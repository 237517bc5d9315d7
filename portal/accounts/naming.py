"""The page on which everybody changes their own name."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts import actions
from portal.accounts.adapter import actor_of
from portal.accounts.forms import NameForm
from portal.common.access.decorators import SignedInRequest, signed_in


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: SignedInRequest) -> HttpResponse:
    """By which name colleagues read of somebody, and everybody is greeted.

    Whoever has a record of their own is called as it says; unless they work here, it is changed there.
    """
    record = None if request.user.is_staff_member else getattr(request.user, "patient", None)
    if record is not None:
        return render(request, "account/name.html", {"record": record})
    form = NameForm(request.POST if request.method == "POST" else None, user=request.user)

    def save(*, values: dict[str, str]) -> None:
        actions.rename(user=request.user, **form.cleaned_data, by=actor_of(request.user), now=timezone.now())

    if request.method == "POST" and form.is_valid() and form.saves(save):
        messages.success(request, _("Your name is saved."))
        return redirect("account_name")
    status = 422 if request.method == "POST" else 200
    return render(request, "account/name.html", {"form": form}, status=status)
