from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from allauth.account import views as allauth_views
from allauth.account.adapter import get_adapter
from allauth.account.utils import perform_login
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.core.exceptions import BadRequest
from django.db import transaction
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import get_language, get_language_from_path, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import actions, devices, signing_up, unconfirmed
from portal.accounts.forms import JoinForm
from portal.accounts.kept_forms import keeping
from portal.accounts.middleware import leave_nothing_behind
from portal.accounts.models import Invitation, User
from portal.accounts.refusals import InvitationClosed, NotTheInvited, NotYourOwn
from portal.accounts.roles import Role
from portal.common.access.decorators import SignedInRequest, open_to_all, signed_in
from portal.common.forms.hidden import CAME_BACK
from portal.common.languages.offered import path_in, speaks
from portal.common.web import addresses
from portal.common.web.once import making, once

# A solo psychologist is all three: the diary is where their day begins.
HOMES = [
    (Role.PSYCHOLOGIST, "psychologist:today"),
    (Role.RECEPTION, "reception:today"),
    (Role.MANAGER, "manager:home"),
    (Role.PATIENT, "patient:home"),
]
# Nobody asked for these: they are where one is sent for want of another page.
NOWHERE = {"public:home", "account_home"}
# A file's page sends to sign in where it is for patients alone.
FOR_PATIENTS = {"public:resource", "public:download"}
INVITED = "invitation"
# Against a flood alone: what is guessed is counted in `attempts`, and a clinic is one address with its waiting room.
MOST_SIGN_INS = {"login": "120/m/ip"}
# E-mails to whatever addresses one place names: a waiting room names a few in an hour, a list of addresses is longer.
MOST_MAILS = {"mails": "20/10m/ip,60/d/ip"}


@signed_in
@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """Sends everybody to the page where their day begins, in the language they once chose."""
    language = request.user.language if speaks(request.user.language) else get_language()
    with override(language):
        return redirect(next(name for role, name in HOMES if role in request.user.roles))


@signed_in
@require_POST
def choose_language(request: SignedInRequest) -> HttpResponse:
    """Keeps the choice for the next visit and for our messages, and shows the same page in that language."""
    language = request.POST.get("language", "")
    if not speaks(language):
        raise BadRequest
    actions.choose_language(user=request.user, language=language)
    back = addresses.inside(request.POST.get("next", ""), otherwise=reverse("account_home"))
    return redirect(path_in(back, language))


@signed_in
@require_POST
def drop_kept_form(request: SignedInRequest) -> HttpResponse:
    """Forgets what was kept of a form, and shows the page as it is without."""
    keeping.forget(request.user, codes=request.POST.getlist(CAME_BACK))
    return redirect(addresses.inside(request.POST.get("next", ""), otherwise=reverse("account_home")))


# ---- allauth's own pages, with the little that is ours ---------------------------------------------------------------


