"""What a link opens that was mailed about a patient: an invitation, or a new address to be confirmed."""

from __future__ import annotations

from datetime import datetime

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portal.accounts import signing_up
from portal.accounts.addresses import change_address
from portal.accounts.refusals import AddressTaken
from portal.clinic.models import ClinicSettings
from portal.common.access.decorators import open_to_all
from portal.patients import addresses, links
from portal.patients.forms import BornForm
from portal.patients.models import MailedLink
from portal.patients.refusals import LinkClosed


@open_to_all(reason="whoever holds the link reads the address it was sent to; the next page asks for more")
@require_safe
@never_cache
def mailed_link(request: HttpRequest, token: str) -> HttpResponse:
    """Takes the token out of the address: it would stay in the browser's history, and go to whatever is linked."""
    request.session[links.IN_SESSION] = token
    return redirect("public:link")


@open_to_all(reason="a patient may have no account; it tells nothing, and asks for a birth date or a sign-in")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def link(request: HttpRequest) -> HttpResponse:
    """An invitation leads to the account; an address is confirmed by its person's birth date, or their sign-in."""
    now = timezone.now()
    try:
        opened = links.open_link(request.session.get(links.IN_SESSION, ""), now=now)
        if opened.purpose == MailedLink.Purpose.INVITATION:
            return _invitation(request, opened)
        if opened.patient.user_id is not None:
            return _sign_in_address(request, opened)
        return _address(request, opened, now=now)
    except LinkClosed:
        request.session.pop(links.IN_SESSION, None)
        return render(request, "public/link_closed.html", status=410)


def _invitation(request: HttpRequest, opened: MailedLink) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect("patient:find")
    signing_up.invite(request, opened.email)
    return render(request, "public/link_invitation.html")


def _address(request: HttpRequest, opened: MailedLink, *, now: datetime) -> HttpResponse:
    today = ClinicSettings.current().today(now)
    form, was_wrong = BornForm(request.POST if request.method == "POST" else None, today=today), False
    if request.method == "POST" and form.is_valid():
        token = request.session[links.IN_SESSION]
        if addresses.confirm(token=token, date_of_birth=form.cleaned_data["date_of_birth"], now=now):
            del request.session[links.IN_SESSION]
            return render(request, "public/link_confirmed.html", {"email": opened.email})
        was_wrong = True
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "email": opened.email, "wrong": was_wrong}
    return render(request, "public/link_address.html", context, status=status)


def _sign_in_address(request: HttpRequest, opened: MailedLink) -> HttpResponse:
    """Of somebody with an account: they sign in with it, so it takes their sign-in, and a fresh one, to change it."""
    is_theirs = request.user.is_authenticated and request.user.pk == opened.patient.user_id
    if request.method == "POST" and is_theirs:
        response: HttpResponse = _change(request, opened)
        return response
    return render(request, "public/link_address.html", {"email": opened.email, "by_account": True, "theirs": is_theirs})


@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator]  # allauth's has no types
def _change(request: HttpRequest, opened: MailedLink) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("account_login")
    try:
        change_address(request, request.user, opened.email)
    except AddressTaken:
        messages.error(request, _("This address can't be used. Please call us."))
        return redirect("public:link")
    del request.session[links.IN_SESSION]
    return render(request, "public/link_confirmed.html", {"email": opened.email, "by_account": True})
