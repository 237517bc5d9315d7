"""Keeps a form that was sent to somebody who is not signed in any more, and draws it again afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import get_language_from_path, override
from django.utils.translation import gettext as _

from portal.accounts import actions
from portal.accounts.kept_forms import keeping, languages
from portal.accounts.kept_forms.keeping import IN_SESSION, Typed
from portal.accounts.kept_forms.marks import FIELD, Mark, mark_in, mark_of
from portal.accounts.models import KeptForm, User
from portal.common.access.same_origin import is_from_here
from portal.common.forms.hidden import CAME_BACK, OWN_FIELDS
from portal.common.web import error_pages
from portal.common.web.filling import fill
from portal.common.web.htmx import htmx_of, redirect_to

SIGN_IN = "account_login"
# Where one is sent to show who one is: to sign in, to say so again, and to set up a second step.
STEPS = frozenset({SIGN_IN, "account_reauthenticate", "mfa_reauthenticate", "mfa_authenticate", "mfa_index"})
# Answers to a form that brought nothing about: what was typed stays kept.
REFUSED = frozenset({400, 401, 403, 404, 405, 413, 429})

# Where the layouts show messages.
MESSAGES = re.compile(r'<div class="toasts" id="messages"[^>]*>')

Handler = Callable[[HttpRequest], HttpResponse]


class forms_outlast_sessions:  # noqa: N801 - reads as a rule in the settings' list
    """Whatever was typed when a session ended is there again after signing in, in the form that it was typed into."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST":
            if getattr(request, "form_was_stale", False):
                return response
            step = _step_to(response)
            # A marked form of nobody was drawn for somebody whose session has ended, whatever the view made of it.
            if (step or not request.user.is_authenticated) and (mark := mark_of(request)):
                return _kept_until_then(request, response, mark, step)
            _forget_what_was_sent(request, response)
        elif request.method == "GET" and _has_forms(response):
            _brought_along(request, response)
            if _may_have_kept(request):
                response = _given_back(request, response)
        if _has_forms(response, refused=True) and languages.MARK in response.content:
            response.content = languages.with_choice(request, response.content.decode()).encode()
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: object, kwargs: object
    ) -> HttpResponse | None:
        """A form of somebody else's tab is not sent in the name of whoever has signed in since."""
        # A form that brings no token, and reads its body by itself, is none of ours.
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return None
        if not request.user.is_authenticated:
            return _in_another_language(request, mark_of(request))
        # What is more than the portal reads of a form is refused here: read a second time, it would be an empty form.
        sent = request.POST
        if (mark := mark_in(sent)) is None:
            # Without a mark it may have been drawn for a visitor, who signed in meanwhile; its token vouches for it.
            return error_pages.csrf_failed(request) if sent.get(FIELD) else _in_another_language(request, None)
        if mark.person == request.user.code.hex:
            return _in_another_language(request, mark)
        keeping.keep(request, mark, now=timezone.now())
        return error_pages.csrf_failed(request)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token has ended, or that came from elsewhere: our own, with its mark, loses nothing."""
    mark = mark_of(request)
    # Another site's page can't have a mark; it is asked all the same.
    if mark is None or not is_from_here(request) or not keeping.keep(request, mark, now=timezone.now()):
        return error_pages.csrf_failed(request, reason)
    if not request.user.is_authenticated:
        _say_signed_out(request)
        return redirect_to(request, redirect_to_login(mark.page).url)
    if mark.person != request.user.code.hex:
        return error_pages.csrf_failed(request, reason)
    request.session[IN_SESSION] = True
    request.form_was_stale = True  # type: ignore[attr-defined]
    return redirect_to(request, mark.page)


def _in_another_language(request: HttpRequest, mark: Mark | None) -> HttpResponse | None:
    """A form that was sent only to be read in another language: leads there, and no view hears of it."""
    if (choice := languages.choice_of(request)) is None:
        return None
    language, page = choice
    if not isinstance(request.user, User):
        if mark is not None:
            # Drawn for somebody whose session has ended: it is theirs, and no visitor's.
            if keeping.keep(request, mark, now=timezone.now()):
                _say_signed_out(request)
            return redirect_to(request, redirect_to_login(mark.page).url)
    elif request.user.language != language:
        actions.choose_language(user=request.user, language=language)
    languages.carry(request, page, now=timezone.now())
    return redirect_to(request, page)


def _brought_along(request: HttpRequest, response: HttpResponse) -> None:
    """Fills a form whose language was changed, and forgets what it was filled with."""
    if (carried := languages.carried_for(request, now=timezone.now())) is None:
        return
    html, typed = response.content.decode(), carried["typed"]
    context = {"files": typed["files"], "has_password": 'type="password"' in html}
    filled = _with(
        carried["address"],
        typed,
        html,
        request,
        head=lambda is_old: render_to_string("components/_brought_along.html", context | {"is_old": is_old}, request),
    )
    if filled is not None:
        languages.forget(request)
        response.content = filled.encode()


def _kept_until_then(request: HttpRequest, response: HttpResponse, mark: Mark, step: str) -> HttpResponse:
    """Keeps the form, and leads back to the page on which it stood."""
    if not keeping.keep(request, mark, now=timezone.now()):
        return response
    if request.user.is_authenticated and request.user.code.hex == mark.person:
        request.session[IN_SESSION] = True
    if step == SIGN_IN and not request.user.is_authenticated:
        _say_signed_out(request)
    if step == SIGN_IN and not _says_its_page(request):
        response["Location"] = redirect_to_login(mark.page).url
    return response


def _say_signed_out(request: HttpRequest) -> None:
    """On the page to sign in: nobody is left to guess why it comes up, and whether the form went through."""
    messages.warning(
        request, _("You were signed out before this was sent, so nothing was saved. What you typed is kept for you.")
    )


def _says_its_page(request: HttpRequest) -> bool:
    """Whether the browser says which page it is on. That of a form that came back is the form's own address."""
    if htmx_of(request):
        return True
    before = request.headers.get("Referer", "")
    return bool(before) and is_from_here(request) and urlsplit(before).path != request.path