class SignIn(allauth_views.LoginView):
    """Says why one is asked to sign in, to those whom another page sent here."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        # Of strangers: a crowd at one address, such as the waiting room's, can't shut the door on the desk's computer.
        if settings.ACCOUNT_RATE_LIMITS and not devices.is_somebodys(request):
            refused = ratelimit.consume_or_429(request, app="portal.accounts", action="login", config=MOST_SIGN_INS)
            if refused is not None:
                return refused
        return super().dispatch(request, *args, **kwargs)

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "login": signing_up.invited_address(self.request)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "waiting": _waiting(context["redirect_field_value"] or "")}


def _waiting(back: str) -> str:
    """Whose page somebody wants to go on to: "patient", "somebody", or nothing where none was asked for.

    Judged by the form of the address alone: whether something is there is not told before one has signed in.
    """
    if not (page := addresses.inside(back)):
        return ""
    path = urlsplit(page).path
    try:
        with override(get_language_from_path(path) or settings.LANGUAGE_CODE):
            found = resolve(path)
    except Resolver404:
        return "somebody"
    if found.view_name in NOWHERE:
        return ""
    return "patient" if found.namespace == "patient" or found.view_name in FOR_PATIENTS else "somebody"


def _too_many_mails(request: HttpRequest) -> HttpResponse | None:
    """The answer to a place that has mails sent to one address after another; it tells nothing of any of them."""
    if not settings.ACCOUNT_RATE_LIMITS:
        return None
    refused: HttpResponse | None = ratelimit.consume_or_429(
        request, app="portal.accounts", action="mails", config=MOST_MAILS
    )
    return refused


class SignUp(allauth_views.SignupView):
    """The account and the e-mail about it are one transaction; the form sent twice makes one of each."""

    def get_initial(self) -> dict[str, Any]:
        initial: dict[str, Any] = super().get_initial()
        return initial | {"email": signing_up.invited_address(self.request) or initial.get("email", "")}

    def form_valid(self, form: BaseForm) -> HttpResponse:
        if (refused := _too_many_mails(self.request)) is not None:
            return refused
        with making(self.request, now=timezone.now()) as made:
            response: HttpResponse = super().form_valid(form)
            made.follows(response)
        if response["Location"].startswith(reverse("account_email_verification_sent")):
            page = str(self.passthrough_next_url(reverse("account_signup")))  # type: ignore[no-untyped-call]
            signing_up.remember(self.request, form.cleaned_data, page=page, now=timezone.now())
        return response


class ResetPassword(allauth_views.PasswordResetView):
    def get_success_url(self) -> str:
        # Not to `next`: what happens now is in the mailbox, and the page that says so comes first.
        return str(self.success_url)

    def form_valid(self, form: BaseForm) -> HttpResponse:
        if (refused := _too_many_mails(self.request)) is not None:
            return refused
        with making(self.request, now=timezone.now()) as made:
            response: HttpResponse = super().form_valid(form)
            made.follows(response)
        return response


class EnterCode(allauth_views.ConfirmEmailVerificationCodeView):
    """Sends a code again; an address that has an account gets its own answer again, so that both cost the same."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        if self._starts_again(request) and self._process is None:
            # Pressed twice: it leads to where the first press led.
            return redirect(signing_up.start_again(request, address=reverse("account_signup"), now=timezone.now()))
        return response

    @staticmethod
    def _starts_again(request: HttpRequest) -> bool:
        return request.method == "POST" and request.POST.get("action") == "start_again" and request.user.is_anonymous

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self._starts_again(request) and self._process is not None:
            page = signing_up.start_again(request, address=reverse("account_signup"), now=timezone.now())
            self._process.abort()
            return redirect(page)
        if request.POST.get("action") == "drop" and request.user.is_authenticated and self._process is not None:
            # A change of address that is meant no more: its code opens nothing.
            self._process.abort()
            # That the code was sent is no news any more.
            list(messages.get_messages(request))
            return redirect("account_email")
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[no-untyped-call]
        return {**context, "can_start_again": signing_up.can_start_again(self.request)}

    def form_invalid(self, form: BaseForm) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)  # type: ignore[no-untyped-call]
        if response.status_code == HTTPStatus.FOUND and signing_up.can_start_again(self.request):
            # Wrong too often: the code is gone, and somebody new has nothing yet to sign in with.
            list(messages.get_messages(self.request))
            messages.error(
                self.request,
                _("The code was wrong three times, and opens nothing any more. Sign up again for a new one."),
            )
            return redirect(signing_up.start_again(self.request, address=reverse("account_signup"), now=timezone.now()))
        return response

    def _verify_form_valid(self, form: BaseForm) -> HttpResponse:
        with transaction.atomic():
            if self._process is None or unconfirmed.settle(self._process):
                if self.stage and self.stage.login.user:
                    # As it was settled: the session that begins now is checked against the password.
                    self.stage.login.user.refresh_from_db()
                response: HttpResponse = super()._verify_form_valid(form)  # type: ignore[no-untyped-call]
                return response
            self._process.abort()
        messages.info(self.request, _("This address was confirmed meanwhile. Sign in, or choose a new password."))
        return redirect("account_login")

    def _resend_form_valid(self, form: BaseForm) -> HttpResponse:
        with transaction.atomic():
            response: HttpResponse = super()._resend_form_valid(form)  # type: ignore[no-untyped-call]
            if self._process is not None and "user_id" not in self._process.state:
                get_adapter(self.request).send_account_already_exists_mail(self._process.email)
        return response


@method_decorator(never_cache, name="dispatch")
class SignOut(allauth_views.LogoutView):
    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        invited = self.request.session.get(INVITED)
        response = leave_nothing_behind(super().post(*args, **kwargs))
        if invited and response["Location"] == reverse("answer_invitation"):
            # Signed out to answer as somebody else.
            self.request.session[INVITED] = invited
        return response


# ---- Invitations -----------------------------------------------------------------------------------------------------


@open_to_all(reason="whoever holds the link was invited; the next page says what it is worth")
@require_safe
@never_cache
def open_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Takes the token out of the address: it would stay in the browser's history, and go to whatever is linked."""
    request.session[INVITED] = token
    return redirect("answer_invitation")


@open_to_all(reason="an invited person has no account yet")
@once
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def answer_invitation(request: HttpRequest) -> HttpResponse:
    """An invitation to be staff: join with a name and a password, or accept it with the account one has."""
    token, now = request.session.get(INVITED, ""), timezone.now()
    try:
        invitation = actions.open_invitation(token=token, now=now)
        account = actions.account_of(invitation)
        if request.user.is_anonymous:
            signing_up.invite(request, invitation.email)
        if account:
            return _accept(request, invitation, account, token, now)
        return _join(request, invitation, token, now)
    except InvitationClosed as closed:
        request.session.pop(INVITED, None)
        status = 404 if closed.why == "unknown" else 410
        return render(request, "account/invitation_closed.html", {"why": closed.why}, status=status)
    except NotYourOwn:
        request.session.pop(INVITED, None)
        return render(request, "account/invitation_closed.html", {"why": "own"}, status=403)
    except NotTheInvited:  # the account was made, or taken by another, between two clicks
        return redirect("answer_invitation")


def _join(request: HttpRequest, invitation: Invitation, token: str, now: datetime) -> HttpResponse:
    # Whoever is signed in is somebody else: the invited have no account yet.
    form = JoinForm(request.POST or None, invitation=invitation)
    if request.method != "POST" or request.user.is_authenticated or not form.is_valid():
        context = {"invitation": invitation, "form": form, "second_factor": settings.STAFF_SECOND_FACTOR}
        return render(request, "account/invitation.html", context)
    hashed = make_password(form.cleaned_data["password"])  # slow on purpose, so before the transaction
    with making(request, now=now) as made:
        user = actions.join(
            token=token,
            first_name=form.cleaned_data["first_name"],
            last_name=form.cleaned_data["last_name"],
            hashed_password=hashed,
            now=now,
        )
        made.leads_to("account_home")
    request.session.pop(INVITED, None)
    _say_what_waits(request, user)
    response: HttpResponse = perform_login(request, user, email=user.email)
    return response


def _accept(request: HttpRequest, invitation: Invitation, account: User, token: str, now: datetime) -> HttpResponse:
    context = {"invitation": invitation, "account": account, "is_theirs": request.user == account}
    if request.method != "POST" or request.user != account:
        return render(request, "account/invitation.html", context)
    with making(request, now=now) as made:
        actions.accept(token=token, user=account, now=now)
        made.leads_to("account_login")
    request.session.pop(INVITED, None)
    messages.success(request, _("You have joined. Sign in once more to begin."))
    _say_what_waits(request, account)
    return made.answer


def _say_what_waits(request: HttpRequest, user: User) -> None:
    """Who was invited as what a second manager has to confirm is told why the door is still closed."""
    if waiting := user.pending_grants.outstanding():
        names = ", ".join(each.get_role_display() for each in waiting)
        words = _("A second manager has to confirm this role first: %(roles)s. We write to you when it is yours.")
        messages.info(request, words % {"roles": names})