def _step_to(response: HttpResponse) -> str:
    """The step of signing in that an answer leads to, by the name of its page; empty if it leads elsewhere."""
    address = response.headers.get("Location") or response.headers.get("HX-Redirect")
    if not address:
        return ""
    name = _name_of(address)
    return name if name in STEPS else ""


def _name_of(address: str) -> str:
    try:
        path = urlsplit(address).path
        with override(get_language_from_path(path) or settings.LANGUAGE_CODE):
            return resolve(path).view_name
    except (Resolver404, ValueError):
        return ""


def _forget_what_was_sent(request: HttpRequest, response: HttpResponse) -> None:
    if response.status_code in REFUSED or response.status_code >= 500 or not _may_have_kept(request):
        return
    user = _signed_in(request)
    keeping.forget(user, codes=request.POST.getlist(CAME_BACK), address=request.path)
    if not keeping.has_any(user, now=timezone.now()):
        del request.session[IN_SESSION]


def _may_have_kept(request: HttpRequest) -> bool:
    return request.user.is_authenticated and bool(request.session.get(IN_SESSION))


def _signed_in(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("nobody is signed in")
    return request.user


def _has_forms(response: HttpResponse, *, refused: bool = False) -> bool:
    """Whether it is a page with forms; with `refused` also one that came back with a word about what is wrong."""
    is_page = not response.streaming and (
        response.status_code == 200 or (refused and 400 <= response.status_code < 500)
    )
    return is_page and response.headers.get("Content-Type", "").startswith("text/html") and b"<form" in response.content


def _given_back(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The same page, with what was typed in each of its forms that something is kept for."""
    kept = keeping.kept_for(_signed_in(request), now=timezone.now())
    if not kept:
        del request.session[IN_SESSION]
        return response
    html = response.content.decode()
    for number, form in enumerate(kept):
        filled = _with_kept(form, html, request, number)
        if filled is None and _stood_on(form.typed, request) and _has_words(form):
            filled = MESSAGES.sub(lambda found: found[0] + _opened_again(request), html, count=1)
        html = filled or html
    response.content = html.encode()
    return response


def _stood_on(typed: Typed, request: HttpRequest) -> bool:
    return bool(urlsplit(typed["page"]).path == request.path)


def _has_words(form: KeptForm) -> bool:
    """Whether somebody typed more than a word: of a button that was pressed nothing is announced."""
    return any(len(value.split()) > 1 for values in form.typed["fields"].values() for value in values)


def _opened_again(request: HttpRequest) -> str:
    """A form that is fetched into its page is filled when it is fetched; until then a message says that it will be."""
    words = _("We kept what you typed. Open the form again: it is filled in, but not saved yet.")
    return render_to_string("components/_toast.html", {"level": "info", "text": words}, request)


def _with_kept(form: KeptForm, html: str, request: HttpRequest, number: int) -> str | None:
    def head(is_old: bool) -> str:
        return render_to_string("components/_kept_form.html", context | {"is_old": is_old}, request)

    context = {"kept": form, "files": form.typed["files"], "field": CAME_BACK, "button": f"drop-kept-{number}"}
    tail = render_to_string("components/_kept_form_drop.html", context, request)
    return _with(form.address, form.typed, html, request, head=head, tail=tail)


def _with(
    form_address: str,
    typed: Typed,
    html: str,
    request: HttpRequest,
    *,
    head: Callable[[bool], str],
    tail: str = "",
) -> str | None:
    """The page with what was typed in the form that is sent to this address; None where it has none."""

    def is_its_address(address: str) -> bool:
        try:
            path = urlsplit(address).path or request.path
        except ValueError:
            return False
        return path.startswith("/") and keeping.address_of(path) == form_address

    return fill(
        html,
        typed["fields"],
        is_its_address=is_its_address,
        is_its_page=_stood_on(typed, request),
        own=OWN_FIELDS,
        head=head,
        tail=tail,
    )
